"""The addresses of the dashboard. Each gathers a view from the store and renders it; none changes anything."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel

from dashboard.decided import DecidedRuns
from dashboard.faults import FaultView, Link, PageError, fault_of, removed_run
from dashboard.filters import DivergenceQuery, PairQuery, divergences_url, pairs_url, run_url, runs_url, test_of
from dashboard.nights import divergences_view, intermittent_view, other_ids, view_of_test
from dashboard.rendering import Pages
from dashboard.views import overview, pair_view, pairs_view, run_view, runs_view
from harness.errors import StoreError
from harness.model import PairResult, RunState, RunSummary
from harness.ports import Store

# No `from __future__ import annotations` here: FastAPI reads the annotations of these functions when it registers them.


class ProgressAnswer(BaseModel):
    """What the live page polls: where a run stands. Without a `step` nothing is known yet, or the run has ended."""

    state: RunState
    started_at: datetime
    step: str | None = None
    legacy_done: int = 0
    shadow_done: int = 0
    total: int | None = None
    candidates: int = 0
    pair: int = 0


class Health(BaseModel):
    """Whether the dashboard can read its store."""

    status: str


def routes(store: Store, pages: Pages) -> APIRouter:
    """The pages over one store."""
    answers = _Answers(store, pages)
    router = APIRouter()
    for path, endpoint in (
        ("/", answers.front),
        ("/runs", answers.runs),
        ("/runs/{run_id}", answers.run),
        ("/runs/{run_id}/progress", answers.progress),
        ("/runs/{run_id}/pairs", answers.pairs),
        ("/runs/{run_id}/pair", answers.pair),
        ("/divergences", answers.divergences),
        ("/intermittent", answers.intermittent),
        ("/test", answers.test),
        ("/healthz", answers.healthz),
    ):
        router.add_api_route(path, endpoint, methods=["GET", "HEAD"], response_model=None)
    return router


class _Answers:
    """An endpoint a method. They are plain functions on purpose: FastAPI runs them in threads, so that a slow query holds up no other page."""

    def __init__(self, store: Store, pages: Pages) -> None:
        self._store = store
        self._decided = DecidedRuns(store)
        self._pages = pages

    def front(self) -> HTMLResponse:
        view = overview(self._store, self._decided)
        return self._pages.answer("overview.html", view, live=bool(view.running))

    def runs(self, before: Annotated[str | None, Query(max_length=500)] = None) -> HTMLResponse:
        try:
            view = runs_view(self._store, before)
        except StoreError as error:
            raise _foreign_key(error, before, runs_url()) from error
        return self._pages.answer("runs.html", view)

    def run(self, run_id: str) -> HTMLResponse:
        view = run_view(self._store, self._decided, self._known(run_id))
        return self._pages.answer("run.html", view, live=view.run.state is RunState.RUNNING)

    def progress(self, run_id: str) -> ProgressAnswer:
        run = self._known(run_id)
        if run.progress is None:
            return ProgressAnswer(state=run.state, started_at=run.started_at)
        return ProgressAnswer(
            state=run.state,
            started_at=run.started_at,
            step=run.progress.step,
            legacy_done=run.progress.legacy_done,
            shadow_done=run.progress.shadow_done,
            total=run.progress.total,
            candidates=run.progress.candidates,
            pair=run.progress.pair,
        )

    def pairs(self, run_id: str, query: Annotated[PairQuery, Query()]) -> HTMLResponse:
        run = self._known(run_id)
        try:
            view = pairs_view(self._store, run, query)
        except StoreError as error:
            raise _foreign_key(error, query.after, pairs_url(run_id, query.where)) from error
        return self._pages.answer("pairs.html", view)

    def pair(self, request: Request, run_id: str, test: str) -> HTMLResponse:
        test = test_of(request.scope["query_string"], test)
        run = self._known(run_id, test)
        found = self._store.pair(run_id, test) or self._under_another_id(run_id, test)
        if found is None:
            links = (Link(url=pairs_url(run_id), text="Divergences of this run"), Link(url=run_url(run_id), text="The run"))
            hint = "the test may have been renamed, or this run has not decided its pairs yet"
            view = FaultView(heading="Unknown pair", found="this run holds no pair of this test id", where=test, hint=hint, links=links)
            raise PageError(404, view)
        return self._pages.answer("pair.html", pair_view(self._store, self._decided, run, found, asked=test))

    def divergences(self, query: Annotated[DivergenceQuery, Query()]) -> HTMLResponse:
        try:
            view = divergences_view(self._store, query)
        except StoreError as error:
            raise _foreign_key(error, query.after, query.url()) from error
        return self._pages.answer("divergences.html", view)

    def intermittent(self) -> HTMLResponse:
        return self._pages.answer("intermittent.html", intermittent_view(self._store, self._decided))

    def test(self, request: Request, test: str, suite: Annotated[str | None, Query(max_length=500)] = None) -> HTMLResponse:
        test = test_of(request.scope["query_string"], test)
        view = view_of_test(self._store, test, suite or None)
        if view is None:
            links = (Link(url=divergences_url(), text="Divergences over the nights"),)
            hint = "no stored run has a test of this id; it may be spelled another way, or its runs were removed"
            raise PageError(
                404, FaultView(heading="Unknown test", found="no run of this store holds this test id", where=test, hint=hint, links=links)
            )
        return self._pages.answer("test.html", view)

    def healthz(self) -> JSONResponse:
        try:
            self._store.runs(limit=1)
        except StoreError:
            return JSONResponse(Health(status="the store does not answer").model_dump(), status_code=503)
        return JSONResponse(Health(status="ok").model_dump())

    def _under_another_id(self, run_id: str, test: str) -> PairResult | None:
        """The pair of a test that this run knows under an id it had before or got later."""
        found = (self._store.pair(run_id, other) for other in other_ids(self._store, test))
        return next((pair for pair in found if pair is not None), None)

    def _known(self, run_id: str, test: str | None = None) -> RunSummary:
        run = self._store.run(run_id)
        if run is None:
            stone = self._store.tombstone(run_id)
            if stone is not None:
                raise removed_run(stone, test)
            hint = "it may have been removed, or the store was rebuilt without its bundle"
            raise PageError(404, FaultView(heading="Unknown run", found="no run with this id is in the store", where=run_id, hint=hint))
        return run


def _foreign_key(error: StoreError, key: str | None, first: str) -> Exception:
    if key is None:
        return error
    return PageError(400, fault_of("This page of the list does not exist", error, Link(url=first, text="First page of the list")))

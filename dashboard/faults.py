"""Pages for what went wrong: each says what was found, what would be right and where to go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from dashboard.filters import ANY, DivergenceQuery, PairQuery, Standing, divergences_url, run_url, url_of_test
from dashboard.security import HEADERS
from dashboard.visible import visible_text
from dashboard.words import spaced
from harness.errors import ShadowError
from harness.model import Direction, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request
    from fastapi.responses import HTMLResponse

    from dashboard.rendering import Pages
    from harness.model import Tombstone

_ALLOWED: Final = {"verdict": (*Verdict, ANY), "direction": (*Direction, ANY), "state": tuple(Standing)}
_SHOWN = 80  # characters of a wrong value: enough to recognise it


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where to go on."""

    url: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultView:
    """A page of a fault; `found`, `where`, `expected` and `hint` as in `ShadowError`. `known` is what there is to say all the same, by name."""

    heading: str
    found: str
    where: str | None = None
    expected: str | None = None
    hint: str | None = None
    slug: str | None = None
    known: tuple[tuple[str, str], ...] = ()
    links: tuple[Link, ...] = ()


class PageError(Exception):
    """An address that cannot be answered with the page it asks for; `view` is shown instead, with the status."""

    def __init__(self, status: int, view: FaultView) -> None:
        super().__init__(view.found)
        self.status = status
        self.view = view


class Faults:
    """Answers for what went wrong."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def install(self, app: FastAPI) -> None:
        """Make the application answer every fault with one of these pages."""
        for kind in (PageError, HTTPException, RequestValidationError, ShadowError):
            app.add_exception_handler(kind, self._handle)
        app.add_exception_handler(Exception, self._unexpected)

    def foreign_host(self) -> HTMLResponse:
        """The `Host` header is none of this dashboard's names."""
        return self._answer(
            421,
            FaultView(
                heading="Unknown host name",
                found="the dashboard was asked for under a name that is not its own",
                expected="localhost, or a name that was allowed when it was started",
                hint="open it under http://localhost, or allow the name where the dashboard is started",
            ),
        )

    def method_not_allowed(self) -> HTMLResponse:
        """Anything but GET and HEAD."""
        answer = self._answer(405, FaultView(heading="Read only", found="the dashboard answers GET and HEAD only"))
        answer.headers["Allow"] = "GET, HEAD"
        return answer

    def _handle(self, request: Request, error: Exception) -> HTMLResponse:
        match error:
            case PageError():
                return self._answer(error.status, error.view)
            case RequestValidationError():
                return self._answer(422, _invalid(request, error.errors()[0]))
            case HTTPException():
                return self._answer(error.status_code, _http(request, error))
            case ShadowError():
                return self._answer(503, fault_of("The store did not answer", error))
        raise error

    def _unexpected(self, _request: Request, _error: Exception) -> HTMLResponse:
        hint = "the terminal that runs the dashboard shows why; please report it"
        answer = self._answer(500, FaultView(heading="A fault of the dashboard", found="this page could not be made", hint=hint))
        answer.headers.update(HEADERS)  # the one answer that does not pass the shield
        return answer

    def _answer(self, status: int, view: FaultView) -> HTMLResponse:
        return self._pages.answer("fault.html", view, status=status)


def fault_of(heading: str, error: ShadowError, *links: Link) -> FaultView:
    """The page of an error of the harness."""
    return FaultView(heading=heading, found=error.found, where=error.where, expected=error.expected, hint=error.hint, slug=error.slug, links=links)


def removed_run(stone: Tombstone, test_id: str | None = None) -> PageError:
    """A run that retention removed: gone (410), with what is left of it. `test_id` is the test whose pair was asked for."""
    totals = stone.totals
    counts = {spaced(verdict): getattr(totals, verdict.value) for verdict in Verdict} if totals else {}
    known = {"Suite": stone.suite, **({"Tests": totals.tests} if totals else {}), **{name.capitalize(): number for name, number in counts.items()}}
    links = [Link(url=divergences_url(suite=stone.suite), text="Divergences over the nights")]
    if test_id is not None:
        links.insert(0, Link(url=url_of_test(test_id, stone.suite), text="The test over the nights"))
    view = FaultView(
        heading="This run was removed",
        found=stone.sentence,
        where=stone.run_id,
        hint="nothing is wrong: shadow gc removed it. Its divergences kept their first night and their counts",
        known=tuple((name, str(value)) for name, value in known.items()),
        links=tuple(links),
    )
    return PageError(410, view)


def _http(request: Request, error: HTTPException) -> FaultView:
    if error.status_code == 404:
        hint = "start from the overview or from the list of runs"
        return FaultView(heading="Not found", found="there is no page at this address", where=request.url.path, hint=hint)
    return FaultView(heading="Not answered", found=str(error.detail))


def _invalid(request: Request, problem: Mapping[str, Any]) -> FaultView:
    name = str(problem["loc"][-1])
    query = PairQuery if "run_id" in request.path_params else DivergenceQuery
    run_id = request.path_params.get("run_id")
    links = (Link(url=run_url(run_id), text="Back to the run"),) if run_id else ()
    if problem["type"] == "extra_forbidden":
        found, expected = f"an unknown parameter {_quoted(name)}", ", ".join(query.model_fields)
    elif name in _ALLOWED:
        found, expected = f"an unknown {name} {_quoted(problem['input'])}", ", ".join(_ALLOWED[name])
    elif problem["type"] == "missing":
        found, expected = f"no {name} in the address", f"?{name}=..."
    else:
        found, expected = str(problem["msg"]), None
    return FaultView(heading="The address asks for something unknown", found=found, where=name, expected=expected, links=links)


def _quoted(value: object) -> str:
    text = visible_text(str(value))
    return f"“{text}”" if len(text) <= _SHOWN else f"“{text[:_SHOWN]}…”"

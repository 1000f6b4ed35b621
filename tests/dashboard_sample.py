"""Runs as a team has them, for the tests of the dashboard: 40 divergences in three clusters, ten nights, one run under way."""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from dashboard import create_app
from harness.model import (
    Cluster,
    Comparison,
    ConfirmPolicy,
    Direction,
    Failure,
    Frame,
    InfrastructureFailure,
    InfrastructureKind,
    Outcome,
    PairResult,
    ParityDifference,
    Phase,
    Progress,
    RunHeader,
    Side,
    SideResult,
    Totals,
    Verdict,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # newer versions of Starlette ask for httpx2, older ones know httpx alone
    from fastapi.testclient import TestClient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.ports import Store

FIRST_NIGHT = datetime(2026, 11, 11, 1, 30, tzinfo=UTC)
RUNNING = "20261121-013000-live"
LATEST = "20261120-013000-n9"

_AREAS = ("customers", "accounts", "transactions", "statements", "limits")
_SENTENCES = (
    ("LookupError", "customer <number> not found", "suite/conftest.py", 41, "customer_of", "ask for a customer that shadow does not have"),
    (
        "AssertionError",
        "assert <number> == <number>",
        "suite/test_statements.py",
        88,
        "total_of",
        "compare a total of the whole table with a fixed number",
    ),
    ("AttributeError", "'NoneType' object has no attribute <text>", "ledger/statements.py", 59, "closing", "need a statement of July 2024"),
)


def header(run_id: str, started_at: datetime = FIRST_NIGHT, **changes: object) -> RunHeader:
    """A run of the ledger suite that finished."""
    run = RunHeader(
        id=run_id,
        suite="ledger",
        started_at=started_at,
        finished_at=started_at + timedelta(minutes=7, seconds=12),
        confirm=ConfirmPolicy(),
        complete=True,
        harness_version="0.1.0",
    )
    return replace(run, **changes)  # type: ignore[arg-type] # names are checked by `replace`


def equivalent(test_id: str) -> PairResult:
    """A test that passes on both sides."""
    passed = SideResult(outcome=Outcome.PASSED, seconds=0.012)
    return PairResult(test_id=test_id, legacy=passed, shadow=passed, verdict=Verdict.EQUIVALENT, reason="both sides passed")


def divergent(test_id: str, cluster: int = 0, **changes: object) -> PairResult:
    """A test that passes on legacy and fails on shadow, confirmed."""
    exception, message, path, line, function, _ = _SENTENCES[cluster]
    module = test_id.partition("::")[0]
    frames = (
        Frame(path=module, line=30 + len(test_id) % 40, function=test_id.rpartition("::")[2][:60]),
        Frame(path=path, line=line, function=function),
    )
    pair = PairResult(
        test_id=test_id,
        legacy=SideResult(outcome=Outcome.PASSED, attempts=5, failed=0, seconds=0.0121),
        shadow=SideResult(
            outcome=Outcome.FAILED,
            attempts=5,
            failed=5,
            seconds=0.0153,
            failure=Failure(type=exception, message=message, phase=Phase.CALL, frames=frames),
        ),
        verdict=Verdict.DIVERGENT,
        reason="failed on shadow in all of 4 reruns and on legacy in none",
        direction=Direction.LEGACY_ONLY_PASS,
        confirmed=True,
        e_value=217.43,
        fingerprint=f"f{cluster}",
        cluster=f"c{cluster}9e1d4a",
    )
    return replace(pair, **changes)  # type: ignore[arg-type] # names are checked by `replace`


def comparison(run: RunHeader, pairs: Sequence[PairResult], **changes: object) -> Comparison:
    """A decided run of these pairs."""
    ordered = tuple(sorted(pairs, key=lambda pair: pair.test_id))
    counts = {verdict.value: sum(pair.verdict is verdict for pair in ordered) for verdict in Verdict}
    members: dict[str, tuple[str, ...]] = {}
    for number in range(len(_SENTENCES)):
        tests = tuple(pair.test_id for pair in ordered if pair.cluster == f"c{number}9e1d4a")
        members |= {f"c{number}9e1d4a": tests} if tests else {}
    clusters = tuple(_cluster(number, members[f"c{number}9e1d4a"]) for number in range(len(_SENTENCES)) if f"c{number}9e1d4a" in members)
    decided = Comparison(
        run=run,
        pairs=ordered,
        totals=Totals(tests=len(ordered), **counts),
        exit=1 if counts["divergent"] else 0,
        clusters=clusters,
        legacy={
            "python": "3.11.9",
            "timezone": "UTC",
            "suite digest": "5e1fd0c2",
            "plugin pytest-xdist": "3.8.0",
            "setting FEATURE_LIMITS": "fp:91c2aa",
        },
        shadow={"python": "3.11.9", "timezone": "UTC", "suite digest": "5e1fd0c2", "plugin pytest-xdist": "3.8.0"},
        parity=(ParityDifference(name="setting FEATURE_LIMITS", legacy="fp:91c2aa", shadow=None),),
    )
    return replace(decided, **changes)  # type: ignore[arg-type] # names are checked by `replace`


def night(number: int) -> Comparison:
    """One of ten nights; the list shrinks from 58 divergences to 40."""
    started = FIRST_NIGHT + timedelta(days=number)
    run = header(f"{started:%Y%m%d-%H%M%S}-n{number}", started)
    pairs = [equivalent(f"suite/test_{_AREAS[index % 5]}.py::test_agrees_{index:03}") for index in range(400)]
    pairs += [divergent(_test_id(index), index % 7 % 3) for index in range(58 - 2 * number)]
    pairs += [_flaky(index) for index in range(2 + number % 3)]
    pairs += [_both_failing(index) for index in range(4 - number // 4)]
    if number == 6:
        gone = InfrastructureFailure(
            kind=InfrastructureKind.UNHEALTHY_SERVICE,
            side=Side.SHADOW,
            message="service `database` of shadow did not get healthy within 120 s",
            hint="read logs/shadow-database.log in the bundle, then raise `startup_timeout` or mend the service",
        )
        return comparison(
            replace(run, complete=False), pairs[:300], exit=3, infrastructure=(gone,), warnings=("shadow stopped early: 164 tests were not run",)
        )
    if number == 9:
        pairs += [_inconclusive(), _both_differ(), _absent()]
    return comparison(run, pairs)


def fill(store: Store, *, running: bool = True) -> None:
    """Ten nights, and one run under way."""
    for number in range(10):
        store.save(night(number))
    if running:
        store.begin_run(replace(header(RUNNING, FIRST_NIGHT + timedelta(days=10)), finished_at=None, complete=False))
        store.progress(RUNNING, Progress(step="attempts", legacy_done=318, shadow_done=297, total=464, candidates=37))


def _test_id(index: int) -> str:
    area = _AREAS[index % 5]
    names = (
        "lookup_by_email",
        "opens_with_the_limit_of_its_tier[gold-2014]",
        "TestMonthly::test_closing_balance",
        "counts_rentals",
        "keeps_the_order",
    )
    name = names[index % 3 + index % 2]
    return f"suite/test_{area}.py::{name if '::' in name else 'test_' + name}_{index:02}"


def _flaky(index: int) -> PairResult:
    pair = divergent(f"suite/test_transactions.py::test_concurrent_transfer_{index}", 1)
    return replace(pair, verdict=Verdict.FLAKY, reason="agreed in 2 of 2 reruns", direction=None, confirmed=None, e_value=0.0061, cluster=None)


def _both_failing(index: int) -> PairResult:
    pair = divergent(f"suite/test_limits.py::test_known_to_fail_{index}", 1)
    return replace(
        pair,
        verdict=Verdict.BOTH_FAILING,
        legacy=pair.shadow,
        reason="fails on both sides",
        direction=None,
        confirmed=None,
        e_value=None,
        cluster=None,
    )


def _inconclusive() -> PairResult:
    pair = divergent("suite/test_accounts.py::test_freezes_dormant_accounts", 2)
    return replace(pair, verdict=Verdict.INCONCLUSIVE, reason="12 pairs were not enough to decide", confirmed=False, e_value=4.1, cluster=None)


def _both_differ() -> PairResult:
    pair = divergent("suite/test_statements.py::test_july_statement_of_a_churned_customer", 2)
    slow = Failure(
        type="TimeoutError",
        message="no answer within <number> s\n  waiting for <text>",
        phase=Phase.SETUP,
        frames=pair.shadow.failure.frames[:1] if pair.shadow.failure else (),
    )
    legacy = SideResult(outcome=Outcome.SKIPPED, attempts=5, failed=0, seconds=None, failure=slow)
    return replace(pair, legacy=legacy, direction=Direction.SKIP_MISMATCH, e_value=834.0)


def _absent() -> PairResult:
    pair = divergent("suite/test_customers.py::test_every_customer[Zoë <b>Ω</b>]", 0)
    shadow = SideResult(outcome=Outcome.ABSENT, attempts=0, failed=0)
    return replace(pair, shadow=shadow, direction=Direction.LEGACY_ONLY_COLLECTED, reason="collected on legacy only", cluster=None)


def _cluster(number: int, tests: tuple[str, ...]) -> Cluster:
    exception, template, path, line, function, what = _SENTENCES[number]
    return Cluster(
        id=f"c{number}9e1d4a",
        exception=exception,
        template=template,
        frame=Frame(path=path, line=line, function=function),
        tests=tests,
        sentence=f"{len(tests)} tests {what}: {exception} at {path}:{line}.",
    )


def browse(store: Store) -> TestClient:
    """A client of the dashboard over a store, under the loopback's name."""
    return TestClient(create_app(store), base_url="http://127.0.0.1:8765")


class Html(HTMLParser):
    """What a person finds on a page: text of elements by their tag or class, and where links lead."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self.headings: list[str] = []
        self.tests: list[str] = []
        self._open: list[tuple[str, str, list[str]]] = []
        self.text = ""
        self.feed(source)
        self.close()

    def href(self, text: str) -> str:
        """Where the first link with this text leads."""
        return next(href for href, shown in self.links if shown == text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        if tag in {"a", "h1", "h2"}:
            self._open.append((tag, f"{given.get('class') or ''} {given.get('href') or ''}", []))

    def handle_data(self, data: str) -> None:
        self.text += data
        for *_, pieces in self._open:
            pieces.append(data)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            return
        _, given, pieces = self._open.pop()
        shown = "".join(pieces)
        if tag != "a":
            self.headings.append(" ".join(shown.split()))
        else:
            self.links.append((given.rpartition(" ")[2], shown))
        if given.split(" ")[0] == "test":
            self.tests.append(shown)

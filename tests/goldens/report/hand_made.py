"""One hand-made comparison in which every verdict occurs, one with infrastructure failures, one where all is well, one with couplings; and their
reports.

`python -m tests.goldens.report.hand_made` writes the goldens beside this file anew.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from harness.model import (
    Cause,
    Cluster,
    Comparison,
    ConfirmPolicy,
    Coupling,
    CouplingKind,
    Direction,
    ExperimentKind,
    ExperimentResult,
    Failure,
    Frame,
    InfrastructureFailure,
    InfrastructureKind,
    Outcome,
    PairResult,
    ParityDifference,
    Pattern,
    Phase,
    Remedy,
    RunHeader,
    Side,
    SideResult,
    Signal,
    Strength,
    Totals,
    Verdict,
)
from harness.report import print_summary, write_html, write_json, write_junit, write_markdown, write_sarif

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDENS = Path(__file__).parent

PASS = SideResult(outcome=Outcome.PASSED, attempts=1, failed=0, seconds=0.012)
PASS_AGAIN = replace(PASS, attempts=4)
SKIP = replace(PASS, outcome=Outcome.SKIPPED, seconds=0.0)


def failing(failure: Failure, *, attempts: int = 1, failed: int | None = None) -> SideResult:
    return SideResult(outcome=Outcome.FAILED, attempts=attempts, failed=attempts if failed is None else failed, seconds=0.015, failure=failure)


def failure(kind: str, message: str, *frames: tuple[str, int, str]) -> Failure:
    return Failure(
        type=kind, message=message, phase=Phase.CALL, frames=tuple(Frame(path=path, line=line, function=name) for path, line, name in frames)
    )


NO_ROW = failure(
    "NoResultFound",
    "No row was found when one was required",
    ("suite/test_customers.py", 9, "test_lookup_by_email"),
    ("suite/lookup.py", 31, "customer_by"),
)
NO_ROW_EITHER = replace(NO_ROW, frames=(replace(NO_ROW.frames[0], line=21, function="test_lookup_by_phone"), NO_ROW.frames[1]))
WRONG_COUNT = failure("AssertionError", "assert <n> == <n>", ("suite/test_invoices.py", 44, "test_many_invoices"))
BROKEN = failure("KeyError", "<str>", ("suite/test_legacy_api.py", 12, "test_both_broken"))


def divergent(test_id: str, fault: Failure, cluster: str | None, **changes: Any) -> PairResult:
    known = PairResult(
        test_id=test_id,
        legacy=PASS_AGAIN,
        shadow=failing(fault, attempts=4),
        verdict=Verdict.DIVERGENT,
        reason="passed on legacy, failed on shadow; the same in 3 of 3 fresh pairs (e = 56.6)",
        direction=Direction.LEGACY_ONLY_PASS,
        confirmed=True,
        e_value=56.623104,
        fingerprint="8f1d2c3b4a596877",
        cluster=cluster,
        cause=Cause.UNKNOWN,
    )
    return replace(known, **changes)


def sample() -> Comparison:
    pairs = (
        PairResult(
            test_id="suite/test_agree.py::TestTotals::test_sum[2014-EUR]",
            legacy=PASS,
            shadow=replace(PASS, seconds=0.011),
            verdict=Verdict.EQUIVALENT,
            reason="both sides pass",
        ),
        PairResult(test_id="suite/test_agree.py::test_skipped", legacy=SKIP, shadow=SKIP, verdict=Verdict.EQUIVALENT, reason="both sides skip it"),
        divergent("suite/test_customers.py::test_lookup_by_email", NO_ROW, "9c1e00aa71b2"),
        divergent("suite/test_customers.py::test_lookup_by_phone", NO_ROW_EITHER, "9c1e00aa71b2"),
        divergent(
            "suite/test_customers.py::test_odd_id[a|b`c<script>alert(1)</script> @team\n\x1b[31m\u202eend]",
            WRONG_COUNT,
            "51d0c2e7aa90",
            confirmed=False,
            e_value=None,
            reason="passed on legacy, failed on shadow; seen once and not rerun, so no error bound holds",
        ),
        PairResult(
            test_id="suite/test_flaky.py::test_sometimes",
            legacy=PASS_AGAIN,
            shadow=failing(failure("TimeoutError", "", ("suite/test_flaky.py", 5, "test_sometimes")), attempts=4, failed=1),
            verdict=Verdict.FLAKY,
            reason="passed on legacy, failed on shadow; the same in 0 of 1 fresh pairs (e = 0.078, dropped below 0.5)",
            direction=Direction.LEGACY_ONLY_PASS,
            confirmed=False,
            e_value=0.0784,
            fingerprint="00aa11bb22cc33dd",
            remedy=Remedy.QUARANTINE_FLAKY,
        ),
        divergent("suite/test_invoices.py::test_many_invoices", WRONG_COUNT, "51d0c2e7aa90", fingerprint="1234567890abcdef"),
        PairResult(
            test_id="suite/test_invoices.py::test_undecided",
            legacy=PASS_AGAIN,
            shadow=failing(WRONG_COUNT, attempts=13, failed=7),
            verdict=Verdict.INCONCLUSIVE,
            reason="passed on legacy, failed on shadow; the same in 6 of 12 fresh pairs, which neither confirms nor drops it",
            direction=Direction.LEGACY_ONLY_PASS,
            confirmed=False,
            e_value=2.7,
            fingerprint="1234567890abcdef",
        ),
        PairResult(
            test_id="suite/test_legacy_api.py::test_both_broken",
            legacy=failing(BROKEN),
            shadow=failing(BROKEN),
            verdict=Verdict.BOTH_FAILING,
            reason="both sides fail",
            fingerprint="feedfacefeedface",
        ),
        divergent(
            "suite/test_only_legacy.py::test_old",
            BROKEN,
            "d00dd00dd00d",
            shadow=SideResult(outcome=Outcome.ABSENT, attempts=0),
            direction=Direction.LEGACY_ONLY_COLLECTED,
            reason="passed on legacy, absent on shadow; the same in 3 of 3 fresh pairs (e = 56.6)",
        ),
        divergent(
            "suite/test_skips.py::test_needs_feature",
            BROKEN,
            "5c1b5c1b5c1b",
            shadow=SKIP,
            direction=Direction.SKIP_MISMATCH,
            reason="passed on legacy, skipped on shadow; the same in 3 of 3 fresh pairs (e = 56.6)",
        ),
        PairResult(
            test_id="suite/test_unreached.py::test_late",
            legacy=PASS,
            shadow=SideResult(outcome=None, attempts=0),
            verdict=Verdict.INCONCLUSIVE,
            reason="shadow did not get to run it",
        ),
    )
    return Comparison(
        run=RunHeader(
            id="20261121-020000-4f2a",
            suite="videostore",
            started_at=datetime(2026, 11, 21, 2, 0, tzinfo=UTC),
            finished_at=datetime(2026, 11, 21, 2, 2, 13, 500_000, tzinfo=UTC),
            confirm=ConfirmPolicy(),
            complete=True,
            harness_version="0.1.0",
        ),
        pairs=pairs,
        totals=Totals(tests=12, equivalent=2, divergent=6, flaky=1, both_failing=1, inconclusive=2),
        exit=1,
        clusters=(
            Cluster(
                id="9c1e00aa71b2",
                exception="NoResultFound",
                template="No row was found when one was required",
                frame=NO_ROW.frames[-1],
                tests=(pairs[2].test_id, pairs[3].test_id),
                sentence="2 tests pass on legacy and fail on shadow with NoResultFound in suite/lookup.py:31 (customer_by).",
            ),
            Cluster(
                id="51d0c2e7aa90",
                exception="AssertionError",
                template="assert <n> == <n>",
                frame=WRONG_COUNT.frames[-1],
                tests=(pairs[4].test_id, pairs[6].test_id),
                sentence="2 tests pass on legacy and fail on shadow with AssertionError in suite/test_invoices.py:44 (test_many_invoices).",
            ),
            Cluster(
                id="d00dd00dd00d",
                exception="absent",
                template="",
                frame=None,
                tests=(pairs[9].test_id,),
                sentence="1 test: is collected on legacy only, in suite/test_only_legacy.py.",
            ),
            Cluster(
                id="5c1b5c1b5c1b",
                exception="skipped",
                template="",
                frame=None,
                tests=(pairs[10].test_id,),
                sentence="1 test: is skipped on one side only, in suite/test_skips.py.",
            ),
        ),
        parity=(
            ParityDifference(name="plugin pytest-randomly", legacy="3.16.0", shadow=None),
            ParityDifference(name="setting FEATURE_X", legacy="set (fingerprint 7f3a91)", shadow="set (fingerprint 02bd44)"),
        ),
        legacy={"python": "3.11.7", "timezone": "UTC", "data.kind": "production_copy"},
        shadow={"python": "3.11.7", "timezone": "UTC", "data.kind": "synthetic"},
        warnings=("2 tests took more than half of the time",),
    )


def unhealthy() -> Comparison:
    fault = InfrastructureFailure(
        kind=InfrastructureKind.UNHEALTHY_SERVICE,
        side=Side.SHADOW,
        message="the service 'db' did not get healthy within 120 s",
        hint="look at logs/shadow-db.log in the bundle, or raise startup_timeout",
    )
    known = sample()
    return replace(known, run=replace(known.run, complete=False, finished_at=None), exit=3, infrastructure=(fault, fault))


def calm() -> Comparison:
    known = sample()
    pairs = tuple(pair for pair in known.pairs if pair.verdict is Verdict.EQUIVALENT)
    return replace(known, pairs=pairs, totals=Totals(tests=2, equivalent=2), exit=0, clusters=(), parity=(), warnings=())


EMAIL = Coupling(
    kind=CouplingKind.NATURAL_KEY,
    strength=Strength.CONFIRMED,
    path="suite/test_customers.py",
    line=9,
    column=10,
    entity="Customer.Email",
    signals=(Signal.LITERAL, Signal.BOUND_PARAMETER, Signal.LEGACY_ONLY, Signal.COUNTERFACTUAL),
    token="email:7f3a91",
    sentence="an email address of Customer.Email is looked up",
)
NOTHING = Coupling(
    kind=CouplingKind.PATTERN,
    pattern=Pattern.NULL,
    strength=Strength.LIKELY,
    path="suite/test_invoices.py",
    line=44,
    column=1,
    entity="Customer.State",
    signals=(Signal.RESULT_SHAPE, Signal.ASSERTION),
    sentence="some rows of Customer.State are NULL on legacy; none on shadow",
)


TRIED = (
    ExperimentResult(
        kind=ExperimentKind.COUNTERFACTUAL,
        side=Side.SHADOW,
        obstacle="no record could stand in",
        path=EMAIL.path,
        line=EMAIL.line,
        column=EMAIL.column,
    ),
    ExperimentResult(kind=ExperimentKind.SETTINGS_SWAP, side=Side.SHADOW, outcome=Outcome.FAILED, setting="FEATURE_X"),
)


def coupled() -> Comparison:
    """Causes that are known, and real identifiers in what agrees."""
    known = sample()
    latent = replace(EMAIL, path="suite/te|st_<script>.py", line=71, column=4, latent=True, token="email:02bd44", strength=Strength.POSSIBLE)
    pairs = list(known.pairs)
    pairs[0] = replace(pairs[0], couplings=(latent,))
    pairs[2] = replace(pairs[2], couplings=(EMAIL,), cause=Cause.NATURAL_KEY, remedy=Remedy.MAKE_DATA_AGNOSTIC)
    pairs[2] = replace(pairs[2], experiments=TRIED)
    pairs[6] = replace(pairs[6], couplings=(NOTHING,), cause=Cause.PATTERN, remedy=Remedy.ADD_SYNTHETIC_CASE)
    return replace(known, pairs=tuple(pairs), latent=(latent, replace(latent, line=90)))


def summary(comparison: Comparison, **options: Any) -> str:
    options = {"width": 80, "color_system": None} | options
    out = StringIO()
    print_summary(comparison, Console(file=out, **options), where=("JSON report: out/report.json", "Dashboard: shadow serve"))
    return out.getvalue()


WRITERS: dict[str, Callable[[Comparison, Any], None]] = {
    "report.json": write_json,
    "junit.xml": write_junit,
    "summary.md": write_markdown,
    "report.html": write_html,
    "report.sarif": write_sarif,
}
SAMPLES: dict[str, Callable[[], Comparison]] = {"sample": sample, "unhealthy": unhealthy, "calm": calm, "coupled": coupled}


def rendered(name: str, comparison: Comparison, folder: Path) -> str:
    if name == "terminal.txt":
        return summary(comparison)
    WRITERS[name](comparison, folder / name)
    return (folder / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    for which, make in SAMPLES.items():
        (GOLDENS / which).mkdir(parents=True, exist_ok=True)
        for golden in [*WRITERS, "terminal.txt"]:
            (GOLDENS / which / golden).write_text(rendered(golden, make(), GOLDENS / which), encoding="utf-8")

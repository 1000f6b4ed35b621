"""Comparison of what was recorded before: bundles, and JUnit XML files of any tool. Nothing is run."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from compare.judge import judge
from harness import __version__
from harness.errors import DuplicateTestIdError, EmptySuiteError, UsageError
from harness.evidence import Bundle
from harness.model import Attempt, ConfirmPolicy, Evidence, RunHeader, Side, SideEvidence
from harness.pipeline.clock import SystemClock
from runners.junit import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.model import Comparison
    from harness.ports import Clock


def compare_bundle(path: Path) -> Comparison:
    """Decide a recorded run again. Raises BundleError."""
    return judge(Bundle.open(path).evidence())


def compare_sources(
    legacy: Path,
    shadow: Path,
    *,
    suite: str | None = None,
    confirm: ConfirmPolicy | None = None,
    clock: Clock | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Pair what two sources recorded: bundles (legacy's side of the first, shadow's of the second) or JUnit XML files or folders of them.

    Nothing can be rerun, so no divergence is confirmed. `warn` gets what the reader noticed. Raises InputError, BundleError, EmptySuiteError,
    DuplicateTestIdError and UsageError.
    """
    clock = clock or SystemClock()
    now = clock.now()
    ids: dict[str, str] = {}
    sides = {side: _side(side, source, ids, warn) for side, source in ((Side.LEGACY, legacy), (Side.SHADOW, shadow))}
    run = RunHeader(
        id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}",
        suite=suite or legacy.stem,
        started_at=now,
        finished_at=clock.now(),
        confirm=confirm or ConfirmPolicy(),
        complete=True,
        harness_version=__version__,
    )
    return judge(Evidence(run=run, legacy=sides[Side.LEGACY], shadow=sides[Side.SHADOW], can_rerun=False))


def is_bundle(path: Path) -> bool:
    """Whether a path is a bundle."""
    return (path / "bundle.json").is_file()


def _side(side: Side, source: Path, ids: dict[str, str], warn: Callable[[str], None]) -> SideEvidence:
    if not source.exists():
        raise UsageError("this file or folder does not exist", where=str(source), expected="a JUnit XML file, a folder of them, or a bundle")
    if is_bundle(source):
        return Bundle.open(source).side(side, ids=ids)
    reader = Reader([source])
    attempts: dict[str, Attempt] = {}
    doubled: dict[str, int] = {}
    for case in reader:
        test_id = ids.setdefault(case.test_id, case.test_id)
        if test_id in attempts:
            doubled[test_id] = doubled.get(test_id, 1) + 1
            continue
        attempts[test_id] = Attempt(test_id=test_id, side=side, outcome=case.outcome, seconds=case.seconds, failure=case.failure)
    for warning in reader.warnings:
        warn(str(warning))
    if doubled:
        raise _duplicates(source, doubled)
    if not attempts:
        raise EmptySuiteError(
            "no test result was found",
            where=str(source),
            expected="JUnit XML with at least one test case",
            hint="See that the tool ran its tests and wrote its report here.",
        )
    return SideEvidence(side=side, collected=tuple(attempts), full=tuple(attempts.values()), finished=True)


def _duplicates(source: Path, doubled: dict[str, int]) -> DuplicateTestIdError:
    shown = "; ".join(f"{test_id!a} ({count} times)" for test_id, count in _first(doubled))
    more = f" and {len(doubled) - 5} more" if len(doubled) > 5 else ""
    return DuplicateTestIdError(
        f"results that carry one test id cannot be told apart: {shown}{more}",
        where=str(source),
        expected="file, class and name of each test case are its own",
        hint="Give the cases distinct names. Where one run left several files, hand in only those of the last try.",
    )


def _first(doubled: dict[str, int]) -> Sequence[tuple[str, int]]:
    return sorted(doubled.items())[:5]

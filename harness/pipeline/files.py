"""Comparison of what was recorded before: bundles, and JUnit XML files of any tool. Nothing is run."""

from __future__ import annotations

import gc
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from compare.agreeing import set_apart
from harness import __version__
from harness.errors import DuplicateTestIdError, UsageError
from harness.evidence import Bundle
from harness.model import ConfirmPolicy, Evidence, RunHeader, Side, SideEvidence
from harness.pipeline.clock import SystemClock
from harness.pipeline.verdict import decide
from runners.junit import read_sides
from runners.redaction import key_of_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from compare.agreeing import Apart
    from harness.model import Comparison
    from harness.ports import Clock


def compare_bundle(path: Path) -> Comparison:
    """Decide a recorded run again. Raises BundleError."""
    return decide(Bundle.open(path).evidence())


def compare_sources(
    legacy: Path,
    shadow: Path,
    *,
    suite: str | None = None,
    confirm: ConfirmPolicy | None = None,
    key: Path | None = None,
    clock: Clock | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Pair what two sources recorded: bundles (legacy's side of the first, shadow's of the second) or JUnit XML files or folders of them.

    Nothing can be rerun, so no divergence is confirmed. `key` is the file of the key that test processes get (`probe.key`), under which values in
    JUnit XML become tokens; without one they do under a key of this comparison alone. `warn` gets what the reader noticed. Raises InputError,
    BundleError, EmptySuiteError, DuplicateTestIdError and UsageError.
    """
    for source in (legacy, shadow):
        if not source.exists():
            raise UsageError("this file or folder does not exist", where=str(source), expected="a JUnit XML file, a folder of them, or a bundle")
    clock = clock or SystemClock()
    now = clock.now()
    run = RunHeader(
        id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}",
        suite=suite or legacy.stem,
        started_at=now,
        finished_at=now,
        confirm=confirm or ConfirmPolicy(),
        complete=True,
        harness_version=__version__,
    )
    with _collector_paused():
        if is_bundle(legacy) or is_bundle(shadow):
            left, right = _bundles(legacy, shadow)
            return decide(Evidence(run=run, legacy=left, shadow=right, can_rerun=False))
        agreeing, one, other = _reports(legacy, shadow, warn, key_of_file(key))
        left, right = (SideEvidence(side=side, full=full, finished=True) for side, full in ((Side.LEGACY, one), (Side.SHADOW, other)))
        return decide(Evidence(run=run, legacy=left, shadow=right, can_rerun=False), agreeing)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the cycle collector from walking over a million results again and again while they are made: they hold no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def is_bundle(path: Path) -> bool:
    """Whether a path is a bundle."""
    return (path / "bundle.json").is_file()


def _bundles(legacy: Path, shadow: Path) -> tuple[SideEvidence, SideEvidence]:
    if not (is_bundle(legacy) and is_bundle(shadow)):
        raise UsageError(
            "a bundle and JUnit XML cannot be paired: their test ids are built in different ways",
            where=str(legacy if is_bundle(legacy) else shadow),
            expected="two bundles, or JUnit XML on both sides",
        )
    ids: dict[str, str] = {}
    return Bundle.open(legacy).side(Side.LEGACY, ids=ids), Bundle.open(shadow).side(Side.SHADOW, ids=ids)


def _reports(legacy: Path, shadow: Path, warn: Callable[[str], None], key: bytes) -> Apart:
    """The tests of both sides' reports. Of a million that agree no attempt is ever made."""
    sides = read_sides([legacy], [shadow], key=key)
    for source, report in zip((legacy, shadow), sides, strict=True):
        for remark in report.remarks:
            warn(f"{remark.where}: {remark.message}")
        if report.duplicates:
            raise _duplicates(source, report.duplicates)
    return set_apart(sides[0].columns, sides[1].columns)


def _duplicates(source: Path, doubled: Sequence[str]) -> DuplicateTestIdError:
    shown = ", ".join(ascii(test_id) for test_id in doubled[:5])
    more = f" and {len(doubled) - 5} more" if len(doubled) > 5 else ""
    return DuplicateTestIdError(
        f"several results carry one test id and cannot be told apart: {shown}{more}",
        where=str(source),
        expected="file, class and name of each test case are its own",
        hint="Give the cases distinct names. Where one run left several files, hand in only those of the last try.",
    )

"""Two sides read at the same time: the same reports, remarks and errors as one after the other."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from harness.errors import EmptySuiteError, InputError, ShadowError
from runners.junit import SideReport, read_sides
from runners.junit.beside import PAYS_FROM, Beside, pays

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TRACEBACK = 'Traceback (most recent call last):\n  File "suite/test_a.py", line {line}, in test_it\nValueError: order {line} is not there'


def report(path: Path, numbers: Sequence[int], *, suite: str = "s", failing: int = 7, declared: int | None = None) -> Path:
    cases = "".join(
        f'<testcase classname="pkg.Cls{number % 5}" name="t{number}" time="{number / 1000}">'
        + (f'<failure message="ValueError: order {number} is not there">{TRACEBACK.format(line=number)}</failure>' if number % failing == 0 else "")
        + "</testcase>"
        for number in numbers
    )
    tests = f' tests="{declared}"' if declared is not None else ""
    path.write_text(f'<testsuites><testsuite name="{suite}"{tests}>{cases}<testcase name="last"><skipped/></testcase></testsuite></testsuites>')
    return path


def both_ways(legacy: Path, shadow: Path) -> tuple[SideReport, SideReport]:
    """Both sides read at once, after it was seen that one after the other gives the same."""
    one, other = (read_sides([legacy], [shadow], beside=beside) for beside in (False, True))
    assert [facts(side) for side in one] == [facts(side) for side in other]
    return other


def facts(side: SideReport) -> tuple[object, ...]:
    return side.attempts, side.duplicates, side.remarks, side.files


@pytest.mark.parametrize("order", ["same", "reversed", "overlapping"])
def test_both_ways_give_the_same(tmp_path: Path, order: str) -> None:
    numbers = {"same": range(40_000), "reversed": range(39_999, -1, -1), "overlapping": range(20_000, 60_000)}[order]
    _, shadow = both_ways(report(tmp_path / "a.xml", range(40_000)), report(tmp_path / "b.xml", numbers, failing=11, declared=50_000))
    assert [remark.where for remark in shadow.remarks] == [f"{tmp_path / 'b.xml'}:1"]
    assert list(shadow.columns.ids) == sorted(shadow.columns.ids)
    assert len(shadow.columns.failures) == sum(number % 11 == 0 for number in numbers)


def test_ids_that_suites_share_are_told_apart_alike(tmp_path: Path) -> None:
    legacy, shadow = tmp_path / "legacy", tmp_path / "shadow"
    for folder, suites in ((legacy, ("chrome", "firefox")), (shadow, ("firefox",))):
        folder.mkdir()
        for suite in suites:
            report(folder / f"{suite}.xml", range(10), suite=suite)
    assert both_ways(legacy, shadow)[1].attempts[0].test_id.startswith("firefox::")


def test_a_fault_is_told_as_it_is_elsewhere(tmp_path: Path) -> None:
    good, cut, empty = report(tmp_path / "good.xml", range(3)), tmp_path / "cut.xml", tmp_path / "empty.xml"
    cut.write_text("<testsuite>\n<testcase name='a'/>\n<testcase")
    empty.write_text("<testsuite/>")
    for bad, kind in ((cut, InputError), (empty, EmptySuiteError), (tmp_path / "nowhere.xml", InputError)):
        said = []
        for beside in (False, True):
            with pytest.raises(ShadowError) as caught:
                read_sides([good], [bad], beside=beside)
            assert isinstance(caught.value, kind)
            said.append(str(caught.value))
        assert said[0] == said[1]
    with pytest.raises(InputError, match=r"cut\.xml"):
        read_sides([cut], [empty], beside=True)


def test_where_the_process_is_killed_the_side_is_read_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = Beside.__init__

    def killed(self: Beside, sources: Sequence[Path], root: Path | None, key: bytes | None = None) -> None:
        begun(self, sources, root, key)
        os.kill(self._process.pid, signal.SIGKILL)

    monkeypatch.setattr(Beside, "__init__", killed)
    path = report(tmp_path / "a.xml", range(20))
    assert len(both_ways(path, path)[1].attempts) == 21


def test_a_process_is_started_for_large_sides_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    small, large = report(tmp_path / "small.xml", range(3)), tmp_path / "large.xml"
    large.write_text("<testsuite/>".ljust(PAYS_FROM))
    assert pays([large], [large])
    assert not pays([large], [small])
    assert not pays([tmp_path / "nowhere.xml"], [large])
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    assert not pays([large], [large])

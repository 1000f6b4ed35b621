"""Deep records as session files hold them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import BundleError
from harness.evidence.deep import deep_records
from harness.evidence.session import parse_name, read_session
from harness.model import DeepRecord, HostClass, Outcome, RerunKind, Side

if TYPE_CHECKING:
    from pathlib import Path

LINE: dict[str, Any] = {
    "e": "deep",
    "id": "test_a.py::test",
    "statements": [
        {"sql": "SELECT x FROM t", "parameters": [{"type": "int"}], "columns": [{"name": "x", "types": ["int"], "null": False, "distinct": 2}]},
        {"sql": "PRAGMA x"},
    ],
    "requests": [{"method": "GET", "host": "loopback", "path": "/x"}],
    "files": [["data/x.json", False]],
    "variables": ["X"],
    "lines": {"test_a.py": [[2, 3]], "conftest.py": [[1, 1]]},
    "own": ["test_a.py", 1, 3],
    "loops": [["test_a.py", 2, 0]],
    "counts": {"assertions": 1, "assertion_runs": 2, "rows": 5, "of_a_newer_probe": 1},
    "cut": [["lines", None, "another tracer is at work"]],
}
RESULT = {"e": "result", "id": "test_a.py::test", "outcome": "passed", "seconds": 0.1}


def test_a_line_becomes_a_record() -> None:
    record = DeepRecord.from_line(LINE, Side.SHADOW, pair=2)
    assert (record.side, record.pair, record.kind, record.own_lines) == (Side.SHADOW, 2, RerunKind.PAIR, frozenset({2, 3}))
    assert record.requests[0].host is HostClass.LOOPBACK
    assert record.counts.assertion_runs == 2


def test_a_slim_record_keeps_what_tells_whether_a_pass_means_anything() -> None:
    slim = DeepRecord.from_line(LINE, Side.SHADOW).slim()
    assert [(one.sql, one.parameters) for one in slim.statements] == [("SELECT x FROM t", ())]
    assert (slim.requests, slim.files, slim.variables) == ((), (), ())
    assert (slim.own_lines, slim.counts.rows, len(slim.loops)) == (frozenset({2, 3}), 5, 1)


@pytest.mark.parametrize("sql", ["SELECT x FROM t", "SELECT count(x) FROM t WHERE y = ?", "PRAGMA table_info(t)"])
@pytest.mark.parametrize("column", [{"types": ["int"], "low": 0, "high": 0}, {"types": ["int"], "low": 2, "high": 2}, {"types": []}])
def test_a_slim_record_is_the_same_without_the_whole_one(sql: str, column: dict[str, Any]) -> None:
    statement = {"sql": sql, "fetched": 1, "parameters": [{"type": "int"}], "columns": [{"name": "n", "null": False, "distinct": 1, **column}]}
    for line in (LINE, {**LINE, "statements": [statement, {**statement, "fetched": 2}]}, {**LINE, "own": None, "lines": None}):
        whole = DeepRecord.from_line(line, Side.SHADOW)
        assert DeepRecord.slim_from_line(line, Side.SHADOW) == whole.slim()
        assert [one.touched for one in whole.statements if one.touches_data] == [one.touched for one in whole.slim().statements]


@pytest.mark.parametrize("broken", [{"id": 5}, {"cut": None}, {"statements": [{}]}, {"requests": [{"method": "GET", "host": "mars", "path": "/"}]}])
def test_a_line_that_is_not_as_the_format_says_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        DeepRecord.from_line({**LINE, **broken}, Side.SHADOW)


def written(path: Path, *lines: dict[str, Any], cut: str = "") -> Path:
    path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines) + cut)
    return path


def test_records_are_read_with_their_outcome_and_passed_over_by_readers_of_results(tmp_path: Path) -> None:
    path = written(tmp_path / "legacy-pair01-s1of1-n1.jsonl", LINE, RESULT, {**LINE, "id": "unfinished"}, cut='{"e":"deep","id":"cut off')
    (record,) = deep_records(path, parse_name(path))
    assert (record.outcome, len(record.requests)) == (Outcome.PASSED, 1)
    assert [attempt.test_id for attempt in read_session(path).attempts] == ["test_a.py::test"]


def test_records_of_a_sample_are_slim(tmp_path: Path) -> None:
    path = written(tmp_path / "legacy-vacuous01-s1of1-n1.jsonl", LINE, RESULT)
    (record,) = deep_records(path, parse_name(path))
    assert (record.kind, record.requests) == (RerunKind.VACUOUS, ())


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "legacy-pair01-s1of1-n1.jsonl", {"e": "deep", "id": 7})
    with pytest.raises(BundleError, match="damaged"):
        list(deep_records(path, parse_name(path)))


@pytest.mark.parametrize(
    ("sql", "column", "expected"),
    [
        ("SELECT count(*) FROM t", {"types": ["int"], "null": False, "distinct": 1, "low": 0, "high": 0}, True),
        ("select coalesce(sum(x), ?) as total FROM t", {"types": ["int"], "null": False, "distinct": 1, "low": 0, "high": 0}, True),
        ("SELECT max(x) FROM t", {"types": [], "null": True, "distinct": 0}, True),
        ("SELECT count(*) FROM t", {"types": ["int"], "null": False, "distinct": 1, "low": 2, "high": 2}, False),
        ("SELECT count(*) FROM t GROUP BY y", {"types": ["int"], "null": False, "distinct": 1, "low": 0, "high": 0}, False),
        ("SELECT x FROM t", {"types": [], "null": True, "distinct": 0}, False),
    ],
)
def test_the_row_of_a_count_of_nothing_is_none(sql: str, column: dict[str, Any], *, expected: bool) -> None:
    line = {**LINE, "statements": [{"sql": sql, "fetched": 1, "columns": [{"name": "x", **column}]}]}
    (statement,) = DeepRecord.from_line(line, Side.LEGACY).statements
    assert statement.found_nothing is expected
    assert statement.slim().rows == (0 if expected else 1)

"""Session files: what is read from them, whole, cut off and damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BundleError
from harness.evidence import SessionName, read_session
from harness.evidence.session import parse_name
from harness.model import EndReason, Outcome, Phase, SessionEnd, SessionRequest, Shard, Side
from runners.session import append_end, write_selection

HEADER = {"e": "header", "schema": "shadow-probe/1", "python": "3.11.2", "pytest": "8.4", "plugins": {"pytest-mock": "3"}, "time": 1.0}
FAILURE = {"type": "ValueError", "message": "no <n>", "phase": "call", "frames": [["test_a.py", 3, "test_b"]]}
LINES = [
    HEADER,
    {"e": "collected", "ids": ["t.py::a", "t.py::b"]},
    {"e": "collection_finished", "count": 2, "deselected": 0},
    {"e": "start", "id": "t.py::a", "t": 1.0},
    {"e": "result", "id": "t.py::a", "outcome": "passed", "seconds": 0.5},
    {"e": "start", "id": "t.py::b", "t": 2.0},
    {"e": "result", "id": "t.py::b", "outcome": "failed", "seconds": 0.1, "failure": FAILURE},
    {"e": "footer", "complete": True, "exit_status": 1, "stopped": None},
]


def written(folder: Path, lines: list[object], name: str = "legacy-full-s1of1-n1.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))
    return path


def test_a_whole_session(tmp_path: Path) -> None:
    path = written(tmp_path, LINES)
    append_end(path, SessionEnd(reason=EndReason.FINISHED, exit_status=1))
    session = read_session(path)
    assert session.finished
    assert session.collected == ("t.py::a", "t.py::b")
    assert [(a.test_id, a.outcome, a.seconds) for a in session.attempts] == [("t.py::a", Outcome.PASSED, 0.5), ("t.py::b", Outcome.FAILED, 0.1)]
    failure = session.attempts[1].failure
    assert failure is not None
    assert (failure.phase, failure.frames[0].line) == (Phase.CALL, 3)
    assert session.facts["plugin.pytest-mock"] == "3"


@given(cut=st.integers(min_value=0))
def test_a_session_cut_off_anywhere_yields_what_it_had_finished(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    whole = "".join(json.dumps(line) + "\n" for line in LINES)
    cut %= len(whole) + 1
    folder = tmp_path_factory.mktemp("cut")
    path = written(folder, [whole[:cut]])
    complete = [json.loads(line) for line in whole[:cut].split("\n")[:-1]]
    expected = [line["id"] for line in complete if line["e"] == "result"]
    before = [a.test_id for a in read_session(path).attempts]
    assert before[: len(expected)] == expected
    assert len(before) <= len(expected) + 1  # a line that lacks its line break only is whole
    append_end(path, SessionEnd(reason=EndReason.CRASHED, guilty=("t.py::c",)))
    after = read_session(path)
    assert [a.test_id for a in after.attempts] == [*before, "t.py::c"]
    assert after.attempts[-1].outcome is Outcome.CRASHED


def test_damage_in_the_middle_names_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, [LINES[0], "{broken\n", *LINES[1:]])
    with pytest.raises(BundleError, match="damaged") as caught:
        read_session(path)
    assert str(caught.value.where).endswith(":2")


def test_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="shadow-probe/9"):
        read_session(written(tmp_path, [{**HEADER, "schema": "shadow-probe/9"}]))


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [(EndReason.CRASHED, Outcome.CRASHED), (EndReason.OUT_OF_MEMORY, Outcome.CRASHED), (EndReason.TEST_TIMEOUT, Outcome.TIMEOUT)],
)
def test_guilty_tests_have_the_outcome_of_the_end(tmp_path: Path, reason: EndReason, outcome: Outcome) -> None:
    path = written(tmp_path, LINES[:4])
    append_end(path, SessionEnd(reason=reason, guilty=("t.py::a",)))
    assert [(a.test_id, a.outcome) for a in read_session(path).attempts] == [("t.py::a", outcome)]


def test_guilty_tests_of_an_interrupt_were_not_run(tmp_path: Path) -> None:
    path = written(tmp_path, LINES[:4])
    append_end(path, SessionEnd(reason=EndReason.INTERRUPTED, guilty=("t.py::a",)))
    assert read_session(path).attempts == ()


def test_selected_tests_that_a_finished_session_did_not_collect_are_absent(tmp_path: Path) -> None:
    path = tmp_path / "legacy-pair01-s1of1-n1.jsonl"
    write_selection(SessionRequest(side=Side.LEGACY, output=path, pair=1, select=("t.py::a", "t.py::gone")), None)
    written(tmp_path, LINES[:5], path.name)
    assert [a.test_id for a in read_session(path).attempts] == ["t.py::a"]
    append_end(path, SessionEnd(reason=EndReason.FINISHED))
    assert [(a.test_id, a.outcome) for a in read_session(path).attempts] == [("t.py::a", Outcome.PASSED), ("t.py::gone", Outcome.ABSENT)]


def test_equal_ids_are_one_object(tmp_path: Path) -> None:
    ids: dict[str, str] = {}
    one = read_session(written(tmp_path, LINES), ids=ids)
    other = read_session(written(tmp_path, LINES, "shadow-full-s1of1-n1.jsonl"), ids=ids)
    assert one.attempts[0].test_id is other.attempts[0].test_id is one.collected[0]


@given(
    st.builds(
        SessionName,
        side=st.sampled_from(Side),
        pair=st.integers(0, 999),
        shard=st.integers(1, 50).flatmap(lambda count: st.builds(Shard, index=st.integers(1, count), count=st.just(count))),
        number=st.integers(1, 99),
    )
)
def test_names_say_what_they_were_made_of(name: SessionName) -> None:
    assert parse_name(Path(str(name))) == name


def test_other_names_are_refused() -> None:
    with pytest.raises(BundleError, match="no name of a session file"):
        parse_name(Path("notes.jsonl"))

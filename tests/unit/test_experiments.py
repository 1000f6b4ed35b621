"""Which changes share a process, what a session of several shows, and when a failure counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from harness.model import EndReason, Experiment, ExperimentKind, Outcome, SessionEnd, SessionRequest, Side, SourceEvidence
from harness.pipeline.experiments.budget import SPENT, SPENT_ON_TEST, Budget, Spending
from harness.pipeline.experiments.change import Change, Exchange, grouped
from harness.pipeline.experiments.rounds import FAILS_UNCHANGED, Laboratory, Rounds
from harness.pipeline.experiments.session import NOT_FOUND, Seen
from harness.pipeline.experiments.trials import Trial
from harness.pipeline.experiments.values import Place, Subject
from runners.session import append_end

if TYPE_CHECKING:
    from harness.ports import ProgressSink

PLENTY = Budget(executions=1_000, sessions=1_000)


def trial(name: str, **more: Any) -> Trial:
    return Trial(**{"test_id": f"test_a.py::{name}", "select": f"test_a.py::{name}", "literals": (0,), "settings": (), **more})


def exchange(line: int, old: int, new: int) -> Exchange:
    return Exchange(place=Place(path="test_a.py", line=line, column=1, part=False, old=old), new=new)


def change(name: str, *exchanges: Exchange, reach: Sequence[int] = (), **more: Any) -> Change:
    spots = frozenset(("test_a.py", line, 1) for line in (*reach, *(one.place.line for one in exchanges)))
    return Change(trial=trial(name, **more), exchanges=exchanges, reach=spots)


@dataclass
class Process:
    """A runner whose tests fail where they are changed to something odd; `ends` may let the process die in a test, `judge` may decide otherwise."""

    judge: Callable[[str, Mapping[str, int], Sequence[str]], Outcome] | None = None
    deadly: frozenset[str] = frozenset()
    sessions: list[tuple[Side, tuple[str, ...], dict[str, int]]] = field(default_factory=list)

    def run(self, request: SessionRequest, progress: ProgressSink) -> SessionEnd:
        del progress
        entries = json.loads(request.replace.read_text())["replace"] if request.replace else []
        changed = {f"{one['path']}:{one['line']}": one["new"] for one in entries}
        tests = request.select or ()
        self.sessions.append((request.side, tests, changed))
        lines: list[dict[str, object]] = [{"e": "header", "schema": "shadow-probe/1"}, {"e": "collected", "ids": list(tests)}]
        lines.append({"e": "experiment", "replaced": [number for number, one in enumerate(entries) if one["new"] >= 0]})
        end = SessionEnd(reason=EndReason.FINISHED)
        for test in tests:
            if test in self.deadly:
                end = SessionEnd(reason=EndReason.CRASHED, guilty=(test,))
                break
            odd = any(value % 2 for value in changed.values())
            outcome = self.judge(test, changed, tests) if self.judge else Outcome.FAILED if odd else Outcome.PASSED
            lines.append({"e": "result", "id": test, "outcome": outcome.value, "seconds": 0.0})
        request.output.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
        append_end(request.output, end)
        return end

    def stop(self) -> None: ...


def laboratory(process: Process, *, budget: Budget = PLENTY, reruns: int = 8) -> Laboratory:
    spending = Spending(budget=budget, reruns=Counter({f"test_a.py::{name}": reruns for name in "abcdef"}))
    runners = dict.fromkeys(Side, process)
    return Laboratory(runners=runners, spending=spending, is_stopped=lambda: False, found=[], record=lambda _found: None)


@given(
    st.lists(
        st.builds(
            lambda name, line, new, reach: (name, line, new, reach), st.uuids(), st.integers(1, 4), st.integers(1, 3), st.sets(st.integers(1, 6))
        )
    )
)
def test_in_no_session_does_a_test_reach_what_another_one_changes(drawn: list[tuple[Any, int, int, set[int]]]) -> None:
    changes = [change(str(name), exchange(line, 7, new), reach=tuple(reach)) for name, line, new, reach in drawn]
    groups = grouped(changes)
    assert Counter(one for group in groups for one in group) == Counter(changes)
    for group in groups:
        for one in group:
            others = {(other.place.line, other.new) for neighbour in group for other in neighbour.exchanges}
            reached = {spot[1] for spot in one.reach}
            assert {(line, new) for line, new in others if line in reached} <= {(own.place.line, own.new) for own in one.exchanges}


def test_what_cannot_share_a_process_does_not() -> None:
    alone = change("a", exchange(1, 7, 8), apart=True)
    settings = Change(trial=trial("b"), settings=(("X", "1"),))
    plain = change("c", exchange(2, 7, 9))
    cases = [change(f"d[{old}]", exchange(old, old, 8)) for old in (11, 12)]  # both would be called the same
    assert grouped([alone, settings, plain, *cases]) == [(plain, cases[0]), (alone,), (settings,), (cases[1],)]


def test_a_test_that_ends_the_process_is_blamed_and_the_rest_runs_on() -> None:
    process = Process(deadly=frozenset({"test_a.py::b"}))
    seen = laboratory(process).round(Side.SHADOW, [change(name, exchange(number, 7, 8)) for number, name in enumerate("abc")])
    assert {name: one.outcome for name, one in seen.items()} == {
        "test_a.py::a": Outcome.PASSED,
        "test_a.py::b": Outcome.CRASHED,
        "test_a.py::c": Outcome.PASSED,
    }
    assert [tests for _, tests, _ in process.sessions] == [("test_a.py::a", "test_a.py::b", "test_a.py::c"), ("test_a.py::c",)]


def test_a_literal_that_was_not_found_says_nothing() -> None:
    seen = laboratory(Process()).round(Side.SHADOW, [change("a", exchange(1, 7, -2)), change("b", exchange(2, 7, 2))])
    assert [one.obstacle for one in seen.values()] == [NOT_FOUND, ""]


def test_budgets_are_kept() -> None:
    changes = [change(name, exchange(number, 7, 8)) for number, name in enumerate("abc")]
    few = laboratory(Process(), budget=Budget(executions=2, sessions=9)).round(Side.SHADOW, changes)
    assert sorted(one.obstacle for one in few.values()) == ["", "", SPENT]
    apart = [change(name, exchange(number, 7, 8), apart=True) for number, name in enumerate("abc")]
    place = laboratory(Process(deadly=frozenset({"test_a.py::a"})), budget=Budget(executions=9, sessions=2))
    assert sorted(one.obstacle for one in place.round(Side.SHADOW, apart).values()) == ["", "", SPENT]
    place = laboratory(Process(deadly=frozenset({"test_a.py::a"})), budget=Budget(executions=9, sessions=1))
    assert [one.obstacle for one in place.round(Side.SHADOW, changes).values()] == ["", SPENT, SPENT]
    assert place.spending.executions == 1
    assert [one.obstacle for one in laboratory(Process(), reruns=15).round(Side.SHADOW, changes[:1]).values()] == [SPENT_ON_TEST]


class Records:
    """Stands for both databases: twins and other records are numbers; an odd one makes a test fail."""

    def subjects(self, one: Trial, sources: SourceEvidence) -> tuple[Subject, ...]:
        del sources
        line = ord(one.test_id[-1])
        return (Subject(literals=(line,), entity="t.id", value=7, places=(Place(path="test_a.py", line=line, column=1, part=False, old=7),)),)

    def reach(self, one: Trial) -> frozenset[tuple[str, int, int]]:
        return frozenset({("test_a.py", ord(one.test_id[-1]), 1)})

    def twins(self, subjects: Sequence[Subject]) -> Sequence[Sequence[int]]:
        del subjects
        return [(1,), (3,)]

    others = twins

    def spelled(self, old: Any, new: Any) -> Any:
        del old
        return new


def tried(process: Process, names: str = "abcd", *, reruns: int = 8) -> list[Experiment]:
    place = laboratory(process, reruns=reruns)
    every = [trial(name, literals=(ord(name),)) for name in names]
    Rounds(laboratory=place, trials=every, settings={}, asking=Records(), sources=SourceEvidence()).carry_out()  # type: ignore[arg-type]  # by its face
    assert max(place.spending.by_test.values()) + reruns <= 15
    return [one for one in place.found if one.kind is ExperimentKind.OTHER_RECORD]


def own_value_decides(test: str, changed: Mapping[str, int], tests: Sequence[str]) -> Outcome:
    del tests
    return Outcome.FAILED if changed.get(f"test_a.py:{ord(test[-1])}", 0) % 2 else Outcome.PASSED


def test_a_failure_with_other_records_counts_where_the_unchanged_test_passes() -> None:
    process = Process(judge=own_value_decides)
    assert [one.outcome for one in tried(process)] == [Outcome.FAILED] * 4
    assert len(process.sessions) == 2 + 3  # twins twice; another record, and half of them with the next beside the others unchanged
    unchanged = [set(tests) - {f"test_a.py::{chr(int(place.rpartition(':')[2]))}" for place in changed} for _, tests, changed in process.sessions[3:]]
    assert unchanged[0] | unchanged[1] == {f"test_a.py::{name}" for name in "abcd"}


def test_a_failure_that_others_bring_about_counts_for_nothing() -> None:
    found = tried(Process(judge=lambda _test, changed, _tests: Outcome.FAILED if changed else Outcome.PASSED))
    assert [(one.outcome, one.obstacle) for one in found] == [(None, FAILS_UNCHANGED)] * 4


def test_a_failure_that_could_not_be_checked_is_not_looked_for() -> None:
    found = tried(Process(judge=own_value_decides), "a", reruns=11)  # two twins leave two
    assert [(one.outcome, one.obstacle) for one in found] == [(None, SPENT_ON_TEST)]


def test_what_is_recorded_is_not_tried_again() -> None:
    process = Process(judge=own_value_decides)
    place = laboratory(process)
    for kind in (ExperimentKind.COUNTERFACTUAL, ExperimentKind.OTHER_RECORD):
        place.add(kind, trial("a"), Seen(outcome=Outcome.FAILED), literals=(0,))
    Rounds(laboratory=place, trials=[trial("a")], settings={}, asking=Records(), sources=SourceEvidence()).carry_out()  # type: ignore[arg-type]  # by its face
    assert process.sessions == []

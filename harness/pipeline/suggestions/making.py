"""Makes patches for the divergences of a recorded run: from its bundle, the suite's source as it is now, and both databases, which are only read."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from compare.explanation import deep_records_of
from harness.errors import UsageError
from harness.evidence import token
from harness.model import Side
from harness.model.canonical import canonical
from harness.pipeline.sources import ScannedSuite
from harness.pipeline.suggestions.tasks import is_for_patch, tasks_of
from harness.pipeline.suggestions.unlooked import why_unlooked
from harness.pipeline.suggestions.variables import data_variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.evidence import ProjectKey
    from harness.model import Evidence, KnownLiteral, PairResult, Plan, SourceEvidence
    from runners.literals.suite import SuiteLiterals
    from runners.patching.asked import Task
    from runners.patching.draft import Draft
    from runners.patching.patcher import Patcher
    from runners.patching.shown import Known

_STATEMENT_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came of one test function: a draft, or why there is none. `tests` are its tests that diverge."""

    function: str
    tests: tuple[str, ...]
    draft: Draft | None = field(default=None, repr=False)
    obstacle: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person has to know of the patch."""
        return self.draft.notes if self.draft is not None else ()


class Maker:
    """Patches for one run. Values stay in memory."""

    def __init__(self, suite: SuiteLiterals, sources: SourceEvidence, patcher: Patcher, tasks: Sequence[Task], key: ProjectKey) -> None:
        self.tasks = tuple(tasks)
        self.patcher = patcher
        self._suite = suite
        self._sources = sources
        self._key = key
        self._found: list[Known] | None = None
        self._secret: set[tuple[str, int, int]] = set()

    def make(self, task: Task) -> Made:
        """A patch for one test function, or the reason why there is none."""
        tests = tuple(case.test_id for case in task.cases)
        draft, obstacle = self._draft(task)
        self._secret |= draft.secret if draft is not None else set()
        return Made(function=task.function, tests=tests, draft=draft, obstacle=obstacle)

    def _draft(self, *tasks: Task, settled: Draft | None = None) -> tuple[Draft | None, str]:
        """A patch of tasks together, or why there is none."""
        from runners.patching.source import UnpatchableError  # noqa: PLC0415  # the extra may be missing

        try:
            return self.patcher.patch(*tasks, settled=settled), ""
        except UnpatchableError as error:
            return None, str(error)
        except Exception as error:  # noqa: BLE001  # source of any make is read here; what it breaks on costs this patch alone
            return None, f"the source could not be followed ({type(error).__name__})"

    def joined(self, made: Sequence[Made]) -> tuple[Draft, list[Made]]:
        """All drafts together, and the patches as they are then: of two that change one place to different things, the later one is made again."""
        found: list[Made] = []
        whole = _all_of(made)
        if not any(one.draft is not None and whole.meets(one.draft) for one in made) and self._is_sound(whole):
            return whole, list(made)
        for one in made:
            whole, place = _all_of(found), len(found)
            found.append(one)
            if one.draft is None or not whole.meets(one.draft):
                continue
            draft, obstacle = self._draft(self._task(one.function), settled=whole)
            if draft is not None and whole.meets(draft):
                draft, obstacle = None, "what it changes is changed by another patch: apply that, then make this one"
            found[place] = replace(one, draft=draft, obstacle=obstacle)
            if draft is None and one.draft is not None:
                self._together(found, place, one.draft)
        return self._kept(found)

    def _kept(self, made: list[Made]) -> tuple[Draft, list[Made]]:
        """The drafts that can stand beside each other, as a last resort one by one."""
        if self._is_sound(whole := _all_of(made)):
            return whole, made
        found: list[Made] = []
        for one in made:
            found.append(one)
            if not self._is_sound(_all_of(found)):
                found[-1] = replace(one, draft=None, obstacle="it cannot stand beside other patches: apply those, then make this one")
        return _all_of(found), found

    def _task(self, function: str) -> Task:
        return next(task for task in self.tasks if task.function == function)

    def _together(self, found: list[Made], place: int, draft: Draft) -> None:
        """Make the patches that change the same places once more, as one, so that they take the same records."""
        rivals = [other.draft for other in found[:place] if other.draft is not None and other.draft.meets(draft)]
        shared = [number for number, other in enumerate(found[:place]) if any(other.draft is rival for rival in rivals)]
        whole, _ = self._draft(*(self._task(found[number].function) for number in shared), self._task(found[place].function))
        rest = _all_of([other for number, other in enumerate(found[:place]) if number not in shared])
        if whole is not None and not rest.meets(whole):
            for number in (*shared, place):
                found[number] = replace(found[number], draft=whole, obstacle="")

    def _is_sound(self, draft: Draft) -> bool:
        """Whether it applies and parses."""
        from runners.patching.source import UnpatchableError  # noqa: PLC0415  # the extra may be missing

        try:
            draft.written(self.patcher.project)
        except UnpatchableError:
            return False
        return True

    def texts(self, draft: Draft) -> dict[str, str]:
        """The changed files, by path."""
        return draft.written(self.patcher.project)

    def diff(self, draft: Draft) -> str:
        """The diff of a draft, for reading."""
        from runners.patching.shown import shown_diff  # noqa: PLC0415  # the same

        new = self.texts(draft)
        old = {path: source.text for path in new if (source := self.patcher.project.source(path)) is not None}
        known = self._known()
        places = {(one.path, one.line, one.column) for one in known}
        hidden = [self._hidden(*place) for place in sorted((self._secret | draft.secret) - places)]
        return shown_diff(old, new, [*known, *hidden], draft.exchanged)

    def _hidden(self, path: str, line: int, column: int) -> Known:
        """What the test expects of a record and the index does not know: its value is one of the production copy all the same."""
        from runners.patching.shown import Known  # noqa: PLC0415  # the same

        spelled = self._raw(path, line, column)
        return Known(path=path, line=line, column=column, token=token("value", self._key.fingerprint(spelled)), spelled=spelled)

    def _raw(self, path: str, line: int, column: int) -> str:
        """What is written at a place of a Python file."""
        source = self.patcher.project.source(path) if path.endswith(".py") else None
        return source.raw_at(line, column) if source is not None else ""

    def _known(self) -> list[Known]:
        """The places of real values, with how they are spelled there."""
        from runners.patching.shown import Known  # noqa: PLC0415  # the same

        if self._found is None:
            spelled: dict[tuple[str, int, int], list[tuple[str, str]]] = {}
            wanted = {(one.path, one.line, one.column) for one in self._sources.literals}
            for reached in self._suite.every({path for path, _, _ in wanted}):
                literal = reached.literal
                if (literal.path, literal.line, literal.column) in wanted and (spelling := canonical(literal.value)) is not None:
                    spelled.setdefault((literal.path, literal.line, literal.column), []).append((self._key.fingerprint(spelling), str(literal.value)))
            self._found = [
                Known(
                    path=one.path,
                    line=one.line,
                    column=one.column,
                    token=one.token,
                    spelled=self._spelled(one, spelled.get((one.path, one.line, one.column), ())),
                )
                for one in self._sources.literals
                if any(match.presence == "legacy" for match in one.matches)
            ]
        return self._found

    def _spelled(self, one: KnownLiteral, found: Sequence[tuple[str, str]]) -> str:
        """How a known value is written at its place: a number may have underscores there."""
        text = next((text for fingerprint, text in found if fingerprint in one.fingerprints), "")
        raw = self._raw(one.path, one.line, one.column)
        return raw if raw.replace("_", "") == text else text


def _all_of(made: Sequence[Made]) -> Draft:
    """All drafts as one."""
    from runners.patching.draft import Draft  # noqa: PLC0415  # the extra may be missing

    whole = Draft()
    for one in made:
        whole = whole.joined(one.draft) if one.draft is not None else whole
    return whole


@contextlib.contextmanager
def making(
    evidence: Evidence,
    pairs: Sequence[PairResult],
    *,
    plan: Plan,
    urls: tuple[str, str] | None,
    base: Path,
    key: ProjectKey,
    scanned: ScannedSuite | None = None,
) -> Iterator[Maker]:
    """What makes patches for the `pairs`. `key` is the project's; relative SQLite paths of `urls` (legacy's, shadow's) count from `base`.
    `scanned` is the suite where it has been scanned already.

    Raises UsageError where the run holds nothing to go by, InfrastructureError where a database does not answer, ImportError without the extra.
    """
    from runners.identity.connection import reading  # noqa: PLC0415  # the extra may be missing
    from runners.patching.dataset import Dataset  # noqa: PLC0415  # the same
    from runners.patching.patcher import Patcher  # noqa: PLC0415  # the same
    from runners.patching.project import Project  # noqa: PLC0415  # the same

    sources = evidence.sources
    if sources is None or sources.unavailable:
        raise why_unlooked(evidence)
    if urls is None:
        raise UsageError("`database` is not set on both sides", hint="A patch is made by what both datasets hold.")
    wanted = [pair for pair in pairs if is_for_patch(pair)]
    probe_key = key.of_probe()
    suite = (scanned or ScannedSuite(plan.suite.root, probe_key)).literals()
    tasks = tasks_of(wanted, sources, suite, {side: deep_records_of(evidence, side, wanted) for side in Side}, probe_key)
    with contextlib.ExitStack() as stack:
        opened = [Dataset(stack.enter_context(reading(url, base=base, statement_seconds=_STATEMENT_SECONDS))) for url in urls]
        patcher = Patcher(Project(plan.suite.root, suite.files.python), opened[0], opened[1], data_variables(plan))
        yield Maker(suite, sources, patcher, tasks, probe_key)


def why_none(pairs: Mapping[str, PairResult], test_id: str) -> UsageError:
    """Why there is no patch for a test of a run."""
    pair = pairs.get(test_id)
    if pair is None:
        return UsageError(f"no test {test_id!r} in this run", hint="See the tests with: shadow report")
    return UsageError(
        f"a patch is for divergent tests with the remedy make_data_agnostic; this one is {pair.verdict.value}, its remedy {pair.remedy.value}",
        where=test_id,
        hint="See what its report says of it." if pair.remedy.value == "none" else f"See `shadow report`: its remedy is {pair.remedy.value}.",
    )

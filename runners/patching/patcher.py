"""Makes a patch of one test function: which record, from where, and what changes in the source."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from runners.patching.access import Kind
from runners.patching.draft import Draft, Part
from runners.patching.expressions import Expression, as_part, as_value, in_rows, rewritten_parameters
from runners.patching.facts import facts_of
from runners.patching.places import Consumer, How, Parameter, Use
from runners.patching.providing import Provider, Surroundings
from runners.patching.records import choose
from runners.patching.sites import Sites
from runners.patching.source import Edit, UnpatchableError
from runners.patching.writing import subquery_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runners.patching.asked import DataVariable, Spot, Task
    from runners.patching.dataset import Dataset
    from runners.patching.project import Project
    from runners.patching.records import Choice, Ref
    from runners.patching.source import Source

_SQL = re.compile(r"\s*(?:select|insert|update|delete|with)\b", re.IGNORECASE)
_DICTS = re.compile(r"\b(?:dict_row|DictCursor|RealDictCursor|DictConnection)\b")
_ORDER = list(Kind)
_LONGEST_WORDS = 32


class Patcher:
    """Makes patches of one suite."""

    def __init__(self, project: Project, legacy: Dataset, shadow: Dataset, variables: Sequence[DataVariable]) -> None:
        self.project = project
        self._surroundings = Surroundings(project, legacy, shadow, variables)

    def patch(self, *tasks: Task, settled: Draft | None = None) -> Draft:
        """A patch of a task, or of several that change the same places and therefore have to take the same records.

        Places that `settled` changes are left to it, where nothing else of the patch has to be of the same record.
        Raises UnpatchableError where no sound one can be made.
        """
        sites = [Sites(self.project, self._surroundings.ways, task) for task in tasks]
        facts = facts_of([function for one in sites for function in one.code])
        choice = choose([case for task in tasks for case in task.cases], facts, self._surroundings.legacy, self._surroundings.shadow)
        one = _One(self._surroundings, sites, choice, settled.places() if settled is not None else frozenset())
        one.carry_out()
        files = one.draft.written(self.project)  # that it applies and parses is known from here on
        return replace(one.draft, notes=tuple(dict.fromkeys(one.notes)), files=files)


class _One:
    """One task on its way to a patch."""

    def __init__(self, surroundings: Surroundings, sites: Sequence[Sites], choice: Choice, settled: frozenset[tuple[str, int, int]]) -> None:
        self._settled = settled
        self._legacy = surroundings.legacy
        self._sites = sites
        self._consumers = [consumer for one in sites for consumer in one.consumers]
        self._choice = choice
        self.draft = Draft()
        self.notes: list[str] = []
        self._rows: dict[tuple[int, int], int] = {}
        self._provider = Provider(surroundings, sites, choice, self.draft, count=self._count, needs=self._needs)
        self._places: dict[Spot, list[Use | Parameter]] = {}

    def carry_out(self) -> None:
        """Change all places. Raises UnpatchableError."""
        uses, lists = self._collected()
        if not uses and not lists:
            raise UnpatchableError("no place was found at which the test takes the value")
        left = [use for (path, start, end, _), group in uses.items() if (path, start, end) in self._settled for use in group]
        merged = [_merged(group) for (path, start, end, _), group in uses.items() if (path, start, end) not in self._settled]
        rows = {self._row(spot) for use in left for spot in use.spots}
        if any(self._row(spot) in rows for use in merged for spot in use.spots):
            raise UnpatchableError("what it changes is changed by another patch: apply that, then make this one")
        self._count_rows(merged, [one for group in lists.values() for one in group])
        for use in merged:
            self._exchange(use)
        if lists:
            self._parametrize(list(lists.values()))
        self._finish()

    def _collected(self) -> tuple[dict[tuple[str, int, int, How], list[Use]], dict[tuple[str, int, str], list[Parameter]]]:
        """All places to change: in expressions and texts, and in lists of parameters."""
        uses: dict[tuple[str, int, int, How], list[Use]] = {}
        lists: dict[tuple[str, int, str], list[Parameter]] = {}
        for spot in sorted(self._choice.refs, key=lambda one: (one.path, one.line, one.column, str(one.value))):
            for place in self._resolved(spot):
                if isinstance(place, Parameter):
                    lists.setdefault((place.consumer.source.path, place.consumer.source.start(place.call), place.name), []).append(place)
                else:
                    uses.setdefault((place.source.path, place.start, place.end, place.how), []).append(place)
            self.draft.exchanged.add((spot.path, spot.line, spot.column))
            if spot not in self._choice.public:
                self.draft.secret.add((spot.path, spot.line, spot.column))
        return uses, lists

    def _finish(self) -> None:
        """Take out what nothing needs any more, and say what a person has to know."""
        self.draft.constants |= {constant for one in self._sites for constant in one.constants}
        for source, statement in {base for one in self._sites for base in one.bases}:
            start, end = source.line_start(statement.lineno), source.line_start((statement.end_lineno or statement.lineno) + 1)
            self.draft.edits.add(Edit(path=source.path, start=start, end=end, new=""))
        for spot in self._choice.partial:
            self.notes.append(
                f"the text at {spot.path}:{spot.line} is part of what the record has: where the test expects it, it has to be worked out by hand"
            )
        for spot, column in self._choice.lost.items():
            self.notes.append(
                f"no {column} of shadow has what the test expects at {spot.path}:{spot.line}: now it expects what the record has;"
                " where the test is about that value, it needs a synthetic case"
            )
        for path in sorted({path for one in self._sites for path in one.left_in}):
            self.notes.append(f"{path} still holds the value, though this test does not read it any more: take it out where nothing else needs it")

    def _resolved(self, spot: Spot) -> list[Use | Parameter]:
        if spot not in self._places:
            self._places[spot] = self._resolve(spot)
        return self._places[spot]

    def _resolve(self, spot: Spot) -> list[Use | Parameter]:
        try:
            found = [place for one in self._sites if any(spot in case.spots for case in one.task.cases) for place in one.of(spot)]
        except UnpatchableError:
            if spot.entity is not None:
                raise
            self.notes.append(f"what the test expects of the record at {spot.path}:{spot.line} has to be worked out by hand")
            return []
        if spot.entity is None and any(isinstance(one, Use) and one.consumer is None for one in found):
            self.notes.append(f"what the test expects of the record at {spot.path}:{spot.line} has to be worked out by hand")
            return []
        return found

    def _row(self, spot: Spot) -> tuple[int, int]:
        return self._ref(spot).record, self._ref(spot).row

    def _ref(self, spot: Spot) -> Ref:
        return self._choice.refs[spot]

    def _count_rows(self, uses: Sequence[Use], listed: Sequence[Parameter]) -> None:
        """Which rows are taken: one where a place serves several cases, else one for each value."""
        wanted: set[tuple[int, int]] = set()
        for use in uses:
            refs = [self._ref(spot) for spot in use.spots]
            wanted |= {(ref.record, ref.row) for ref in (refs if use.how is How.LIST or use.index else refs[:1])}
        wanted |= {(self._ref(one.spot).record, self._ref(one.spot).row) for one in listed}
        for number in sorted({record for record, _ in wanted}):
            for place, row in enumerate(sorted(row for record, row in wanted if record == number)):
                self._rows[number, row] = place

    def _count(self, record: int) -> int:
        return sum(number == record for number, _ in self._rows)

    def _exchange(self, use: Use) -> None:
        source, spot = use.source, use.spots[0]
        ref = self._ref(spot)
        token = source.string_at(use.start)
        if use.how is How.PART:
            if token is None:
                raise UnpatchableError("the value does not stand in a text")
            self._exchange_part(use, ref, spot)
            return
        quote = source.quote
        if token is not None and token.is_formatted and token.start < use.start and use.end < token.end:
            quote = "'" if token.quote[0] == '"' else '"'
        if use.index:
            self.draft.edits.add(replace_edit(source, use, self._counted(use, quote)))
            return
        record = self._row_of(ref, use.consumer, source, quote)
        if use.how is How.LIST and len(use.spots) != use.length:
            raise UnpatchableError("some of the values of a list are no records that are known")
        if use.how is How.LIST:
            name = self._provider.called(ref.record, use.consumer, source)
            new = in_rows(name, [(self._rows[self._row(one)], self._ref(one)) for one in use.spots], use.spots, quote, count=self._count(ref.record))
        else:
            new = as_value(record, ref, spot, quote)
        self.draft.edits.add(replace_edit(source, use, new))

    def _counted(self, use: Use, quote: str) -> str:
        """Numbers that are counted up from one become so many records, counted from 0."""
        values = sorted(int(spot.value) for spot in use.spots)
        ref = self._ref(use.spots[0])
        if values != list(range(values[0], values[0] + len(values))) or self._count(ref.record) != len(values):
            raise UnpatchableError("the numbers that are counted up from one name records with gaps between them")
        step, _, base = use.index.rpartition(" + ")
        shift = int(base) - values[0]
        index = step if not shift else f"{step} {'+' if shift > 0 else '-'} {abs(shift)}"
        called = self._provider.called(ref.record, use.consumer, use.source)
        return as_value(Expression(row=f"{called}[{index}]" if len(values) > 1 else called, quote=quote), ref, use.spots[0], quote)

    def _exchange_part(self, use: Use, ref: Ref, spot: Spot) -> None:
        source = use.source
        token = source.string_at(use.start)
        if token is None:
            raise UnpatchableError("the value does not stand in a text")
        if "b" in token.prefix.lower():
            raise UnpatchableError("the value stands in a text of bytes")
        text = source.text[token.inner : token.inner_end]
        if _SQL.match(text) or self._is_within_sql(source, use.start):
            start, end = use.start, use.end
            if source.text[start - 1] == source.text[end] == "'":
                start, end = start - 1, end + 1
            if len(ref.fields) != 1 or ref.fields[0] in self._choice.records[ref.record].extra:
                raise UnpatchableError("the statement names what is no column of one record")
            new = subquery_of(self._choice.records[ref.record], self._legacy, ref.fields[0], self._rows.get((ref.record, ref.row), 0))
            part = Part(start=start, end=end, new=new, is_code=False)
        else:
            quote = "'" if token.quote[0] == '"' else '"'
            expression = self._row_of(ref, use.consumer, source, quote)
            part = Part(start=use.start, end=use.end, new=as_part(expression, ref, spot, quote), is_code=True)
        self.draft.parts.setdefault((source.path, token), set()).add(part)

    def _is_within_sql(self, source: Source, offset: int) -> bool:
        """Whether a text is a later part of a statement that is written in several strings."""
        for node in source.covering(offset):
            value = getattr(node, "value", None)
            if isinstance(value, str) and _SQL.match(value):
                return True
        return False

    def _row_of(self, ref: Ref, consumer: Consumer | None, source: Source, quote: str) -> Expression:
        """The expression for the row of a record, as it is called at a place."""
        called = self._provider.called(ref.record, consumer, source)
        if self._count(ref.record) > 1:
            called = f"{called}[{self._rows[ref.record, ref.row]}]"
        return Expression(row=called, quote=quote)

    def _needs(self, consumer: Consumer, number: int) -> bool:
        return any(
            isinstance(place, Use) and place.consumer is consumer and self._ref(spot).record == number
            for spot in self._choice.refs
            if spot.entity is not None
            for place in self._resolved(spot)
        )

    def _parametrize(self, groups: list[list[Parameter]]) -> None:
        """Lists of parameters: records are taken by their position, and what is expected of them from the record."""
        by_call: dict[tuple[str, int], list[list[Parameter]]] = {}
        for group in groups:
            by_call.setdefault((group[0].consumer.source.path, group[0].consumer.source.start(group[0].call)), []).append(group)
        for calls in by_call.values():
            consumer = calls[0][0].consumer
            source = consumer.source
            refs = {one.spot: self._ref(one.spot) for group in calls for one in group}
            rows = {one.number: self._rows[refs[one.spot].record, refs[one.spot].row] for group in calls for one in group}
            plan = rewritten_parameters(source, calls, refs, rows)
            record = next(iter(refs.values())).record
            count = max(self._count(record), plan.positions)
            for place in range(self._count(record), count):
                self._rows[record, -1 - place] = place
            name = self._provider.called(record, consumer, source)
            row = f"{name}[{plan.argument}]" if count > 1 else name
            self.draft.edits |= plan.edits
            body = consumer.function.body
            first = body[1] if len(body) > 1 and source.of(body[0]).lstrip("rR").startswith(("'", '"')) else body[0]
            indent = source.indent_of(first)
            lines = []
            for group in calls:
                ref, spot = refs[group[0].spot], group[0].spot
                lines.append(f"{group[0].name} = {as_value(Expression(row=row, quote=source.quote), ref, spot, source.quote)}\n{indent}")
            self.draft.edits.add(source.inserted(source.start(first), "".join(lines)))


def replace_edit(source: Source, use: Use, new: str) -> Edit:
    """The edit that puts an expression at a place."""
    return Edit(path=source.path, start=use.start, end=use.end, new=f"{use.before}{new}")


def _merged(group: list[Use]) -> Use:
    """Several uses of one place as one."""
    spots = tuple(dict.fromkeys(spot for use in group for spot in use.spots))
    return replace(group[0], spots=spots)

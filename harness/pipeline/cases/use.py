"""What can be done with cases of a project: making, checking, loading, removing, proving them."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.errors import ConfigurationError, ShadowError, UnsafeError, UsageError
from harness.evidence import Bundle, project_key
from harness.model import CouplingKind, Pattern
from harness.model.canonical import canonical
from harness.model.case import Case, NeededChange, RowReference
from harness.model.coupling import LiteralForm
from harness.pipeline.cases.ledger import Ledger, LoadedCase, digest_of
from harness.pipeline.cases.wanting import asked_for, asked_in, asked_texts, wanted_of
from harness.pipeline.clock import SystemClock
from harness.pipeline.experiments.trials import Trial, trials_of
from harness.pipeline.experiments.values import subjects_of
from harness.pipeline.maintenance import bundle_paths
from harness.pipeline.sources import IndexPlace, databases, identity_index, require_extra
from harness.pipeline.suggestions.insufficient import insufficient

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from harness.config import Config
    from harness.evidence import ProjectKey
    from harness.model.case import HeldValue
    from harness.model.coupling import Reached
    from harness.pipeline.cases.wanting import Asked
    from harness.pipeline.experiments.values import Subject
    from harness.pipeline.wiring import Workplace
    from runners.cases.dataset import Dataset
    from runners.cases.guard import Guard
    from runners.cases.making import Made
    from runners.cases.named import Named
    from runners.cases.wanted import Chosen

MOST_ROWS = 3_000
_STATEMENT_SECONDS = 300


def cases_of(config: Config, place: Workplace, *, database: str | None = None) -> Cases:
    """The cases of a project. `database` is shadow's URL for writing, where it is not the one of the configuration. Raises UsageError where the extra
    is not installed, ConfigurationError where a side has no `database`.
    """
    require_extra("shadow case", "faker")
    config.environments.check_apart(os.environ)
    return Cases(config=config, place=place, urls=_databases(config), database=database)


def _databases(config: Config) -> tuple[str, str]:
    try:
        return databases(config)
    except ConfigurationError as error:
        hint = "Give `database` of both sides a URL that can be reached from here: a case is made from both, and checked against both."
        raise ConfigurationError(error.found, where=error.where, expected=error.expected, hint=hint) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """The cases of a project. `urls` are those of both databases, which are only read; `database` is written instead of shadow's."""

    config: Config
    place: Workplace
    urls: tuple[str, str]
    database: str | None = None

    @property
    def ledger(self) -> Ledger:
        """What is loaded."""
        return Ledger(folder=self.place.workdir / "cases")

    def make(self, test_id: str, *, run_id: str | None = None, most: int = MOST_ROWS) -> Case:
        """The case of a divergent test of a run (the newest). Raises UsageError where none can be made, UnsafeError where it would show real ones."""
        from runners.cases.choosing import choose  # noqa: PLC0415 - the extra may be missing
        from runners.cases.making import make  # noqa: PLC0415 - the same

        asked = asked_in(self._bundle(run_id), test_id)
        with self._reading(test_id) as read:
            data = read.with_texts(self._asked_texts(asked, read.legacy))
            subjects = self._subjects(asked, data)
            if subjects:
                chosen, fixed = _records(asked, subjects, data), False
            else:
                wanted = wanted_of(asked, data.legacy)
                chosen, fixed = choose(wanted, data.legacy, data.shadow, data.near), wanted.pattern is Pattern.TIME_WINDOW
            made = make(
                chosen,
                data.legacy,
                data.shadow,
                data.guard,
                data.named_without(subjects),
                seed=f"{self.config.suite.name}:{test_id}:{asked.coupling.entity}",
                fixed_moments=fixed,
                most=most,
            )
            coupling = asked.coupling
            return Case(
                test_id=test_id,
                suite=self.config.suite.name,
                run=asked.evidence.run.id,
                kind=coupling.kind,
                pattern=coupling.pattern,
                entity=coupling.entity,
                sentence=coupling.sentence,
                rows=made.rows,
                facts=made.facts,
                named=made.named,
                moments=made.moments,
                note=insufficient(asked.pair, asked.evidence.assertions.get(test_id)),
                changes=(*_changes(subjects, made.roots, chosen), *(() if subjects else _expected(data.reached, made, chosen))),
            )

    def check(self, case: Case) -> tuple[HeldValue, ...]:
        """The values of a case that the production copy holds and that may not be written; none where it is safe."""
        from runners.cases.making import held_values  # noqa: PLC0415 - the extra may be missing

        with self._reading(case.test_id) as data:
            with contextlib.suppress(ShadowError):  # without the run less is known to be the test's own, and more is refused
                data = data.with_texts(self._asked_texts(asked_in(self._bundle(case.run), case.test_id), data.legacy))  # noqa: PLW2901
            return tuple(held_values(case.rows, data.legacy, data.shadow, data.guard))

    def load(self, case: Case) -> tuple[LoadedCase, bool]:
        """Load a case into shadow's database, and say whether that was done now; one that is loaded stays so.

        Raises UnsafeError for a case that holds a value of the production copy, and for a database that is legacy's.
        """
        from runners.cases.dataset import Dataset  # noqa: PLC0415 - the extra may be missing
        from runners.cases.keys import FreeKeys  # noqa: PLC0415 - the same
        from runners.cases.loading import delete, insert, there  # noqa: PLC0415 - the same
        from runners.cases.target import refuse_legacy, writing  # noqa: PLC0415 - the same

        refuse_legacy(self._target, self.urls[0], base=self.config.base)
        known = self.find(case)
        self._refuse_held(case)
        with self._open(self.urls[0]) as legacy, writing(self._target, base=self.config.base) as connection:
            target = Dataset(connection)
            if known is not None and there(known.rows, target) == len(known.rows):
                return known, False
            if known is not None:  # some of its rows are gone: begin anew
                delete(known.rows, target)
            rows = insert(case, target, FreeKeys(target, legacy))
            loaded = LoadedCase(
                digest=digest_of(case),
                test_id=case.test_id,
                database=self._fingerprint,
                loaded_at=SystemClock().now().isoformat(timespec="seconds"),
                rows=rows,
            )
            self.ledger.write(loaded)
        return loaded, True

    def remove(self, case: Case) -> int:
        """Delete what `load` inserted, and say how many rows were still there. Raises UsageError for a case that is not loaded here."""
        from runners.cases.dataset import Dataset  # noqa: PLC0415 - the extra may be missing
        from runners.cases.loading import delete  # noqa: PLC0415 - the same
        from runners.cases.target import writing  # noqa: PLC0415 - the same

        loaded = self.find(case)
        if loaded is None:
            raise UsageError(
                "this case is not loaded here", where=case.test_id, hint="See what is: shadow case list. A case that was edited is another one."
            )
        with writing(self._target, base=self.config.base) as connection:
            count = delete(loaded.rows, Dataset(connection))
        self.ledger.forget(loaded)
        return count

    def find(self, case: Case) -> LoadedCase | None:
        """What is known of a case that was loaded into shadow's database; None where it was not."""
        return self.ledger.find(digest_of(case), self._fingerprint)

    def sql(self, case: Case, *, dialect: str | None = None, first_key: int | None = None, anchor: date | None = None) -> tuple[str, ...]:
        """INSERT statements for a case, in shadow's dialect or another. Keys are counted from `first_key` where it is given, else chosen from what is
        free; then nothing is asked of a database. Raises UnsafeError for a case that holds a value of the production copy.
        """
        from runners.cases.rendering import rendered  # noqa: PLC0415 - the extra may be missing

        self._refuse_held(case)
        with self._open(self.urls[0]) as legacy, self._open(self._target) as target:
            return rendered(case, target, legacy, dialect=dialect, first_key=first_key, anchor=anchor)

    def values(self, loaded: LoadedCase, changes: Sequence[NeededChange]) -> dict[NeededChange, list[object]]:
        """What the changes that a case needs come to, once it is loaded."""
        with self._open(self._target) as target:
            rows = {one.name: target.rows(target.tables[one.table], dict(one.key), most=1) for one in loaded.rows}
            return {one: [rows[one.to.row][0].get(name) for name in one.to.column.split("+")] for one in changes if rows.get(one.to.row)}

    # ----------------------------------------------------------------------------------------------------------------------------------------

    @property
    def _target(self) -> str:
        return self.database or self.urls[1]

    @property
    def _key(self) -> ProjectKey:
        return project_key(self.place.workdir)

    @property
    def _fingerprint(self) -> str:
        from runners.cases.target import place_of  # noqa: PLC0415 - the extra may be missing

        return self._key.fingerprint(place_of(self._target, self.config.base))

    def _refuse_held(self, case: Case) -> None:
        held = self.check(case)
        if held:
            raise UnsafeError(
                f"{len(held)} value(s) of this case are in the production copy, the first being {held[0].column} of {held[0].row}: {held[0].reason}",
                hint="See all with `shadow case check`; write other values in their place.",
            )

    def _bundle(self, run_id: str | None) -> Bundle:
        known = [path.name for path in bundle_paths(self.place.runs)]
        if not known:
            raise UsageError("there is no run yet", where=str(self.place.runs), hint="Start one: shadow run")
        if run_id is not None and run_id not in known:
            raise UsageError(
                f"no run {run_id!r} here", where=str(self.place.runs), hint=f"known runs, newest first: {', '.join(reversed(known[-5:]))}"
            )
        return Bundle.open(self.place.bundle(run_id or known[-1]))

    def _asked_texts(self, asked: Asked, legacy: Dataset) -> tuple[str, ...]:
        return asked_texts(asked, legacy, self._key.of_probe())

    def _subjects(self, asked: Asked, data: _Data) -> tuple[Subject, ...]:
        """The values of the production copy that the test names; none where it needs a pattern of no record in particular."""
        test_id, sources = asked.pair.test_id, asked.evidence.sources
        if asked.coupling.kind is CouplingKind.PATTERN:
            literals = asked_for(asked)
            if not literals:
                return ()
            trial: Trial | None = Trial(test_id=test_id, select=test_id, literals=literals, settings=())
        else:
            trial = next((one for one in trials_of(asked.evidence, settings=()) if one.test_id == test_id and one.literals), None)
        found = subjects_of(trial, sources, data.reached, self._key.of_probe(), computed=True) if trial is not None and sources is not None else ()
        if not found and asked.coupling.kind is not CouplingKind.PATTERN:
            raise UsageError(
                "the record that this test needs cannot be found again: its value is put together while the test runs",
                where=test_id,
                hint="Has the suite changed since this run? Run it again; else write the case by hand.",
            )
        return found

    @contextlib.contextmanager
    def _open(self, url: str) -> Iterator[Dataset]:
        from runners.cases.dataset import Dataset  # noqa: PLC0415 - the extra may be missing
        from runners.identity.connection import reading  # noqa: PLC0415 - the same

        with reading(url, base=self.config.base, statement_seconds=_STATEMENT_SECONDS) as connection:
            yield Dataset(connection)

    @contextlib.contextmanager
    def _reading(self, test_id: str) -> Iterator[_Data]:
        """Both databases, the index and what the test names."""
        from runners.cases.guard import Guard  # noqa: PLC0415 - the extra may be missing
        from runners.cases.named import named_by  # noqa: PLC0415 - the same
        from runners.identity.index import open_index  # noqa: PLC0415 - the same
        from runners.literals.suite import scan_suite  # noqa: PLC0415 - the same

        root = self.config.suite.root
        reached = scan_suite(root, key=self._key.of_probe()).literals_of(test_id)
        near, named = named_by(reached, root)
        urls = (self.urls[0], self._target)
        made = identity_index(self.config, urls, IndexPlace(path=self.place.index), key=self._key)
        with open_index(made.path, self._key.of_probe()) as index, self._open(urls[0]) as legacy, self._open(urls[1]) as shadow:
            yield _Data(legacy=legacy, shadow=shadow, guard=Guard(legacy, shadow, index, named), near=near, named=named, reached=reached)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Data:
    """What a case is made from, and checked against."""

    legacy: Dataset
    shadow: Dataset
    guard: Guard
    near: Named
    named: Named
    reached: Sequence[Reached]

    def with_texts(self, texts: Sequence[str]) -> _Data:
        """The same, with texts that the test asked for as well."""
        near, named = (replace(one, texts=tuple(dict.fromkeys((*one.texts, *texts)))) for one in (self.near, self.named))
        return replace(self, near=near, named=named, guard=self.guard.naming(texts))

    def named_without(self, subjects: Sequence[Subject]) -> Named:
        """What the test names but for the records that it names: those are replaced."""
        own = {one.value for one in subjects}
        return replace(
            self.named,
            numbers=tuple(one for one in self.named.numbers if one not in own),
            texts=tuple(one for one in self.named.texts if one not in own),
        )


def _records(asked: Asked, subjects: Sequence[Subject], data: _Data) -> Chosen:
    """The records that a test names, as what its case grows from."""
    from runners.cases.wanted import Chosen, Root  # noqa: PLC0415 - the extra may be missing
    from runners.identity.twins import Records  # noqa: PLC0415 - the same

    records = Records(data.legacy.connection)
    roots: dict[tuple[str, str], Root] = {}
    for subject in subjects:
        place = records.table(subject.entity) if subject.literals else None
        row = records.holding(*place, subject.value) if place else None
        if place is not None and row is not None:
            table = place[0]
            whole = frozenset(link.table for link in data.legacy.down(table.name))
            roots.setdefault((table.name, repr(row)), Root(table=table, row=row, whole=whole))
    if not roots:
        raise UsageError(
            "the record that this test names is not in legacy's database any more",
            where=asked.pair.test_id,
            hint="Run the suite again: the data has changed since.",
        )
    return Chosen(
        roots=tuple(roots.values()),
        shows=tuple(f"a record by {one}" for one in dict.fromkeys(subject.entity for subject in subjects if subject.literals)),
    )


def _expected(reached: Sequence[Reached], made: Made, chosen: Chosen) -> tuple[NeededChange, ...]:
    """Texts that the test expects of a row of the case, and that may not be written: they have to become the invented ones."""
    rows = {row.name: row for row in made.rows}
    found: dict[tuple[str, int, int], NeededChange] = {}
    for one in reached:
        literal = one.literal
        for name, root in (
            zip(made.roots, chosen.roots, strict=True) if isinstance(literal.value, str) and literal.form is LiteralForm.WRITTEN else ()
        ):
            for column, value in root.row.items():
                cell = rows[name].cell(column)
                if value == literal.value and isinstance(value, str) and len(value) > 2 and isinstance(cell, str) and cell != value:
                    at = (literal.path, literal.line, literal.column)
                    found.setdefault(at, NeededChange(path=at[0], line=at[1], column=at[2], to=RowReference(name, column)))
    return tuple(found[at] for at in sorted(found))


def _changes(subjects: Sequence[Subject], names: Sequence[str], chosen: Chosen) -> tuple[NeededChange, ...]:
    """The places at which the test names a record of the case."""
    found: dict[tuple[str, int, int], NeededChange] = {}
    for subject in subjects:
        table, _, columns = subject.entity.rpartition(".")
        for name, root in zip(names, chosen.roots, strict=True):
            own = root.table.name == table and canonical(" ".join(str(root.row.get(one)) for one in columns.split("+"))) == canonical(
                str(subject.value)
            )
            for place in subject.places if own else ():
                at = (place.path, place.line, place.column)
                found.setdefault(at, NeededChange(path=place.path, line=place.line, column=place.column, to=RowReference(name, columns)))
    return tuple(sorted(found.values(), key=lambda one: (one.path, one.line, one.column)))

"""A suite's literals: scan once, then ask for one test at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.model.coupling import LiteralSource, Reached
from runners.literals.closure import TestName
from runners.literals.files import suite_files
from runners.literals.full_names import full_names
from runners.literals.modules import Modules
from runners.literals.opened import DataFiles
from runners.literals.other_reach import OtherReach
from runners.literals.raw_ids import RawIds
from runners.literals.reaching import Reach
from runners.literals.scanning import scan_files

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from harness.evidence import ProjectKey
    from runners.literals.files import SuiteFiles
    from runners.literals.scanning import Packed


def scan_suite(
    root: Path, paths: Sequence[str | Path] | None = None, *, processes: int | None = None, key: ProjectKey | None = None
) -> SuiteLiterals:
    """Read the suite below `root`: all of `paths`, or, without them, the folders in which tests lie. Runs nothing of it.

    `processes`: None lets the amount of source decide, 1 stays in this process. `key` is that of the test processes, under which
    values in recorded test ids became tokens. Raises InputError for a path that is not there.
    """
    files = suite_files(root, paths)
    return SuiteLiterals(files, scan_files(root, files.python, processes), key)


class SuiteLiterals:
    """The literals of a scanned suite. Values stay in memory; nothing here writes them anywhere."""

    def __init__(self, files: SuiteFiles, packed: Packed, key: ProjectKey | None = None) -> None:
        self.files = files
        self._ids = RawIds(key) if key is not None else None
        self._packed = packed
        data = DataFiles(files.data)
        self._python = Reach(files.root, Modules(files.python, packed.facts), data)
        self._other = OtherReach(files.root, files.code, data, self._python.leaves)

    @property
    def unread(self) -> tuple[str, ...]:
        """Python files that this interpreter cannot read, and whose literals are therefore not known."""
        return self._packed.unread

    def literals_of(self, test_id: str) -> tuple[Reached, ...]:
        """All literals that a test can reach, nearest first. () for a test that is not in these files.

        `test_id` is a node id relative to the suite's root (a subtest's key may follow), or another tool's file, class and name joined by `::`.
        Of a parametrised test only the cases that the id names are included, where the source tells which those are.
        """
        test_id = self._raw(test_id)
        test = TestName.of(test_id)
        if test is None:
            return self._other.of(test_id)
        return self._python.of(self._in_suite(test))

    def every(self, only: Container[str] | None = None) -> Iterator[Reached]:
        """Every literal of every file of the suite, or of some files `only`, whether a test reaches it or not; the distance is 0."""
        for paths, literals in ((self.files.python, self._of_python), (self.files.code, self._other.all_of), (self.files.data, self._of_data)):
            for path in paths:
                if only is None or path in only:
                    yield from literals(path)

    def _raw(self, test_id: str) -> str:
        """The id as the suite has it; the literals are gone through only where an id has a token that is not known."""
        if self._ids is None or not self._ids.holds_tokens(test_id):
            return test_id
        if not self._ids.complete:
            self._ids.learn(one.literal.value for one in self.every())
        return self._ids.raw(test_id)

    def _in_suite(self, test: TestName) -> TestName:
        """The id's path may count from another folder than the suite's root: then the file that ends alike is meant, where there is one only."""
        if test.path in self.files.python:
            return test
        alike = [path for path in self.files.python if path.endswith("/" + test.path) or test.path.endswith("/" + path)]
        return TestName(path=alike[0], names=test.names, case=test.case) if len(alike) == 1 else test

    def _of_python(self, path: str) -> Iterator[Reached]:
        facts = self._packed.facts(path)
        placing = self._python.placing
        refusing = facts.refusing() if facts else frozenset()
        for one in facts.literals if facts else ():
            scope = facts.scopes[one.scope] if facts else None
            if one.is_doc:
                found = placing.pieces(one.value, path, one.line, one.column + 1, one.end_line)
            else:
                called = scope.qualname.rpartition(".")[2] if scope is not None and scope.kind == "constant" else None
                named, refused = one.name or called, one.scope in refusing
                found = placing.written(one.value, path, one.line, one.column + 1, one.end_line, named, refused=refused)
            source = LiteralSource.DOCSTRING if one.is_doc else LiteralSource.CONSTANT if scope and scope.kind == "constant" else LiteralSource.BODY
            yield from (Reached(literal=literal, source=source, distance=0) for literal in found)
        for text, line, column in facts.comments if facts else ():
            for literal in placing.pieces(text, path, line, column + 1, line):
                yield Reached(literal=literal, source=LiteralSource.COMMENT, distance=0)

    def _of_data(self, path: str) -> Iterator[Reached]:
        for leaf in self._python.leaves(path):
            name = next((str(key) for key in reversed(leaf.key) if isinstance(key, str)), None)
            for literal in self._python.placing.written(leaf.value, path, leaf.line, leaf.column, leaf.end_line, name):
                yield Reached(literal=literal, source=LiteralSource.COMMENT if leaf.is_comment else LiteralSource.DATA_FILE, distance=0)
        yield from (Reached(literal=one, source=LiteralSource.DATA_FILE, distance=0) for one in full_names(path, self._python.leaves(path)))

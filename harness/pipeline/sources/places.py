"""`shadow scan`: the literals of files that the identity index knows as the production copy's own, and that are too telling to be chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compare.latent import bits, coupling_of, most_telling
from harness.pipeline.sources.literals import known_literals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.evidence import ProjectKey
    from harness.model import Coupling
    from harness.model.coupling import LiteralSource


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLiteral:
    """A literal that names a record of the production copy. `bits` is how surprising that is: 10 are once in a thousand by chance."""

    coupling: Coupling
    source: LiteralSource
    bits: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a scan found, sorted by place. `files` counts what was read, `unread` names Python files that could not be."""

    found: tuple[FoundLiteral, ...]
    files: int
    unread: tuple[str, ...]


def scan_paths(root: Path, paths: Sequence[Path] | None, index: Path, key: ProjectKey) -> Scan:
    """Read the files of a suite, all or those given (absolute, below `root`), and ask the index. `key` is that of the index.

    Raises InputError for a path that is not there, or for an index that cannot be used.
    """
    from runners.identity.index import open_index  # noqa: PLC0415 - the extra may be missing
    from runners.literals.suite import scan_suite  # noqa: PLC0415 - the same

    suite = scan_suite(root, paths)
    found: dict[tuple[str, int, str], FoundLiteral] = {}
    with open_index(index, key) as opened:
        for reached, known in known_literals(suite.every(), opened, key):
            literal = known.at(reached.literal) if known is not None and known.is_telling else None
            match = most_telling(literal) if literal else None
            if literal and match:
                one = FoundLiteral(coupling=coupling_of(literal, match, reached.source), source=reached.source, bits=bits(match, literal.name))
                found.setdefault((literal.path, literal.line, literal.token), one)
    files = suite.files
    places = sorted(found.values(), key=lambda one: (one.coupling.path, one.coupling.line, one.coupling.column))
    return Scan(found=tuple(places), files=len(files.python) + len(files.code) + len(files.data), unread=suite.unread)

"""Which files of a suite can lead to which others, told by the words in them: a quick look that leaves nothing out."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from runners.literals.files import SuiteFiles

_WORDS = re.compile(rb"\w+")
_ANY_FILE = frozenset({b"glob", b"iglob", b"rglob", b"listdir", b"iterdir", b"scandir", b"walk"})


def leading_to(files: SuiteFiles, targets: Iterable[str]) -> frozenset[str]:
    """The files of a suite from which a test can reach one of `targets`, and these themselves.

    A file leads to another where it holds all words of the other's name, or below whose folder it lies if that is a conftest.py; to any data file
    where it looks through folders.
    """
    code = (*files.python, *files.code)
    words = {path: _words(files.root / path) for path in code}
    data = frozenset(files.data)
    reached = set(targets)
    waiting = list(reached)
    while waiting:
        target = waiting.pop()
        named, folder = _named(target), PurePosixPath(target).parent
        is_conftest = PurePosixPath(target).name == "conftest.py"
        for path in code:
            if path in reached:
                continue
            by_folder = is_conftest and (folder in PurePosixPath(path).parents)
            if by_folder or words[path].issuperset(named) or (target in data and words[path] & _ANY_FILE):
                reached.add(path)
                waiting.append(path)
    return frozenset(reached)


def _words(path: Path) -> frozenset[bytes]:
    try:
        return frozenset(_WORDS.findall(path.read_bytes()))
    except OSError:
        return frozenset()


def _named(path: str) -> frozenset[bytes]:
    """The words of what an import or a text calls a file: its name without the suffix, or the folder that it stands for."""
    whole = PurePosixPath(path)
    name = whole.parent.name if whole.stem in {"__init__", "index"} else whole.stem
    return frozenset(_WORDS.findall(name.encode()))

"""Places in the source, read out of a traceback's text. No machine's directories get through, and nothing that is not a source file."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from harness.model import Frame
from runners.junit.ids import portable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

MAX_FRAMES = 12
MAX_LINE = 600

_PYTHON = re.compile(r'\s*File "([^"]{1,300})", line (\d{1,9})(?:, in ([\w.<>]{1,120}))?')
_PLACE = re.compile(r"\.([A-Za-z]{1,6}):(?:line )?(\d{1,9})(?:: in ([\w.<>]{1,120}))?")
_PATH = re.compile(r"(?:file://|[A-Za-z]:)?[\w./\\+ -]{1,300}")
_FUNCTION = re.compile(r"(?:async |new )?([\w.$<>`+,\[\]/@-]{1,200})")

_JVM = frozenset({"java", "kt", "scala", "groovy", "clj"})
_SOURCES = _JVM | frozenset({"py", "rb", "php", "pl", "t", "lua", "sh", "dart", "swift", "go", "rs", "ex", "exs", "cs", "fs", "vb"})
_SOURCES |= frozenset({"js", "jsx", "mjs", "cjs", "ts", "tsx", "c", "cc", "cpp", "cxx", "h", "hpp", "m", "mm"})
_FOREIGN = re.compile(r"site-packages|dist-packages|node_modules|(?:^|/)lib/python\d|^<|^node:|/go/src/|\.cargo/registry|/rustc/|/vendor/")
_FOREIGN_CLASS = re.compile(
    r"(?:java|javax|jdk|sun|kotlin|scala|groovy|junit|com\.sun"
    r"|org\.(?:junit|testng|gradle|apache\.maven|assertj|hamcrest|opentest4j|codehaus\.groovy))\."
)


def frames_of(text: str, root: Path | None = None) -> tuple[Frame, ...]:
    """The frames a traceback names, from the test inwards, at most 12; none where its form is not known.

    A path under `root` becomes relative to it; of any other absolute path only the file's name is kept; frames of libraries are left out.
    """
    lines = text.split("\n")
    frames: tuple[Frame, ...] = ()
    if 'File "' in text:
        frames = _frames(lines, 'File "', _in_python_traceback, root)
    elif "at " in text:
        frames = _frames(reversed(lines), "at ", _in_stack, root)
    return frames or _frames(lines, ":", _at_line_start, root)


def _frames(lines: Iterable[str], mark: str, parse: Callable[[str, Path | None], Frame | None], root: Path | None) -> tuple[Frame, ...]:
    marked = (line for line in lines if mark in line and len(line) <= MAX_LINE)
    found = (frame for line in marked if (frame := parse(line, root)) is not None)
    return tuple(islice(found, MAX_FRAMES))


# Lines with frames repeat from failure to failure: reading each once saves most of the time, and one object for each most of the memory.
_remembered = lru_cache(maxsize=32_768)


@_remembered
def _in_python_traceback(line: str, root: Path | None) -> Frame | None:
    """`File "path", line 12, in function`."""
    found = _PYTHON.match(line)
    return _frame(found[1], found[2], found[3] or "", root) if found else None


@_remembered
def _in_stack(line: str, root: Path | None) -> Frame | None:
    """A line of a stack that begins with its innermost call: JVM `at a.b.C.m(C.java:12)`, JavaScript `at f (src/f.js:1:2)`, .NET
    `at N.C.M() in src/C.cs:line 12`.
    """
    call = line.strip()
    found = _PLACE.search(call)
    if not found or not call.startswith("at ") or found[1] not in _SOURCES:
        return None
    before = call[3 : found.start()]
    signature, within, path = before.partition(" in ")
    if not within:
        signature, _, path = before.rpartition("(")
    name = _FUNCTION.match(signature.partition("(")[0])
    function = name[1] if name else ""
    if found[1] in _JVM:
        # The class's package makes the path; a module's name may stand in front of it.
        owner, _, function = function.rpartition("/")[2].rpartition(".")
        if _FOREIGN_CLASS.match(owner):
            return None
        path = "/".join((*owner.split(".")[:-1], path))
    return _frame(f"{path}.{found[1]}", found[2], function, root) if _PATH.fullmatch(path) else None


@_remembered
def _at_line_start(line: str, root: Path | None) -> Frame | None:
    """`path:line:` at the start of a line, as pytest, Go, gtest and compilers write it."""
    place = line.strip()
    found = _PLACE.search(place)
    if not found or found[1] not in _SOURCES or place[found.end() : found.end() + 1] not in {"", ":"}:
        return None
    path = place[: found.start()]
    return _frame(f"{path}.{found[1]}", found[2], found[3] or "", root) if _PATH.fullmatch(path) else None


def _frame(path: str, line: str, function: str, root: Path | None) -> Frame | None:
    inside = _inside(path, root)
    return Frame(path=inside, line=int(line), function=function) if inside is not None else None


@lru_cache(maxsize=4096)
def _inside(path: str, root: Path | None) -> str | None:
    """How a frame's path is shown; None for those of libraries."""
    path = path.removeprefix("file://")
    if _FOREIGN.search(path.replace("\\", "/")):
        return None
    return path[len(str(root)) + 1 :] if root is not None and path.startswith(f"{root}/") else portable(path)

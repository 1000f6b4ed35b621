"""A diff for reading: every known value on a line that is shown is its token."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

_CONTEXT = 3
_OPENING = 4
"""Characters that a prefix and quotes take before a value."""
_TELLING = 4
"""Characters from which on a value is looked for on every line that is added, wherever it stood before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A place of the suite whose value may not be shown; line and column are 1-based. `token` stands for it."""

    path: str
    line: int
    column: int
    token: str
    spelled: str = field(repr=False)


def shown_diff(old: Mapping[str, str], new: Mapping[str, str], known: Sequence[Known], exchanged: Collection[tuple[str, int, int]]) -> str:
    """The unified diff of some files, with tokens. It cannot be applied: the lines that it takes away stand otherwise in the files.

    `exchanged` are the places whose value is gone.
    """
    return "".join(_file(path, old[path], text, [one for one in known if one.path == path], known, exchanged) for path, text in sorted(new.items()))


def _file(path: str, old: str, new: str, here: Sequence[Known], every: Sequence[Known], exchanged: Collection[tuple[str, int, int]]) -> str:
    before, after = old.removesuffix("\n").split("\n"), new.removesuffix("\n").split("\n")
    hidden = _hidden(before, here)
    telling = {one.spelled: one.token for one in every if len(one.spelled) >= _TELLING}
    lines = [f"--- a/{path}", f"+++ b/{path}"]
    for group in _changes(before, after):
        first, last = group[0], group[-1]
        lines.append(f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@")
        for kind, a, b, c, d in group:
            if kind == "equal":
                lines += [f" {line}" for line in hidden[a:b]]
                continue
            left = {one.spelled: one.token for one in here if a < one.line <= b and (path, one.line, one.column) not in exchanged}
            lines += [f"-{line}" for line in hidden[a:b]]
            lines += [f"+{_without(line, {**telling, **left})}" for line in after[c:d]]
    return "\n".join(lines) + "\n"


def _changes(before: Sequence[str], after: Sequence[str]) -> Iterator[list[tuple[str, int, int, int, int]]]:
    """What is between the lines that both begin and end with, in groups with their context; `difflib` would look at all of them again and again."""
    shorter = min(len(before), len(after))
    first = next((place for place in range(shorter) if before[place] != after[place]), shorter)
    last = next((place for place in range(shorter - first) if before[-1 - place] != after[-1 - place]), shorter - first)
    begin, behind = max(0, first - _CONTEXT), max(0, last - _CONTEXT)
    matcher = SequenceMatcher(None, before[begin : len(before) - behind], after[begin : len(after) - behind], autojunk=False)
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        yield [(kind, a + begin, b + begin, c + begin, d + begin) for kind, a, b, c, d in group]


def _hidden(lines: Sequence[str], known: Sequence[Known]) -> list[str]:
    """The lines of a file as they may be shown."""
    by_line: dict[int, list[Known]] = {}
    for one in known:
        by_line.setdefault(one.line, []).append(one)
    found = [_line(line, by_line[number]) if number in by_line else line for number, line in enumerate(lines, start=1)]
    texts = {one.spelled: one.token for one in known if len(one.spelled) >= _TELLING}
    return [_without(line, texts) for line in found]


def _line(line: str, known: Sequence[Known]) -> str:
    """A line with tokens in place of its values; of a value inside another, the outer counts. What is not found is hidden with all behind it."""
    spans = []
    for one in known:
        start = one.column - 1
        at = line.find(one.spelled, start) if one.spelled else -1
        is_found = 0 <= at <= start + _OPENING
        spans.append((at, at + len(one.spelled), one.token) if is_found else (start, len(line), one.token))
    pieces, done = [], 0
    for start, end, token in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= done:
            pieces += [line[done:start], token]
            done = end
    return "".join((*pieces, line[done:]))


def _without(line: str, values: Mapping[str, str]) -> str:
    for spelled in sorted(values, key=len, reverse=True):
        if spelled and spelled in line:
            line = re.sub(rf"(?<![\w]){re.escape(spelled)}(?![\w])", values[spelled], line)
    return line


def _range(start: int, stop: int) -> str:
    """Lines as a unified diff counts them."""
    length = stop - start
    return f"{start + bool(length)}" if length == 1 else f"{start + bool(length)},{length}"

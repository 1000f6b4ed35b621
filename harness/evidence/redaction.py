"""What the identity index knows of redacted messages: tokens get the content of their value, and words that name a record become tokens."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.evidence.tokens import token
from harness.model.coupling import Presence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from harness.evidence.bundle import Bundle
    from harness.model import Attempt, Failure, SideEvidence
    from harness.model.coupling import Match

_WITH_FAILURE = (b'{"e":"result",', b'{"e":"subtest",', b'{"e":"collect_error",')
_VALUES = re.compile(rb'"values":\[([^\]]*)\]')
_FINGERPRINT = re.compile(rb"[0-9a-f]{12}")
_DIGITS = 6
_UNSPECIFIC = "word|text|number|hex|path"
_MOST_SPECIFIC = {Presence.LEGACY: 0, Presence.SHADOW: 1, Presence.BOTH: 2}
_PIECE = re.compile(r"<[a-z]+>|[a-z_]+:[0-9a-f]{6}(?![\w:])|[A-Za-z][A-Za-z']*")
_GRAMMAR = frozenset({"assert", "not", "in", "is", "and", "or", "none", "true", "false"})
"""Words of Python's own in every assertion, whoever may bear them as a name."""
_LONGEST_NAME = 3
"""Words of a name that are looked for together."""


def message_fingerprints(bundle: Bundle) -> frozenset[str]:
    """The fingerprints that tokens in messages of a bundle begin."""
    found: set[bytes] = set()
    for path in _sessions(bundle):
        with path.open("rb") as file:
            for line in file:
                if line.startswith(_WITH_FAILURE) and (values := _VALUES.search(line)):
                    found.update(_FINGERPRINT.findall(values[1]))
    return frozenset(one.decode("ascii") for one in found)


def with_contents(side: SideEvidence, values: Mapping[str, tuple[Match, ...]]) -> SideEvidence:
    """A side's evidence, in whose messages tokens say what the index knows of their values: `name:7f3a91` in place of `word:7f3a91`."""
    known = {fingerprint: min(matches, key=lambda one: _MOST_SPECIFIC[one.presence]).content for fingerprint, matches in values.items()}
    return replace(side, full=_with_contents(side.full, known), reruns=_with_contents(side.reruns, known))


def _with_contents(attempts: Iterable[Attempt], known: Mapping[str, str]) -> tuple[Attempt, ...]:
    return tuple(
        replace(one, failure=_renamed(one.failure, known)) if one.failure is not None and not known.keys().isdisjoint(one.failure.values) else one
        for one in attempts
    )


def _renamed(failure: Failure, known: Mapping[str, str]) -> Failure:
    message = failure.message
    for fingerprint in failure.values:
        if (content := known.get(fingerprint)) is not None:
            message = re.sub(rf"(?<!\w)(?:{_UNSPECIFIC}):{fingerprint[:_DIGITS]}(?!\w)", token(content, fingerprint), message)
    return replace(failure, message=message)


def phrases(bundle: Bundle) -> frozenset[str]:
    """The words that stand in messages as they are, and up to three of them that stand together: what may be the name of a record all the same."""
    found: set[str] = set()
    seen: set[str] = set()
    for path in _sessions(bundle):
        for _, line in _failing(path):
            for text in (line["failure"]["message"], line["failure"].get("template", "")):
                if text not in seen:
                    seen.add(text)
                    found.update(text[start:end] for start, end in _phrases(text))
    return frozenset(found)


def hide(bundle: Bundle, names: Mapping[str, str]) -> None:
    """Replace phrases in all messages of a bundle by their tokens, and in templates by `<word>`. `names`: the token of each. Raises OSError."""
    if not names:
        return
    for path in _sessions(bundle):
        changed = {number: line for number, line in _failing(path) if _hidden_in(line["failure"], names)}
        if changed:
            _rewrite(path, changed)


def _hidden_in(failure: dict[str, Any], names: Mapping[str, str]) -> bool:
    template = _without(failure.get("template", failure["message"]), dict.fromkeys(names, "<word>"))
    message = _without(failure["message"], names)
    changed = (message, template) != (failure["message"], failure.get("template", failure["message"]))
    failure.update(message=message, template=template)
    return changed


def _without(text: str, names: Mapping[str, str]) -> str:
    place, parts = 0, []
    for start, end in sorted(_phrases(text), key=lambda span: (span[0], -span[1])):
        if start >= place and text[start:end] in names:
            parts += [text[place:start], names[text[start:end]]]
            place = end
    return "".join([*parts, text[place:]])


def _phrases(text: str) -> Iterator[tuple[int, int]]:
    """Places of words that are neither placeholders nor tokens, and of up to three that are set apart by a space alone."""
    row: list[tuple[int, int]] = []
    for found in _PIECE.finditer(text):
        if not found.group()[0].isalpha() or ":" in found.group():
            row = []
            continue
        if row and text[row[-1][1] : found.start()] != " ":
            row = []
        row = [*row[1 - _LONGEST_NAME :], found.span()]
        for start, _ in row:
            if start != found.start() or found.group().lower() not in _GRAMMAR:
                yield start, found.end()


def _sessions(bundle: Bundle) -> list[Path]:
    return sorted((bundle.path / "sessions").glob("*.jsonl"))


def _failing(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The lines of a session file that hold a failure, with their numbers from 0. A damaged line is for who reads the bundle to judge."""
    with path.open("rb") as file:
        for number, raw in enumerate(file):
            if raw.startswith(_WITH_FAILURE) and b'"failure":{' in raw:
                try:
                    line = json.loads(raw)
                except ValueError:
                    continue
                if isinstance(line.get("failure"), dict) and isinstance(line["failure"].get("message"), str):
                    yield number, line


def _rewrite(path: Path, changed: Mapping[int, Mapping[str, Any]]) -> None:
    draft = path.with_name(f".{path.name}.tmp")
    with path.open("rb") as old, draft.open("wb") as new:
        for number, raw in enumerate(old):
            new.write(raw if number not in changed else json.dumps(changed[number], separators=(",", ":")).encode("ascii") + b"\n")
    draft.replace(path)

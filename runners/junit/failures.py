"""The shape of a failure: its type, a template of its message, the frames. The text itself goes no further than this module."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from harness.model import Failure
from runners.junit.frames import frames_of
from runners.probe.shadow_harness_shapes import EXACT_WORDS, VOCABULARY, shape_message

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import Phase
    from runners.junit.outcomes import Result
    from runners.redaction import Redaction

MESSAGE_CHARACTERS = 4_096
REMEMBERED_CHARACTERS = 512
TEXT_CHARACTERS = 16_384

_NAME = re.compile(r"[A-Za-z_$][\w.$]{0,199}", re.ASCII)
_LEADING_TYPE = re.compile(
    r"((?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Failure|Failed|Exit|Interrupt|Warning|Timeout|DoesNotExist))(?:: |:?$|:?\n)"
)
_IN_FIXTURE = re.compile(r'failed on (?:setup|teardown) with "(.*?)"?$', re.DOTALL)
_STACK_BEGINS = re.compile(r"\s*at |\s*File \"|Traceback |\s*[\w./\\-]+:\d+")


def failure_of(result: Result, phase: Phase, root: Path | None, redaction: Redaction | None = None) -> Failure:
    """The shape of what one `<failure>` or `<error>` says. Only the first 4,096 characters of the message and 16,384 of the text count."""
    text = "".join(result.text)[:TEXT_CHARACTERS]
    return _shape(result.kind.value, result.type, result.message[:MESSAGE_CHARACTERS], text, phase, root, redaction)


@lru_cache(maxsize=128)  # a mass failure repeats one text thousands of times
def _shape(kind: str, stated: str, message: str, text: str, phase: Phase, root: Path | None, redaction: Redaction | None) -> Failure:
    message = message.strip() or _first_words(text)
    if fixture := _IN_FIXTURE.match(message):
        message = fixture[1]
    leading = _LEADING_TYPE.match(message)
    stated = stated.strip()
    inferred = leading[1] if leading else kind
    type_ = (stated if _NAME.fullmatch(stated) else shape_message(stated)) if stated else inferred
    if leading and type_.endswith(leading[1]):
        message = message[leading.end() :]
    message = message.strip()
    template = template_of(message) if len(message) <= REMEMBERED_CHARACTERS else shape_message(message)
    told = None if redaction is None or "<" not in template else redaction.message(message)
    redacted, values = told or (template, ())
    return Failure(type=type_, message=redacted, phase=phase, frames=frames_of(text, root), template=template, values=values)


def template_of(message: str) -> str:
    """The template of a message. Most messages of a report differ in their numbers alone, of which a template keeps no more than where they
    stand and whether they begin with 0 (as in 0x7f): of such messages only one is shaped.
    """
    lower = message.lower()
    return _shaped(message if any(word in lower for word in _NUMBERED) else message.translate(_ALIKE))


_ALIKE = str.maketrans("23456789", "11111111")
_NUMBERED = tuple(word.lower() for word in VOCABULARY | EXACT_WORDS if any(character.isdigit() for character in word))  # such as utf8
_shaped = lru_cache(maxsize=32_768)(shape_message)


def _first_words(text: str) -> str:
    """What a text without a message says: the last line of a Python traceback, else what stands before the stack."""
    lines = text.strip().splitlines()
    if lines and lines[0].startswith("Traceback ") and len(text) < TEXT_CHARACTERS:
        return lines[-1][:MESSAGE_CHARACTERS]
    words: list[str] = []
    for line in lines:
        if words and _STACK_BEGINS.match(line):
            break
        words.append(line)
    return "\n".join(words)[:MESSAGE_CHARACTERS]

"""`${NAME}` in a text: read from the environment variables when it is needed, not when the configuration is loaded.

`$${NAME}` stands for the text `${NAME}` itself; every other dollar sign is a dollar sign.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_REFERENCE = re.compile(r"(?P<escaped>\$)?\$\{(?P<name>[^}]*)(?P<end>\}?)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class UnsetVariableError(LookupError):
    """A variable that a text names and the environment does not have; its argument is the name."""


def well_formed(text: str) -> bool:
    """Whether every `${` begins the name of a variable and is closed."""
    return all(match["escaped"] or (match["end"] and _NAME.fullmatch(match["name"])) for match in _REFERENCE.finditer(text))


def names_in(text: str) -> tuple[str, ...]:
    """The variables that a text reads, in order."""
    return tuple(match["name"] for match in _REFERENCE.finditer(text) if not match["escaped"])


def resolved(text: str, environ: Mapping[str, str]) -> str:
    """The text with each `${NAME}` replaced; what a variable holds is not looked into again. Raises UnsetVariableError."""

    def value(match: re.Match[str]) -> str:
        if match["escaped"]:
            return match[0][1:]
        if match["name"] not in environ:
            raise UnsetVariableError(match["name"])
        return environ[match["name"]]

    return _REFERENCE.sub(value, text)

"""The optional extra that the identity index and the scan need."""

from __future__ import annotations

from importlib.util import find_spec

from harness.errors import UsageError

_MODULES = ("numpy", "phonenumbers", "pygments", "stdnum", "yaml", "sqlglot", "tree_sitter_json")

INSTALL = "pip install 'shadow-harness[coupling]'"


def missing_modules(*more: str) -> tuple[str, ...]:
    """The modules of the extra `coupling` that are not installed here: of those that a search for couplings takes, and `more`."""
    return tuple(name for name in (*_MODULES, *more) if find_spec(name) is None)


def require_extra(command: str, *more: str) -> None:
    """Raise UsageError where the extra is not installed whole: what a search for couplings takes, and `more`."""
    if missing := missing_modules(*more):
        raise UsageError(
            f"{command} needs the extra `coupling`, of which is missing: {', '.join(missing)}", where=command, hint=f"Install it: {INSTALL}"
        )

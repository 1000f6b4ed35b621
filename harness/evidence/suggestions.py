"""What a bundle keeps of the suggestions of a run: `suggestions.json`, without a value of the data (docs/bundle.md)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from harness.errors import BundleError
from harness.model.suggestion import Suggestion, SuggestionKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.evidence.bundle import Bundle

SCHEMA = "shadow-suggestions/1"
_WHAT = "suggestions"


def write_suggestions(bundle: Bundle, made: Mapping[str, Suggestion]) -> None:
    """Record them by test id, in place of what was recorded before. Raises OSError."""
    bundle.write_plan_of(_WHAT, {"schema": SCHEMA, "suggestions": {test_id: asdict(one) for test_id, one in sorted(made.items())}})


def suggestions(bundle: Bundle) -> dict[str, Suggestion]:
    """What was recorded, by test id; nothing where nothing was suggested. Raises BundleError."""
    content = bundle.plan_of(_WHAT)
    if content is None:
        return {}
    try:
        if content["schema"] != SCHEMA:
            raise BundleError(f"this file has the format {content['schema']!a}", where=str(bundle.path / f"{_WHAT}.json"), expected=SCHEMA)
        return {
            str(test_id): Suggestion(
                kind=SuggestionKind(one["kind"]),
                text=str(one["text"]),
                command=str(one["command"]),
                proven=None if one["proven"] is None else bool(one["proven"]),
                obstacle=str(one["obstacle"]),
                notes=tuple(map(str, one["notes"])),
            )
            for test_id, one in content["suggestions"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BundleError(
            "a file of this bundle is damaged",
            where=str(bundle.path / f"{_WHAT}.json"),
            hint="Restore the bundle from a copy, or run the suite again.",
        ) from None

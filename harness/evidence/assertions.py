"""What a bundle keeps of the assertions that failed: `assertions.json`, names of columns and no value (docs/bundle.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.errors import BundleError
from harness.model import DeepPlace
from harness.model.assertion import Ask, Sketch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.evidence.bundle import Bundle

_WHAT = "assertions"


def write_assertions(bundle: Bundle, sketches: Mapping[str, Sketch]) -> None:
    """Record the sketches of the assertions of divergent tests, by test id."""
    bundle.write_plan_of(_WHAT, {test_id: _row(sketch) for test_id, sketch in sketches.items()})


def assertions(bundle: Bundle) -> Mapping[str, Sketch]:
    """The sketches that were recorded, by test id. Raises BundleError."""
    try:
        return {test_id: _sketch(row) for test_id, row in (bundle.plan_of(_WHAT) or {}).items()}
    except (KeyError, TypeError, ValueError):
        raise BundleError(
            "a file of this bundle is damaged",
            where=str(bundle.path / f"{_WHAT}.json"),
            hint="Restore the bundle from a copy, or run the suite again.",
        ) from None


def _row(sketch: Sketch) -> dict[str, object]:
    return {
        "place": _place(sketch.place),
        "lines": [_place(line) for line in sketch.lines],
        "names": list(sketch.names),
        "positions": list(sketch.positions),
        "asks": sorted(sketch.asks),
        "asked_of": [[ask.value, name] for ask, name in sketch.asked_of],
        "whole": sketch.whole,
    }


def _place(place: DeepPlace) -> list[object]:
    return [place.path, place.line]


def _sketch(row: Mapping[str, Any]) -> Sketch:
    return Sketch(
        place=_place_of(row["place"]),
        lines=tuple(map(_place_of, row["lines"])),
        names=tuple(map(str, row["names"])),
        positions=tuple(map(int, row["positions"])),
        asks=frozenset(map(Ask, row["asks"])),
        asked_of=tuple((Ask(ask), str(name)) for ask, name in row["asked_of"]),
        whole=bool(row["whole"]),
    )


def _place_of(row: list[Any]) -> DeepPlace:
    path, line = row
    return DeepPlace(path=str(path), line=int(line))

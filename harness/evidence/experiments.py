"""What a bundle keeps of the experiments of a run: `experiments.json`, without a value of the data (docs/bundle.md)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from harness.errors import BundleError
from harness.model import Experiment, ExperimentKind, Outcome, Side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.evidence.bundle import Bundle

SCHEMA = "shadow-experiments/1"
_WHAT = "experiments"


def write_experiments(bundle: Bundle, tried: Sequence[Experiment]) -> None:
    """Record them, in place of what was recorded before. Raises OSError."""
    bundle.write_plan_of(_WHAT, {"schema": SCHEMA, "experiments": [asdict(one) for one in tried]})


def experiments(bundle: Bundle) -> tuple[Experiment, ...]:
    """What was recorded; () where nothing was tried. Raises BundleError."""
    content = bundle.plan_of(_WHAT)
    if content is None:
        return ()
    try:
        if content["schema"] != SCHEMA:
            raise BundleError(f"this file has the format {content['schema']!a}", where=str(bundle.path / f"{_WHAT}.json"), expected=SCHEMA)
        return tuple(
            Experiment(
                kind=ExperimentKind(one["kind"]),
                test_id=str(one["test_id"]),
                side=Side(one["side"]),
                literal=None if one["literal"] is None else int(one["literal"]),
                setting=one["setting"],
                outcome=None if one["outcome"] is None else Outcome(one["outcome"]),
                obstacle=str(one["obstacle"]),
            )
            for one in content["experiments"]
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BundleError(
            "a file of this bundle is damaged",
            where=str(bundle.path / f"{_WHAT}.json"),
            hint="Restore the bundle from a copy, or run the suite again.",
        ) from None

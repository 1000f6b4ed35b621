"""What a bundle keeps of the experiments of a run: `experiments.json`, without a value of the data (docs/bundle.md)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from harness.errors import BundleError
from harness.model import Experiment, ExperimentKind, Outcome, Side

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.evidence.bundle import Bundle

SCHEMA = "shadow-experiments/1"
_WHAT = "experiments"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentCounts:
    """What experiments took: executions by test id, and the sessions in which they ran."""

    executions: Mapping[str, int] = field(default_factory=dict)
    sessions: int = 0


def write_experiments(bundle: Bundle, tried: Sequence[Experiment], counts: ExperimentCounts) -> None:
    """Record them, in place of what was recorded before. Raises OSError."""
    content = {"schema": SCHEMA, "sessions": counts.sessions, "executions": dict(counts.executions), "experiments": [asdict(one) for one in tried]}
    bundle.write_plan_of(_WHAT, content)


def experiment_counts(bundle: Bundle) -> ExperimentCounts:
    """What the experiments of a run took; nothing where none were made. Raises BundleError."""
    content = bundle.plan_of(_WHAT) or {}
    try:
        executions = {str(test_id): int(count) for test_id, count in content.get("executions", {}).items()}
        return ExperimentCounts(executions=executions, sessions=int(content.get("sessions", 0)))
    except (TypeError, ValueError, AttributeError):
        raise _damaged(bundle) from None


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
        raise _damaged(bundle) from None


def _damaged(bundle: Bundle) -> BundleError:
    return BundleError(
        "a file of this bundle is damaged",
        where=str(bundle.path / f"{_WHAT}.json"),
        hint="Restore the bundle from a copy, or run the suite again.",
    )

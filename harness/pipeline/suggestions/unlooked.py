"""Why couplings were not looked for in a recorded run: what is to be done about its divergences is not known then, which is not that nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.model import Evidence

_DATABASE_FACT = "data.digest"
"""What a run records of a side whose `database` is set."""


def not_looked_for(evidence: Evidence) -> UsageError | None:
    """Why a run cannot tell what its divergent tests depend on; None where couplings were looked for."""
    return why_unlooked(evidence) if evidence.sources is None or evidence.sources.unavailable else None


def why_unlooked(evidence: Evidence) -> UsageError:
    """Why couplings were not looked for, of a run in which they were not."""
    sources = evidence.sources
    reason, hint = (sources.unavailable, "Once that is mended, run the suite again.") if sources is not None else _why(evidence)
    return UsageError(f"couplings were not looked for in this run: {reason}", where=evidence.run.id, hint=hint)


def _why(evidence: Evidence) -> tuple[str, str]:
    """The reason where the search was never begun, and what to do."""
    sides = (evidence.legacy, evidence.shadow)
    if any(side.side not in evidence.planned for side in sides):
        return "one side ran alone", "Run the suite on both sides."
    unset = [side.side.value for side in sides if _DATABASE_FACT not in side.facts]
    if unset:
        return f"no `database` was set for {' and '.join(unset)}", "Set `database` of both environments, and run the suite again (docs/index.md)."
    if not evidence.run.complete:
        return "it did not come that far", f"Go on with it: shadow run --resume {evidence.run.id}"
    return "--no-couplings, or `enabled = false` in [coupling], turned that off", "Run the suite again without."

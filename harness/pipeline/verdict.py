"""The decision of a recorded run, the same whether it has just ended or is read back from its bundle."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from compare.floor import measured
from compare.judge import judge
from harness.errors import ExitCode
from harness.model import InfrastructureKind

if TYPE_CHECKING:
    from compare.agreeing import Agreeing
    from harness.model import Comparison, Evidence


def decide(evidence: Evidence, agreeing: Agreeing | None = None) -> Comparison:
    """Judge a run (`agreeing`: as in `compare.judge`), and say what its A/A run measured and what could not be looked for.

    A run that was interrupted has the exit code of an interrupt.
    """
    comparison, floor = judge(evidence, agreeing), measured(evidence)
    if floor is not None:
        caveats = (floor.caveat,) if floor.caveat else ()
        comparison = replace(comparison, floor=floor, warnings=(*comparison.warnings, *caveats))
    if evidence.sources is not None and evidence.sources.unavailable:
        told = f"couplings were not looked for: {evidence.sources.unavailable}"
        comparison = replace(comparison, warnings=(*comparison.warnings, told))
    if any(failure.kind is InfrastructureKind.INTERRUPTED for failure in evidence.infrastructure):
        return replace(comparison, exit=ExitCode.INTERRUPTED)
    return comparison

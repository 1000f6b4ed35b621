"""The decision of a recorded run, the same whether it has just ended or is read back from its bundle."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from compare.judge import judge
from harness.errors import ExitCode
from harness.model import InfrastructureKind

if TYPE_CHECKING:
    from harness.model import Comparison, Evidence


def decide(evidence: Evidence) -> Comparison:
    """Judge a run; one that was interrupted has the exit code of an interrupt."""
    comparison = judge(evidence)
    if any(failure.kind is InfrastructureKind.INTERRUPTED for failure in evidence.infrastructure):
        return replace(comparison, exit=ExitCode.INTERRUPTED)
    return comparison

"""Proves patches: the patched tests run on both sides, in fresh processes, in a private copy of the suite."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import BundleError, InfrastructureError, UsageError
from harness.evidence import SessionName, read_session
from harness.model import OutcomeClass, SessionRequest, Shard, Side
from runners.patching.copying import private_copy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.model import Outcome, Plan, SidePlan
    from harness.ports import EnvironmentProvider

    Providers = Callable[[SidePlan, Plan], EnvironmentProvider]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a patched test function showed: how many of its tests ran and passed on each side, and what the others ended in."""

    function: str
    legacy: str
    shadow: str
    proven: bool


def prove(functions: Sequence[str], texts: Mapping[str, str], *, plan: Plan, base: Path, providers: Providers) -> tuple[Proof, ...]:
    """Run patched test functions on both sides. `texts` are the changed files of the suite, which itself stays as it is.

    Raises UsageError for a suite that is not pytest's, InfrastructureError where an environment fails.
    """
    if not plan.suite.is_pytest:
        raise UsageError("patches are proven with pytest only")
    link = all(side.runner == "process" for side in plan.sides)
    with private_copy(plan.suite.root, base, texts, link=link) as root:
        suite = replace(plan.suite, root=root, args=(*plan.suite.args, *functions), select=None, workers=0)
        copied = replace(plan, suite=suite)
        seen = {side: _outcomes(copied, side, providers) for side in Side}
    return tuple(_proof(function, seen) for function in functions)


def _outcomes(plan: Plan, side: Side, providers: Providers) -> Mapping[str, Outcome]:
    """What every test ended in on one side."""
    provider = providers(plan.of(side), plan)
    provider.check()
    folder = Path(tempfile.mkdtemp(prefix="shadow-proof-"))
    try:
        provider.up()
        name = SessionName(side=side, pair=1, shard=Shard(), number=1)
        output = folder / str(name)
        provider.runner().run(SessionRequest(side=side, output=output, pair=1), lambda _line: None)
        return {attempt.test_id: attempt.outcome for attempt in read_session(output, name=name).attempts}
    except BundleError:
        return {}
    finally:
        with contextlib.suppress(InfrastructureError):
            provider.down()
        shutil.rmtree(folder, ignore_errors=True)


def _proof(function: str, seen: Mapping[Side, Mapping[str, Outcome]]) -> Proof:
    shown = {side: {test: outcome for test, outcome in every.items() if _is_of(test, function)} for side, every in seen.items()}
    passes = {side: bool(found) and all(one.kind is OutcomeClass.PASSING for one in found.values()) for side, found in shown.items()}
    words = {side: _words(found) for side, found in shown.items()}
    return Proof(function=function, legacy=words[Side.LEGACY], shadow=words[Side.SHADOW], proven=all(passes.values()))


def _is_of(test_id: str, function: str) -> bool:
    return test_id == function or test_id.startswith((f"{function}[", f"{function} ["))


def _words(found: Mapping[str, Outcome]) -> str:
    if not found:
        return "was not collected"
    bad = sorted({one.value for one in found.values() if one.kind is not OutcomeClass.PASSING})
    return "passes" if not bad else f"does not pass ({', '.join(bad)})"

"""`shadow patch` and `shadow inventory` as use cases: for a recorded run, on the suite as it is now."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compare.judge import judge
from harness.errors import UsageError
from harness.evidence import Bundle, project_key
from harness.model import Remedy, Side, Verdict
from harness.pipeline.sources import require_extra
from harness.pipeline.suggestions.inventory import entries_of
from harness.pipeline.suggestions.making import making, why_none
from harness.pipeline.suggestions.proving import prove
from harness.pipeline.suggestions.tasks import function_of, is_for_patch
from harness.pipeline.suggestions.unlooked import not_looked_for
from harness.plan import Choices, build_plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from harness.config import Config
    from harness.model import PairResult, Plan
    from harness.model.suggestion import InventoryEntry
    from harness.pipeline.suggestions.making import Made, Maker
    from harness.pipeline.suggestions.proving import Proof, Providers


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchAnswer:
    """What `shadow patch` says of one test function. `diff` is for reading; `proof` is None where nothing was proven, or nothing could be made."""

    function: str
    tests: tuple[str, ...]
    cluster: str | None
    diff: str = field(repr=False)
    notes: tuple[str, ...] = ()
    obstacle: str = ""
    proof: Proof | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchAnswers:
    """The patches of a run. `diffs` are by cluster: together they are what `applied` tells that was written."""

    run: str
    answers: tuple[PatchAnswer, ...]
    diffs: tuple[tuple[str, str], ...]
    applied: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What `shadow inventory` says of a run. `unlooked` tells why couplings were not looked for: then no entries are none that are known."""

    entries: tuple[InventoryEntry, ...]
    unlooked: UsageError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for: one test or function, or all where it is None."""

    run: str
    bundle: Path
    test_id: str | None
    proven: bool
    apply: bool


def patches_of(config: Config, asked: Asked, *, workdir: Path, providers: Providers) -> PatchAnswers:
    """Make patches for a recorded run; prove and apply them where that is asked for. With a proof, only what is proven is applied.

    Raises UsageError for a test that no patch is for, and where the run holds nothing to go by; InfrastructureError where a database or an
    environment fails; BundleError.
    """
    plan = build_plan(config, Choices(), environ=os.environ, digest="")
    evidence = Bundle.open(asked.bundle).evidence()
    pairs = {pair.test_id: pair for pair in judge(evidence).pairs}
    chosen = _chosen(pairs.values(), asked.test_id)
    if not chosen:
        raise _none_chosen(pairs, asked, not_looked_for(evidence))
    require_extra("shadow patch")
    urls = _urls(plan)
    try:
        with making(evidence, chosen, plan=plan, urls=urls, base=config.base, key=project_key(workdir)) as maker:
            return _answers(maker, asked, chosen, plan, config.base, providers)
    except ImportError as error:
        raise UsageError(f"making patches needs a package that is missing ({error.name})", hint="pip install 'shadow-harness[coupling]'") from None


def inventory_of(bundle: Path) -> Inventory:
    """The entries that a run's divergences are worth. Raises BundleError."""
    evidence = Bundle.open(bundle).evidence()
    return Inventory(entries=entries_of(judge(evidence).pairs, evidence), unlooked=not_looked_for(evidence))


def _answers(maker: Maker, asked: Asked, chosen: Sequence[PairResult], plan: Plan, base: Path, providers: Providers) -> PatchAnswers:
    whole, made = maker.joined([maker.make(task) for task in maker.tasks])
    clusters = {function_of(pair.test_id): pair.cluster for pair in chosen}
    proofs: dict[str, Proof] = {}
    drafted = [one for one in made if one.draft is not None]
    if asked.proven and drafted:
        proofs = {
            one.function: one for one in prove([one.function for one in drafted], maker.texts(whole), plan=plan, base=base, providers=providers)
        }
    answers = tuple(
        PatchAnswer(
            function=one.function,
            tests=one.tests,
            cluster=clusters.get(one.function),
            diff=maker.diff(one.draft) if one.draft is not None else "",
            notes=one.notes,
            obstacle=one.obstacle,
            proof=proofs.get(one.function),
        )
        for one in made
    )
    applied: tuple[str, ...] = ()
    if asked.apply:
        kept = [one for one in drafted if not asked.proven or proofs[one.function].proven]
        applied = _apply(maker, kept, plan) if kept else ()
    return PatchAnswers(run=asked.run, answers=answers, diffs=_by_cluster(maker, drafted, clusters), applied=applied)


def _by_cluster(maker: Maker, drafted: Sequence[Made], clusters: dict[str, str | None]) -> tuple[tuple[str, str], ...]:
    groups: dict[str, list[Made]] = {}
    for one in drafted:
        groups.setdefault(clusters.get(one.function) or "", []).append(one)
    return tuple((cluster, maker.diff(maker.joined(group)[0])) for cluster, group in sorted(groups.items()))


def _apply(maker: Maker, kept: Sequence[Made], plan: Plan) -> tuple[str, ...]:
    """Write the changed files. Raises UsageError where one cannot be written."""
    texts = maker.texts(maker.joined(kept)[0])
    for path, text in texts.items():
        try:
            with (plan.suite.root / path).open("w", encoding="utf-8", newline="") as file:
                file.write(text)
        except OSError as error:
            raise UsageError(f"a file of the suite cannot be written: {error.strerror}", where=path) from None
    return tuple(sorted(texts))


def _chosen(pairs: Iterable[PairResult], test_id: str | None) -> list[PairResult]:
    """The pairs that are asked for: with a test its whole function, since a patch changes that as a whole."""
    wanted = [pair for pair in pairs if is_for_patch(pair)]
    if test_id is None:
        return wanted
    function = function_of(test_id)
    return [
        pair for pair in wanted if function_of(pair.test_id) == function and (test_id == function or any(one.test_id == test_id for one in wanted))
    ]


def _none_chosen(pairs: Mapping[str, PairResult], asked: Asked, unlooked: UsageError | None) -> UsageError:
    """Why there is nothing to patch. `unlooked` says why couplings were not looked for, where they were not: then no remedy is known."""
    if asked.test_id is None:
        return unlooked or UsageError("no divergent test of this run has the remedy make_data_agnostic", where=asked.run)
    pair = pairs.get(asked.test_id)
    unknown = pair is not None and pair.verdict is Verdict.DIVERGENT and pair.remedy is Remedy.NONE
    return unlooked if unlooked is not None and unknown else why_none(pairs, asked.test_id)


def _urls(plan: Plan) -> tuple[str, str] | None:
    legacy, shadow = (plan.of(side).database for side in Side)
    return (legacy, shadow) if legacy and shadow else None

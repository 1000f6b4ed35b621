"""What a bundle keeps of the plan it was begun with, and whether a plan is still the same."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from harness.model import Side

if TYPE_CHECKING:
    from harness.evidence.bundle import Bundle
    from harness.evidence.key import ProjectKey
    from harness.model import Plan, RunHeader

SCHEMA = "shadow-bundle/1"


def header_json(header: RunHeader, plan: Plan) -> dict[str, object]:
    """What bundle.json holds: who the run is."""
    return {
        "schema": SCHEMA,
        "id": header.id,
        "suite": header.suite,
        "started_at": header.started_at.isoformat(),
        "harness": header.harness_version,
        "confirm": asdict(header.confirm),
        "seed": plan.seed,
        "whole": is_whole(plan),
    }


def is_whole(plan: Plan) -> bool:
    """Whether a plan runs the whole suite on both sides: only then a run counts as a night in the history of its divergences."""
    return plan.suite.select is None and len(plan.sides) == len(Side) and len(plan.shards) == plan.shards[0].count


def plan_json(plan: Plan, key: ProjectKey) -> dict[str, object]:
    """The plan with variables as keyed fingerprints: their values may be secrets, or lead to the production copy."""
    suite = plan.suite
    return {
        "suite": {
            "name": suite.name,
            "command": list(suite.command),
            "args": list(suite.args),
            "workers": suite.workers,
            "timeout": suite.timeout,
            "test_timeout": suite.test_timeout,
            "junit": suite.junit,
            "rerun": list(suite.rerun),
            "pass_env": list(suite.pass_env),
            "select": suite.select,
            "digest": suite.digest,
        },
        "can_rerun": can_rerun(plan),
        "shards": [asdict(shard) for shard in plan.shards],
        "seed": plan.seed,
        "deep": plan.deep,
        "sides": {
            side.side.value: {
                "runner": side.runner,
                "dataset": side.dataset.value,
                "settings": {name: key.fingerprint(value) for name, value in side.settings.items()},
                "data": {name: key.fingerprint(value) for name, value in side.data.items()},
                "database": None if side.database is None else key.fingerprint(side.database),
                "image": side.image,
            }
            for side in plan.sides
        },
    }


def can_rerun(plan: Plan) -> bool:
    """Whether candidates of this plan can be run alone."""
    return plan.confirm.enabled and (plan.suite.is_pytest or bool(plan.suite.rerun)) and len(plan.sides) == len(Side)


def same_plan(bundle: Bundle, plan: Plan, key: ProjectKey) -> tuple[str, ...]:
    """What of a plan differs from the one a bundle was begun with, by name; empty where a run can be resumed."""
    before, now = bundle.plan_digests(), json.loads(json.dumps(plan_json(plan, key)))
    found = [name for name in ("shards", "seed", "can_rerun") if before.get(name) != now[name]]
    found += ["deep"] if before.get("deep", False) != now["deep"] else []
    found += [f"suite.{name}" for name in now["suite"] if before.get("suite", {}).get(name) != now["suite"][name]]
    names = [side.value for side in Side]
    found += [f"environments.{name}" for name in names if before.get("sides", {}).get(name) != now["sides"].get(name)]
    policy, other = asdict(plan.confirm), asdict(bundle.header().confirm)
    return (*found, *(f"confirm.{name}" for name in policy if policy[name] != other[name]))

"""The command line of a session whose suite is pytest, the same for every runner."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.model import SessionRequest, SuitePlan

PROBE_PLUGIN = "shadow_harness_probe"


def pytest_command(suite: SuitePlan, request: SessionRequest, *, workers: int) -> list[str]:
    """The user's command and arguments, then the harness's.

    The harness adds the probe, `--continue-on-collection-errors` (one broken module must not hide the rest) and, for a full run,
    pytest-xdist with `workers` processes; reruns go one after another in one process. `--select` is the probe's to
    follow (its selection file).
    """
    command = [*suite.command, *suite.args, "-p", PROBE_PLUGIN, "--continue-on-collection-errors"]
    if request.pair == 0 and workers > 0:
        command += ["-n", str(workers)]
    return command


def worker_count(workers: int) -> int:
    """`workers` of the plan as a number of pytest-xdist processes a side.

    -1 (auto) shares the cores that this process may use between the two sides, which run at the same time; 0 turns pytest-xdist off, and so does
    auto where a side has one core, since a single worker only costs.
    """
    if workers >= 0:
        return workers
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = cores // 2
    return share if share > 1 else 0


def session_variables(seed: int) -> dict[str, str]:
    """Variables that are the same on both sides, so that they cannot be what differs."""
    return {
        "PYTHONHASHSEED": str(seed % 4_294_967_296),
        "TZ": "UTC",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTEST_RANDOMLY_SEED": str(seed),
    }

"""The use cases: a run, a comparison of files, maintenance. One composition root wires the ports (`wiring`)."""

from harness.pipeline.files import compare_bundle, compare_sources, is_bundle
from harness.pipeline.maintenance import RemovedRuns, rebuild, remove_old_runs, settle_dead_runs
from harness.pipeline.nights import nights_of
from harness.pipeline.wiring import Workplace, check_environment, prove_case, resume_run, start_run, suggest_patches, sweep, workplace

__all__ = [
    "RemovedRuns",
    "Workplace",
    "check_environment",
    "compare_bundle",
    "compare_sources",
    "is_bundle",
    "nights_of",
    "prove_case",
    "rebuild",
    "remove_old_runs",
    "resume_run",
    "settle_dead_runs",
    "start_run",
    "suggest_patches",
    "sweep",
    "workplace",
]

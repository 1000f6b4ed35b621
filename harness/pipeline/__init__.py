"""The use cases: a run, a comparison of files, maintenance. One composition root wires the ports (`wiring`)."""

from harness.pipeline.files import compare_bundle, compare_sources, is_bundle
from harness.pipeline.maintenance import rebuild, settle_dead_runs
from harness.pipeline.wiring import Workplace, check_environment, resume_run, start_run, sweep, workplace

__all__ = [
    "Workplace",
    "check_environment",
    "compare_bundle",
    "compare_sources",
    "is_bundle",
    "rebuild",
    "resume_run",
    "settle_dead_runs",
    "start_run",
    "sweep",
    "workplace",
]

"""What reaches from run to run beside the store: bodies and commits of suites, renames, and what retention removed (docs/divergences.md)."""

from harness.pipeline.history.bodies import test_bodies
from harness.pipeline.history.checkout import moved_files, suite_commit
from harness.pipeline.history.record import record_suite, renames_of
from harness.pipeline.history.removal import restore, retain
from harness.pipeline.history.retained import read_retention, write_retention

__all__ = [
    "moved_files",
    "read_retention",
    "record_suite",
    "renames_of",
    "restore",
    "retain",
    "suite_commit",
    "test_bodies",
    "write_retention",
]

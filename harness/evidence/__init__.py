"""What a run recorded, on disk: bundles, session files, the project key, the digest of a suite."""

from harness.evidence.assertions import write_assertions
from harness.evidence.bundle import Bundle
from harness.evidence.deep import vacuous_plan, write_vacuous
from harness.evidence.digest import suite_digest
from harness.evidence.experiments import ExperimentCounts, experiment_counts, write_experiments
from harness.evidence.key import ProjectKey, project_key
from harness.evidence.planned import can_rerun, is_whole, same_plan
from harness.evidence.redaction import hide, message_fingerprints, phrases
from harness.evidence.reruns import floor_evidence, floor_plan, order_evidence, order_session, predecessors, write_floor, write_order
from harness.evidence.session import Session, SessionName, read_session
from harness.evidence.sides import side_evidence
from harness.evidence.sources import deep_fingerprints, source_evidence, write_sources
from harness.evidence.tokens import token

__all__ = [
    "Bundle",
    "ExperimentCounts",
    "ProjectKey",
    "Session",
    "SessionName",
    "can_rerun",
    "deep_fingerprints",
    "experiment_counts",
    "floor_evidence",
    "floor_plan",
    "hide",
    "is_whole",
    "message_fingerprints",
    "order_evidence",
    "order_session",
    "phrases",
    "predecessors",
    "project_key",
    "read_session",
    "same_plan",
    "side_evidence",
    "source_evidence",
    "suite_digest",
    "token",
    "vacuous_plan",
    "write_assertions",
    "write_experiments",
    "write_floor",
    "write_order",
    "write_sources",
    "write_vacuous",
]

"""What a run recorded, on disk: bundles, session files, the project key, the digest of a suite."""

from harness.evidence.bundle import Bundle
from harness.evidence.digest import suite_digest
from harness.evidence.key import ProjectKey, project_key
from harness.evidence.planned import can_rerun, is_whole, same_plan
from harness.evidence.reruns import floor_evidence, floor_plan, order_evidence, order_session, predecessors, write_floor, write_order
from harness.evidence.session import Session, SessionName, read_session
from harness.evidence.sides import side_evidence

__all__ = [
    "Bundle",
    "ProjectKey",
    "Session",
    "SessionName",
    "can_rerun",
    "floor_evidence",
    "floor_plan",
    "is_whole",
    "order_evidence",
    "order_session",
    "predecessors",
    "project_key",
    "read_session",
    "same_plan",
    "side_evidence",
    "suite_digest",
    "write_floor",
    "write_order",
]

"""What a run recorded, on disk: bundles, session files, the project key, the digest of a suite."""

from harness.evidence.bundle import Bundle
from harness.evidence.digest import suite_digest
from harness.evidence.key import ProjectKey, project_key
from harness.evidence.planned import can_rerun, same_plan
from harness.evidence.session import Session, SessionName, read_session
from harness.evidence.sides import side_evidence

__all__ = [
    "Bundle",
    "ProjectKey",
    "Session",
    "SessionName",
    "can_rerun",
    "project_key",
    "read_session",
    "same_plan",
    "side_evidence",
    "suite_digest",
]

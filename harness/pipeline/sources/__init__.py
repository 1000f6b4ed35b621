"""The identity index of a project, and what it says of the suite's source: `shadow index`, `shadow scan`, and the step of a run.

What reads databases and sources needs the extra `coupling`; it is imported where it is used.
"""

from harness.pipeline.sources.extra import require_extra
from harness.pipeline.sources.index import IndexPlace, MadeIndex, databases, identity_index
from harness.pipeline.sources.places import FoundLiteral, Scan, scan_paths
from harness.pipeline.sources.scanned import ScannedSuite
from harness.pipeline.sources.step import SourceStep

__all__ = [
    "FoundLiteral",
    "IndexPlace",
    "MadeIndex",
    "Scan",
    "ScannedSuite",
    "SourceStep",
    "databases",
    "identity_index",
    "require_extra",
    "scan_paths",
]

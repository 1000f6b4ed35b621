"""Synthetic cases: made of a divergent test, looked through, checked, loaded into shadow's data, proven, removed (docs/cases.md)."""

from harness.pipeline.cases.document import read_case, write_case
from harness.pipeline.cases.ledger import LoadedCase
from harness.pipeline.cases.use import Cases, cases_of

__all__ = ["Cases", "LoadedCase", "cases_of", "read_case", "write_case"]

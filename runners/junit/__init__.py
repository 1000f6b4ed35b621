"""JUnit XML of any tool, read as a stream: one case after the other, whatever the size of the file (docs/junit.md)."""

from runners.junit.case import Case, Remark, RemarkKind
from runners.junit.reader import Reader, read
from runners.junit.session_file import SessionSummary, to_session_file
from runners.junit.sides import SideReport, read_sides

__all__ = ["Case", "Reader", "Remark", "RemarkKind", "SessionSummary", "SideReport", "read", "read_sides", "to_session_file"]

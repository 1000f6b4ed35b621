"""Reports of a comparison: JSON, JUnit XML, Markdown, HTML, SARIF and the terminal. docs/report.md describes the formats.

Every writer takes the whole comparison (all pairs), writes row by row and atomically: a file is there whole or not at all.
"-" as a path is standard output. All raise UsageError where the file cannot be written.
"""

from harness.report.html_report import write_html
from harness.report.json_report import write_json
from harness.report.junit_report import write_junit
from harness.report.markdown_report import write_markdown
from harness.report.nights import Nights
from harness.report.sarif_places import write_places_sarif
from harness.report.sarif_report import write_sarif
from harness.report.schema import published_schema
from harness.report.terminal import print_summary

__all__ = [
    "Nights",
    "print_summary",
    "published_schema",
    "write_html",
    "write_json",
    "write_junit",
    "write_markdown",
    "write_places_sarif",
    "write_sarif",
]

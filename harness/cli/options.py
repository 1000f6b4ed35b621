"""Options that several commands share."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from harness.errors import UsageError
from harness.report import write_html, write_json, write_junit, write_markdown, write_sarif

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.model import Comparison
    from harness.report import Nights


class Colour(StrEnum):
    """When to use colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


ConfigOption = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads it at run time
    typer.Option(
        "--config", metavar="PATH", help="Configuration file; default: shadow.toml (or [tool.shadow] in pyproject.toml) here or in a parent."
    ),
]
WorkdirOption = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--workdir", metavar="DIR", help="Where bundles, the store and the project key are kept; default: .shadow beside the file."),
]
StoreOption = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--store", metavar="URL", help="Store: a path, sqlite:///PATH or postgresql+psycopg://...; default: shadow.db in DIR."),
]
ColourOption = Annotated[Colour, typer.Option("--color", help="Colour in the terminal.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Say more while it runs.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Answer as JSON on standard output.")]

JsonFile = Annotated[Optional[Path], typer.Option("--json", metavar="FILE", help="Write report.json (schema shadow-report/1); - is standard output.")]  # noqa: UP045
JunitFile = Annotated[Optional[Path], typer.Option("--junit", metavar="FILE", help="Write JUnit XML, a divergence being a failure.")]  # noqa: UP045
MarkdownFile = Annotated[Optional[Path], typer.Option("--markdown", metavar="FILE", help="Write Markdown for a CI summary (under 1 MiB).")]  # noqa: UP045
HtmlFile = Annotated[Optional[Path], typer.Option("--html", metavar="FILE", help="Write one self-contained HTML file.")]  # noqa: UP045
SarifFile = Annotated[Optional[Path], typer.Option("--sarif", metavar="FILE", help="Write SARIF 2.1.0 for code scanning pages.")]  # noqa: UP045


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """The report files that a command was asked for; "-" is standard output."""

    json: Path | None = None
    junit: Path | None = None
    markdown: Path | None = None
    html: Path | None = None
    sarif: Path | None = None

    def refuse_unwritable(self) -> None:
        """Raise UsageError for what is known to be impossible before anything runs: two reports on standard output, no folder for a file."""
        if len(streams := [name for name, path in self._asked() if str(path) == "-"]) > 1:
            raise UsageError(
                f"{' and '.join(f'--{name}' for name in streams)} cannot both be standard output",
                expected="one report there, the others in files",
            )
        for name, path in self._asked():
            if str(path) == "-":
                continue
            folder = next(one for one in path.absolute().parents if one.exists())
            if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
                raise UsageError(
                    f"--{name}: this file cannot be written",
                    where=os.fsencode(path).decode("utf-8", "backslashreplace"),
                    expected="a file in a directory that can be written, or - for standard output",
                )

    def write(self, comparison: Comparison, *, nights: Nights | None = None) -> None:
        """Write each of them, with what a store knows of the nights. Raises UsageError for one that cannot be written, after the others were."""
        first: Exception | None = None
        writers: dict[str, Callable[[Comparison, Path], None]] = {
            "json": partial(write_json, nights=nights),
            "junit": write_junit,
            "markdown": partial(write_markdown, nights=nights),
            "html": partial(write_html, nights=nights),
            "sarif": write_sarif,
        }
        for name, path in self._asked():
            try:
                writers[name](comparison, path)
            except Exception as error:  # noqa: BLE001 - raised below; one bad path must not cost the other reports
                first = first or error
        if first is not None:
            raise first

    @property
    def takes_stdout(self) -> bool:
        """Whether standard output belongs to one of them."""
        return any(str(path) == "-" for _, path in self._asked())

    def lines(self) -> list[str]:
        """A line for each file."""
        return [f"{name}: {path}" for name, path in self._asked() if str(path) != "-"]

    def _asked(self) -> Iterator[tuple[str, Path]]:
        for name in ("json", "junit", "markdown", "html", "sarif"):
            path = getattr(self, name)
            if path is not None:
                yield name, path

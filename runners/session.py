"""The runner's own part of a session file: the selection it starts from and the `end` line after the process is dead (docs/bundle.md)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.model import SessionEnd, SessionRequest


def selection_path(request: SessionRequest) -> Path:
    """Where the selection of a session stands: beside its session file."""
    return request.output.with_suffix(".select.json")


def write_selection(request: SessionRequest, expression: str | None) -> Path:
    """Write what the probe is to run (docs/probe.md) and return the file."""
    path = selection_path(request)
    selection = {
        "select": None if request.select is None else list(request.select),
        "skip": sorted(request.skip),
        "shard": [request.shard.index, request.shard.count],
        "expression": expression,
    }
    path.write_text(json.dumps(selection), encoding="ascii")
    return path


def append_end(path: Path, end: SessionEnd) -> None:
    """Close a session file. A last line that the dying process left cut off is ended first, so that readers drop just that."""
    line = json.dumps(
        {"e": "end", "reason": end.reason.value, "exit_status": end.exit_status, "guilty": list(end.guilty), "detail": end.detail},
    )
    prefix = "\n" if _is_cut(path) else ""
    with path.open("a", encoding="ascii") as file:
        file.write(f"{prefix}{line}\n")
        file.flush()
        os.fsync(file.fileno())


def _is_cut(path: Path) -> bool:
    """Whether the file ends in the middle of a line."""
    try:
        with path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return False
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except FileNotFoundError:
        return False

"""Follows a session file while the probe writes it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 1 << 16
_DEEP = b'{"e":"deep",'


class SessionTail:
    """Reads the complete lines that were added since the last look, and remembers which tests are running.

    `running` maps the id of a started test without a result to the monotonic time (seconds) at which its start was seen;
    `header` and `footer` are those lines once they were seen; `collected` tells that the list of ids is complete.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""
        self.running: dict[str, float] = {}
        self.header: dict[str, Any] | None = None
        self.footer: dict[str, Any] | None = None
        self.collected = False

    def poll(self) -> Iterator[dict[str, Any]]:
        """New complete lines, parsed, in order, one at a time: however far the reader is behind, memory holds a few of them."""
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return
        with file:
            file.seek(self._offset)
            while chunk := file.read(_CHUNK):
                self._offset += len(chunk)
                *whole, self._rest = (self._rest + chunk).split(b"\n")
                for raw in whole:
                    line = _parse(raw)
                    if line is not None:
                        self._note(line)
                        yield line

    def overdue(self, limit: float | None) -> tuple[str, ...]:
        """Ids of tests that have been running for more than `limit` seconds; none where there is no limit."""
        if limit is None:
            return ()
        latest = time.monotonic() - limit
        return tuple(test_id for test_id, since in self.running.items() if since < latest)

    def _note(self, line: dict[str, Any]) -> None:
        kind = line.get("e")
        if kind == "start":
            self.running[line["id"]] = time.monotonic()
        elif kind == "result":
            self.running.pop(line["id"], None)
        elif kind == "header":
            self.header = line
        elif kind == "collection_finished":
            self.collected = True
        elif kind == "footer":
            self.footer = line


def _parse(raw: bytes) -> dict[str, Any] | None:
    """One line as an object; None for an empty or damaged one (readers of the bundle judge damage, not the tail)."""
    if not raw.strip() or raw.startswith(_DEEP):  # a long line that nobody follows
        return None
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None

"""The scenario inventory as a file: entries in TOML or Markdown, added without doubling those that are there (docs/inventory.md)."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING

from harness.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from harness.model.suggestion import InventoryEntry

_MARK = re.compile(r"<!-- scenario: (\S+) -->")
_TOML_HEAD = "# Scenarios that only the production copy shows. Set `owner` and `status`; `shadow inventory` adds what is new and changes nothing.\n"
_MARKDOWN_HEAD = "# Scenario inventory\n\nScenarios that only the production copy shows. `shadow inventory` adds what is new and changes nothing.\n"


def entry_toml(entry: InventoryEntry) -> str:
    """An entry as TOML."""
    lines = [
        "[[scenario]]",
        f"id = {_quoted(entry.id)}",
        f"scenario = {_quoted(entry.scenario)}",
        f"pattern = {_quoted(entry.pattern)}",
        f"entity = {_quoted(entry.entity)}",
        f"volume = {_quoted(entry.volume)}",
        f"statement = {_quoted(entry.statement)}",
        f"tests = [{', '.join(map(_quoted, entry.tests))}]",
        'owner = ""  # who has to provide it in shadow, or to accept that it is missing',
        'status = "open"',
        f"since = {entry.since}",
        f"run = {_quoted(entry.run)}",
    ]
    return "\n".join(lines) + "\n"


def entry_markdown(entry: InventoryEntry) -> str:
    """An entry as a section of Markdown."""
    rows = {
        "pattern": entry.pattern,
        "entity": f"`{entry.entity}`",
        "volume": entry.volume,
        "statement": f"`{entry.statement}`" if entry.statement else "not known",
        "tests": ", ".join(f"`{test}`" for test in entry.tests),
        "owner": "nobody yet: who has to provide it in shadow, or to accept that it is missing",
        "since": f"{entry.since} (run {entry.run})",
    }
    table = "\n".join(f"| {name} | {_cell(value)} |" for name, value in rows.items())
    return f"<!-- scenario: {entry.id} -->\n## {entry.entity}: {entry.pattern.replace('_', ' ')}\n\n{entry.scenario}\n\n| | |\n|---|---|\n{table}\n"


def inventory_text(entries: Iterable[InventoryEntry], *, markdown: bool) -> str:
    """Entries one after another."""
    return "\n".join((entry_markdown if markdown else entry_toml)(entry) for entry in entries)


def add_to_inventory(entries: Sequence[InventoryEntry], path: Path) -> tuple[InventoryEntry, ...]:
    """Append to a file what it does not hold yet, and return that. `.md` is Markdown, anything else TOML.

    Raises UsageError where the file cannot be read, written, or is no TOML.
    """
    markdown = path.suffix.lower() in {".md", ".markdown"}
    try:
        old = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("the inventory cannot be read", where=str(path), expected=f"a text file ({type(error).__name__})") from None
    known = set(_MARK.findall(old)) if markdown else _known_toml(old, path)
    new = tuple(entry for entry in entries if entry.id not in known)
    if not new:
        return ()
    head = (_MARKDOWN_HEAD if markdown else _TOML_HEAD) if not old.strip() else old.rstrip("\n") + "\n"
    try:
        path.write_text(f"{head}\n{inventory_text(new, markdown=markdown)}", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the inventory cannot be written: {error.strerror}", where=str(path)) from None
    return new


def _known_toml(text: str, path: Path) -> set[str]:
    try:
        scenarios = tomllib.loads(text).get("scenario", [])
        return {str(one["id"]) for one in scenarios if "id" in one}
    except (tomllib.TOMLDecodeError, TypeError, AttributeError):
        raise UsageError("the inventory is no TOML with [[scenario]] tables", where=str(path), hint="Mend it, or give another file.") from None


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")

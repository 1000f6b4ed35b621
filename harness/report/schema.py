"""The published JSON Schema of report.json."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

SCHEMA_NAME: Final = "shadow-report/1"
"""Fields are added under this name, never renamed; a breaking change gets the next number."""


def published_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `shadow-report/1`, a fresh copy."""
    schema: dict[str, Any] = json.loads(_text())
    return schema


@cache
def _text() -> str:
    return files("harness.report").joinpath("report.schema.json").read_text(encoding="utf-8")

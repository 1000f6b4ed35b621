"""Settings of the service, read from environment variables."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator can switch: statements are off unless somebody turns them on."""

    statements_enabled: bool = False

    @classmethod
    def from_environment(cls) -> Settings:
        """Read `STATEMENTS_ENABLED`; `1` turns statements on."""
        return cls(statements_enabled=os.environ.get("STATEMENTS_ENABLED") == "1")

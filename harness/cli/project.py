"""Finding the project that a command is about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.config import load

if TYPE_CHECKING:
    from harness.config import Config


def base_of(config: Path | None, workdir: Path | None) -> Path:
    """The folder whose `.shadow` is meant. A command that only reads what was recorded needs no configuration where `--workdir` is given."""
    if workdir is not None and config is None:
        return Path.cwd()
    return load(config).base


def configuration(config: Path | None) -> Config:
    """The configuration of the project. Raises ConfigurationError."""
    return load(config)

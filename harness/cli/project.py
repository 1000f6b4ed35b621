"""Finding the project that a command is about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.config import load
from harness.errors import ShadowError
from harness.evidence import project_key
from runners.redaction import Redaction

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


def known_key() -> Path | None:
    """The key that test processes of the project here got (`probe.key`), where there is such a project and one of its runs has written it."""
    try:
        path = load(None).base / ".shadow" / "probe.key"
        path.read_bytes()
    except (ShadowError, OSError):
        return None
    return path


def recorded_id(test_id: str, workdir: Path) -> str:
    """What a test is recorded under, of the id that a person knows it by: recognisable values in it are tokens. A recorded id stays as it is."""
    return Redaction.under(project_key(workdir)).test_id(test_id)

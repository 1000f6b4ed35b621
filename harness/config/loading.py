"""From a file to a checked configuration."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from harness.config import document, rules
from harness.config.model import Config
from harness.config.problems import Fault, FaultyConfigurationError, located
from harness.config.validation import faults_of


def load(path: Path | None = None, *, start: Path | None = None) -> Config:
    """Read the configuration: the file `path`, or else the nearest one in `start` (the working directory) or its parents.

    Variables named by `${NAME}` are not read yet. Raises ConfigurationError for a file that is not found or cannot be read, and
    FaultyConfigurationError (one of it) with every fault of its content.
    """
    source = document.read(path if path is not None else document.find(start or Path.cwd()))
    faults: list[Fault] = []
    config = None
    try:
        config = Config.model_validate(source.table, context={"base": source.path.parent})
    except ValidationError as error:
        faults = list(faults_of(error))
    told = {fault.key for fault in faults}
    faults += [fault for fault in rules.broken(source.table) if fault.key not in told]
    if faults or config is None:
        raise FaultyConfigurationError(located(faults, source.places))
    config.locate(source.path, source.places)
    return config

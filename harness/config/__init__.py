"""The configuration: `shadow.toml`, read, checked and turned into frozen values. Pydantic validates at this edge."""

from harness.config.document import FILE_NAME
from harness.config.environment import Dataset, Environment, Environments
from harness.config.example import example
from harness.config.loading import load
from harness.config.model import Config
from harness.config.policy import Allowance, Confirm, Coupling, Effects
from harness.config.problems import FaultyConfigurationError, Problem
from harness.config.schema import json_schema
from harness.config.suite import Suite

__all__ = [
    "FILE_NAME",
    "Allowance",
    "Config",
    "Confirm",
    "Coupling",
    "Dataset",
    "Effects",
    "Environment",
    "Environments",
    "FaultyConfigurationError",
    "Problem",
    "Suite",
    "example",
    "json_schema",
    "load",
]

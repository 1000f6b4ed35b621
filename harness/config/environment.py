"""An environment: services, dataset and settings of one system under test."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, Strict

from harness.config import variables
from harness.config.places import Key, Places
from harness.config.values import DatabaseUrl, Duration, ExistingFile, Memory, Table, Text, VariableName, VariableValue
from harness.errors import ConfigurationError
from harness.model import DatasetKind, Side

DOCKER_ONLY = ("compose", "image", "build", "memory", "pids", "startup_timeout")
"""The keys that mean something to `runner = "docker"` alone."""

_SQLITE_FILE = re.compile(r"(?P<scheme>sqlite(?:\+\w+)?:///)(?P<file>[^/?:][^?]*)(?P<query>\?.*)?")


class Dataset(Table):
    """`dataset`: what the data of an environment is."""

    kind: Annotated[DatasetKind, Strict(strict=False)] = Field(
        description="What the data is. The shadow side must be synthetic or simulated.",
        examples=["synthetic"],
    )
    masking: ExistingFile | None = Field(
        default=None,
        description="File that says what was masked in a production copy and what was not.",
        examples=["masking.toml"],
    )


class Environment(Table):
    """`[environments.legacy]` and `[environments.shadow]`. Values of settings, data and database are kept out of its text form."""

    runner: Literal["process", "docker"] = Field(
        default="process",
        description="process: a subprocess on this machine; docker: Compose services and a runner container.",
        examples=["process"],
    )
    dataset: Dataset = Field(description="What the data of this side is.", examples=[{"kind": "synthetic"}])
    settings: dict[VariableName, VariableValue] = Field(
        default_factory=dict,
        repr=False,
        description='Variables that configure the system under test. "${NAME}" reads a variable of the caller.',
        examples=[{"FEATURE_X": "1"}],
    )
    data: dict[VariableName, VariableValue] = Field(
        default_factory=dict,
        repr=False,
        description="Variables that point at the dataset, kept apart from settings so that causes can be told apart. "
        '"${NAME}" reads a variable of the caller. They must differ between the sides.',
        examples=[{"DATABASE_URL": "sqlite:///shadow.sqlite"}],
    )
    database: DatabaseUrl | None = Field(
        default=None,
        repr=False,
        description="SQLAlchemy URL through which the harness reads this side's database (it never writes). "
        '"${NAME}" reads a variable of the caller; the path of an SQLite file is relative to this file.',
        examples=["sqlite:///shadow.sqlite"],
    )
    compose: Annotated[tuple[ExistingFile, ...], Strict(strict=False)] = Field(
        default=(),
        description='Compose files that describe the services, later ones over earlier ones. runner = "docker" only.',
        examples=[["compose/shadow.yaml"]],
    )
    image: Text | None = Field(
        default=None,
        description='Image of the runner container; with `build`, the tag of what is built. runner = "docker" only, which needs `image` or `build`.',
        examples=["videostore-tests:latest"],
    )
    build: ExistingFile | None = Field(
        default=None,
        description='Dockerfile from which the image of the runner container is built. runner = "docker" only.',
        examples=["Dockerfile.tests"],
    )
    memory: Memory = Field(default="2g", description='Memory limit of the runner container. runner = "docker" only.')
    pids: int = Field(default=1024, ge=1, description='Limit of processes and threads in the runner container. runner = "docker" only.')
    startup_timeout: Duration = Field(
        default="2m",
        validate_default=True,
        description='The longest that services may take to become healthy. runner = "docker" only.',
    )

    _places: Places | None = PrivateAttr(default=None)
    _key: Key = PrivateAttr(default=())
    _base: Path | None = PrivateAttr(default=None)

    def locate(self, side: Side, places: Places, base: Path) -> None:
        """Remember where this table stands, so that a variable that is not set can be reported with its line; called once, by `load`."""
        self._places, self._key, self._base = places, ("environments", side.value), base

    def database_url(self, environ: Mapping[str, str]) -> str | None:
        """The URL with its variables read from `environ` and an SQLite path made absolute; None where there is none.

        Raises ConfigurationError naming a variable that is not set, or the key where what results is no URL.
        """
        if self.database is None:
            return None
        url = self._resolved(self.database, environ, "database")
        if "://" not in url:
            raise ConfigurationError(
                "what the variables give is no database URL",
                where=self.where("database"),
                expected='a SQLAlchemy URL such as "postgresql+psycopg://user@host/name"',
                hint=f"look at {', '.join(variables.names_in(self.database))}",
            )
        relative = _SQLITE_FILE.fullmatch(url)
        if relative is None or self._base is None or relative["file"].startswith("file:"):
            return url
        return f"{relative['scheme']}{self._base / relative['file']}{relative['query'] or ''}"

    def resolved_settings(self, environ: Mapping[str, str]) -> dict[str, str]:
        """`settings` with their variables read from `environ`. Raises ConfigurationError naming a variable that is not set."""
        return {name: self._resolved(value, environ, "settings", name) for name, value in self.settings.items()}

    def resolved_data(self, environ: Mapping[str, str]) -> dict[str, str]:
        """`data` with their variables read from `environ`. Raises ConfigurationError naming a variable that is not set."""
        return {name: self._resolved(value, environ, "data", name) for name, value in self.data.items()}

    def _resolved(self, text: str, environ: Mapping[str, str], *key: str) -> str:
        try:
            return variables.resolved(text, environ)
        except variables.UnsetVariableError as unset:
            name = unset.args[0]
            raise ConfigurationError(
                f"the variable {name} is not set",
                where=self.where(*key),
                expected=f"{name} among the environment variables, because the value here reads ${{{name}}}",
                hint=f"export {name}, or write $${{{name}}} where the text itself is meant",
            ) from None

    def where(self, *key: str) -> str | None:
        """`file:line:column: key` of a key of this environment, for messages; None for one that was not read from a file."""
        return self._places.where(self._key + key) if self._places else None


class Environments(Table):
    """`[environments]`: both sides, always."""

    legacy: Environment = Field(description="The production copy, the control.")
    shadow: Environment = Field(description="The synthetic environment, the candidate.")

    def of(self, side: Side) -> Environment:
        """The environment of one side."""
        return self.legacy if side is Side.LEGACY else self.shadow

    def check_apart(self, environ: Mapping[str, str]) -> None:
        """See that both sides do not read one dataset once their variables are read; `load` has compared what the file itself says.

        Raises ConfigurationError, also for a variable that is not set. Containers are passed over: their services can tell equal data apart.
        """
        if "docker" in {self.legacy.runner, self.shadow.runner}:
            return
        data = self.legacy.resolved_data(environ) == self.shadow.resolved_data(environ)
        database = self.legacy.database_url(environ)
        if data or (database is not None and database == self.shadow.database_url(environ)):
            key = "data" if data else "database"
            raise ConfigurationError(
                f"with the variables that are set, `{key}` is the same on both sides, so that both would read one dataset",
                where=self.shadow.where(key),
                expected="variables that point each side at a dataset of its own",
                hint="look at the variables that `legacy` and `shadow` read",
            )

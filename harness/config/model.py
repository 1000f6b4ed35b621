"""The configuration as a whole."""

from pathlib import Path

from pydantic import Field, PrivateAttr

from harness.config.environment import Environments
from harness.config.places import Places
from harness.config.policy import Confirm, Coupling, Effects, Gate
from harness.config.suite import Suite
from harness.config.values import Table
from harness.model import Side


class Config(Table):
    """A configuration file, read and checked. Paths are absolute, durations are in seconds; `${NAME}` is still to be read."""

    suite: Suite = Field(description="The tests and the command that runs them.")
    environments: Environments = Field(description="The two sides.")
    confirm: Confirm = Field(default_factory=Confirm, description="How divergences are confirmed.")
    coupling: Coupling = Field(default_factory=Coupling, description="Couplings to real data: how they are looked for.")
    effects: Effects = Field(default_factory=Effects, description="Side effects that are let through; by default nothing leaves.")
    gate: Gate = Field(
        default_factory=dict,
        description="The gate's rules, rule = value; every rule that is not met is named.",
        examples=[{"max_divergent": 0}],
    )

    _path: Path = PrivateAttr(default=Path("shadow.toml"))
    _places: Places = PrivateAttr(default_factory=lambda: Places(file="shadow.toml"))

    def locate(self, path: Path, places: Places) -> None:
        """Remember the file and where its keys stand; called once, by `load`."""
        self._path, self._places = path, places
        for side in Side:
            self.environments.of(side).locate(side, places, self.base)

    @property
    def path(self) -> Path:
        """The file, absolute."""
        return self._path

    @property
    def base(self) -> Path:
        """The directory of the file, to which its relative paths are relative."""
        return self._path.parent

    def where(self, *key: str | int) -> str:
        """`file:line:column: key` of a key, or of the table around it, for messages about what the file says."""
        return self._places.where(key)

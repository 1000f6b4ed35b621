"""The identity index of a project: made, or used again where neither dataset has changed."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import ConfigurationError, UsageError
from harness.model import Side
from runners.database import data_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from harness.config import Config
    from harness.evidence import ProjectKey
    from harness.model.coupling import IndexSummary

_FORMAT = 3
"""Of what makes an index: raised where the same databases would give another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPlace:
    """Where a project's index lies. Beside it stands a note of what it was made of, as a fingerprint."""

    path: Path

    @property
    def note(self) -> Path:
        """The note's file."""
        return self.path.with_name(f"{self.path.name}.json")

    def is_of(self, state: str) -> bool:
        """Whether the index here was made of datasets in this state."""
        try:
            return self.path.is_file() and json.loads(self.note.read_text(encoding="ascii"))["state"] == state
        except (OSError, ValueError, KeyError, TypeError):
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeIndex:
    """An index that is there now; `summary` is None where one that was there was used again."""

    path: Path
    summary: IndexSummary | None


def databases(config: Config, environ: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """The URLs of both sides' databases. Raises ConfigurationError where one is not configured."""
    legacy, shadow = (_database(config, side, environ) for side in Side)
    return legacy, shadow


def _database(config: Config, side: Side, environ: Mapping[str, str]) -> str:
    environment = config.environments.of(side)
    url = environment.database_url(environ)
    if url is None:
        raise ConfigurationError(
            f"the {side.value} environment has no `database`",
            where=config.where("environments", side.value),
            expected='database = "sqlite:///legacy.sqlite" or another SQLAlchemy URL, on both sides',
            hint="The identity index is made from both databases, which are only read; docs/index.md says how.",
        )
    return url


def identity_index(
    config: Config,
    urls: tuple[str, str],
    place: IndexPlace,
    *,
    key: ProjectKey,
    states: tuple[str, str] | None = None,
    reuse: bool = True,
    statement_seconds: float | None = None,
    rows_per_second: int | None = None,
    progress: Callable[[str, int], None] = lambda _table, _rows: None,
) -> MadeIndex:
    """The index of two databases (legacy's URL, shadow's), made under the key that test processes get (`key.of_probe()`).

    `states` are fingerprints of both datasets' states under `key` where they are known; without them they are looked at here. Limits that are not
    given are those of the configuration. Raises ConfigurationError, InfrastructureError, and UsageError where it cannot be written.
    """
    from runners.identity.building import build_index  # noqa: PLC0415 - the extra may be missing
    from runners.identity.limits import ReadLimits  # noqa: PLC0415 - the same

    coupling = config.coupling
    known = states or tuple(key.fingerprint(data_state(url, base=config.base)) for url in urls)
    state = _state(config, key, known)
    if reuse and place.is_of(state):
        return MadeIndex(path=place.path, summary=None)
    seconds = coupling.statement_timeout if statement_seconds is None else statement_seconds
    limits = ReadLimits(rows_per_second=rows_per_second or coupling.rows_per_second, statement_seconds=max(1, round(seconds)))
    try:
        place.note.unlink(missing_ok=True)
        summary = build_index(
            *urls,
            key=key.of_probe(),
            into=place.path,
            base=config.base,
            add=coupling.entities,
            ignore=coupling.ignore,
            limits=limits,
            progress=progress,
        )
        place.note.write_text(json.dumps({"state": state}) + "\n", encoding="ascii")
    except OSError as error:
        raise UsageError(
            f"the identity index cannot be written: {error.strerror}", where=str(place.path), hint="Give another --workdir, or make room."
        ) from None
    return MadeIndex(path=place.path, summary=summary)


def is_made(config: Config, place: IndexPlace, *, key: ProjectKey, states: tuple[str, str]) -> bool:
    """Whether there is an index of datasets in these states, so that no database has to be read for one."""
    return place.is_of(_state(config, key, states))


def _state(config: Config, key: ProjectKey, known: Sequence[str]) -> str:
    coupling = config.coupling
    return key.fingerprint(json.dumps([_FORMAT, *known, sorted(coupling.entities), sorted(coupling.ignore)]))

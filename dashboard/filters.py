"""What the addresses of lists may ask for, and the addresses of all pages."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final
from urllib.parse import parse_qs, quote, urlencode

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from harness.model import Direction, DivergenceFilter, DivergenceState, PairFilter, Verdict

ANY: Final = "any"
PAGE_SIZE: Final = 100


class Standing(StrEnum):
    """Where a divergence stands, as pages group it: what is reopened is open, too."""

    OPEN = "open"
    REOPENED = "reopened"
    CONVERGED = "converged"
    REMOVED = "removed"
    ANY = "any"

    @property
    def states(self) -> tuple[DivergenceState, ...]:
        """The states it stands for; none for all."""
        if self is Standing.ANY:
            return ()
        return (DivergenceState.OPEN, DivergenceState.REOPENED) if self is Standing.OPEN else (DivergenceState(self.value),)


def _standing(value: object) -> object:
    return Standing.OPEN if value == "" else value


def _verdict(value: object) -> object:
    if value == "":
        return Verdict.DIVERGENT
    return None if value == ANY else value


def _direction(value: object) -> object:
    return None if value in ("", ANY) else value


def _text(value: object) -> object:
    return (value.strip() or None) if isinstance(value, str) else value


def _key(value: object) -> object:
    return value or None


class PairQuery(BaseModel):
    """The query of a list of pairs, checked. An empty value is as if it were not there; `any` lifts the default of `verdict`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    verdict: Annotated[Verdict | None, BeforeValidator(_verdict)] = Verdict.DIVERGENT
    direction: Annotated[Direction | None, BeforeValidator(_direction)] = None
    text: Annotated[Annotated[str, Field(max_length=500)] | None, BeforeValidator(_text)] = None
    cluster: Annotated[Annotated[str, Field(max_length=200)] | None, BeforeValidator(_key)] = None
    after: Annotated[Annotated[str, Field(max_length=10_000)] | None, BeforeValidator(_key)] = None

    @property
    def where(self) -> PairFilter:
        """The conditions as the store takes them."""
        return PairFilter(verdict=self.verdict, direction=self.direction, cluster=self.cluster, text=self.text)


class DivergenceQuery(BaseModel):
    """The query of the list of divergences over the nights, checked. An empty value is as if it were not there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: Annotated[Standing, BeforeValidator(_standing)] = Standing.OPEN
    direction: Annotated[Direction | None, BeforeValidator(_direction)] = None
    text: Annotated[Annotated[str, Field(max_length=500)] | None, BeforeValidator(_text)] = None
    suite: Annotated[Annotated[str, Field(max_length=500)] | None, BeforeValidator(_key)] = None
    cluster: Annotated[Annotated[str, Field(max_length=200)] | None, BeforeValidator(_key)] = None
    after: Annotated[Annotated[str, Field(max_length=10_000)] | None, BeforeValidator(_key)] = None

    @property
    def where(self) -> DivergenceFilter:
        """The conditions as the store takes them."""
        return DivergenceFilter(states=self.state.states, direction=self.direction, cluster=self.cluster, text=self.text, suite=self.suite)

    def url(self, *, after: str | None = None) -> str:
        """The same list, or a page of it."""
        conditions = {"state": self.state, "direction": self.direction, "text": self.text, "suite": self.suite, "cluster": self.cluster}
        query = {name: value for name, value in {**conditions, "after": after}.items() if value}
        return f"/divergences?{urlencode(query, quote_via=quote, errors='replace')}"


def divergences_url(state: Standing = Standing.OPEN, suite: str | None = None) -> str:
    """The list of divergences over the nights."""
    return DivergenceQuery(state=state, suite=suite).url()


def url_of_test(test_id: str, suite: str | None = None) -> str:
    """The page of a test over the nights. Test ids may hold any character, so they travel in the query."""
    query = {"test": test_id} if suite is None else {"test": test_id, "suite": suite}
    return f"/test?{urlencode(query, quote_via=quote, errors='surrogatepass')}"


def only(verdict: Verdict | None, cluster: str | None = None) -> PairFilter:
    """The filter that a link on a count stands for."""
    return PairFilter(verdict=verdict, cluster=cluster)


def run_url(run_id: str) -> str:
    """The page of a run."""
    return f"/runs/{quote(run_id, safe='', errors='replace')}"


def progress_url(run_id: str) -> str:
    """Where the live page asks how far a run is."""
    return f"{run_url(run_id)}/progress"


def runs_url(before: str | None = None) -> str:
    """The list of runs, older than `before`."""
    return "/runs" if before is None else f"/runs?{urlencode({'before': before}, errors='replace')}"


def pair_url(run_id: str, test_id: str) -> str:
    """The page of a pair. The test id may hold any character, so it travels in the query."""
    return f"{run_url(run_id)}/pair?{urlencode({'test': test_id}, quote_via=quote, errors='surrogatepass')}"


def test_of(query: bytes, decoded: str) -> str:
    """The test id in the query of a pair's address, also where it holds a lone surrogate, which the usual decoding (`decoded`) replaces."""
    try:
        values = parse_qs(query.decode("ascii"), errors="surrogatepass", keep_blank_values=True)
    except ValueError:
        return decoded
    return values["test"][-1] if "test" in values else decoded


def pairs_url(run_id: str, where: PairFilter | None = None, after: str | None = None) -> str:
    """The list of a run's pairs under a filter; divergent ones where none is given."""
    where = where or PairFilter(verdict=Verdict.DIVERGENT)
    conditions = {"verdict": where.verdict or ANY, "direction": where.direction, "cluster": where.cluster, "text": where.text, "after": after}
    query = {name: value for name, value in conditions.items() if value}
    return f"{run_url(run_id)}/pairs?{urlencode(query, quote_via=quote, errors='replace')}"

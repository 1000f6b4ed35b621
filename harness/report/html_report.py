"""One self-contained HTML file, to be opened, mailed or kept: nothing is loaded, and it reads without JavaScript."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from harness.model import Outcome, Verdict
from harness.report.couplings import coupling_place, coupling_reasons, coupling_subject, explanation
from harness.report.escaping import shorten, visible, visible_block
from harness.report.findings import (
    BY_URGENCY,
    EFFECTS_UNCHECKED,
    Findings,
    dataset,
    failure_line,
    number,
    period,
    place,
    suite_frames,
    vacuous_pairs,
    vacuous_sentence,
    with_verdict,
)
from harness.report.output import open_report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model import Cluster, Comparison, PairResult, SideResult
    from harness.report.nights import Nights
    from harness.report.output import Destination

MAX_PAIRS: Final = 2_000
"""Pairs that one page shows, over all verdicts, the most urgent first. A browser stays quick with them; report.json has all."""

_MAX_CLUSTERS: Final = 200
_MAX_CLUSTER_TESTS: Final = 20
_MAX_FACTS: Final = 500
_MAX_INTERMITTENT: Final = 200
_MAX_LATENT: Final = 500
_LONGEST: Final = 2_000

_ABOUT: Final = {
    Verdict.DIVERGENT: ("Divergent", "The sides differ. Each of these is to be mended, or accepted by a person."),
    Verdict.INCONCLUSIVE: (
        "Inconclusive",
        "The sides differed and the reruns did not decide, or a side did not run the test. Counts against readiness.",
    ),
    Verdict.FLAKY: ("Flaky", "The sides differed once; reruns spoke against a difference. No divergence, but worth a repair."),
    Verdict.BOTH_FAILING: ("Failing on both sides", "No divergence: the test says nothing about the data until it is mended."),
    Verdict.EQUIVALENT: ("Equivalent", "Both sides agree."),
}


def write_html(comparison: Comparison, path: Destination, *, nights: Nights | None = None) -> None:
    """Write one HTML file of the totals, clusters, differing pairs, parity and infrastructure, and of what a store knows of the `nights`.

    Raises UsageError where it cannot be written.
    """
    findings = Findings.of(comparison)
    anchors = {cluster.id: f"cluster-{index}" for index, cluster in enumerate(comparison.clusters[:_MAX_CLUSTERS], start=1)}
    template = _environment().get_template("report.html.j2")
    with open_report(path, "HTML report") as out:
        for piece in template.generate(
            comparison=comparison,
            findings=findings,
            policy=_policy(),
            style=Markup(_asset("report.css")),  # noqa: S704 - our own file
            script=Markup(_asset("report.js")),  # noqa: S704 - our own file
            bars=_bars(findings),
            clusters=[_cluster(cluster, anchors[cluster.id]) for cluster in comparison.clusters[:_MAX_CLUSTERS]],
            more_clusters=max(0, len(comparison.clusters) - _MAX_CLUSTERS),
            sections=_sections(comparison, findings, anchors),
            shown=min(MAX_PAIRS, findings.totals.tests - findings.totals.equivalent),
            max_facts=_MAX_FACTS,
            latent=comparison.latent[:_MAX_LATENT],
            more_latent=max(0, len(comparison.latent) - _MAX_LATENT),
            vacuous=vacuous_pairs(comparison),
            vacuous_sentence=vacuous_sentence(comparison),
            nights=nights,
            max_intermittent=_MAX_INTERMITTENT,
            datasets=(("legacy", dataset(comparison.legacy)), ("shadow", dataset(comparison.shadow))),
            effects=EFFECTS_UNCHECKED,
        ):
            out.write(piece)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A verdict in the stacked bar: where it starts and how wide it is, in thousandths."""

    verdict: Verdict
    title: str
    about: str
    count: int
    start: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The pairs of one verdict: the first of them and how many there are more."""

    verdict: Verdict
    title: str
    about: str
    total: int
    rows: Iterator[Row]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A pair as the page shows it. `path` is the file part of the test id, `anchor` the cluster on this page."""

    pair: PairResult
    path: str
    name: str
    where: str
    summary: str
    anchor: str
    sides: tuple[SideCard, SideCard]


@dataclass(frozen=True, slots=True, kw_only=True)
class SideCard:
    """One side of a pair: its outcome, and its failure's shape."""

    side: str
    result: SideResult
    outcome: str
    tone: str
    frames: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterCard:
    """A cluster with the first of its tests."""

    cluster: Cluster
    anchor: str
    tests: tuple[str, ...]
    more: int


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # Values reach the page through these, or through a filter below; autoescape does the rest.
    environment.filters["show"] = _shown
    environment.filters["block"] = lambda text: visible_block(shorten(text, _LONGEST))
    environment.filters["spaced"] = lambda word: str(word).replace("_", " ")
    environment.filters["period"] = period
    environment.filters["at"] = coupling_place
    environment.filters["subject"] = coupling_subject
    environment.filters["reasons"] = coupling_reasons
    environment.filters["todo"] = _todo
    environment.filters["block"] = visible_block
    environment.filters["count"] = number
    return environment


def _shown(text: object) -> str:
    return visible(shorten(str(text), _LONGEST))


def _todo(pair: PairResult) -> str:
    """What to do about a pair; empty where that is not known."""
    return next((sentence for sentence in explanation(pair) if sentence.startswith("do: ")), "")


@cache
def _asset(name: str) -> str:
    return files("harness.report").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _policy() -> str:
    """The content security policy: this style, this script, and nothing else."""
    return f"default-src 'none'; style-src {_digest('report.css')}; script-src {_digest('report.js')}; base-uri 'none'; form-action 'none'"


def _digest(name: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(_asset(name).encode()).digest()).decode()}'"


def _bars(findings: Findings) -> tuple[Bar, ...]:
    total = max(1, findings.totals.tests)
    bars, start = [], 0.0
    for verdict in (*BY_URGENCY, Verdict.EQUIVALENT):
        width = 1000 * findings.count(verdict) / total
        title, about = _ABOUT[verdict]
        bars.append(Bar(verdict=verdict, title=title, about=about, count=findings.count(verdict), start=round(start, 2), width=round(width, 2)))
        start += width
    return tuple(bars)


def _cluster(cluster: Cluster, anchor: str) -> ClusterCard:
    return ClusterCard(
        cluster=cluster,
        anchor=anchor,
        tests=cluster.tests[:_MAX_CLUSTER_TESTS],
        more=max(0, len(cluster.tests) - _MAX_CLUSTER_TESTS),
    )


def _sections(comparison: Comparison, findings: Findings, anchors: dict[str, str]) -> Iterator[Section]:
    """A section for each verdict that occurs. Rows are made when the page is written; their bound runs over all sections."""
    room = MAX_PAIRS
    for verdict in BY_URGENCY:
        total = findings.count(verdict)
        if not total:
            continue
        title, about = _ABOUT[verdict]
        shown = min(room, total)
        room -= shown
        rows = (_row(pair, anchors) for pair in islice(with_verdict(comparison, verdict), shown))
        yield Section(verdict=verdict, title=title, about=about, total=total, rows=rows, more=total - shown)


def _row(pair: PairResult, anchors: dict[str, str]) -> Row:
    path, colons, name = pair.test_id.partition("::")
    frame = place(pair.failure)
    return Row(
        pair=pair,
        path=path + colons if colons else "",
        name=name if colons else path,
        where=f"{frame.path}:{frame.line}" if frame else "",
        summary=failure_line(pair.failure) or pair.reason,
        anchor=anchors.get(pair.cluster or "", ""),
        sides=(_side("legacy", pair.legacy), _side("shadow", pair.shadow)),
    )


def _side(side: str, result: SideResult) -> SideCard:
    return SideCard(
        side=side,
        result=result,
        outcome=result.outcome.value if result.outcome else "not run",
        tone=_TONES.get(result.outcome, "bad") if result.outcome else "none",
        frames=tuple(f"{frame.path}:{frame.line} in {frame.function}" for frame in suite_frames(result.failure)),
    )


_TONES: Final = {
    Outcome.PASSED: "good",
    Outcome.XPASSED: "good",
    Outcome.SKIPPED: "none",
    Outcome.XFAILED: "none",
    Outcome.ABSENT: "none",
}

"""Markdown for the summary page of a CI job (`$GITHUB_STEP_SUMMARY`), which refuses anything above 1 MiB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.model import Verdict
from harness.report.couplings import coupling_place, coupling_subject, explanation
from harness.report.escaping import markdown, markdown_code, shorten
from harness.report.findings import (
    BY_URGENCY,
    EFFECTS_UNCHECKED,
    Findings,
    failure_line,
    number,
    period,
    place,
    vacuous_pairs,
    vacuous_sentence,
    with_verdict,
)
from harness.report.output import open_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from harness.model import Cluster, Comparison, Frame, PairResult, SideResult
    from harness.report.nights import Nights
    from harness.report.output import Destination

LIMIT: Final = 1_000_000
"""Bytes of UTF-8, at most. The page takes 1,048,576 of all that a step writes to it."""

# For the headings and the lines that say what was left out, once the rows have used up the rest.
_RESERVE: Final = 8_192
_LONGEST_CELL: Final = 400
_MAX_FACTS: Final = 200
_MAX_WARNINGS: Final = 20
_MAX_CLUSTERS: Final = 200
_MAX_INTERMITTENT: Final = 50
_MAX_VACUOUS: Final = 200
_MAX_LATENT: Final = 200
_MAX_REASONS: Final = 8

_TITLES: Final = {
    Verdict.DIVERGENT: "Divergent",
    Verdict.INCONCLUSIVE: "Inconclusive",
    Verdict.FLAKY: "Flaky",
    Verdict.BOTH_FAILING: "Failing on both sides",
}


def write_markdown(comparison: Comparison, path: Destination, *, nights: Nights | None = None) -> None:
    """Write Markdown of at most `LIMIT` bytes. Rows that do not fit are counted. `nights` is what a store knows besides.

    Raises UsageError where it cannot be written.
    """
    findings = Findings.of(comparison)
    with open_report(path, "Markdown report") as out:
        page = _Page(out)
        for line in _head(comparison, findings):
            page.line(line)
        _infrastructure(page, comparison)
        _parity(page, comparison)
        _clusters(page, comparison)
        if nights is not None:
            _over_nights(page, nights)
        for sentence in comparison.floor.sentences if comparison.floor else ():
            page.line(f"\n{_prose(sentence)}")
        for verdict in BY_URGENCY:
            _pairs(page, comparison, findings, verdict)
        _latent(page, comparison)
        _vacuous(page, comparison)
        page.line(f"\n{EFFECTS_UNCHECKED}")


class _Page:
    """Lines until the limit, then counts."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._left = LIMIT - _RESERVE

    def line(self, text: str) -> None:
        """A line that is always written, out of the reserve if need be."""
        self._left -= self._bytes_of(text)
        self._out.write(text + "\n")

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], total: int, *, most: int | None = None) -> None:
        """A table of finished cells under its title; `total` rows there are, of which at most `most` are shown. None: no section at all."""
        if not total:
            return
        self.line(f"\n## {title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
        shown = 0
        for cells in rows:
            text = f"| {' | '.join(cells)} |"
            if shown == most or self._bytes_of(text) > self._left:
                break
            self.line(text)
            shown += 1
        if shown < total:
            self.line(f"\n**{number(total - shown, 'more row')} left out** to keep within the limits of this page; report.json has them all.")

    @staticmethod
    def _bytes_of(text: str) -> int:
        return len(text.encode("utf-8", "backslashreplace")) + 1


def _head(comparison: Comparison, findings: Findings) -> Iterator[str]:
    run, totals = comparison.run, findings.totals
    yield f"# Shadow comparison: {_prose(run.suite)}\n"
    yield f"**{_prose(findings.headline)}** {_prose(findings.advice)}\n"
    if not findings.bound.holds:
        yield f"> **{findings.bound.label}.** {markdown(findings.bound.reason)}\n"
    elif totals.divergent:
        yield f"{markdown(findings.bound.reason)}\n"
    for warning in comparison.warnings[:_MAX_WARNINGS]:
        yield f"> Warning: {_prose(warning)}\n"
    if len(comparison.warnings) > _MAX_WARNINGS:
        yield f"> and {number(len(comparison.warnings) - _MAX_WARNINGS, 'more warning')}\n"
    yield "| tests | equivalent | divergent | flaky | both failing | inconclusive |"
    yield "|--:|--:|--:|--:|--:|--:|"
    counts = (totals.tests, totals.equivalent, totals.divergent, totals.flaky, totals.both_failing, totals.inconclusive)
    yield f"| {' | '.join(f'{count:,}' for count in counts)} |\n"
    yield f"Run {_code(run.id)}, {period(run)}, {'complete' if run.complete else 'incomplete'}, exit {int(comparison.exit)}."


def _infrastructure(page: _Page, comparison: Comparison) -> None:
    rows = ((fault.side or "", fault.kind.value.replace("_", " "), _prose(fault.message), _prose(fault.hint)) for fault in comparison.infrastructure)
    total = len(comparison.infrastructure)
    page.table("Infrastructure failures", ("side", "kind", "what happened", "what to do"), rows, total, most=_MAX_FACTS)


def _parity(page: _Page, comparison: Comparison) -> None:
    rows = ((_code(fact.name), _value(fact.legacy), _value(fact.shadow)) for fact in comparison.parity)
    page.table("Differences apart from the data", ("fact", "legacy", "shadow"), rows, len(comparison.parity), most=_MAX_FACTS)


def _clusters(page: _Page, comparison: Comparison) -> None:
    rows = ((f"{len(cluster.tests):,}", _prose(cluster.sentence), _failure(cluster), _place(cluster.frame)) for cluster in comparison.clusters)
    columns = ("tests", "what they have in common", "failure", "where")
    page.table("Clusters, each mended by one change", columns, rows, len(comparison.clusters), most=_MAX_CLUSTERS)


def _over_nights(page: _Page, nights: Nights) -> None:
    page.line(f"\n## Over the nights\n\n{nights.sentence}")
    if nights.intermittent:
        page.line(f"\n{nights.bound}")
    rows = ((_code(item.test_id), item.failing.value, f"{item.worse:,}", f"{item.reverse:,}", f"{item.nights:,}") for item in nights.intermittent)
    columns = ("test", "fails more often on", "nights it did worse", "nights the other did", "nights")
    page.table("Divergent now and then", columns, rows, len(nights.intermittent), most=_MAX_INTERMITTENT)


def _pairs(page: _Page, comparison: Comparison, findings: Findings, verdict: Verdict) -> None:
    total = findings.count(verdict)
    rows = (_row(pair) for pair in with_verdict(comparison, verdict))
    page.table(f"{_TITLES[verdict]} ({total:,})", ("test", "legacy", "shadow", "direction", "where", "failure", "why"), rows, total)


def _latent(page: _Page, comparison: Comparison) -> None:
    found = comparison.latent
    rows = ((_code(coupling_place(one)), _code(coupling_subject(one)), _prose(one.sentence)) for one in found)
    page.table(f"Latent couplings ({len(found):,})", ("where", "what", "why it matters"), rows, len(found), most=_MAX_LATENT)


def _vacuous(page: _Page, comparison: Comparison) -> None:
    sentence = vacuous_sentence(comparison)
    if sentence is None:
        return
    found = vacuous_pairs(comparison)
    if not found:
        page.line(f"\n{sentence}")
        return
    rows = ((_code(pair.test_id), _prose("; ".join(reason.sentence for reason in pair.vacuous))) for pair in found)
    page.table(f"Passes that mean less on shadow ({len(found):,})", ("test", "why"), rows, len(found), most=_MAX_VACUOUS)


def _row(pair: PairResult) -> tuple[str, ...]:
    return (
        _code(pair.test_id),
        _outcome(pair.legacy),
        _outcome(pair.shadow),
        pair.direction.value.replace("_", " ") if pair.direction else "",
        _place(place(pair.failure)),
        _code(failure_line(pair.failure)),
        _why(pair),
    )


def _why(pair: PairResult) -> str:
    """Why the verdict, and where couplings are known, what the test depends on and what to do."""
    return " / ".join(map(_prose, (pair.reason, *explanation(pair)[:_MAX_REASONS])))


def _outcome(side: SideResult) -> str:
    return side.outcome.value if side.outcome else "not run"


def _failure(cluster: Cluster) -> str:
    return _code(f"{cluster.exception}: {cluster.template}" if cluster.template else cluster.exception)


def _place(frame: Frame | None) -> str:
    return _code(f"{frame.path}:{frame.line}") if frame else ""


def _value(text: str | None) -> str:
    return "(none)" if text is None else _code(text)


def _code(text: str) -> str:
    return markdown_code(shorten(text, _LONGEST_CELL)) if text else ""


def _prose(text: str) -> str:
    return markdown(shorten(text, _LONGEST_CELL))

"""The summary on the terminal: what happened, what to look at first, where the rest is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from harness.model import Verdict
from harness.report.couplings import coupling_place, coupling_subject, explanation
from harness.report.escaping import shorten, visible
from harness.report.findings import EFFECTS_UNCHECKED, Findings, failure_line, number, outcomes, place, vacuous_pairs, vacuous_sentence, with_verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from harness.model import Cluster, Comparison, Frame, PairResult
    from harness.report.nights import Nights

_MAX_CLUSTERS: Final = 5
_MAX_PAIRS: Final = 10
_MAX_FACTS: Final = 20
_MAX_REASONS: Final = 5
_LONGEST: Final = 400

_STYLES: Final = {
    Verdict.EQUIVALENT: "green",
    Verdict.DIVERGENT: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.FLAKY: "magenta",
    Verdict.BOTH_FAILING: "cyan",
}


def print_summary(comparison: Comparison, console: Console, *, where: Sequence[str] = (), nights: Nights | None = None) -> None:
    """Print what a person acts on. `where` are the caller's lines on the reports and the dashboard; they come last. `nights` is what a store knows.

    Infrastructure failures stand first, with what to do: as long as there are any, the rest is no basis for a decision.
    """
    _Summary(comparison, console, nights).print(where)


class _Summary:
    """The sections in their order. Text of a test process is never read as Rich's markup."""

    def __init__(self, comparison: Comparison, console: Console, nights: Nights | None) -> None:
        self._comparison = comparison
        self._nights = nights
        self._console = console
        self._findings = Findings.of(comparison)

    def print(self, where: Sequence[str]) -> None:
        self._infrastructure()
        self._totals()
        self._clusters()
        self._pairs(Verdict.DIVERGENT, "First divergences")
        self._pairs(Verdict.INCONCLUSIVE, "First undecided tests (they count against readiness)")
        self._latent()
        self._order()
        self._vacuous()
        self._parity()
        self._floor()
        self._over_nights()
        self._line(EFFECTS_UNCHECKED, "dim")
        for line in where:
            self._line(line)

    def _infrastructure(self) -> None:
        faults = self._comparison.infrastructure
        if not faults:
            return
        self._title(f"{number(len(faults), 'infrastructure failure')}: mend this first", "bold red")
        for fault in faults[:_MAX_FACTS]:
            side = f"{fault.side}: " if fault.side and not fault.message.startswith(fault.side) else ""  # most messages begin with it
            self._line(f"{side}{fault.message} [{fault.kind}]", "red", indent=2)
            self._line(f"do: {fault.hint}", indent=4)
        self._more(len(faults) - _MAX_FACTS, "infrastructure failure")
        self._line("")

    def _totals(self) -> None:
        run, findings = self._comparison.run, self._findings
        good = int(self._comparison.exit) == 0
        self._line(f"{run.suite}: {findings.headline}", "bold green" if good else "bold")
        counts = Text("   ").join(
            Text(f"{findings.count(verdict):,} {verdict.value.replace('_', ' ')}", style if findings.count(verdict) else "dim")
            for verdict, style in _STYLES.items()
        )
        self._print(counts, indent=2)
        if findings.totals.divergent:
            self._line(findings.bound.reason, "dim" if findings.bound.holds else "bold yellow", indent=2)
        for warning in self._comparison.warnings[:_MAX_FACTS]:
            self._line(f"warning: {warning}", "yellow", indent=2)
        self._line(findings.advice, indent=2)
        self._line("")

    def _clusters(self) -> None:
        clusters = self._comparison.clusters
        if not clusters:
            return
        self._title(f"{number(len(clusters), 'cluster')}, each mended by one change")
        for cluster in clusters[:_MAX_CLUSTERS]:
            self._cluster(cluster)
        self._more(len(clusters) - _MAX_CLUSTERS, "cluster")
        self._line("")

    def _cluster(self, cluster: Cluster) -> None:
        self._line(cluster.sentence, "bold", indent=2)
        if cluster.template:
            self._line(_first_line(f"{cluster.exception}: {cluster.template}"), "red", indent=4)
        self._line(f"cluster {cluster.id}, first {cluster.tests[0]}", "dim", indent=4)

    def _pairs(self, verdict: Verdict, title: str) -> None:
        total = self._findings.count(verdict)
        if not total:
            return
        self._title(title)
        for pair in _first(with_verdict(self._comparison, verdict)):
            self._pair(pair)
        self._more(total - _MAX_PAIRS, "test")
        self._line("")

    def _pair(self, pair: PairResult) -> None:
        self._line(pair.test_id, "bold", indent=2)
        notes = [outcomes(pair)]
        if pair.confirmed is False:
            notes.append("not confirmed")
        if pair.e_value is not None:
            notes.append(f"e = {pair.e_value:.4g}")
        self._line(", ".join(notes), indent=4)
        self._frame(place(pair.failure))
        if pair.failure:
            self._line(_first_line(failure_line(pair.failure)), "red", indent=4)
        for sentence in explanation(pair)[:_MAX_REASONS]:
            self._line(sentence, indent=4)

    def _latent(self) -> None:
        found = self._comparison.latent
        if not found:
            return
        self._title(f"{number(len(found), 'latent coupling')}: real identifiers in what agrees, or in no test")
        for one in found[:_MAX_PAIRS]:
            self._line(f"{coupling_place(one)}  {coupling_subject(one)}", indent=2)
        self._more(len(found) - _MAX_PAIRS, "latent coupling")
        self._line("")

    def _order(self) -> None:
        found = [pair for pair in self._comparison.remarkable if pair.order]
        if not found:
            return
        self._title(f"{number(len(found), 'test depends', 'tests depend')} on the order of tests")
        for pair in found[:_MAX_PAIRS]:
            self._line(pair.test_id, "bold", indent=2)
            self._line(f"{pair.verdict.value}: {pair.reason}", indent=4)
        self._more(len(found) - _MAX_PAIRS, "test")
        self._line("")

    def _vacuous(self) -> None:
        sentence = vacuous_sentence(self._comparison)
        if sentence is None:
            return
        found = vacuous_pairs(self._comparison)
        if not found:
            self._line(sentence, "dim")
            self._line("")
            return
        self._title(sentence)
        for pair in found[:_MAX_PAIRS]:
            self._line(pair.test_id, "bold", indent=2)
            for reason in pair.vacuous[:_MAX_REASONS]:
                self._line(reason.sentence, "yellow", indent=4)
        self._more(len(found) - _MAX_PAIRS, "test")
        self._line("")

    def _floor(self) -> None:
        if self._comparison.floor is None:
            return
        self._title("Each side against itself")
        for sentence in self._comparison.floor.sentences:
            self._line(sentence, indent=2)
        self._line("")

    def _parity(self) -> None:
        facts = self._comparison.parity
        if not facts:
            return
        self._title("Differences apart from the data, which may be the cause")
        for fact in facts[:_MAX_FACTS]:
            self._line(f"{fact.name}: legacy {_value(fact.legacy)}, shadow {_value(fact.shadow)}", "yellow", indent=2)
        self._more(len(facts) - _MAX_FACTS, "difference")
        self._line("")

    def _over_nights(self) -> None:
        nights = self._nights
        if nights is None:
            return
        self._title("Over the nights")
        self._line(nights.sentence, indent=2)
        if nights.intermittent:
            self._line(f"{number(len(nights.intermittent), 'test diverges', 'tests diverge')} now and then. {nights.bound}", indent=2)
        for item in nights.intermittent[:_MAX_PAIRS]:
            self._line(item.test_id, "bold", indent=4)
            self._line(item.reason, indent=6)
        self._more(len(nights.intermittent) - _MAX_PAIRS, "test")
        self._line("")

    def _frame(self, frame: Frame | None) -> None:
        if frame:
            self._line(f"at {frame.path}:{frame.line} in {frame.function}", indent=4)

    def _more(self, count: int, one: str) -> None:
        if count > 0:
            self._line(f"and {number(count, f'more {one}')}", "dim", indent=2)

    def _title(self, text: str, style: str = "bold underline") -> None:
        self._line(text, style)

    def _line(self, text: str, style: str = "", *, indent: int = 0) -> None:
        """One paragraph; what the terminal's encoding lacks is shown by its escape."""
        plain = shorten(visible(text), _LONGEST).encode(self._console.encoding, "backslashreplace").decode(self._console.encoding)
        self._print(Text(plain, style), indent=indent)

    def _print(self, text: Text, *, indent: int) -> None:
        """Wrapped under its indent."""
        for line in text.wrap(self._console, max(16, self._console.width - indent), overflow="fold"):
            line.rstrip()
            self._console.print(Text(" " * indent) + line, highlight=False, soft_wrap=True)


def _first(pairs: Iterable[PairResult]) -> Iterable[PairResult]:
    return (pair for pair, _ in zip(pairs, range(_MAX_PAIRS), strict=False))


def _value(text: str | None) -> str:
    return "(none)" if text is None else text


def _first_line(text: str) -> str:
    """The first line of a failure; what follows it stands in the reports."""
    first, cut, _ = text.partition("\n")
    return f"{first} ..." if cut else first

"""From what a page shows to its HTML: the one place where Jinja2 is set up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dashboard import filters, words
from dashboard.visible import visible, visible_block, visible_test, visible_text
from harness.model import Direction, Outcome, RunState, Verdict
from harness.report.couplings import coupling_place, coupling_reasons, coupling_subject

if TYPE_CHECKING:
    from harness.model import RunSummary

_TIME = Markup('<time datetime="{}">{}</time>')


class Pages:
    """Renders templates. `title` names the dashboard on every page (a team with several tells them apart by it)."""

    def __init__(self, title: str) -> None:
        self._environment = Environment(
            loader=PackageLoader("dashboard"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._environment.filters.update(
            visible=visible,
            visible_block=visible_block,
            visible_test=visible_test,
            visible_text=visible_text,
            time=time_element,
            spaced=words.spaced,
            explain=words.explain,
            e_value=words.e_value,
            evidence=words.evidence_of,
            test_seconds=words.test_seconds,
            exit_in_words=words.exit_in_words,
        )
        self._environment.globals.update(
            title=title,
            count=words.count,
            took=took,
            run_url=filters.run_url,
            runs_url=filters.runs_url,
            only=filters.only,
            coupling_place=coupling_place,
            coupling_reasons=coupling_reasons,
            coupling_subject=coupling_subject,
            pair_url=filters.pair_url,
            pairs_url=filters.pairs_url,
            divergences_url=filters.divergences_url,
            url_of_test=filters.url_of_test,
            progress_url=filters.progress_url,
            Verdict=Verdict,
            Direction=Direction,
            Outcome=Outcome,
            RunState=RunState,
            Standing=filters.Standing,
        )

    def answer(self, template: str, view: object, *, live: bool = False, status: int = 200) -> HTMLResponse:
        """A page. `live` pages follow a running run: they poll, and without JavaScript reload themselves."""
        return HTMLResponse(self._environment.get_template(template).render(view=view, live=live), status_code=status)


def time_element(moment: datetime) -> Markup:
    """A `<time>` in UTC, to the minute; the attribute holds it exactly."""
    utc = moment.astimezone(UTC)
    return _TIME.format(utc.isoformat(timespec="seconds").replace("+00:00", "Z"), f"{utc:%Y-%m-%d %H:%M} UTC")


def took(run: RunSummary) -> str:
    """How long a run took; empty where its end is not known."""
    return words.duration(run.finished_at - run.started_at) if run.finished_at else ""

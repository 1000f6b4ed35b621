"""What the identity index knows of redacted messages: tokens are told by their content, words that name a record become tokens."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from harness.cli import faults
from harness.cli.project import recorded_id
from harness.evidence import Bundle, ProjectKey, hide, message_fingerprints, phrases, project_key, write_sources
from harness.model import ConfirmPolicy, CouplingKind, DatasetKind, PairFilter, Plan, RunHeader, Shard, Side, SidePlan, SourceEvidence, SuitePlan
from harness.model.coupling import Match, Presence
from harness.pipeline.searching import searched_by_value
from runners.redaction import Redaction

KEY = ProjectKey(b"k" * 32)
NAME = Match(entity="Customer.Name", kind=CouplingKind.NATURAL_KEY, content="name", presence=Presence.LEGACY, density=0.0)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """A run of one test that failed on legacy; what its message says is up to `record`."""
    header = RunHeader(id="20261101T000000Z-0001", suite="s", started_at=datetime(2026, 11, 1, tzinfo=UTC), confirm=ConfirmPolicy())
    sides = tuple(SidePlan(side=side, runner="process", dataset=DatasetKind.SYNTHETIC) for side in Side)
    plan = Plan(
        suite=SuitePlan(name="s", root=tmp_path, command=("pytest",), digest="d"), sides=sides, shards=(Shard(),), confirm=ConfirmPolicy(), seed=1
    )
    with closing(Bundle.create(tmp_path / header.id, header, plan, KEY)) as made:
        return made


def record(bundle: Bundle, message: str, *, template: str | None = None) -> Path:
    """A session with one failure, redacted as a test process does it."""
    redacted, values = Redaction.under(KEY).message(message)
    failure = {"type": "E", "message": redacted, "values": list(values), "phase": "call", "frames": []}
    failure |= {"template": template} if template else {}
    lines = [
        {"e": "header", "schema": "shadow-probe/1"},
        {"e": "collected", "ids": ["t.py::t"]},
        {"e": "collection_finished", "count": 1},
        {"e": "result", "id": "t.py::t", "outcome": "failed", "seconds": 0.1, "failure": failure},
        {"e": "end", "reason": "finished", "exit_status": 1, "guilty": [], "detail": ""},
    ]
    path = bundle.path / "sessions" / "legacy-full-s1of1-n1.jsonl"
    path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines), encoding="ascii")
    return path


def failure_of(bundle: Bundle) -> tuple[str, str]:
    """Message and template of the only failure."""
    (attempt,) = bundle.evidence().legacy.full
    assert attempt.failure is not None
    return attempt.failure.message, attempt.failure.template


def test_a_token_says_what_the_index_knows_of_its_value(bundle: Bundle) -> None:
    record(bundle, "customer Alice Smith has 4711", template="customer <word> has <n>")
    (name,) = [one for one in message_fingerprints(bundle) if one == KEY.of_probe().fingerprint("t:alice smith")]
    assert failure_of(bundle)[0].startswith(f"customer word:{name[:6]} has number:")

    write_sources(bundle, SourceEvidence(values={name: (NAME,)}))

    message, template = failure_of(bundle)
    assert message.startswith(f"customer name:{name[:6]} has number:")
    assert template == "customer <word> has <n>"


def test_words_that_name_a_record_are_taken_out_of_the_session_files(bundle: Bundle) -> None:
    path = record(
        bundle, "service connection closed: owner service 3 is not owner", template="service connection closed: owner service <n> is not owner"
    )
    before = path.read_text(encoding="ascii").splitlines()
    assert {"owner", "service connection", "connection closed"} <= phrases(bundle)
    assert "not" not in phrases(bundle)

    hide(bundle, {"owner": "name:aaaaaa", "service connection": "name:bbbbbb"})

    assert failure_of(bundle) == ("name:bbbbbb closed: name:aaaaaa service 3 is not name:aaaaaa", "<word> closed: <word> service <n> is not <word>")
    after = path.read_text(encoding="ascii").splitlines()
    assert [line for number, line in enumerate(after) if number != 3] == [line for number, line in enumerate(before) if number != 3]


def test_a_bundle_of_an_older_version_is_read_with_its_message_as_template(bundle: Bundle) -> None:
    record(bundle, "closed")
    assert failure_of(bundle) == ("closed", "closed")


def test_a_fault_of_the_harness_shows_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    secret = "Wilhelmina"
    with pytest.raises(LookupError) as caught:
        raise LookupError(f"no row for {secret}") from ValueError(secret)
    faults.show_internal_error(caught.value)
    shown = capsys.readouterr().err
    assert "internal error: LookupError" in shown
    assert "in test_a_fault_of_the_harness_shows_no_values" in shown
    assert secret not in shown


def test_a_person_finds_a_test_by_the_value_that_its_id_had(tmp_path: Path) -> None:
    key = project_key(tmp_path)
    test_id = Redaction.under(key).test_id("t.py::t[alice@example.com]")
    assert recorded_id("t.py::t[alice@example.com]", tmp_path) == recorded_id(test_id, tmp_path) == test_id

    asked: list[PairFilter] = []

    class Store:
        def pairs(self, run_id: str, where: PairFilter) -> str:
            asked.append(where)
            return run_id

    store = searched_by_value(cast("Any", Store()), tmp_path)
    assert store.pairs("run", PairFilter(text="Alice@example.com")) == "run"  # type: ignore[comparison-overlap]  # of the fake above
    assert asked[0].text is not None
    assert asked[0].text in test_id

"""`couplings.json` of a bundle gives back what was written, holds no value, and says where it is damaged."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import BundleError
from harness.evidence import Bundle, ProjectKey, deep_fingerprints, source_evidence, token, write_assertions, write_sources
from harness.model import (
    ConfirmPolicy,
    CouplingKind,
    DatasetKind,
    DeepPlace,
    KnownLiteral,
    Plan,
    ReachedLiteral,
    RunHeader,
    Shard,
    Side,
    SidePlan,
    SourceEvidence,
    SuitePlan,
)
from harness.model.assertion import Ask, Sketch
from harness.model.coupling import LiteralForm, LiteralSource, Match, Presence

MATCHES = st.builds(
    Match,
    entity=st.sampled_from(["customers.email", "shop.orders.order_id"]),
    kind=st.sampled_from([CouplingKind.IDENTIFIER, CouplingKind.NATURAL_KEY]),
    content=st.sampled_from(["email", "number"]),
    presence=st.sampled_from(Presence),
    density=st.floats(0, 1),
)
FINGERPRINTS = st.text("0123456789abcdef", min_size=12, max_size=12)
LITERALS = st.builds(
    KnownLiteral,
    path=st.sampled_from(["suite/a.py", "suite/ü b.json"]),
    line=st.integers(1, 10**6),
    column=st.integers(1, 500),
    form=st.sampled_from(LiteralForm),
    token=st.sampled_from(["email:7f3a91", "number:02bd44"]),
    fingerprints=st.lists(FINGERPRINTS, max_size=2).map(tuple),
    matches=st.lists(MATCHES, max_size=3).map(tuple),
    name=st.none() | st.just("CUSTOMER_ID"),
)
IDS = st.text(min_size=1, max_size=20)


@st.composite
def evidences(draw: st.DrawFn) -> SourceEvidence:
    literals = draw(st.lists(LITERALS, min_size=1, max_size=5).map(tuple))
    reached = st.lists(
        st.builds(ReachedLiteral, literal=st.integers(0, len(literals) - 1), source=st.sampled_from(LiteralSource), distance=st.integers(0, 9)),
        max_size=4,
    ).map(tuple)
    return SourceEvidence(
        literals=literals,
        reached=draw(st.dictionaries(IDS, reached, max_size=4)),
        everywhere=draw(reached),
        values=draw(st.dictionaries(FINGERPRINTS, st.lists(MATCHES, min_size=1, max_size=2).map(tuple), max_size=3)),
        unavailable=draw(st.sampled_from(["", "the extra is not installed"])),
    )


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    header = RunHeader(id="run", suite="s", started_at=datetime(2026, 11, 1, tzinfo=UTC), confirm=ConfirmPolicy())
    sides = tuple(SidePlan(side=side, runner="process", dataset=DatasetKind.SYNTHETIC) for side in Side)
    plan = Plan(suite=SuitePlan(name="s", root=tmp_path, command=("pytest",)), sides=sides, shards=(Shard(),), confirm=ConfirmPolicy(), seed=1)
    made = Bundle.create(tmp_path / "run", header, plan, ProjectKey(b"k" * 32))
    made.close()
    return made


@given(evidences())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_what_is_read_is_what_was_written(bundle: Bundle, evidence: SourceEvidence) -> None:
    write_sources(bundle, evidence)
    assert source_evidence(bundle) == evidence
    assert bundle.evidence().sources == evidence


def test_a_bundle_without_it_has_none(bundle: Bundle) -> None:
    assert source_evidence(bundle) is None
    assert bundle.evidence().sources is None
    assert bundle.evidence().assertions == {}


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"schema": "shadow-couplings/2"}', '{"schema": "shadow-couplings/1"}', '{"schema": "shadow-couplings/1", "matches": [[1]]}'],
)
def test_damage_is_named(bundle: Bundle, text: str) -> None:
    (bundle.path / "couplings.json").write_text(text)
    with pytest.raises(BundleError, match=r"couplings\.json"):
        source_evidence(bundle)


def test_a_number_of_no_literal_is_damage(bundle: Bundle) -> None:
    write_sources(bundle, SourceEvidence(literals=(), reached={}))
    content = json.loads((bundle.path / "couplings.json").read_text())
    (bundle.path / "couplings.json").write_text(json.dumps({**content, "everywhere": [[3, 0, 0]]}))
    with pytest.raises(BundleError):
        source_evidence(bundle)


def test_fingerprints_come_from_the_deep_records_of_fresh_pairs(bundle: Bundle) -> None:
    deep = '{"e":"deep","id":"t","statements":[{"sql":"?","parameters":[{"type":"int","fingerprints":["0123456789ab","ba9876543210"]}]}]}\n'
    (bundle.path / "sessions" / "legacy-pair01-s1of1-n1.jsonl").write_text(deep + '{"e":"result","id":"aaaaaaaaaaaa"}\n')
    (bundle.path / "sessions" / "legacy-full-s1of1-n1.jsonl").write_text(deep.replace("0123456789ab", "cccccccccccc"))
    assert deep_fingerprints(bundle) == {"0123456789ab", "ba9876543210"}


def test_sketches_of_assertions_are_kept(bundle: Bundle) -> None:
    place = DeepPlace(path="suite/a.py", line=3)
    sketch = Sketch(
        place=place, lines=(place,), names=("State",), positions=(2,), asks=frozenset({Ask.NONE}), asked_of=((Ask.NONE, "State"),), whole=True
    )
    write_assertions(bundle, {"suite/a.py::t": sketch})
    assert bundle.evidence().assertions == {"suite/a.py::t": sketch}


def test_a_token_is_the_kind_of_content_and_six_digits() -> None:
    assert token("email", "7f3a91b2c3d4") == "email:7f3a91"

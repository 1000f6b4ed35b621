"""Suites with known answers: labelled literals are reached, the index knows them as legacy's own, what only looks like one stays behind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compare.identity.base_rate import stands_alone
from compare.identity.matching import hits
from harness.evidence.key import ProjectKey
from harness.model.coupling import Hit, LiteralSource, Presence
from runners.identity.building import build_index
from runners.identity.index import open_index
from runners.literals.suite import SuiteLiterals, scan_suite

ROOT = Path(__file__).resolve().parents[2]
KEY = ProjectKey(b"k" * 32)
FOLDERS = {"sample": ROOT / "compose/demo", "chinook": ROOT.parent / "shared/bench/chinook"}


@dataclass(frozen=True)
class Known:
    """A suite, its labels, and what the index says of each of its tests."""

    suite: SuiteLiterals
    tests: dict[str, dict[str, Any]]
    decoys: list[tuple[str, int]]
    hits: dict[str, tuple[Hit, ...]]


@pytest.fixture(scope="module", params=sorted(FOLDERS))
def known(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Known:
    folder = FOLDERS[request.param]
    if not (folder / "truth.json").exists():
        pytest.skip(f"{folder.name} is not here")
    truth = json.loads((folder / "truth.json").read_text())
    suite = scan_suite(folder)
    index = tmp_path_factory.mktemp("index") / "index"
    build_index("sqlite:///legacy.sqlite", "sqlite:///shadow.sqlite", key=KEY, into=index, base=folder)
    with open_index(index, KEY) as opened:
        found = {}
        for test_id in truth["tests"]:
            reached = suite.literals_of(test_id)
            found[test_id] = hits(reached, opened.lookup([one.literal.value for one in reached]))
    return Known(suite=suite, tests=truth["tests"], decoys=[(path, line) for path, line in truth["decoys"]], hits=found)


def of_kind(known: Known, *kinds: str) -> dict[str, dict[str, Any]]:
    return {test: label for test, label in known.tests.items() if label["coupling"].replace("-", "_") in kinds}


def near(hit: Hit, places: list[list[Any]]) -> bool:
    return any(hit.reached.literal.path == path and abs(hit.reached.literal.line - line) <= 1 for path, line in places)


def test_every_labelled_literal_is_reached(known: Known) -> None:
    missed = []
    for test_id, label in of_kind(known, "identifier", "natural_key", "latent").items():
        reached = known.suite.literals_of(test_id)
        if not any((one.literal.path, one.literal.line) in {tuple(place) for place in label["at"]} for one in reached):
            missed.append(test_id)
    assert missed == []


def test_the_index_knows_them_as_the_production_copys_own(known: Known) -> None:
    missed = [
        test_id
        for test_id, label in of_kind(known, "identifier", "natural_key").items()
        if not any(hit.match.entity == label["entity"] and near(hit, label["at"]) for hit in known.hits[test_id])
    ]
    assert missed == []
    assert all(hit.match.presence is Presence.LEGACY for found in known.hits.values() for hit in found)


def test_every_latent_place_is_found(known: Known) -> None:
    missed = []
    for test_id, label in of_kind(known, "latent").items():
        places = {(hit.reached.literal.path, hit.reached.literal.line) for hit in known.hits[test_id] if stands_alone(hit.match)}
        missed += [(test_id, place) for place in label["at"] if tuple(place) not in places]
    assert missed == []


def test_nothing_stands_alone_that_is_not_labelled(known: Known) -> None:
    wrong = []
    for test_id, found in known.hits.items():
        label = known.tests[test_id]
        wrong += [(test_id, hit.match.entity) for hit in found if stands_alone(hit.match) and not near(hit, label["at"])]
    assert wrong == []


def test_no_decoy_stands_alone(known: Known) -> None:
    standing = {(hit.reached.literal.path, hit.reached.literal.line) for found in known.hits.values() for hit in found if stands_alone(hit.match)}
    assert standing.isdisjoint(known.decoys)


def test_cases_are_told_apart(known: Known) -> None:
    """Of a parametrised test, the values of one id are not those of another."""
    by_function: dict[str, list[set[object]]] = {}
    for test_id in of_kind(known, "identifier"):
        if "[" in test_id:
            cases = {
                one.literal.value for one in known.suite.literals_of(test_id) if one.source in {LiteralSource.PARAMETRIZE, LiteralSource.DATA_FILE}
            }
            by_function.setdefault(test_id.partition("[")[0], []).append(cases)
    assert by_function
    for cases in by_function.values():
        assert len({frozenset(case) for case in cases}) == len(cases)

"""The reports of hand-made comparisons are those of the goldens, and report.json keeps its contract."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model import (
    Comparison,
    Outcome,
    PairResult,
    Remedy,
    SideResult,
    Totals,
    Verdict,
)
from harness.report import json_report, published_schema
from tests.goldens.report.hand_made import GOLDENS, SAMPLES, WRITERS, divergent, failure, rendered, sample

DOCUMENT = Path(__file__).parents[2] / "docs" / "report.md"


def parsed(comparison: Comparison, tmp_path: Path) -> dict[str, Any]:
    return json.loads(rendered("report.json", comparison, tmp_path))


@pytest.mark.parametrize("which", SAMPLES)
@pytest.mark.parametrize("name", [*WRITERS, "terminal.txt"])
def test_reports_are_those_of_the_goldens(name: str, which: str, tmp_path: Path) -> None:
    assert rendered(name, SAMPLES[which](), tmp_path) == (GOLDENS / which / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("which", SAMPLES)
def test_json_validates_against_the_published_schema(which: str, tmp_path: Path) -> None:
    schema = published_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(parsed(SAMPLES[which](), tmp_path), schema, cls=jsonschema.Draft202012Validator)


def test_json_totals_are_a_count_over_its_tests(tmp_path: Path) -> None:
    report = parsed(replace(sample(), totals=Totals(tests=99)), tmp_path)
    counts = Counter(test["verdict"] for test in report["tests"])
    assert report["totals"] == {
        "tests": 12,
        **{verdict: counts[verdict] for verdict in ("equivalent", "divergent", "flaky", "both_failing", "inconclusive")},
        "vacuous": 0,
        "vacuous_checked": 0,
    }


def test_json_holds_every_test_once(tmp_path: Path) -> None:
    known = sample()
    assert [test["id"] for test in parsed(known, tmp_path)["tests"]] == [pair.test_id for pair in known.pairs]


def test_json_has_every_key_of_the_contract(tmp_path: Path) -> None:
    report = parsed(sample(), tmp_path)
    assert {"schema", "run", "totals", "tests", "latent", "clusters", "effects", "safety"} <= report.keys()
    assert {"id", "suite", "started_at", "finished_at", "complete", "exit", "parity", "legacy", "shadow"} <= report["run"].keys()
    test = report["tests"][2]
    assert {"outcome", "attempts", "failed", "seconds"} <= test["legacy"].keys() & test["shadow"].keys()
    assert test["failure"] == {
        "type": "NoResultFound",
        "message": "No row was found when one was required",
        "fingerprint": "8f1d2c3b4a596877",
        "side": "shadow",
    }
    assert (test["verdict"], test["confirmed"], test["direction"], test["cause"]) == ("divergent", True, "legacy_only_pass", "unknown")
    assert (test["couplings"], test["remedy"], test["cluster"]) == ([], "none", "9c1e00aa71b2")


def test_json_says_that_no_bound_holds_where_a_divergence_is_unconfirmed(tmp_path: Path) -> None:
    bound = parsed(sample(), tmp_path)["run"]["error_bound"]
    assert bound["holds"] is False
    assert bound["reason"].startswith("No error bound holds: 1 of 6 divergences was not confirmed")
    pairs = tuple(replace(pair, confirmed=True) if pair.verdict is Verdict.DIVERGENT else pair for pair in sample().pairs)
    assert parsed(replace(sample(), pairs=pairs), tmp_path)["run"]["error_bound"]["holds"] is True


def test_json_does_not_claim_that_side_effects_were_checked(tmp_path: Path) -> None:
    safety = parsed(sample(), tmp_path)["safety"]
    assert safety == {"effects": "not_checked", "legacy_dataset": "production_copy", "shadow_dataset": "synthetic"}


def test_json_names_no_place_outside_the_suite(tmp_path: Path) -> None:
    outside = failure(
        "E", "", ("/usr/lib/python3/x.py", 1, "f"), ("C:/x.py", 1, "f"), ("../x.py", 1, "f"), ("suite/a.py", 0, "f"), ("..a/b.py", 3, "f")
    )
    known = replace(sample(), pairs=(divergent("suite/a.py::t", outside, None),), clusters=())
    report = parsed(known, tmp_path)
    assert [frame["path"] for frame in report["tests"][0]["shadow"]["failure"]["frames"]] == ["..a/b.py"]
    jsonschema.validate(report, published_schema())


@pytest.mark.parametrize(
    ("where", "wrong"),
    [
        (("tests", 0, "verdict"), "maybe"),
        (("tests", 2, "confirmed"), None),
        (("tests", 0, "confirmed"), True),
        (("tests", 2, "direction"), "sideways"),
        (("tests", 2, "shadow", "failure", "frames", 0, "path"), "/etc/passwd"),
        (("tests", 2, "shadow", "failure", "frames", 0, "line"), 0),
        (("run", "started_at"), "yesterday"),
        (("schema",), "shadow-report/2"),
        (("clusters", 0, "tests"), None),
    ],
)
def test_schema_refuses_what_the_contract_forbids(where: tuple[str | int, ...], wrong: object, tmp_path: Path) -> None:
    report = parsed(sample(), tmp_path)
    target: Any = report
    for key in where[:-1]:
        target = target[key]
    target[where[-1]] = wrong
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, published_schema())


def test_every_key_of_the_schema_is_documented() -> None:
    section = DOCUMENT.read_text(encoding="utf-8").partition("\n## report.json\n")[2].partition("\n## ")[0]
    documented = set(re.findall(r"^\| `([^`]+)` \|", section, flags=re.MULTILINE))
    assert documented == set(_keys(published_schema(), published_schema()["$defs"], ""))


def _keys(schema: dict[str, Any], definitions: dict[str, Any], prefix: str) -> list[str]:
    if "$ref" in schema:
        return _keys(definitions[schema["$ref"].rpartition("/")[2]], definitions, prefix)
    found = [key for option in schema.get("oneOf", []) for key in _keys(option, definitions, prefix)]
    if "items" in schema:
        found += _keys(schema["items"], definitions, f"{prefix}[]")
    for name, child in schema.get("properties", {}).items():
        path = f"{prefix}.{name}" if prefix else name
        found += [path, *_keys(child, definitions, path)]
    return found


@given(
    st.sampled_from([*Outcome, None]),
    st.floats(min_value=0, allow_infinity=True) | st.none() | st.just(float("nan")),
    st.text(max_size=20),
    st.sampled_from(Remedy),
    st.booleans(),
)
def test_a_plain_test_is_written_as_any_other(outcome: Outcome | None, seconds: float | None, name: str, remedy: Remedy, confirmed: bool) -> None:  # noqa: FBT001
    side = SideResult(outcome=outcome, attempts=2, failed=1, seconds=seconds)
    pair = PairResult(
        test_id=f"t::{name}",
        legacy=side,
        shadow=replace(side, attempts=1),
        verdict=Verdict.EQUIVALENT,
        reason=name,
        remedy=remedy,
        confirmed=confirmed or None,
    )

    assert json_report._test_line(pair) == json_report._encode(json_report._test(pair))

"""The sample in compose/demo: its rows can be made again, and its labels are true."""

from __future__ import annotations

import gzip
import json
import os
import re
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

DEMO = Path(__file__).parents[2] / "compose" / "demo"
SIDES = ("legacy", "shadow")
TABLES = ("currencies", "customers", "accounts", "transactions", "statements")
TRUTH = json.loads((DEMO / "truth.json").read_text(encoding="utf-8"))
LABELS: dict[str, dict[str, Any]] = TRUTH["tests"]
PATTERNS = {"null", "fan_out", "cardinality", "ordering", "time_window", "value_set", "aggregate", "format"}
WORDS = {"PASSED": "passed", "FAILED": "failed", "ERROR": "error", "SKIPPED": "skipped", "XFAIL": "xfailed", "XPASS": "xpassed"}
NATURAL_KEYS = ("customers.email", "customers.phone", "accounts.iban", "statements.number")

Outcomes = dict[str, dict[str, str]]


def query(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute(sql).fetchall()


def value(side: str, sql: str) -> Any:
    return query(DEMO / f"{side}.sqlite", sql)[0][0]


def column(side: str, entity: str) -> set[str]:
    table, name = entity.split(".")
    return {str(row[0]) for row in query(DEMO / f"{side}.sqlite", f"SELECT {name} FROM {table} WHERE {name} IS NOT NULL")}


def squeezed(text: str) -> str:
    return re.sub(r'[\s"+]', "", text).casefold()


def line_at(place: list[Any]) -> str:
    path, number = place
    return str((DEMO / path).read_text(encoding="utf-8").splitlines()[number - 1])


def configured(side: str, what: str) -> dict[str, str]:
    config = tomllib.loads((DEMO / "shadow.toml").read_text(encoding="utf-8"))
    return dict(config["environments"][side][what])


def undisturbed() -> dict[str, str]:
    """Return this machine's variables without what would change the sample's outcomes."""
    dropped = ("PYTEST_", "DATABASE_URL", "STATEMENTS_ENABLED", "SMOKE_CUSTOMER", "LEDGER_", "COV_")
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(dropped)}
    quiet = {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "200", "NO_COLOR": "1"}
    return inherited | quiet


def state_of_files() -> dict[str, tuple[int, int]]:
    files = (path for path in DEMO.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def run_suite(*, data: str, settings: str) -> dict[str, str]:
    """Run the sample's suite on one side's data, under one side's settings, and return each test's outcome."""
    variables = undisturbed() | configured(data, "data") | configured(settings, "settings")
    command = [sys.executable, "-m", "pytest", "-v", "--tb=no", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=DEMO, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    found = re.findall(rf"^(suite/\S+::.*?) ({'|'.join(WORDS)})\b", done.stdout, re.MULTILINE)
    return {ident: WORDS[word] for ident, word in found}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    command = [sys.executable, "-B", str(DEMO / "simulate.py"), "--out", str(folder), "--sql", str(folder)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    before = state_of_files()
    found = {side: run_suite(data=side, settings=side) for side in SIDES}
    assert state_of_files() == before, "the suite wrote into its own folder"
    return found


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("side", SIDES)
def test_simulation_makes_the_committed_rows_again(made: Path, side: str, table: str) -> None:
    every = f"SELECT * FROM {table} ORDER BY 1"
    rows = query(DEMO / f"{side}.sqlite", every)
    assert rows
    assert query(made / f"{side}.sqlite", every) == rows


@pytest.mark.parametrize("side", SIDES)
def test_dumps_for_postgresql_hold_the_same_rows(made: Path, side: str) -> None:
    committed = gzip.decompress((DEMO / "compose" / f"{side}.sql.gz").read_bytes()).decode()
    assert gzip.decompress((made / f"{side}.sql.gz").read_bytes()).decode() == committed
    copied = [line for line in committed.splitlines() if re.match(r"\d+\t", line)]
    assert len(copied) == sum(value(side, f"SELECT count(*) FROM {table}") for table in TABLES[1:])


def test_data_files_are_small() -> None:
    assert all((DEMO / f"{side}.sqlite").stat().st_size < 700_000 for side in SIDES)
    assert all((DEMO / "compose" / f"{side}.sql.gz").stat().st_size < 300_000 for side in SIDES)


@pytest.mark.parametrize(
    ("oddity", "legacy", "shadow"),
    [
        ("SELECT count(*) > 0 FROM customers WHERE phone IS NULL", 1, 0),
        ("SELECT count(*) > 0 FROM transactions WHERE reference IS NULL", 1, 0),
        ("SELECT count(*) FROM customers WHERE status = 'churned' AND deleted_at IS NULL", 1, 0),
        ("SELECT max(n) > 2000 FROM (SELECT count(*) n FROM transactions GROUP BY account_id)", 1, 0),
        ("SELECT sum(n = 1) > 60 FROM (SELECT count(*) n FROM transactions GROUP BY account_id)", 1, 0),
        ("SELECT count(*) > 0 FROM transactions WHERE booked_at LIKE '2014-%'", 1, 0),
        ("SELECT count(*) > 0 FROM accounts WHERE currency = 'JPY'", 1, 0),
        ("SELECT count(*) > 0 FROM accounts WHERE iban LIKE '% %'", 1, 0),
        ("SELECT count(*) > 0 FROM transactions WHERE kind = 'chargeback'", 1, 0),
        ("SELECT count(*) > 0 FROM (SELECT 1 FROM transactions GROUP BY account_id HAVING sum(amount_cents) < 0)", 1, 0),
        ("SELECT count(*) FROM customers", 120, 120),
    ],
)
def test_oddities_are_on_legacy_only(oddity: str, legacy: int, shadow: int) -> None:
    assert (value("legacy", oddity), value("shadow", oddity)) == (legacy, shadow)


def test_names_outside_ascii_are_on_legacy_only() -> None:
    assert not all(name.isascii() for name in column("legacy", "customers.full_name"))
    assert all(name.isascii() for name in column("shadow", "customers.full_name"))


def test_forty_five_days_were_simulated() -> None:
    days = "SELECT count(DISTINCT date(booked_at)) FROM transactions WHERE kind = 'card'"
    assert value("legacy", days) == 45


@pytest.mark.parametrize("side", SIDES)
def test_people_are_invented(side: str) -> None:
    assert all(re.search(r"@([a-z.]+\.)?(test|invalid)$", email) for email in column(side, "customers.email"))
    fictitious = r"\+44 7700 900\d{3}|\+1 \d{3} 555 01\d\d"
    assert all(re.fullmatch(fictitious, phone) for phone in column(side, "customers.phone"))
    assert all(squeezed(iban)[4:8] == "demo" for iban in column(side, "accounts.iban"))


def test_sides_share_no_identifier() -> None:
    keys = ("customers.customer_id", "accounts.account_id", "transactions.transaction_id", "statements.statement_id")
    assert all(not column("legacy", key) & column("shadow", key) for key in (*keys, *NATURAL_KEYS))


def test_every_collected_test_is_labelled(outcomes: Outcomes) -> None:
    assert outcomes["legacy"].keys() | outcomes["shadow"].keys() == LABELS.keys()
    assert len(LABELS) >= 60


@pytest.mark.parametrize("side", SIDES)
def test_outcomes_are_those_of_the_labels(outcomes: Outcomes, side: str) -> None:
    steady = {ident: label["outcomes"][side] for ident, label in LABELS.items() if label["verdict"] != "flaky"}
    assert {ident: outcomes[side].get(ident, "absent") for ident in steady} == steady


def test_settings_are_the_only_cause_of_environment_differences() -> None:
    found = run_suite(data="shadow", settings="legacy")
    caused = {ident for ident, label in LABELS.items() if label["remedy"] == ["fix_environment"]}
    changed = {ident for ident, label in LABELS.items() if label["outcomes"] and found.get(ident, "absent") != label["outcomes"]["shadow"]}
    assert changed == caused
    assert {found[ident] for ident in caused} == {"passed"}


def test_verdicts_follow_from_the_outcomes() -> None:
    failing = {"failed", "error"}
    for ident, label in LABELS.items():
        if label["outcomes"] is None:
            assert label["verdict"] == "flaky", ident
            continue
        legacy, shadow = label["outcomes"]["legacy"], label["outcomes"]["shadow"]
        expected = "divergent" if legacy != shadow else "both_failing" if legacy in failing else "equivalent"
        assert label["verdict"] == expected, ident
        assert ("direction" in label) == (expected == "divergent"), ident


def test_every_kind_occurs() -> None:
    labels = LABELS.values()
    assert {label["coupling"] for label in labels} == {"identifier", "natural_key", "pattern", "latent", "none"}
    assert {label["pattern"] for label in labels if "pattern" in label} == PATTERNS
    assert {label["verdict"] for label in labels} == {"equivalent", "divergent", "flaky", "both_failing"}
    seen = {outcome for label in labels if label["outcomes"] for outcome in label["outcomes"].values()}
    assert seen == {*WORDS.values(), "absent"}
    directions = {label["direction"] for label in labels if "direction" in label}
    collected = {"legacy_only_collected", "shadow_only_collected", "skip_mismatch"}
    assert directions == {"legacy_only_pass", "shadow_only_pass"} | collected


def written_out(label: dict[str, Any]) -> bool:
    """Tell whether a label's identifier stands in a file, and not only in the name of a collected test."""
    return label["coupling"] in {"identifier", "natural_key", "latent"} and label.get("direction") != "legacy_only_collected"


@pytest.mark.parametrize("ident", [ident for ident, label in LABELS.items() if written_out(label)])
def test_labelled_line_holds_a_legacy_identifier(ident: str) -> None:
    label = LABELS[ident]
    legacy = {squeezed(text) for text in column("legacy", label["entity"])}
    shadow = {squeezed(text) for text in column("shadow", label["entity"])}
    lines = [squeezed(line_at(place)) for place in label["at"]]
    held = {text for text in legacy for line in lines if text in line}
    assert held
    assert not held & shadow


def test_no_natural_key_is_left_without_a_label() -> None:
    labelled = {(path, number) for label in LABELS.values() for path, number in label["at"]}
    known = {squeezed(text) for entity in NATURAL_KEYS for text in column("legacy", entity)}
    for path in sorted((DEMO / "suite").rglob("*.*")):
        if path.suffix in {".py", ".json", ".csv"}:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if any(text in squeezed(line) for text in known):
                    assert (path.relative_to(DEMO).as_posix(), number) in labelled, f"{path.name}:{number}"


def test_decoys_are_no_couplings() -> None:
    labelled = {(path, number) for label in LABELS.values() for path, number in label["at"]}
    assert TRUTH["decoys"]
    assert all(line_at(place).strip() for place in TRUTH["decoys"])
    assert not {(path, number) for path, number in TRUTH["decoys"]} & labelled


def test_both_configurations_run_the_same_suite() -> None:
    process, docker = (tomllib.loads((DEMO / name).read_text(encoding="utf-8")) for name in ("shadow.toml", "shadow.docker.toml"))
    assert process["suite"] == docker["suite"]
    for side in SIDES:
        there, here = docker["environments"][side], process["environments"][side]
        assert (here["runner"], there["runner"]) == ("process", "docker")
        assert here["settings"] == there["settings"]
        assert here["dataset"] == there["dataset"]
        assert all((DEMO / path).is_file() for path in (*there["compose"], there["build"]))
    assert process["environments"]["legacy"]["dataset"]["kind"] == "simulated"

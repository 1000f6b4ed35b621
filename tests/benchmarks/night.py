"""What a whole night costs beside a plain dual run of the same suite.

python -m tests.benchmarks.night [--tests N] [--work W] [--rounds R] [--folder DIR] [--aa] [--calls] [--nights NAME,...]

Makes a suite of N tests over SQLite (20,000 customers and 60,000 rentals on each side), of which 40 diverge: on ids, emails, constants and data files
of the suite, on what a record of the production copy has, and on a setting; some are flaky. A test takes some 40 ms on an idle core: a hundred
statements, a few of them over a whole table, and the objects and texts that an application makes of rows. `--work` says how often it does most of
that: with 1 it takes 10 to 20 ms. With `--calls` most of that time goes into calls of Python functions outside the suite, ten thousand each
time (JSON written by the standard library's Python code): the worst there is for the deep probe on versions of Python before 3.12, where every call
costs, and five times a test without it.

A round measures, one after the other, each in a work directory of its own:

- dual: a plain dual run, `shadow run --no-confirm --no-couplings`
- night: a night as it is by default, which finds the identity index made
- first_night: the same, and it makes the index

With `--aa` the nights have their A/A run too, which is weekly by default. Prints JSON: medians, and the ratios to the plain dual run, by seconds and
by CPU seconds of all processes. The promise is at most 1.3 for a night.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_BAR = 1.3
_CUSTOMERS = 20_000
_RENTALS = 60_000
_FIRST = {"legacy": 100_000, "shadow": 700_000}
_DIVERGENT = 40
_FLAKY = 4
_TESTS_OF_A_FILE = 50
_COUNTRIES = ("Austria", "Brazil", "Chile", "Denmark", "Estonia", "France", "Ghana", "Hungary")
_NIGHTS = ("night", "first_night")
_RUN = "from harness.cli import main; main()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a command took: seconds, and CPU seconds of it and all processes below it."""

    seconds: float
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, default=5_000)
    parser.add_argument("--work", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nights", default=",".join(_NIGHTS))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--aa", action="store_true")
    parser.add_argument("--calls", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shadow-night-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        write_project(folder, options.tests, work=options.work, calls=options.calls)
        indexed = folder / "indexed"
        _shadow(folder, indexed, "index")
        nights = options.nights.split(",")
        costs: dict[str, list[Cost]] = {name: [] for name in ("dual", *nights)}
        words = ["--aa"] if options.aa else []
        for number in range(options.rounds):
            costs["dual"].append(_run(folder, folder / f"dual-{number}", "--no-confirm", "--no-couplings"))
            for name in nights:
                workdir = folder / f"{name}-{number}"
                if name != "first_night":
                    shutil.copytree(indexed, workdir)
                costs[name].append(_run(folder, workdir, *words))
        seen = _seen(folder / f"{nights[0]}-0")
        print(json.dumps({"tests": options.tests, "work": options.work, "rounds": options.rounds, **_figures(costs), **seen}, indent=1))


def _figures(costs: dict[str, list[Cost]]) -> dict[str, object]:
    figures: dict[str, object] = {}
    for name, every in costs.items():
        figures[f"{name}_seconds"] = round(statistics.median(one.seconds for one in every), 1)
        figures[f"{name}_cpu_seconds"] = round(statistics.median(one.cpu for one in every), 1)
    for name in (one for one in costs if one != "dual"):
        for what in ("seconds", "cpu"):
            ratios = [getattr(one, what) / getattr(dual, what) for one, dual in zip(costs[name], costs["dual"], strict=True)]
            figures[f"{name}_ratio_{what}"] = round(statistics.median(ratios), 3)
    if "night" in costs:
        figures["kept"] = figures["night_ratio_seconds"] <= _BAR  # type: ignore[operator]  # it is a number
    return figures


def _seen(workdir: Path) -> dict[str, object]:
    """What a night found, so that a cheap one that found nothing is not mistaken for a good one."""
    report = json.loads((workdir / "report.json").read_text(encoding="utf-8"))
    divergent = [test for test in report["tests"] if test["verdict"] == "divergent"]
    return {
        "totals": report["totals"],
        "causes": Counter(test["cause"] for test in divergent),
        "remedies": Counter(test["remedy"] for test in divergent),
        "strengths": Counter(one["strength"] for test in divergent for one in test["couplings"]),
        "experiments": Counter(f"{one['kind']}: {one['outcome'] or one['obstacle']}" for test in divergent for one in test.get("experiments") or ()),
    }


def _run(folder: Path, workdir: Path, *words: str) -> Cost:
    return _shadow(folder, workdir, "run", "--json", str(workdir / "report.json"), *words)


def _shadow(folder: Path, workdir: Path, *words: str) -> Cost:
    """Carry a command out and say what it took. A run with divergences ends with 1."""
    workdir.mkdir(exist_ok=True)
    name, *rest = words
    command = [sys.executable, "-c", _RUN, name, "--config", str(folder / "shadow.toml"), "--workdir", str(workdir), *rest]
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    environ = {**os.environ, "PATH": path, "PYTHONPATH": str(_ROOT)}
    begun, before = time.monotonic(), os.times()
    with (workdir / "log").open("w") as log:
        ended = subprocess.run(command, env=environ, stdout=log, stderr=log, check=False)
    seconds, after = time.monotonic() - begun, os.times()
    if ended.returncode not in {0, 1}:
        raise SystemExit((workdir / "log").read_text(encoding="utf-8"))
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"{workdir.name}: {seconds:.1f} s, {cpu:.1f} CPU s", file=sys.stderr)
    return Cost(seconds=seconds, cpu=cpu)


# The project ----------------------------------------------------------------------------------------------------------------------------------


def write_project(folder: Path, tests: int, *, work: int, calls: bool) -> None:
    """The suite, both databases and the configuration."""
    for side, first in _FIRST.items():
        _write_database(folder / f"{side}.sqlite", side, first)
    suite = folder / "suite"
    (suite / "shop").mkdir(parents=True, exist_ok=True)
    (suite / "tests" / "data").mkdir(parents=True, exist_ok=True)
    (suite / "pytest.ini").write_text("[pytest]\npythonpath = .\ntestpaths = tests\n", encoding="utf-8")
    (suite / "shop" / "__init__.py").write_text("", encoding="utf-8")
    (suite / "shop" / "store.py").write_text(_SHOP.replace("_WORK", _CALLS if calls else _STATEMENTS), encoding="utf-8")
    (suite / "tests" / "conftest.py").write_text(_CONFTEST, encoding="utf-8")
    (suite / "tests" / "constants.py").write_text(f"LOYAL_CUSTOMER_ID = {_FIRST['legacy'] + 1234}\n", encoding="utf-8")
    bodies = _bodies(suite, tests, work)
    for number in range(0, len(bodies), _TESTS_OF_A_FILE):
        text = _HEAD + "\n\n".join(bodies[number : number + _TESTS_OF_A_FILE])
        (suite / "tests" / f"test_module_{number // _TESTS_OF_A_FILE:03d}.py").write_text(text + "\n", encoding="utf-8")
    sides = "".join(
        f'[environments.{side}]\ndata = {{ DATABASE = "{folder / side}.sqlite" }}\ndatabase = "sqlite:///{folder / side}.sqlite"\n'
        f'dataset = {{ kind = "{kind}" }}\nsettings = {{ PYTEST_DISABLE_PLUGIN_AUTOLOAD = "1", EXPORTS = "{exports}" }}\n'
        for side, kind, exports in (("legacy", "production_copy", "on"), ("shadow", "synthetic", "off"))
    )
    command = f'command = ["{sys.executable}", "-m", "pytest"]\nargs = ["-q", "-p", "no:cacheprovider"]\n'
    (folder / "shadow.toml").write_text(f'[suite]\nname = "shop"\nroot = "{suite}"\n{command}{sides}', encoding="utf-8")


def _write_database(path: Path, side: str, first: int) -> None:
    """Customers and rentals; the production copy alone has a customer with many rentals, and some without a phone."""
    path.unlink(missing_ok=True)
    chance = random.Random(side)
    with sqlite3.connect(path) as connection:
        connection.executescript(_TABLES)
        connection.executemany(
            "insert into customers values (?, ?, ?, ?, ?)",
            (
                (
                    first + number,
                    f"{side.title()} Person{number}",
                    f"{side}.person{number}@example.test",
                    None if side == "legacy" and not number % 50 else f"+43 660 {chance.randrange(10**7):07d}",
                    _COUNTRIES[number % len(_COUNTRIES)],
                )
                for number in range(_CUSTOMERS)
            ),
        )
        busy = [first + 77] * 60 if side == "legacy" else []
        owners = busy + [first + number % _CUSTOMERS for number in range(_RENTALS - len(busy))]
        connection.executemany(
            "insert into rentals (customer_id, amount) values (?, ?)", ((one, chance.randrange(100, 9000) / 100) for one in owners)
        )
    connection.close()


def _bodies(suite: Path, tests: int, work: int) -> list[str]:
    """The functions of the suite: those that diverge and the flaky ones are spread over it."""
    first = _FIRST["legacy"]
    special = [f"    assert shop.customer({first + 3_000 + one}) is not None" for one in range(14)]
    special += [_BY_EMAIL.format(5_000 + one) for one in range(8)]
    special += ["    assert shop.customer(LOYAL_CUSTOMER_ID) is not None", "    assert shop.rentals(LOYAL_CUSTOMER_ID)"]
    for number in range(4):
        (suite / "tests" / "data" / f"case{number}.json").write_text(json.dumps({"customer_id": first + 6_000 + number}) + "\n", encoding="utf-8")
        special.append(f'    assert shop.customer(case("case{number}.json")["customer_id"]) is not None')
    special += [f"    assert len(shop.rentals({first + 77})) > 20"] * 3
    special += ["    assert any(one.phone is None for one in shop.page(0, 100))"] * 3
    special += ['    assert shop.can_export(), "exports are off"'] * 3
    special += [f'    assert shop.customer({first + 9_000 + one}).name == "Legacy Person{9_000 + one}"' for one in range(3)]
    flaky = ["    assert random.random() < 0.6"] * _FLAKY
    assert len(special) == _DIVERGENT, len(special)
    chosen = dict(zip(random.Random(1).sample(range(tests), _DIVERGENT + _FLAKY), special + flaky, strict=True))
    return [_body(number, chosen.get(number, ""), work) for number in range(tests)]


def _body(number: int, more: str, work: int) -> str:
    lines = [
        f"def test_case_{number:04d}(shop):",
        f"    page = shop.page({number % 300 * 60}, 60)",
        "    assert len(page) == 60",
        "    for one in page:",
        "        assert one.email",
        f'    assert shop.of_country("{_COUNTRIES[number % len(_COUNTRIES)]}") > 1_000',
        f"    for _ in range({work}):",
        f"        text = shop.statement(page[:{10 + number % 20}])",
        '    assert text.startswith("{")',
    ]
    return "\n".join([*lines, *([more] if more else [])]) + "\n"


_BY_EMAIL = """    found = shop.by_email("legacy.person{}@example.test")
    assert found is not None
    assert found.country"""
_TABLES = """
create table customers (customer_id integer primary key, name text not null, email text unique not null, phone text, country text not null);
create table rentals (rental_id integer primary key, customer_id integer not null references customers (customer_id), amount real not null);
create index rentals_of on rentals (customer_id);
"""
_HEAD = "import random\n\nfrom conftest import case\nfrom constants import LOYAL_CUSTOMER_ID\n\n\n"
_CONFTEST = """import json
import os
import pathlib

import pytest
from shop.store import Shop


@pytest.fixture
def shop():
    opened = Shop(os.environ["DATABASE"])
    yield opened
    opened.close()


def case(name):
    return json.loads((pathlib.Path(__file__).parent / "data" / name).read_text())
"""
_SHOP = """import dataclasses
import json
import os
import sqlite3


@dataclasses.dataclass
class Customer:
    customer_id: int
    name: str
    email: str
    phone: str
    country: str


class Shop:
    def __init__(self, path):
        self.database = sqlite3.connect(path)
        self.database.row_factory = sqlite3.Row

    def close(self):
        self.database.close()

    def customer(self, customer_id):
        row = self.database.execute("select * from customers where customer_id = ?", (customer_id,)).fetchone()
        return Customer(**dict(row)) if row else None

    def by_email(self, email):
        row = self.database.execute("select * from customers where email = ?", (email,)).fetchone()
        return Customer(**dict(row)) if row else None

    def rentals(self, customer_id):
        return self.database.execute("select * from rentals where customer_id = ?", (customer_id,)).fetchall()

    def page(self, begin, size):
        rows = self.database.execute("select * from customers order by customer_id limit ? offset ?", (size, begin)).fetchall()
        return [Customer(**dict(row)) for row in rows]

    def of_country(self, country):
        return self.database.execute("select count(*) from customers where country = ? and phone like '%660%'", (country,)).fetchone()[0]

    def statement(self, customers):
        lines = []
        for customer in customers:
            amounts = [row["amount"] for row in self.rentals(customer.customer_id)]
            lines.append({**dataclasses.asdict(customer), "total": round(sum(amounts), 2), "rentals": len(amounts)})
        lines.sort(key=lambda line: line["total"])
        text = json.dumps({"lines": lines}, indent=2)
        _WORK
        return text

    def can_export(self):
        return os.environ.get("EXPORTS") == "on"
"""

_STATEMENTS = """for country in ("Austria", "Brazil", "Chile"):
            self.of_country(country)
        for _ in range(10):
            text = json.dumps(json.loads(text))"""
_CALLS = """for _ in range(18):
            text = json.dumps(json.loads(text), indent=2)"""

if __name__ == "__main__":
    main()

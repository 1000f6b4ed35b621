"""Suites in other styles of testing, with known answers: HTTP to another process, test clients, unittest classes, what pytest can do.

python -m tests.benchmarks.styles [--experiments N] [NAME ...]

`http_tickets` (requests, httpx, urllib and a server of the standard library), `http_hotel` (aiohttp, httpx, urllib, objects of answers, uvicorn),
`client_rental` (the test clients of FastAPI, Flask and Django), `unittest_school` and `unittest_library` (classes, mixins, subtests, command line),
`pytest_claims` (parameters, builders, hypothesis, snapshots, steps), `wholesale` (PostgreSQL by SQLAlchemy's ORM, factories, fixtures of three
scopes), `payroll` (MariaDB by PyMySQL's cursors, unittest classes, data files). The last two need servers: PGHOST and MARIADB_SOCKET are as for
tests.benchmarks.holdouts. `helpdesk_api` (FastAPI below uvicorn, a client wrapper, requests, httpx and http.client), `cinema` (sqlite3 and services,
frames of pandas, snapshots, anyio; it needs pandas and aiosqlite), `parcels` (a server in a thread of the tests, unittest classes, keys counted from
1 on both sides), `insurer` (PostgreSQL by psycopg's cursors, unittest classes, mixins, enums, data files; it needs PGHOST), `roastery` (a WSGI
application in a thread, requests and urllib, prefixed identifiers, pages and headers), `vets` (JSON-RPC, XML and HTML from a thread, unittest
classes, http.client), `airline` (SQLAlchemy's ORM and select(), a layer of repositories, factories, composite keys, UUIDs), `larder` (a thin helper
over sqlite3, SQL in files, JSON and TOML, frames of pandas, ids put together), `videostore` (SQLAlchemy's query API, lazy relationships, assertions
in a chain of calls, YAML and CSV), `harbour` (repositories over sqlite3, inherited test classes, setUpModule, common table expressions, golden
files), `bikes` (dictionaries of sqlite3, a service that works figures out, records kept by their key), `trader` (SQL strings over
sqlite3, text keys of five letters, a dataclass of expectations, enums, f-strings, CSV and JSON), `personnel` (PostgreSQL by
SQLAlchemy Core and psycopg beside it, text() and select(), windows and common table expressions, unittest classes, YAML and TOML; it needs
PGHOST), `ticketing` (FastAPI below uvicorn in a thread, SQLAlchemy's ORM, a client wrapper over httpx, urllib and a test client, pages by their
next links, members that are called otherwise than columns). Figures are printed as JSON, with what was missed on standard error.

A suite is one text, so that nothing collects or mends its files. `#@name` at the end of a line names a place, `#@!` a decoy; neither is in the file
that is written. A line of the last part is `test | verdict | coupling:pattern | entity | places | remedies`; tests that it does not name agree.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.benchmarks.holdouts import Label, Place, Truth, figures, report_of

SUITES = Path(__file__).parents[1] / "acceptance" / "holdout"
_PART = re.compile(r"^=== (.+)\n", re.MULTILINE)
_MARK = re.compile(r"[ \t]*#@(\S+)[ \t]*$")
_VERDICTS = {"d": "divergent", "m": "equivalent", "f": "flaky", "b": "both_failing"}
_SERVERS = {"@PGHOST@": "PGHOST", "@MARIA@": "MARIADB_SOCKET"}
_REMEDIES = {"a": "make_data_agnostic", "c": "add_synthetic_case", "d": "document_scenario", "e": "fix_environment", "q": "quarantine_flaky"}


def unpacked(name: str, into: Path) -> tuple[Path, Truth]:
    """A suite with its two databases, in the folder `into`, and what is true of it."""
    folder = into / name
    told = (SUITES / f"{name}.txt").read_text(encoding="utf-8")
    for mark, variable in _SERVERS.items():
        told = told.replace(mark, os.environ.get(variable, ""))
    _, *parts = _PART.split(told)
    files = dict(zip(parts[::2], parts[1::2], strict=True))
    truth = files.pop("truth")
    places: dict[str, list[Place]] = defaultdict(list)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(
            "".join(_unmarked(line, (path, number), places) for number, line in enumerate(text.splitlines(), 1)), encoding="utf-8"
        )
    subprocess.run([sys.executable, "build.py"], cwd=folder, check=True)
    return folder, Truth(tests=dict(_label(line, places) for line in filter(None, truth.splitlines())), decoys=tuple(places["!"]))


def known(report: dict[str, Any], truth: Truth) -> dict[str, Any]:
    """The report without what is no test of its own: single subtests."""
    return {**report, "tests": [test for test in report["tests"] if test["id"] in truth.tests]}


def _unmarked(line: str, place: Place, places: dict[str, list[Place]]) -> str:
    while found := _MARK.search(line):
        places[found[1]].append(place)
        line = line[: found.start()]
    return f"{line}\n"


def _label(line: str, places: dict[str, list[Place]]) -> tuple[str, Label]:
    test, verdict, coupling, _, at, remedies, *_ = (part.strip() for part in f"{line}|||||".split("|"))
    kind, _, pattern = coupling.replace("-", "_").partition(":")
    return test, Label(
        verdict=_VERDICTS[verdict],
        coupling=kind or "none",
        pattern=pattern,
        places=tuple(place for name in at.split() for place in places[name]),
        remedies=tuple(_REMEDIES[one] for one in remedies),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=["unittest_school", "http_tickets", "pytest_claims", "unittest_library"])
    parser.add_argument("--experiments", type=int, default=0)
    options = parser.parse_args()
    for name in options.names:
        with tempfile.TemporaryDirectory(prefix="shadow-styles-") as into:
            folder, truth = unpacked(name, Path(into))
            found = figures(known(report_of(folder, experiments=options.experiments), truth), truth)
        print(json.dumps({"suite": name, **found.told(), "short": found.short}))
        print(*found.missed, sep="\n", file=sys.stderr)


if __name__ == "__main__":
    main()

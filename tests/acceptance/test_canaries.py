"""500 values planted in the production copy, told by failing tests in every way there is, and none of them in any byte written."""

from __future__ import annotations

import json
import random
import re
import sqlite3
import uuid
from collections import deque
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin

import pytest

from harness.store import open_store
from tests.dashboard_sample import Html, browse
from tests.running import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COUNT = 500
KINDS = ("name", "email", "phone", "card", "iban", "number", "uuid", "note")
SUITE = '''
import faulthandler
import logging
import os
import sqlite3
import sys
import unittest
import urllib.parse
import warnings

import pytest

DATABASE = os.environ["DATABASE"]
COUNT = 500
LOG = logging.getLogger(__name__)


def value_of(number):
    with sqlite3.connect(DATABASE) as connection:
        (value,) = connection.execute("select value from customer where id = ?", (number,)).fetchone()
    return value


def tell(value):
    """What careless code does on its way to a failure."""
    print(f"customer {value}")
    print(value, file=sys.stderr)
    LOG.error("no account of %s", value)
    LOG.debug("looking for %r", {"customer": value})


def in_message(value):
    raise AssertionError(f"customer {value} has no account")


def in_assert(value):
    assert value == "somebody else"


def in_assert_of_a_record(value):
    assert {"customer": value, "rows": [value] * 3} == {"customer": None}


def in_key(value):
    {}[value]


def in_sql(value):
    with sqlite3.connect(DATABASE) as connection:
        connection.execute(f"select * from customer where value = '{value}' and no_such_column = '{value}'")


def in_broken_sql(value):
    with sqlite3.connect(DATABASE) as connection:
        connection.execute(f'insert into customer values (1, {value!r})')


def in_file_name(value):
    open(f"/nowhere/of/customers/{value}.txt")


def in_url(value):
    there = urllib.parse.quote(value)
    raise ValueError(f"404 Client Error: Not Found for url: http://127.0.0.1:9/customers/{there}?mail={there}")


def in_group(value):
    raise Exception(value) from ValueError(f"while reading {value}")


def in_type(value):
    raise type("CustomerError", (Exception,), {"__str__": lambda self: f"{value}: closed"})(value)


def in_warning(value):
    warnings.warn(UserWarning(value), stacklevel=1)
    raise LookupError(value)


def in_multi_line(value):
    raise RuntimeError(f"found:\\n  {value}\\n  {value.upper()}\\nexpected:\\n  nothing")


WAYS = [in_message, in_assert, in_assert_of_a_record, in_key, in_sql, in_broken_sql]
WAYS += [in_file_name, in_url, in_group, in_type, in_warning, in_multi_line]


@pytest.mark.parametrize("number", range(COUNT))
def test_customer(number, observe, request):
    value = value_of(number)
    observe("customer", {"value": value, value: number})
    observe("exactly", [value], compare="exact")
    observe(value, value)
    if not value.startswith("synthetic"):
        tell(value)
        request.node.user_properties.append(("customer", value))
        WAYS[number % len(WAYS)](value)


@pytest.mark.parametrize("number", range(0, COUNT, 50))
def test_skipped(number):
    pytest.skip(f"not for {value_of(number)}")


@pytest.mark.parametrize("number", range(0, COUNT, 50))
def test_expected_to_fail(number, request):
    value = value_of(number)
    request.applymarker(pytest.mark.xfail(reason=value, strict=True))
    assert value.startswith("synthetic") is None


class TestCases(unittest.TestCase):
    def test_subtests(self):
        for number in range(0, COUNT, 40):
            value = value_of(number)
            with self.subTest(msg=value, customer=value):
                self.assertEqual(value[:9], "synthetic", value)


@pytest.fixture
def broken():
    value = value_of(3)
    yield value
    if not value.startswith("synthetic"):
        raise OSError(2, value, value)


def test_teardown(broken):
    pass


def test_crash():
    value = value_of(7)
    if not value.startswith("synthetic"):
        tell(value)
        sys.stdout.flush()
        faulthandler.enable()
        os.abort()
'''


def canary(kind: str, chance: random.Random, number: int) -> str:
    """A value as production has them, and nowhere else."""
    letters = "".join(chance.choices("bcdfghjklmnpqrstvwxz", k=7))
    digits = "".join(chance.choices("0123456789", k=16))
    made = {
        "name": f"{letters.capitalize()} Q{letters[::-1]}ová",
        "email": f"{letters}.{number}@{letters[:4]}mail.example",
        "phone": f"+49 {digits[:3]} {digits[3:10]}",
        "card": " ".join((f"4{digits[:3]}", digits[3:7], digits[7:11], digits[11:15])),
        "iban": f"DE{digits[:2]} 3704 {digits[2:6]} {digits[6:10]} {digits[10:14]} 00",
        "number": f"CUST-{digits[:9]}",
        "uuid": str(uuid.UUID(int=chance.getrandbits(128))),
        "note": f"called about {letters} on the {letters[::-1]} matter, wants {digits[:7]} back",
    }
    return made[kind]


def telling(value: str, kind: str) -> tuple[str, ...]:
    """The parts of a value that would give it away by themselves."""
    words = {
        "name": value.split(),
        "email": [value.partition("@")[0], value],
        "note": [word for word in re.findall(r"\w{7,}", value) if re.fullmatch(r"[bcdfghjklmnpqrstvwxz]+|\d+", word)],
    }
    return (value, *words.get(kind, [re.sub(r"\D", "", value)] if kind in {"phone", "card", "number"} else []))


def spellings(text: str) -> Iterator[bytes]:
    """How it may be written."""
    for one in {text, text.lower(), text.upper(), quote(text), quote(text.lower()), text.replace(" ", ""), text.encode("unicode_escape").decode()}:
        yield one.encode("utf-8")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, str], Path]:
    """A project whose legacy data holds them, run with everything that writes switched on; where all of what was written lies."""
    folder: Path = tmp_path_factory.mktemp("canaries")
    chance = random.Random(20_261_121)
    values = {canary(kind, chance, number): kind for number in range(COUNT) for kind in [KINDS[number % len(KINDS)]]}
    databases = folder / "databases"
    databases.mkdir()
    for side in ("legacy", "shadow"):
        with sqlite3.connect(databases / f"{side}.sqlite") as connection:
            connection.execute("create table customer (id integer primary key, value text unique)")
            rows = values if side == "legacy" else (f"synthetic {number}" for number in range(COUNT))
            connection.executemany("insert into customer values (?, ?)", enumerate(rows))
    project = Project(
        folder=folder / "project",
        legacy_settings={"DATABASE": str(databases / "legacy.sqlite")},
        shadow_settings={"DATABASE": str(databases / "shadow.sqlite")},
        databases=(f"sqlite:///{databases}/legacy.sqlite", f"sqlite:///{databases}/shadow.sqlite"),
        confirm={"alpha": 0.5, "mass_failure": 1.0, "aa": "never"},
    )
    project.write("test_customers.py", SUITE)
    out = folder / "out"
    out.mkdir()
    reports = [f"--{kind}={out / f'report.{kind}'}" for kind in ("json", "junit", "markdown", "html", "sarif")]
    answer = project.call("run", "-v", *reports)
    assert answer.exit == 1, answer.err
    (out / "stdout").write_text(answer.out, encoding="utf-8")
    (out / "stderr").write_text(answer.err, encoding="utf-8")
    return project, values, out


def pages(project: Project) -> Iterator[tuple[str, bytes]]:
    """Pages of the dashboard, every kind of them: the first 200 that links lead to, nearest first."""
    store = open_store(str(project.workdir / "shadow.db"))
    try:
        client, waiting, seen = browse(store), deque(["/"]), {"/"}
        for _ in range(200):
            url = waiting.popleft()
            answer = client.get(url)
            yield url, answer.content
            if answer.headers["content-type"].startswith("text/html"):
                for href, _ in Html(answer.text).links:
                    found = urljoin(url, href).partition("#")[0]
                    if found.startswith("/") and found not in seen and "after=" not in found:
                        seen.add(found)
                        waiting.append(found)
    finally:
        store.close()


@pytest.mark.slow
def test_none_of_500_values_is_in_any_byte_written(planted: tuple[Project, dict[str, str], Path]) -> None:
    project, values, out = planted
    assert len(values) == COUNT
    written = [(str(path), path.read_bytes()) for folder in (project.workdir, out) for path in folder.rglob("*") if path.is_file()]
    shown = list(pages(project))
    content = b"\n".join(data for _, data in (*written, *shown))

    leaked = {
        value: [where for where, data in (*written, *shown) if spelling in data]
        for value, kind in values.items()
        for part in telling(value, kind)
        for spelling in spellings(part)
        if spelling in content
    }

    assert leaked == {}
    assert len(written) > 12
    assert len(shown) > 50


def test_the_values_were_told(planted: tuple[Project, dict[str, str], Path]) -> None:
    """Without which the test above would prove nothing: each of them made a test fail on legacy, in one of many ways."""
    _, _, out = planted
    tests = {test["id"]: test for test in json.loads((out / "report.json").read_text(encoding="utf-8"))["tests"]}
    failing = [test for name, test in tests.items() if "::test_customer[" in name and test["legacy"]["outcome"] == "failed"]

    assert len(failing) == COUNT
    assert len({test["failure"]["type"] for test in failing}) >= 8
    assert {test["shadow"]["outcome"] for test in failing} == {"passed"}
    assert tests["test_customers.py::test_crash"]["legacy"]["outcome"] == "crashed"

"""500 values planted in the production copy, told by failing tests in every way there is, and none of them in any byte written."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import html
import io
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import uuid
from collections import deque
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, urljoin

import numpy as np
import pytest
from stdnum import iban, luhn

from harness.cli import invoke
from harness.store import open_store
from tests.dashboard_sample import Html, browse
from tests.running import Answer, Project

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT = 500
KINDS = ("name", "email", "phone", "card", "iban", "number", "uuid", "note")
RECOGNISABLE = frozenset({"email", "phone", "card", "iban", "uuid"})
GRAM = 6  # bytes; what is looked for is no shorter
SLOTS = 26  # bits of the number of a place for a sequence of so many bytes
SUITE = '''
import faulthandler
import logging
import os
import signal
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


def known():
    """Values that stand in test ids: of the kinds that can be recognised there."""
    with sqlite3.connect(DATABASE) as connection:
        found = connection.execute("select value from customer where id < 48 and id % 8 in (1, 2, 3, 4, 6)").fetchall()
    return ["nobody" if value.startswith("synthetic") else value for (value,) in found]


@pytest.mark.parametrize("value", list(dict.fromkeys(known())))
@pytest.mark.parametrize("number", [1])
def test_known(value, number):
    assert value == "nobody"


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
        faulthandler.enable(all_threads=True)
        os.kill(os.getpid(), signal.SIGSEGV)
'''


BROKEN = """
import os
import sqlite3


def pytest_collection_modifyitems(items):
    with sqlite3.connect(os.environ["DATABASE"]) as connection:
        values = [value for (value,) in connection.execute("select value from customer")]
    raise RuntimeError("\\n".join(values))
"""
TOOL = """
import os
import sqlite3
import sys
from pathlib import Path
from xml.sax.saxutils import quoteattr

with sqlite3.connect(os.environ["DATABASE"]) as connection:
    values = connection.execute("select id, value from customer").fetchall()
cases = []
for number, value in values:
    telling = number % 8 in (1, 2, 3, 4, 6)
    name = f"finds {value}" if telling and not value.startswith("synthetic") else f"case {number}"
    said = f"no row for {value}" if number % 2 else f"{value} is closed"
    if value.startswith("synthetic"):
        inner = ""
    else:
        inner = f"<failure type='Oops' message={quoteattr(said)}>at tool.py: {value}</failure><system-out>{value}</system-out>"
    cases.append(f"<testcase classname='pack.Sample' name={quoteattr(name)} time='0.01'>{inner}</testcase>")
Path(sys.argv[1]).mkdir(exist_ok=True)
Path(sys.argv[1], "results.xml").write_text(f"<testsuite name={quoteattr(values[1][1])}>{''.join(cases)}</testsuite>", encoding="utf-8")
print(*[value for _, value in values], sep="\\n")
"""


def canary(kind: str, chance: random.Random, number: int) -> str:
    """A value as production has them, and nowhere else."""
    letters = "".join(chance.choices("bcdfghjklmnpqrstvwxz", k=7))
    digits = "".join(chance.choices("0123456789", k=16))
    card = f"4{digits[:14]}"
    card += luhn.calc_check_digit(card)
    account = f"{digits[:8]}{digits[6:16]}"
    made = {
        "name": f"{letters.capitalize()} Q{letters[::-1]}ová",
        "email": f"{letters}.{number}@{letters[:4]}mail.example",
        "phone": f"+49 1{digits[:2]} {digits[3:10]}",
        "card": " ".join(card[place : place + 4] for place in range(0, 16, 4)),
        "iban": " ".join(re.findall(".{1,4}", f"DE{iban.calc_check_digits('DE00' + account)}{account}")),
        "number": f"CUST-{digits[:9]}",
        "uuid": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "note": f"called about {letters} on the {letters[::-1]} matter, wants {digits[:9]} back",
    }
    return made[kind]


def telling(value: str, kind: str) -> tuple[str, ...]:
    """The parts of a value that would give it away by themselves."""
    words = {
        "name": value.split(),
        "email": [value.partition("@")[0]],
        "note": [word for word in re.findall(r"\w{7,}", value) if re.fullmatch(r"[bcdfghjklmnpqrstvwxz]+|\d+", word)],
        "uuid": [value.replace("-", ""), value[:23]],
        "iban": [value.replace(" ", "")[4:]],
    }
    digits = re.sub(r"\D", "", value)
    return (value, *words.get(kind, [digits, digits[-9:], f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"]))


def spellings(text: str) -> Iterator[bytes]:
    """How it may be written."""
    forms = {form for one in (text, text.replace(" ", ""), text.replace(" ", "-")) for form in (one, one.lower(), one.upper(), one.title())}
    for one in forms:
        yield one.encode("utf-8")
        if one.isascii() and one.isalnum():
            continue
        for written in (
            quote(one),
            quote_plus(one),
            quote(one, safe=""),
            one.encode("unicode_escape").decode(),
            json.dumps(one)[1:-1],
            html.escape(one),
        ):
            yield written.encode("utf-8")
        yield one.encode("utf-16-le")
    for one in (text, text.lower()):
        encoded = one.encode("utf-8")
        for shift in range(3):  # the same bytes look different by where they begin
            packed = base64.b64encode(b"\0" * shift + encoded)
            core = packed[[0, 2, 3][shift] : len(packed) // 4 * 4 - 4]
            if len(core) >= 8:  # shorter ones occur by chance
                yield core
        yield encoded.hex().encode("ascii")


COUPLED = """
import os
import sqlite3

import pytest


@pytest.fixture
def connection():
    opened = sqlite3.connect(os.environ["DATABASE"])
    yield opened
    opened.close()


def test_of_a_page(connection):
    # {comment!r} complained
    assert connection.execute("select id from customer where value = ?", ({first!r},)).fetchone() is not None, {second!r}


def test_of_a_name(connection):
    number, value = connection.execute("select id, value from customer where value = ?", ({second!r},)).fetchone()
    assert value == {second!r}


@pytest.mark.parametrize("value", {third!r})
def test_of_several(connection, value):
    assert connection.execute("select id from customer where value = ?", (value,)).fetchone() is not None


def test_of_emails(connection):
    values = [value for (value,) in connection.execute("select value from customer")]
    assert any("@" in value for value in values)
"""


@dataclass(frozen=True)
class Written:
    """Everything that was written, by where."""

    pieces: tuple[tuple[str, bytes], ...]

    @cached_property
    def _grams(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which sequences of six bytes occur, by a part of their product: a few others seem to, but none that occurs is missing."""
        found = np.zeros(1 << SLOTS, np.bool_)
        for _, data in self.pieces:
            found[slots(data)] = True
        return found

    def leaked(self, values: dict[str, str]) -> dict[str, list[str]]:
        """Where values are written, by value. Only spellings are looked for whose every six bytes occur somewhere."""
        asked = [(value, spelling) for value, kind in values.items() for part in telling(value, kind) for spelling in spellings(part)]
        assert min(len(spelling) for _, spelling in asked) >= GRAM
        first = np.array([int.from_bytes(spelling[:GRAM], "little") for _, spelling in asked], np.uint64)
        found: dict[str, list[str]] = {}
        for number in np.flatnonzero(self._grams[slot_of(first)]).tolist():
            value, spelling = asked[number]
            if self._grams[slots(spelling)].all() and (where := [name for name, data in self.pieces if spelling in data]):
                found[value] = [*found.get(value, []), *where]
        return found


def slot_of(grams: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """The places of sequences of six bytes, each as one number, in a table of them."""
    return (grams * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - SLOTS)


def slots(data: bytes) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """The places of all that occur in something."""
    content = np.frombuffer(data, np.uint8).astype(np.uint64)
    length = max(0, len(content) - GRAM + 1)
    grams = sum((content[place : place + length] << np.uint64(8 * place) for place in range(GRAM)), np.zeros(length, np.uint64))
    return slot_of(grams)


def files(*folders: Path) -> Iterator[tuple[str, bytes]]:
    """What lies in folders: the names too, since a value may stand in one."""
    for folder in folders:
        for path in folder.rglob("*"):
            yield str(path), os.fsencode(path) + b"\n" + (path.read_bytes() if path.is_file() else b"")


@dataclass(frozen=True)
class Planted:
    """A project whose legacy data holds the values; where all of what was written lies."""

    values: dict[str, str]
    project: Project
    other: Project
    coupled: Project
    out: Path


def made_values() -> dict[str, str]:
    """The values with their kinds, the same at each time."""
    chance = random.Random(20_261_121)
    return {canary(kind, chance, number): kind for number in range(COUNT) for kind in [KINDS[number % len(KINDS)]]}


def keep(answer: Answer, out: Path, name: str) -> None:
    """Put what a command printed beside the reports."""
    (out / f"{name}.stdout").write_text(answer.out, encoding="utf-8")
    (out / f"{name}.stderr").write_text(answer.err, encoding="utf-8")


def reports(out: Path, name: str) -> list[str]:
    """Options that write every report."""
    return [f"--{kind}={out / f'{name}.{kind}'}" for kind in ("json", "junit", "markdown", "html", "sarif")]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """The suite run with everything that writes switched on; a suite whose pytest breaks; another tool's reports, run and compared."""
    folder: Path = tmp_path_factory.mktemp("canaries")
    values = made_values()
    databases, out = folder / "databases", folder / "out"
    databases.mkdir()
    out.mkdir()
    for side in ("legacy", "shadow"):
        with sqlite3.connect(databases / f"{side}.sqlite") as connection:
            connection.execute("create table customer (id integer primary key, value text unique)")
            rows = values if side == "legacy" else (f"synthetic {number}" for number in range(COUNT))
            connection.executemany("insert into customer values (?, ?)", enumerate(rows))
    settings = [{"DATABASE": str(databases / f"{side}.sqlite")} for side in ("legacy", "shadow")]
    project = Project(
        folder=folder / "project",
        keys={"args": ["-q", "-p", "no:cacheprovider", "-o", "log_cli=true", "--log-cli-level=DEBUG"]},
        legacy_settings=settings[0],
        shadow_settings=settings[1],
        databases=(f"sqlite:///{databases}/legacy.sqlite", f"sqlite:///{databases}/shadow.sqlite"),
        confirm={"alpha": 0.5, "mass_failure": 1.0, "aa": "never"},
    )
    project.write("test_customers.py", SUITE)
    answer = project.call("run", "-vv", *reports(out, "report"))
    keep(answer, out, "run")
    assert answer.exit == 1, answer.err

    other = Project(folder=folder / "other", legacy_settings=settings[0], shadow_settings=settings[1], confirm={"mass_failure": 1.0})
    other.write("conftest.py", BROKEN)
    other.write("test_a.py", "def test_a(): pass\n")
    answer = other.call("run", "-vv", *reports(out, "broken"))
    keep(answer, out, "broken")
    assert answer.exit == 3, answer.err

    other.write("tool.py", TOOL)
    other.configure(command=[sys.executable, "tool.py", "{out}"], args=[], junit="{out}/*.xml")
    keep(other.call("run", "-vv", *reports(out, "tool")), out, "tool")
    for number, environ in enumerate(settings):
        subprocess.run(
            [sys.executable, other.root / "tool.py", folder / f"tool-{number}"], env={**os.environ, **environ}, check=True, stdout=subprocess.DEVNULL
        )
    keep(called("compare", str(folder / "tool-0"), str(folder / "tool-1"), *reports(out, "compared")), out, "compared")
    coupled = Project(
        folder=folder / "coupled",
        legacy_settings=settings[0],
        shadow_settings=settings[1],
        databases=(f"sqlite:///{databases}/legacy.sqlite", f"sqlite:///{databases}/shadow.sqlite"),
        confirm={"alpha": 0.5, "mass_failure": 1.0, "aa": "never"},
    )
    by_kind = {kind: [value for value, of in values.items() if of == kind] for kind in KINDS}
    text = COUPLED.format(
        comment=by_kind["phone"][0],
        first=by_kind["email"][0],
        second=by_kind["name"][0],
        third=[by_kind[kind][1] for kind in ("email", "phone", "card", "iban", "uuid")],
    )
    coupled.write("test_coupled.py", text)
    keep(coupled.call("run", "-vv", *reports(out, "coupled")), out, "coupled")
    keep(coupled.call("patch", "--all"), out, "patches")
    keep(coupled.call("patch", "--all", "--json"), out, "patches-json")
    for name in ("test_of_a_page", "test_of_a_name", "test_of_emails"):
        made = called("case", "make", f"test_coupled.py::{name}", "--out", str(out / f"{name}.toml"), *coupled.command("case")[-4:])
        keep(made, out, name)
    return Planted(values=values, project=project, other=other, coupled=coupled, out=out)


def called(*words: str) -> Answer:
    """A command where there is no project."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = invoke(list(words))
    return Answer(exit=code, out=out.getvalue(), err=err.getvalue())


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
def test_none_of_500_values_is_in_any_byte_written(planted: Planted) -> None:
    assert len(planted.values) == COUNT
    written = list(files(planted.project.workdir, planted.other.workdir, planted.coupled.workdir, planted.out))
    shown = list(pages(planted.project))

    assert Written((*written, *shown)).leaked(planted.values) == {}
    assert len(written) > 40
    assert len(shown) > 50
    assert not list(planted.project.root.glob("core*"))


def test_a_value_would_be_found() -> None:
    """Without which the test above would prove nothing: each kind of value is found in each spelling of it."""
    values = made_values()
    one = {kind: next(value for value, of in values.items() if of == kind) for kind in KINDS}
    for kind, value in one.items():
        for written in (
            value.encode(),
            json.dumps({"a": value}).encode(),
            quote(value).encode(),
            base64.b64encode(b"x " + value.encode()),
            repr(value).upper().encode(),
        ):
            assert value in Written((("here", b"before it " + written + b" behind it"),)).leaked({value: kind}), (kind, written)


def test_the_values_were_told(planted: Planted) -> None:
    """Without which the tests above would prove nothing: each of them made a test fail on legacy, in one of many ways, and stood in ids."""
    tests = {test["id"]: test for test in json.loads((planted.out / "report.json").read_text(encoding="utf-8"))["tests"]}
    failing = [test for name, test in tests.items() if "::test_customer[" in name and test["legacy"]["outcome"] == "failed"]

    assert len(failing) == COUNT
    assert len({test["failure"]["type"] for test in failing}) >= 8
    assert {test["shadow"]["outcome"] for test in failing} == {"passed"}
    assert tests["test_customers.py::test_crash"]["legacy"]["outcome"] == "crashed"
    assert sum(re.search(r"::test_known\[(1-)?(email|phone|card|iban|uuid):[0-9a-f]{12}", name) is not None for name in tests) == 30
    assert len((planted.out / "patches.stdout").read_text(encoding="utf-8").splitlines()) > 20
    assert (planted.out / "test_of_emails.toml").is_file()
    assert "internal error: RuntimeError: " in (planted.out / "broken.json").read_text(encoding="utf-8")
    for report in ("tool", "compared"):
        names = [test["id"] for test in json.loads((planted.out / f"{report}.json").read_text(encoding="utf-8"))["tests"]]
        assert len({name for name in names if re.search(r"::finds (email|phone|card|iban|uuid):", name)}) == 313, report


SERVICES = """
services:
  chatty:
    image: python:3.11-slim
    command: [sh, -c, "cat /values.txt; cat /values.txt >&2; exec sleep 600"]
    volumes: ["{folder}/{side}.txt:/values.txt:ro"]
"""
CONTAINED = """
import os

import pytest


@pytest.mark.parametrize("number", range(100))
def test_customers(number):
    with open("/suite/values.txt", encoding="utf-8") as file:
        values = file.read().splitlines()
    if os.environ["SIDE"] == "legacy":
        print(*values, sep="\\n")
        raise LookupError("\\n".join(f"no row for {value}" for value in values[number::100]))
"""
DOCKERFILE = "FROM python:3.11-slim\nRUN pip install --no-cache-dir 'pytest>=8.4' 'psycopg[binary]>=3.2'\n"


@pytest.mark.docker
@pytest.mark.slow
def test_none_of_500_values_is_in_any_byte_written_of_containers(tmp_path: Path) -> None:
    """The services' logs hold all of them, and so do the messages and the output of the tests."""
    docker = pytest.importorskip("docker")
    client = docker.from_env()
    image = f"shadow-harness-test:{hashlib.sha256(DOCKERFILE.encode()).hexdigest()[:12]}"
    if not client.images.list(image):
        client.images.build(fileobj=io.BytesIO(DOCKERFILE.encode()), tag=image, rm=True)
    client.close()
    values = made_values()
    tmp_path.chmod(0o755)
    suite, out = tmp_path / "suite", tmp_path / "out"
    suite.mkdir()
    out.mkdir()
    (suite / "test_a.py").write_text(CONTAINED, encoding="utf-8")
    (suite / "values.txt").write_text("\n".join(values), encoding="utf-8")
    lines = [
        "[suite]",
        'name = "contained"',
        'root = "suite"',
        'command = ["pytest"]',
        'args = ["-q"]',
        "workers = 0",
        "[confirm]",
        "mass_failure = 1.0",
    ]
    for side, kind in (("legacy", "production_copy"), ("shadow", "synthetic")):
        (tmp_path / f"{side}.txt").write_text("\n".join(values if side == "legacy" else ["nothing"]) + "\n", encoding="utf-8")
        (tmp_path / f"{side}.yaml").write_text(SERVICES.format(folder=tmp_path, side=side), encoding="utf-8")
        lines += [f"[environments.{side}]", 'runner = "docker"', f'image = "{image}"', f'compose = ["{side}.yaml"]']
        lines += [f'dataset = {{ kind = "{kind}" }}', f'data = {{ SIDE = "{side}" }}']
    (tmp_path / "shadow.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    answer = called("run", "-vv", "--no-confirm", "--config", str(tmp_path / "shadow.toml"), *reports(out, "report"))

    keep(answer, out, "run")
    assert answer.exit == 1, answer.err
    written = list(files(tmp_path / ".shadow", out))
    assert Written(tuple(written)).leaked(values) == {}
    (log,) = (tmp_path / ".shadow" / "runs").rglob("legacy-chatty-1.log")
    told = log.read_text(encoding="utf-8")
    failures = json.loads((out / "report.json").read_text(encoding="utf-8"))["tests"]
    messages = "\n".join(test["legacy"]["failure"]["message"] for test in failures)
    tokens = set(re.findall(r"(?:email|card|iban|uuid):[0-9a-f]{6}", messages))
    assert len(tokens) > 150
    assert tokens <= set(re.findall(r"[a-z]+:[0-9a-f]{6}", told))  # equality survives between a container's log and a test's message

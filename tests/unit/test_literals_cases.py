"""Of a parametrised test, only the cases that its id names; and what data files add."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from harness.model.coupling import LiteralSource, Reached
from runners.literals.leaves import leaves_of
from runners.literals.suite import SuiteLiterals, scan_suite

Suite = Callable[[dict[str, str]], SuiteLiterals]


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    def write(files: dict[str, str]) -> SuiteLiterals:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return scan_suite(tmp_path)

    return write


def numbers(reached: tuple[Reached, ...]) -> set[object]:
    return {one.literal.value for one in reached if isinstance(one.literal.value, int) and one.literal.value > 100}


@pytest.mark.parametrize(
    ("decorators", "case", "expected"),
    [
        ("@mark('ident', [101, 102, 103])", "102", {102}),
        ("@mark('ident', (101, 102), ids=['one', 'two'])", "two", {102}),
        ("@mark('ident', [param(101, id='first'), param(102)])", "first", {101}),
        ("@mark('ident, tier', [(101, 'gold'), (102, 'iron')])", "102-iron", {102}),
        ("@mark(['ident', 'tier'], [(101, 'gold'), (102, 'iron')])", "101-gold", {101}),
        ("@mark('case', [{'id': 101}, {'id': 102}])", "case1", {102}),
        ("@mark('case', [{'name': 'a', 'id': 101}, {'name': 'b', 'id': 102}], ids=lambda c: c['name'])", "b", {102}),
        ("@mark('a', [101, 102])\n@mark('b', [201, 202])", "202-101", {101, 202}),
        ("@mark('ident', CASES)", "302", {302}),
        ("@mark('ident', [101, 102])", "something else", {101, 102}),
        ("@mark('ident', [101, 102])", None, {101, 102}),
    ],
)
def test_cases_of_other_ids_are_left_out(suite: Suite, decorators: str, case: str | None, expected: set[int]) -> None:
    head = "import pytest\nfrom pytest import param\nmark = pytest.mark.parametrize\nCASES = [301, 302]\n"
    text = head + decorators.replace("@mark", "@pytest.mark.parametrize") + "\ndef test_x(ident=None): f(ident)\n"
    found = suite({"suite/test_a.py": text}).literals_of("suite/test_a.py::test_x" + (f"[{case}]" if case else ""))
    assert numbers(found) == expected


def test_cases_are_known_to_be_cases_and_by_which_argument(suite: Suite) -> None:
    text = "import pytest\n@pytest.mark.parametrize(('customer_id', 'n'), [(101, 900)])\ndef test_x(customer_id, n): f(customer_id + 1)\n"
    found = suite({"suite/test_a.py": text}).literals_of("suite/test_a.py::test_x[101-900]")
    assert {(one.literal.value, one.source, one.literal.name) for one in found if one.literal.value in {101, 900}} == {
        (101, LiteralSource.PARAMETRIZE, "customer_id"),
        (900, LiteralSource.PARAMETRIZE, "n"),
    }
    assert 102 in numbers(found)


def test_parametrised_fixtures_and_classes_count_too(suite: Suite) -> None:
    text = """
        import pytest
        @pytest.fixture(params=[101, 102])
        def who(request): return request.param
        @pytest.mark.parametrize("day", [201, 202])
        class TestDays:
            def test_x(self, who, day): pass
    """
    assert numbers(suite({"suite/test_a.py": text}).literals_of("suite/test_a.py::TestDays::test_x[101-202]")) == {101, 202}


def test_cases_made_while_collecting_are_taken_from_the_id(suite: Suite) -> None:
    text = "import pytest\nfrom shop import top\n@pytest.mark.parametrize('account', top(2))\ndef test_x(account): pass\n"
    found = suite({"suite/test_a.py": text}).literals_of("suite/test_a.py::test_x[20411]")
    (one,) = [one for one in found if one.literal.value == "20411"]
    assert (one.literal.line, one.source, one.literal.name) == (3, LiteralSource.PARAMETRIZE, "account")


def test_rows_of_data_files_are_cases(suite: Suite) -> None:
    files = {
        "suite/data/cases.json": '[\n  {"name": "small", "id": 101},\n  {"name": "large", "id": 102}\n]\n',
        "suite/test_a.py": """
            import json, pathlib, pytest
            CASES = json.loads((pathlib.Path(__file__).parent / "data" / "cases.json").read_text())
            @pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
            def test_x(case): pass
            @pytest.mark.parametrize("case", CASES)
            def test_y(case): pass
            def test_z(): use(CASES)
        """,
    }
    scanned = suite(files)
    found = scanned.literals_of("suite/test_a.py::test_x[large]")
    assert numbers(found) == {102}
    assert [(one.literal.path, one.literal.line, one.literal.column, one.literal.name) for one in found if one.literal.value == 102] == [
        ("suite/data/cases.json", 3, 27, "id"),
    ]
    assert numbers(scanned.literals_of("suite/test_a.py::test_y[case0]")) == {101}
    assert numbers(scanned.literals_of("suite/test_a.py::test_z")) == {101, 102}


@pytest.mark.parametrize(
    "opening",
    [
        "open('suite/data/who.json')",
        "open(HERE / 'data' / 'who.json')",
        "open(os.path.join(HERE, 'data', 'who.json'))",
        "open(f'{HERE}/data/who.json')",
        "load('who.json')",
        "load('who')",
        "[open(p) for p in (HERE / 'data').glob('*.json')]",
    ],
)
def test_files_are_found_however_they_are_named(suite: Suite, opening: str) -> None:
    text = f"""
        import os, pathlib
        HERE = pathlib.Path(__file__).parent
        def load(name): return (HERE / "data" / name).with_suffix(".json").read_text()
        def test_x(): {opening}
        def test_y(): pass
    """
    scanned = suite({"suite/data/who.json": '{"id": 101}', "suite/test_a.py": text, "other/data/other.json": '{"id": 999}'})
    assert numbers(scanned.literals_of("suite/test_a.py::test_x")) == {101}
    assert numbers(scanned.literals_of("suite/test_a.py::test_y")) == set()


def test_the_nearest_of_files_with_one_name_is_meant(suite: Suite) -> None:
    body = "def test_x(): load('who.json')\n"
    files = {"a/test_a.py": body, "a/data/who.json": "[101]", "b/test_b.py": body, "b/data/who.json": "[102]"}
    assert numbers(suite(files).literals_of("b/test_b.py::test_x")) == {102}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.json", '{"a": [1,\n  "x@real.test"], "b": -3}', {(1, 1, 8), ("x@real.test", 2, 3), (-3, 2, 24)}),
        ("a.jsonl", '{"id": 1}\n\n{"id": 22}\n', {(1, 1, 8), (22, 3, 8)}),
        ("a.yaml", "a:\n  - 1\n  - 'x y'\nb: 007\nc: true\n", {(1, 2, 5), ("x y", 3, 5), ("007", 4, 4)}),
        ("a.toml", 'a = 1\n[t]\nb = ["x", 2_000]\n', {(1, 1, 5), ("x", 3, 6), (2000, 3, 11)}),
        ("a.toml", '[stock]\n"SKU-1 b" = 86\n', {("stock", 1, 2), ("SKU-1 b", 2, 1), (86, 2, 13)}),
        ("a.csv", 'id,name\n7,"Åke, B"\n8,\n', {("7", 2, 1), ("Åke, B", 2, 4), ("8", 3, 1)}),
        ("a.csv", "id;name\n7;x\n", {("7", 2, 1), ("x", 2, 3)}),
        ("a.xml", "<r>\n <c id='7'>x@real.test</c>\n</r>", {("7", 2, 2), ("x@real.test", 2, 12)}),
        ("a.sql", "-- of x\nINSERT INTO c VALUES (7);\n", {("-- of x", 1, 1), ("INSERT INTO c VALUES (7);", 2, 1)}),
    ],
)
def test_values_in_files_have_places(name: str, content: str, expected: set[tuple[object, int, int]]) -> None:
    found = {(leaf.value, leaf.line, leaf.column) for leaf in leaves_of(name, content.encode())}
    assert expected <= found


@pytest.mark.parametrize("name", ["a.json", "a.yaml", "a.toml", "a.csv", "a.xml", "a.sql", "a.png"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"{", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"&a [*a]", b"[" * 3000])
def test_no_content_breaks_a_reader(name: str, content: bytes) -> None:
    assert isinstance(leaves_of(name, content), tuple)

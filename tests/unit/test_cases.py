"""Cases as files, and what is invented for them."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import InputError
from harness.model import CouplingKind, Pattern
from harness.model.case import Case, CaseRow, FromAnchor, KeyPlace, NeededChange, NewKey, RowReference
from harness.pipeline.cases.document import case_text, read_case, write_case
from harness.pipeline.cases.notation import cell_of, cell_text
from runners.cases.moments import written
from runners.cases.named import Named, moment_of
from runners.cases.words import Words

CASE = Case(
    test_id="suite/test_it.py::test_it",
    suite="shop",
    run="20260101T000000Z-0001",
    kind=CouplingKind.PATTERN,
    pattern=Pattern.NULL,
    entity="customers.state",
    sentence="some are NULL",
    facts=("rows: 1 of customers", "another"),
    named=("customers.country",),
    moments=("orders.at",),
    changes=(NeededChange(path="suite/test_it.py", line=3, column=9, to=RowReference("customers_1", "id")),),
    rows=(
        CaseRow(name="customers_1", table="customers", cells=(("id", NewKey()), ("state", None), ("note", 'a "b"\n$c'), ("odd name", "$5"))),
        CaseRow(
            name="orders_1",
            table="sales.orders",
            cells=(
                ("id", NewKey(KeyPlace.FIRST)),
                ("customer", RowReference("customers_1", "id")),
                ("at", FromAnchor(-12, " 08:30:00")),
                ("total", 12.5),
                ("paid", True),
                ("raw", b"\x00\xff"),
            ),
        ),
    ),
)

cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**63), max_value=2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(alphabet=st.characters(exclude_categories=("Cs",))),
    st.binary(),
    st.builds(NewKey, st.sampled_from(KeyPlace)),
    st.builds(RowReference, st.from_regex(r"[a-z_]+_[0-9]", fullmatch=True), st.from_regex(r"[A-Za-z][\w ]*", fullmatch=True)),
    st.builds(FromAnchor, st.integers(-9999, 9999), st.sampled_from(["", " 08:30:00", "T00:00:00.000001+02:00"])),
)


@given(cells)
def test_every_value_survives_the_file(cell: object) -> None:
    import tomllib

    assert cell_of(tomllib.loads(f"a = {cell_text(cell)}")["a"]) == cell  # type: ignore[arg-type]  # any of them


def test_a_case_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_case(CASE, tmp_path / "a.toml")
    assert read_case(tmp_path / "a.toml") == CASE


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("facts = ", "fact = ", r"a\.toml:\d+:1: fact: unknown key; the nearest known key is facts"),
        ('entity = "customers.state"', 'entitty = "x"', r"coupling\.entitty: unknown key; the nearest known key is coupling\.entity"),
        ('customer = "$customers_1.id"', 'customer = "$nobody.id"', r"rows\.\"sales\.orders\"\.orders_1\.customer: refers to \$nobody\.id"),
        ('customer = "$customers_1.id"', 'customer = "$customers_1.nothing"', r"customer: refers to"),
        ('"$new first"', '"$new second"', "that means nothing here"),
        ('pattern = "null"', 'pattern = "nil"', r"coupling\.pattern: unknown word"),
        ("shadow-case/1", "shadow-case/2", "no case that this version reads"),
        ('to = "$customers_1.id"', 'to = "$orders_9.id"', "no value of a row of this case"),
        ("suite/test_it.py:3:9", "suite/test_it.py", "no place of the suite"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = case_text(CASE)
    assert old in text
    (tmp_path / "a.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_case(tmp_path / "a.toml")
    assert re.search(told, str(caught.value))


def shape(text: str) -> str:
    return re.sub(r"[0-9]", "9", re.sub(r"[^\W\d_]", "a", text))


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("Luís Gonçalves", "name"),
        ("Theodor-Heuss-Straße 34", None),
        ("+49 (0711) 2842222", "phone"),
        ("ST-2025-0042", "reference"),
        ("cus_8Fh2Kq", None),
        ("0b9f2c1e-5a61-4d3f-9a52-0b9f2c1e5a61", "uuid"),
        ("GB73DEMO99014100007975", "iban"),
        ("GB32 DEMO 9901 4100 0081 31", "iban"),
        ("4111 1111 1111 1111", "card"),
        ("田中さくら", "name"),
    ],
)
def test_an_invented_text_is_made_like_the_real_one_and_is_another(text: str, content: str | None) -> None:
    new = Words(random.Random(7)).like(text, content, (), ())
    assert new != text
    assert len(new) == len(text)
    assert new.isascii() == text.isascii()
    if content != "uuid":
        assert shape(new)[2:] == shape(text)[2:]


def test_an_invented_email_is_one_of_nobody() -> None:
    words = Words(random.Random(3))
    assert words.like("luis.g@embraer.com.br", "email", (), ()).rpartition("@")[2] in {"example.com", "example.org", "example.net"}
    assert words.like("somebody@kontor.invalid", "email", ("@kontor.invalid",), ()).endswith("@kontor.invalid")


def test_an_invented_account_number_is_valid() -> None:
    number = Words(random.Random(5)).like("GB73DEMO99014100007975", "iban", (), ("GB57DEMO11002250000000",))
    turned = number[4:] + number[:4]
    assert int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1
    assert "DEMO" in number


@given(st.text(min_size=1, max_size=50))
def test_the_same_source_of_chance_gives_the_same_text(text: str) -> None:
    assert Words(random.Random(text)).like(text, None, (), ()) == Words(random.Random(text)).like(text, None, (), ())


@given(st.lists(st.integers(-50, 50), min_size=1), st.integers(-60, 60), st.integers(-60, 60))
def test_two_numbers_are_in_one_cell_where_everything_named_compares_alike(named: list[int], one: int, other: int) -> None:
    known = Named(numbers=tuple(named))
    alike = all((one > number, one == number) == (other > number, other == number) for number in named)
    assert (known.cell(one) == known.cell(other)) is alike


@pytest.mark.parametrize("text", ["2021-03-04", "2021-03-04 05:06:07", "2021-03-04T05:06:07.000008", "2021-03-04 05:06:07+02:00"])
def test_a_moment_is_written_as_the_real_one_is(text: str) -> None:
    moment = moment_of(text)
    assert moment is not None
    assert written(moment, text) == text
    assert len(written(moment.replace(year=1999), text)) == len(text)


def test_the_file_of_the_document_is_a_case(tmp_path: Path) -> None:
    document = Path(__file__).resolve().parents[2] / "docs" / "cases.md"
    block = document.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    (tmp_path / "a.toml").write_text(block, encoding="utf-8")
    case = read_case(tmp_path / "a.toml")
    assert case.counts() == {"customers": 1, "orders": 1}
    assert [str(change.line) for change in case.changes] == ["9"]

"""One spelling for every way to write a value."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.canonical import canonical


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (42, "42"),
        (42, "0042"),
        (42, Decimal("42.0")),
        (42, " 42 "),
        (42, b"42"),
        (42, 42.0),
        (-7, "-7"),
        ("Helena.Holy@Example.Test", "helena.holy@example.test"),
        ("mailto:a@example.test", "A@EXAMPLE.test"),
        ("GB32 DEMO 9901 4100 0081 31", "gb32demo99014100008131"),
        ("4000-0566-5566-5556", 4000056655665556),
        ("+44 7700 900443", "0044 7700 900443"),
        ("+44 (0)7700 900443", "+447700900443"),
        ("cus_8Fh2", "CUS-8FH2"),
        ("ST-2025-0017", "st/2025/0017"),
        ("Zoë Åkesson", unicodedata.normalize("NFD", "ZOË  Åkesson")),
        ("O\u2019Brien", "o'brien"),
        ("Straße", "STRASSE"),
        ("123e4567-e89b-12d3-a456-426614174000", UUID("123e4567-e89b-12d3-a456-426614174000")),
        ("123E4567E89B12D3A456426614174000", "urn:uuid:123e4567-e89b-12d3-a456-426614174000"),
        (UUID("fffe4567-e89b-12d3-a456-4266141740ff").bytes, "{fffe4567-e89b-12d3-a456-4266141740ff}"),
        ((5, "0002"), ["5", 2]),
        ("\uff11\uff12\uff13", 123),
    ],
)
def test_spellings_of_one_value_meet(left: object, right: object) -> None:
    assert canonical(left) == canonical(right) is not None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, -1),
        (42, 420),
        ("a@example.test", "b@example.test"),
        ("2022-04-01", 20220401),
        ("Anna Berg", "Annaberg"),
        ((1, 23), (12, 3)),
        ((1, 2), (2, 1)),
    ],
)
def test_different_values_stay_apart(left: object, right: object) -> None:
    assert canonical(left) != canonical(right)


@pytest.mark.parametrize("value", [None, True, False, "", "  ", 45.62, "45.62", "1,5", float("nan"), float("inf"), {"a": 1}, (1,), (1, None)])
def test_what_identifies_nobody_has_no_spelling(value: object) -> None:
    assert canonical(value) is None


@given(st.text())
def test_case_and_spaces_around_do_not_matter(text: str) -> None:
    assert canonical(f"  {text} ") == canonical(text)
    assert canonical(text.casefold()) == canonical(text)


@given(st.text())
def test_unicode_forms_do_not_matter(text: str) -> None:
    assert canonical(unicodedata.normalize("NFD", text)) == canonical(unicodedata.normalize("NFC", text))


@given(st.integers())
def test_numbers_are_the_same_as_text(number: int) -> None:
    assert canonical(str(number)) == canonical(number)


@given(st.uuids())
def test_uuids_are_the_same_in_every_spelling(value: UUID) -> None:
    assert canonical(value) == canonical(str(value).upper()) == canonical(value.hex) == canonical(value.urn)


@given(st.one_of(st.text(), st.binary(), st.floats(), st.decimals(), st.tuples(st.integers(), st.text())))
def test_no_value_is_refused(value: object) -> None:
    spelled = canonical(value)
    assert spelled is None or spelled[1] == ":"

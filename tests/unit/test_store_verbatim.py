from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.store.verbatim import digest, folded, original, stored

_ANY = st.text(st.characters(exclude_categories=()) | st.sampled_from("\x00\ud83d\ude00\U0010fff0\U0010ffe0\U0010ffefA"))


@given(text=_ANY)
def test_any_text_comes_back_from_its_stored_form(text: str) -> None:
    assert original(stored(text)) == text


@given(text=_ANY)
def test_the_stored_form_is_what_every_database_takes(text: str) -> None:
    encoded = stored(text).encode("utf-8")

    assert b"\x00" not in encoded


@given(text=st.text())
def test_plain_text_is_stored_as_it_is(text: str) -> None:
    if not set(text) & ({"\x00"} | {chr(code) for code in range(0x10FFE0, 0x10FFF1)}):
        assert stored(text) == text


@given(text=_ANY, part=_ANY)
def test_a_text_holds_another_exactly_where_the_stored_forms_do(text: str, part: str) -> None:
    assert (stored(part) in stored(text)) == (part in text)
    assert (folded(part) in folded(text)) == (part.casefold() in text.casefold())


@given(first=_ANY, second=_ANY)
def test_digests_tell_texts_apart(first: str, second: str) -> None:
    assert (digest(first) == digest(second)) == (first == second)

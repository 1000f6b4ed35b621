"""`${NAME}` is read when it is needed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.config import variables


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain $5 $HOME {x}", "plain $5 $HOME {x}"),
        ("${A}", "1"),
        ("a${A}b${B_2}c", "a1b${A}c"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
    ],
)
def test_references_are_replaced_once(text: str, expected: str) -> None:
    assert variables.resolved(text, {"A": "1", "B_2": "${A}"}) == expected


@pytest.mark.parametrize("text", ["${", "${}", "${1A}", "${A B}", "x ${A", "${A-b}"])
def test_a_reference_without_a_name_is_malformed(text: str) -> None:
    assert not variables.well_formed(text)


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(variables.UnsetVariableError, match=r"^MISSING$"):
        variables.resolved("a ${MISSING}", {})


@settings(deadline=None)
@given(st.text())
def test_text_without_references_is_left_alone(text: str) -> None:
    if "${" not in text:
        assert variables.well_formed(text)
        assert variables.resolved(text, {}) == text
        assert variables.names_in(text) == ()

"""What a match is worth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.identity.affinity import affinity
from compare.identity.base_rate import expected_by_chance, stands_alone, surprise
from compare.identity.matching import hits, signal_bits
from harness.model import CouplingKind
from harness.model.coupling import Hit, Literal, LiteralForm, LiteralSource, Match, Presence, Reached


def match(entity: str = "Customer.Id", density: float = 0.0, presence: Presence = Presence.LEGACY) -> Match:
    return Match(entity=entity, kind=CouplingKind.IDENTIFIER, content="number", presence=presence, density=density)


def reached(value: str | int = 17, name: str | None = None, column: int = 1, form: LiteralForm = LiteralForm.WRITTEN) -> Reached:
    literal = Literal(value=value, path="suite/test_a.py", line=3, column=column, name=name, form=form)
    return Reached(literal=literal, source=LiteralSource.BODY, distance=0)


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_denser_a_column_the_less_a_match_says(one: float, other: float) -> None:
    assert (surprise(one) >= surprise(other)) or one > other
    assert 0 <= surprise(one) <= 40


def test_a_small_number_does_not_stand_alone_and_an_address_does() -> None:
    assert not stands_alone(match(density=0.58))
    assert stands_alone(match(density=0.0))
    assert not stands_alone(match(density=0.0, presence=Presence.BOTH))


def test_collisions_to_expect_are_the_sum_of_densities() -> None:
    assert expected_by_chance((0.5, 0.25, 0.25)) == 1.0


@pytest.mark.parametrize(
    ("name", "entity", "share"),
    [
        ("GERMAN_CUSTOMER_ID", "Customer.CustomerId", 1.0),
        ("customer_id", "customers.customer_id", 1.0),
        ("get_invoice", "sales.Invoice.InvoiceId", 0.5),
        ("PAGE_SIZE", "Customer.CustomerId", 0.0),
        ("companies", "company.id", 1.0),
        ("GUTHABEN_KUNDEN_ID", "kunde.id", 1.0),
        ("rückläufer_nr", "rucklaufer.nr", 1.0),
        ("portfolio", "port.id", 0.0),
        ("id", "Customer.CustomerId", 0.0),
        (None, "Customer.CustomerId", 0.0),
    ],
)
def test_names_are_compared_by_their_telling_words(name: str | None, entity: str, share: float) -> None:
    assert affinity(name, entity) == pytest.approx(share)


def test_reference_data_and_shadow_data_are_no_hits() -> None:
    answers = [[match(presence=Presence.BOTH), match(presence=Presence.SHADOW)], [match()]]
    assert [hit.reached.literal.value for hit in hits([reached(1), reached(2, column=9)], answers)] == [2]


def test_the_most_telling_hit_comes_first() -> None:
    found = hits(
        [reached(5, column=1), reached(7, name="customer_id", column=9), reached("a@example.test", column=20)],
        [[match(density=0.9)]] * 2 + [[match()]],
    )
    assert [hit.reached.literal.value for hit in found] == ["a@example.test", 7, 5]
    assert signal_bits(found[1]) > signal_bits(found[2])


def test_one_place_counts_once_for_an_entity() -> None:
    found = hits([reached("17", form=LiteralForm.PART), reached("17 ", form=LiteralForm.WRITTEN)], [[match()], [match()]])
    assert [hit.reached.literal.form for hit in found] == [LiteralForm.WRITTEN]


def test_values_are_not_shown() -> None:
    assert "secret" not in repr(Hit(reached=reached("secret@example.test"), match=match()))

"""Which columns identify somebody, and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.errors import ConfigurationError
from harness.model import CouplingKind
from runners.identity.choice import Choice, choose
from runners.identity.content import content_of, family_names, national_number
from runners.identity.documents import identifying
from runners.identity.limits import Pace
from runners.identity.schema import Column, ForeignKey, Table

if TYPE_CHECKING:
    from collections.abc import Callable


def table(
    name: str, *columns: str, primary: tuple[str, ...] = (), unique: tuple[tuple[str, ...], ...] = (), foreign: tuple[ForeignKey, ...] = ()
) -> Table:
    made = tuple(Column(name=one.partition(":")[0], family=one.partition(":")[2] or "text") for one in columns)
    return Table(name=name, schema=None, bare=name, columns=made, primary=primary, unique=unique, foreign=foreign)


def by_entity(choices: tuple[Choice, ...]) -> dict[str, Choice]:
    return {choice.shown.entity: choice for choice in choices}


@pytest.mark.parametrize(
    ("content", "name", "values"),
    [
        ("email", "x", ["a@example.test", "b@example.test", "c@example.test"]),
        ("phone", "x", ["+47 22 44 22 22", "+44 7700 900443", "+1 202 555 0100"]),
        ("phone", "Mobile", ["07700 900443", "07700 900444", "(0)7700 900 445"]),
        ("iban", "x", ["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "FR1420041010050500013M02606"]),
        ("card", "x", ["4000056655665556", "4242 4242 4242 4242", "5555-5555-5555-4444"]),
        ("tax_number", "x", ["52998224725", "390.533.447-05", "111.444.777-35"]),
        ("uuid", "x", ["123e4567-e89b-12d3-a456-426614174000", "223e4567e89b12d3a456426614174000", "323E4567-E89B-12D3-A456-426614174000"]),
        ("prefixed", "x", ["cus_8Fh2Kd91", "cus_1Fh2Kd92", "cus_9Fh2Kd93"]),
        ("name", "full_name", ["Zoë Åkesson", "Priya Raman", "Helena Holý"]),
        ("name", "Nachname", ["Köhler", "Schmidt", "O'Brien"]),
        ("reference", "x", ["ST-202503-0001", "ST-202503-0002", "ST-202503-0003"]),
        (None, "created", ["2024-01-01", "2024-01-02", "2024-01-03"]),
        (None, "status", ["open", "closed", "open"]),
        (None, "quantity", [1, 2, 3]),
        (None, "note", ["the customer called twice", "nothing to say", "see above"]),
    ],
)
def test_contents_are_told_from_values(content: str | None, name: str, values: list[object]) -> None:
    assert content_of(name, values) == content


def test_a_blunder_in_a_column_does_not_hide_its_content() -> None:
    assert content_of("x", [f"p{number}@example.test" for number in range(9)] + ["unknown"]) == "email"


def test_national_numbers_are_known_where_the_country_is() -> None:
    assert national_number("+44 7700 900443") == "7700900443"
    assert national_number("07700 900443") is None


def test_keys_are_chosen_with_their_reasons() -> None:
    owner = ForeignKey(columns=("customer_id",), table="customers", referred=("id",))
    customers = table("customers", "id:number", "email", primary=("id",), unique=(("email",),))
    orders = table("orders", "no:number", "line:number", "customer_id:number", primary=("no", "line"), foreign=(owner,))
    sample = {"customers": {"id": [1, 2, 3], "email": ["a@example.test", "b@example.test", "c@example.test"]}, "orders": {"customer_id": [1, 1, 2]}}
    found = by_entity(choose([customers, orders], sample))
    assert found["customers.id"].shown.kind is CouplingKind.IDENTIFIER
    assert "people, accounts or orders" in found["customers.id"].shown.reason
    assert found["customers.email"].shown.kind is CouplingKind.NATURAL_KEY
    assert found["orders.customer_id"].shown.covered_by == "customers.id"
    assert not found["orders.customer_id"].stored
    assert found["orders.no+line"].shown.reason == "primary key of several columns"


def test_a_chain_of_foreign_keys_leads_to_its_end() -> None:
    person = table("person", "id:number", primary=("id",))
    member = table("member", "id:number", primary=("id",), foreign=(ForeignKey(columns=("id",), table="person", referred=("id",)),))
    card = table("card", "holder:number", foreign=(ForeignKey(columns=("holder",), table="member", referred=("id",)),))
    found = by_entity(choose([person, member, card], {}))
    assert found["card.holder"].shown.covered_by in {"member.id", "person.id"}


def test_a_foreign_key_to_what_is_left_out_is_read_itself() -> None:
    parent = table("customers", "id:number", primary=("id",))
    child = table("orders", "customer:number", foreign=(ForeignKey(columns=("customer",), table="customers", referred=("id",)),))
    found = by_entity(choose([parent, child], {}, ignore=["Customers.*"]))
    assert list(found) == ["orders.customer"]
    assert found["orders.customer"].stored


def test_columns_without_constraints_are_chosen_by_content_and_name() -> None:
    old = table("legacy_dump", "KundenNr:number", "Ort", "Vorname", "Nachname", "Mail")
    sample = {
        "legacy_dump": {
            "KundenNr": [7001, 7002, 7003, 7004],
            "Ort": ["Bonn", "Bonn", "Bonn", "Bonn"],
            "Vorname": ["Ada", "Eva", "Udo", "Ulf"],
            "Nachname": ["Berg", "Thal", "Stein", "Wald"],
            "Mail": ["a@example.test", "b@example.test", "c@example.test", "d@example.test"],
        },
    }
    found = by_entity(choose([old], sample))
    assert set(found) == {"legacy_dump.KundenNr", "legacy_dump.Vorname", "legacy_dump.Nachname", "legacy_dump.Mail", "legacy_dump.Vorname+Nachname"}


def test_parts_of_a_key_tell_records_where_few_rows_share_them() -> None:
    stays = table("stays", "house", "number:number", "line:number", primary=("house", "number", "line"))
    sample = {"house": ["N", "S"] * 50, "number": [*range(1001, 1051)] * 2, "line": [1, 2] * 50}
    found = by_entity(choose([stays], {"stays": sample}))
    assert set(found) == {"stays.house+number+line", "stays.number"}
    assert found["stays.number"].shown.kind is CouplingKind.IDENTIFIER


@pytest.mark.parametrize("written", [dict, json.dumps])
def test_documents_are_read_for_what_identifies_somebody(written: Callable[[dict[str, object]], object]) -> None:
    people = table("people", "id:number", "contact:document", "options:document", primary=("id",))
    contacts = [written({"mail": f"p{n}@example.test", "ways": {"home": "+47 22 44 22 22"}, "n": n}) for n in range(5)]
    found = by_entity(choose([people], {"people": {"id": [1, 2, 3], "contact": contacts, "options": [written({"dark": True, "size": "xl"})] * 5}}))
    assert set(found) == {"people.id", "people.contact"}
    assert (found["people.contact"].shown.content, found["people.contact"].within) == ("email", True)
    assert identifying(contacts[0]) == ["p0@example.test", "+47 22 44 22 22"]
    assert identifying("no document") == []


def test_the_configuration_adds_and_leaves_out() -> None:
    staff = table("Staff", "StaffId:number", "Nickname", primary=("StaffId",))
    found = by_entity(choose([staff], {}, add=["staff.nickname"], ignore=["STAFF.staffid"]))
    assert [(entity, choice.shown.reason) for entity, choice in found.items()] == [("Staff.Nickname", "named in [coupling]")]


def test_an_entity_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError) as caught:
        choose([table("customer", "email")], {}, add=["customer.emial"])
    assert caught.value.hint == "Did you mean customer.email?"


def test_the_pace_holds_back_as_long_as_needed() -> None:
    slept: list[float] = []
    pace = Pace(100, monotonic=lambda: 0.0, sleep=slept.append)
    assert pace.batch(5000) == 100
    pace.took(50)
    pace.took(100)
    assert slept == [pytest.approx(0.5), pytest.approx(1.5)]


def test_without_a_limit_nothing_is_held_back() -> None:
    pace = Pace(None, monotonic=lambda: 0.0, sleep=lambda _seconds: pytest.fail("slept"))
    assert pace.batch(5000) == 5000
    pace.took(10**9)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Mary Holmes-Watson", ["Holmes-Watson", "Holmes", "Watson"]),
        ("Holmes, Mary", ["Holmes"]),
        ("Anna van der Walle", ["Walle"]),
        ("Holmes", []),
        ("12 Baker Street", ["Baker", "Street"]),
    ],
)
def test_people_are_also_searched_for_by_the_words_behind_their_first_name(name: str, family: list[str]) -> None:
    assert family_names(name) == family


@pytest.mark.parametrize(
    ("name", "column", "people"), [("members", "full_name", True), ("members", "company_name", False), ("films", "full_name", False)]
)
def test_words_of_names_are_read_of_people_alone(name: str, column: str, *, people: bool) -> None:
    sample = {name: {column: ["Mary Holmes", "John Watson", "Ada Berg", "Udo Thal"]}}
    assert by_entity(choose([table(name, column)], sample))[f"{name}.{column}"].of_people is people

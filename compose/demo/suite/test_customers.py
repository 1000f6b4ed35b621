"""Customers: looking them up, registering them, letting them go."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from ledger import book, service

from . import lookups
from .constants import MISSING_CUSTOMER

PRESS_CONTACT = "jytte.vannevik347@familj.invalid"


def test_customer_has_a_country(conn):
    assert service.customer(conn, 3146)["country"]


def test_escalated_customer_is_active(escalated):
    assert escalated["status"] == "active"


@pytest.mark.parametrize("customer_id", [3129, 3135, 3141])
def test_regulars_can_be_called(conn, customer_id):
    found = service.find_customer(conn, customer_id)
    assert found is not None
    assert found["phone"]


def test_lookup_by_address(conn):
    assert service.customer_with_email(conn, PRESS_CONTACT)["full_name"]


def test_lookup_by_address_ignores_case(conn):
    assert service.customer_with_email(conn, "Ines.Holtzapfel410@Post.Example.Test") is not None


def test_lookup_by_telephone(conn):
    found = service.customer_with_phone(conn, "+44 7700 900443")
    assert found is not None


def test_correspondents_are_customers(conn):
    for line in lookups.table("correspondents.csv"):
        assert service.customer_with_email(conn, line["email"]), line["label"]


def test_smoke_customer(conn):
    wanted = int(os.environ.get("SMOKE_CUSTOMER", "3205"))
    assert service.find_customer(conn, wanted)


def test_customers_of_one_morning(conn):
    first = 3181
    found = [service.find_customer(conn, first + step) for step in range(1, 3)]
    assert None not in found


def test_customer_by_hand(conn):
    row = conn.execute(text("SELECT full_name FROM customers WHERE customer_id = 3153")).first()
    assert row is not None


def test_contact_in_the_manual(conn):
    assert "@" in lookups.contact_of(conn)


def test_missing_customer_is_an_error(conn):
    with pytest.raises(service.UnknownRecordError):
        service.customer(conn, MISSING_CUSTOMER)


def test_missing_customer_is_not_found(conn):
    assert service.find_customer(conn, -7) is None


def test_registered_customer_can_be_read(conn, somebody):
    assert service.customer(conn, somebody)["full_name"] == "Sam Sample"


def test_registered_customer_is_found_by_address(conn, somebody):
    found = service.customer_with_email(conn, "SAM.SAMPLE@example.test")
    assert found["customer_id"] == somebody


def test_address_can_be_registered_once(conn, clock, somebody):
    with pytest.raises(IntegrityError):
        service.register_customer(
            conn,
            full_name="Sam Again",
            email="sam.sample@example.test",
            country="IE",
            now=clock.now(),
        )


def test_telephone_is_optional(conn, somebody):
    assert service.customer(conn, somebody)["phone"] is None


def test_leaver_is_marked(conn, somebody):
    service.mark_churned(conn, somebody)
    assert service.customer(conn, somebody)["status"] == "churned"


def test_purge_sets_the_day(conn, clock, somebody):
    service.purge(conn, somebody, now=clock.now())
    assert service.customer(conn, somebody)["deleted_at"] == clock.now()


def test_some_customer_can_be_read(conn):
    wanted = book.all_customers(conn)[0]["customer_id"]
    assert service.customer(conn, wanted)["customer_id"] == wanted


def test_a_stranger_is_not_the_complainant(conn, somebody):
    complainant = "kerttu.dunmarrow333@post.example.test"
    assert service.customer(conn, somebody)["email"] != complainant


def test_blocked_callers():
    """The list of the desk: +44 7700 900739 rang at night."""
    blocked = {"+44 7700 900739": "rings at night"}
    assert "+44 7700 900998" not in blocked

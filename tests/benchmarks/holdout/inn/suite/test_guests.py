import csv
import os
import tomllib
from dataclasses import dataclass, field

import pytest

from inn import store

from . import settings
from .conftest import DATA
from .settings import Known


@dataclass
class Order:
    guest: int = 2222
    room: int = 204
    nights: int = field(default=3)


def look_up(guests, ident=1931):
    return guests.get(ident)


def test_guest_has_a_name(guests):
    assert guests.get(3217).full_name


def test_house_guest_has_an_address(house_guest):
    assert "@" in house_guest.email


def test_regular_is_not_deleted(regular):
    assert regular.deleted_at is None


def test_organist_has_stays(guests):
    assert guests.total(Known.organist)["stays"] > 0


def test_groom_initials(guests):
    assert len(guests.get(Known.groom).initials) == 2


def test_default_guest_of_the_helper(guests):
    assert look_up(guests).country


def test_order_default(guests):
    order = Order(room=110)
    assert guests.get(order.guest)


def test_guest_from_the_environment(guests):
    ident = int(os.getenv("INN_SMOKE_GUEST") or 2345)
    assert guests.get(ident).email


@pytest.mark.parametrize(
    ("ident", "letter"),
    [
        pytest.param(1009, "@", id="low"),
        (3990 - 1, "@"),
    ],
)
def test_addresses(guests, ident, letter):
    assert letter in guests.get(ident).email


def test_loyalty_number_with_leading_zeros(guests):
    assert guests.find(loyalty_no="00001310")


def test_veteran_of_the_file(guests):
    people = tomllib.loads((DATA / "people.toml").read_text())
    assert guests.find(loyalty_no=people["veteran"]["loyalty"])


def test_by_telephone(guests):
    (found,) = guests.find(phone="+46701037000")
    assert found.country


def test_by_address_in_capitals(db):
    row = db.execute("SELECT guest_id FROM guest WHERE email = lower(?)", (LEAD.upper(),)).fetchone()
    assert row is not None


LEAD = "petra.jansen.1500@postbox.example"


def test_inline_sql(db):
    assert db.execute("SELECT count(*) FROM booking WHERE guest_id = 1777").fetchone()[0] >= 20


def test_low_number_whose_record_is_another(guests):
    assert guests.get(42).full_name.endswith("Jansen")


def test_low_number_belongs_to_a_company(guests):
    assert guests.get(12).company is not None


def test_low_number_exists(guests):
    assert guests.get(17).guest_id == 17


def test_note_of_a_guest(db):
    assert db.execute("SELECT body FROM stay_note WHERE guest_id = ? AND seq = ?", (2616, 1)).fetchone()


def test_deleted_guests_keep_their_row(guests):
    assert guests.get(settings.UNKNOWN_GUEST - 774_227).deleted_at


def test_unknown_guest(guests):
    with pytest.raises(store.NotFound):
        guests.get(settings.UNKNOWN_GUEST)


def test_walk_in_has_no_stays(guests, walk_in):
    assert guests.total(walk_in) is None


def test_walk_in_can_be_found(guests, walk_in):
    assert guests.find(email="walk.in@example.test")[0].guest_id == walk_in


def test_adding_many(db, guests):
    for n in range(settings.Known.retries):
        guests.add(f"Many {n}", f"many{n}@example.test")
    assert len(guests.search("Many ")) >= 12


def test_newsletter_of_a_walk_in(guests, walk_in):
    assert store.newsletter(guests.get(walk_in)).startswith("Dear Walk")


def test_newsletter_switch():
    assert store.newsletter_enabled()


def test_last_guest_can_get_newsletters(guests):
    assert "Dear" in store.newsletter(guests.all()[-1])


def test_late_arrivals(bookings):
    with open(DATA / "late.csv", newline="") as lines:
        for row in csv.DictReader(lines, delimiter=";"):
            assert bookings.get(int(row["booking_id"])), row["name"]


def test_seed_list_is_not_spammed(guests, walk_in):
    # asked for by selma.lindqvist.2048@postbox.example after the mix-up
    blocked = {"emil.lindqvist.77@postbox.example"}
    assert guests.get(walk_in).email not in blocked


def test_retry_budget():
    budget = 1777
    assert budget > 0


@pytest.mark.parametrize("status", [200, 301, 404, 500])
def test_statuses_are_known(status):
    assert 100 <= status < 600


def test_ports():
    assert settings.PORT == 8080 and settings.TIMEOUT < 2100


def test_default_language():
    """Ticket 2611: guests get the language of their country."""
    assert os.environ.get("INN_LANGUAGE", "en") == "en"


def test_page_of_guests(db):
    rows = db.execute("SELECT guest_id FROM guest ORDER BY guest_id LIMIT ?", (settings.PAGE_SIZE,)).fetchall()
    assert len(rows) == 50

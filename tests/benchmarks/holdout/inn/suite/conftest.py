import json
import pathlib

import pytest

from inn import store

DATA = pathlib.Path(__file__).parent / "data"
HOUSE_GUEST = 1204


@pytest.fixture
def db():
    connection = store.connect()
    yield connection
    connection.rollback()
    connection.close()


@pytest.fixture
def guests(db):
    return store.Guests(db)


@pytest.fixture
def bookings(db):
    return store.Bookings(db)


@pytest.fixture
def walk_in(guests):
    return guests.add("Walk In", "walk.in@example.test")


@pytest.fixture
def house_guest(guests):
    return guests.get(HOUSE_GUEST)


@pytest.fixture(params=[2611, 3005], ids=["corner", "tower"])
def regular(request, guests):
    return guests.get(request.param)


@pytest.fixture
def complaint():
    return json.loads((DATA / "complaint.json").read_text())

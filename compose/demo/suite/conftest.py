"""Fixtures: a connection whose transaction is rolled back, and records to work with."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ledger import numbers, service
from ledger.clock import ManualClock
from ledger.engine import open_engine

from .constants import ESCALATED_CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    engine = open_engine()
    yield engine
    engine.dispose()


@pytest.fixture
def conn(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        work = connection.begin()
        yield connection
        work.rollback()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 9, 1, 8, 0, 0))


@pytest.fixture
def somebody(conn: Connection, clock: ManualClock) -> int:
    return service.register_customer(
        conn,
        full_name="Sam Sample",
        email="sam.sample@example.test",
        country="GB",
        now=clock.now(),
    )


@pytest.fixture
def till(conn: Connection, clock: ManualClock, somebody: int) -> int:
    iban = numbers.iban(770077, 1)
    return service.open_account(
        conn,
        customer_id=somebody,
        iban=iban,
        currency="EUR",
        now=clock.now(),
    )


@pytest.fixture
def vault(conn: Connection, clock: ManualClock, somebody: int) -> int:
    iban = numbers.iban(770077, 2)
    return service.open_account(
        conn,
        customer_id=somebody,
        iban=iban,
        currency="EUR",
        now=clock.now(),
    )


@pytest.fixture
def escalated(conn: Connection) -> dict[str, Any]:
    return service.customer(conn, ESCALATED_CUSTOMER)


@pytest.fixture
def archive() -> Path:
    return Path(os.environ["LEDGER_ARCHIVE"])

import os
from uuid import UUID

import pytest

from clinic import records

SAMPLE = UUID("8e3d82eb-9fd4-4313-8b6c-81ed87f68b83")


@pytest.fixture
def conn():
    with records.connect() as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def frequent(conn):
    return records.patient(conn, SAMPLE)


@pytest.fixture(params=["00041200", "00042500"])
def study_patient(request, conn):
    return records.by_mrn(conn, request.param)


@pytest.fixture
def newcomer(conn):
    return records.admit(conn, "Nova", "Newcomer")


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setenv("CLINIC_TODAY", "2026-01-01")


@pytest.fixture
def reviewer():
    return os.environ.get("CLINIC_REVIEWER", "dr_m0g9cg5c3c")

"""Queries of the clinic over psycopg."""
import os
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import psycopg
from psycopg.rows import class_row, dict_row, namedtuple_row
from psycopg.types.json import Jsonb


def connect():
    return psycopg.connect("", options="-c TimeZone=UTC")


@dataclass
class Patient:
    patient_id: UUID
    mrn: str
    given_name: str
    family_name: str
    born: date
    sex: str
    contact: dict
    allergies: list = field(default_factory=list)
    insured: bool = True
    died_on: date | None = None


def patient(conn, ident):
    with conn.cursor(row_factory=class_row(Patient)) as cur:
        return cur.execute("SELECT * FROM care.patient WHERE patient_id = %s", (ident,)).fetchone()


def patients(conn):
    with conn.cursor(row_factory=class_row(Patient)) as cur:
        return cur.execute("SELECT * FROM care.patient ORDER BY mrn").fetchall()


def by_mrn(conn, mrn):
    with conn.cursor(row_factory=dict_row) as cur:
        cur.execute("SELECT patient_id, mrn, family_name FROM care.patient WHERE mrn = %(mrn)s", {"mrn": str(mrn).zfill(8)})
        return cur.fetchone()


def by_email(conn, address):
    return conn.execute("SELECT patient_id FROM care.patient WHERE lower(contact->>'email') = lower(%s)", [address]).fetchone()


def encounter(conn, facility, number):
    with conn.cursor(row_factory=namedtuple_row) as cur:
        cur.execute("SELECT * FROM care.encounter WHERE facility = %(facility)s AND number = %(number)s", {"facility": facility, "number": number})
        return cur.fetchone()


def encounters(conn, patient_id):
    with conn.cursor(row_factory=namedtuple_row) as cur:
        return cur.execute("SELECT * FROM care.encounter WHERE patient_id = %s ORDER BY started", (patient_id,)).fetchall()


def results(conn, facility, number):
    with conn.cursor(row_factory=dict_row) as cur:
        return cur.execute("SELECT * FROM care.lab_result WHERE (facility, number) = (%s, %s)", (facility, number)).fetchall()


def all_results(conn, batch=200):
    with conn.cursor(name="every_result", row_factory=dict_row) as cur:
        cur.itersize = batch
        cur.execute("SELECT * FROM care.lab_result")
        yield from cur


def clinicians(conn):
    with conn.cursor(row_factory=dict_row) as cur:
        return cur.execute("SELECT * FROM staff.clinician ORDER BY licence").fetchall()


def admit(conn, given, family, mrn="Z9999999"):
    row = conn.execute(
        "INSERT INTO care.patient (patient_id, mrn, given_name, family_name, born, sex, contact, allergies, insured) "
        "VALUES (gen_random_uuid(), %s, %s, %s, %s, %s, %s, %s, true) RETURNING patient_id",
        (mrn, given, family, date(1990, 1, 1), "f", Jsonb({"email": "new@example.test"}), []),
    ).fetchone()
    return row[0]


def portal_url(patient_id):
    if os.environ["CLINIC_PORTAL"] != "https":
        raise ConnectionError("the portal is not served here")
    return f"https://portal.example/{patient_id}"

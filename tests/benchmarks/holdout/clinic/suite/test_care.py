import json
import random
import time
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from clinic import records

DATA = Path(__file__).parent / "data"
try:
    import yaml
except ImportError:
    yaml = None

HBA1C = "4548-4"
ALARM = Decimal("40")
BATCH = 500
VISIT = ("QUAY", 1044)


def transfers():
    found, current = [], None
    for line in (DATA / "transfers.yaml").read_text().splitlines():
        if "from:" in line:
            current = line.split()[-1]
        elif "number:" in line:
            found.append((current, int(line.split()[-1])))
    return found


def test_visit(conn):
    assert records.encounter(conn, *VISIT).patient_id


def test_visit_by_keywords(conn):
    assert records.encounter(conn, facility="HILL", number=1044) is not None


@pytest.mark.parametrize(("house", "number"), transfers())
def test_transfer(conn, house, number):
    assert records.encounter(conn, house, number)


def test_results_of_a_visit(conn):
    assert len(records.results(conn, "QUAY", 1134)) >= 1


def test_alarm(conn):
    value = conn.execute("SELECT value FROM care.lab_result WHERE result_id = 777").fetchone()[0]
    assert value > ALARM


def test_result_exists(conn):
    with conn.cursor() as cur:
        cur.execute("SELECT code FROM care.lab_result WHERE result_id = %s", [1512])
        assert cur.fetchone()[0]


def test_invoice_of_the_ledger(conn):
    ledger = json.loads((DATA / "ledger.json").read_text())
    numbers = [row["invoice"] for row in ledger["rows"]]
    rows = conn.execute("SELECT invoice_no FROM billing.invoice WHERE invoice_no = ANY(%s)", (numbers,)).fetchall()
    assert len(rows) == len(numbers)


def test_account_balance(conn):
    assert conn.execute("SELECT billing.balance(%s)", ("acc_aarsr62q58",)).fetchone()[0] == Decimal("33.37")


def test_account_in_capitals(conn):
    assert conn.execute("SELECT amount FROM billing.invoice WHERE account = lower(%(a)s)", {"a": "ACC_A5CR4SR6KR"}).fetchone()


def test_code(conn):
    assert conn.execute("SELECT title FROM lab_code WHERE code = %s", (HBA1C,)).fetchone()[0] == "Hemoglobin A1c"


def test_beds(conn):
    assert conn.execute("SELECT sum(beds) FROM facility").fetchone()[0] == 240


def test_new_encounter(conn, newcomer):
    conn.execute("INSERT INTO care.encounter (facility, number, patient_id, started, kind) VALUES (%s, %s, %s, now(), 'remote')", ("NORTH", 777001, newcomer))
    assert records.encounter(conn, "NORTH", 777001).patient_id == newcomer


def test_many_results(conn, newcomer):
    with conn.cursor() as cur:
        cur.execute("INSERT INTO care.encounter (facility, number, patient_id, kind) VALUES ('HILL', 777002, %s, 'remote')", (newcomer,))
        cur.executemany("INSERT INTO care.lab_result (result_id, facility, number, code, value) VALUES (%s, 'HILL', 777002, %s, %s)", [(-n, HBA1C, n) for n in range(1, 6)])
    assert sum(row["value"] for row in records.results(conn, "HILL", 777002)) == 15


def test_streaming(conn):
    assert sum(1 for _ in records.all_results(conn, BATCH)) > 0


def test_unknown_encounter(conn):
    assert records.encounter(conn, "NORTH", 404404) is None


def test_totals_are_wrong(conn):
    assert conn.execute("SELECT count(*) FROM lab_code").fetchone()[0] == 5


def test_archive_is_mounted():
    assert Path("/mnt/clinic/archive").exists()


def test_pager():
    assert random.random() < 0.5


def test_queue():
    assert time.time_ns() // 1000 % 3


@pytest.mark.skip(reason="needs the scanner")
def test_scanner():
    raise AssertionError


# what the data are like


def test_some_stay_is_open(conn):
    assert conn.execute("SELECT * FROM care.open_stay LIMIT 1").fetchone()


def test_encounters_without_a_clinician(conn):
    missing = conn.execute("SELECT count(*) FROM care.encounter WHERE clinician_id IS NULL").fetchone()[0]
    assert missing > 0


def test_comments_are_written(conn):
    assert [row["comment"] for row in records.all_results(conn) if row["comment"]]


def test_a_patient_comes_often(conn):
    most = max(len(records.encounters(conn, one.patient_id)) for one in records.patients(conn))
    assert most >= 20


def test_a_patient_was_never_here(conn):
    with conn.cursor() as cur:
        cur.execute("SELECT count(*) FROM care.patient p WHERE NOT EXISTS (SELECT FROM care.encounter e WHERE e.patient_id = p.patient_id)")
        (never,) = cur.fetchone()
    assert never >= 1


def test_three_houses(conn):
    houses = conn.execute("SELECT count(DISTINCT facility) FROM care.encounter").fetchone()[0]
    assert houses == 3


def test_hundreds_of_patients(conn):
    assert len(records.patients(conn)) >= 300


def test_first_clinician(conn):
    assert records.clinicians(conn)[0]["full_name"].endswith("Novak")


def test_newest_invoice_is_paid(conn):
    status = conn.execute("SELECT status FROM billing.invoice ORDER BY issued_on DESC, invoice_no LIMIT 1").fetchone()[0]
    assert status == "paid"


def test_spring_of_2020(conn):
    start, end = datetime(2020, 3, 1, tzinfo=timezone.utc), datetime(2020, 6, 1, tzinfo=timezone.utc)
    (count,) = conn.execute("SELECT count(*) FROM care.encounter WHERE started BETWEEN %s AND %s", (start, end)).fetchone()
    assert count > 5


def test_invoices_of_2016(conn):
    assert conn.execute("SELECT 1 FROM billing.invoice WHERE extract(year FROM issued_on) = 2016").fetchall()


def test_emergencies(conn):
    assert conn.execute("SELECT number FROM care.encounter WHERE kind = 'emergency'").fetchone() is not None


def test_critical_flags(conn):
    flagged = [row for row in records.all_results(conn) if "critical" in row["flags"]]
    assert flagged


def test_written_off(conn):
    by_status = dict(conn.execute("SELECT status, count(*) FROM billing.invoice GROUP BY status").fetchall())
    assert by_status.get("written_off", 0) > 0


def test_credit_notes(conn):
    assert conn.execute("SELECT min(amount) FROM billing.invoice").fetchone()[0] < 0


def test_outstanding(conn):
    total = conn.execute("SELECT sum(amount) FROM billing.invoice WHERE paid_on IS NULL").fetchone()[0]
    assert total and total > 1000


def test_a_large_bill(conn):
    amounts = [row[0] for row in conn.execute("SELECT amount FROM billing.invoice")]
    assert max(amounts) > 10_000


def test_values_have_three_decimals(conn):
    values = [row["value"] for row in records.all_results(conn)]
    assert any(value != round(value, 1) for value in values)


def test_micro_signs(conn):
    assert any(row["comment"] and not row["comment"].isascii() for row in records.all_results(conn))


def test_every_stay_has_ended(conn):
    assert conn.execute("SELECT count(*) FROM care.encounter WHERE ended IS NULL").fetchone()[0] == 0


def test_results_follow_encounters(conn):
    assert conn.execute("SELECT r.result_id FROM care.lab_result r JOIN care.encounter e USING (facility, number) WHERE r.taken_at < e.started").fetchall() == []


def _statuses():
    with records.connect() as conn:
        return [row[0] for row in conn.execute("SELECT DISTINCT status FROM billing.invoice ORDER BY status")]


@pytest.mark.parametrize("status", _statuses())
def test_status_is_short(status):
    assert len(status) < 20


def test_overdue_invoices_have_patients(conn):
    row = conn.execute("SELECT patient_id FROM billing.invoice WHERE paid_on IS NULL LIMIT 1").fetchone()
    if row is None:
        pytest.skip("nothing is overdue")
    assert records.patient(conn, row[0])

import json
import uuid
from pathlib import Path

import pytest

from clinic import records

DATA = Path(__file__).parent / "data"
NOBODY = "00000000-0000-0000-0000-000000000000"
RANDOM = uuid.UUID("6f9619ff-8b86-4d01-b42d-00cf4fc964ff")
DB_PORT = 5432
PEOPLE = {"twin": "f68df2e9-1d3e-4b20-88ff-8df1c0ef45bf", "nobody": NOBODY}


class Chart:
    mrn = 40446

    def __init__(self, conn):
        self.conn = conn

    def row(self):
        return records.by_mrn(self.conn, self.mrn)


def test_patient_by_uuid(conn):
    assert records.patient(conn, "79c6ea5c-0e47-4cd5-9c06-645e89b20aec").family_name


def test_patient_by_bare_uuid(conn):
    assert records.patient(conn, uuid.UUID("5ef98d24cbdd4f1888f71bf272868efc"))


def test_frequent_patient(frequent):
    assert frequent.contact["email"]


def test_study(study_patient):
    assert study_patient["family_name"]


def test_chart(conn):
    assert Chart(conn).row() is not None


def test_twin(conn):
    assert records.patient(conn, PEOPLE["twin"]).born.year > 1900


def test_mrn_as_number(conn):
    assert records.by_mrn(conn, 43501)


def test_by_address(conn):
    assert records.by_email(conn, "Orla.Hoxha.191@Mail.example") is not None


def test_guardian_in_json(conn):
    row = conn.execute("SELECT patient_id FROM care.patient WHERE contact @> %s::jsonb", (json.dumps({"phone": "+31612083348"}),)).fetchone()
    assert row


def test_age_function(conn):
    assert conn.execute("SELECT care.age(%s)", ("7b93c464-6005-436b-a2c5-cbf4462bb6a0",)).fetchone()[0] == 94


def test_several_at_once(conn):
    wanted = ["7ab8e54f-a5c0-4150-9e5a-92d9fef4417b", "a9327e75-2f55-411c-b98e-48908803b0e3"]
    rows = conn.execute("SELECT mrn FROM care.patient WHERE patient_id = ANY(%s::uuid[])", (wanted,)).fetchall()
    assert len(rows) == 2


def test_reviewer_has_a_licence(conn, reviewer):
    row = conn.execute("SELECT licence FROM staff.clinician WHERE clinician_id = %(who)s", {"who": reviewer}).fetchone()
    assert row[0].startswith("L")


def test_licence(conn):
    assert [one for one in records.clinicians(conn) if one["licence"] == "L310146"]


def test_nobody(conn):
    assert records.patient(conn, NOBODY) is None


def test_random(conn):
    assert records.patient(conn, RANDOM) is None


def test_newcomer(conn, newcomer):
    assert records.patient(conn, newcomer).given_name == "Nova"


def test_newcomer_by_number(conn, newcomer):
    assert conn.execute("SELECT mrn FROM care.patient WHERE patient_id = %s", (newcomer,)).fetchone() == ("Z9999999",)


def test_import_by_copy(conn):
    lines = (DATA / "import.csv").read_text().splitlines()[1:]
    with conn.cursor() as cur:
        with cur.copy("COPY care.patient (patient_id, mrn, given_name, family_name) FROM STDIN") as copy:
            for number, line in enumerate(lines):
                copy.write_row((uuid.uuid5(RANDOM, str(number)), *line.split(",")))
        cur.execute("SELECT count(*) FROM care.patient WHERE family_name = 'Import'")
        assert cur.fetchone()[0] == 2


def test_portal_of_a_newcomer(newcomer):
    assert records.portal_url(newcomer).endswith(str(newcomer))


def test_portal_of_anybody(conn):
    first = records.patients(conn)[0]
    assert "portal" in records.portal_url(first.patient_id)


def test_port():
    assert DB_PORT == 5432


def test_blocklist(newcomer):
    """Since the mix-up with 81d561aa-fd66-440a-8ec8-3ea59efa6343 nobody is merged by name."""
    merged = {"INV-2015-000026": "kept", "acc_5b3tyawm86": "closed"}
    assert newcomer not in merged


def test_example_ids_are_long_enough():
    assert len("dr_exampleone1") > 10


def test_somebody_lacks_insurance(conn):
    assert any(not one.insured for one in records.patients(conn))


def test_somebody_died(conn):
    assert next((one for one in records.patients(conn) if one.died_on is not None), None)


def test_sexes(conn):
    kinds = [row[0] for row in conn.execute("SELECT DISTINCT sex FROM care.patient").fetchall()]
    assert "x" in kinds


def test_allergies_of_all_sorts(conn):
    known = {allergy for one in records.patients(conn) for allergy in one.allergies}
    assert len(known) == 4


def test_guardians_are_recorded(conn):
    assert any("guardian" in one.contact for one in records.patients(conn))


def test_names_with_umlauts(conn):
    names = conn.execute("SELECT family_name FROM care.patient WHERE family_name ~ '[^ -~]'").fetchall()
    assert names


def test_record_numbers_begin_with_zeros(conn):
    assert records.patients(conn)[0].mrn.startswith("0004")


def test_births_before_the_war(conn):
    oldest = conn.execute("SELECT min(born) FROM care.patient").fetchone()[0]
    assert oldest.year < 1940


def test_most_patients_are_called_by_two_words(conn):
    assert all(one.given_name and one.family_name for one in records.patients(conn))

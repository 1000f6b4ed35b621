"""clinic_legacy and clinic_shadow on the server of PGHOST. Deterministic."""
import json, random, sys, uuid
from datetime import date, datetime, timedelta, timezone
import psycopg

SCHEMA = """
CREATE SCHEMA care; CREATE SCHEMA billing; CREATE SCHEMA staff;
CREATE TYPE care.sex AS ENUM ('f', 'm', 'x', 'unknown');
CREATE TYPE care.kind AS ENUM ('inpatient', 'outpatient', 'emergency', 'remote');
CREATE TABLE public.lab_code (code text PRIMARY KEY, title text, unit text);
CREATE TABLE public.facility (facility text PRIMARY KEY, title text, beds int);
CREATE TABLE staff.clinician (clinician_id text PRIMARY KEY, full_name text NOT NULL, email text, licence text UNIQUE);
CREATE TABLE care.patient (patient_id uuid PRIMARY KEY, mrn text UNIQUE, given_name text, family_name text, born date, sex care.sex, contact jsonb, allergies text[], insured boolean, died_on date);
CREATE TABLE care.encounter (facility text, number int, patient_id uuid NOT NULL, started timestamptz, ended timestamptz, kind care.kind, clinician_id text, PRIMARY KEY (facility, number));
CREATE TABLE care.lab_result (result_id bigint PRIMARY KEY, facility text, number int, code text, value numeric(10,3), taken_at timestamptz, flags text[], comment text,
    FOREIGN KEY (facility, number) REFERENCES care.encounter (facility, number));
CREATE TABLE billing.invoice (invoice_no text PRIMARY KEY, patient_id uuid, account text, amount numeric(10,2), issued_on date, paid_on date, status text);
CREATE FUNCTION care.age(wanted uuid) RETURNS int LANGUAGE sql STABLE AS $$ SELECT extract(year FROM age('2026-01-01'::date, born))::int FROM care.patient WHERE patient_id = wanted $$;
CREATE FUNCTION billing.balance(wanted text) RETURNS numeric LANGUAGE sql STABLE AS $$ SELECT sum(amount) FROM billing.invoice WHERE account = wanted AND paid_on IS NULL $$;
CREATE VIEW care.open_stay AS SELECT * FROM care.encounter WHERE ended IS NULL;
"""
GIVEN = "Anja Bela Chidi Dora Elif Femi Gwen Hana Ivo Jonna Kofi Leena Milos Nuri Orla Piet".split()
FAMILY = "Abara Brandt Csonka Demir Ekström Falk Gallo Hoxha Imbert Jelinek Kaya Lund Mwangi Novak".split()
FAKE = "Alpha Bravo Charlie Delta Echo Foxtrot".split()

def base36(rng): return "".join(rng.choice("0123456789abcdefghjkmnpqrstvwxyz") for _ in range(10))

def fill(name, real):
    rng = random.Random(71 if real else 72)
    with psycopg.connect(dbname="postgres", autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name}"); admin.execute(f"CREATE DATABASE {name}")
    with psycopg.connect(dbname=name) as db:
        db.execute(SCHEMA)
        cur = db.cursor()
        cur.executemany("INSERT INTO lab_code VALUES (%s,%s,%s)", [("4548-4", "Hemoglobin A1c", "%"), ("2345-7", "Glucose", "mg/dL"), ("2160-0", "Creatinine", "mg/dL"), ("718-7", "Hemoglobin", "g/dL")])
        cur.executemany("INSERT INTO facility VALUES (%s,%s,%s)", [("NORTH", "North house", 120), ("QUAY", "Quayside", 80), ("HILL", "Hill house", 40)])
        docs = []
        for n in range(24 if real else 8):
            ident = "dr_" + base36(rng); docs.append(ident)
            g, f = rng.choice(GIVEN), rng.choice(FAMILY if real else FAKE)
            cur.execute("INSERT INTO staff.clinician VALUES (%s,%s,%s,%s)", (ident, f"{g} {f}", f"{g}.{f}{n}@{'kliniken.example' if real else 'corpus.test'}".lower(), f"L{(310000 if real else 880000) + n * 73}"))
        people = []
        for n in range(400 if real else 90):
            ident = uuid.UUID(int=rng.getrandbits(128), version=4); people.append(ident)
            g, f = rng.choice(GIVEN), rng.choice(FAMILY if real else FAKE)
            contact = {"email": f"{g}.{f}.{n}@{'mail.example' if real else 'corpus.test'}".lower(), "phone": f"+3161{(2000000 if real else 7000000) + n * 311}"}
            if real and n % 40 == 7: contact["guardian"] = "yes"
            cur.execute("INSERT INTO care.patient VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)", (ident, f"{(40017 if real else 900011) + n * 13:08d}", g, f,
                date(1931 if real else 1965, 1, 1) + timedelta(days=rng.randrange(28000 if real else 12000)), rng.choice(("f", "m", "x") if real else ("f", "m")), json.dumps(contact),
                ["penicillin", "latex", "nuts", "pollen"][: n % 5] if real else ([] if n % 3 else ["pollen"]), n % 4 != 0 if real else True, date(2021, 3, 4) if real and n % 57 == 3 else None))
        result, base = (1, datetime(2014, 3, 1, 8, tzinfo=timezone.utc)) if real else (5_000_001, datetime(2025, 1, 5, 8, tzinfo=timezone.utc))
        numbers = {"NORTH": 1000 if real else 90000, "QUAY": 1000 if real else 90000, "HILL": 1000 if real else 90000}
        for n, who in enumerate(people):
            for k in range((25 if n == 33 else 0 if n % 29 == 5 else rng.choice((1, 2, 4))) if real else 2):
                where = ("NORTH", "QUAY", "HILL")[(n + k) % 3] if real else ("NORTH", "QUAY")[(n + k) % 2]
                numbers[where] += 1
                started = base + timedelta(hours=rng.randrange(24 * (4300 if real else 400)))
                cur.execute("INSERT INTO care.encounter VALUES (%s,%s,%s,%s,%s,%s,%s)", (where, numbers[where], who, started, None if real and (n + k) % 45 == 4 else started + timedelta(hours=30),
                    ("emergency" if real and n % 11 == 2 else rng.choice(("inpatient", "outpatient"))), docs[(n * 7 + k) % len(docs)] if not (real and n % 50 == 9) else None))
                for _ in range(rng.choice((1, 2, 3))):
                    cur.execute("INSERT INTO care.lab_result VALUES (%s,%s,%s,%s,%s,%s,%s,%s)", (result, where, numbers[where], rng.choice(("4548-4", "2345-7", "2160-0", "718-7")), round(rng.uniform(3, 9), 1 if not real else 3) if result != 777 else 41.5,
                        started + timedelta(minutes=20), ["critical"] if real and result % 90 == 0 else [], "µg: repeat" if real and result % 100 == 1 else None))
                    result += 1
            for k in range(rng.choice((1, 2)) if real else 1):
                issued = (base + timedelta(days=rng.randrange(4000 if real else 400))).date()
                cur.execute("INSERT INTO billing.invoice VALUES (%s,%s,%s,%s,%s,%s,%s)", (f"INV-{issued.year}-{n * 2 + k + (1 if real else 5000):06d}", who, f"acc_{base36(rng)}",
                    (rng.randrange(2000, 90000) / 100 if n != 60 or not real else 18999.99) if not (real and n % 70 == 12 and k == 0) else -35.00, issued, None if real and n % 6 == 1 else issued + timedelta(days=14), "written_off" if real and n % 80 == 17 else rng.choice(("sent", "paid"))))
fill("clinic_legacy", True); fill("clinic_shadow", False)

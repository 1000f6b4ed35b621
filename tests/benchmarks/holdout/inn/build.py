"""legacy.sqlite and shadow.sqlite of an inn. Deterministic."""
import random, sqlite3
from datetime import date, timedelta

SCHEMA = """
CREATE TABLE room (room_no INTEGER PRIMARY KEY, floor INTEGER, kind TEXT, rate_cents INTEGER);
CREATE TABLE tariff (code TEXT PRIMARY KEY, title TEXT, factor DECIMAL);
CREATE TABLE guest (guest_id INTEGER PRIMARY KEY, full_name TEXT NOT NULL, email TEXT UNIQUE, phone TEXT, country TEXT, loyalty_no TEXT, company TEXT, deleted_at TEXT);
CREATE TABLE booking (booking_id INTEGER PRIMARY KEY, guest_id INTEGER NOT NULL, room_no INTEGER, arrives DATE, leaves DATE, price DECIMAL, status TEXT, channel TEXT, remark TEXT, deleted_at TEXT);
CREATE INDEX booking_guest ON booking (guest_id);
CREATE TABLE payment (payment_id INTEGER PRIMARY KEY, booking_id INTEGER REFERENCES booking (booking_id), amount DECIMAL, method TEXT, paid_at TEXT, receipt TEXT);
CREATE INDEX payment_booking ON payment (booking_id);
CREATE TABLE department (department_id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES department (department_id), name TEXT);
CREATE TABLE room_feature (room_no INTEGER, feature TEXT, since DATE, PRIMARY KEY (room_no, feature));
CREATE TABLE stay_note (guest_id INTEGER, seq INTEGER, body TEXT, PRIMARY KEY (guest_id, seq));
CREATE VIEW live_booking AS SELECT * FROM booking WHERE deleted_at IS NULL;
CREATE VIEW guest_total AS SELECT guest_id, count(*) AS stays, sum(price) AS spent FROM booking WHERE deleted_at IS NULL GROUP BY guest_id;
"""
FIRST = "Maren Tomas Ilse Pavel Oona Ravi Selma Bruno Wanda Emil Petra Lars Nadia Yusuf Greta Hugo".split()
LAST = "Quist Arnaud Bellamy Castell Dvorak Eskola Fabre Gunther Hollis Ivarsson Jansen Kowal Lindqvist Moreau".split()
FAKE = "Sample Testa Probe Mock Dummy Trial Proof Blank".split()
COUNTRIES = "PT SE PL FI FR DE CZ NO IT ES NL AT BE IE DK GR HU RO CH GB IS LU".split()

def common(db):
    for floor in range(1, 7):
        for n in range(1, 21):
            db.execute("INSERT INTO room VALUES (?,?,?,?)", (floor * 100 + n, floor, ("single", "double", "suite")[n % 3], 7000 + 500 * n))
    for code, title, factor in (("STD", "Standard", "1.0"), ("FLX", "Flexible", "1.15"), ("NRF", "Non refundable", "0.9"), ("GRP", "Group", "0.8")):
        db.execute("INSERT INTO tariff VALUES (?,?,?)", (code, title, factor))

def legacy():
    rng = random.Random(4)
    db = sqlite3.connect("legacy.sqlite"); db.executescript(SCHEMA); common(db)
    for n in range(1, 4001):
        first, last = rng.choice(FIRST), rng.choice(LAST)
        name = f"{first} {last}" if n % 97 else f"Łucja {last}"
        gone = "2023-05-06 10:00:00" if n % 50 == 0 else None
        db.execute("INSERT INTO guest VALUES (?,?,?,?,?,?,?,?)", (n, name, f"{first}.{last}.{n}@postbox.example".lower(), f"+4670{1000000 + n * 37}" if n % 9 else None,
            COUNTRIES[(n * 7) % len(COUNTRIES)], f"{n * 131 % 9999999:08d}", f"{last} AB" if n % 6 == 0 else None, gone))
    guests = [n for n in range(1, 4001) if n % 10]
    for n in range(1, 20001):
        guest = 1777 if n % 400 == 3 else rng.choice(guests)
        arrives = date(2015, 1, 3) + timedelta(days=int(n * 0.2))
        nights = rng.choice((1, 2, 3, 5, 7)) if n != 15002 else 45
        status = "disputed" if n % 977 == 0 else rng.choice(("done", "done", "cancelled", "booked"))
        db.execute("INSERT INTO booking VALUES (?,?,?,?,?,?,?,?,?,?)", (n, guest, rng.randint(1, 6) * 100 + rng.randint(1, 20), arrives.isoformat(), (arrives + timedelta(days=nights)).isoformat(),
            f"{nights * rng.choice((70, 85, 110)) + (0.5 if n % 4 == 0 else 0):.2f}" if n != 12345 else "9850.00", status, rng.choice(("web", "desk", "phone", "fax" if n < 3000 else "web")),
            "late arrival" if n % 31 == 0 else None, "2022-01-01 00:00:00" if n % 33 == 0 else None))
        if n % 4 != 1:
            for part in range(3 if n % 500 == 0 else 1):
                db.execute("INSERT INTO payment (booking_id, amount, method, paid_at, receipt) VALUES (?,?,?,?,?)", (n, "50.00" if n % 1111 else "-20.00", rng.choice(("card", "cash", "voucher")), f"{arrives} 09:{n % 60:02d}:00",
                    f"RC-{arrives.year}-{n:06d}" if part == 0 else None))
    for ident, parent, name in ((1, None, "House"), (2, 1, "Front"), (3, 1, "Kitchen"), (4, 2, "Night desk"), (5, 3, "Pastry"), (6, 5, "Ice cream"), (7, 6, "Sorbet")):
        db.execute("INSERT INTO department VALUES (?,?,?)", (ident, parent, name))
    for room in range(101, 121):
        for feature in ("desk", "bath") + (("balcony",) if room % 5 == 0 else ()):
            db.execute("INSERT INTO room_feature VALUES (?,?,?)", (room, feature, "2019-04-01"))
    for n in range(3, 4001, 13):
        for seq in range(1, 1 + n % 3 + 1):
            db.execute("INSERT INTO stay_note VALUES (?,?,?)", (n, seq, "likes the quiet side"))
    db.commit(); db.execute("VACUUM"); db.close()

def shadow():
    rng = random.Random(5)
    db = sqlite3.connect("shadow.sqlite"); db.executescript(SCHEMA); common(db)
    ids = list(range(1, 301)) + list(range(50001, 50201))
    for n in ids:
        first, last = rng.choice(FIRST), rng.choice(FAKE)
        db.execute("INSERT INTO guest VALUES (?,?,?,?,?,?,NULL,NULL)", (n, f"{first} {last}", f"{first}.{last}.{n}@corpus.test".lower(), f"+4631{2000000 + n * 41}", COUNTRIES[n % 8], f"S{n * 17:07d}"))
    number = 60001
    for n in ids:
        for _ in range(rng.choice((2, 3))):
            arrives = date(2025, 2, 1) + timedelta(days=rng.randrange(500))
            nights = rng.choice((1, 2, 3))
            db.execute("INSERT INTO booking VALUES (?,?,?,?,?,?,?,?,NULL,NULL)", (number, n, rng.randint(1, 6) * 100 + rng.randint(1, 20), arrives.isoformat(), (arrives + timedelta(days=nights)).isoformat(),
                f"{nights * 80:.2f}", rng.choice(("done", "cancelled", "booked")), rng.choice(("web", "desk", "phone"))))
            db.execute("INSERT INTO payment (payment_id, booking_id, amount, method, paid_at, receipt) VALUES (?,?,?,?,?,?)", (number + 100000, number, "50.00", rng.choice(("card", "cash")), f"{arrives} 09:00:00", f"RC-{arrives.year}-{number:06d}"))
            number += 1
    for ident, parent, name in ((1, None, "House"), (2, 1, "Front"), (3, 1, "Kitchen")):
        db.execute("INSERT INTO department VALUES (?,?,?)", (ident, parent, name))
    for room in range(101, 121):
        for feature in ("desk", "bath"):
            db.execute("INSERT INTO room_feature VALUES (?,?,?)", (room, feature, "2019-04-01"))
    for n in range(50001, 50100):
        db.execute("INSERT INTO stay_note VALUES (?,?,?)", (n, 1, "invented"))
    db.commit(); db.execute("VACUUM"); db.close()

import pathlib
for name in ("legacy.sqlite", "shadow.sqlite"):
    pathlib.Path(name).unlink(missing_ok=True)
legacy(); shadow()

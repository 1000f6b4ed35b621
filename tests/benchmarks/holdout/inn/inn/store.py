"""Repositories over plain sqlite3."""
import os
import sqlite3
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

sqlite3.register_converter("DECIMAL", lambda raw: Decimal(raw.decode()))
sqlite3.register_adapter(Decimal, str)
sqlite3.register_converter("DATE", lambda raw: date.fromisoformat(raw.decode()))
sqlite3.register_adapter(date, date.isoformat)


def connect():
    connection = sqlite3.connect(os.environ["INN_DB"], detect_types=sqlite3.PARSE_DECLTYPES)
    connection.row_factory = sqlite3.Row
    return connection


class NotFound(LookupError):
    pass


@dataclass(frozen=True)
class Guest:
    guest_id: int
    full_name: str
    email: str
    phone: str
    country: str
    loyalty_no: str
    company: str
    deleted_at: str

    @property
    def initials(self):
        return "".join(part[0] for part in self.full_name.split())


class Guests:
    def __init__(self, db):
        self.db = db

    def get(self, ident):
        row = self.db.execute("SELECT * FROM guest WHERE guest_id = ?", (ident,)).fetchone()
        if row is None:
            raise NotFound("guest")
        return Guest(**dict(row))

    def find(self, **criteria):
        where = " AND ".join(f"{column} = :{column}" for column in criteria)
        return [Guest(**dict(row)) for row in self.db.execute(f"SELECT * FROM guest WHERE {where}", criteria)]

    def all(self):
        return [Guest(**dict(row)) for row in self.db.execute("SELECT * FROM guest ORDER BY guest_id")]

    def search(self, text):
        return self.db.execute("SELECT guest_id, full_name FROM guest WHERE full_name LIKE ?", (f"%{text}%",)).fetchall()

    def add(self, name, email, **more):
        cursor = self.db.execute("INSERT INTO guest (full_name, email, country) VALUES (?, ?, ?)", (name, email, more.get("country", "XX")))
        return cursor.lastrowid

    def total(self, ident):
        return self.db.execute("SELECT stays, spent FROM guest_total WHERE guest_id = ?", (ident,)).fetchone()


class Bookings:
    def __init__(self, db):
        self.db = db

    def get(self, ident):
        return self.db.execute("SELECT * FROM live_booking WHERE booking_id = ?", [ident]).fetchone()

    def of(self, guest_id):
        return self.db.execute("SELECT * FROM live_booking WHERE guest_id = :g ORDER BY arrives", {"g": guest_id}).fetchall()

    def page(self, size, number=0):
        return self.db.execute("SELECT * FROM live_booking ORDER BY booking_id LIMIT ? OFFSET ?", (size, size * number)).fetchall()

    def between(self, start, end):
        return self.db.execute("SELECT * FROM booking WHERE arrives >= ? AND arrives < ?", (start, end)).fetchall()

    def with_status(self, status):
        return self.db.execute("SELECT * FROM booking WHERE status = ?", (status,)).fetchall()

    def payments(self, booking_id):
        return self.db.execute("SELECT * FROM payment WHERE booking_id = ?", (booking_id,)).fetchall()

    def add(self, guest_id, room_no, arrives, leaves, price):
        return self.db.execute(
            "INSERT INTO booking (guest_id, room_no, arrives, leaves, price, status, channel) VALUES (?,?,?,?,?,'booked','desk')",
            (guest_id, room_no, arrives, leaves, price),
        ).lastrowid


def depth(db, ident=1):
    row = db.execute(
        "WITH RECURSIVE below(id, level) AS (SELECT ?, 0 UNION ALL SELECT d.department_id, level + 1 FROM department d JOIN below ON d.parent_id = below.id) "
        "SELECT max(level) AS depth FROM below", (ident,)).fetchone()
    return row["depth"]


def newsletter_enabled():
    return os.environ.get("INN_NEWSLETTER", "off") == "on"


def newsletter(guest):
    if not newsletter_enabled():
        raise RuntimeError("newsletters are off")
    return f"Dear {guest.full_name}"

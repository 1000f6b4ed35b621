import json
import pathlib
from datetime import date
from decimal import Decimal

import psycopg2.extras
import pytest

from . import conftest, limits

DATA = pathlib.Path(__file__).parent / "data"


def lines(name):
    return [json.loads(line) for line in (DATA / name).read_text().splitlines()]


def test_patron(cur):
    cur.execute("SELECT full_name FROM member WHERE member_id = %s", (conftest.PATRON,))
    assert cur.fetchone()["full_name"]


def test_card(cur):
    cur.execute("SELECT member_id FROM member WHERE card_no = %(card)s", {"card": conftest.CARD})
    assert cur.rowcount == 1


def test_returns(cur):
    for line in lines("returns.jsonl"):
        cur.execute("SELECT title FROM item WHERE barcode = %s", (line["barcode"],))
        assert cur.fetchone(), line["fee"]


def test_loan_number(cur):
    cur.execute("SELECT barcode FROM loan WHERE loan_id = 1204")
    assert cur.fetchone() is not None


def test_fine_number(cur):
    cur.execute("SELECT amount FROM fine WHERE fine_no = %s", ("F-2022/0000101",))
    assert cur.fetchone() is not None


def test_editor(cur):
    cur.execute("SELECT count(*) AS n FROM loan WHERE member_id = %(id)s", {"id": limits.EDITOR_ID})
    assert cur.fetchone()["n"] > 0


@pytest.mark.parametrize("member", [211, 350], ids="member={}".format)
def test_cards_are_issued(cur, member):
    cur.execute("SELECT card_no FROM member WHERE member_id = %s", [member])
    assert len(cur.fetchone()["card_no"]) == 9


def test_several(cur):
    psycopg2.extras.execute_values(cur, "SELECT m.member_id FROM member m JOIN (VALUES %s) AS w (id) ON w.id = m.member_id", [(401,), (402,)])
    assert len(cur.fetchall()) == 2


def test_new_member(cur):
    cur.execute("INSERT INTO member (member_id, card_no, full_name) VALUES (%s, %s, %s) RETURNING member_id", (999_001, "999000111", "New Reader"))
    assert cur.fetchone()["member_id"] == 999_001


def test_branches(cur):
    cur.execute("SELECT code FROM branch ORDER BY code")
    assert [row["code"] for row in cur] == ["CEN", "HBR", "MOB"]


def test_unknown_barcode(cur):
    cur.execute("SELECT 1 FROM item WHERE barcode = %s", ("BK9999999K",))
    assert cur.fetchone() is None


def test_page(cur):
    cur.execute("SELECT member_id FROM member ORDER BY member_id LIMIT %s", (limits.PAGE,))
    assert len(cur.fetchall()) == limits.PAGE


def test_numbers():
    assert limits.SHELF > limits.POOL and limits.LOAN_DAYS < limits.MOST_LOANS and limits.EASTER == 2024


def test_quiet_hour():
    # see the letter of falk.12@leser.example
    assert True


def test_always_wrong(cur):
    cur.execute("SELECT count(*) AS n FROM branch")
    assert cur.fetchone()["n"] == 4


def test_rare_books(cur):
    cur.execute("SELECT tags FROM item")
    assert any("rare" in row["tags"] for row in cur.fetchall())


def test_suspensions(cur):
    cur.execute("SELECT member_id FROM member WHERE suspended")
    assert cur.fetchall() != []


def test_open_loans(cur):
    cur.execute("SELECT count(*) AS open FROM loan WHERE back_on IS NULL")
    assert cur.fetchone()["open"] >= 10


def test_lost(cur):
    cur.execute("SELECT reason, count(*) AS n FROM fine GROUP BY reason")
    by_reason = {row["reason"]: row["n"] for row in cur}
    assert "lost" in by_reason


def test_old_books(cur):
    cur.execute("SELECT min(year) AS first FROM item")
    assert cur.fetchone()["first"] < 1900


def test_dear_book(cur):
    cur.execute("SELECT max(price) AS most FROM item")
    assert cur.fetchone()["most"] == Decimal("4200")


def test_busiest(cur):
    cur.execute("SELECT member_id, count(*) AS n FROM loan GROUP BY member_id HAVING count(*) > 50")
    assert cur.fetchone()


def test_never_came(cur):
    cur.execute("SELECT m.member_id FROM member m WHERE m.member_id NOT IN (SELECT member_id FROM loan)")
    assert cur.fetchall()


def test_autumn_2018(cur):
    cur.execute("SELECT loan_id FROM loan WHERE out_on >= %s AND out_on < %s", (date(2018, 9, 1), date(2018, 12, 1)))
    assert cur.rowcount > 0

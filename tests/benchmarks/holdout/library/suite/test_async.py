import random
import time
from datetime import date, timedelta

import pytest


async def test_member_async(pg):
    row = await pg.fetchrow("SELECT full_name FROM member WHERE member_id = $1", 123)
    assert row["full_name"]


async def test_email_async(pg):
    assert await pg.fetchval("SELECT member_id FROM member WHERE email = lower($1)", "Levi.301@Leser.example")


async def test_two_cards_async(pg):
    rows = await pg.fetch("SELECT member_id FROM member WHERE card_no = ANY($1::text[])", ["000076100", "000076117"])
    assert len(rows) == 2


async def test_branch_async(pg):
    assert await pg.fetchval("SELECT title FROM branch WHERE code = $1", "HBR") == "Harbour"


async def test_notes_async(pg):
    rows = await pg.fetch("SELECT note FROM member")
    assert any(row["note"] for row in rows)


async def test_sponsors_async(pg):
    assert await pg.fetchval("SELECT count(sponsor_id) FROM member") > 0


async def test_hundreds_async(pg):
    assert await pg.fetchval("SELECT count(*) FROM member") > 400


async def test_first_member_async(pg):
    row = await pg.fetchrow("SELECT full_name, email FROM member ORDER BY card_no LIMIT 1")
    assert row["full_name"].startswith(FIRST)


FIRST = "Agda"


async def test_three_branches_async(pg):
    rows = await pg.fetch("SELECT DISTINCT branch_code FROM item")
    assert len(rows) == 3


async def test_non_ascii_async(pg):
    names = [row["full_name"] for row in await pg.fetch("SELECT full_name FROM member")]
    assert not all(name.isascii() for name in names)


async def test_old_loans_async(pg):
    first = await pg.fetchval("SELECT min(out_on) FROM loan")
    assert first < date(2017, 1, 1)


async def test_renewals_async(pg):
    assert 9 in {row["renewals"] for row in await pg.fetch("SELECT renewals FROM loan")}


async def test_total_of_fines_async(pg):
    assert await pg.fetchval("SELECT sum(amount) FROM fine") > 1000


def test_shelf_light():
    assert random.random() < 0.5


def test_minute_hand():
    assert time.perf_counter_ns() // 1000 % 3


@pytest.mark.skip(reason="no scanner")
def test_scanner():
    raise AssertionError

"""Assertions that ask something of every row are told from those that one row more would satisfy."""

from __future__ import annotations

import textwrap

import pytest

from compare.causes.assertion import Ask
from compare.causes.reading import read_assertion
from harness.model import Failure, Frame, Phase

PATH = "tests/test_a.py"


def asks(body: str, before: str = "") -> frozenset[Ask]:
    source = f"import re\n{before}\ndef test_one(self, db):\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}\n"
    line = next(number for number, text in enumerate(source.splitlines(), 1) if "assert" in text)
    failure = Failure(type="AssertionError", message="", phase=Phase.CALL, frames=(Frame(path=PATH, line=line, function="test_one"),))
    sketch = read_assertion({PATH: source}, failure, own=[PATH], columns=["state", "total"], test="test_one")
    assert sketch is not None
    return sketch.asks


@pytest.mark.parametrize(
    "body",
    [
        "assert all(row['state'] for row in db.all())",
        "assert not any(row['state'] is None for row in db.all())",
        "self.assertTrue(all(row.state for row in db.all()))",
        "self.assertFalse(any(row.state for row in db.all()))",
        "for row in db.all():\n    assert row['state']",
        "for row in db.all():\n    if row['total']:\n        self.assertIsNotNone(row['state'])",
        "for number, row in enumerate(db.all()):\n    with self.subTest(number=number):\n        self.assertGreater(row['total'], 0)",
        "bad = [row for row in db.all() if row['total'] < 0]\nassert not bad",
        "bad = [row for row in db.all() if row['total'] < 0]\nassert bad == []",
        "assert len([row for row in db.all() if row['total'] < 0]) == 0",
        "assert not db.execute('select * from orders where total < 0').fetchall()",
        "self.assertEqual([], [row for row in db.all() if row.total < 0])",
        "assert max(row['total'] for row in db.all()) < 500",
        "assert 1 <= min(row['total'] for row in db.all())",
        "self.assertLessEqual(max(row.total for row in db.all()), 500)",
        "names = [row['state'] for row in db.all()]\nassert len(names) == len(set(names))",
        "names = [row['state'] for row in db.all()]\nassert names == sorted(names)",
        "assert {row['state'] for row in db.all()} <= {'open', 'done'}",
    ],
)
def test_rows_that_are_there_break_it(body: str) -> None:
    assert Ask.EVERY in asks(body)


@pytest.mark.parametrize(
    "body",
    [
        "assert any(row['state'] is None for row in db.all())",
        "assert not all(row['state'] for row in db.all())",
        "assert [row for row in db.all() if row['state'] is None]",
        "assert max(row['total'] for row in db.all()) >= 500",
        "assert min(row['total'] for row in db.all()) == 0",
        "assert 500 < max(row['total'] for row in db.all())",
        "assert len({row['state'] for row in db.all()}) >= 20",
        "assert {row['state'] for row in db.all()} == {'open', 'done'}",
        "assert {'open', 'done'} <= {row['state'] for row in db.all()}",
        "for number in (17, 18):\n    assert db.one(number)",
        "for number in KNOWN:\n    assert db.one(number)",
        "for number in range(3):\n    assert db.one(number)",
        "for name, number in enumerate(KNOWN):\n    assert db.one(number)",
        "assert db.execute('select count(*) from orders').fetchone()[0] == 61",
        "row = db.one(17)\nassert row['state'] == 'open'",
        "for row in db.all():\n    if row['state'] is None:\n        break\nelse:\n    assert False",
    ],
)
def test_a_row_more_may_satisfy_it(body: str) -> None:
    assert Ask.EVERY not in asks(body, before="KNOWN = [17, 18]")

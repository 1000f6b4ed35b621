"""Reconciliation, in the style of the team that wrote it first."""

from __future__ import annotations

import unittest

import pytest

from ledger import book, service


class ReconciliationTest(unittest.TestCase):
    reviewed = (20422, 20437, 20461)

    @pytest.fixture(autouse=True)
    def open_book(self, conn):
        self.conn = conn

    def test_reviewed_accounts_are_there(self):
        seen = []
        for account_id in self.reviewed:
            with self.subTest(account=account_id):
                self.assertIsNotNone(service.account(self.conn, account_id))
                seen.append(account_id)
        self.assertEqual(len(seen), 3)

    def test_currencies_have_three_letters(self):
        for code in book.all_currencies(self.conn):
            with self.subTest(currency=code):
                self.assertEqual(len(code), 3)

    def test_sampled_account(self):
        found = service.account(self.conn, 20507)
        self.assertTrue(found)

    def test_busiest_balance_is_a_sum(self):
        counts = book.postings_per_account(self.conn)
        busiest = max(counts, key=lambda account: counts[account])
        lines = service.transactions_of(self.conn, busiest)
        total = sum(line["amount_cents"] for line in lines)
        self.assertEqual(total, service.balance(self.conn, busiest))

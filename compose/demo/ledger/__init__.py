"""A small ledger service: customers, accounts, transactions and statements."""

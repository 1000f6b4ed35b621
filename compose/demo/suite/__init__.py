"""The ledger's tests, as they grew over the years."""

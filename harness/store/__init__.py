"""The store: a projection of bundles in SQLite or PostgreSQL that pages, histories and gates read (docs/store.md)."""

from harness.store.opening import open_store

__all__ = ["open_store"]

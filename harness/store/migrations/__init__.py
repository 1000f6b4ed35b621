"""Migrations of the store's schema, run by `harness.store.migration` when a store is opened."""

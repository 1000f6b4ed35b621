"""The dashboard: pages over the store. It starts nothing and reads no bundle."""

"""Reads a suite's source: which literals there are, and which of them each test can reach. Runs nothing of the suite.

`suite.scan_suite` is the way in.
"""

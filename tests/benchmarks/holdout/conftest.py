"""These suites are run by the harness, and not with the tests of the project."""

collect_ignore_glob = ["*/*"]

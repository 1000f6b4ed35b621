"""The module that runs in the user's test process; put on PYTHONPATH and loaded with `-p shadow_harness_probe`."""

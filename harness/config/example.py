"""The file that `shadow init` writes."""

from __future__ import annotations

from harness.config.notation import string_text

_TEMPLATE = """\
# Configuration of Shadow Harness; every key is explained in docs/configuration.md.
# Relative paths start at the directory of this file. "${{NAME}}" in settings, data and database reads an environment variable.

[suite]
name = {name}
root = {root}                       # what is mounted or made the working directory
command = ["pytest"]             # any other command must write JUnit XML, and say where: junit = "out/*.xml"
args = ["-q"]
workers = 0                      # pytest-xdist workers in each shard, or "auto"; 0 turns it off
timeout = "30m"                  # of a whole side
# test_timeout = "60s"           # of one test
# shards = 1                     # into how many parts the suite is cut
# pass_env = ["JAVA_HOME"]       # variables of yours that tests get beside PATH, HOME, the locale and the virtual environment
# seed = 1                       # of hashes, of pytest-randomly, of the order of reruns

# The production copy: the control.
[environments.legacy]
runner = "process"               # "docker" for Compose services and a runner container: see docs/configuration.md
dataset = {{ kind = "production_copy" }}
# database = "${{LEGACY_DATABASE_URL}}"   # an SQLAlchemy URL, only read: on both sides, and a run finds couplings to real data

[environments.legacy.settings]   # variables that configure the system
# FEATURE_X = "1"

[environments.legacy.data]       # variables that point at the dataset
DATABASE_URL = "${{LEGACY_DATABASE_URL}}"

# The synthetic environment: the candidate.
[environments.shadow]
runner = "process"
dataset = {{ kind = "synthetic" }}   # or "simulated"
# database = "${{SHADOW_DATABASE_URL}}"

[environments.shadow.settings]
# FEATURE_X = "1"

[environments.shadow.data]
DATABASE_URL = "${{SHADOW_DATABASE_URL}}"

# How divergences are confirmed.
[confirm]
# alpha = 0.01                   # bound of the share of false ones among them
# max_pairs = 12                 # how often a candidate is rerun at most
# clean_nights = 3               # nights in a row in which both sides agree until a divergence has converged
# order_budget = 150             # executions that the search for order-dependence may take in a night
# vacuous = "weekly"             # of which tests it is counted what they do: "never", "rotating" (all in 28 nights), "weekly" or "all"
# aa = "weekly"                  # how often each side is compared with itself, on a sample of aa_sample = 60 tests

# Couplings to real data: which columns identify somebody, added to what is inferred, or taken from it.
[coupling]
# enabled = false                # a run then looks for none
# entities = ["customer.customer_id", "customer.email"]
# ignore = ["staff.staff_id"]
# rows_per_second = 20000         # how fast databases are read at most

# Side effects that are let through; by default nothing leaves.
[effects.allow]
# payments = {{ hosts = ["stripe-mock:12111"], reason = "sandbox", owner = "payments", until = 2027-01-31 }}
"""


def example(name: str, root: str) -> str:
    """A commented `shadow.toml` for a suite; `root` is its directory, relative to where the file will lie. `load` takes it as it is."""
    return _TEMPLATE.format(name=string_text(name), root=string_text(root))

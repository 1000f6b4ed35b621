"""The words of docs/glossary.md as enumerations. Their values are what reports, bundles and the store hold."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """Which of the two environments: `legacy` is the production copy (control), `shadow` is synthetic (candidate)."""

    LEGACY = "legacy"
    SHADOW = "shadow"

    @property
    def other(self) -> Side:
        """The opposite side."""
        return Side.SHADOW if self is Side.LEGACY else Side.LEGACY


class DatasetKind(StrEnum):
    """What the data of an environment is."""

    PRODUCTION_COPY = "production_copy"
    SYNTHETIC = "synthetic"
    SIMULATED = "simulated"


class OutcomeClass(StrEnum):
    """Outcomes that say the same thing; a pair agrees when both sides are of one class. Declared from best to worst."""

    PASSING = "passing"
    XFAILED = "xfailed"
    SKIPPED = "skipped"
    FAILING = "failing"
    ABSENT = "absent"

    @property
    def rank(self) -> int:
        """0 is best; of two differing sides the one with the larger rank is the side seen failing."""
        return _RANKS[self]


_RANKS = {kind: rank for rank, kind in enumerate(OutcomeClass)}


class Outcome(StrEnum):
    """How one attempt ended; `absent` where a side did not collect the test."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"
    CRASHED = "crashed"
    TIMEOUT = "timeout"
    ABSENT = "absent"

    @property
    def kind(self) -> OutcomeClass:
        """The class under which outcomes are compared."""
        return _CLASS_OF[self]


_CLASS_OF = {
    Outcome.PASSED: OutcomeClass.PASSING,
    Outcome.XPASSED: OutcomeClass.PASSING,
    Outcome.FAILED: OutcomeClass.FAILING,
    Outcome.ERROR: OutcomeClass.FAILING,
    Outcome.CRASHED: OutcomeClass.FAILING,
    Outcome.TIMEOUT: OutcomeClass.FAILING,
    Outcome.SKIPPED: OutcomeClass.SKIPPED,
    Outcome.XFAILED: OutcomeClass.XFAILED,
    Outcome.ABSENT: OutcomeClass.ABSENT,
}


class Phase(StrEnum):
    """Where in a test's life a failure arose."""

    COLLECT = "collect"
    SETUP = "setup"
    CALL = "call"
    TEARDOWN = "teardown"


class Verdict(StrEnum):
    """What was computed of a pair. Never a person's decision."""

    EQUIVALENT = "equivalent"
    DIVERGENT = "divergent"
    FLAKY = "flaky"
    BOTH_FAILING = "both_failing"
    INCONCLUSIVE = "inconclusive"


class Direction(StrEnum):
    """How a pair diverges."""

    LEGACY_ONLY_PASS = "legacy_only_pass"
    SHADOW_ONLY_PASS = "shadow_only_pass"
    LEGACY_ONLY_COLLECTED = "legacy_only_collected"
    SHADOW_ONLY_COLLECTED = "shadow_only_collected"
    SKIP_MISMATCH = "skip_mismatch"
    OBSERVATION = "observation"
    EFFECT = "effect"


class CouplingKind(StrEnum):
    """In what way a test depends on real customer data."""

    IDENTIFIER = "identifier"
    NATURAL_KEY = "natural_key"
    PATTERN = "pattern"


class Pattern(StrEnum):
    """The property of the data that a pattern coupling needs."""

    NULL = "null"
    FAN_OUT = "fan_out"
    CARDINALITY = "cardinality"
    ORDERING = "ordering"
    TIME_WINDOW = "time_window"
    VALUE_SET = "value_set"
    AGGREGATE = "aggregate"
    FORMAT = "format"


class Strength(StrEnum):
    """How well a coupling is supported."""

    POSSIBLE = "possible"
    LIKELY = "likely"
    CONFIRMED = "confirmed"


class Cause(StrEnum):
    """Why a pair diverges."""

    IDENTIFIER = "identifier"
    NATURAL_KEY = "natural_key"
    PATTERN = "pattern"
    ENVIRONMENT = "environment"
    UNKNOWN = "unknown"


class Remedy(StrEnum):
    """What to do about a divergence."""

    MAKE_DATA_AGNOSTIC = "make_data_agnostic"
    ADD_SYNTHETIC_CASE = "add_synthetic_case"
    DOCUMENT_SCENARIO = "document_scenario"
    FIX_ENVIRONMENT = "fix_environment"
    QUARANTINE_FLAKY = "quarantine_flaky"
    NONE = "none"


class EndReason(StrEnum):
    """How a session (one process that ran tests on one side) ended."""

    FINISHED = "finished"
    STOPPED = "stopped"  # the suite itself stopped early: -x, --maxfail, pytest.exit
    CRASHED = "crashed"  # the process died without finishing
    TEST_TIMEOUT = "test_timeout"  # killed, because one test exceeded its time
    SIDE_TIMEOUT = "side_timeout"  # killed, because the whole side exceeded its time
    OUT_OF_MEMORY = "out_of_memory"
    INTERRUPTED = "interrupted"
    NOT_STARTED = "not_started"  # the command could not be started, or refused its arguments


class InfrastructureKind(StrEnum):
    """Faults that are never an outcome."""

    ENGINE_MISSING = "engine_missing"
    IMAGE_MISSING = "image_missing"
    BUILD_FAILED = "build_failed"
    COMPOSE_FAILED = "compose_failed"
    UNHEALTHY_SERVICE = "unhealthy_service"
    OUT_OF_MEMORY = "out_of_memory"
    SIDE_TIMEOUT = "side_timeout"
    COMMAND_FAILED = "command_failed"
    TOO_MANY_CRASHES = "too_many_crashes"
    NO_RESULTS = "no_results"
    MASS_FAILURE = "mass_failure"
    INTERRUPTED = "interrupted"
    STOPPED_EARLY = "stopped_early"
    DATABASE_UNAVAILABLE = "database_unavailable"
    HARNESS = "harness"


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"

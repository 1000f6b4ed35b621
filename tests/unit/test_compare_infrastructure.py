"""Faults of an environment: recognised in the templates that the probe writes, and never counted as divergences."""

from __future__ import annotations

import errno
import http.client
import os
import socket
import sqlite3
import urllib.error

import psycopg
import pytest
import requests
import sqlalchemy.exc
import urllib3.exceptions

from compare.infrastructure import infrastructure_cause, unreached_by_fixture
from compare.judge import judge, next_pair
from harness.model import ConfirmPolicy, Failure, InfrastructureKind, Outcome, Phase, Side, Verdict
from runners.probe.shadow_harness_shapes import shape_message, type_name
from tests.strategies import REFUSED, Outcomes, failure, mirrored, night

P, F = Outcome.PASSED, Outcome.FAILED
PG_SERVER = 'connection to server at "10.0.0.7", port 5432 failed'


def shaped(error: BaseException, *, phase: Phase = Phase.CALL) -> Failure:
    """The failure as the probe records it where no name of the raising code is known."""
    return Failure(type=type_name(error), message=shape_message(str(error)), phase=phase)


def system(number: int, *more: object) -> OSError:
    return OSError(number, os.strerror(number), *more)


ENVIRONMENT = [
    (system(errno.ECONNREFUSED), "connection refused"),
    (system(errno.ECONNRESET), "connection lost"),
    (system(errno.EPIPE), "connection lost"),
    (system(errno.ECONNABORTED), "connection lost"),
    (system(errno.ETIMEDOUT), "time-out"),
    (TimeoutError("timed out"), "time-out"),
    (system(errno.EHOSTUNREACH), "network unreachable"),
    (system(errno.ENETUNREACH), "network unreachable"),
    (socket.gaierror(-2, "Name or service not known"), "name not resolved"),
    (socket.gaierror(-3, "Temporary failure in name resolution"), "name not resolved"),
    (system(errno.ENOSPC), "disk full"),
    (system(errno.ENOSPC, "/data/customers/4711.csv"), "disk full"),
    (system(errno.EDQUOT), "disk full"),
    (system(errno.EIO), "disk fault"),
    (system(errno.EROFS, "/data"), "disk fault"),
    (system(errno.EMFILE, "/data/x"), "too many open files"),
    (system(errno.ENOMEM), "out of memory"),
    (MemoryError(), "out of memory"),
    (MemoryError("Unable to allocate 1.2 GiB for an array with shape (4, 5)"), "out of memory"),
    (sqlite3.OperationalError("unable to open database file"), "database cannot be opened"),
    (sqlite3.OperationalError("database or disk is full"), "disk full"),
    (sqlite3.OperationalError("disk I/O error"), "disk fault"),
    (psycopg.OperationalError(f"connection failed: {PG_SERVER}: Connection refused\n\tIs the server running on that host?"), "connection refused"),
    (psycopg.OperationalError('connection is bad: connection to server on socket "/run/x" failed: No such file or directory'), "no connection"),
    (psycopg.OperationalError(f"{PG_SERVER}: FATAL:  sorry, too many clients already"), "no connection"),
    (psycopg.OperationalError("connection failed: FATAL:  the database system is starting up"), "service unavailable"),
    (psycopg.OperationalError("consuming input failed: server closed the connection unexpectedly"), "connection lost"),
    (psycopg.OperationalError("failed to resolve host 'db': [Errno -2] Name or service not known"), "name not resolved"),
    (psycopg.OperationalError('could not translate host name "db" to address: Name or service not known'), "name not resolved"),
    (psycopg.errors.ConnectionTimeout("connection timeout expired"), "time-out"),
    (psycopg.errors.AdminShutdown("terminating connection due to administrator command"), "connection lost"),
    (psycopg.errors.DiskFull('could not extend file "base/1/2": No space left on device'), "disk full"),
    (psycopg.errors.OutOfMemory("out of memory\nDETAIL:  Failed on request of size 1024."), "out of memory"),
    (
        sqlalchemy.exc.OperationalError("select 1", {}, psycopg.OperationalError(f"connection failed: {PG_SERVER}: Connection refused")),
        "connection refused",
    ),
    (sqlalchemy.exc.TimeoutError("QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00"), "time-out"),
    (requests.ConnectionError("HTTPConnectionPool(host='x', port=9): Max retries exceeded with url: /y (Caused by Z('a'))"), "no connection"),
    (requests.ConnectionError("('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))"), "connection lost"),
    (requests.ReadTimeout("HTTPConnectionPool(host='x', port=9): Read timed out. (read timeout=0.05)"), "time-out"),
    (requests.ConnectTimeout(), "time-out"),
    (requests.HTTPError("503 Server Error: Service Unavailable for url: http://x/y"), "service unavailable"),
    (urllib3.exceptions.MaxRetryError(None, "/x", Exception("y")), "no connection"),  # type: ignore[arg-type] # no pool is needed for its text
    (urllib.error.URLError(ConnectionRefusedError(111, "Connection refused")), "connection refused"),
    (urllib.error.URLError(TimeoutError("timed out")), "time-out"),
    (http.client.RemoteDisconnected("Remote end closed connection without response"), "connection lost"),
    (RuntimeError("Error 111 connecting to localhost:6379. Connection refused."), "connection refused"),
    (RuntimeError("Cannot connect to host 127.0.0.1:9 ssl:default [Connect call failed ('127.0.0.1', 9)]"), "connection refused"),
    (
        RuntimeError("Connection to localhost:5432 refused. Check that the hostname and port are correct and that the postmaster"),
        "connection refused",
    ),
    (RuntimeError("[WinError 10061] No connection could be made because the target machine actively refused it"), "connection refused"),
    (RuntimeError("dial tcp 127.0.0.1:5432: i/o timeout"), "time-out"),
    (RuntimeError("Timeout (>1.0s) from pytest-timeout."), "time-out"),
]
OWN = [
    AssertionError("assert 'connection refused' in 'ok'"),
    AssertionError("connection refused"),
    ValueError("payment refused"),
    RuntimeError("transfer refused: account closed"),
    RuntimeError("connection between customer and account refused"),
    RuntimeError("session timed out"),
    RuntimeError("the account is full"),
    TimeoutError(),
    RuntimeError('Locator.click: Timeout 30000ms exceeded.\nCall log:\n  - waiting for get_by_text("Ada")'),
    urllib.error.URLError("unknown url type: customers"),
    sqlite3.OperationalError("no such table: customers"),
    sqlite3.OperationalError("database is locked"),
    KeyError("connection refused"),
]


@pytest.mark.parametrize(("error", "cause"), ENVIRONMENT, ids=lambda value: str(value)[:40].replace("\n", " ") if isinstance(value, str) else None)
def test_what_drivers_and_clients_say_is_recognised_in_their_templates(error: BaseException, cause: str) -> None:
    assert infrastructure_cause(shaped(error)) == cause


@pytest.mark.parametrize("error", OWN)
def test_what_may_be_the_tests_own_is_not(error: BaseException) -> None:
    assert infrastructure_cause(shaped(error)) is None


def test_a_process_that_the_harness_or_the_kernel_ended_speaks_of_the_environment() -> None:
    ended = Failure(type="Timeout", message="the test exceeded its time and its process was ended", phase=Phase.CALL)
    killed = Failure(type="OutOfMemory", message="the process ran out of memory in this test", phase=Phase.CALL)

    assert [infrastructure_cause(ended), infrastructure_cause(killed)] == ["time-out", "out of memory"]


def test_a_fixture_that_waited_in_vain_is_told_from_a_test_that_did() -> None:
    waited = RuntimeError("Timeout reached while waiting on service!")

    assert unreached_by_fixture(shaped(waited, phase=Phase.SETUP))
    assert not unreached_by_fixture(shaped(waited))
    assert not unreached_by_fixture(shaped(AssertionError("not ready"), phase=Phase.SETUP))


def ran(count: int, outcome: Outcome | Failure, start: int = 0) -> dict[str, Outcome | Failure]:
    return {f"suite/test_{number:03}.py::t": outcome for number in range(start, start + count)}


def apart(count: int, *, start: int = 0) -> dict[str, Outcome | Failure]:
    """Tests that fail each in its own way."""
    return {f"suite/test_{number:03}.py::t": failure(at=f"suite/test_{number:03}.py") for number in range(start, start + count)}


def test_a_side_that_fails_in_one_and_the_same_way_is_an_infrastructure_failure() -> None:
    found = judge(night(ran(10, P), {**ran(7, failure("KeyError", "<str>")), **ran(3, P, start=7)}))

    assert [(fault.kind, fault.side) for fault in found.infrastructure] == [(InfrastructureKind.MASS_FAILURE, Side.SHADOW)]
    assert "7 of 10 tests failed in one and the same way: KeyError" in found.infrastructure[0].message
    assert (found.totals.divergent, found.totals.inconclusive, found.totals.equivalent) == (0, 7, 3)
    assert found.exit == 3
    assert not found.run.complete


def test_the_share_must_be_passed_not_met() -> None:
    assert not judge(night(ran(10, P), {**ran(6, failure()), **ran(4, P, start=6)})).infrastructure


def test_many_different_failures_are_what_an_early_night_looks_like() -> None:
    found = judge(night(ran(10, P), apart(10), can_rerun=False))

    assert not found.infrastructure
    assert found.totals.divergent == 10


def test_different_failures_of_the_environment_count_together() -> None:
    down = {**ran(4, REFUSED), **ran(3, failure("OSError", "[Errno <n>] No space left on device"), start=4), **ran(3, P, start=7)}
    (fault,) = judge(night(ran(10, P), down)).infrastructure

    assert "7 of 10 tests failed because of the environment, most often: connection refused" in fault.message


def test_a_fixture_that_cannot_reach_the_environment_makes_a_mass_failure() -> None:
    waiting = failure("RuntimeError", "Timeout reached while waiting on service!", at=None, phase=Phase.SETUP)
    (fault,) = judge(night(ran(10, P), {**ran(7, waiting), **ran(3, P, start=7)})).infrastructure

    assert "a fixture could not reach the environment" in fault.message


def test_tests_of_modules_that_could_not_be_collected_count_each() -> None:
    broken = failure("ModuleNotFoundError", "No module named <str>", at="suite/conftest.py", phase=Phase.COLLECT)
    legacy = {f"m{module}.py::t{number}": P for module in range(2) for number in range(10)}
    one_of_two: Outcomes = {"m0.py": broken, **{f"m1.py::t{number}": P for number in range(10)}}

    assert not judge(night(legacy, one_of_two, can_rerun=False)).infrastructure
    (fault,) = judge(night(legacy, {"m0.py": broken, "m1.py": broken})).infrastructure
    assert "20 of 20 tests" in fault.message


def test_dead_workers_without_a_failure_are_alike() -> None:
    (fault,) = judge(night(ran(10, P), {**ran(7, Outcome.CRASHED), **ran(3, P, start=7)})).infrastructure

    assert fault.message == "shadow: 7 of 10 tests failed in one and the same way: crashed"


def test_a_few_tests_alike_are_no_mass_failure() -> None:
    assert not judge(night(ran(4, P), ran(4, failure()), can_rerun=False)).infrastructure


def test_nothing_is_rerun_in_a_mass_failure() -> None:
    assert next_pair(night(ran(10, P), ran(10, failure()))) == ()


def test_candidates_that_one_place_could_not_connect_from_are_an_outage_and_no_divergence() -> None:
    shadow = {**ran(5, REFUSED), **apart(50, start=5), **ran(100, P, start=55)}
    evidence = night(ran(155, P), shadow)
    found = judge(evidence)
    down = [pair for pair in found.pairs if pair.shadow.failure == REFUSED]

    assert {pair.verdict for pair in down} == {Verdict.INCONCLUSIVE}
    assert down[0].reason == (
        "passed on legacy, failed on shadow; connection refused on shadow, as in 4 others: a fault of the environment, and no divergence"
    )
    assert [fault.message for fault in found.infrastructure] == ["shadow: 5 tests that differ failed because of the environment: connection refused"]
    assert found.exit == 3
    assert len(next_pair(evidence)) == 50
    assert not set(next_pair(evidence)) & {pair.test_id for pair in down}


def test_an_outage_without_a_common_place_needs_a_fifth_of_the_candidates() -> None:
    def refused(count: int) -> dict[str, Outcome | Failure]:
        return {f"suite/test_{n:03}.py::t": failure("ConnectionRefusedError", "", at=f"suite/test_{n:03}.py") for n in range(count)}

    few = {**refused(6), **apart(50, start=6), **ran(100, P, start=56)}
    many = {**refused(6), **apart(20, start=6), **ran(130, P, start=26)}

    assert not judge(night(ran(156, P), few)).infrastructure
    assert len(judge(night(ran(156, P), many)).infrastructure) == 1


def test_fewer_than_five_are_candidates_like_any_other() -> None:
    evidence = night(ran(100, P), {**ran(4, REFUSED), **ran(96, P, start=4)})

    assert not judge(evidence).infrastructure
    assert len(next_pair(evidence)) == 4


def test_an_outage_counts_where_nothing_can_be_rerun() -> None:
    found = judge(night(ran(100, P), {**ran(5, REFUSED), **ran(95, P, start=5)}, can_rerun=False))

    assert (found.totals.divergent, found.totals.inconclusive, found.exit) == (0, 5, 3)


def test_an_outage_of_legacy_is_one_as_well() -> None:
    evidence = mirrored(night(ran(100, P), {**ran(5, REFUSED), **ran(95, P, start=5)}))

    assert [fault.side for fault in judge(evidence).infrastructure] == [Side.LEGACY]


def test_candidates_of_an_outage_still_count() -> None:
    """Five of an outage and one real candidate: K is six, so that four fresh pairs (217.8) do not reach 600."""
    shadow = {**ran(5, REFUSED), **apart(1, start=5), **ran(94, P, start=6)}
    same = ({"suite/test_005.py::t": P}, {"suite/test_005.py::t": F})
    policy = ConfirmPolicy()

    assert judge(night(ran(100, P), shadow, [same] * 4, policy=policy)).totals.divergent == 0
    assert judge(night(ran(100, P), shadow, [same] * 5, policy=policy)).totals.divergent == 1

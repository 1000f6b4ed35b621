"""Failures that speak of the environment and not of the test: connection refused, time-out, disk full, out of memory (docs/verdicts.md).

Messages are templates (the probe's `shape_message`): numbers, quoted texts and words that are not in its vocabulary have been replaced. The phrases
here are what is left of the messages of drivers and clients, and the raw texts as well.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from harness.model import Phase

if TYPE_CHECKING:
    from harness.model import Failure

REFUSED, LOST, TIMED_OUT = "connection refused", "connection lost", "time-out"
UNRESOLVED, UNREACHABLE, UNAVAILABLE = "name not resolved", "network unreachable", "service unavailable"
DISK_FULL, DISK_FAULT, NO_MEMORY = "disk full", "disk fault", "out of memory"
NO_FILES, NO_DATABASE, NO_CONNECTION = "too many open files", "database cannot be opened", "no connection"

_PHRASES = (
    ("no space left on device", DISK_FULL),
    ("disk full", DISK_FULL),
    ("disk is full", DISK_FULL),
    ("disk quota exceeded", DISK_FULL),
    ("disk <word> exceeded", DISK_FULL),
    ("disk i/o error", DISK_FAULT),
    ("disk <word> error", DISK_FAULT),
    ("input/output error", DISK_FAULT),
    ("read-only file system", DISK_FAULT),
    ("out of memory", NO_MEMORY),
    ("cannot allocate memory", NO_MEMORY),
    ("java heap space", NO_MEMORY),
    ("too many open files", NO_FILES),
    ("unable to open database file", NO_DATABASE),
    ("name or service not known", UNRESOLVED),
    ("name resolution", UNRESOLVED),
    ("nameresolutionerror", UNRESOLVED),
    ("nodename nor servname", UNRESOLVED),
    ("no address associated with hostname", UNRESOLVED),
    ("could not translate host name", UNRESOLVED),
    ("failed to resolve host", UNRESOLVED),
    ("unknown host ", UNRESOLVED),
    ("enotfound", UNRESOLVED),
    ("no route to host", UNREACHABLE),
    ("network is unreachable", UNREACHABLE),
    ("connection timed out", TIMED_OUT),
    ("connection timeout", TIMED_OUT),
    ("connect timed out", TIMED_OUT),
    ("read timed out", TIMED_OUT),
    ("timeout connecting", TIMED_OUT),
    ("timeout reading from socket", TIMED_OUT),
    ("gateway timeout", TIMED_OUT),
    ("gateway time-out", TIMED_OUT),
    ("i/o timeout", TIMED_OUT),
    ("tcp <n>: <word> timeout", TIMED_OUT),
    ("etimedout", TIMED_OUT),
    ("a connection attempt failed because", TIMED_OUT),
    ("from pytest-timeout", TIMED_OUT),
    ("connection reset", LOST),
    ("connection aborted", LOST),
    ("connection abort", LOST),
    ("connectionreseterror", LOST),
    ("remotedisconnected", LOST),
    ("closed the connection unexpectedly", LOST),
    ("closed connection without response", LOST),
    ("the connection is lost", LOST),
    ("lost connection to", LOST),
    ("server has gone away", LOST),
    ("broken pipe", LOST),
    ("econnreset", LOST),
    ("communications link failure", LOST),
    ("connection refused", REFUSED),
    ("econnrefused", REFUSED),
    ("connect call failed", REFUSED),
    ("actively refused", REFUSED),
    ("target <word> refused it", REFUSED),
    ("machine <word> refused it", REFUSED),
    ("refused. check that the hostname", REFUSED),
    ("service unavailable", UNAVAILABLE),
    ("bad gateway", UNAVAILABLE),
    ("the database system is ", UNAVAILABLE),
    ("statuscode.unavailable", UNAVAILABLE),
    ("<word>.unavailable", UNAVAILABLE),
    ("could not connect to", NO_CONNECTION),
    ("cannot connect to", NO_CONNECTION),
    ("can't connect to", NO_CONNECTION),
    ("unable to connect to", NO_CONNECTION),
    ("failed to connect to", NO_CONNECTION),
    ("failed to establish a new connection", NO_CONNECTION),
    ("newconnectionerror", NO_CONNECTION),
    ("connection failed: ", NO_CONNECTION),
    ("connection is bad: ", NO_CONNECTION),
    ("connection to server at ", NO_CONNECTION),
)
"""What is looked for in a message in lower case; the first that stands in it tells the cause."""

_TYPES = {
    "ConnectionRefusedError": REFUSED,
    "ConnectException": REFUSED,
    "ConnectionResetError": LOST,
    "ConnectionAbortedError": LOST,
    "BrokenPipeError": LOST,
    "RemoteDisconnected": LOST,
    "ServerDisconnectedError": LOST,
    "RemoteProtocolError": LOST,
    "AdminShutdown": LOST,
    "CrashShutdown": LOST,
    "ConnectTimeout": TIMED_OUT,
    "ConnectTimeoutError": TIMED_OUT,
    "ReadTimeout": TIMED_OUT,
    "ReadTimeoutError": TIMED_OUT,
    "WriteTimeout": TIMED_OUT,
    "PoolTimeout": TIMED_OUT,
    "ConnectionTimeout": TIMED_OUT,
    "ConnectionTimeoutError": TIMED_OUT,
    "ServerSelectionTimeoutError": TIMED_OUT,
    "SocketTimeoutException": TIMED_OUT,
    "HttpConnectTimeoutException": TIMED_OUT,
    "gaierror": UNRESOLVED,
    "NameResolutionError": UNRESOLVED,
    "UnknownHostException": UNRESOLVED,
    "NoRouteToHostException": UNREACHABLE,
    "CannotConnectNow": UNAVAILABLE,
    "TooManyConnections": UNAVAILABLE,
    "NoBrokersAvailable": UNAVAILABLE,
    "ConnectionError": NO_CONNECTION,
    "ConnectError": NO_CONNECTION,
    "NewConnectionError": NO_CONNECTION,
    "MaxRetryError": NO_CONNECTION,
    "ClientConnectorError": NO_CONNECTION,
    "EndpointConnectionError": NO_CONNECTION,
    "CommunicationsException": NO_CONNECTION,
    "DiskFull": DISK_FULL,
    "MemoryError": NO_MEMORY,
    "_ArrayMemoryError": NO_MEMORY,
    "OutOfMemory": NO_MEMORY,
    "OutOfMemoryError": NO_MEMORY,
}
"""Exceptions by the last part of their name, where the message says nothing more exact."""

_SOCKET_TIMEOUTS = frozenset({"TimeoutError", "socket.timeout", "urllib.error.URLError"})
_ENDED_BY_HARNESS = ("Timeout", "the test exceeded its time and its process was ended")
_OWN_TYPES = ("AssertionError", "AssertionFailedError", "ComparisonFailure")
_FIXTURE_PHRASES = ("timed out", "timeout", "unavailable", "unreachable", "not available", "not reachable", "not ready", "not running")


def infrastructure_cause(failure: Failure) -> str | None:
    """What of the environment a failure speaks of ("connection refused", "disk full", ...), None where it may well be the test's own.

    An assertion is the test's own whatever it says; so is a wait within a test that was in vain, since that is how a missing row shows.
    """
    return _cause(failure.type, failure.template)


def unreached_by_fixture(failure: Failure) -> bool:
    """Whether a fixture waited for something in vain. One such failure may have many reasons; where a whole side ends so, it is its environment."""
    if failure.phase is not Phase.SETUP or failure.type.endswith(_OWN_TYPES):
        return False
    said = failure.template.lower()
    return failure.type == "TimeoutError" or any(phrase in said for phrase in _FIXTURE_PHRASES)


@lru_cache(maxsize=8192)  # one cause lets many tests fail alike
def _cause(kind: str, message: str) -> str | None:
    if kind.endswith(_OWN_TYPES):
        return None
    said = message.lower()
    if cause := next((cause for phrase, cause in _PHRASES if phrase in said), None):
        return cause
    if (kind, message) == _ENDED_BY_HARNESS or (kind in _SOCKET_TIMEOUTS and "timed out" in said):
        return TIMED_OUT
    return _TYPES.get(kind.rpartition(".")[2])

"""The probe: records what a pytest session does, as lines of the format `shadow-probe/1` (docs/bundle.md).

This module runs in somebody else's process: their interpreter (Python 3.8 or newer), their pytest (7 or newer), their plugins. It is loaded
with `-p shadow_harness_probe` from PYTHONPATH, imports nothing but the standard library and pytest, and depends on nothing of its own project but
the companions beside it, which it loads when they are needed: shadow_harness_shapes and shadow_harness_redact with the first failure,
shadow_harness_observe with the first test that observes, shadow_harness_deep where a session is deep, shadow_harness_count where passes are counted,
shadow_harness_experiment where it is an experiment. PYTEST_DONT_REWRITE

Variables it reads:
    SHADOW_PROBE_OUT     file to append the lines to; where it is absent the probe does nothing at all
    SHADOW_PROBE_SELECT  path of a JSON file {"select": [id, ...] | null, "skip": [id, ...], "shard": [I, N] | null, "expression": str | null};
                         absent: every test. `expression` is a pytest `-k` expression
    SHADOW_PROBE_ROOT    root of the suite, to which paths in frames are relative; absent: pytest's rootdir
    SHADOW_PROBE_KEY     path of a file with a key in hexadecimal digits, by which values are fingerprinted; absent: only shapes and templates
    SHADOW_PROBE_DEEP    1: record also what each test does on its way (docs/deep.md)
    SHADOW_PROBE_COUNT   1,2/7: count what the tests of the first two of seven parts of the suite do (docs/deep.md); nothing where a session is deep
    SHADOW_PROBE_REPLACE path of a file with literals that are replaced in this process (docs/experiments.md); it is removed once read
It sets SHADOW_PROBE_PID while it is at work, so that a pytest started by a test leaves the file alone.

What may be written: ids, in which recognisable values are tokens (shadow_harness_redact), outcomes, times, versions, and the *shapes* of failures. A
shape's message is made from an allowlist (shadow_harness_shapes), as a template and with tokens for what the template leaves out, so that no value of
the data survives in it. What tests observe (the fixture `observe`) is written as shapes and keyed fingerprints; a number stands there only where a
tolerance asks for it.
"""

# Objects of pytest and of its plugins come in several versions here, hence Any; pathlib touches the file system where os.path does not.
# ruff: noqa: ANN401, PTH100, PTH109, PTH110, PTH118, PTH120, PTH123

from __future__ import annotations

import contextlib
import errno
import importlib.machinery
import importlib.util
import json
import locale
import os
import platform
import re
import sys
import time
import types
from collections import Counter
from typing import Any, Callable, Generator, Iterator, Sequence

import pytest

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # no other module has its place

SCHEMA = "shadow-probe/1"
IDS_PER_LINE = 1000

# ---------------------------------------------------------------------------------------------------------------------------------------------
# Companions
# ---------------------------------------------------------------------------------------------------------------------------------------------


class _Companion:
    """A module beside this one, read with it and executed when it is first needed.

    By then a test may have closed every descriptor, changed the directory or replaced the file system: nothing is opened any more. Where Python has
    it compiled already, that is read.
    """

    def __init__(self, name: str, *, needs: Sequence[_Companion] = ()) -> None:
        self._name = name
        self._needs = needs
        self._path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py")
        self._module: Any = None
        compiled = False
        with contextlib.suppress(NotImplementedError):  # a Python that keeps nothing compiled
            compiled = os.path.exists(importlib.util.cache_from_source(self._path))
        self._code: Any = importlib.machinery.SourceFileLoader(name, self._path).get_code(name) if compiled else None
        if self._code is None:
            with open(self._path, "rb") as file:
                self._code = file.read()

    def load(self) -> Any:
        """The module; a deep session has imported some of them already."""
        if self._module is None:
            for other in self._needs:
                other.load()
            self._module = sys.modules.get(self._name)
        if self._module is None:
            module = types.ModuleType(self._name)
            module.__file__ = self._path
            sys.modules[self._name] = module  # its classes look for themselves there
            try:
                code = compile(self._code, self._path, "exec", dont_inherit=True) if isinstance(self._code, bytes) else self._code
                exec(code, module.__dict__)  # noqa: S102 a file of our own
            except BaseException:
                del sys.modules[self._name]
                raise
            self._module = module
        return self._module


_shapes = _Companion("shadow_harness_shapes")
_observing = _Companion("shadow_harness_observe")
_redacting = _Companion("shadow_harness_redact", needs=(_shapes, _Companion("shadow_harness_deep_values")))
_deep: Any = None
if os.environ.get("SHADOW_PROBE_DEEP") == "1" and os.environ.get("SHADOW_PROBE_OUT"):
    import shadow_harness_deep as _deep  # type: ignore[import-not-found,no-redef]  # it lies beside this file

    _deep.begin()  # before the suite imports what it talks to databases and servers with
_count: Any = None
if _deep is None and os.environ.get("SHADOW_PROBE_COUNT") and os.environ.get("SHADOW_PROBE_OUT"):
    import shadow_harness_count as _count  # type: ignore[import-not-found,no-redef]  # it lies beside this file

    _count.begin()
_experiment: Any = None
if os.environ.get("SHADOW_PROBE_REPLACE") and os.environ.get("SHADOW_PROBE_OUT") and "SHADOW_PROBE_PID" not in os.environ:
    import shadow_harness_experiment as _experiment  # type: ignore[import-not-found,no-redef]  # it lies beside this file

    _experiment.begin(os.environ.pop("SHADOW_PROBE_REPLACE"), os.environ.get("SHADOW_PROBE_ROOT") or os.getcwd())

# ---------------------------------------------------------------------------------------------------------------------------------------------
# Test ids
# ---------------------------------------------------------------------------------------------------------------------------------------------

# What every value has that is recognised in an id: a domain, or digits that stand close together. Most ids are done with here.
_MAY_HOLD_A_VALUE = re.compile(r"[0-9@](?:(?<=@)[^\W_]|(?:[ ().+/-]{0,3}[0-9]){6}|[0-9a-fA-F-]{11}|[A-Z][0-9]{2}[A-Z][0-9]{3})")
_SHORTEST_VALUE = 10  # characters, with the brackets around it


class _Ids:
    """The ids that tests are written under: pytest's own, with recognisable values as tokens.

    pytest, its plugins and the workers of pytest-xdist know a test by pytest's own id; this is asked where one is written, and where one is read.
    """

    def __init__(self, key: bytes | None) -> None:
        self._key = key
        self._redactor: Any = None
        self._written: dict[str, str] = {}  # of those that are long enough to hold a value
        self._taken: dict[str, int] = {}  # without a key: how many ids of a file became one

    def __call__(self, nodeid: str) -> str:
        begin = 0
        if ".py::" in nodeid:  # nothing but parameters is looked at
            begin = nodeid.find("[")
            if begin < 0 or len(nodeid) - begin < _SHORTEST_VALUE:
                return nodeid
        written = self._written.get(nodeid)
        if written is None:
            written = self._written[nodeid] = nodeid if _MAY_HOLD_A_VALUE.search(nodeid, begin) is None else self._redacted(nodeid)
        return written

    def _redacted(self, nodeid: str) -> str:
        if self._redactor is None:
            self._redactor = _redacting.load().Redactor.of_key(self._key)
        written: str = self._redactor.test_id(nodeid)
        if self._key is not None or written == nodeid:
            return written
        count = self._taken[written] = self._taken.get(written, 0) + 1
        return written if count == 1 else f"{written}#{count}"


# ---------------------------------------------------------------------------------------------------------------------------------------------
# Shapes of failures
# ---------------------------------------------------------------------------------------------------------------------------------------------


class _Shapes:
    """Attaches the shape of a failure to its report, in the process where the exception lives.

    A hook on every report being made would cost passing tests more than all the rest of the probe. pytest tells of exceptions by a hook of its own,
    for a test just after its report was logged, for a collector just before.
    """

    def __init__(self, root: str, key: bytes | None) -> None:
        self._roots = (os.path.abspath(root), os.path.realpath(root))
        self._directory = os.getcwd()
        self._key = key
        self._shaper: Any = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_exception_interact(self, call: Any, report: Any) -> None:
        if report.outcome == "failed" and call.excinfo is not None and not hasattr(report, "shadow_failure"):
            exc, traceback = call.excinfo.value, call.excinfo.tb
            cause = exc.__cause__
            if isinstance(exc, pytest.Collector.CollectError) and cause is not None:
                exc, traceback = cause, cause.__traceback__
            report.shadow_failure = self._shape(exc, traceback, call.when)

    def _shape(self, exc: BaseException, traceback: Any, phase: str) -> str:
        try:
            if self._shaper is None:
                self._shaper = _shapes.load().Shaper(self._roots, self._directory, _redactor(self._key))
            text: str = self._shaper.shape(exc, traceback, phase)
        except Exception:  # noqa: BLE001 a test has broken what Python itself needs: the suite must not fail because of its observer
            return _encode({"type": "<unprintable>", "message": "<unprintable>", "phase": phase, "frames": []})
        return text


def _redactor(key: bytes | None) -> Any:
    """What makes messages with tokens; None where there is no key, so that nothing more is loaded."""
    return None if key is None else _redacting.load().Redactor.of_key(key)


class _WorkerShapes(_Shapes):
    """The same in a worker of pytest-xdist: there it must be done before the report is sent to the controller.

    The calls of the item at hand are remembered, and looked at when a report that did not pass is logged; by then every plugin has had its say.
    """

    def __init__(self, root: str, key: bytes | None) -> None:
        super().__init__(root, key)
        self._item: Any = None
        self._calls: dict[str, Any] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> None:
        if item is not self._item:
            self._item = item
            self._calls.clear()
        self._calls[call.when] = call

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.outcome != "passed" and self._item is not None and report.nodeid == self._item.nodeid:
            call = self._calls.pop(report.when, None)  # lets go of the exception
            if call is not None:
                self.pytest_exception_interact(call, report)


# ---------------------------------------------------------------------------------------------------------------------------------------------
# Selection
# ---------------------------------------------------------------------------------------------------------------------------------------------


def shard_of(test_id: str, count: int) -> int:
    """The shard, 1 to `count`, that a test belongs to: by the hash of its file, so that a file is never cut and both sides agree."""
    import hashlib  # noqa: PLC0415 sessions of one shard do without

    digest = hashlib.sha1(test_id.partition("::")[0].encode("utf-8", "surrogatepass"))  # noqa: S324 spreads files, protects nothing
    return int(digest.hexdigest(), 16) % count + 1


class _Selection:
    """Which tests run, and in which order; the same in every process of a session."""

    def __init__(self, path: str | None, ids: _Ids) -> None:
        self._ids = ids
        values: dict[str, Any] = {}
        if path:
            try:
                with open(path, encoding="utf-8") as file:
                    values = json.load(file)
            except (OSError, ValueError) as error:
                raise pytest.UsageError(f"shadow probe: SHADOW_PROBE_SELECT cannot be read: {type(error).__name__}") from None
        select = values.get("select")
        self._order: dict[str, int] | None = None if select is None else {test: n for n, test in reversed(list(enumerate(select)))}
        self._skip = frozenset(values.get("skip") or ())
        self._shard: Sequence[int] | None = values.get("shard")
        self.expression: str | None = values.get("expression")
        self.names_tests = self._order is not None
        self.chooses = self.names_tests or bool(self._skip) or bool(self._shard)
        self._files: frozenset[str] | None = None if self._order is None else frozenset(test.partition("::")[0] for test in self._order)
        self._wanted: dict[str, set[str]] = {}  # node id of a module or class -> names of what is wanted of it
        self._collector: Any = None
        self._names: set[str] | None = None
        for test in self._order or ():
            parent, _, names = test.partition("::")
            for name in names.partition("[")[0].split("::"):
                self._wanted.setdefault(parent, set()).add(name)
                parent = f"{parent}::{name}"

    def pytest_ignore_collect(self, collection_path: Any, config: Any) -> bool | None:
        """Leave files without a selected test alone. Directories, conftest.py and __init__.py never, nor what lies outside the rootdir."""
        if self._files is None or collection_path.name in ("conftest.py", "__init__.py") or not collection_path.is_file():
            return None
        path = os.path.relpath(str(collection_path), str(config.rootpath)).replace(os.sep, "/")
        return None if path in self._files or path.startswith("../") else True

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self, collector: Any, name: str, obj: Any) -> list[Any] | None:
        """Make no tests of functions of which none is selected: of a large file that is most of what collecting it costs."""
        if self._files is None or type(obj) is not types.FunctionType:
            return None
        if collector is not self._collector:
            self._collector, self._names = collector, self._names_of(collector)
        return None if self._names is None or name in self._names else []

    def _names_of(self, collector: Any) -> set[str] | None:
        """The names that are wanted of a module or class; None where ids say something else than names (a suite may give its tests other ids)."""
        names = self._wanted.get(collector.nodeid, set())
        if self._files is None or collector.nodeid.partition("::")[0] not in self._files:
            return None
        return names if all(hasattr(collector.obj, name) for name in names) else None

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, config: Any, items: list[Any]) -> Generator[None, Any, None]:
        # pytest-xdist appends a group to ids within this hook: what counts is the id before.
        plain = {id(item): self._ids(item.nodeid) for item in items}
        outcome = yield
        if outcome.excinfo is not None:
            return
        chosen = [(plain.get(id(item)) or self._ids(item.nodeid), item) for item in items]
        if self._order is not None:
            order = self._order
            ranked = [(order.get(test, -1), test, item) for test, item in chosen]
            chosen = [(test, item) for rank, test, item in sorted(ranked, key=lambda entry: entry[0]) if rank >= 0]
        if self._skip:
            chosen = [(test, item) for test, item in chosen if test not in self._skip]
        if self._shard and self._shard[1] > 1:
            index, count = self._shard
            chosen = [(test, item) for test, item in chosen if shard_of(test, count) == index]
        kept = [item for _, item in chosen]
        if len(kept) < len(items):
            identities = {id(item) for item in kept}
            config.hook.pytest_deselected(items=[item for item in items if id(item) not in identities])
        items[:] = kept


# ---------------------------------------------------------------------------------------------------------------------------------------------
# The file
# ---------------------------------------------------------------------------------------------------------------------------------------------

_encode: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
_quote: Callable[[str], str] = json.encoder.encode_basestring_ascii  # several times faster on a single string


class _Output:
    """An append-only file of lines: one write each, never by a forked child, never into a descriptor that has become somebody else's.

    The descriptor has a high number. A test may close it with all others; no file that a test opens comes to bear its number, since the lowest free
    one is given out, so the next write fails and the file is opened again. `os.write` is kept here because a test may replace it in `os`.
    """

    def __init__(self, path: str) -> None:
        self._path = os.path.abspath(path)
        self._open, self._write, self._close = os.open, os.write, os.close
        self._descriptor: int | None = None
        try:
            self._descriptor = self._opened()
        except OSError as error:
            raise pytest.UsageError(f"shadow probe: SHADOW_PROBE_OUT cannot be opened: {error.strerror}") from None
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def line(self, text: str) -> None:
        """Write one line."""
        if self._descriptor is None:
            return
        data = (text + "\n").encode("ascii")
        try:
            try:
                written = self._write(self._descriptor, data)
            except OSError as error:
                if error.errno != errno.EBADF:
                    raise
                self._descriptor = self._opened()
                written = self._write(self._descriptor, data)
            while written < len(data):  # a file takes a line whole, unless its disk is full
                written += self._write(self._descriptor, data[written:])
        except OSError as error:
            # The suite goes on; a file without a footer is not mistaken for a finished session.
            self._descriptor = None
            sys.stderr.write(f"\nshadow probe: stopped writing: {error.strerror}\n")

    def close(self) -> None:
        """Write nothing any more."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                self._close(self._descriptor)
        self._descriptor = None

    def _forget(self) -> None:
        self._descriptor = None

    def _opened(self) -> int:
        descriptor = self._open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if fcntl is not None:
            for lowest in (1000, 200):  # a process may have a limit below the first
                with contextlib.suppress(OSError):
                    high: int = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, lowest)
                    self._close(descriptor)
                    return high
        return descriptor


# ---------------------------------------------------------------------------------------------------------------------------------------------
# Recording
# ---------------------------------------------------------------------------------------------------------------------------------------------

_HARMLESS_STOP = r"stopping after \d+ failures?|\d+ errors? during collection"
_PHASES = frozenset(("setup", "call", "teardown"))
_TestReport = pytest.TestReport


class _Running:
    """A test between its first report and its last."""

    seconds = 0.0
    outcome: str | None = None
    failed: Any = None  # the report whose failure counts
    superseded = False
    subtests: list[tuple[dict[str, Any], Any]] | None = None

    def add(self, report: Any) -> None:
        """Take in the report of one phase: the first failure counts."""
        outcome, when = report.outcome, report.when
        self.seconds += report.duration
        if outcome == "failed":
            if self.failed is None:
                self.outcome, self.failed = ("failed" if when == "call" else "error"), report
        elif self.outcome is None and (when == "call" or (when == "setup" and outcome == "skipped")):
            self.outcome = _soft_outcome(report)


class _Recorder:
    """Writes the session file. Under pytest-xdist it lives in the controller and reads what the workers report."""

    def __init__(self, config: Any, out: _Output, select: str | None, root: str, key: bytes | None, ids: _Ids) -> None:
        self._config = config
        self._secret = key
        self._ids = ids
        self._out = out
        self._select = select
        self._root = root
        self._now = time.time  # kept, since a test may freeze the clock
        self._headed = False
        self._grouped = False
        self._distributed = False
        self._plain = False
        self._collected: list[str] | None = None
        self._deselected = 0
        self._collect_errors: set[str] = set()
        self._running: dict[str, _Running] = {}
        self._results: dict[str, int] = {}
        self._held: tuple[str, _Running, Any] | None = None  # a result that waits for the shape of its failure
        self._crashed: str | None = None  # a worker whose death is not yet written
        self._stopped: str | None = None
        self._words: tuple[str, frozenset[str]] = ("", frozenset())
        self._quoted = ("", "")  # the id that a line was last written for, as it stands there
        self._passing: str | None = None  # a test of which nothing is known but that it passes so far, which most tests do to their end
        self._called = False
        self._seconds = 0.0

    # A session begins

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        self._head()

    def _head(self) -> None:
        self._headed = True
        self._grouped = self._option("dist") == "loadgroup"
        self._distributed = bool(self._config.pluginmanager.hasplugin("dsession"))
        self._plain = not (self._grouped or self._distributed)
        seed = self._option("randomly_seed")
        self._emit(
            {
                "e": "header",
                "schema": SCHEMA,
                "python": platform.python_version(),
                "implementation": platform.python_implementation(),
                "pytest": pytest.__version__,
                "plugins": _plugins(self._config),
                "xdist": _workers(self._option("tx") or ()) if self._distributed else 0,
                "timezone": os.environ.get("TZ") or "/".join(time.tzname),
                "locale": locale.setlocale(locale.LC_CTYPE),
                "hash_seed": os.environ.get("PYTHONHASHSEED"),
                "seed": seed if isinstance(seed, int) else None,
                "time": self._now(),
                "pid": os.getpid(),
            }
        )

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of this very session to select and to shape; workers of other sessions do nothing."""
        node.workerinput["shadow_probe"] = [self._select, self._root]

    # Collection

    def pytest_collectreport(self, report: Any) -> None:
        if report.outcome == "failed" and report.nodeid not in self._collect_errors:
            self._collect_errors.add(report.nodeid)
            self._emit({"e": "collect_error", "id": self._ids(report.nodeid), "failure": json.loads(self._failure(report))})

    def pytest_deselected(self, items: Sequence[Any]) -> None:
        self._deselected += len(items)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: Any) -> None:
        self._collect([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        if self._collected is None:  # workers whose lists differ are refused by pytest-xdist itself
            self._collect([self._id(test) for test in ids])

    def _collect(self, collected: list[str]) -> None:
        self._collected = collected
        ids = [self._ids(test) for test in collected]
        for start in range(0, len(ids), IDS_PER_LINE):
            self._emit({"e": "collected", "ids": ids[start : start + IDS_PER_LINE]})
        if len(set(ids)) < len(ids):
            self._emit({"e": "duplicate", "ids": [test for test, count in Counter(ids).items() if count > 1]})
        # Workers of pytest-xdist tell their controller what they kept, not what they dropped.
        self._emit({"e": "collection_finished", "count": len(ids), "deselected": None if self._distributed else self._deselected})

    # Tests

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if self._held is not None or self._crashed is not None:
            self._settle()
        test = self._id(nodeid) if self._grouped else nodeid
        quoted = _quote(self._ids(test))
        self._quoted = (test, quoted)
        self._out.line(f'{{"e":"start","id":{quoted},"t":{self._now():.6f}}}')

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.outcome == "passed" and type(report) is _TestReport and self._plain and self._passes(report):
            return
        if self._passing is not None:
            self._follow()
        self._take(report)

    def _passes(self, report: Any) -> bool:
        """Take the report of a phase that passed of a test that did nothing else so far; False where there is more to it."""
        when, test = report.when, report.nodeid
        if when == "setup":
            if self._passing is not None or test in self._running:
                return False
            self._passing, self._called, self._seconds = test, False, report.duration
            return True
        if test != self._passing or "wasxfail" in report.__dict__:
            return False
        if when == "call" and not self._called:
            self._called = True
            self._seconds += report.duration
            return True
        if when != "teardown" or not self._called or "shadow_observations" in report.__dict__:
            return False
        self._passing = None
        self._results[test] = self._results.get(test, 0) + 1
        known, quoted = self._quoted
        if known != test:
            quoted = _quote(self._ids(test))
        self._out.line(f'{{"e":"result","id":{quoted},"outcome":"passed","seconds":{self._seconds + report.duration:.6f}}}')
        return True

    def _follow(self) -> None:
        """From here on a test is followed that has done more than to pass."""
        running = self._running[str(self._passing)] = _Running()
        running.seconds = self._seconds
        if self._called:
            running.outcome = "passed"
        self._passing = None

    def _take(self, report: Any) -> None:
        test = self._id(report.nodeid) if self._grouped else report.nodeid
        running = self._running.get(test)
        if running is None or (running.superseded and report.when != "teardown"):
            running = self._running[test] = _Running()
        if type(report) is not _TestReport and hasattr(report, "context"):
            if running.subtests is None:
                running.subtests = []
            running.subtests.append((self._subtest(test, report, len(running.subtests)), report))
            return
        if report.outcome == "rerun" or running.superseded:
            # A plugin runs the test again, and only the last run counts. Some versions report the teardown of a superseded run, others do not.
            self._crash(report, test)
            running.superseded = True
            if report.when not in ("setup", "call"):
                del self._running[test]
            return
        if report.when in _PHASES:
            running.add(report)
            if report.when != "teardown":
                return
            if report.outcome == "failed" and not self._distributed:
                self._held = (test, running, report)  # its exception is told of next
                return
        else:  # a worker of pytest-xdist or a child of pytest-forked died
            self._crash(report, test)
            running.outcome, running.failed = "crashed", None
        self._finish(test, running, report)

    def _finish(self, test: str, running: _Running, report: Any) -> None:
        del self._running[test]
        outcome, failed = running.outcome or "passed", running.failed
        if running.subtests is not None:
            broken = self._finish_subtests(running.subtests)
            if broken is not None and (outcome == "passed" or (outcome == "failed" and not hasattr(failed, "shadow_failure"))):
                outcome, failed = "failed", broken
        quoted = _quote(self._ids(test))
        for observation in getattr(report, "shadow_observations", ()):
            self._out.line(f'{{"e":"observe","id":{quoted},{observation[1:]}')
        text = f'{{"e":"result","id":{quoted},"outcome":"{outcome}","seconds":{running.seconds:.6f}'
        if failed is not None:
            text += f',"failure":{self._failure(failed)}'
        if self._distributed and hasattr(report, "node"):
            text += f',"worker":{_quote(report.node.gateway.id)}'
        self._results[test] = self._results.get(test, 0) + 1
        self._out.line(text + "}")

    @pytest.hookimpl(trylast=True)
    def pytest_exception_interact(self) -> None:
        self._settle()

    def _settle(self) -> None:
        """Write what waited for its neighbour: the result of a failed teardown, the death of a worker that was running no test."""
        if self._held is not None:
            held, self._held = self._held, None
            self._finish(*held)
        if self._crashed is not None:
            worker, self._crashed = self._crashed, None
            self._emit({"e": "worker_crash", "worker": worker, "id": None})

    def test_id(self, nodeid: str) -> str:
        """The id that a test is written under."""
        return self._ids(self._id(nodeid) if self._grouped else nodeid)

    def _id(self, nodeid: str) -> str:
        """The id without the group that `--dist loadgroup` appends to it."""
        if self._grouped:
            cut = nodeid.rfind("@")
            if cut > nodeid.rfind("]") and cut > nodeid.rfind("::"):
                return nodeid[:cut]
        return nodeid

    # Subtests

    def _subtest(self, test: str, report: Any, number: int) -> dict[str, Any]:
        outcome = _soft_outcome(report)
        try:
            key = self._key(test, report.context)
        except Exception:  # noqa: BLE001 a plugin's own report may be built differently
            key = f"subtest {number + 1}"
        return {"e": "subtest", "id": self._ids(test), "key": key, "outcome": outcome}

    def _finish_subtests(self, subtests: list[tuple[dict[str, Any], Any]]) -> Any:
        """Write the subtests of a test, keys made unique; return the report of the first that failed."""
        seen: dict[str, int] = {}
        broken = None
        for event, report in subtests:
            key = event["key"]
            seen[key] = seen.get(key, 0) + 1
            if seen[key] > 1:
                event["key"] = f"{key} #{seen[key]}"
            if event["outcome"] == "failed":
                event["failure"] = json.loads(self._failure(report))
                broken = broken or report
            self._emit(event)
        return broken

    def _key(self, test: str, context: Any) -> str:
        """Name a subtest. Its arguments may be data: only words of the test's own file, small numbers and ordinary words are kept of them."""
        names = self._source_words(test)
        parts = [] if not isinstance(context.msg, str) else [_shapes.load().shape_value(context.msg, names)]
        parts += [f"{name}={_shapes.load().shape_value(value, names)}" for name, value in context.kwargs.items()]
        return ", ".join(parts) or "subtest"

    def _source_words(self, test: str) -> frozenset[str]:
        file = test.partition("::")[0]
        if self._words[0] != file:
            self._words = (file, _shapes.load().source_words(os.path.join(str(self._config.rootpath), file)))
        return self._words[1]

    # Crashes and the end

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        if error is not None and error != "keyboard-interrupt":
            self._settle()
            self._crashed = node.gateway.id  # which test it was running is told right afterwards, if it was running one

    def _crash(self, report: Any, test: str) -> None:
        node = getattr(report, "node", None)
        if self._crashed is not None and node is not None and node.gateway.id == self._crashed:
            worker, self._crashed = self._crashed, None
            self._emit({"e": "worker_crash", "worker": worker, "id": self._ids(test)})

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        exc = excinfo.value
        if isinstance(exc, pytest.exit.Exception):
            self._stopped = f"pytest.exit: {self._own_message(exc)}"
        else:  # pytest and pytest-xdist stop a session by subclasses of their own
            self._stopped = "keyboard interrupt" if type(exc) is KeyboardInterrupt else self._stop_text(exc)

    def pytest_internalerror(self, excinfo: Any) -> None:
        self._stopped = "internal error"
        with contextlib.suppress(Exception):
            self._stopped = f"internal error: {_shapes.load().type_name(excinfo.value)}: {self._own_message(excinfo.value)}"

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: Any, exitstatus: Any) -> Generator[None, Any, None]:
        yield
        self._settle()
        reason = getattr(session, "shouldfail", False) or getattr(session, "shouldstop", False)
        stopped = self._stopped or (self._stop_text(reason) if reason else None)
        missing = self._collected is None or bool(Counter(self._collected) - Counter(self._results))
        self._emit(
            {
                "e": "footer",
                "complete": not missing and not (self._collect_errors and stopped),
                "exit_status": int(getattr(session, "exitstatus", exitstatus)),
                "stopped": stopped,
            }
        )
        self._out.close()

    # Helpers

    def _emit(self, event: dict[str, Any]) -> None:
        if not self._headed:
            self._head()
        if self._held is not None or self._crashed is not None:
            self._settle()
        self._out.line(_encode(event))

    def _failure(self, report: Any) -> str:
        """The `failure` of a failed report as JSON text."""
        text: str | None = getattr(report, "shadow_failure", None)
        if text is not None:
            return text
        # No exception: a plugin made the report fail, or a strict xfail passed (its reason is free text and stays unwritten).
        longrepr = report.longrepr if isinstance(report.longrepr, str) else ""
        strict = longrepr.startswith("[XPASS(strict)]")
        message = _shapes.load().message_of("" if strict else longrepr, frozenset(), _redactor(self._secret))
        return _encode({"type": "XPASS(strict)" if strict else "Failed", **message.members(), "phase": report.when, "frames": []})

    def _own_message(self, exc: BaseException) -> str:
        text: str = _shapes.load().own_message(exc, frozenset(), _redactor(self._secret)).redacted
        return text

    def _stop_text(self, reason: Any) -> str:
        text = str(reason)
        if re.fullmatch(_HARMLESS_STOP, text):
            return text
        redacted: str = _shapes.load().message_of(text, frozenset(), _redactor(self._secret)).redacted
        return redacted

    def _option(self, name: str) -> Any:
        return getattr(self._config.option, name, None)


def _soft_outcome(report: Any) -> str:
    outcome: str = report.outcome
    if hasattr(report, "wasxfail"):
        return {"skipped": "xfailed", "passed": "xpassed"}.get(outcome, outcome)
    return outcome


def _plugins(config: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for _, distribution in config.pluginmanager.list_plugin_distinfo():
        with contextlib.suppress(Exception):  # broken metadata of a foreign package is no reason to stop a suite
            found[str(distribution.metadata["name"])] = str(distribution.version)
    return found


def _workers(specs: Iterator[str] | Sequence[str]) -> int:
    count = 0
    for spec in specs:
        times, star, _ = spec.partition("*")
        count += int(times) if star and times.isdigit() else 1
    return count


# ---------------------------------------------------------------------------------------------------------------------------------------------
# Observations
# ---------------------------------------------------------------------------------------------------------------------------------------------


class _Observations:
    """What the fixture asks: the key, and the words of the file that a test stands in."""

    def __init__(self, config: Any, key: bytes | None) -> None:
        self._config = config
        self._key = key
        self._words: tuple[str, frozenset[str]] = ("", frozenset())
        self._hands_over = False

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: Any) -> None:
        """Load what records while no test has changed anything: its clock, the modules it needs."""
        if any("observe" in getattr(item, "fixturenames", ()) for item in session.items):
            _shapes.load()
            _observing.load()

    def observed(self, item: Any) -> Any:
        """The function that the fixture gives to a test; a test that is run again begins anew."""
        if not self._hands_over:  # from here on a hook is called for each report, which only sessions that observe pay for
            self._hands_over = True
            self._config.pluginmanager.register(_HandingOver(), "shadow-probe-handing-over")
        file = item.nodeid.partition("::")[0]
        if self._words[0] != file:
            self._words = (file, _shapes.load().source_words(os.path.join(str(self._config.rootpath), file)))
        _shapes.load()
        observed = item.shadow_observed = _observing.load().Observed(self._key, self._words[1])
        return observed


class _HandingOver:
    """Hands the observations of a test to its last report, which pytest-xdist carries to the controller."""

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, None]:
        outcome = yield
        if call.when == "teardown" and outcome.excinfo is None:
            observed = item.__dict__.pop("shadow_observed", None)
            if observed is not None and observed.lines:
                outcome.get_result().shadow_observations = observed.lines


class _Records:
    """Writes what the last report of a test carries of the way of the test, before its result."""

    def __init__(self, out: _Output, name: Callable[[str], str]) -> None:
        self._out = out
        self._name = name

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        text = getattr(report, "shadow_deep", None)
        if text is not None:
            self._out.line(f'{{"e":"deep","id":{_quote(self._name(report.nodeid))},{text[1:]}')


def _read_key(path: str | None) -> bytes | None:
    """The project key: a file of at least 64 hexadecimal digits."""
    if not path:
        return None
    try:
        with open(path, encoding="ascii") as file:
            key = bytes.fromhex(file.read().strip())
    except (OSError, ValueError) as error:
        raise pytest.UsageError(f"shadow probe: SHADOW_PROBE_KEY cannot be read: {type(error).__name__}") from None
    if len(key) < 32:
        raise pytest.UsageError("shadow probe: SHADOW_PROBE_KEY names no key: at least 64 hexadecimal digits are expected")
    return key


@pytest.fixture
def observe(request: Any) -> Any:
    """Record a value: `observe(name, value, *, compare="shape", ignore=(), tolerance=None, key=None, unordered=False)` (docs/observations.md)."""
    observations = request.config.pluginmanager.get_plugin("shadow-probe-observations")
    if observations is None:
        _shapes.load()
        return _observing.load().unobserved
    return observations.observed(request.node)


# ---------------------------------------------------------------------------------------------------------------------------------------------
# The plugin
# ---------------------------------------------------------------------------------------------------------------------------------------------


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register what this process has to do: all of it, a worker's part, or nothing."""
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        if "shadow_probe" in worker:
            select, root = worker["shadow_probe"]
            key = _read_key(os.environ.get("SHADOW_PROBE_KEY"))
            ids = _Ids(key)
            _register(config, _Selection(select, ids), _WorkerShapes(root, key), ids, root, key)
        return
    path = os.environ.get("SHADOW_PROBE_OUT")
    if not path or "SHADOW_PROBE_PID" in os.environ:
        return
    select = os.environ.get("SHADOW_PROBE_SELECT") or None
    select = os.path.abspath(select) if select else None
    root = os.path.abspath(os.environ.get("SHADOW_PROBE_ROOT") or str(config.rootpath))
    key = _read_key(os.environ.get("SHADOW_PROBE_KEY"))
    ids = _Ids(key)
    selection = _Selection(select, ids)
    if selection.expression:
        given = config.option.keyword
        config.option.keyword = f"({given}) and ({selection.expression})" if given else selection.expression
    out = _Output(path)
    os.environ["SHADOW_PROBE_PID"] = str(os.getpid())
    config.add_cleanup(_release)
    config.add_cleanup(out.close)
    _register(config, selection, _Shapes(root, key), ids, root, key)
    recorder = _Recorder(config, out, select, root, key, ids)
    config.pluginmanager.register(recorder, "shadow-probe-recorder")
    if _deep is not None or _count is not None:
        config.pluginmanager.register(_Records(out, recorder.test_id), "shadow-probe-records")
    if _experiment is not None:
        _experiment.register(config, out)


def _register(config: pytest.Config, selection: _Selection, shapes: _Shapes, ids: _Ids, root: str, key: bytes | None) -> None:
    if selection.chooses:
        config.pluginmanager.register(selection, "shadow-probe-selection")
    if selection.names_tests and hasattr(config.option, "tbstyle"):
        config.option.tbstyle = "no"  # a rerun: nobody reads its tracebacks, each of which costs a look at the whole source of a file
    config.pluginmanager.register(shapes, "shadow-probe-shapes")
    config.pluginmanager.register(_Observations(config, key), "shadow-probe-observations")
    if _deep is not None:
        _deep.register(config, root, key, lambda: _shapes.load().VOCABULARY)
    if _count is not None:
        _count.register(config, root, os.environ["SHADOW_PROBE_COUNT"], ids)


def _release() -> None:
    os.environ.pop("SHADOW_PROBE_PID", None)

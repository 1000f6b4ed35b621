"""Counts what the tests of some parts of the suite do, within the full run, as lines `deep` of the session file (docs/deep.md).

A companion of the probe (shadow_harness_probe), which loads it where SHADOW_PROBE_COUNT names parts. It records much less than shadow_harness_deep
does: rows by statement, lines of the test's own, assertions, loops and subtests, which tell whether a pass means anything. No value is fingerprinted.

Rows of a fixture that several tests see count for each of them, whoever was the first: with pytest-xdist that is another test on each side. What
such a fixture runs, and what is done when a test is over, counts for none.

It runs in the user's test process: Python 3.8 or newer, the standard library and pytest alone. PYTEST_DONT_REWRITE
"""

# Objects of pytest, of drivers and of the suite are anything at all, hence Any.
# ruff: noqa: ANN401

from __future__ import annotations

import json
import re
import zlib
from typing import Any, Callable, Dict, Generator, List, NamedTuple, Tuple

import pytest

if __package__:  # within the harness
    from runners.probe import shadow_harness_deep_drivers as drivers
    from runners.probe.shadow_harness_count_tally import Tally
    from runners.probe.shadow_harness_deep_lines import Lines
    from runners.probe.shadow_harness_deep_source import Files, Outlines
    from runners.probe.shadow_harness_deep_watch import DATABASES, Unheard, watch
else:  # in the process of a test
    import shadow_harness_deep_drivers as drivers  # type: ignore[import-not-found,no-redef]  # they lie beside this file
    from shadow_harness_count_tally import Tally  # type: ignore[import-not-found,no-redef]
    from shadow_harness_deep_lines import Lines  # type: ignore[import-not-found,no-redef]
    from shadow_harness_deep_source import Files, Outlines  # type: ignore[import-not-found,no-redef]
    from shadow_harness_deep_watch import DATABASES, Unheard, watch  # type: ignore[import-not-found,no-redef]

MOST_EVENTS = 200_000  # calls and lines of one test, where a tracer counts them


class Parts(NamedTuple):
    """Which parts of a suite are counted, of how many. A test belongs to one by its id, so that neither other tests nor the other side matter."""

    numbers: frozenset[int]
    of: int

    @classmethod
    def read(cls, text: str) -> Parts:
        """Of `1,2/7`: the first two of seven. Raises pytest.UsageError."""
        if not re.fullmatch(r"[1-9]\d{0,3}(,[1-9]\d{0,3})*/[1-9]\d{0,3}", text):
            raise pytest.UsageError("shadow probe: SHADOW_PROBE_COUNT names no parts: something like 1,2/7 is expected")
        numbers, _, of = text.partition("/")
        return cls(frozenset(map(int, numbers.split(","))), int(of))

    def hold(self, test_id: str) -> bool:
        """Whether a test is counted."""
        return zlib.crc32(test_id.encode("utf-8", "surrogatepass")) % self.of + 1 in self.numbers


class _Process:
    """The state of this process: what is tallied now, None between tests that are counted."""

    tally: Tally | None = None

    def now(self) -> Tally | None:
        return self.tally


_process = _Process()
_drivers = Unheard()


def begin() -> None:
    """Put everything in place, before the suite imports its drivers."""
    drivers.trace_into(_process.now)
    watch(DATABASES)


class Counting:
    """Counts the tests of this process and hands each record to the test's last report, which pytest-xdist carries to the controller."""

    def __init__(self, root: str, parts: Parts, name: Callable[[str], str]) -> None:
        self._parts = parts
        self._name = name
        self._files = Files(root)
        self._outlines = Outlines(self._files)
        self._lines = Lines()
        self._shared: Dict[int, Tuple[Any, Tally]] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: Any) -> None:
        """Learn which files are the suite's own, and read the outlines of those that are counted while no test has changed anything."""
        self._files.own_by({_path(item) for item in session.items})
        for path in {_path(item) for item in session.items if self._is_counted(item)}:
            relative = self._files.under_root(path)
            if relative is not None and relative.endswith(".py"):
                self._outlines.of(relative)
        self._lines.ready(self._files, self._outlines, most=MOST_EVENTS)

    def _is_counted(self, item: Any) -> bool:
        return self._parts.hold(self._name(item.nodeid))

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: Any) -> Generator[None, Any, None]:
        """Begin to count; a plugin may run a test again, which begins anew."""
        self._lines.stop()
        _drivers.trace()
        _process.tally = None
        if self._is_counted(item):
            _process.tally = item.__dict__["shadow_count"] = Tally(self._files)
            self._lines.start()
        else:
            self._lines.rest()
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, None]:
        """A fixture, up to its yield; one that several tests see has a tally of its own."""
        if getattr(fixturedef, "scope", "function") == "function":
            self._lines.resume()
            yield
            self._lines.pause()
            return
        tally, _process.tally = _process.tally, Tally(self._files)
        held = self._lines.hold()
        yield
        self._lines.release(held)
        shared, _process.tally = _process.tally, tally
        if shared is not None:
            shared.finish()
            if shared.rows:
                self._shared[id(fixturedef)] = (fixturedef, shared)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: Any) -> Generator[None, Any, None]:
        """The test itself."""
        tally = _process.tally
        if tally is None:
            yield
            return
        tally.phase = "call"
        self._lines.resume()
        yield
        self._lines.pause()
        tally.finish()
        tally.phase = "teardown"
        tally.rows += sum(shared.rows for shared in self._seen_by(item))

    def _seen_by(self, item: Any) -> Generator[Tally, None, None]:
        """The fixtures of a class, module or session that a test sees."""
        names = frozenset(getattr(item, "fixturenames", ()))
        for key, (fixturedef, shared) in list(self._shared.items()):
            if getattr(fixturedef, "cached_result", None) is None:
                del self._shared[key]  # it has come to its end
            elif fixturedef.argname in names and item.nodeid.startswith(getattr(fixturedef, "baseid", None) or ""):
                yield shared

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        """Count subtests, which report themselves."""
        tally = _process.tally
        if tally is not None and type(report) is not pytest.TestReport and hasattr(report, "context"):
            if report.outcome == "skipped":
                tally.subtests_skipped += 1
            else:
                tally.subtests += 1

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, None]:
        """Hand the record over with the last report."""
        if call.when != "teardown" or _process.tally is None:
            yield
            return
        hits, unknown = self._lines.stop()
        _process.tally = None
        outcome = yield
        tally = item.__dict__.pop("shadow_count", None)
        if tally is None or outcome.excinfo is not None:
            return
        if unknown is not None:
            tally.untraced("lines", unknown)
        try:
            text = tally.told(self._own(item), hits, self._outlines)
        except Exception as error:  # noqa: BLE001 the suite must not fail because of its observer
            text = json.dumps({"cut": [["record", None, type(error).__name__]]}, separators=(",", ":"))
        outcome.get_result().shadow_deep = text

    def _own(self, item: Any) -> List[Any] | None:
        """The file of a test's function, and its lines."""
        function = self._files.function_of(item)
        span = None if function is None else self._outlines.of(function[0]).functions.get(function[1])
        return None if function is None or span is None else [function[0], *span]

    def pytest_unconfigure(self) -> None:
        """Let go of what the interpreter holds."""
        self._lines.close()


def _path(item: Any) -> str:
    return str(getattr(item, "path", None) or item.fspath)


def register(config: Any, root: str, parts: str, name: Callable[[str], str]) -> None:
    """Count the tests of this process that belong to `parts`; `name` makes a test's id of its node id. Raises pytest.UsageError."""
    config.pluginmanager.register(Counting(root, Parts.read(parts), name), "shadow-probe-count")

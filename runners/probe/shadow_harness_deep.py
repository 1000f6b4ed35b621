"""The deep probe: what each test does on its way to its outcome, as lines `deep` of the session file (docs/deep.md).

A companion of the probe (shadow_harness_probe), which loads it where SHADOW_PROBE_DEEP=1. It runs in the user's test process: Python 3.8 or newer,
the standard library and pytest alone; it imports nothing that the suite does not import itself. Values leave the process as keyed fingerprints only.
PYTEST_DONT_REWRITE
"""

# Objects of pytest and of the suite are anything at all, hence Any; pathlib touches the file system where os.path does not.
# ruff: noqa: ANN401

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from typing import Any, Callable, Dict, Generator, List, Set, Tuple

import pytest

if __package__:  # within the harness
    from runners.probe import shadow_harness_deep_drivers as drivers
    from runners.probe import shadow_harness_deep_http as http
    from runners.probe import shadow_harness_deep_processes as processes
    from runners.probe.shadow_harness_deep_lines import Hits, Lines, what_ran
    from runners.probe.shadow_harness_deep_source import Files, Outlines, Words
    from runners.probe.shadow_harness_deep_stack import Whereabouts
    from runners.probe.shadow_harness_deep_values import Values
    from runners.probe.shadow_harness_deep_watch import DATABASES, Unheard, Watched, watch
else:  # in the process of a test
    import shadow_harness_deep_drivers as drivers  # type: ignore[import-not-found,no-redef]
    import shadow_harness_deep_http as http  # type: ignore[import-not-found,no-redef]  # it lies beside this file
    import shadow_harness_deep_processes as processes  # type: ignore[import-not-found,no-redef]
    from shadow_harness_deep_lines import Hits, Lines, what_ran  # type: ignore[import-not-found,no-redef]
    from shadow_harness_deep_source import Files, Outlines, Words  # type: ignore[import-not-found,no-redef]
    from shadow_harness_deep_stack import Whereabouts  # type: ignore[import-not-found,no-redef]
    from shadow_harness_deep_values import Values  # type: ignore[import-not-found,no-redef]
    from shadow_harness_deep_watch import DATABASES, Unheard, Watched, watch  # type: ignore[import-not-found,no-redef]

MOST_STATEMENTS = 300  # of one test
MOST_REQUESTS = 200
MOST_BORROWED = 30  # statements and requests of one fixture that other tests see as well
MOST_FILES = 200
MOST_VARIABLES = 300
MOST_LOOPS = 300
MOST_CHARACTERS = 1_500_000  # of a line
_BULK = 20  # names of variables read at one place: somebody copies the environment
_FEW = 6  # of them, where there are hardly more

_encode: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
# Kept as they are now: a test may exchange them.
_stat, _getcwd, _join, _isabs = os.stat, os.getcwd, os.path.join, os.path.isabs

# ---------------------------------------------------------------------------------------------------------------------------------------------
# One test
# ---------------------------------------------------------------------------------------------------------------------------------------------


class Recording(Whereabouts):
    """What one test does, from its setup to its teardown."""

    def __init__(self, files: Files, outlines: Outlines, words: Words, values: Values) -> None:
        super().__init__(files)
        self._outlines = outlines
        self._words = words
        self.values = values
        self.phase = "setup"
        self._statements: List[Any] = []
        self._requests: List[Dict[str, Any]] = []
        self._opened: Dict[str, bool] = {}
        self._read: Dict[Tuple[int, int], Set[str]] = {}
        self._cut: Counter[str] = Counter()
        self._uncounted: Dict[str, str] = {}
        self._count: Counter[str] = Counter()
        self.subtests = self.subtests_skipped = 0

    # What drivers and clients ask

    def knows(self, word: str) -> bool:
        """Whether a word is one of code."""
        return self._words.knows(word)

    def knows_all(self, text: str) -> bool:
        """Whether a text is made of words of code alone."""
        return self._words.knows_all(text)

    def word_of_member(self, text: str, *, shared: bool) -> str:
        """The name of a member of an answer, `{}` where it may be data."""
        return self._words.member(text, shared=shared)

    def statement(self, make: Callable[..., Any], driver: Any, text: str) -> Any:
        """Begin a statement. One too many is made and not kept."""
        self._count["statements"] += 1
        made = make(self, driver, text)
        if len(self._statements) < MOST_STATEMENTS:
            self._statements.append(made)
        else:
            self.cut("statements")
        return made

    def request(self, record: Dict[str, Any]) -> Dict[str, Any]:
        """Keep a request."""
        self._count["requests"] += 1
        record["phase"] = self.phase
        at, through = self.frames()
        if at:
            record["at"] = at
        if through:
            record["through"] = through
        if len(self._requests) < MOST_REQUESTS:
            self._requests.append(record)
        else:
            self.cut("requests")
        return record

    def mark(self) -> Tuple[int, int]:
        """How many statements and requests are kept so far."""
        return len(self._statements), len(self._requests)

    def since(self, mark: Tuple[int, int]) -> Tuple[List[Any], List[Dict[str, Any]]]:
        """The statements and requests kept since then."""
        return self._statements[mark[0] :], self._requests[mark[1] :]

    def borrow(self, statements: List[Any], requests: List[Dict[str, Any]]) -> None:
        """Take in what a fixture did for an earlier test, and this one sees as well; it is counted there alone."""
        for own, others in ((self._statements, statements), (self._requests, requests)):
            known = set(map(id, own))
            own[:0] = [one for one in others[:MOST_BORROWED] if id(one) not in known]

    def count_rows(self, count: int) -> None:
        """Count rows that were fetched or affected."""
        self._count["rows"] += count

    def cut(self, what: str, count: int = 1) -> None:
        """Say that a budget ran out, for `count` more."""
        self._cut[what] += count

    def fault(self, what: str, error: BaseException) -> None:
        """Say that something could not be recorded, for a fault of ours or of a foreign object."""
        self._uncounted.setdefault(what, type(error).__name__)

    def untraced(self, what: str, why: str) -> None:
        """Say that something is not seen at all."""
        self._uncounted.setdefault(what, why)

    # What the process itself tells

    def opened(self, path: str, *, written: bool) -> None:
        """A file was opened."""
        relative = self._files.under_root(path if _isabs(path) else _join(_getcwd(), path))
        if relative is None or relative.endswith(_NO_DATA) or not _CACHES.isdisjoint(relative.split("/")):
            return
        if relative not in self._opened and len(self._opened) >= MOST_FILES:
            self.cut("files")
            return
        self._opened[relative] = self._opened.get(relative, False) or written

    def read_variable(self, name: str, place: Tuple[int, int]) -> None:
        """A variable was read, at a place of the code."""
        names = self._read.setdefault(place, set())
        if len(names) <= _BULK:
            names.add(name)

    # What is written

    def told(self, own: Tuple[str, int] | None, hits: Hits | None, unknown: str | None, at_import: List[str]) -> str:
        """The record as JSON text, without the id."""
        record: Dict[str, Any] = {
            "statements": [statement.finish() for statement in self._statements],
            "requests": self._requests,
            "files": self._named_files(),
            "variables": self._variables(),
            "at_import": at_import,
        }
        if own is not None:
            span = self._outlines.of(own[0]).functions.get(own[1])
            if span is not None:
                record["own"] = [own[0], *span]
        counts: Dict[str, int] = {
            "subtests": self.subtests,
            "subtests_skipped": self.subtests_skipped,
            "statements": self._count["statements"],
            "rows": self._count["rows"],
            "requests": self._count["requests"],
        }
        if hits is not None:
            self._add_lines(record, counts, hits)
        elif unknown:
            self.untraced("lines", unknown)
        record["counts"] = counts
        return self._within_budget(record)

    def _within_budget(self, record: Dict[str, Any]) -> str:
        text = self._encoded(record)
        if len(text) > MOST_CHARACTERS:
            for one in (*record["statements"], *record["requests"]):
                if one.pop("columns", None):
                    self.cut("columns", 1)
            text = self._encoded(record)
        while len(text) > MOST_CHARACTERS and (record["statements"] or record["requests"]):
            for what in ("statements", "requests"):
                kept = len(record[what]) // 2
                self.cut(what, len(record[what]) - kept)
                del record[what][kept:]
            text = self._encoded(record)
        return text

    def _encoded(self, record: Dict[str, Any]) -> str:
        cut: List[List[Any]] = [[what, count, "budget"] for what, count in sorted(self._cut.items())]
        cut += [[what, None, why] for what, why in sorted(self._uncounted.items())]
        return _encode({**record, "cut": cut})

    def _add_lines(self, record: Dict[str, Any], counts: Dict[str, int], hits: Hits) -> None:
        ran = what_ran(hits, self._outlines)
        counts["assertions"], counts["assertion_runs"] = ran.assertions, ran.assertion_runs
        record["lines"] = ran.lines
        record["loops"] = ran.loops[:MOST_LOOPS]
        if len(ran.loops) > MOST_LOOPS:
            self.cut("loops", len(ran.loops) - MOST_LOOPS)

    def _named_files(self) -> List[List[Any]]:
        named: Dict[str, bool] = {}
        for path, written in sorted(self._opened.items()):
            name = path if not written and self._is_of_suite(path) else self._file_template(path)
            named[name] = named.get(name, False) or written
        return [[name, written] for name, written in named.items()]

    def _is_of_suite(self, path: str) -> bool:
        """Whether a file was there before the session, and its name is none that data would give it."""
        if re.search(r"@|\d{5}|[0-9a-fA-F]{12}", path):
            return False
        try:
            return _stat(self._files.absolute(path)).st_ctime < self._files.started
        except OSError:
            return False

    def _file_template(self, path: str) -> str:
        parts = []
        for part in path.split("/"):
            stem, dot, suffix = part.rpartition(".")
            if self.knows_all(part):
                parts.append(part)
            elif dot and suffix.lower() in _SUFFIXES:
                parts.append(f"{stem if self.knows_all(stem) else '{}'}.{suffix}")
            else:
                parts.append("{}")
        return "/".join(parts)

    def _variables(self) -> List[str]:
        most = min(_BULK, max(_FEW, len(os.environ) // 2))
        names = sorted({name for names in list(self._read.values()) if len(names) <= most for name in names})
        if len(names) > MOST_VARIABLES:
            self.cut("variables", len(names) - MOST_VARIABLES)
        return names[:MOST_VARIABLES]


_NO_DATA = (".py", ".pyc", ".pyi", ".so", ".pth", ".lock")
_SUFFIX_WORDS = """
    txt csv tsv json jsonl ndjson xml yaml yml toml ini cfg conf pdf html htm log md rst sql db sqlite sqlite3 zip gz tar tgz png jpg jpeg gif svg
    webp xls xlsx ods doc docx parquet avro feather arrow pickle pkl npy npz dat bin eml ics vcf pem crt key tmp bak"""
_SUFFIXES = frozenset(_SUFFIX_WORDS.split())
_CACHES = frozenset({"__pycache__", ".pytest_cache", ".hypothesis", ".mypy_cache", ".ruff_cache", ".shadow"})


# ---------------------------------------------------------------------------------------------------------------------------------------------
# What is put in place when the process begins
# ---------------------------------------------------------------------------------------------------------------------------------------------


class _Process:
    """The state of this process: the recording of the test that runs now, and the variables read before the first."""

    def __init__(self) -> None:
        self.recording: Recording | None = None
        self.before_tests: Recording | None = None  # takes variables only
        self.early: Dict[Tuple[int, int], Set[str]] | None = {}

    def now(self) -> Recording | None:
        return self.recording


_process = _Process()
_begun = False

_WATCHED: Watched = {
    **DATABASES,
    "http.client": http.trace_http_client,
    "requests": http.trace_requests,
    "httpx": http.trace_httpx,
    "httpx2": http.trace_httpx,
    "aiohttp": http.trace_aiohttp,
    "werkzeug.test": http.trace_werkzeug,
    "django.test.client": http.trace_django,
    "subprocess": processes.trace_subprocess,
}


def begin() -> None:
    """Put everything in place, before the suite imports its drivers; nothing is recorded before `register`."""
    global _begun  # noqa: PLW0603 there is one process
    if _begun:
        return
    _begun = True
    drivers.trace_into(_process.now)
    http.trace_into(_process.now)
    watch(_WATCHED)
    sys.addaudithook(_audit)
    _watch_variables()


def _audit(event: str, args: Any) -> None:
    if event != "open":
        return
    recording = _process.recording
    if recording is None:
        return
    try:
        path, mode, flags = args
        if isinstance(path, (str, bytes)):
            written = any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool(flags & (os.O_WRONLY | os.O_RDWR))
            recording.opened(os.fsdecode(path), written=written)
    except Exception as error:  # noqa: BLE001 the suite must not fail because of its observer
        recording.fault("files", error)


_OWN_VARIABLES = ("SHADOW_", "PYTEST_", "_PYTEST_", "COLUMNS", "LINES")
_ASKING = frozenset(("os.py", "_collections_abc.py", "shadow_harness_deep.py"))
_RUNNERS = re.compile(r"[\\/](?:_pytest|pytest|pluggy|xdist|execnet)[\\/]")


def _watch_variables() -> None:
    """Note the names of the variables that are read, by the class of os.environ: a test may exchange os.environ itself."""
    kind: Any = type(os.environ)
    plain, contains = kind.__getitem__, kind.__contains__

    def __getitem__(self: Any, key: Any) -> Any:  # noqa: N807 it takes its place
        _variable_read(key)
        return plain(self, key)

    def __contains__(self: Any, key: Any) -> bool:  # noqa: N807 it takes its place
        _variable_read(key)
        return bool(contains(self, key))

    kind.__getitem__, kind.__contains__ = __getitem__, __contains__


def _variable_read(key: Any) -> None:
    recording, early = _process.recording, _process.early
    if (recording is None and early is None) or not isinstance(key, (str, bytes)):
        return
    name = os.fsdecode(key)
    if name.startswith(_OWN_VARIABLES) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,80}", name):
        return
    frame: Any = sys._getframe(2)  # noqa: SLF001 it is how frames are had
    while frame is not None and frame.f_code.co_filename.replace("\\", "/").rpartition("/")[2] in _ASKING:
        frame = frame.f_back
    if frame is None or _RUNNERS.search(frame.f_code.co_filename):
        return
    place = (id(frame.f_code), frame.f_lasti)
    if recording is not None:
        recording.read_variable(name, place)
    elif early is not None:
        early.setdefault(place, set()).add(name)


# ---------------------------------------------------------------------------------------------------------------------------------------------
# The plugin
# ---------------------------------------------------------------------------------------------------------------------------------------------


class Deep:
    """Records the tests of this process and hands each record to the test's last report, which pytest-xdist carries to the controller."""

    def __init__(self, root: str, key: bytes | None, vocabulary: Callable[[], Any]) -> None:
        self._files = Files(root)
        self._outlines = Outlines(self._files)
        self._words = Words(self._files, vocabulary)
        self._values = Values(key)
        self._drivers = Unheard()
        self._lines = Lines()
        self._at_import: List[str] | None = None
        self._shared: Dict[int, Tuple[Any, List[Any], List[Dict[str, Any]]]] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: Any) -> None:
        """Learn which files are the suite's own, and read their outlines while no test has changed anything."""
        paths = {str(getattr(item, "path", None) or item.fspath) for item in session.items}
        self._files.own_by(paths)
        for path in paths:
            relative = self._files.under_root(path)
            if relative is not None and relative.endswith(".py"):
                self._outlines.of(relative)
        self._lines.ready(self._files, self._outlines)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: Any) -> Generator[None, Any, None]:
        """Begin a recording; a plugin may run a test again, which begins anew."""
        self._lines.stop()
        self._drivers.trace()
        if self._at_import is None:
            early, _process.early = _process.early or {}, None
            self._at_import = sorted({name for names in early.values() if len(names) <= _BULK for name in names})[:MOST_VARIABLES]
        _process.recording = Recording(self._files, self._outlines, self._words, self._values)
        item.__dict__["shadow_deep"] = _process.recording
        self._lines.start()
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: Any) -> Generator[None, Any, None]:
        """The test itself, with what fixtures of a class, module or session did for an earlier one."""
        self._borrow(item)
        self._phase("call")
        self._lines.resume()
        yield
        self._lines.pause()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, None]:
        """A fixture, up to its yield."""
        recording = _process.recording
        mark = recording.mark() if recording is not None else (0, 0)
        self._lines.resume()
        yield
        self._lines.pause()
        if recording is not None and getattr(fixturedef, "scope", "function") != "function":
            did = recording.since(mark)
            if any(did):
                self._shared[id(fixturedef)] = (fixturedef, *did)

    def _borrow(self, item: Any) -> None:
        recording = _process.recording
        names = frozenset(getattr(item, "fixturenames", ()))
        for key, (fixturedef, statements, requests) in list(self._shared.items()):
            if getattr(fixturedef, "cached_result", None) is None:
                del self._shared[key]  # it has come to its end
            elif recording is not None and fixturedef.argname in names and item.nodeid.startswith(getattr(fixturedef, "baseid", None) or ""):
                recording.borrow(statements, requests)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, Any, None]:
        """Its end."""
        self._phase("teardown")
        yield

    @staticmethod
    def _phase(phase: str) -> None:
        if _process.recording is not None:
            _process.recording.phase = phase

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        """Count subtests, which report themselves."""
        recording = _process.recording
        if recording is not None and type(report) is not pytest.TestReport and hasattr(report, "context"):
            if report.outcome == "skipped":
                recording.subtests_skipped += 1
            else:
                recording.subtests += 1

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, None]:
        """Hand the record over with the last report."""
        if call.when != "teardown":
            yield
            return
        hits, unknown = self._lines.stop()
        _process.recording = None
        outcome = yield
        recording = item.__dict__.pop("shadow_deep", None)
        if recording is None or outcome.excinfo is not None:
            return
        try:
            text = recording.told(self._files.function_of(item), hits, unknown, self._at_import or [])
        except Exception as error:  # noqa: BLE001 the suite must not fail because of its observer
            text = _encode({"cut": [["record", None, type(error).__name__]]})
        outcome.get_result().shadow_deep = text

    def pytest_unconfigure(self) -> None:
        """Let go of what the interpreter holds."""
        self._lines.close()


def register(config: Any, root: str, key: bytes | None, vocabulary: Callable[[], Any]) -> None:
    """Record the tests of this process."""
    config.pluginmanager.register(Deep(root, key, vocabulary), "shadow-probe-deep")

"""The probe: records what a pytest session does, as lines of the format `shadow-probe/1` (docs/bundle.md).

This module runs in somebody else's process: their interpreter (Python 3.8 or newer), their pytest (7 or newer), their plugins. It is loaded
with `-p shadow_harness_probe` from PYTHONPATH, imports nothing but the standard library and pytest, and depends on nothing of its own project.
That is why it is one module, longer than others. PYTEST_DONT_REWRITE

Variables it reads:
    SHADOW_PROBE_OUT     file to append the lines to; where it is absent the probe does nothing at all
    SHADOW_PROBE_SELECT  path of a JSON file {"select": [id, ...] | null, "skip": [id, ...], "shard": [I, N] | null, "expression": str | null};
                         absent: every test. `expression` is a pytest `-k` expression
    SHADOW_PROBE_ROOT    root of the suite, to which paths in frames are relative; absent: pytest's rootdir
It sets SHADOW_PROBE_PID while it is at work, so that a pytest started by a test leaves the file alone.

What may be written: ids as pytest gives them, outcomes, times, versions, and the *shapes* of failures. A shape's message is a template made by
`shape_message` from an allowlist, so that no value of the data survives in it.
"""

# Objects of pytest and of its plugins come in several versions here, hence Any; pathlib touches the file system where os.path does not.
# ruff: noqa: ANN401, PTH100, PTH109, PTH118, PTH123

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import hashlib
import json
import locale
import os
import platform
import re
import sys
import time
from collections import Counter, deque
from typing import Any, Callable, Collection, Generator, Iterator, NamedTuple, Pattern, Sequence

import pytest

SCHEMA = "shadow-probe/1"
IDS_PER_LINE = 1000
MAX_INPUT = 4096  # characters of a message that are looked at
MAX_MESSAGE = 300  # characters of a template
MAX_LINES = 5
HEAD_FRAMES, TAIL_FRAMES = 2, 10
MAX_CODES = 200  # code objects of one traceback whose names are read
MAX_LEAVES = 3  # of an exception group

# ---------------------------------------------------------------------------------------------------------------------------------------------
# Shapes of messages
# ---------------------------------------------------------------------------------------------------------------------------------------------

# Ordinary and technical words that exceptions and assertions are made of. Given names and surnames are left out where a word is both (mark, will,
# grant, may, bill, page, young, long): what is not here is lost from the template, what is here can be read in every report.
_WORDS = """
a about above abort aborted abstract accept accepted access account accounts acquire across action active actual add added additional address after
again against ahead all allocate allow allowed almost already also alternative always ambiguous amount an and another any anything append applied
apply approximately are area argument arguments around array as ascending ascii assert assertion assigned assignment async at attached attempt
attempted attempts attribute attributes auth authenticate authenticated authentication authorization authorized autocommit available await awaited
bad balance base be because become been before begin behavior being below between beyond bind binding bit bits block blocked body bool boolean
both bound boundary bounds broken buffer build built busy but by byte bytes
cache call callable called calling calls can cancel cancelled cannot cascade cast change changed character characters charset check checked child
class clause clear client close closed code codec collect collected collection column columns command comma commit committed common compare
compared comparison compatible compile complete completed component concurrent condition config configuration configure configured conflict
conflicts connect connected connecting connection connections consider consistent constant constraint constraints construct constructor contain
contained container contains content contents context continue contract control conversion convert converted converting copy correct correctly
could count counts create created creating credentials current currently cursor cycle cyclic
data database date dates datetime deadlock debug decimal declared decode decoded decoder decoding decrypt default defaults defer deferred define
defined definition delete deleted delimiter denied depends deprecated depth descending descriptor deserialize detail details detected device dict
dictionary did differ difference different differing differs digit digits dimension dimensions direct directory disabled disallowed disconnect
disconnected discriminator disk divide division does domain done double down driver duplicate duplicates during
each early either element elements else email empty enable enabled encode encoded encoding end ended ends engine enough ensure entity entries
entry environment equal equality equals error errors escape escaped evaluate evaluated evaluating event every exactly exceed exceeded exceeds
except exception exceptions exclude excluded exclusive execute executed executing execution exhausted exist existing exists exit exited expect
expected expecting expiration expired expires explicit expression extra
fail failed failing fails failure failures false fatal fault feature few fewer fetch fetched field fields file filename files filter final find
finished finite first fixed fixture flag float flush folder follow followed following for forbidden force forced foreign forget forgotten format
formatted forward found fraction free from full function functions future
gateway generate generated generator get gives given global got greater group grouped groups
had handle handled handler handshake has hash hashable have having header headers height here hex hint host hostname http https
id ident identical identifier identity idle if ignore ignored illegal image immutable implement implementation implemented implicit import imported
importing impossible in inactive include included including incomplete incompatible inconsistent incorrect increment indent indentation index
indexed indexes indices inf infinite infinity information init initial initialize initialized inner input insert inserted inside instance
instances instead insufficient int integer integers integrity intended interface internal interpolation interpreter interrupted interval into
invalid invalidated invocation invoke invoked io ip is isolation issue it item items iter iterable iterate iterating iteration iterator its
join json just key keys keyword keywords kind known
label large larger last late latest layer least left len length less level library like limit limits line lines list listed listen literal
load loaded loading local locale located location lock locked log logged login lookup loop lost lower lowercase
made main make malformed manager many map mapped mapper mapping mask match matched matches matching max maximum mean memory merge message
messages metadata method methods migration min minimum minus mismatch mismatched missing mock mode model models modified modify module modules
more most move multiple must mutable mutex
name named names namespace nan native nearly need needed needs negative nested net network never new newline next no node nodes none nonnegative
nonzero normal not note nothing now null nullable number numbers numeric
object objects occurred of off offset ok old on once one ones only opaque open opened opening operand operands operation operations operator
option optional options or order ordered ordering origin original other others out outer output outside over overflow overlap overlapping
override overwrite own owner
pack packet padding pair pairs parameter parameters parent parse parsed parser parsing part partial partially parts pass passed password path
pattern payload peer pending per perform permission permissions permitted persist persistent phone pipe placeholder please pool port position
positional positive possible post power precision preceding prefix prepare prepared present previous primary prior private process processed
processing prohibited promise property protected protocol provide provided provider proxy public put python
qualified quantity query queue quote quoted quotes raise raised raises range rather raw re reach reached read readable readonly reading ready
real reason receive received record records recursion recursive redirect redirects reference referenced references referring refresh refused
register registered reject rejected related relation relationship relative release released remain remaining remote remove removed rename
repeat repeated replace replaced report request requested requests require required requirement requirements requires reserved reset resolve
resolved resource resources respond response responses restart restrict restricted result results resume retries retry return returned returning
returns reverse right role rollback rolled root round route routine row rows rule run running runtime
same sample savepoint say schema scheme scope second seconds secret section security see seek seems select selected self semantics send sending
sent separator sequence serializable serialization serialize serialized server service session set sets setting settings setup shape share
shared should show shut shutdown side sign signal signature signed similar simple since single size skip skipped slice slot slow small smaller
socket some something sort sorted source space specific specified specify split sql stack stale standard start started starting starts
state statement static statistics status step still stop stopped storage store stored str stream string strings strip strict struct structure
sub subclass subject subquery subset substring subtype succeed succeeded success successful successfully such suffix sum supplied support
supported supports suppose supposed surrogate switch symbol sync syntax system
table tables tag take takes target task tasks teardown template temporarily temporary terminate terminated test tests text than that the their
them then there these they third this thread threads three threshold through throw time timed timedelta timeout times timestamp timezone to
together token tokens too total trace traceback tracked trailing transaction transactions transfer transform translate tree trigger truncated try
trying tuple tuples two type types tz
unable unauthorized unavailable unbound uncaught undefined under underlying undo unexpected unexpectedly unhandled unhashable unicode union
unique unit unknown unless unlock unmatched unordered unpack unreachable unread unrecognized unresolved unsafe unset unsigned unsupported
unterminated until untracked unused up update updated updates upgrade upper uppercase uri url usage use used user username users uses using
usually utc valid validate validated validation validator validators value values variable variables vector verification verify verified version
versions via view violated violates violation visible
wait waited waiting want wanted warning was way week well were when where whether which while who whole width window with within without worker
would wrap wrapped wrapper writable write writing written wrong year years yet yield you your zero zone
can't cannot couldn't didn't doesn't don't hasn't haven't isn't aren't wasn't weren't shouldn't wouldn't won't
insensitive sensitive sqlstate utf8 utf errno ssl tls tcp udp dns api rest xml html csv yaml toml uuid iso orm ddl dml fk pk
deselected errored xfail xpass parametrize pytest unittest logging subtest subtests
caused char customer customers digest invoice invoices omitted omitting order orders payment payments product products resolution retries s
avg desc asc limit offset like ilike exists cascade nulls truthy falsy repr ne eq lt le gt ge
"""
# Words kept exactly as written here: proper spellings of exceptions, of drivers' prefixes and of answers that HTTP servers give.
_EXACT = """
None True False NaN NotImplemented Ellipsis NoneType Errno WinError Client Server Error Errors Not Found Bad Request Internal Unauthorized Forbidden
Gateway Service Unavailable Conflict Entity Too Many Requests Timeout Method Allowed Unprocessable Content Payload HTTP HTTPS URL URI JSON SQL API SSL
Connection No OperationalError IntegrityError ProgrammingError DataError InterfaceError DatabaseError InternalError NotSupportedError SQLAlchemyError
StatementError NoResultFound MultipleResultsFound DoesNotExist ObjectDoesNotExist MultipleObjectsReturned ValidationError HTTPError HTTPStatusError
ConnectError ConnectTimeout ReadTimeout ReadError RequestException JSONDecodeError UniqueViolation ForeignKeyViolation NotNullViolation CheckViolation
UndefinedTable UndefinedColumn InvalidTextRepresentation AssertionError Failed Exit DID NOT RAISE WARN sqlite3 psycopg psycopg2 pymysql asyncpg
sqlalchemy django requests httpx urllib3 pydantic datetime Decimal
"""
VOCABULARY = frozenset(_WORDS.split())
EXACT_WORDS = frozenset(_EXACT.split()) | frozenset(name for name in dir(builtins) if not name.startswith("_"))

_OPENERS = frozenset(".:([{]=|")
_TYPES = frozenset(name for name, value in vars(builtins).items() if isinstance(value, type)) | {"NoneType"}


class _Patterns(NamedTuple):
    token: Pattern[str]
    word_run: Pattern[str]
    number_run: Pattern[str]
    sign: Pattern[str]
    series: Pattern[str]
    cut_word: Pattern[str]


@functools.lru_cache(maxsize=None)
def _patterns() -> _Patterns:
    """Compiled when a message is first shaped: a session without failures does not pay for them."""
    # One character of a word: anything but white space and ASCII punctuation (the underscore is part of words).
    w = r"[^\s!-/:-@\[-^`{-~]"
    # Every alternative is bounded or begins with a character that the one before it cannot hold, so the scan is linear in the text.
    token = (
        r"(?P<placeholder><(?:n|str|addr|email|url|uuid|date|hex|path|word|unprintable)>)"
        r"|(?P<url>[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s'\"<>]*)"
        r"|(?P<email>[^\s@'\"<>()\[\]{},;:=]{1,64}@[^\s@'\"<>()\[\]{},;:=]{1,255})"
        r"|(?P<uuid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?!" + w + r"))"
        r"|(?P<date>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!" + w + r"))"
        r"|(?P<addr>0[xX][0-9a-fA-F]+(?!" + w + r"))"
        r"|(?P<hex>(?=[a-fA-F]{0,64}\d)[0-9a-fA-F]{16,}(?!" + w + r"))"
        r"|(?P<str>(?<![\w\\>])[bBuUrR]{0,2}(?:'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"))"
        r"|(?P<path>(?<![\w<>/.)\]])(?:[A-Za-z]:[\\/]|~?/|\.{1,2}/)" + r"[^\s'\"<>()\[\]{},;:]{2,})"
        r"|(?P<run>" + w + r"+(?:'(?:t|s|re|ve|ll|d|m)(?!" + w + r"))?)"
        r"|(?P<newline>[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+)"
        r"|(?P<space>\s+)"
        r"|(?P<other>.)"
    )
    return _Patterns(
        token=re.compile(token, re.DOTALL),
        word_run=re.compile(r"<word>(?:[ .'/&-]{0,3}<word>)+"),
        number_run=re.compile(r"<(?:n|date)>(?:[-+./:, ]<(?:n|date)>)+"),
        sign=re.compile(r"(?<![\w>)\]+-])[-+]{1,8}(?=<n>)"),
        series=re.compile(r"(<[a-z]+>(?:: <[a-z]+>)?)(?:, \1(?![=:(\[]))+"),
        cut_word=re.compile(r"[\w<>'.]{1,300}$"),
    )


def shape_message(text: str, names: Collection[str] = frozenset()) -> str:
    """Return the template of a message: at most 5 lines and 300 characters in which no value of data survives.

    Kept are punctuation, words of a fixed vocabulary, names of built-in types, and `names` (names from the code that raised). Numbers, quoted
    strings, addresses, emails, URLs, UUIDs, dates and file paths become `<n>`, `<str>`, `<addr>`, `<email>`, `<url>`, `<uuid>` (`<hex>`),
    `<date>`, `<path>`; every other word becomes `<word>`, and runs of it one. The template of a template is itself.
    """
    lines: list[str] = []
    parts: list[str] = []
    opening = True  # whether a capital letter here is that of a beginning, rather than that of somebody's name
    for found in _patterns().token.finditer(text[:MAX_INPUT]):
        kind, piece = found.lastgroup, found.group()
        if kind == "newline":
            if _keep_line(parts, lines) == MAX_LINES:
                break
            parts, opening = [], True
        elif kind == "space":
            parts.append(" ")
        elif kind == "other":
            # A quote without its partner would find one when the template is read again.
            parts.append(" " if piece in "'\"" else piece)
            opening = piece in _OPENERS
        else:
            parts.append(_word(piece, names, opening=opening) if kind == "run" else _placeholder(kind, piece))
            opening = False
    else:
        _keep_line(parts, lines)
    return _shorten("\n".join(lines))


def _word(run: str, names: Collection[str], *, opening: bool) -> str:
    if run.isascii():
        if run in VOCABULARY or run in EXACT_WORDS or run in names:
            return run
        lower = run.lower()
        if lower in VOCABULARY and (run.isupper() or (opening and run == lower.capitalize())):
            return run
    return "<n>" if "0" <= run[0] <= "9" else "<word>"


def _placeholder(kind: str | None, piece: str) -> str:
    if kind == "placeholder":
        return piece
    if kind == "str" and piece[1:-1] in _TYPES:  # as in: 'NoneType' object has no attribute 'x'
        return piece[1:-1]
    return f"<{kind}>"


def _keep_line(parts: list[str], lines: list[str]) -> int:
    line = " ".join("".join(parts).split())
    patterns = _patterns()
    line = patterns.number_run.sub("<n>", patterns.sign.sub("", patterns.word_run.sub("<word>", line)))
    line = patterns.series.sub(r"\1, ...", line)
    if line:
        lines.append(line)
    return len(lines)


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_MESSAGE else _patterns().cut_word.sub("", text[:MAX_MESSAGE]).rstrip()


# ---------------------------------------------------------------------------------------------------------------------------------------------
# Shapes of failures
# ---------------------------------------------------------------------------------------------------------------------------------------------

_FOREIGN_PARTS = frozenset({"site-packages", "dist-packages", ".tox", ".nox", ".venv", "venv", "virtualenv", "__pypackages__", ".eggs"})
_TYPE_NAME = r"[A-Za-z_][\w.<>]{0,200}"
_Frame = Sequence[Any]  # [path, line, function]


class _Shaper:
    """Makes the shape of an exception. Runs no code of the user but `str(exc)`, and never raises."""

    def __init__(self, root: str) -> None:
        given = os.path.abspath(root)
        self._roots = tuple({given + os.sep, os.path.realpath(given) + os.sep})
        self._prefix = os.path.abspath(sys.prefix) + os.sep
        self._directory = os.getcwd()
        self._paths: dict[str, str | None] = {}  # file of a code object -> its path in the suite, None outside

    def shape(self, exc: BaseException, traceback: Any, phase: str) -> str:
        """The `failure` of docs/bundle.md as JSON text, which every serialisation of reports carries unharmed."""
        try:
            frames, names = self._walk(traceback)
            failure = {"type": _type_name(exc), "message": _message(exc, names), "phase": phase, "frames": frames}
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 the suite's own run must never fail because of its observer
            failure = {"type": "<unprintable>", "message": "<unprintable>", "phase": phase, "frames": []}
        return _encode(failure)

    def _walk(self, traceback: Any) -> tuple[list[_Frame], set[str]]:
        head: list[_Frame] = []
        tail: deque[_Frame] = deque(maxlen=TAIL_FRAMES)
        names: set[str] = set()
        codes: set[Any] = set()
        while traceback is not None:
            code = traceback.tb_frame.f_code
            if code not in codes and len(codes) < MAX_CODES:
                codes.add(code)
                names.update(code.co_names, code.co_varnames, code.co_freevars, (code.co_name,))
            path = self._path(code.co_filename)
            if path is not None:
                (head if len(head) < HEAD_FRAMES else tail).append([path, traceback.tb_lineno or 0, code.co_name])
            traceback = traceback.tb_next
        return [*head, *tail], names

    def _path(self, filename: str) -> str | None:
        try:
            return self._paths[filename]
        except KeyError:
            path = self._paths[filename] = self._locate(filename)
            return path

    def _locate(self, filename: str) -> str | None:
        """No call here touches the file system: a test may have replaced it."""
        if filename.startswith("<"):
            return None
        full = os.path.normpath(os.path.join(self._directory, filename))
        for root in self._roots:
            if full.startswith(root):
                relative = full[len(root) :].replace(os.sep, "/")
                foreign = not _FOREIGN_PARTS.isdisjoint(relative.split("/")) or (full.startswith(self._prefix) and self._prefix.startswith(root))
                return None if foreign else relative
        return None


def _type_name(exc: BaseException) -> str:
    kind = type(exc)
    module, name = type.__getattribute__(kind, "__module__"), type.__getattribute__(kind, "__qualname__")
    full = name if module in ("builtins", "exceptions") else f"{module}.{name}"
    return full if re.fullmatch(_TYPE_NAME, full) else "<unprintable>"


def _message(exc: BaseException, names: set[str]) -> str:
    leaves = _leaves(exc)
    if leaves is not None:
        return _shorten(" | ".join(f"{_type_name(leaf)}: {_own_message(leaf, names)}" for leaf in leaves))
    return _own_message(exc, names)


def _own_message(exc: BaseException, names: Collection[str]) -> str:
    if isinstance(exc, KeyError):
        return "<str>"  # the key is data
    try:
        text = str.__getitem__(str(exc), slice(0, MAX_INPUT))
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 str() of a foreign exception may raise anything
        return "<unprintable>"
    known = set(names)
    link: BaseException | None = exc
    for _ in range(5):
        if link is None:
            break
        for kind in type(link).__mro__:
            known.update(kind.__qualname__.split("."), kind.__module__.split("."))
        link = link.__cause__ or link.__context__
    return shape_message(text, known)


def _leaves(exc: BaseException) -> list[BaseException] | None:
    """The first exceptions within a group, depth first; None where it is no group."""
    group = getattr(builtins, "BaseExceptionGroup", None) or getattr(sys.modules.get("exceptiongroup"), "BaseExceptionGroup", None)
    if group is None or not isinstance(exc, group):
        return None
    leaves: list[BaseException] = []
    stack: list[BaseException] = [exc]
    while stack and len(leaves) < MAX_LEAVES:
        top = stack.pop()
        if isinstance(top, group):
            stack.extend(reversed(top.exceptions))
        else:
            leaves.append(top)
    return leaves


class _Shapes:
    """Attaches the shape of a failure to its report, in the process where the exception lives.

    A wrapper around `pytest_runtest_makereport` would cost every passing test more than all the rest of the probe. So the calls of the item at hand
    are remembered, and looked at when a report that did not pass is logged; by then every plugin has had its say about both.
    """

    def __init__(self, shaper: _Shaper) -> None:
        self._shaper = shaper
        self._item: Any = None
        self._calls: dict[str, Any] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> None:
        if item is not self._item:
            self._item = item
            self._calls.clear()
        self._calls[call.when] = call

    def attach(self, report: Any) -> None:
        """Give a failed report its `shadow_failure`, and let go of the exception."""
        if self._item is not None and report.nodeid == self._item.nodeid:
            call = self._calls.pop(report.when, None)
            if report.outcome == "failed" and call is not None and call.excinfo is not None:
                report.shadow_failure = self._shaper.shape(call.excinfo.value, call.excinfo.tb, call.when)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_make_collect_report(self) -> Generator[None, Any, None]:
        outcome = yield
        if outcome.excinfo is None:
            report = outcome.get_result()
            call = getattr(report, "call", None)
            if report.outcome == "failed" and call is not None and call.excinfo is not None:
                exc, traceback = call.excinfo.value, call.excinfo.tb
                cause = exc.__cause__
                if isinstance(exc, pytest.Collector.CollectError) and cause is not None:
                    exc, traceback = cause, cause.__traceback__
                report.shadow_failure = self._shaper.shape(exc, traceback, "collect")


class _WorkerShapes(_Shapes):
    """The same in a worker of pytest-xdist, which sends the report, with what is attached to it, to its controller."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.outcome != "passed":
            self.attach(report)


# ---------------------------------------------------------------------------------------------------------------------------------------------
# Selection
# ---------------------------------------------------------------------------------------------------------------------------------------------


def shard_of(test_id: str, count: int) -> int:
    """The shard, 1 to `count`, that a test belongs to: by the hash of its file, so that a file is never cut and both sides agree."""
    digest = hashlib.sha1(test_id.partition("::")[0].encode("utf-8", "surrogatepass"))  # noqa: S324 spreads files, protects nothing
    return int(digest.hexdigest(), 16) % count + 1


class _Selection:
    """Which tests run, and in which order; the same in every process of a session."""

    def __init__(self, path: str | None) -> None:
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
        self.chooses = self._order is not None or bool(self._skip) or bool(self._shard)
        self._files: frozenset[str] | None = None if self._order is None else frozenset(test.partition("::")[0] for test in self._order)

    def pytest_ignore_collect(self, collection_path: Any, config: Any) -> bool | None:
        """Leave files without a selected test alone. Directories, conftest.py and __init__.py never, nor what lies outside the rootdir."""
        if self._files is None or collection_path.name in ("conftest.py", "__init__.py") or not collection_path.is_file():
            return None
        path = os.path.relpath(str(collection_path), str(config.rootpath)).replace(os.sep, "/")
        return None if path in self._files or path.startswith("../") else True

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, config: Any, items: list[Any]) -> Generator[None, Any, None]:
        # pytest-xdist appends a group to ids within this hook: what counts is the id before.
        plain = {id(item): item.nodeid for item in items}
        outcome = yield
        if outcome.excinfo is not None:
            return
        chosen = [(plain.get(id(item), item.nodeid), item) for item in items]
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

    The system calls are kept here because a test may replace them in `os` (a fake file system does).
    """

    def __init__(self, path: str) -> None:
        self._path = os.path.abspath(path)
        self._open, self._write, self._fstat, self._getpid = os.open, os.write, os.fstat, os.getpid
        self._pid = os.getpid()
        self._descriptor: int | None = None
        self._identity: tuple[int, int] = (0, 0)
        try:
            self._reopen()
        except OSError as error:
            raise pytest.UsageError(f"shadow probe: SHADOW_PROBE_OUT cannot be opened: {error.strerror}") from None

    def line(self, text: str) -> None:
        """Write one line, after code of the user has run."""
        if self._descriptor is not None and self._getpid() == self._pid:
            self._put(text, reopen=self._lost(self._descriptor))

    def next_line(self, text: str) -> None:
        """Write one line right after another."""
        if self._descriptor is not None and self._getpid() == self._pid:
            self._put(text, reopen=False)

    def _put(self, text: str, *, reopen: bool) -> None:
        data = (text + "\n").encode("ascii")
        try:
            if reopen:
                self._reopen()
            while data and self._descriptor is not None:  # a file takes a line whole, unless its disk is full
                data = data[self._write(self._descriptor, data) :]
        except OSError as error:
            # The suite goes on; a file without a footer is not mistaken for a finished session.
            self._descriptor = None
            sys.stderr.write(f"\nshadow probe: stopped writing: {error.strerror}\n")

    def close(self) -> None:
        if self._descriptor is not None and not self._lost(self._descriptor):
            os.close(self._descriptor)
        self._descriptor = None

    def _lost(self, descriptor: int) -> bool:
        """Whether a test has closed the descriptor, whose number may be another file's by now."""
        try:
            status = self._fstat(descriptor)
        except OSError:
            return True
        return (status.st_dev, status.st_ino) != self._identity

    def _reopen(self) -> None:
        self._descriptor = self._open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        status = self._fstat(self._descriptor)
        self._identity = (status.st_dev, status.st_ino)


# ---------------------------------------------------------------------------------------------------------------------------------------------
# Recording
# ---------------------------------------------------------------------------------------------------------------------------------------------

_HARMLESS_STOP = r"stopping after \d+ failures?|\d+ errors? during collection"
_SOURCE_LIMIT = 2_000_000
_PLAIN_NUMBERS = 100  # a smaller number names nobody
_PHASES = frozenset(("setup", "call", "teardown"))
_TestReport = pytest.TestReport


class _Running:
    """A test between its first report and its last."""

    seconds = 0.0
    outcome: str | None = None
    failure: Any = None
    explained = False  # whether an exception of the test's own stands behind the failure
    superseded = False
    subtests: list[dict[str, Any]] | None = None

    def add(self, report: Any) -> None:
        """Take in the report of one phase: the first failure counts, and one of the call counts more than one of its teardown."""
        self.seconds += report.duration
        outcome, when = report.outcome, report.when
        if outcome == "failed":
            if self.outcome not in ("failed", "error"):
                self.outcome, self.failure = ("failed" if when == "call" else "error"), _failure(report, when)
                self.explained = hasattr(report, "shadow_failure")
        elif self.outcome is None and (when == "call" or (when == "setup" and outcome == "skipped")):
            self.outcome = _soft_outcome(report)


class _Recorder:
    """Writes the session file. Under pytest-xdist it lives in the controller and reads what the workers report."""

    def __init__(self, config: Any, out: _Output, shapes: _Shapes, select: str | None, root: str) -> None:
        self._config = config
        self._out = out
        self._shapes = shapes
        self._select = select
        self._root = root
        self._now = time.time  # kept, since a test may freeze the clock
        self._headed = False
        self._grouped = False
        self._distributed = False
        self._collected: list[str] | None = None
        self._deselected = 0
        self._collect_errors: set[str] = set()
        self._running: dict[str, _Running] = {}
        self._results: dict[str, int] = {}
        self._crashed: str | None = None  # a worker whose death is not yet written
        self._stopped: str | None = None
        self._words: tuple[str, frozenset[str]] = ("", frozenset())

    # A session begins

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        self._head()

    def _head(self) -> None:
        self._headed = True
        self._grouped = self._option("dist") == "loadgroup"
        self._distributed = bool(self._config.pluginmanager.hasplugin("dsession"))
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
            self._emit({"e": "collect_error", "id": report.nodeid, "failure": _failure(report, "collect")})

    def pytest_deselected(self, items: Sequence[Any]) -> None:
        self._deselected += len(items)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: Any) -> None:
        self._collect([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        if self._collected is None:  # workers whose lists differ are refused by pytest-xdist itself
            self._collect([self._id(test) for test in ids])

    def _collect(self, ids: list[str]) -> None:
        self._collected = ids
        for start in range(0, len(ids), IDS_PER_LINE):
            self._emit({"e": "collected", "ids": ids[start : start + IDS_PER_LINE]})
        if len(set(ids)) < len(ids):
            self._emit({"e": "duplicate", "ids": [test for test, count in Counter(ids).items() if count > 1]})
        # Workers of pytest-xdist tell their controller what they kept, not what they dropped.
        self._emit({"e": "collection_finished", "count": len(ids), "deselected": None if self._distributed else self._deselected})

    # Tests

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if self._crashed is not None:
            self._crash_without_test()
        test = self._id(nodeid) if self._grouped else nodeid
        self._out.next_line(f'{{"e":"start","id":{_quote(test)},"t":{self._now():.6f}}}')

    def pytest_runtest_logreport(self, report: Any) -> None:
        test = self._id(report.nodeid) if self._grouped else report.nodeid
        running = self._running.get(test)
        if running is None or (running.superseded and report.when != "teardown"):
            running = self._running[test] = _Running()
        if report.outcome != "passed":
            self._shapes.attach(report)
        if type(report) is not _TestReport and hasattr(report, "context"):
            if running.subtests is None:
                running.subtests = []
            running.subtests.append(self._subtest(test, report, len(running.subtests)))
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
        else:  # a worker of pytest-xdist or a child of pytest-forked died
            self._crash(report, test)
            running.outcome, running.failure = "crashed", None
        self._finish(test, running, report)

    def _finish(self, test: str, running: _Running, report: Any) -> None:
        del self._running[test]
        outcome, failure = running.outcome or "passed", running.failure
        seen: dict[str, int] = {}
        for subtest in running.subtests or ():
            key = subtest["key"]
            seen[key] = seen.get(key, 0) + 1
            if seen[key] > 1:
                subtest["key"] = f"{key} #{seen[key]}"
            self._emit(subtest)
            if subtest["outcome"] == "failed" and (outcome == "passed" or (outcome == "failed" and not running.explained)):
                outcome, failure, running.explained = "failed", subtest["failure"], True
        text = f'{{"e":"result","id":{_quote(test)},"outcome":"{outcome}","seconds":{running.seconds:.6f}'
        if failure is not None:
            text += f',"failure":{_encode(failure)}'
        if self._distributed and hasattr(report, "node"):
            text += f',"worker":{_quote(report.node.gateway.id)}'
        self._results[test] = self._results.get(test, 0) + 1
        self._emit_text(text + "}")

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
        event = {"e": "subtest", "id": test, "key": key, "outcome": outcome}
        if outcome == "failed":
            event["failure"] = _failure(report, "call")
        return event

    def _key(self, test: str, context: Any) -> str:
        """Name a subtest. Its arguments may be data: only words of the test's own file, small numbers and ordinary words are kept of them."""
        names = self._source_words(test)
        parts = [] if not isinstance(context.msg, str) else [_shape_value(context.msg, names)]
        parts += [f"{name}={_shape_value(value, names)}" for name, value in context.kwargs.items()]
        return ", ".join(parts) or "subtest"

    def _source_words(self, test: str) -> frozenset[str]:
        file = test.partition("::")[0]
        if self._words[0] != file:
            try:
                with open(os.path.join(str(self._config.rootpath), file), encoding="utf-8", errors="replace") as source:
                    self._words = (file, frozenset(re.findall(r"\w+", source.read(_SOURCE_LIMIT), re.ASCII)))
            except OSError:
                self._words = (file, frozenset())
        return self._words[1]

    # Crashes and the end

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        if error is not None and error != "keyboard-interrupt":
            self._crash_without_test()
            self._crashed = node.gateway.id  # which test it was running is told right afterwards, if it was running one

    def _crash(self, report: Any, test: str) -> None:
        if self._crashed is not None and getattr(report, "node", None) is not None:
            worker, self._crashed = self._crashed, None
            self._emit({"e": "worker_crash", "worker": worker, "id": test})

    def _crash_without_test(self) -> None:
        if self._crashed is not None:
            worker, self._crashed = self._crashed, None
            self._emit({"e": "worker_crash", "worker": worker, "id": None})

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        exc = excinfo.value
        if isinstance(exc, pytest.exit.Exception):
            self._stopped = f"pytest.exit: {_own_message(exc, frozenset())}"
        else:  # pytest and pytest-xdist stop a session by subclasses of their own
            self._stopped = "keyboard interrupt" if type(exc) is KeyboardInterrupt else _stop_text(exc)

    def pytest_internalerror(self, excinfo: Any) -> None:
        self._stopped = "internal error"
        with contextlib.suppress(Exception):
            self._stopped = f"internal error: {_type_name(excinfo.value)}: {_own_message(excinfo.value, frozenset())}"

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: Any, exitstatus: Any) -> Generator[None, Any, None]:
        yield
        self._crash_without_test()
        reason = getattr(session, "shouldfail", False) or getattr(session, "shouldstop", False)
        stopped = self._stopped or (_stop_text(reason) if reason else None)
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
        self._emit_text(_encode(event))

    def _emit_text(self, text: str) -> None:
        if not self._headed:
            self._head()
        if self._crashed is not None:
            self._crash_without_test()
        self._out.line(text)

    def _option(self, name: str) -> Any:
        return getattr(self._config.option, name, None)


def _soft_outcome(report: Any) -> str:
    outcome: str = report.outcome
    if hasattr(report, "wasxfail"):
        return {"skipped": "xfailed", "passed": "xpassed"}.get(outcome, outcome)
    return outcome


def _failure(report: Any, phase: str) -> Any:
    text = getattr(report, "shadow_failure", None)
    if text is not None:
        return json.loads(text)
    # No exception: a plugin made the report fail, or a strict xfail passed (its reason is free text and stays unwritten).
    longrepr = report.longrepr if isinstance(report.longrepr, str) else ""
    if longrepr.startswith("[XPASS(strict)]"):
        return {"type": "XPASS(strict)", "message": "", "phase": phase, "frames": []}
    return {"type": "Failed", "message": shape_message(longrepr), "phase": phase, "frames": []}


def _shape_value(value: Any, names: Collection[str]) -> str:
    """The text of a subtest's argument, given as the value itself or (newer pytest) as its repr, once more for every process it came through."""
    with contextlib.suppress(ValueError, SyntaxError, MemoryError, RecursionError):
        for _ in range(4):
            if type(value) is not str or value[:1] not in "'\"-0123456789TFN":
                break
            value = ast.literal_eval(value)
    if value is None or type(value) is bool:
        return str(value)
    if type(value) is int:
        return str(value) if -_PLAIN_NUMBERS < value < _PLAIN_NUMBERS else "<n>"
    return shape_message(value, names).replace("\n", " ") if type(value) is str else f"<{type(value).__name__}>"


def _stop_text(reason: Any) -> str:
    text = str(reason)
    return text if re.fullmatch(_HARMLESS_STOP, text) else shape_message(text)


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
# The plugin
# ---------------------------------------------------------------------------------------------------------------------------------------------


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register what this process has to do: all of it, a worker's part, or nothing."""
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        if "shadow_probe" in worker:
            select, root = worker["shadow_probe"]
            _register(config, _Selection(select), _WorkerShapes(_Shaper(root)))
        return
    path = os.environ.get("SHADOW_PROBE_OUT")
    if not path or "SHADOW_PROBE_PID" in os.environ:
        return
    select = os.environ.get("SHADOW_PROBE_SELECT") or None
    select = os.path.abspath(select) if select else None
    root = os.path.abspath(os.environ.get("SHADOW_PROBE_ROOT") or str(config.rootpath))
    selection = _Selection(select)
    if selection.expression:
        given = config.option.keyword
        config.option.keyword = f"({given}) and ({selection.expression})" if given else selection.expression
    out = _Output(path)
    os.environ["SHADOW_PROBE_PID"] = str(os.getpid())
    config.add_cleanup(_release)
    config.add_cleanup(out.close)
    shapes = _Shapes(_Shaper(root))
    _register(config, selection, shapes)
    config.pluginmanager.register(_Recorder(config, out, shapes, select, root), "shadow-probe-recorder")


def _register(config: pytest.Config, selection: _Selection, shapes: _Shapes) -> None:
    if selection.chooses:
        config.pluginmanager.register(selection, "shadow-probe-selection")
    config.pluginmanager.register(shapes, "shadow-probe-shapes")


def _release() -> None:
    os.environ.pop("SHADOW_PROBE_PID", None)

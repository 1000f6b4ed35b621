"""The probe: records what a pytest session does, as lines of the format `shadow-probe/1` (docs/bundle.md).

This module runs in somebody else's process: their interpreter (Python 3.8 or newer), their pytest (7 or newer), their plugins. It is loaded
with `-p shadow_harness_probe` from PYTHONPATH, imports nothing but the standard library and pytest, and depends on nothing of its own project.
That is why it is one module, longer than others. PYTEST_DONT_REWRITE

Variables it reads:
    SHADOW_PROBE_OUT     file to append the lines to; where it is absent the probe does nothing at all
    SHADOW_PROBE_SELECT  path of a JSON file {"select": [id, ...] | null, "skip": [id, ...], "shard": [I, N] | null, "expression": str | null};
                         absent: every test. `expression` is a pytest `-k` expression
    SHADOW_PROBE_ROOT    root of the suite, to which paths in frames are relative; absent: pytest's rootdir
    SHADOW_PROBE_KEY     path of a file with the project key in hexadecimal digits, by which observed values are fingerprinted; absent: only shapes
It sets SHADOW_PROBE_PID while it is at work, so that a pytest started by a test leaves the file alone.

What may be written: ids as pytest gives them, outcomes, times, versions, and the *shapes* of failures. A shape's message is a template made by
`shape_message` from an allowlist, so that no value of the data survives in it. What tests observe (the fixture `observe`) is written as shapes and
keyed fingerprints; a number stands there only where a tolerance asks for it.
"""

# Objects of pytest and of its plugins come in several versions here, hence Any; pathlib touches the file system where os.path does not.
# ruff: noqa: ANN401, PTH100, PTH109, PTH118, PTH123

from __future__ import annotations

import ast
import builtins
import collections.abc
import contextlib
import dataclasses
import enum
import errno
import functools
import hashlib
import hmac
import json
import locale
import operator
import os
import platform
import re
import sys
import time
from collections import Counter, deque
from typing import Any, Callable, Collection, Generator, Iterator, NamedTuple, Pattern, Sequence, Tuple

import pytest

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # no other module has its place

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

    A hook on every report being made would cost passing tests more than all the rest of the probe. pytest tells of exceptions by a hook of its own,
    for a test just after its report was logged, for a collector just before.
    """

    def __init__(self, shaper: _Shaper) -> None:
        self._shaper = shaper

    @pytest.hookimpl(tryfirst=True)
    def pytest_exception_interact(self, call: Any, report: Any) -> None:
        if report.outcome == "failed" and call.excinfo is not None and not hasattr(report, "shadow_failure"):
            exc, traceback = call.excinfo.value, call.excinfo.tb
            cause = exc.__cause__
            if isinstance(exc, pytest.Collector.CollectError) and cause is not None:
                exc, traceback = cause, cause.__traceback__
            report.shadow_failure = self._shaper.shape(exc, traceback, call.when)


class _WorkerShapes(_Shapes):
    """The same in a worker of pytest-xdist: there it must be done before the report is sent to the controller.

    The calls of the item at hand are remembered, and looked at when a report that did not pass is logged; by then every plugin has had its say.
    """

    def __init__(self, shaper: _Shaper) -> None:
        super().__init__(shaper)
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
_SOURCE_LIMIT = 2_000_000
_PLAIN_NUMBERS = 100  # a smaller number names nobody
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

    def __init__(self, config: Any, out: _Output, select: str | None, root: str) -> None:
        self._config = config
        self._out = out
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
        self._held: tuple[str, _Running, Any] | None = None  # a result that waits for the shape of its failure
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
            self._emit({"e": "collect_error", "id": report.nodeid, "failure": json.loads(_failure(report))})

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
        if self._held is not None or self._crashed is not None:
            self._settle()
        test = self._id(nodeid) if self._grouped else nodeid
        self._out.line(f'{{"e":"start","id":{_quote(test)},"t":{self._now():.6f}}}')

    def pytest_runtest_logreport(self, report: Any) -> None:
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
        for observation in getattr(report, "shadow_observations", ()):
            self._out.line(f'{{"e":"observe","id":{_quote(test)},{observation[1:]}')
        text = f'{{"e":"result","id":{_quote(test)},"outcome":"{outcome}","seconds":{running.seconds:.6f}'
        if failed is not None:
            text += f',"failure":{_failure(failed)}'
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
        return {"e": "subtest", "id": test, "key": key, "outcome": outcome}

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
                event["failure"] = json.loads(_failure(report))
                broken = broken or report
            self._emit(event)
        return broken

    def _key(self, test: str, context: Any) -> str:
        """Name a subtest. Its arguments may be data: only words of the test's own file, small numbers and ordinary words are kept of them."""
        names = self._source_words(test)
        parts = [] if not isinstance(context.msg, str) else [_shape_value(context.msg, names)]
        parts += [f"{name}={_shape_value(value, names)}" for name, value in context.kwargs.items()]
        return ", ".join(parts) or "subtest"

    def _source_words(self, test: str) -> frozenset[str]:
        file = test.partition("::")[0]
        if self._words[0] != file:
            self._words = (file, _source_words(os.path.join(str(self._config.rootpath), file)))
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
            self._emit({"e": "worker_crash", "worker": worker, "id": test})

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
        self._settle()
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
        if not self._headed:
            self._head()
        if self._held is not None or self._crashed is not None:
            self._settle()
        self._out.line(_encode(event))

    def _option(self, name: str) -> Any:
        return getattr(self._config.option, name, None)


def _source_words(path: str) -> frozenset[str]:
    """The words of a source file; none where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as source:
            return frozenset(re.findall(r"\w+", source.read(_SOURCE_LIMIT), re.ASCII))
    except OSError:
        return frozenset()


def _soft_outcome(report: Any) -> str:
    outcome: str = report.outcome
    if hasattr(report, "wasxfail"):
        return {"skipped": "xfailed", "passed": "xpassed"}.get(outcome, outcome)
    return outcome


def _failure(report: Any) -> str:
    """The `failure` of a failed report as JSON text."""
    text: str | None = getattr(report, "shadow_failure", None)
    if text is not None:
        return text
    # No exception: a plugin made the report fail, or a strict xfail passed (its reason is free text and stays unwritten).
    longrepr = report.longrepr if isinstance(report.longrepr, str) else ""
    strict = longrepr.startswith("[XPASS(strict)]")
    kind, message = ("XPASS(strict)", "") if strict else ("Failed", shape_message(longrepr))
    return _encode({"type": kind, "message": message, "phase": report.when, "frames": []})


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
# Observations: what a value is made of
# ---------------------------------------------------------------------------------------------------------------------------------------------

MAX_NODES = 250_000  # parts of one observed value that are looked at
MAX_SECONDS = 3.0  # for one observed value
MAX_DEPTH = 40
MAX_OBSERVATIONS = 1_000  # of one test
MAX_TREES = 16_000_000  # characters of all trees of one test
_HEAP_TYPE = 1 << 9  # a flag of classes that were made by a class statement
_Leaf = Tuple[str, str]  # type, text that is equal for equal values of the type


class _Content:
    """The parts of a value: of an object pairs of key and value, of a list or set its elements. `schema`: its keys are names from code."""

    __slots__ = ("items", "kind", "schema", "size")

    def __init__(self, kind: str, items: Any, size: int, *, schema: bool = False) -> None:
        self.kind = kind
        self.items = items
        self.size = size
        self.schema = schema


class _Record:
    """A row of a table whose values come without their columns."""

    __slots__ = ("pairs", "schema")

    def __init__(self, columns: Sequence[Any], values: Sequence[Any], *, schema: bool = False) -> None:
        seen: Counter[Any] = Counter()
        names = []
        for column in columns:
            seen[column] += 1
            names.append(column if seen[column] == 1 else f"{column}_{seen[column]}")
        self.pairs = list(zip(names, values))  # noqa: B905 strict came with Python 3.10
        self.schema = schema


class _Open:
    """A leaf that is a word of a protocol and no data: the status of an HTTP response, its media type."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class _Opaque(Exception):  # noqa: N818 it is caught where it is meant
    """A value cannot be looked into, and so not be called equal to another."""


@functools.lru_cache(maxsize=None)
def _makers() -> dict[type, Callable[[Any], _Leaf]]:
    """What makes a leaf of a value, by type: made at first use, since most sessions observe nothing."""
    import datetime as dt  # noqa: PLC0415 as the docstring says
    import decimal  # noqa: PLC0415
    import fractions  # noqa: PLC0415
    import ipaddress  # noqa: PLC0415
    import pathlib  # noqa: PLC0415
    import uuid  # noqa: PLC0415

    def of_datetime(value: dt.datetime) -> _Leaf:
        if value.utcoffset() is None:
            return "datetime", value.isoformat()
        try:
            return "datetime with zone", value.astimezone(dt.timezone.utc).isoformat()
        except OverflowError:
            return "datetime with zone", value.isoformat()

    def of_decimal(value: decimal.Decimal) -> _Leaf:
        if not value.is_finite():
            return ("nan", "") if value.is_nan() else ("inf", "-inf" if value.is_signed() else "inf")
        sign, digits, exponent = value.as_tuple()
        text = "".join(map(str, digits)).lstrip("0")
        kept = text.rstrip("0")
        return "decimal", f"{sign}|{kept}|{int(exponent) + len(text) - len(kept)}" if kept else "0"

    return {
        str: lambda value: ("str", str.__str__(value)),
        bool: lambda value: ("bool", "1" if value else "0"),
        int: lambda value: ("int", hex(value)),  # the decimal form of a huge one is refused
        float: _float_leaf,
        type(None): lambda _: ("null", ""),
        bytes: lambda value: ("bytes", bytes(value).decode("latin-1")),
        bytearray: lambda value: ("bytes", bytes(value).decode("latin-1")),
        memoryview: lambda value: ("bytes", value.tobytes().decode("latin-1")),
        complex: lambda value: ("complex", repr(value)),
        decimal.Decimal: of_decimal,
        fractions.Fraction: lambda value: ("fraction", f"{value.numerator:x}/{value.denominator:x}"),
        dt.datetime: of_datetime,
        dt.date: lambda value: ("date", value.isoformat()),
        dt.time: lambda value: ("time", value.isoformat()),
        dt.timedelta: lambda value: ("timedelta", str(value // dt.timedelta(microseconds=1))),
        uuid.UUID: lambda value: ("uuid", value.hex),
        pathlib.PurePath: lambda value: ("path", value.as_posix()),
        ipaddress.IPv4Address: lambda value: ("ip", str(value)),
        ipaddress.IPv6Address: lambda value: ("ip", str(value)),
        _Open: lambda value: (value.text, ""),
    }


def _float_leaf(value: float) -> _Leaf:
    if value != value:  # noqa: PLR0124 nothing else is unlike itself
        return "nan", ""
    if value in (float("inf"), float("-inf")):
        return "inf", repr(value)
    return "float", repr(value + 0.0)  # there is one zero


_MISSING_TYPES = frozenset(("NAType", "NaTType"))  # of pandas; the second is a datetime that equals nothing


def _look(value: Any) -> Any:
    """What a value is: a leaf or its content. Raises whatever a foreign object raises, and _Opaque for what cannot be looked into."""
    makers = _makers()
    for _ in range(8):  # an enumeration may hold a secret that holds a number of numpy
        make = makers.get(type(value))
        if make is not None:
            return make(value)
        inner = _unwrapped(value)
        if inner is value:
            break
        value = inner
    if type(value).__name__ in _MISSING_TYPES:
        return "null", ""
    content = _content(value)
    if content is not None:
        return content
    return next((make(value) for kind, make in makers.items() if isinstance(value, kind)), None) or _plain_object(value)


def _unwrapped(value: Any) -> Any:
    """The value within a member of an enumeration, a secret of pydantic, a scalar of Arrow or numpy; any other as it is."""
    if isinstance(value, enum.Enum):
        return value.value
    if _has(value, "get_secret_value"):
        return value.get_secret_value()
    if _has(value, "as_py"):
        return value.as_py()
    if _has(value, "dtype") and _has(value, "item") and not getattr(value, "shape", True):
        return value.item()
    return value


def _has(value: Any, name: str) -> bool:
    """Whether a value really has an attribute: mocks answer to every name."""
    return hasattr(type(value), name) or name in getattr(value, "__dict__", ())


def _content(value: Any) -> _Content | None:
    kind = type(value)
    if kind is list or kind is tuple:
        return _Content("list", value, len(value))
    if kind is dict:
        return _Content("object", list(value.items()), len(value))
    if kind is _Record:
        return _Content("object", value.pairs, len(value.pairs), schema=value.schema)
    if isinstance(value, (str, bytes, bytearray, type)):
        return None
    return _model(value) or _response(value) or _table(value) or _row(value) or _collection(value)


def _object(pairs: list[Any]) -> _Content:
    return _Content("object", pairs, len(pairs), schema=True)


def _model(value: Any) -> _Content | None:
    """Objects whose classes name their fields: dataclasses, pydantic, attrs, msgspec, named tuples, rows of SQLAlchemy."""
    kind = type(value)
    extra: Any = None
    if dataclasses.is_dataclass(value):
        names: Any = [field.name for field in dataclasses.fields(value)]
    elif hasattr(kind, "__pydantic_validator__"):
        names, extra = kind.model_fields, getattr(value, "__pydantic_extra__", None)
    elif hasattr(kind, "__fields__") and hasattr(kind, "__fields_set__"):  # pydantic before 2
        names, extra = kind.__fields__, {name: part for name, part in vars(value).items() if name not in kind.__fields__}
    elif hasattr(kind, "__attrs_attrs__"):
        names = [field.name for field in kind.__attrs_attrs__]
    elif hasattr(kind, "__struct_fields__"):
        names = kind.__struct_fields__
    elif hasattr(kind, "_fields") and (isinstance(value, tuple) or hasattr(kind, "_mapping")):
        return _object(_Record([str(name) for name in value._fields], tuple(value)).pairs)
    else:
        return None
    pairs = [(name, getattr(value, name)) for name in names if hasattr(value, name)]
    return _object([*pairs, ("extra", dict(extra))] if extra else pairs)


def _response(value: Any) -> _Content | None:
    """A response of HTTP as requests, httpx, Flask, Django and Starlette have it: status, media type and body."""
    if not (_has(value, "status_code") and _has(value, "headers")):
        return None
    media = str(value.headers.get("content-type") or value.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    return _object(
        [
            ("status", _Open(f"status {int(value.status_code)}" if 100 <= int(value.status_code) <= 999 else "status")),
            ("media", _Open(f"media {media}" if re.fullmatch(_MEDIA, media) else "media")),
            ("body", _body(value, media)),
        ]
    )


_MEDIA = r"(?:application|audio|font|image|multipart|text|video)/[a-z0-9.+-]{1,60}"


def _body(value: Any, media: str) -> Any:
    try:
        if "json" in media:
            found = value.json
            return found() if callable(found) else found
        if _has(value, "text") and (not media or media.startswith("text/") or "xml" in media):
            return value.text or None
        return (value.content if _has(value, "content") else value.data) or None
    except ValueError:
        return _Open("broken json")
    except Exception:  # noqa: BLE001 a body that was streamed, or not yet read
        return _Opaque()


def _table(value: Any) -> _Content | None:
    """Frames and columns of pandas, polars, Arrow and numpy; none of them is imported here. Keys of a frame are judged like keys of mappings."""
    if _has(value, "itertuples") and _has(value, "columns"):
        value = _with_index(value)
        columns = list(value.columns)
        rows: Any = (_Record(columns, [None if _is_missing(part) else part for part in row]) for row in value.itertuples(index=False, name=None))
        return _Content("list", rows, len(value))
    if _has(value, "iter_rows") and _has(value, "columns"):
        columns = list(value.columns)
        return _Content("list", (_Record(columns, row) for row in value.iter_rows()), len(value))
    if _has(value, "to_batches") and _has(value, "num_rows"):
        return _Content("list", (row for batch in value.to_batches(max_chunksize=1000) for row in batch.to_pylist()), value.num_rows)
    return _column(value)


def _column(value: Any) -> _Content | None:
    if _has(value, "dtype") and _has(value, "isna") and _has(value, "tolist"):
        indexed = _with_index(value)
        if indexed is not value:
            return _table(indexed)
        return _Content("list", (None if _is_missing(part) else part for part in value.tolist()), len(value))
    method = next((name for name in ("to_pylist", "tolist", "to_list") if _has(value, name)), None)
    if method is None or not (method == "to_pylist" or _has(value, "dtype")):
        return None
    return _Content("list", getattr(value, method)(), len(value))


def _with_index(value: Any) -> Any:
    """A frame or column of pandas with its index for columns, where the index has names and so says something."""
    names = getattr(getattr(value, "index", None), "names", ())
    return value.reset_index() if any(name is not None for name in names) else value


def _is_missing(part: Any) -> bool:
    return type(part).__name__ in _MISSING_TYPES or (isinstance(part, float) and part != part)  # noqa: PLR0124 nothing else is unlike itself


def _row(value: Any) -> _Content | None:
    """A row of sqlite3 or asyncpg: it has keys, and iterates over its values."""
    if not (hasattr(type(value), "keys") and hasattr(type(value), "__getitem__")) or isinstance(value, collections.abc.Mapping):
        return None
    columns, values = [str(name) for name in value.keys()], list(value)  # noqa: SIM118 it iterates over its values
    return _object(_Record(columns, [value[name] for name in columns] if values == columns else values).pairs)


def _collection(value: Any) -> _Content | None:
    if isinstance(value, collections.abc.Mapping):
        return _Content("object", list(value.items()), len(value))
    if isinstance(value, collections.abc.Set):
        return _Content("set", value, len(value))
    kind = type(value)
    if hasattr(kind, "__iter__") and hasattr(kind, "__len__"):
        return _Content("list", value, len(value))
    return None  # an iterator is not used up


def _plain_object(value: Any) -> _Content:
    """An instance of an ordinary class, by its attributes: loaded ones only, and no property is called."""
    kind = type(value)
    if callable(value) or hasattr(kind, "__next__") or not all(base.__flags__ & _HEAP_TYPE for base in kind.__mro__[:-1]):
        raise _Opaque
    slots = [
        name
        for base in kind.__mro__
        for name in ([base.__dict__["__slots__"]] if isinstance(base.__dict__.get("__slots__"), str) else base.__dict__.get("__slots__", ()))
    ]
    parts = {name: getattr(value, name) for name in slots if not name.startswith("__") and hasattr(value, name)}
    parts.update(getattr(value, "__dict__", {}))
    pairs = [(name, part) for name, part in parts.items() if name not in _BOOKKEEPING]
    if not pairs:
        raise _Opaque
    return _object(pairs)


_BOOKKEEPING = frozenset(("_sa_instance_state", "_state", "__weakref__"))  # of SQLAlchemy, of Django

# ---------------------------------------------------------------------------------------------------------------------------------------------
# Observations: what may be read of a value
# ---------------------------------------------------------------------------------------------------------------------------------------------

# What keys of records are made of beside the words of messages. No given names and no surnames here either.
_KEY_WORDS = """
actor actors addresses age ages alias aliases amounts answer answers approval approved archived areas article articles attachment attachments author
authors avatar average award background balances bank basket best bic billing birth birthday board bonus book booking bookings books brand brands
budget building bundle business campaign campaigns canceled cancellation capacity caption card cards carrier cart carts case cases categories category
cause changes channel channels chapter cities city claim claims click clicks clients coin color colour comment comments commission companies company
components confirmation confirmed contact contacts contracts coordinates copies cost costs counter countries country county coupon course courses
creation creator credit credits currencies currency daily day days deadline debit debits debt delay delivered deliveries delivery department
departments deposit deposits description devices discount discounts display distance district document documents download downloads draft due duration
ean effective emails employee employees enrolled estimated events exchange expense expenses expiry external factor family fax featured fee feedback
fees film films finish flags flight floor follower followers footer forecast frequency friends gender geo goal grade gross guest guests guid handling
headline health hidden highlights history holiday home hotel hour hours house household href iban icon images incident income installment insurance
interest inventories inventory invoiced issued issuer issues job jobs journal labels landing lang language languages lat latitude lead leads lease
ledger legal lesson levels license link linked links listing lng loan loans locations logo logs lon longitude lot loyalty machine mail mailing
maintenance manufacturer margin market marketing material measure media median medium member members membership memo menu merchant meta middle mileage
minute minutes mobile money month monthly months mortgage newsletter nick nickname notes notification notifications offer offers office online
organisation organisations organization organizations outstanding overdue owners package packages page pages paid parcel parents participant
participants partner partners passport payable payee payer payroll penalty percent percentage performance period periods person persons phase phones
photo photos picture pictures place places plan planned plans plate platform plus point points policies policy population portfolio postal postcode
posted posts preference preferences premium prescription prev price prices print priority production profession profile profiles profit program
progress project projects promo promotion published publisher purchase purchased purchases quantities quarter question questions quota rank ranking
rate rates rating ratings ratio receipt receipts recipient recipients recommended refund refunded refunds region regions registration rel remark
remarks reminder renewal rent rental rentals rented replacement replies reply reports reservation reservations restaurant retail revenue review
reviewed reviews revision roles room rooms salary sale sales salutation schedule scheduled score scores screen season seat seats segment seller sender
serial series services severity shares shelf shift ship shipment shipments shipped shipping shop shops sidebar site sites sku slug snapshot snippet
sold special speed spent ssn staff stage stages star stars stats statuses stock stores street streets student students style submitted subscriber
subscription subscriptions subtitle subtotal summary supplier suppliers surname survey tags tax taxes teacher team teams telephone temperature tenant
term terms theme thumbnail ticket tickets tier title titles topic topics totals tracking trade train training transport travel trial turnover uid
units upload urls vacation validity variant variants vat vehicle vehicles vendor vendors venue video videos views visibility visit visitor visitors
visits volume vote votes voucher vouchers warehouse warranty website weekday weekly weeks weight wholesale withdrawal word words work workers yearly
zip zones
"""
_KEY_VOCABULARY = VOCABULARY | frozenset(_KEY_WORDS.split())
_pattern: Callable[[str], Pattern[str]] = functools.lru_cache(maxsize=None)(lambda text: re.compile(text, re.ASCII))  # made at first use
_KEY_NAME = r"[A-Za-z_@$][A-Za-z0-9_@$.: -]{0,79}"
_KEY_PART = r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+"
_FIELD_NAME = r"[A-Za-z_]\w{0,79}"
_PERSONAL_WORDS = """
name names first last middle given family surname nick title author user username login owner city street address phone mobile fax email mail company
contact iban bic account passport birth birthday ssn customer employee recipient sender payer payee postcode zip district person
"""
# Places whose few distinct texts are people or addresses rather than states.
_PERSONAL = frozenset(_PERSONAL_WORDS.split())
# The last words of names of identifiers; no number there travels, whatever the tolerance.
_IDENTIFYING_WORDS = """
id ids no nos nr num nums number numbers key keys pk fk uid guid uuid code codes account accounts iban bic phone phones mobile fax zip postcode plz
ssn pin ean isbn sku passport birth birthday lat lon lng latitude longitude card token hash ref reference
"""
_IDENTIFYING = frozenset(_IDENTIFYING_WORDS.split())
_NOT_IDENTIFYING = frozenset(("paid", "unpaid", "prepaid", "bid", "grid", "valid", "invalid", "void", "aid", "solid", "fluid", "rapid", "avoid"))
_LARGEST_COUNT = 9_999  # a whole number above it may be an identifier

_LONGEST_FORMAT = 512
_YEAR, _MONTH, _DAY, _CLOCK = r"\d{4}", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])", r"(?:[01]\d|2[0-4]):[0-5]\d(?::[0-6]\d(?:[.,]\d{1,9})?)?"
_DATE = f"{_YEAR}-{_MONTH}-{_DAY}"
_FORMATS = (
    ("integer", r"[+-]?\d{1,40}"),
    ("decimal", r"[+-]?\d{0,40}[.,]\d{1,40}|[+-]?\d{1,3}(?:[ .,']\d{3}){1,9}[.,]\d{1,9}"),
    ("date", _DATE),
    ("datetime", f"{_DATE}[T ]{_CLOCK}"),
    ("datetime with zone", f"{_DATE}[T ]{_CLOCK} ?(?:Z|[+-]\\d\\d:?\\d\\d|UTC)"),
    ("time", f"{_CLOCK}(?:Z|[+-]\\d\\d:?\\d\\d)?"),
    ("date (day first, dots)", rf"(?:0?[1-9]|[12]\d|3[01])\.(?:0?[1-9]|1[0-2])\.{_YEAR}"),
    ("date (slashes)", rf"\d{{1,2}}/\d{{1,2}}/{_YEAR}|{_YEAR}/\d{{1,2}}/\d{{1,2}}"),
    ("uuid", r"\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?"),
    ("ip", r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?=[^:]*:[^:]*:)[0-9a-fA-F:]{2,39}"),
    ("phone", r"\+\d[\d ()/.-]{5,24}\d|\(?0\d{1,5}\)?[ /-][\d -]{3,16}\d|\(?\d{3}\)?[ -]\d{3}[ -]\d{4}"),
    ("iban", r"[A-Z]{2}\d{2} ?(?:[A-Z0-9]{4} ?){2,7}[A-Z0-9]{1,4}"),
    ("hex", r"(?:0[xX])?(?=[a-fA-F]{0,64}\d)[0-9a-fA-F]{16,128}"),
)
_EMAIL = r"[^\s@]{1,64}@[^\s@.]{1,63}(?:\.[^\s@.]{1,63}){1,8}"
_URL = r"[A-Za-z][A-Za-z0-9+.-]{1,20}://\S+"
_CODED = r"[A-Za-z][A-Za-z0-9]{0,31}(?:[_./-][A-Za-z0-9]{1,32}){0,5}"


def _format_of(text: str) -> str:
    """The format of a text: `empty`, `blank`, one that is recognised, or `text`."""
    if not text:
        return "empty"
    first = text[0]
    if len(text) > _LONGEST_FORMAT or not first.isascii() or first in " \t\r\n":
        return "text" if text.strip() else "blank"
    if "@" in text and _pattern(_EMAIL).fullmatch(text):
        return "email"
    if "://" in text and _pattern(_URL).fullmatch(text):
        return "url"
    if first in _FORMAT_STARTS or "0" <= text[-1] <= "9" or (len(text) > 3 and "0" <= text[2] <= "9"):  # most words are done with here
        return next((name for name, pattern in _FORMATS if _pattern(pattern).fullmatch(text)), "text")
    return "text"


_FORMAT_STARTS = frozenset("0123456789+-.,({:abcdefABCDEF")


def _key_words(name: str) -> list[str]:
    return [part.lower() for part in _pattern(_KEY_PART).findall(name)]


def _is_identifying(name: str | None) -> bool:
    words = [word for word in _key_words(name or "") if not word.isdigit()]
    if not words:
        return False
    return not _IDENTIFYING.isdisjoint(words[-1:]) or (words[-1].endswith(("id", "ids", "nr")) and words[-1] not in _NOT_IDENTIFYING)


def _size_class(size: int) -> str:
    """0, 1, 2-9, 10-99, 100-999, ..."""
    if size < 2:
        return str(size)
    digits = len(str(size))
    return "2-9" if digits == 1 else f"{10 ** (digits - 1)}-{10**digits - 1}"


def _rules(patterns: Sequence[str]) -> Any:
    """One expression for all paths to ignore; ValueError where one is none."""
    made = []
    for pattern in patterns:
        if not isinstance(pattern, str) or not pattern.startswith("$"):
            raise ValueError("observe: a path to ignore begins with $, for example $.orders[*].updated_at or $..updated_at")
        parts, position = [], 1
        while position < len(pattern):
            found = re.compile(_PATH_PART).match(pattern, position)
            if found is None:
                raise ValueError(
                    'observe: paths to ignore are made of .name, ..name, .*, [*] and ["any key"]; all elements of a list are meant by [*]'
                )
            deep, name, quoted = found.group("deep"), found.group("name"), found.group("quoted")
            if deep:
                parts.append(rf"(?:\x1e[^\x1e\x1f]*|\x1f)*\x1e{re.escape(deep)}")
            elif name or quoted:
                parts.append(r"\x1e[^\x1e\x1f]*" if name == "*" else rf"\x1e{re.escape(name or quoted)}")
            else:
                parts.append(r"\x1f")
            position = found.end()
        made.append("".join(parts))
    return re.compile("|".join(f"(?:{one})" for one in made)) if made else None


_PATH_PART = r"\.\.(?P<deep>\w+)|\.(?P<name>\w+|\*)|\[\*\]|\[\"(?P<quoted>[^\"]+)\"\]"

# ---------------------------------------------------------------------------------------------------------------------------------------------
# Observations on their way to a line
# ---------------------------------------------------------------------------------------------------------------------------------------------

MANY = 24  # more distinct values than this are no enumeration
FEW = 12  # at most as many are one
ENOUGH = 20  # values, to tell
_MOST_KEYS = 200  # of mappings at one place, before they are taken for data
_canonical: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode
_REAL_CLOCK = (time.perf_counter,)  # within a tuple, where a library that freezes time does not replace it


class _Hiding:
    """Hides values and keys: a keyed fingerprint for each, and no name but words of code."""

    def __init__(self, key: bytes | None, words: Collection[str]) -> None:
        self._mac = None if key is None else hmac.new(key, b"observe\0", "sha256")
        self._words = words
        self._names: dict[Any, str] = {}

    @property
    def keyed(self) -> bool:
        """Whether there is a project key."""
        return self._mac is not None

    def fingerprint(self, kind: str, text: str) -> str:
        """12 hexadecimal digits, equal for equal values of one type under one key."""
        if self._mac is None:
            raise _Opaque
        mac = self._mac.copy()  # three times as fast as to begin with the key
        mac.update(f"{kind}\0{text}".encode("utf-8", "surrogatepass"))
        return mac.digest()[:6].hex()

    def name(self, key: Any, *, schema: bool) -> str:
        """The key as it may be read, or `#` and its fingerprint; without a project key `#` alone."""
        known = (type(key), key, schema)
        try:
            return self._names[known]
        except KeyError:
            pass
        except TypeError:  # a key that cannot be hashed: rows of strange mappings
            return "#"
        if type(key) is str and self.readable(key, schema=schema):
            name = key
        elif not self.keyed:
            name = "#"
        else:
            leaf = _look(key)
            name = "#" + self.fingerprint(*leaf) if type(leaf) is tuple else "#" + self.fingerprint("key", repr(key))
        self._names[known] = name
        return name

    def readable(self, key: str, *, schema: bool) -> bool:
        """Whether a key is a name from code: of a field, in the test's own file, or made of ordinary words."""
        if schema and _pattern(_FIELD_NAME).fullmatch(key):
            return True
        if not _pattern(_KEY_NAME).fullmatch(key):
            return False
        if key in self._words:
            return True
        parts = _key_words(key)
        return bool(parts) and all(part in _KEY_VOCABULARY or len(part) == 1 or (part.isdigit() and len(part) == 2) for part in parts)

    def like_data(self, keys: Collection[Any]) -> bool:
        """Whether keys of mappings are rather data than names: dates, identifiers, numbers, names of things."""
        readable = sum(1 for key in keys if type(key) is str and self.readable(key, schema=False))
        like_names = sum(1 for key in keys if type(key) is str and not self.readable(key, schema=False) and self._like_name(key))
        return (len(keys) - readable - like_names) * 2 >= len(keys) or (len(keys) > FEW and not readable)

    @staticmethod
    def _like_name(key: str) -> bool:
        return len(key) <= 40 and _pattern(_FIELD_NAME).fullmatch(key) is not None and _format_of(key) == "text" and sum(map(str.isdigit, key)) < 3


class _Recording:
    """One value on its way to a tree: what it may still cost, and what was cut."""

    def __init__(self, hiding: _Hiding, options: _Options, name: str) -> None:
        self.hiding = hiding
        self.options = options
        self.makers = _makers()
        self.cut: str | None = None  # what ended it
        self.lost: str | None = None  # what a part was left out for
        self._left = MAX_NODES
        self._now = _REAL_CLOCK[0]
        self._end = self._now() + MAX_SECONDS
        self._open: dict[int, int] = {}
        self._root = name
        self._known: dict[_Leaf, str] = {}

    def spent(self) -> bool:
        """Count one part; True once a budget has run out."""
        self._left -= 1
        if self._left < 0:
            self.cut = self.cut or "nodes"
        elif not self._left & 255 and self._now() > self._end:
            self.cut = self.cut or "time"
        return self.cut is not None

    def look(self, value: Any, depth: int) -> Any:
        """A leaf, content, or None where a part is left out; the reason is kept."""
        if id(value) in self._open:
            return f"cycle of {depth - self._open[id(value)]}", ""
        if depth > MAX_DEPTH:
            self.lost = self.lost or "depth"
            return None
        try:
            return _look(value)
        except Exception:  # noqa: BLE001 code of the suite runs in here
            self.lost = self.lost or "unreadable"
            return None

    def enter(self, value: Any, depth: int) -> None:
        self._open[id(value)] = depth

    def leave(self, value: Any) -> None:
        self._open.pop(id(value), None)

    def ignored(self, path: str) -> bool:
        return self.options.rules is not None and self.options.rules.fullmatch(path) is not None

    def tree(self, value: Any, *, exact: bool) -> Any:
        if exact:
            return self._node(value, 0, "", self._root)
        place = _Place(self._root)
        place.add(value, self, 0, "")
        return place.node(self.hiding)

    # A value as fingerprints

    def _node(self, value: Any, depth: int, path: str, name: str | None) -> Any:
        if self.spent():
            return {"!cut": self.cut}
        make = self.makers.get(type(value))
        if make is not None:
            return self._leaf(make(value), value, name)
        found = self.look(value, depth)
        if not isinstance(found, _Content):
            return {"!cut": self.lost} if found is None else self._leaf(found, value, name)
        self.enter(value, depth)
        try:
            return self._members(found, depth, path) if found.kind == "object" else self._elements(found, depth, path, name)
        except Exception:  # noqa: BLE001 lazy content may raise while it is walked
            self.lost = self.lost or "unreadable"
            return {"!cut": self.lost}
        finally:
            self.leave(value)

    def _leaf(self, leaf: _Leaf, value: Any, name: str | None) -> Any:
        kind = leaf[0]
        if self.options.tolerance is not None and kind in ("int", "float", "decimal") and not _is_identifying(name):
            number = float(value) if abs(value) < _EXACT_FLOATS else None
            if number is not None and (abs(number) <= _LARGEST_COUNT or not number.is_integer()):
                return number + 0.0
            return "number?:" + self.hiding.fingerprint("number", repr(number) if number is not None else f"{kind} {leaf[1]}")
        text = self._known.get(leaf)
        if text is None:
            text = kind if not leaf[1] and kind not in ("str", "bytes", "path") else f"{kind}:{self.hiding.fingerprint(*leaf)}"
            if len(leaf[1]) <= _LONGEST_FORMAT:
                self._known[leaf] = text
        return text

    def _members(self, content: _Content, depth: int, path: str) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for key, part in content.items:
            below = f"{path}\x1e{key}" if self.options.rules is not None else ""
            if self.options.rules is not None and self.ignored(below):
                continue
            name = self.hiding.name(key, schema=content.schema)
            members[name] = self._node(part, depth + 1, below, key if type(key) is str else None)
            if self.cut is not None:
                members["!cut"] = self.cut
                break
        return members

    def _elements(self, content: _Content, depth: int, path: str, name: str | None) -> Any:
        below = f"{path}\x1f" if self.options.rules is not None else ""
        nodes: list[Any] = []
        ended: dict[str, Any] = {}
        if not self.ignored(below):
            for part in content.items:
                nodes.append(self._node(part, depth + 1, below, name))
                if self.cut is not None:
                    ended = {"!cut": self.cut}
                    break
        if content.kind == "set":
            return {"!set": sorted(nodes, key=_canonical), **ended}
        keyed = self._keyed(nodes)
        if keyed is not None:
            return {"!rows": keyed, **ended}
        if self.options.unordered:
            return {"!unordered": sorted(nodes, key=_canonical), **ended}
        return [*nodes, ended] if ended else nodes

    def _keyed(self, nodes: list[Any]) -> list[Any] | None:
        """Rows with the fingerprints of their keys, in the order of these; None where a list is none of rows with these keys."""
        fields = [[self.hiding.name(field, schema=schema) for schema in (True, False)] for field in self.options.key]
        if not fields or not nodes:
            return None
        rows = []
        for node in nodes:
            if type(node) is not dict:
                return None
            key = [node.get(field, node.get(plain)) for field, plain in fields]
            if any(part is None for part in key):
                return None
            rows.append([self.hiding.fingerprint("row", _canonical(key)), node])
        return sorted(rows, key=_canonical if len({row[0] for row in rows}) < len(rows) else operator.itemgetter(0))


_EXACT_FLOATS = 2**53


class _Place:
    """What is learned of one place in a value, over every element that has it."""

    __slots__ = (
        "coded",
        "cut",
        "formats",
        "high",
        "items",
        "key",
        "keys",
        "low",
        "map",
        "map_formats",
        "map_high",
        "map_low",
        "objects",
        "seen",
        "types",
        "values",
    )

    def __init__(self, key: str | None) -> None:
        self.key = key
        self.types: set[str] = set()
        self.formats: set[str] = set()
        self.values: set[str] = set()  # at most one more than MANY
        self.coded = True
        self.seen = 0
        self.items: _Place | None = None
        self.low = self.high = -1  # number of elements of its lists
        self.keys: dict[Any, list[Any]] = {}  # a key: how many mappings have it, its place, whether it is a name from code
        self.objects = 0
        self.map: _Place | None = None
        self.map_formats: set[str] = set()
        self.map_low = self.map_high = -1
        self.cut: str | None = None

    def add(self, value: Any, recording: _Recording, depth: int, path: str) -> None:
        """Learn from one more value."""
        if recording.spent():
            return
        kind = type(value)
        if kind is str:
            self._text(value)
            return
        make = recording.makers.get(kind)
        found = recording.look(value, depth) if make is None else make(value)
        if not isinstance(found, _Content):
            if found is None:
                self.cut = recording.lost
            else:
                self._leaf(found)
            return
        recording.enter(value, depth)
        try:
            self._content(found, recording, depth, path)
        except Exception:  # noqa: BLE001 lazy content may raise while it is walked
            self.cut = recording.lost = recording.lost or "unreadable"
        finally:
            recording.leave(value)

    def _leaf(self, leaf: _Leaf) -> None:
        if leaf[0] == "str":
            self._text(leaf[1])
            return
        self.types.add(leaf[0])
        if leaf[0] == "bool":
            self.seen += 1
            self.values.add(leaf[1])

    def _text(self, text: str) -> None:
        self.types.add("str")
        self.formats.add(_format_of(text))
        self.seen += 1
        if len(self.values) <= MANY:
            self.coded = self.coded and (not text or _pattern(_CODED).fullmatch(text) is not None)
            self.values.add(text)

    def _content(self, content: _Content, recording: _Recording, depth: int, path: str) -> None:
        ruled = recording.options.rules is not None
        if content.kind != "object":
            below = f"{path}\x1f" if ruled else ""
            if ruled and recording.ignored(below):
                self.types.add(content.kind)
                return
            self.types.add(content.kind)
            self.low, self.high = _wider(self.low, self.high, content.size)
            if self.items is None:
                self.items = _Place(self.key)
            for part in content.items:
                self.items.add(part, recording, depth + 1, below)
                if recording.cut is not None:
                    return
            return
        self.types.add("object")
        self.objects += 1
        self.map_low, self.map_high = _wider(self.map_low, self.map_high, content.size)
        for key, part in content.items:
            below = f"{path}\x1e{key}" if ruled else ""
            if ruled and recording.ignored(below):
                continue
            self._member(key, schema=content.schema).add(part, recording, depth + 1, below)
            if recording.cut is not None:
                return

    def _member(self, key: Any, *, schema: bool) -> _Place:
        if self.map is None:
            known = self.keys.get(key)
            if known is not None:
                known[0] += 1
                place: _Place = known[1]
                return place
            if schema or len(self.keys) < _MOST_KEYS:
                place = _Place(key if type(key) is str else None)
                self.keys[key] = [1, place, schema]
                return place
            self._to_map()
        self._map_key(key)
        assert self.map is not None  # noqa: S101 for the type checker
        return self.map

    def _map_key(self, key: Any) -> None:
        leaf = _look(key)
        self.map_formats.add(_format_of(key) if type(key) is str else leaf[0] if type(leaf) is tuple else leaf.kind)

    def _to_map(self) -> None:
        self.map = self.map or _Place(None)
        for key, (_, place, _) in self.keys.items():
            self._map_key(key)
            self.map.absorb(place)
        self.keys = {}

    def absorb(self, other: _Place) -> None:
        """Take in what another place has learned."""
        self.types |= other.types
        self.formats |= other.formats
        self.coded = self.coded and other.coded
        self.seen += other.seen
        self.values = set(list(self.values | other.values)[: MANY + 1])
        self.cut = self.cut or other.cut
        self.objects += other.objects
        for size in (other.low, other.high):
            self.low, self.high = _wider(self.low, self.high, size)
        for size in (other.map_low, other.map_high):
            self.map_low, self.map_high = _wider(self.map_low, self.map_high, size)
        if other.items is not None:
            self.items = self.items or _Place(other.items.key)
            self.items.absorb(other.items)
        if other.map is not None:
            self._to_map()
            self.map_formats |= other.map_formats
            self.map.absorb(other.map)  # type: ignore[union-attr] # it was made in the line before the last
        for key, (count, place, schema) in other.keys.items():
            if self.map is not None:
                self._map_key(key)
                self.map.absorb(place)
                continue
            known = self.keys.setdefault(key, [0, _Place(place.key), schema])
            known[0] += count
            known[1].absorb(place)

    def node(self, hiding: _Hiding) -> dict[str, Any]:
        """The shape as docs/observations.md describes it."""
        node: dict[str, Any] = {"types": sorted(self.types)}
        if self.formats:
            node["formats"] = sorted(self.formats)
        enumeration = self._enumeration(hiding)
        if enumeration is not None:
            node["values"] = enumeration
        if self.items is not None:
            node["size"] = [_size_class(self.low), _size_class(self.high)]
            node["items"] = self.items.node(hiding)
        if self.keys and self.map is None and not any(known[2] for known in self.keys.values()) and hiding.like_data(self.keys):
            self._to_map()
        if self.map is not None:
            node["map_size"] = [_size_class(self.map_low), _size_class(self.map_high)]
            node["map_keys"] = sorted(self.map_formats)
            node["map"] = self.map.node(hiding)
        elif self.objects:
            self._named(node, hiding)
        if self.cut is not None:
            node["cut"] = self.cut
        return node

    def _named(self, node: dict[str, Any], hiding: _Hiding) -> None:
        places: dict[str, _Place] = {}
        optional = set()
        for key, (count, place, schema) in self.keys.items():
            name = hiding.name(key, schema=schema)
            if name in places:
                places[name].absorb(place)
            else:
                places[name] = place
            if count < self.objects:
                optional.add(name)
        node["keys"] = {name: place.node(hiding) for name, place in places.items()}
        if optional:
            node["optional"] = sorted(optional)

    def _enumeration(self, hiding: _Hiding) -> dict[str, Any] | None:
        if self.seen < ENOUGH or not self.types <= {"str", "bool", "null"} or not _PERSONAL.isdisjoint(_key_words(self.key or "")):
            return None
        distinct = len(self.values)
        if distinct > MANY:
            return {"n": None}
        if not self.coded or distinct > FEW or distinct * 3 > self.seen or not self.formats <= {"text", "empty"}:
            return None
        if not hiding.keyed:
            return {"n": distinct}
        return {"n": distinct, "set": hiding.fingerprint("set", _canonical(sorted(self.values)))}


def _wider(low: int, high: int, size: int) -> tuple[int, int]:
    if size < 0:
        return low, high
    return (size if low < 0 else min(low, size)), max(high, size)


class _Options:
    """How one value is to be compared; ValueError or TypeError where that makes no sense."""

    __slots__ = ("exact", "key", "rules", "said", "tolerance", "unordered")

    def __init__(self, name: Any, compare: Any, ignore: Any, tolerance: Any, key: Any, unordered: Any) -> None:
        if not isinstance(name, str) or not name.strip():
            raise TypeError("observe: the first argument is the observation's name, a text")
        if compare not in ("shape", "exact"):
            raise ValueError('observe: compare is "shape" or "exact"')
        self.exact = compare == "exact"
        if not self.exact and (tolerance is not None or key is not None or unordered):
            raise ValueError('observe: tolerance, key and unordered belong to compare="exact"; a shape knows no values and no order')
        if tolerance is not None and (isinstance(tolerance, bool) or not isinstance(tolerance, (int, float)) or not 0 < tolerance < float("inf")):
            raise ValueError("observe: tolerance is a number above 0; without one numbers are compared exactly")
        keys = (key,) if isinstance(key, str) else tuple(key or ())
        if not all(isinstance(field, str) and field for field in keys):
            raise TypeError("observe: key is the name of a field, or several")
        patterns = (ignore,) if isinstance(ignore, str) else tuple(ignore)
        self.rules = _rules(patterns)
        self.tolerance: float | None = None if tolerance is None else float(tolerance)
        self.key: tuple[str, ...] = keys
        self.unordered = bool(unordered)
        said = {"tolerance": self.tolerance, "ignore": len(patterns), "key": len(keys), "unordered": self.unordered}
        self.said = {option: given for option, given in said.items() if given}


class _Observed:
    """What one run of one test observes: the function behind the fixture, and the lines it has made."""

    def __init__(self, key: bytes | None, words: Collection[str]) -> None:
        self.lines: list[str] = []
        self._hiding = _Hiding(key, words)
        self._words = words
        self._numbers: Counter[str] = Counter()
        self._room = MAX_TREES
        self._process = os.getpid()

    def __call__(
        self,
        name: str,
        value: Any,
        *,
        compare: str = "shape",
        ignore: Any = (),
        tolerance: float | None = None,
        key: Any = None,
        unordered: bool = False,
    ) -> None:
        """Record a value; the arguments are those of the fixture `observe`."""
        options = _Options(name, compare, ignore, tolerance, key, unordered)
        if len(self.lines) > MAX_OBSERVATIONS or os.getpid() != self._process:
            return
        shown = (shape_message(name, self._words) or "<str>").replace("\n", " ")
        self._numbers[shown] += 1
        tree: Any = None
        exact = options.exact and self._hiding.keyed
        if len(self.lines) == MAX_OBSERVATIONS:
            cut: str | None = "count"
        elif self._room <= 0:
            cut = "size"
        else:
            recording = _Recording(self._hiding, options, name)
            try:
                tree = recording.tree(value, exact=exact)
                cut = recording.cut or recording.lost
            except Exception:  # noqa: BLE001 the suite's own run must never fail because of its observer
                cut = "unreadable"
        text = "" if tree is None else _canonical(tree)
        self._room -= len(text)
        if self._room < 0:
            cut, text = ("size" if text else cut), ""
        if options.exact and not exact:
            text, cut = ("" if cut in ("nodes", "time") else text), "key"
        text = text or _canonical({"!cut": cut} if exact else {"types": [], "cut": cut})
        event = {
            "name": shown,
            "n": self._numbers[shown],
            "compare": compare,
            "digest": hashlib.sha256(f"{compare}\0{text}".encode("ascii")).hexdigest()[:32],
            "options": options.said,
            "cut": cut,
        }
        self.lines.append(f'{_encode(event)[:-1]},"tree":{text}}}')


class _Observations:
    """What the fixture asks: the key, and the words of the file that a test stands in."""

    def __init__(self, config: Any) -> None:
        self._config = config
        self._key = _read_key(os.environ.get("SHADOW_PROBE_KEY"))
        self._words: tuple[str, frozenset[str]] = ("", frozenset())
        self._hands_over = False

    def observed(self, item: Any) -> _Observed:
        """The function that the fixture gives to a test; a test that is run again begins anew."""
        if not self._hands_over:  # from here on a hook is called for each report, which only sessions that observe pay for
            self._hands_over = True
            self._config.pluginmanager.register(_HandingOver(), "shadow-probe-handing-over")
        file = item.nodeid.partition("::")[0]
        if self._words[0] != file:
            self._words = (file, _source_words(os.path.join(str(self._config.rootpath), file)))
        observed = item.shadow_observed = _Observed(self._key, self._words[1])
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


def _unobserved(
    name: str, value: Any, *, compare: str = "shape", ignore: Any = (), tolerance: float | None = None, key: Any = None, unordered: bool = False
) -> None:
    """Stands in for the function of the fixture where nothing is recorded: only the arguments are looked at."""
    del value
    _Options(name, compare, ignore, tolerance, key, unordered)


@pytest.fixture
def observe(request: Any) -> Any:
    """Record a value: `observe(name, value, *, compare="shape", ignore=(), tolerance=None, key=None, unordered=False)` (docs/observations.md)."""
    observations = request.config.pluginmanager.get_plugin("shadow-probe-observations")
    return _unobserved if observations is None else observations.observed(request.node)


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
    _register(config, selection, _Shapes(_Shaper(root)))
    config.pluginmanager.register(_Recorder(config, out, select, root), "shadow-probe-recorder")


def _register(config: pytest.Config, selection: _Selection, shapes: _Shapes) -> None:
    if selection.chooses:
        config.pluginmanager.register(selection, "shadow-probe-selection")
    config.pluginmanager.register(shapes, "shadow-probe-shapes")
    config.pluginmanager.register(_Observations(config), "shadow-probe-observations")


def _release() -> None:
    os.environ.pop("SHADOW_PROBE_PID", None)

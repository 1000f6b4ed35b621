"""Shapes of failures and of messages: what of them may be written (docs/probe.md).

A companion of the probe (shadow_harness_probe), which loads it with the first failure of a session: sessions in which everything passes do not pay
for it. Python 3.8 or newer and the standard library alone. PYTEST_DONT_REWRITE
"""

# Objects of pytest and of its plugins come in several versions here, hence Any; pathlib touches the file system where os.path does not.
# ruff: noqa: ANN401, PTH100, PTH118, PTH123

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import json
import os
import re
import sys
from collections import deque
from typing import Any, Callable, Collection, NamedTuple, Pattern, Sequence

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
# Words of the messages that Python's own exceptions, pytest, sqlite3, psycopg, PyMySQL, SQLAlchemy, requests and httpx raise, by what stands in their
# sources and libraries (tests/benchmarks/words.py prints them): words that such a message holds, that are ordinary or technical ones by themselves,
# and no part of a name of people, places or companies in any language that Faker knows, but for a dozen that such a name hardly is (non, due, exact).
_RAISED = """
abbreviated ability able abnormally absent abstractmethod acceptable accepts accessed accessible accessing according accurate accurately acquired
acquires acquisition actions actually adapt adapters adding addition addresses adds adjusted affect affected affects afterwards aggregate algorithm
algorithms alias aliased aliases alignment allocated allocating allocation allocations allocator allowing allows alphabetic alphanumeric altered
alternate ambiguity analysis analyze annotate annotated annotation annotations anonymous anymore appear appears appended appending appends
application applications applies applying appropriate approx approximate arbitrary archive archives arg args argv arithmetic arrays assemble assign
assigning assignments associated associating association assumed assumes assuming asynchronous asyncio atomically attach attempting audio authkey
authority auto autobegin autoincrement automatic automatically autospec avoid awaitable aware away backend backends background backref backslash
backup backward backwards badly barrier based bases basic becomes beginning begins begun behave behaves behaviour behind belongs better big binary
bindings bindparam binds bitwise blocking blocks bottom boundaries buffered buffering buffers bug builds builtin builtins bulk bytea bytecode cached
caches caching calculate calculated callables callback callbacks caller canceled cancellation canonical capabilities capability capacity capture
capturing cased catch catching category caught causes causing cells certificate certificates chained changes changing channels checkable checkin
checking checks checksum children choice choices choose chunk chunked chunks circular classes clauses cleanly cleanup cleared clearly closes closest
closing closure codecs codes coefficient coercion collation collecting collections collector combination combinations combine combined combines
combining comes commands comment comments communication compares comparing comparisons compatibility compilation compiled compiler compiling complain
complement completely completes completion composed composite comprehension comprehensions compress compressed compressing compression compute
computed computing concatenate concatenated concept concrete conditional conditions conflicting conftest conjunction consecutive considered consist
constants constrained constructed constructing constructors constructs consume consumed consumes containers containing contexts contiguous continued
continues continuing controlling controls conventions conversions converts cookie cookies coordinate coordinates copied copies copyable copying
coroutine coroutines corresponding corresponds corrupt corrupted corruption counted covered crashing creates creation criteria criterion
cryptographic cte cumulative cursors custom customize cutoff cycles daemon databases dataclass dataclasses datatype datatypes datetimes dbapi
deadlocks deallocated debugger debugging declaration declarations declarative declare decodes decompress decompressed decompression decompressor
decorated decorator decorators decrement deeply defines defining definitions degrees deletes deleting deletion delimiters delivered denominator
dependencies dependency dependent depending deprecations deque derive derived describe described describes describing description descriptions
descriptors designed desired destination destroy destroyed destructive detach detached detect determine determined determines deterministic devices
dialect dialects dictionaries diff dimensional direction directive directives directly directories disable disables discard discarded discovery
discussion dispatch display displayed displaying displays distance distinct distinguish divided dividing docstring document documentation documented
documents doing downgrade dropped due dummy dump dumped dumps duplicated duration dynamic eager eagerly earlier easily edges effect effective effects
efficient efficiently elapsed embedded emit emitted enables enclosed enclosing encoder encodes encodings encountered encrypted encryption endian
ending endpoint endpoints entered entering entire entirely entities enum eof equally equivalent establish established establishing estimate etc
evaluates even events everything exact examine example examples exceeding excess excluding executable executemany executes executor exiting exits
expand expanded expects expensive expire explicitly exponent exponential export exported exports exposed expr expressions extend extended extends
extension extensions external extract extracted extraction factor factory fallback fast faster faults features feed fetches filesystem fills filters
finalize finalized finally finish finishing fixtures flags flatten floating floats flushed flushing fold follows form formats formatter formatting
formed forms fourth fractions fragment fragments frame frames freed fromisoformat frozen fully functionality further futures garbage generally
generating generation generators generic getter getting giving globally gone greatest guarantee guaranteed guess gzip handlers handles handling
happen happens hardware hashed hashes hashing heap helper heuristic hexadecimal hidden hierarchy higher highest holds hosts hours how however hstore
httpcore huge identified identifiers identifies identify identifying identities ids ignores ignoring imaginary immediate immediately implementations
implementing implements implies imply imports inappropriate includes inclusive incoming incorrectly increase incremental incrementally indefinitely
indented independent indexing indicate indicated indicates indicating indirect individual individually inexact inherit inheritable inheritance
inherited inheriting inherits ini initialisation initialised initialization initializer initializes initializing inline inputs inserting insertion
inserts inspect inspected inspection install installation installed instantiate instantiated instruction instructions instrumentation instrumented
integral intent interaction interactive interfaces intermediate internally interpret interpreted interrupt introspection ints invalidate invariant
inverse inverted invoking involved isoformat isolate isolated issued issues iterables iterated iterators itself joined joinedload joining joins jump
junit justified keeping kept kernel keyed kwargs labels lack lambda largest lazily lazyload leading leaks leave leaves leaving legal lengths let
letters levels libpq likely lineno linked links listener lists literals loader loads locally locating locking logger logic logical longer longest
look looked looking lookups loops lowest machine machinery maintained mandatory manually mappers maps marked markers maxsize maybe meaning meaningful
meant measured mechanism member members membership merged merging metaclass metaclasses metavar microsecond microseconds migrations milliseconds
minute minutes missed mixed mixin mocked modes modification modifier modifying modulo moment month mostly moved moving mro msg much multipart
multiplied multiply mutate mutated mutation mutually naive namedtuple namespaces nanoseconds nearest necessary neither nesting newer newest newlines
newly nodeid non nonblocking nonlocal nor normalized normally notation notice num numbering numerator numerical numerically obj obsolete obtain
obtained occur occurrence occurrences occurring occurs octal octet octets often oid older oldest omit onclause onto opcode opens operate operating
operators optimization optimized ordinal ordinary originally orphan otherwise outcome outgoing overall overflowed overridden overrides overriding
overwriting owned owning package packages packed padded param parametrization params parentheses parenthesis parenthesized participate particular
partition passes passing patched paths patterns pause paused percent performed performing perhaps period permanent permissible persisted persistence
phase physical pickle pickled pickling pid piece pipeline placed placeholders platform platforms plugin plugins plural pointer pointers pointing
policy polling polymorphic populate populated portable portion positionally positions possibly potential potentially predicate prefixes preparing
prepend presence prevent preventing prevents previously primaryjoin primitive printable printed printing prints priority probably problem problems
proceed processes produce produced produces producing profile program programs progress prompt proper properly properties protocols provides
providing proxied proxies pseudo purpose purposes push queried queries querying quiet quoting raising random ranges rate ratio rational reads reasons
rebuild recent reconnect recover recovered recursively redefine redefined redirected reduce reentrant refer referential refers reflect reflected
reflection refreshed refusing regardless regex region registering registration registry regular relationships relevant reload remainder remains
removal removing renamed render rendered reopen repeatedly replacement replaces replacing reported reporting reports represent representable
representation representations represented representing represents requiring resize resized resolving respective respectively responsible restore
restored restrictions resulting resultset retain retrieve retrieved retrieving retrying reuse reused rewind rewrite rounded rounding routines
rowcount rowid runner runs safe safely satisfy saved scalar scalars scan schedule scheduled scheduling schemas schemes scoped screen script scripts
search searched secondary secondaryjoin sections seeded seekable seeking seen segment segments selectable selectinload selection selector semaphore
sends separate separated separately separators sequences sequential serializing series serves sessions setter several shallow shares sharing shift
shifted shorter shows shutting signals signatures significant silently similarly simply simultaneously sized sizes skipping slash slices slots
snapshot sockets somehow sometimes spaces spawn spec special specialized specifically specification specifications specifier specifies specifying
splitting sqlite stable standalone starred statements stats stderr stdin stdlib stdout stores storing strategies strategy streamed streaming streams
strftime strictly strides strongly strptime structures subclassed subclasses subdirectory submodule subprocess subqueryload subscript subscriptable
subscripted subsequent substitute substituted substitution subtract successive sufficient suffixes suggested suitable suite superclass supporting
suppressed suspended switching symbolic symbols symlink symlinks symmetric synchronize synchronized synchronous synonym systems tablename tabs tagged
taken taking targeted targets term terminal terminates termination terminator terms testing textual themselves therefore those though threaded
threading thresholds thrown throws thus timer timestamps timing tokenize tolerance tolerances tool tools tpc tracebacks traced tracing tracking
transient transition translated translation transmitted transparent traversal traverse treated tried tries triggered triggers truncate truncates
truncation trusted turned twice typed typical typically typing tzinfo unaffected unary unbalanced unbounded unbuffered unchanged unclosed
uncompressed unconnected unconsumed undeclared underscore underscores understood undocumented unencodable unencrypted unequal unfinished
uninitialized uniquely uniqueness universal unlike unlimited unlink unlinked unloaded unlocked unmapped unpacked unpacking unpickle unpickling
unraisable unrecognised unregister unregistered unrelated unresolvable unspecified unsuccessful unusable unwrapped updating upgrading uploads upon
upsert urllib urlparse usable usefixtures useful utcoffset utility vacuum validity variant variants various varying verbose versioning vertical very
vice viewonly views virtual visibility wakeup warnings watcher weak weakly weakref weekday weights what whatever whitespace whose wildcard wildcards
word words work workers working works wrapping wraps writeable writer writers writes yielded yielding yields zeros zlib
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
VOCABULARY = frozenset((_WORDS + _RAISED).split())
EXACT_WORDS = frozenset(_EXACT.split()) | frozenset(name for name in dir(builtins) if not name.startswith("_"))

OPENERS = frozenset(".:([{]=|")
TYPES = frozenset(name for name, value in vars(builtins).items() if isinstance(value, type)) | {"NoneType"}


class _Patterns(NamedTuple):
    token: Pattern[str]
    word_run: Pattern[str]
    number_run: Pattern[str]
    sign: Pattern[str]
    series: Pattern[str]
    cut_word: Pattern[str]
    method: Pattern[str]


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
        r"|(?P<hex>(?<!\d\.)(?=[a-fA-F]{0,64}\d)(?=\d{0,64}[a-fA-F])[0-9a-fA-F]{16,}(?!" + w + r"))"
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
        method=re.compile(r"<built-in method (\w{1,80}) of [\w.<>]{1,200} object at (?:0x[0-9a-fA-F]{1,32}|<addr>)>"),
    )


def shape_message(text: str, names: Collection[str] = frozenset()) -> str:
    """Return the template of a message: at most 5 lines and 300 characters in which no value of data survives.

    Kept are punctuation, words of a fixed vocabulary, names of built-in types, and `names` (names from the code that raised). Numbers, quoted
    strings, addresses, emails, URLs, UUIDs, dates and file paths become `<n>`, `<str>`, `<addr>`, `<email>`, `<url>`, `<uuid>` (`<hex>`),
    `<date>`, `<path>`; every other word becomes `<word>`, and runs of it one. The template of a template is itself.
    """
    text = without_methods(text[:MAX_INPUT])
    lines: list[str] = []
    parts: list[str] = []
    opening = True  # whether a capital letter here is that of a beginning, rather than that of somebody's name
    for found in _patterns().token.finditer(text):
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
            opening = piece in OPENERS
        else:
            parts.append(_word(piece, names, opening=opening) if kind == "run" else _placeholder(kind, piece))
            opening = False
    else:
        _keep_line(parts, lines)
    return _shorten("\n".join(lines))


def without_methods(text: str) -> str:
    """A text in which methods of types written in C are told as others are: pytest says no more of a method that is written in Python."""
    return _patterns().method.sub(r"\1", text)


def is_kept(run: str, names: Collection[str], *, opening: bool) -> bool:
    """Whether a word may be written. `opening`: whether it stands where a capital letter is that of a beginning."""
    if not run.isascii():
        return False
    if run in VOCABULARY or run in EXACT_WORDS or run in names:
        return True
    lower = run.lower()
    return lower in VOCABULARY and (run.isupper() or (opening and run == lower.capitalize()))


def _word(run: str, names: Collection[str], *, opening: bool) -> str:
    if is_kept(run, names, opening=opening):
        return run
    return "<n>" if "0" <= run[0] <= "9" else "<word>"


def _placeholder(kind: str | None, piece: str) -> str:
    if kind == "placeholder":
        return piece
    if kind == "str" and piece[1:-1] in TYPES:  # as in: 'NoneType' object has no attribute 'x'
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


_encode: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
_SOURCE_LIMIT = 2_000_000
_PLAIN_NUMBERS = 100  # a smaller number names nobody


class Shaper:
    """Makes the shape of an exception. Runs no code of the user but `str(exc)`, and never raises."""

    def __init__(self, roots: Collection[str], directory: str, redactor: Any = None) -> None:
        """`roots` are the suite's, under each of its names, `directory` is the one that the session began in; all absolute. `redactor` (of
        shadow_harness_redact) makes messages with tokens; without one there are templates alone.
        """
        self._roots = tuple({root + os.sep for root in roots})
        self._prefix = os.path.abspath(sys.prefix) + os.sep
        self._directory = directory
        self._redactor = redactor
        self._paths: dict[str, str | None] = {}  # file of a code object -> its path in the suite, None outside

    def shape(self, exc: BaseException, traceback: Any, phase: str) -> str:
        """The `failure` of docs/bundle.md as JSON text, which every serialisation of reports carries unharmed."""
        try:
            frames, names = self._walk(traceback)
            message = _message(exc, names, self._redactor)
            failure = {"type": type_name(exc), **message.members(), "phase": phase, "frames": frames}
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


def type_name(exc: BaseException) -> str:
    """The name of an exception's class, with its module where that is not Python's own."""
    kind = type(exc)
    module, name = type.__getattribute__(kind, "__module__"), type.__getattribute__(kind, "__qualname__")
    full = name if module in ("builtins", "exceptions") else f"{module}.{name}"
    return full if re.fullmatch(_TYPE_NAME, full) else "<unprintable>"


class Message(NamedTuple):
    """What is written of a message: its template, and the message with tokens and the fingerprints that these begin."""

    template: str
    redacted: str
    fingerprints: Sequence[str] = ()

    def members(self) -> dict[str, Any]:
        """The members of a `failure` in docs/bundle.md: where there are no tokens, the template is the message."""
        told: dict[str, Any] = {"message": self.redacted}
        if self.redacted != self.template:
            told["template"] = self.template
        if self.fingerprints:
            told["values"] = list(self.fingerprints)
        return told


def _message(exc: BaseException, names: set[str], redactor: Any) -> Message:
    leaves = _leaves(exc)
    if leaves is None:
        return own_message(exc, names, redactor)
    told = [(type_name(leaf), own_message(leaf, names, redactor)) for leaf in leaves]
    redacted = " | ".join(f"{kind}: {message.redacted}" for kind, message in told)
    template = " | ".join(f"{kind}: {message.template}" for kind, message in told)
    return Message(_shorten(template), _shorten(redacted), tuple(one for _, message in told for one in message.fingerprints))


def own_message(exc: BaseException, names: Collection[str], redactor: Any = None) -> Message:
    """One exception's message."""
    if isinstance(exc, KeyError):  # the key is data
        arguments = exc.args
        return Message("<str>", *(redactor.key_of(arguments[0]) if redactor is not None and len(arguments) == 1 else ("<str>",)))
    try:
        text = str.__getitem__(str(exc), slice(0, MAX_INPUT))
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 str() of a foreign exception may raise anything
        return Message("<unprintable>", "<unprintable>")
    known = set(names)
    link: BaseException | None = exc
    for _ in range(5):
        if link is None:
            break
        for kind in type(link).__mro__:
            known.update(kind.__qualname__.split("."), kind.__module__.split("."))
        link = link.__cause__ or link.__context__
    return message_of(text, known, redactor)


def message_of(text: str, names: Collection[str], redactor: Any = None) -> Message:
    """What is written of a text that is a message."""
    template = shape_message(text, names)
    return Message(template, template) if redactor is None else Message(template, *redactor.message(text, names))


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


def source_words(path: str) -> frozenset[str]:
    """The words of a source file; none where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as source:
            return frozenset(re.findall(r"\w+", source.read(_SOURCE_LIMIT), re.ASCII))
    except OSError:
        return frozenset()


def shape_value(value: Any, names: Collection[str]) -> str:
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

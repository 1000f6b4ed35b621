"""The database drivers whose statements are recorded: a companion of shadow_harness_deep (docs/deep.md).

It runs in the user's test process: Python 3.8 or newer and the standard library alone; drivers are looked at when the suite has imported them.
PYTEST_DONT_REWRITE
"""

# Objects of drivers are anything at all, hence Any; their own exceptions pass through, whatever they are.
# ruff: noqa: ANN401

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import threading
import weakref
from collections import deque
from typing import Any, Callable, Deque, Dict, Iterator, Set, Tuple

if __package__:  # within the harness
    from runners.probe.shadow_harness_deep_sql import Driver, Statement
else:  # in the process of a test
    from shadow_harness_deep_sql import Driver, Statement  # type: ignore[import-not-found,no-redef]  # it lies beside this file

# ---------------------------------------------------------------------------------------------------------------------------------------------
# Cursors
# ---------------------------------------------------------------------------------------------------------------------------------------------

_current: Callable[[], Any] = lambda: None  # noqa: E731 the recording of the test that runs now; set by `trace_into`
_busy: Set[Tuple[int, int]] = set()
_attached: Any = weakref.WeakKeyDictionary()
_SLOT = "_shadow_statement"
_gettrace, _settrace = sys.gettrace, sys.settrace  # as they are now: a test may exchange them


def trace_into(current: Callable[[], Any]) -> None:
    """Set where statements are recorded: what gives the recording of the test that runs now, None between tests."""
    global _current  # noqa: PLW0603 there is one process and one recorder
    _current = current


def _attach(cursor: Any, statement: Statement | None) -> None:
    try:
        object.__setattr__(cursor, _SLOT, statement)
    except (AttributeError, TypeError):
        with contextlib.suppress(TypeError):
            _attached[cursor] = statement


def _of(cursor: Any) -> Statement | None:
    try:
        found: Statement | None = object.__getattribute__(cursor, _SLOT)
    except AttributeError:
        try:
            found = _attached.get(cursor)
        except TypeError:
            found = None
    return found


def _begun(cursor: Any, driver: Driver, sql: Any) -> Statement | None:
    """A statement that begins now; None where no test runs, or where this is a part of another call."""
    recording = _current()
    _attach(cursor, None)
    if recording is None:
        return None
    tracer = _unheard()
    try:
        text = sql if isinstance(sql, str) else bytes(sql).decode("utf-8", "replace") if isinstance(sql, bytes) else _composed(sql, cursor)
        statement = recording.statement(Statement, driver, str.__str__(text))
    except Exception as error:  # noqa: BLE001 the suite must not fail because of its observer
        recording.fault("statements", error)
        return None
    finally:
        if tracer is not None:
            _settrace(tracer)
    _attach(cursor, statement)
    result: Statement | None = statement
    return result


def _composed(sql: Any, cursor: Any) -> str:
    """The text of an object that makes SQL (psycopg's `sql.SQL`, a prepared query)."""
    return str(sql.as_string(cursor)) if hasattr(sql, "as_string") else str(sql)


def _observe(act: Callable[[], None]) -> None:
    """Take something in; the suite must not fail because of it."""
    tracer = _unheard()
    try:
        act()
    except Exception as error:  # noqa: BLE001 as the docstring says
        recording = _current()
        if recording is not None:
            recording.fault("statements", error)
    finally:
        if tracer is not None:
            _settrace(tracer)


def _unheard() -> Any:
    """Stop counting lines in this thread, where that is what traces it, and return what goes on with it: calls of the recorder itself are most of
    what a tracer would hear of. None where there is nothing to go on with.
    """
    tracer = _gettrace()
    if tracer is None or not getattr(tracer, "shadow_harness", False):
        return None
    _settrace(None)
    return tracer


def _execute(original: Callable[..., Any], driver: Driver, *, many: bool) -> Callable[..., Any]:
    """The traced form of `execute` or `executemany` of a class."""
    if inspect.iscoroutinefunction(original):

        @functools.wraps(original)
        async def execute_later(self: Any, *args: Any, **options: Any) -> Any:
            __tracebackhide__ = True
            mark = _enter(self)
            if mark is None:
                return await original(self, *args, **options)
            try:
                statement, args, options = _prepared(self, driver, args, options, many=many)
                try:
                    result = await original(self, *args, **options)
                except BaseException:
                    _failed(statement, args, options)
                    raise
                if statement is not None:
                    _observe(lambda: statement.ran(self))
                return result
            finally:
                _busy.discard(mark)

        return execute_later

    @functools.wraps(original)
    def execute(self: Any, *args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        mark = None if _current() is None else _enter(self)
        if mark is None:
            return original(self, *args, **options)
        try:
            statement, args, options = _prepared(self, driver, args, options, many=many)
            try:
                result = original(self, *args, **options)
            except BaseException:
                _failed(statement, args, options)
                raise
            if statement is not None:
                _observe(lambda: statement.ran(self))
            return result
        finally:
            _busy.discard(mark)

    return execute


def _enter(cursor: Any) -> Tuple[int, int] | None:
    """Mark a cursor as at work, so that what it does with itself is not recorded again; None where it is marked already."""
    mark = (id(cursor), threading.get_ident())
    if mark in _busy:
        return None
    _busy.add(mark)
    return mark


def _prepared(cursor: Any, driver: Driver, args: Any, options: Any, *, many: bool) -> Tuple[Statement | None, Any, Any]:
    """Begin a statement with its parameters. Of an iterator of sets, what is handed on takes them in as they go by."""
    name = next((one for one in ("query", "sql", "operation", "statement") if one in options), None)
    sql = args[0] if args else options.get(name) if name else None
    statement = _begun(cursor, driver, sql) if sql is not None else None
    if statement is None or not statement.takes_parameters:
        return statement, args, options
    place = next((one for one in _PARAMETERS if one in options), None)
    parameters = args[1] if len(args) > 1 else options[place] if place else None
    if not many:
        _observe(lambda: statement.bind(parameters))
        return statement, args, options
    if isinstance(parameters, (list, tuple)):
        _observe(lambda: statement.bind_all(parameters))
        return statement, args, options
    through: Any = _passing(parameters, statement) if parameters is not None and hasattr(parameters, "__next__") else parameters
    if len(args) > 1:
        return statement, (args[0], through, *args[2:]), options
    return statement, args, {**options, place: through} if place else options


_PARAMETERS = ("parameters", "params", "args", "vars", "seq_of_parameters", "params_seq", "argslist", "vars_list", "seq_params", "data")


def _passing(sets: Iterator[Any], statement: Statement) -> Iterator[Any]:
    for number, parameters in enumerate(sets, start=1):
        _observe(lambda parameters=parameters, number=number: statement.bind_more(parameters, number))  # type: ignore[misc]  # mypy infers no defaults
        yield parameters


def _failed(statement: Statement | None, args: Any, options: Any) -> None:
    if statement is not None:
        sql = args[0] if args else next((options[one] for one in ("query", "sql", "operation", "statement") if one in options), "")
        _observe(lambda: statement.failed(sql if isinstance(sql, str) else ""))


def _fetch(original: Callable[..., Any], name: str) -> Callable[..., Any]:  # noqa: C901 the same twice, for async methods and others
    """The traced form of a method that hands rows out."""
    if inspect.iscoroutinefunction(original):

        @functools.wraps(original)
        async def fetch_later(self: Any, *args: Any, **options: Any) -> Any:
            __tracebackhide__ = True
            mark = _enter(self)
            try:
                result = await original(self, *args, **options)
            except StopAsyncIteration:
                if mark is not None:
                    _took(self, name, None)
                raise
            finally:
                if mark is not None:
                    _busy.discard(mark)
            if mark is not None:
                _took(self, name, result)
            return result

        return fetch_later

    @functools.wraps(original)
    def fetch(self: Any, *args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        if _current() is None:
            return original(self, *args, **options)
        mark = _enter(self)
        try:
            result = original(self, *args, **options)
        except StopIteration:
            if mark is not None:
                _took(self, name, None)
            raise
        finally:
            if mark is not None:
                _busy.discard(mark)
        if mark is not None:
            _took(self, name, result)
        return result

    return fetch


def _took(cursor: Any, name: str, result: Any) -> None:
    statement = _of(cursor)
    if statement is None or _current() is None:
        return
    if name in ("fetchone", "__next__", "__anext__"):
        rows: Any = () if result is None else (result,)
        _observe(lambda: statement.take(rows, exhausted=result is None))
    elif isinstance(result, (list, tuple)):
        _observe(lambda: statement.take(result, exhausted=name == "fetchall" or not result))


def _iterate(original: Callable[..., Any]) -> Callable[..., Any]:
    """The traced form of an `__iter__` or `__aiter__` that makes an iterator of its own."""
    if inspect.isasyncgenfunction(original):

        @functools.wraps(original)
        async def iterate_later(self: Any) -> Any:
            statement = _of(self)
            async for row in original(self):
                if statement is not None:
                    _observe(lambda row=row: statement.take((row,)))  # type: ignore[misc]  # mypy infers no defaults
                yield row

        return iterate_later

    @functools.wraps(original)
    def iterate(self: Any) -> Any:
        made = original(self)
        statement = _of(self)
        if made is self or statement is None:
            return made
        return _iterating(made, statement)

    return iterate


def _iterating(made: Iterator[Any], statement: Statement) -> Iterator[Any]:
    for row in made:
        _observe(lambda row=row: statement.take((row,)))  # type: ignore[misc]  # mypy infers no defaults
        yield row
    _observe(lambda: statement.take((), exhausted=True))


_EXECUTING = {"execute": False, "executemany": True, "executescript": False}
_FETCHING = ("fetchone", "fetchmany", "fetchall", "__next__", "__anext__")
_HANDLING = frozenset(("execute", "executemany", "fetchone", "fetchmany", "fetchall"))


def trace_class(kind: type, driver: Driver) -> bool:  # noqa: C901 one loop over classes, one over names
    """Trace the cursors of a class that is written in Python, in place, with the classes it derives from; False where it is built in."""
    done = False
    for base in kind.__mro__[:-1]:
        if "_shadow_traced" in base.__dict__:
            done = True
            continue
        if _HANDLING.isdisjoint(base.__dict__):  # a mix-in, or one of the abstract classes of Python itself
            continue
        try:
            base._shadow_traced = True  # type: ignore[attr-defined]  # noqa: SLF001 it is ours
        except TypeError:
            continue
        done = True
        for name, many in _EXECUTING.items():
            if inspect.isfunction(base.__dict__.get(name)):
                setattr(base, name, _execute(base.__dict__[name], driver, many=many))
        for name in _FETCHING:
            if inspect.isfunction(base.__dict__.get(name)):
                setattr(base, name, _fetch(base.__dict__[name], name))
        for name in ("__iter__", "__aiter__"):
            if inspect.isfunction(base.__dict__.get(name)) and (name == "__iter__" or inspect.isasyncgenfunction(base.__dict__[name])):
                setattr(base, name, _iterate(base.__dict__[name]))
    return done


# ---------------------------------------------------------------------------------------------------------------------------------------------
# Drivers whose classes are built in: subclasses under the same names
# ---------------------------------------------------------------------------------------------------------------------------------------------


def _cursor_subclass(base: Any, driver: Driver) -> Any:
    """A subclass of a built-in cursor that traces and is otherwise the same, its name included."""
    members: Dict[str, Any] = {
        "__slots__": (_SLOT,),
        "__module__": base.__module__,
        "__qualname__": base.__qualname__,
        "__doc__": base.__doc__,
        "__reduce_ex__": _refusing(base),
    }
    for name, many in _EXECUTING.items():
        if hasattr(base, name):
            members[name] = _execute(_method(base, name), driver, many=many)
    for name in _FETCHING:
        if hasattr(base, name):
            members[name] = _fetch(_method(base, name), name)
    return type(base.__name__, (base,), members)


def _refusing(base: Any) -> Callable[..., Any]:
    """`__reduce_ex__` of a class under another's name: that cannot be pickled, and says so by its full name."""

    def __reduce_ex__(self: Any, protocol: Any) -> Any:  # noqa: N807 it takes its place
        if type(self).__mro__[1] is base:
            raise TypeError(f"cannot pickle '{base.__module__}.{base.__name__}' object")
        return base.__reduce_ex__(self, protocol)

    return __reduce_ex__


def _method(base: Any, name: str) -> Callable[..., Any]:
    """A built-in method as a function, by whose name and documentation the traced one goes."""
    return getattr(base, name)  # type: ignore[no-any-return]  # whatever it is


def trace_sqlite3(module: Any) -> None:
    """Trace `sqlite3`: `connect`, `Connection` and `Cursor` of the module are exchanged for subclasses and a function."""
    names = [module] + [sys.modules[name] for name in ("sqlite3", "sqlite3.dbapi2") if name in sys.modules and sys.modules[name] is not module]
    plain, plain_cursor, plain_connect = module.Connection, module.Cursor, module.connect
    if getattr(plain_connect, _SLOT, False):
        return
    driver = Driver("sqlite3", "qmark", loose_quotes=True)
    cursor = _cursor_subclass(plain_cursor, driver)

    def traced(factory: Any) -> Any:
        return cursor if factory is plain_cursor else factory

    def make_cursor(self: Any, *args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        if args:
            return plain.cursor(self, traced(args[0]), *args[1:], **options)
        return plain.cursor(self, **{**options, "factory": traced(options.get("factory", cursor))})

    def shortcut(name: str) -> Callable[..., Any]:
        @functools.wraps(getattr(plain, name))
        def run(self: Any, *args: Any) -> Any:
            __tracebackhide__ = True
            made = self.cursor() if asks_for_cursor else plain.cursor(self, cursor)
            getattr(made, name)(*args)
            return made

        return run

    asks_for_cursor = _asks_for_cursor(plain, plain_connect)
    members = {
        "__slots__": (),
        "__module__": plain.__module__,
        "__qualname__": plain.__qualname__,
        "__doc__": plain.__doc__,
        "__reduce_ex__": _refusing(plain),
        "cursor": functools.wraps(plain.cursor)(make_cursor),
        **{name: shortcut(name) for name in _EXECUTING},
    }
    connection = type(plain.__name__, (plain,), members)

    @functools.wraps(plain_connect)
    def connect(*args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        if len(args) > _FACTORY:
            factory = connection if args[_FACTORY] is plain else args[_FACTORY]
            return plain_connect(*args[:_FACTORY], factory, *args[_FACTORY + 1 :], **options)
        factory = options.get("factory", connection)
        return plain_connect(*args, **{**options, "factory": connection if factory is plain else factory})

    connect._shadow_statement = True  # type: ignore[attr-defined]  # noqa: SLF001 it is ours
    for one in names:
        one.connect, one.Connection, one.Cursor = connect, connection, cursor


_FACTORY = 5  # the place of the factory among the arguments of `connect`


def _asks_for_cursor(plain: Any, plain_connect: Callable[..., Any]) -> bool:
    """Whether shortcuts of a connection get their cursor from its method `cursor`, which a subclass may have changed; versions of Python differ."""
    asked = []

    class Asked(plain):  # type: ignore[misc]  # a class given as a value
        def cursor(self, *args: Any, **options: Any) -> Any:
            asked.append(True)
            return super().cursor(*args, **options)

    with contextlib.closing(plain_connect(":memory:", factory=Asked)) as made:
        made.execute("SELECT 1")
    return bool(asked)


def trace_psycopg2(module: Any) -> None:
    """Trace `psycopg2`: its connections and cursors are built in, so `connect` makes subclasses; classes of `extras` derive from these."""
    extensions = sys.modules.get("psycopg2.extensions")
    if extensions is None or getattr(module.connect, _SLOT, False):
        return
    driver = Driver("psycopg2", "pyformat")
    plain, plain_cursor, plain_connect = extensions.connection, extensions.cursor, module.connect
    cursor = _cursor_subclass(plain_cursor, driver)

    def make_cursor(self: Any, *args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        given = args[1] if len(args) > 1 else options.get("cursor_factory")
        if given in (None, plain_cursor) and self.cursor_factory in (None, plain_cursor):
            args, options = args[:1] + args[2:], {**options, "cursor_factory": cursor}
        return plain.cursor(self, *args, **options)

    members = {
        "__slots__": (),
        "__module__": plain.__module__,
        "__qualname__": plain.__qualname__,
        "__doc__": plain.__doc__,
        "__reduce_ex__": _refusing(plain),
        "cursor": functools.wraps(plain.cursor)(make_cursor),
    }
    connection = type(plain.__name__, (plain,), members)

    @functools.wraps(plain_connect)
    def connect(dsn: Any = None, connection_factory: Any = None, cursor_factory: Any = None, **options: Any) -> Any:
        __tracebackhide__ = True
        factory = connection if connection_factory in (None, plain) else connection_factory
        return plain_connect(dsn, connection_factory=factory, cursor_factory=cursor_factory, **options)

    connect._shadow_statement = True  # type: ignore[attr-defined]  # noqa: SLF001 it is ours
    module.connect = connect
    extensions.connection, extensions.cursor = connection, cursor  # type: ignore[attr-defined]  # of the driver


# ---------------------------------------------------------------------------------------------------------------------------------------------
# Drivers written in Python, and SQLAlchemy for the rest
# ---------------------------------------------------------------------------------------------------------------------------------------------


def trace_psycopg(module: Any) -> None:
    """Trace the cursors of psycopg 3, in place."""
    driver = Driver("psycopg", "pyformat")
    for name in ("Cursor", "AsyncCursor", "ServerCursor", "AsyncServerCursor", "ClientCursor", "AsyncClientCursor", "RawCursor", "AsyncRawCursor"):
        kind = getattr(module, name, None)
        if isinstance(kind, type):
            trace_class(kind, driver)


def trace_dbapi(module: Any) -> None:
    """Trace any other driver that keeps to DB-API 2.0: the classes of its cursors, as soon as a connection has made one."""
    name = module.__name__.partition(".")[0]
    mysql = "mysql" in name.lower() or "maria" in name.lower()
    driver = Driver(name, str(getattr(module, "paramstyle", "qmark")), loose_quotes=mysql, backslashes=mysql)
    plain = module.connect
    if getattr(plain, _SLOT, False) or not callable(plain):
        return
    if isinstance(plain, type):  # a class of connections
        _trace_connections(plain, driver)
        return

    @functools.wraps(plain)
    def connect(*args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        made = plain(*args, **options)
        _observe(lambda: _see(_trace_connections(type(made), driver), driver))
        return made

    with contextlib.suppress(AttributeError, TypeError):
        connect._shadow_statement = True  # type: ignore[attr-defined]  # noqa: SLF001 it is ours
        module.connect = connect
        for other in ("Connect", "Connection"):
            kind = getattr(module, other, None)
            if isinstance(kind, type):
                _trace_connections(kind, driver)


def _see(traced: bool, driver: Driver) -> None:  # noqa: FBT001 it is what the other function answers
    """Say of a driver that is built in that its statements are not seen."""
    recording = _current()
    if recording is not None and not traced:
        recording.untraced("statements", f"driver {driver.name}")


def _trace_connections(kind: type, driver: Driver) -> bool:
    """Trace the cursors that connections of a class will make; False where it is built in."""
    done = False
    for base in kind.__mro__[:-1]:
        plain = base.__dict__.get("cursor")
        if not inspect.isfunction(plain):
            continue
        done = True
        if not getattr(plain, _SLOT, False):
            with contextlib.suppress(TypeError):
                base.cursor = _making(plain, driver)  # type: ignore[attr-defined]  # it has one
    return done


def _making(plain: Callable[..., Any], driver: Driver) -> Callable[..., Any]:
    @functools.wraps(plain)
    def cursor(self: Any, *args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        made = plain(self, *args, **options)
        _observe(lambda: _see(trace_class(type(made), driver), driver))
        return made

    cursor._shadow_statement = True  # type: ignore[attr-defined]  # noqa: SLF001 it is ours
    return cursor


def trace_sqlalchemy(module: Any) -> None:  # noqa: C901 five small functions
    """Record what SQLAlchemy runs on drivers that are not traced themselves; their rows are not seen, but for those the driver counts."""
    waiting: Deque[Tuple[int, Statement]] = deque(maxlen=64)  # by the identity of cursors, which are not kept alive
    styles: Dict[str, Driver] = {}

    def before(_connection: Any, cursor: Any, sql: Any, parameters: Any, context: Any, _many: Any) -> None:
        if _current() is None or _of(cursor) is not None or _is_traced(cursor) or context.dialect.driver in _TRACED_BELOW:
            return

        def begin() -> None:
            dialect = context.dialect
            driver = styles.setdefault(dialect.driver, Driver(str(dialect.driver), str(dialect.paramstyle).replace("numeric_dollar", "numeric")))
            statement = _current().statement(Statement, driver, str(sql))
            statement.bind_all(parameters) if _many else statement.bind(parameters)
            waiting.append((id(cursor), statement))

        _observe(begin)

    def over(cursor: Any) -> Statement | None:
        for pair in reversed(waiting):
            if pair[0] == id(cursor):
                waiting.remove(pair)
                return pair[1]
        return None

    def after(_connection: Any, cursor: Any, *_: Any) -> None:
        statement = over(cursor)
        if statement is not None:
            _observe(lambda: _counted(statement, cursor))

    def failed(context: Any) -> None:
        execution = context.execution_context
        statement = over(getattr(execution, "cursor", None))
        if statement is not None:
            _observe(lambda: statement.failed(str(context.statement or "")))

    module.event.listen(module.engine.Engine, "before_cursor_execute", before)
    module.event.listen(module.engine.Engine, "after_cursor_execute", after)
    module.event.listen(module.engine.Engine, "handle_error", failed)


_TRACED_BELOW = frozenset(("aiosqlite",))  # it hands over to a driver that is traced


def trace_aiosqlite(module: Any) -> None:
    """Let statements that aiosqlite runs in a thread know where they come from; sqlite3 itself is traced."""
    kind = module.Connection
    plain = kind.__dict__.get("_execute")
    if plain is None or getattr(plain, _SLOT, False):
        return

    @functools.wraps(plain)
    async def execute(self: Any, function: Any, *args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        recording = _current()
        if recording is None:
            return await plain(self, function, *args, **options)
        places = recording.frames()

        def run(*inner: Any, **options: Any) -> Any:
            with recording.lent(places):
                return function(*inner, **options)

        return await plain(self, run, *args, **options)

    execute._shadow_statement = True  # type: ignore[attr-defined]  # noqa: SLF001 it is ours
    kind._execute = execute  # noqa: SLF001 its one way to the thread


def _is_traced(cursor: Any) -> bool:
    kind = type(cursor)
    return hasattr(kind, _SLOT) or any("_shadow_traced" in base.__dict__ for base in kind.__mro__)


def _counted(statement: Statement, cursor: Any) -> None:
    statement.ran(cursor)
    count = getattr(cursor, "rowcount", -1)
    if statement.hands_out_rows and type(count) is int and count > 0:
        statement.take([object()] * min(count, 1_000_000))

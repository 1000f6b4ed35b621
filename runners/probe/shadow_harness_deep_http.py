"""HTTP requests as templates, and the clients that make them: a companion of shadow_harness_deep (docs/deep.md).

It runs in the user's test process: Python 3.8 or newer and the standard library alone; clients are looked at when the suite has imported them. Their
methods are exchanged in place; nothing is read from a body that a stream holds. PYTEST_DONT_REWRITE
"""

# Objects of clients are anything at all, hence Any.
# ruff: noqa: ANN401

from __future__ import annotations

import contextlib
import contextvars
import functools
import json
import re
from typing import Any, Callable, Dict, List, Tuple
from urllib.parse import parse_qsl, unquote, urlsplit

if __package__:  # within the harness
    from runners.probe.shadow_harness_deep_answers import answer_of, looks_like_json
else:  # in the process of a test
    from shadow_harness_deep_answers import answer_of, looks_like_json  # type: ignore[import-not-found,no-redef]  # it lies beside this file

MOST_LEAVES = 100  # of a query or body
MOST_BODY = 256_000  # bytes of a body that is looked into
MOST_SEGMENTS = 40
_DEEPEST = 12
_LOOPBACK = re.compile(r"localhost|127(?:\.\d{1,3}){3}|::1|.*\.localhost", re.IGNORECASE)
_METHOD = re.compile(r"[A-Z]{1,20}")
_KNOWN = "_shadow_known"
_GRAPH_FIELD = re.compile(r"(\w{1,60})\s*\(([^()]{1,400})\)")
_GRAPH_ARGUMENT = re.compile(r"(\w{1,60})\s*:\s*(?:(\"[^\"]{0,200}\")|(-?\d{1,40}))")
_REFUSED = 400  # statuses from here on answer nothing

LOW, HIGH = 1, 2  # http.client, and what stands on it

_current: Callable[[], Any] = lambda: None  # noqa: E731 the recording of the test that runs now; set by `trace_into`
_within: contextvars.ContextVar[int] = contextvars.ContextVar("shadow_http", default=0)
"""The layer of clients that is at work: what a client asks of one below it is the same request."""


def trace_into(current: Callable[[], Any]) -> None:
    """Set where requests are recorded: what gives the recording of the test that runs now, None between tests."""
    global _current  # noqa: PLW0603 there is one process and one recorder
    _current = current


# ---------------------------------------------------------------------------------------------------------------------------------------------
# What is written of a request
# ---------------------------------------------------------------------------------------------------------------------------------------------


def told(recording: Any, client: str, method: Any, url: str, *, host: str | None = None) -> Dict[str, Any]:
    """What is written of a request, but for its body and status. `host` is given where the URL does not tell it."""
    parts = urlsplit(url)
    path, segments = path_template(parts.path, recording)
    if host is None:
        host = "loopback" if _LOOPBACK.fullmatch(parts.hostname or "") else "other"
    word = str(method).upper()
    record: Dict[str, Any] = {"method": word if _METHOD.fullmatch(word) else "?", "host": host, "path": path, "client": client}
    if segments:
        record["segments"] = segments
    query = _pairs(parse_qsl(parts.query, keep_blank_values=True)[:MOST_LEAVES], recording)
    if query:
        record["query"] = query
    return record


def path_template(path: str, recording: Any) -> Tuple[str, List[Dict[str, Any]]]:
    """A path whose segments that are no words of code are `{}`, and what is written of these."""
    parts: List[str] = []
    segments: List[Dict[str, Any]] = []
    for number, raw in enumerate(path.split("/")):
        if not raw or (number < MOST_SEGMENTS and recording.knows_all(raw)):
            parts.append(raw)
            continue
        parts.append("{}")
        if len(segments) < MOST_SEGMENTS:
            segments.append(recording.values.described(unquote(raw)))
    return "/".join(parts), segments


def _pairs(pairs: Any, recording: Any) -> List[Dict[str, Any]]:
    return [recording.values.described(value, name=_key(key, recording)) for key, value in pairs]


def _key(key: Any, recording: Any) -> str:
    return key if isinstance(key, str) and recording.knows_all(key) else "{}"


def body_leaves(recording: Any, body: Any, media: str = "") -> List[Dict[str, Any]]:  # noqa: PLR0911 one for each kind of body
    """What is written of a body: the leaves of JSON or of a form, with their keys where these are words of code."""
    if isinstance(body, (bytes, bytearray)):
        if len(body) > MOST_BODY:
            recording.cut("body")
            return []
        try:
            body = bytes(body).decode("utf-8")
        except UnicodeDecodeError:
            return []
    if isinstance(body, str):
        if not body:
            return []
        if "form-urlencoded" in media:
            return _pairs(parse_qsl(body, keep_blank_values=True)[:MOST_LEAVES], recording)
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            return []
    if not isinstance(body, (dict, list)):
        return []
    leaves: List[Tuple[str, Any]] = []
    _walk(body, "", recording, leaves, 0)
    if len(leaves) > MOST_LEAVES:
        recording.cut("body", len(leaves) - MOST_LEAVES)
    leaves += [pair for _, value in leaves[:MOST_LEAVES] if isinstance(value, str) and "{" in value for pair in _graph_arguments(value, recording)]
    return [recording.values.described(value, name=name) for name, value in leaves[:MOST_LEAVES]]


def _graph_arguments(query: str, recording: Any) -> List[Tuple[str, Any]]:
    """The values that stand in the text of a GraphQL query: 17 of `{ customer(id: 17) { name } }`, as `customer.id`."""
    found: List[Tuple[str, Any]] = []
    for field, arguments in _GRAPH_FIELD.findall(query[:MOST_BODY])[:MOST_LEAVES]:
        for name, text, number in _GRAPH_ARGUMENT.findall(arguments):
            found.append((_key(f"{field}.{name}", recording), text[1:-1] if text else number))
    return found


def _walk(part: Any, name: str, recording: Any, leaves: List[Tuple[str, Any]], depth: int) -> None:
    if len(leaves) > 10 * MOST_LEAVES or depth > _DEEPEST:
        return
    if isinstance(part, dict):
        for key, value in dict.items(part):
            word = _key(key, recording)
            _walk(value, f"{name}.{word}" if name else word, recording, leaves, depth + 1)
    elif isinstance(part, (list, tuple)):
        for value in part:
            _walk(value, f"{name}[]", recording, leaves, depth + 1)
    else:
        leaves.append((name, part))


class Request:
    """A request under way, where one is to be recorded: between tests, and below another client, none is."""

    def __init__(self, layer: int) -> None:
        recording = _current()
        self.recording = recording if recording is not None and _within.get() <= layer else None
        self._layer = layer
        self._token: Any = None
        self.record: Dict[str, Any] | None = None

    def begin(self, describe: Callable[[Any], Dict[str, Any]]) -> None:
        """Record it; a fault of ours stays ours."""
        if self.recording is not None:
            try:
                self.record = self.recording.request(describe(self.recording))
            except Exception as error:  # noqa: BLE001 the suite must not fail because of its observer
                self.recording.fault("requests", error)

    def end(self, status: Any) -> None:
        """Take in the status of the response."""
        if self.record is not None and type(status) is int:
            self.record["status"] = status

    def answered(self, media: Any, body: Any) -> None:
        """Take in the body of the response, where it is JSON and all of it is there."""
        if self.record is None or self.recording is None or not looks_like_json(media, body):
            return
        if self.record.get("status", _REFUSED) >= _REFUSED or "rows" in self.record:
            return
        try:
            self.record.update(answer_of(self.recording, body))
        except Exception as error:  # noqa: BLE001 the suite must not fail because of its observer
            self.recording.fault("answers", error)

    def __enter__(self) -> Request:  # noqa: PYI034 Self came with Python 3.11
        self._token = _within.set(self._layer)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ValueError):  # another context
            _within.reset(self._token)


def exchange(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Put the traced form of a method in its place, once."""
    plain = owner.__dict__.get(name)
    if plain is None or getattr(plain, _KNOWN, False):
        return
    traced = functools.wraps(plain)(make(plain))
    setattr(traced, _KNOWN, True)
    setattr(owner, name, traced)


# ---------------------------------------------------------------------------------------------------------------------------------------------
# Clients
# ---------------------------------------------------------------------------------------------------------------------------------------------

_STATE = "_shadow_request"


def trace_http_client(module: Any) -> None:  # noqa: C901 five small functions
    """Trace `http.client`, and with it urllib and urllib3: a request from its first line to its response."""

    def putrequest(plain: Any) -> Any:
        def traced(self: Any, method: Any, url: Any, *args: Any, **options: Any) -> Any:
            request = Request(LOW)
            tunnel = str(getattr(self, "_tunnel_host", None) or self.host)
            request.begin(lambda recording: _low(recording, method, str(url), tunnel))
            self.__dict__[_STATE] = request if request.record is not None else None
            return plain(self, method, url, *args, **options)

        return traced

    def putheader(plain: Any) -> Any:
        def traced(self: Any, header: Any, *values: Any) -> Any:
            request = self.__dict__.get(_STATE)
            if request is not None and values:
                name = header.decode("latin-1") if isinstance(header, bytes) else str(header)
                if name.lower() == "content-type":
                    value = values[0]
                    request.media = value.decode("latin-1") if isinstance(value, bytes) else str(value)
            return plain(self, header, *values)

        return traced

    def endheaders(plain: Any) -> Any:
        def traced(self: Any, *args: Any, **options: Any) -> Any:
            result = plain(self, *args, **options)
            request = self.__dict__.get(_STATE)
            body = args[0] if args else options.get("message_body")
            if request is not None and isinstance(body, (bytes, bytearray, str)):
                _with_body(request, body)
            return result

        return traced

    def send(plain: Any) -> Any:
        def traced(self: Any, data: Any, *args: Any, **options: Any) -> Any:
            request = self.__dict__.get(_STATE)
            if request is not None and request.headed and isinstance(data, (bytes, bytearray)) and "body" not in request.record:
                _with_body(request, data)
            if request is not None:
                request.headed = True  # what is sent first is the head
            return plain(self, data, *args, **options)

        return traced

    def getresponse(plain: Any) -> Any:
        def traced(self: Any, *args: Any, **options: Any) -> Any:
            response = plain(self, *args, **options)
            request = self.__dict__.pop(_STATE, None)
            if request is not None:
                request.end(getattr(response, "status", None))
                with contextlib.suppress(AttributeError):
                    response.__dict__[_STATE] = request
            return response

        return traced

    def read(plain: Any) -> Any:
        def traced(self: Any, *args: Any, **options: Any) -> Any:
            body = plain(self, *args, **options)
            request = self.__dict__.pop(_STATE, None)  # what is read piece by piece is left alone
            if request is not None and not options and args in ((), (None,)):
                request.answered(self.headers.get("Content-Type") if self.headers else "", body)
            return body

        return traced

    exchange(module.HTTPResponse, "read", read)
    for name, make in (
        ("putrequest", putrequest),
        ("putheader", putheader),
        ("endheaders", endheaders),
        ("send", send),
        ("getresponse", getresponse),
    ):
        exchange(module.HTTPConnection, name, make)


Request.media = ""  # type: ignore[attr-defined]  # of a request of http.client
Request.headed = False  # type: ignore[attr-defined]


def _low(recording: Any, method: Any, url: str, host: str) -> Dict[str, Any]:
    absolute = url if "://" in url[:12] else f"http://{f'[{host}]' if ':' in host else host}{url}"
    return told(recording, "http.client", method, absolute)


def _with_body(request: Any, body: Any) -> None:
    try:
        leaves = body_leaves(request.recording, body, request.media)
        if leaves:
            request.record["body"] = leaves
    except Exception as error:  # noqa: BLE001 the suite must not fail because of its observer
        request.recording.fault("requests", error)


def trace_requests(module: Any) -> None:
    """Trace `requests`, above its adapters: also what a test answers itself in their place."""

    def send(plain: Any) -> Any:
        def traced(self: Any, prepared: Any, **options: Any) -> Any:
            __tracebackhide__ = True
            request = Request(HIGH)
            request.begin(lambda recording: _full(recording, "requests", prepared.method, prepared.url, prepared.body, prepared.headers))
            with request:
                response = plain(self, prepared, **options)
            history = getattr(response, "history", None)
            request.end(getattr(history[0] if history else response, "status_code", None))
            _take_body(request, response)
            return response

        return traced

    exchange(module.Session, "send", send)


def _take_body(request: Request, response: Any) -> None:
    """The body of a response that was read in one go already."""
    body = getattr(response, "__dict__", {}).get("_content")
    if isinstance(body, bytes) and not getattr(response, "history", None):
        headers: Any = getattr(response, "headers", None)
        request.answered(headers.get("Content-Type", "") if hasattr(headers, "get") else "", body)


def _full(recording: Any, client: str, method: Any, url: Any, body: Any, headers: Any, host: str | None = None) -> Dict[str, Any]:
    record = told(recording, client, method, str(url), host=host)
    media = str(headers.get("Content-Type", "")) if headers is not None and hasattr(headers, "get") else ""
    leaves = body_leaves(recording, body, media) if isinstance(body, (bytes, str)) else []
    if leaves:
        record["body"] = leaves
    return record


def trace_httpx(module: Any) -> None:
    """Trace `httpx`, and with it the test clients of Starlette and FastAPI."""

    def send(plain: Any) -> Any:
        def traced(self: Any, sent: Any, **options: Any) -> Any:
            __tracebackhide__ = True
            request = Request(HIGH)
            request.begin(lambda recording: _httpx(recording, self, sent))
            response = plain(self, sent, **options)
            request.end(_first_status(response))
            _take_body(request, response)
            return response

        return traced

    def send_later(plain: Any) -> Any:
        async def traced(self: Any, sent: Any, **options: Any) -> Any:
            __tracebackhide__ = True
            request = Request(HIGH)
            request.begin(lambda recording: _httpx(recording, self, sent))
            response = await plain(self, sent, **options)
            request.end(_first_status(response))
            _take_body(request, response)
            return response

        return traced

    exchange(module.Client, "send", send)
    exchange(module.AsyncClient, "send", send_later)


def _httpx(recording: Any, client: Any, sent: Any) -> Dict[str, Any]:
    transport = type(client.__dict__.get("_transport")).__name__
    inside = transport in ("ASGITransport", "WSGITransport", "MockTransport", "_TestClientTransport")
    return _full(recording, "httpx", sent.method, sent.url, sent.__dict__.get("_content"), sent.headers, "test_client" if inside else None)


def _first_status(response: Any) -> Any:
    history = getattr(response, "history", None)
    return getattr(history[0] if history else response, "status_code", None)


def trace_aiohttp(module: Any) -> None:
    """Trace the client of `aiohttp`."""

    def request_later(plain: Any) -> Any:
        async def traced(self: Any, method: Any, url: Any, **options: Any) -> Any:
            __tracebackhide__ = True
            request = Request(HIGH)
            request.begin(lambda recording: _aiohttp(recording, self, method, url, options))
            response = await plain(self, method, url, **options)
            history = getattr(response, "history", None)
            request.end(getattr(history[0] if history else response, "status", None))
            if not history:
                with contextlib.suppress(AttributeError):
                    response.__dict__[_STATE] = request
            return response

        return traced

    def read_later(plain: Any) -> Any:
        async def traced(self: Any) -> Any:
            body = await plain(self)
            request = getattr(self, "__dict__", {}).pop(_STATE, None)
            if request is not None:
                request.answered(self.headers.get("Content-Type", ""), body)
            return body

        return traced

    exchange(module.ClientSession, "_request", request_later)
    exchange(module.ClientResponse, "read", read_later)


def _aiohttp(recording: Any, session: Any, method: Any, url: Any, options: Dict[str, Any]) -> Dict[str, Any]:
    base = getattr(session, "_base_url", None)
    text = str(url)
    record = told(recording, "aiohttp", method, text if "://" in text[:12] or base is None else str(base).rstrip("/") + "/" + text.lstrip("/"))
    parameters = options.get("params")
    pairs = list(dict.items(parameters)) if isinstance(parameters, dict) else parameters if isinstance(parameters, (list, tuple)) else []
    if pairs:
        record["query"] = record.get("query", []) + _pairs([pair for pair in pairs if len(pair) == 2][:MOST_LEAVES], recording)
    body = options.get("json") if options.get("json") is not None else options.get("data")
    leaves = (
        body_leaves(recording, body, "form-urlencoded" if options.get("json") is None else "") if isinstance(body, (dict, list, str, bytes)) else []
    )
    if leaves:
        record["body"] = leaves
    return record


def trace_werkzeug(module: Any) -> None:
    """Trace the test client of werkzeug, and with it Flask's."""

    def run(plain: Any) -> Any:
        def traced(self: Any, environ: Any, *args: Any, **options: Any) -> Any:
            __tracebackhide__ = True
            request = Request(HIGH)
            request.begin(lambda recording: _environ(recording, "werkzeug", environ))
            result = plain(self, environ, *args, **options)
            _observe_status(request, result)
            self.__dict__[_STATE] = request
            return result

        return traced

    def opened(plain: Any) -> Any:
        def traced(self: Any, *args: Any, **options: Any) -> Any:
            __tracebackhide__ = True
            response = plain(self, *args, **options)
            request = self.__dict__.pop(_STATE, None)
            if request is not None and not getattr(response, "history", None):
                with contextlib.suppress(AttributeError):
                    response.__dict__[_STATE] = request
            return response

        return traced

    def get_data(plain: Any) -> Any:
        def traced(self: Any, *args: Any, **options: Any) -> Any:
            data = plain(self, *args, **options)
            request = self.__dict__.pop(_STATE, None)
            if request is not None:
                request.answered(self.headers.get("Content-Type", ""), data.encode() if isinstance(data, str) else data)
            return data

        return traced

    exchange(module.Client, "run_wsgi_app", run)
    exchange(module.Client, "open", opened)
    exchange(module.Response, "get_data", get_data)


def _observe_status(request: Request, result: Any) -> None:
    if isinstance(result, tuple) and len(result) > 1:
        with contextlib.suppress(ValueError):
            request.end(int(str(result[1]).split()[0]))


def trace_django(module: Any) -> None:
    """Trace the test client of Django."""

    def send(plain: Any) -> Any:
        def traced(self: Any, **sent: Any) -> Any:
            __tracebackhide__ = True
            request = Request(HIGH)
            request.begin(lambda recording: _environ(recording, "django", sent))
            response = plain(self, **sent)
            request.end(getattr(response, "status_code", None))
            _take_content(request, response)
            return response

        return traced

    def send_later(plain: Any) -> Any:
        async def traced(self: Any, **sent: Any) -> Any:
            __tracebackhide__ = True
            request = Request(HIGH)
            request.begin(lambda recording: _environ(recording, "django", sent))
            response = await plain(self, **sent)
            request.end(getattr(response, "status_code", None))
            _take_content(request, response)
            return response

        return traced

    exchange(module.Client, "request", send)
    if hasattr(module, "AsyncClient"):
        exchange(module.AsyncClient, "request", send_later)


def _take_content(request: Request, response: Any) -> None:
    """The body of a response of Django that is no stream."""
    if getattr(response, "streaming", True) is False:
        request.answered(response.headers.get("Content-Type", ""), response.content)


def _environ(recording: Any, client: str, environ: Any) -> Dict[str, Any]:
    """A request as WSGI or ASGI has it."""
    path = str(environ.get("PATH_INFO") or environ.get("path") or "/")
    query = environ.get("QUERY_STRING") or environ.get("query_string") or ""
    query = query.decode("latin-1") if isinstance(query, bytes) else str(query)
    method = environ.get("REQUEST_METHOD") or environ.get("method") or "GET"
    record = told(recording, client, method, f"http://testserver{path}" + (f"?{query}" if query else ""), host="test_client")
    held = environ.get("wsgi.input") or environ.get("_body_file")
    for name in ("_FakePayload__content", "raw"):
        held = getattr(held, "__dict__", {}).get(name, held)
    content = held.getvalue() if hasattr(held, "getvalue") else None
    leaves = body_leaves(recording, content, str(environ.get("CONTENT_TYPE", ""))) if isinstance(content, bytes) else []
    if leaves:
        record["body"] = leaves
    return record

"""Serves the dashboard on a socket of this machine until it is interrupted."""

from __future__ import annotations

import errno
import socket
import sys
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import uvicorn

from dashboard.app import create_app
from dashboard.security import LOOPBACK_NAMES, AllowedHosts
from harness.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.ports import Store

HOST: Final = "127.0.0.1"
PORT: Final = 8765

_GRACE = 2  # seconds that open answers get when the dashboard ends


def serve(
    store: Store,
    *,
    host: str = HOST,
    port: int = PORT,
    title: str = "Shadow Harness",
    allow: Sequence[str] = (),
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the dashboard until SIGINT or SIGTERM; blocks.

    `port` 0 takes a free one; `allow` are further host names to answer to; `on_ready` gets the address once requests are accepted. The address, and
    a warning where others can reach it, are printed on stderr. Raises UsageError where host or port cannot be had.
    """
    with listen(host, port) as listener:
        url = url_of(listener, host)
        if not is_loopback(host):
            _say(f"warning: the dashboard can be reached from outside this machine ({host}), and its pages have no login")
        _say(f"Dashboard: {url} (Ctrl+C ends it)")
        app = create_app(store, title=title, hosts=hosts_of(host, allow))
        # Addresses of requests hold test ids: they are not logged.
        config = uvicorn.Config(
            app, access_log=False, log_level="warning", server_header=False, proxy_headers=False, timeout_graceful_shutdown=_GRACE
        )
        if on_ready:
            on_ready(url)
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """A socket that accepts connections. Raises UsageError."""
    where = f"{host}:{port}"
    if not 0 <= port <= 65_535:
        raise UsageError("a port that does not exist", where=where, expected="0 to 65535", hint="choose another --port")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family)
    except socket.gaierror as error:
        raise UsageError("a host that cannot be resolved", where=where, hint="choose a --host of this machine, such as 127.0.0.1") from error
    except OSError as error:
        raise _refused(where, error) from error


def url_of(listener: socket.socket, host: str) -> str:
    """The address to open in a browser on this machine."""
    name = "127.0.0.1" if host in ("0.0.0.0", "") else "[::1]" if host == "::" else f"[{host}]" if ":" in host else host  # noqa: S104 - compared only
    return f"http://{name}:{listener.getsockname()[1]}/"


def is_loopback(host: str) -> bool:
    """Whether a host can be reached from this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK_NAMES


def hosts_of(host: str, allow: Sequence[str]) -> AllowedHosts:
    """The names to answer to: the loopback's; beyond it also any address, this machine's name and the host given."""
    names = LOOPBACK_NAMES | {name.lower() for name in allow}
    if is_loopback(host):
        return AllowedHosts(names=names)
    return AllowedHosts(names=names | {host.lower(), socket.gethostname().lower()}, any_address=True)


def _refused(where: str, error: OSError) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        return UsageError("the port is in use, perhaps by another dashboard", where=where, hint="end the other program, or choose another --port")
    if error.errno == errno.EACCES:
        return UsageError("this port needs more rights", where=where, expected="a port from 1024 on", hint="choose another --port")
    if error.errno == errno.EADDRNOTAVAIL:
        return UsageError("the host is no address of this machine", where=where, hint="choose a --host of this machine, such as 127.0.0.1")
    return UsageError(f"the dashboard cannot listen here: {error.strerror}", where=where, hint="choose another --host or --port")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()

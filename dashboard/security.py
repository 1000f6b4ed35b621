"""What every answer carries and every request must satisfy: no page runs foreign code, is framed, or answers to a foreign name."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from dashboard.faults import Faults

LOOPBACK_NAMES: Final = frozenset({"localhost"})

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedHosts:
    """The names under which the dashboard answers, against DNS rebinding.

    Addresses of the loopback always do; any other address only where `any_address` says so, which is safe, since rebinding needs a name.
    """

    names: frozenset[str] = LOOPBACK_NAMES
    any_address: bool = False

    def allow(self, host: str | None) -> bool:
        """Whether a request with this `Host` header is answered."""
        try:
            name = urlsplit(f"//{host or ''}").hostname or ""
        except ValueError:
            return False
        if name in self.names or "*" in self.names:
            return True
        try:
            address = ip_address(name)
        except ValueError:
            return False
        return self.any_address or address.is_loopback


class Shield:
    """ASGI middleware: GET and HEAD only, known hosts only, and the headers above on everything that goes out."""

    def __init__(self, app: ASGIApp, *, hosts: AllowedHosts, faults: Faults) -> None:
        self._app = app
        self._hosts = hosts
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is allowed, answer the rest with a page that says why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                # Pages change with every run; the style sheet is asked for again too, so that an upgrade shows at once.
                headers["Cache-Control"] = "no-cache" if scope["path"].startswith("/static/") else "no-store"
            await send(message)

        if not self._hosts.allow(Headers(scope=scope).get("host")):
            await self._faults.foreign_host()(scope, receive, send_with_headers)
        elif scope["method"] not in ("GET", "HEAD"):
            await self._faults.method_not_allowed()(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)

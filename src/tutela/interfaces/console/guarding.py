"""What protects every page of the console before any route is asked: host, origin, headers."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Message, Receive, Scope, Send

from tutela.interfaces.console import errors
from tutela.interfaces.console.shell import site_of
from tutela.interfaces.console.texts import gettext as _

OURS = re.compile(r"/|/console(/.*)?|/welcome/.*", re.DOTALL)
LOOPBACK = frozenset({"127.0.0.1", "[::1]"})
"""Names of this machine that are no domain, which passkeys need."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

CSP = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    b" font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none';"
    b" object-src 'none'"
)
HEADERS = (
    (b"content-security-policy", CSP),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    # with no-referrer, browsers would send forms with "Origin: null"
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"accelerometer=(), camera=(), display-capture=(), geolocation=(),"
                            b" microphone=(), midi=(), payment=(), usb=(),"
                            b" publickey-credentials-get=(self)"),
    (b"cache-control", b"no-store"),
)  # fmt: skip
"""Unless the response has its own."""


class Guard:
    """Lets through what comes to the console's own host and from its own pages."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not OURS.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
            return

        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                given = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(header for header in HEADERS if header[0] not in given),
                ]
            await send(message)

        request = Request(scope, receive)
        try:
            answer = self._refusal(request)
            if answer is None:
                await self.app(scope, receive, sending)
                return
        except Exception as error:  # what no handler took
            if begun:
                raise
            answer = errors.page(request, error)
        await answer(scope, receive, sending)

    def _refusal(self, request: Request) -> Response | None:
        """The answer to what may not come in; None if it may."""
        own = site_of(request)
        if not own.is_secure:
            return errors.told(
                request, 421, _("The console needs https."),
                _("Whoever runs the service sets console.origin to an address that begins with"
                  " https, behind a proxy that speaks TLS."),
            )  # fmt: skip
        host = request.headers.get("host", "")
        if host.lower() != urlsplit(own.origin).netloc:
            name = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
            if request.method in SAFE and name in LOOPBACK and own.host == "localhost":
                query = f"?{request.url.query}" if request.url.query else ""
                return RedirectResponse(f"{own.origin}{request.url.path}{query}", 307)
            return errors.told(
                request, 421, _("The console is not at this address."),
                _("Open %(own)s. Whoever runs the service can change that with the setting"
                  " console.origin.") % {"own": own.origin},
            )  # fmt: skip
        if request.method not in SAFE and not _from_own_page(request.headers, own.origin):
            return errors.told(
                request,
                403,
                _("This did not come from a page of the console."),
                _("Nothing was changed. Open the console itself and try there."),
            )
        return None


def _from_own_page(headers: Headers, own: str) -> bool:
    """Whether a browser says so. One that says nothing is none that we know."""
    given = headers.get("origin")
    if given is not None:
        return given.lower() == own
    return headers.get("sec-fetch-site") == "same-origin"

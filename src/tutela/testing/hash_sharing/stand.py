"""What the servers have in common: how they listen, admit, and misbehave on demand."""

from __future__ import annotations

import base64
import hmac
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tutela.errors import TutelaError

USER, PASSWORD = "bicycle", "rain"
LARGEST = 16 << 20
"""Bytes of a request."""

RETRY = 1
"""Seconds after which who is sent away may ask again."""

SLOW = 60.0
"""Seconds that a slow reply is late."""

INSTEAD = {
    "unavailable": "status 503 with `Retry-After`",
    "too-many": "status 429 with `Retry-After`",
    "revoked": "status 401, from this request on",
    "reset": "the connection ends without a reply; what was asked for is done",
    "slow": "the reply comes 60 seconds later",
    "truncated": "the reply ends in its middle",
    "empty": "status 200 and nothing else",
}
"""Misbehaviours that every server knows, and what happens."""


class UnknownMisbehaviour(TutelaError):
    """There is no misbehaviour of this name, or no such rate."""

    exit_code = 2


def system_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = b""

    def basic(self, user: str, password: str) -> bool:
        """Whether it is signed in with these."""
        kind, _, given = self.headers.get("authorization", "").partition(" ")
        wanted = base64.b64encode(f"{user}:{password}".encode())
        return kind.lower() == "basic" and hmac.compare_digest(given.strip().encode(), wanted)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes = b""
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Stand:
    """Listens from when its block begins until it ends; `reply` answers without that.

    `faults`: how likely each misbehaviour is, drawn with `seed`; `each`: that every so many
    requests meet one. Raises `UnknownMisbehaviour`, and `TutelaError` where it cannot listen.
    """

    TITLE = ""
    PREFIX = ""
    MISBEHAVIOURS: Mapping[str, str] = INSTEAD

    def __init__(
        self, *, clock: Callable[[], datetime] = system_clock,
        faults: Mapping[str, float] | None = None, each: Mapping[str, int] | None = None,
        seed: int = 0, host: str = "127.0.0.1", port: int = 0, slow: float = SLOW,
    ) -> None:  # fmt: skip
        self.clock, self.slow = clock, slow
        self.calls: list[tuple[str, str, int]] = []
        """Method, path with query and status of each request; 0: it was left without a reply."""
        self.lock = threading.RLock()
        self.random = random.Random(seed)  # noqa: S311 - to be repeated, no secret
        self.revoked = False
        self.closed = threading.Event()
        self._faults, self._each = dict(faults or {}), dict(each or {})
        for name in (*self._faults, *self._each):
            self._require(name)
        if not all(0 <= rate <= 1 for rate in self._faults.values()):
            raise UnknownMisbehaviour("A rate is from 0 to 1.", "For example: unavailable=0.1")
        self._demanded: dict[str, list[int]] = {}
        self._met: Counter[str] = Counter()
        self._listener: _Listener | None = None
        self._host, self._port = host, port

    @property
    def url(self) -> str:
        """The base of all its addresses, as a client is configured with."""
        name = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{name}:{self._port}{self.PREFIX}"

    def __enter__(self) -> Self:
        try:
            self._listener = _Listener(self, self._host, self._port)
        except OSError as error:
            raise TutelaError(
                f"{self._host} port {self._port} cannot be listened on: {error.strerror}.",
                "Choose another port, or stop what has it.",
            ) from None
        self._port = self._listener.server_address[1]
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        if self._listener is not None:
            self._listener.shutdown()
            self._listener.server_close()

    def misbehave(self, name: str, times: int = 1, after: int = 0) -> None:
        """Have the next `times` requests that can meet a misbehaviour do so, but for the first
        `after` of them. Raises `UnknownMisbehaviour`."""
        self._require(name)
        with self.lock:
            self._demanded[name] = [times, after]

    def behave(self) -> None:
        """No misbehaviour from now on; who was revoked is admitted again."""
        with self.lock:
            self._demanded, self._faults, self._each, self.revoked = {}, {}, {}, False

    def meets(self, name: str) -> bool:
        """Whether a request meets a misbehaviour that it can meet."""
        with self.lock:
            times, after = self._demanded.get(name, (0, 0))
            if after:
                self._demanded[name] = [times, after - 1]
            elif times:
                self._demanded[name] = [times - 1, 0]
                return True
            self._met[name] += 1
            each = self._each.get(name, 0)
            return bool(each and self._met[name] % each == 0) or (
                self.random.random() < self._faults.get(name, 0)
            )

    def answer(self, request: Request) -> Reply:
        """The reply, within the lock."""
        raise NotImplementedError

    def admits(self, request: Request) -> bool:
        """Whether who asks may."""
        raise NotImplementedError

    def refusal(self, status: int) -> Reply:
        """How it says no."""
        return Reply(status)

    def reply(self, request: Request) -> Reply | None:
        """What is sent; None: the connection ends."""
        for name, status in (("unavailable", 503), ("too-many", 429)):
            if self.meets(name):
                found = self.refusal(status)
                return Reply(status, found.body, found.kind, {"Retry-After": str(RETRY)})
        self.revoked = self.revoked or self.meets("revoked")
        if self.revoked or not self.admits(request):
            return self.refusal(401)
        with self.lock:
            found = self.answer(request)
        if self.meets("reset"):
            return None
        if self.meets("slow"):
            self.closed.wait(self.slow)
        if self.meets("empty"):
            return Reply(200, b"", found.kind)
        if self.meets("truncated"):
            return Reply(found.status, found.body[: len(found.body) // 2], found.kind)
        return found

    def _require(self, name: str) -> None:
        if name not in self.MISBEHAVIOURS:
            raise UnknownMisbehaviour(
                f"There is no misbehaviour {name!r}.",
                f"There are: {', '.join(sorted(self.MISBEHAVIOURS))}.",
            )


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, owner: Stand, host: str, port: int) -> None:
        self.owner = owner
        super().__init__((host, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no fault of ours; nor is the end of the server."""


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing: tests read `Stand.calls`."""

    def do_GET(self) -> None:
        owner, parts = self.server.owner, urlsplit(self.path)
        length = self.headers.get("Content-Length", "0")
        size = int(length) if length.isascii() and length.isdigit() else 0
        if size > LARGEST:
            self.close_connection = True
            self._send(Reply(413))
            return
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, query, headers, self.rfile.read(size))
        reply = owner.reply(request)
        owner.calls.append((self.command, self.path, reply.status if reply else 0))
        if reply is None:
            self.close_connection = True
            return
        with suppress(ConnectionError):
            self._send(reply)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

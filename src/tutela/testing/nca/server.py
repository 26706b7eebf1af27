"""The stand-in as tests hold it, and how it speaks HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO, Self, cast

from tutela.errors import TutelaError
from tutela.testing.cybertipline.bodies import Body
from tutela.testing.cybertipline.codes import Refused
from tutela.testing.nca import rules

USER, PASSWORD = "bicycle", "rain"
LARGEST = 5 * 10**9
LONGEST = 16 << 20
"""Bytes of a report's document."""

REFERENCE = re.compile(r"[A-Za-z0-9_-]{8,64}")
RETRY = 30
"""Seconds after which who meets an outage may ask again."""


def system_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Filed:
    """A report, for good. `files`: names and sizes."""

    urn: str
    reference: str
    received_at: datetime
    document: dict[str, Any]
    digest: str
    files: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    said: dict[str, str]


class Server:
    """Listens until the block ends; what it has, it forgets then. `down` is an outage; `lose` how
    many of the next replies are not given after what was asked for was done. `largest`: bytes of a
    file. Raises `TutelaError`."""

    def __init__(
        self, *, clock: Callable[[], datetime] = system_clock, user: str = USER,
        password: str = PASSWORD, host: str = "127.0.0.1", port: int = 0,
        largest: int = LARGEST, down: bool = False,
    ) -> None:  # fmt: skip
        self.clock, self.largest, self.down, self.lose = clock, largest, down, 0
        self.reports: list[Filed] = []
        self.calls: list[tuple[str, str, int]] = []
        """Method, path and status of each request that was answered, or lost."""
        self._files: dict[str, dict[str, tuple[str, int]]] = {}
        self._basic = base64.b64encode(f"{user}:{password}".encode())
        self._lock = threading.Lock()
        try:
            self._listener = _Listener(self, host, port)
        except OSError as error:
            raise TutelaError(
                f"{host} port {port} cannot be listened on: {error.strerror}.",
                "Choose another port, or stop what has it.",
            ) from None
        self._name = f"[{host}]" if ":" in host else host

    @property
    def url(self) -> str:
        return f"http://{self._name}:{self._listener.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown()
        self._listener.server_close()

    def admits(self, authorization: str) -> bool:
        kind, _, given = authorization.partition(" ")
        return kind.lower() == "basic" and hmac.compare_digest(
            given.strip().encode("utf-8", "replace"), self._basic
        )

    def loses(self) -> bool:
        with self._lock:
            lost = self.lose > 0
            self.lose -= lost
            return lost

    def upload(self, body: Body) -> _Reply:
        form = body.form()
        got, reference = form.file, form.fields.get("reference", "")
        if got is None or not REFERENCE.fullmatch(reference):
            return _refused("not-a-form")
        if got.name.strip().rstrip(". ").lower().endswith(".exe") or got.head == b"MZ":
            return _refused("program")
        if got.size > self.largest:
            return _Reply(413, {"code": "too-large"})
        name = hashlib.sha256(f"{form.fields.get('evidence')} {got.sha256}".encode()).hexdigest()
        with self._lock:
            self._files.setdefault(reference, {})[name[:32]] = (got.name, got.size)
        return _Reply(201, {"file": name[:32]})

    def submit(self, data: bytes) -> _Reply:
        """File a report. The same reference again gives what it gave: with another report, it is
        refused, since what was submitted does not change."""
        try:
            document = json.loads(data)
            reference, files = document["reference"], document["files"]
            known = bool(REFERENCE.fullmatch(reference)) and isinstance(files, list)
        except (ValueError, KeyError, TypeError, RecursionError):
            known = False
        if not known:
            return _refused("not-a-report")
        digest = hashlib.sha256(data).hexdigest()
        with self._lock:
            for one in self.reports:
                if one.reference == reference:
                    same = one.digest == digest
                    return _given(one, 200) if same else _Reply(409, {"code": "immutable"})
            now, there = self.clock(), self._files.get(reference, {})
            if not all(isinstance(file, str) and file in there for file in files):
                return _refused("file-unknown")
            if code := rules.broken(document, {one.urn for one in self.reports}, now):
                return _refused(code)
            filed = Filed(
                f"STAND-IN-{len(self.reports) + 1:06d}", reference, now, document, digest,
                tuple(there[file] for file in files),
            )  # fmt: skip
            self.reports.append(filed)
        return _given(filed, 201)

    def status(self, reference: str) -> _Reply:
        with self._lock:
            found = [one for one in self.reports if one.reference == reference]
        return _given(found[0], 200) if found else _Reply(404, {"code": "no-such-report"})


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, owner: Server, host: str, port: int) -> None:
        self.owner = owner
        super().__init__((host, port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing: tests read `Server.calls`."""

    def do_GET(self) -> None:
        owner = self.server.owner
        body = Body(cast(BinaryIO, self.rfile), self.headers)
        if owner.down:
            reply = _Reply(503, {"code": "down"})
        elif not owner.admits(self.headers.get("Authorization", "")):
            reply = _Reply(401, {"code": "unauthorized"})
        else:
            reply = self._done(owner, body)
        body.drain()
        owner.calls.append((self.command, self.path, reply.status))
        if reply.status in (200, 201) and owner.loses():
            self.close_connection = True
            return
        data = json.dumps(reply.said).encode()
        self.send_response(reply.status)
        if owner.down:
            self.send_header("Retry-After", str(RETRY))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def _done(self, owner: Server, body: Body) -> _Reply:
        base, _, reference = self.path.lstrip("/").partition("/")
        try:
            if self.path == "/files" and self.command == "POST":
                return owner.upload(body)
            if self.path == "/reports" and self.command == "POST":
                return owner.submit(_whole(body))
        except Refused:
            return _refused("not-a-form")
        if base == "reports" and reference:
            if self.command == "GET":
                return owner.status(reference)
            return _Reply(405, {"code": "immutable"})
        return _Reply(404, {"code": "no-such-request"})


def _whole(body: Body) -> bytes:
    found = bytearray()
    for piece in body:
        found += piece
        if len(found) > LONGEST:
            return b""
    return bytes(found)


def _given(one: Filed, status: int) -> _Reply:
    return _Reply(status, {"urn": one.urn, "received_at": one.received_at.isoformat()})


def _refused(code: str) -> _Reply:
    return _Reply(422, {"code": code})

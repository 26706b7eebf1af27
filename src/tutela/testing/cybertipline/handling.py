"""Speaks HTTP for the server: routes, credentials, and the ways to break a connection."""

from __future__ import annotations

import json
import os
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import urlsplit
from uuid import uuid4

from tutela.testing.cybertipline import replies
from tutela.testing.cybertipline.bodies import Body
from tutela.testing.cybertipline.codes import Code, Refused
from tutela.testing.cybertipline.operations import OPERATIONS, carried_out
from tutela.testing.cybertipline.replies import Reply

if TYPE_CHECKING:
    from tutela.testing.cybertipline.server import Server

BASE = "/ispws"
INSPECTION = "/_reports"
"""Not part of the contract: what the server has, as JSON, where that was asked for."""

PAUSES = 100
"""Pieces over which a slow upload spreads its slowness."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was answered, or cut off. Sizes are bytes of the body; `sent` of an endless
    reply is that of its head. `status` 0: the connection was reset. `code` is what the reply's XML
    said, if it said one; `misbehaviour` what the request met, empty for none."""

    at: datetime
    method: str
    path: str
    received: int
    status: int
    code: int | None
    sent: int
    request_id: str
    misbehaviour: str = ""


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, owner: Server, host: str, port: int) -> None:
        self.owner = owner
        self.lines: set[socket.socket] = set()
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    def hang_up(self) -> None:
        """End the connections that clients keep open."""
        for line in list(self.lines):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no fault of ours; nor is the end of the server."""
        if not self.owner.closed.is_set():
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Listener
    protocol_version = "HTTP/1.1"
    _request_id = ""

    def setup(self) -> None:
        super().setup()
        self.server.lines.add(self.connection)

    def finish(self) -> None:
        self.server.lines.discard(self.connection)
        super().finish()

    def log_message(self, *_: object) -> None:
        """Nothing: tests read `Server.requests`."""

    def send_response(self, code: int, message: str | None = None) -> None:
        super().send_response(code, message)
        self.send_header("Request-ID", self._request_id or uuid4().hex)

    def handle_one_request(self) -> None:
        self._request_id = ""
        try:
            super().handle_one_request()
        except ConnectionError:  # who asked hung up
            self.close_connection = True

    def do_GET(self) -> None:
        owner, path = self.server.owner, urlsplit(self.path).path
        body = Body(cast(BinaryIO, self.rfile), self.headers)
        if path == INSPECTION and owner.inspect:
            self._inspect(body)
            return
        base, _, operation = path.rpartition("/")
        if base != BASE:
            self._reply(body, Reply(status=HTTPStatus.NOT_FOUND), "")
        elif operation not in OPERATIONS:
            found = replies.response(Code.NOT_FOUND, Code.NOT_FOUND.description)
            self._reply(body, found, "")
        elif OPERATIONS[operation] != self.command:
            allowed = (("Allow", OPERATIONS[operation]),)
            self._reply(body, Reply(status=HTTPStatus.METHOD_NOT_ALLOWED, headers=allowed), "")
        else:
            self._carry_out(operation, path, body)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def _carry_out(self, operation: str, path: str, body: Body) -> None:
        owner = self.server.owner
        met = owner.plan.chosen(operation, after=False)
        if met == "reset-before-reading":
            self._reset(body, met)
        elif met not in ("", "slow-upload", "schema-changed"):
            self._reply(body, replies.instead(met, path), met)
        elif not owner.admits(self.headers.get("Authorization", "")):
            self._reply(body, replies.unauthorized(), met)
        else:
            if met == "schema-changed":
                owner.change_schema()
            elif met == "slow-upload":
                pauses = iter(range(PAUSES))
                body.pause = lambda: (
                    next(pauses, None) is not None and owner.closed.wait(owner.slow / PAUSES)
                )
            try:
                reply = carried_out(owner, operation, body, self.client_address[0])
            except Refused as refused:
                reply = replies.response(refused.code, refused.description)
            except ConnectionError:
                self._note(body, met, 0, None, 0)
                raise
            after = owner.plan.chosen(operation, after=True) if reply.done else ""
            self._answer(body, reply, after or met)

    def _answer(self, body: Body, reply: Reply, met: str) -> None:
        """A reply to what was done, as far as it was."""
        if met.startswith("reset-after-"):
            self._reset(body, met)
            return
        if met == "slow-reply":
            self.server.owner.closed.wait(self.server.owner.slow)
        self._reply(body, replies.spoiled(met, reply) if reply.done else reply, met)

    def _reply(self, body: Body, reply: Reply, met: str) -> None:
        body.drain()
        again = met == "duplicate-request-id"
        self._request_id = self.server.owner.request_id(again=again)
        self._note(body, met, reply.status, reply.code, len(reply.body))
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.body:
            self.send_header("Content-Type", "text/xml;charset=UTF-8")
        if reply.more:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)
        if reply.more:
            for piece in replies.endlessly():
                if self.server.owner.closed.is_set():
                    return
                self.wfile.write(piece)

    def _reset(self, body: Body, met: str) -> None:
        """End the connection as a machine does that falls over: at once, with a reset."""
        self._note(body, met, 0, None, 0)
        self.close_connection = True
        self.server.lines.discard(self.connection)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def _note(self, body: Body, met: str, status: int, code: int | None, sent: int) -> None:
        owner = self.server.owner
        path = urlsplit(self.path).path
        owner.note(
            Request(
                owner.clock(), self.command, path, body.size, int(status), code, sent,
                self._request_id if status else "", met,
            )
        )  # fmt: skip

    def _inspect(self, body: Body) -> None:
        owner = self.server.owner
        body.drain()
        admitted = owner.admits(self.headers.get("Authorization", ""))
        found = json.dumps(owner.record()).encode() if admitted else b""
        self._request_id = uuid4().hex
        self.send_response(HTTPStatus.OK if admitted else HTTPStatus.UNAUTHORIZED)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(found)))
        self.end_headers()
        self.wfile.write(found)

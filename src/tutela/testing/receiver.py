"""A server that behaves as badly as the internet does: real sockets, one thread for each caller.

What is asked for decides how it behaves (`BEHAVIOURS`); `Receiver.behaviour` overrides that, for
callers whose path is fixed. It keeps what it was sent.
"""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

TRUTH = b"The bicycle stands in the rain." * 64
"""What a good answer holds."""

ENDLESS = 10 * 1024**3
"""Bytes that `/endless` announces, and sends for as long as someone takes them."""

PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Line:
    """One connection, and what a behaviour needs of it."""

    def __init__(self, line: socket.socket, request: Request, receiver: Receiver) -> None:
        self.socket, self.request, self.receiver = line, request, receiver

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.socket.sendall(part)
            self.receiver.sent += len(part)

    def answer(self, status: int, body: bytes = b"", *headers: str) -> None:
        lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body)}", *headers, "", ""]
        self.send("\r\n".join(lines).encode(), body)

    def pause(self, seconds: float = 3600) -> bool:
        """Wait; says whether the receiver was closed meanwhile."""
        return self.receiver.closed.wait(seconds)


class Receiver:
    """Listens on a free port of the loopback address until the block ends."""

    def __init__(self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self._tls = tls
        self._listener = socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
        self.port: int = self._listener.getsockname()[1]
        self.scheme = "https" if tls else "http"
        self.host = f"[{host}]" if ":" in host else host
        self.behaviour = ""
        self.received: list[Request] = []
        self.connections = 0
        self.sent = 0
        self.closed = threading.Event()
        self._lines: set[socket.socket] = set()

    def url(self, path: str = "/ok", host: str = "") -> str:
        return f"{self.scheme}://{host or self.host}:{self.port}{path}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        for line in [self._listener, *self._lines]:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def _listen(self) -> None:
        with suppress(OSError):  # it was closed
            while True:
                line, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        self._lines.add(line)
        with suppress(OSError, ValueError):  # the caller hung up, or spoke nonsense
            if self.behaviour == "/no-handshake":
                self.closed.wait()
            if self._tls is not None:
                line = self._tls.wrap_socket(line, server_side=True)
                self._lines.add(line)
            request = _read(line)
            self.received.append(request)
            path = self.behaviour or request.path
            behave = BEHAVIOURS.get(path.partition("?")[0].partition("=")[0], _not_found)
            behave(Line(line, request, self))
        with suppress(OSError):
            line.close()


def _read(line: socket.socket) -> Request:
    """The request. Raises ValueError, OSError."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = line.recv(PIECE)
        if not part:
            raise ValueError("it hung up")
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (h.partition(":") for h in rest)}
    while len(body) < int(headers.get("content-length", "0")):
        part = line.recv(PIECE)
        if not part:
            raise ValueError("it hung up")
        body += part
    return Request(method, path, headers, body)


def _not_found(line: Line) -> None:
    line.answer(404)


def _ok(line: Line) -> None:
    line.answer(200, TRUTH)


def _status(line: Line) -> None:
    """`/status=503`"""
    line.answer(int((line.receiver.behaviour or line.request.path).partition("=")[2]))


def _redirect(line: Line) -> None:
    """`/redirect=URL`"""
    to = (line.receiver.behaviour or line.request.path).partition("=")[2]
    line.answer(302, b"elsewhere", f"Location: {to}")


def _loop(line: Line) -> None:
    line.answer(302, b"", "Location: /loop")


def _hang(line: Line) -> None:
    line.pause()


def _trickle(line: Line) -> None:
    """A whole answer, a byte every so often: never so late that one read would time out."""
    line.send(b"HTTP/1.1 200 -\r\nContent-Length: 100000\r\n\r\n")
    while not line.pause(0.05):
        line.send(b"x")


def _trickle_endlessly(line: Line) -> None:
    """The same without a length: cut off, it looks as if it had ended."""
    line.send(b"HTTP/1.1 200 -\r\n\r\n")
    while not line.pause(0.05):
        line.send(b"x")


def _slow_headers(line: Line) -> None:
    line.send(b"HTTP/1.1 200 -\r\n")
    while not line.pause(0.05):
        line.send(b"X")


def _cut_headers(line: Line) -> None:
    line.send(b"HTTP/1.1 200 -\r\nX: rain\r\n")


def _many_headers(line: Line) -> None:
    line.send(b"HTTP/1.1 200 -\r\n")
    for number in range(1_000_000):
        line.send(b"X-%d: rain\r\n" % number)


def _long_header(line: Line) -> None:
    line.send(b"HTTP/1.1 200 -\r\nX: ")
    while not line.receiver.closed.is_set():
        line.send(b"x" * PIECE)


def _continue(line: Line) -> None:
    while not line.receiver.closed.is_set():
        line.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def _endless(line: Line) -> None:
    line.send(b"HTTP/1.1 200 -\r\nContent-Length: %d\r\n\r\n" % ENDLESS)
    _pour(line, b"x" * PIECE)


def _endless_unannounced(line: Line) -> None:
    line.send(b"HTTP/1.1 200 -\r\n\r\n")
    _pour(line, b"x" * PIECE)


def _endless_chunks(line: Line) -> None:
    line.send(b"HTTP/1.1 200 -\r\nTransfer-Encoding: chunked\r\n\r\n")
    _pour(line, b"10000\r\n" + b"x" * PIECE + b"\r\n")


def _endless_chunk_size(line: Line) -> None:
    line.send(b"HTTP/1.1 200 -\r\nTransfer-Encoding: chunked\r\n\r\n")
    _pour(line, b"0" * PIECE)


def _pour(line: Line, part: bytes) -> None:
    for _ in range(ENDLESS // len(part)):
        if line.receiver.closed.is_set():
            return
        line.send(part)


def _chunks(line: Line) -> None:
    half = len(TRUTH) // 2
    line.send(
        b"HTTP/1.1 200 -\r\nTransfer-Encoding: chunked\r\n\r\n",
        *(b"%x\r\n%s\r\n" % (len(part), part) for part in (TRUTH[:half], TRUTH[half:])),
        b"0\r\n\r\n",
    )


def _gzip(line: Line) -> None:
    """Two members, as some servers write."""
    packed = gzip.compress(TRUTH[:1000]) + gzip.compress(TRUTH[1000:])
    line.answer(200, packed, "Content-Encoding: gzip")


def _gzip_bomb(line: Line) -> None:
    """1 GB in 1 MB."""
    member = gzip.compress(bytes(1024 * 1024))
    line.answer(200, member * 1024, "Content-Encoding: gzip")


def _gzip_cut(line: Line) -> None:
    line.answer(200, gzip.compress(TRUTH)[:-12], "Content-Encoding: gzip")


def _gzip_not(line: Line) -> None:
    line.answer(200, TRUTH, "Content-Encoding: gzip")


def _brotli(line: Line) -> None:
    line.answer(200, TRUTH, "Content-Encoding: br")


def _cut(line: Line) -> None:
    """Half of what was announced."""
    line.send(b"HTTP/1.1 200 -\r\nContent-Length: %d\r\n\r\n" % (len(TRUTH) * 2), TRUTH)


def _chunks_cut(line: Line) -> None:
    line.send(b"HTTP/1.1 200 -\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(TRUTH), b"Th")


def _close(line: Line) -> None:
    """Hang up without a word."""


def _nonsense(line: Line) -> None:
    line.send(b"220 mail.example.org ESMTP\r\n" * 3)


BEHAVIOURS: dict[str, Callable[[Line], None]] = {
    f"/{behave.__name__[1:].replace('_', '-')}": behave
    for behave in (
        _ok, _status, _redirect, _loop, _hang, _trickle, _trickle_endlessly, _slow_headers,
        _cut_headers,
        _many_headers, _long_header, _continue, _endless, _endless_unannounced, _endless_chunks,
        _endless_chunk_size, _chunks, _gzip, _gzip_bomb, _gzip_cut, _gzip_not, _brotli, _cut,
        _chunks_cut, _close, _nonsense,
    )
}  # fmt: skip

"""The one client that everything uses which leaves the machine.

A host is resolved once, each of its addresses is judged, and the connection goes to the very
address that was judged: a name that answers differently the next time (DNS rebinding) is not asked
again. No proxy, no netrc, no cookies, no pooled connections. One for a process; any thread may use
it.
"""

from __future__ import annotations

import http.client
import ipaddress
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urljoin

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import BaseHTTPResponse

from tutela.outbound.addresses import allowed
from tutela.outbound.bodies import chunks
from tutela.outbound.errors import OutboundError, Reason
from tutela.outbound.hosts import Hosts, Target
from tutela.outbound.options import Options

Resolve = Callable[[str, int], Sequence[str]]
Sink = Callable[[bytes], object]

MOST_REDIRECTS = 3
"""A file store sends one on once or twice; a loop never ends."""

MOST_ADDRESSES = 4
"""Of one host that are tried: behind one name stand others that are equally well or ill."""

MOST_RETURNED = 16 * 1024 * 1024
"""Bytes of a reply that is kept in memory."""

SLACK = 0.05
"""Seconds by which a line is cut late, so that whoever reads from it sees that time is over."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})


logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # it logs URLs, which hold secrets


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. The names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    """Where it came from, after redirects."""


class Clock:
    """How long a whole request may take."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def over(self) -> bool:
        return time.monotonic() >= self._end

    def left(self, most: float = float("inf")) -> float:
        """Seconds that are left, or `most` if that is less. Raises `OutboundError`."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise OutboundError(
                Reason.TIMEOUT,
                f"The whole took longer than {self._seconds:g} seconds.",
                "See whether the host is well; the limits are the settings outbound.….",
            )
        return min(left, most)


class Outbound:
    """Speaks to listed hosts, at addresses of the internet, within limits."""

    def __init__(self, options: Options | None = None, resolve: Resolve | None = None) -> None:
        """Raises `OutboundError` if the certificates that the settings name cannot be read."""
        self.options = options or Options()
        self.hosts = Hosts.of(self.options.hosts)
        """Those that files may be fetched from."""
        self._resolve = resolve or _addresses
        try:
            self._tls = ssl.create_default_context(cafile=self.options.ca_file or None)
        except OSError as error:
            raise OutboundError(
                Reason.TLS,
                f"The certificates {self.options.ca_file} cannot be read: {error.strerror}.",
                "Write a file in PEM, or unset outbound.ca_file.",
            ) from None

    def fetch(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        hosts: Hosts | None = None,
        largest: int = MOST_RETURNED,
        seconds: float | None = None,
        redirects: int = MOST_REDIRECTS,
    ) -> Reply:
        """The reply to a GET, whatever its status, in memory. Raises `OutboundError`.

        `hosts` are those of this purpose, where they are not those that files are fetched from.
        `redirects` are how many are followed; without any, one is the reply.
        """
        parts: list[bytes] = []
        reply = self._got(
            url, parts.append, headers, hosts, largest, seconds, only=None, redirects=redirects
        )
        return Reply(reply.status, reply.headers, b"".join(parts), reply.url)

    def stream(
        self,
        url: str,
        sink: Sink,
        *,
        headers: Mapping[str, str] | None = None,
        hosts: Hosts | None = None,
        largest: int | None = None,
        seconds: float | None = None,
    ) -> Reply:
        """Fetch a file into a sink, piece by piece; only a reply 200 is one. What the sink raises
        passes, and ends the connection.

        Raises `OutboundError`; the sink has then had a part: what was made of it is to be dropped.
        """
        most = self.options.largest if largest is None else largest
        return self._got(url, sink, headers, hosts, most, seconds, only=200)

    def post(
        self,
        url: str,
        body: bytes | Iterable[bytes],
        headers: Mapping[str, str],
        *,
        length: int | None = None,
        hosts: Hosts | None = None,
        largest: int = MOST_RETURNED,
        seconds: float | None = None,
        patience: float | None = None,
        method: str = "POST",
    ) -> Reply:
        """The reply to a POST, whatever its status; a redirect is not followed. `method` may be
        another that has a body.

        A body of `length` bytes may come piece by piece: what it raises passes, and ends the
        connection before the body is whole. `patience`: seconds without a byte, where they are not
        the setting's. With `largest` 0 the reply's body is not even read. Raises `OutboundError`.
        """
        clock = Clock(seconds or self.options.total_seconds)
        target = Target.of(url)
        private = (hosts or self.hosts).private_allowed(target)
        sized = headers if length is None else {**headers, "Content-Length": str(length)}
        with self._sent(method, target, private, sized, body, clock, patience) as response:
            parts: list[bytes] = []
            if largest:
                self._take(response, target, parts.append, largest, clock)
            return _reply(response, target, b"".join(parts))

    def _got(
        self,
        url: str,
        sink: Sink,
        headers: Mapping[str, str] | None,
        hosts: Hosts | None,
        largest: int,
        seconds: float | None,
        only: int | None,
        redirects: int = MOST_REDIRECTS,
    ) -> Reply:
        clock = Clock(seconds or self.options.total_seconds)
        hosts = hosts or self.hosts
        target, given = Target.of(url), headers or {}
        for _ in range(redirects + 1):
            private = hosts.private_allowed(target)
            with self._sent("GET", target, private, given, None, clock) as response:
                location = response.headers.get("Location")
                if response.status not in REDIRECTS or location is None or not redirects:
                    if only not in (None, response.status):
                        raise OutboundError(
                            Reason.STATUS, f"{target.host} answered {response.status}."
                        )
                    self._take(response, target, sink, largest, clock)
                    return _reply(response, target)
            target = _followed(target, location)
            given = {}  # they were for the first host
        raise OutboundError(
            Reason.REDIRECTED, f"More than {MOST_REDIRECTS} redirects, the last to {target.host}."
        )

    @contextmanager
    def _sent(
        self,
        method: str,
        target: Target,
        private: bool,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] | None,
        clock: Clock,
        patience: float | None = None,
    ) -> Iterator[BaseHTTPResponse]:
        """The reply to one request, its body unread; when the time is over the line is cut."""
        connection = self._connected(target, self._judged(target, private, clock), clock)
        line: socket.socket = connection.sock
        guard = threading.Timer(clock.left() + SLACK, _cut, (line,))
        guard.daemon = True
        try:
            guard.start()
            with _explained(target, clock):
                line.settimeout(clock.left(patience or self.options.read_seconds))
                with suppress(BrokenPipeError):  # it may have answered before it hung up
                    connection.request(
                        method,
                        target.path,
                        body=body,
                        headers={
                            "User-Agent": "tutela", **headers, "Host": target.authority,
                            "Accept-Encoding": "identity", "Connection": "close",
                        },
                        preload_content=False,
                        decode_content=False,
                    )  # fmt: skip
                response = connection.getresponse()
            with closing(response):
                clock.left()  # a line that was cut among the headers looks as if they had ended
                yield response
        except OutboundError as error:
            error.sent = True
            raise
        finally:
            guard.cancel()
            if guard.ident is not None:
                guard.join()  # so that it never cuts a line that took the number of this one
            connection.close()

    def _judged(self, target: Target, private: bool, clock: Clock) -> list[str]:
        """The addresses of a host, if all may be connected to. Raises `OutboundError`."""
        try:
            addresses = [ipaddress.ip_address(target.host)]
        except ValueError:
            found = _within(
                clock.left(self.options.connect_seconds),
                lambda: self._resolve(target.host, target.port),
                target,
            )
            addresses = [ipaddress.ip_address(address) for address in found]
        if not addresses or not all(allowed(a, private=private) for a in addresses):
            raise OutboundError(
                Reason.ADDRESS,
                f"The host {target.host} is at an address that is not of the internet.",
                "If it is a host of your own network, list it as private.",
            )
        return [*map(str, addresses[:MOST_ADDRESSES])]

    def _connected(
        self, target: Target, addresses: Sequence[str], clock: Clock
    ) -> HTTPConnection | HTTPSConnection:
        """A connection to the first address that answers. Raises `OutboundError`."""
        waiting = Clock(clock.left(self.options.connect_seconds))
        for tried, address in enumerate(addresses):
            last = tried == len(addresses) - 1
            with suppress(*(() if last else (OutboundError,))), _explained(target, clock):
                patience = waiting.left() / (len(addresses) - tried)
                connection: HTTPConnection | HTTPSConnection
                if target.scheme == "https":
                    connection = HTTPSConnection(
                        address,
                        target.port,
                        timeout=patience,
                        ssl_context=self._tls,
                        server_hostname=target.host,
                    )
                else:
                    connection = HTTPConnection(address, target.port, timeout=patience)
                try:
                    connection.connect()
                except BaseException:
                    connection.close()
                    raise
                return connection
        raise AssertionError("a host without addresses was judged well")

    def _take(
        self,
        response: BaseHTTPResponse,
        target: Target,
        sink: Sink,
        largest: int,
        clock: Clock,
    ) -> None:
        """Read a body to its end, into the sink."""
        parts = chunks(response, largest)
        ends = {"content-length", "transfer-encoding"} & {name.lower() for name in response.headers}
        some = False
        while True:
            with _explained(target, clock):
                part = next(parts, None)
            clock.left()
            if part is None:
                break
            some = True
            sink(part)
        if not some and not ends and response.status == 200:
            raise OutboundError(Reason.BROKEN, f"{target.host} broke off among its headers.")


def _reply(response: BaseHTTPResponse, target: Target, body: bytes = b"") -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status, headers, body, target.url)


def _followed(target: Target, location: str) -> Target:
    """Where a redirect leads. Raises `OutboundError`; whether it is listed is still to be asked."""
    if not location.isascii() or not location.isprintable():
        raise OutboundError(Reason.REDIRECTED, f"{target.host} redirects to what is no URL.")
    try:
        after = Target.of(urljoin(target.url, location))
    except (ValueError, OutboundError):
        raise OutboundError(
            Reason.REDIRECTED, f"{target.host} redirects to what cannot be fetched."
        ) from None
    if target.scheme == "https" and after.scheme != "https":
        raise OutboundError(Reason.REDIRECTED, f"{target.host} redirects from https to http.")
    return after


@contextmanager
def _explained(target: Target, clock: Clock) -> Iterator[None]:
    """Errors of the network, as errors that name the host and nothing else."""
    try:
        yield
    except OutboundError:
        raise
    except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException, ValueError) as error:
        if clock.over:
            clock.left()  # raises
        raise _named(error, target) from None


def _named(error: Exception, target: Target) -> OutboundError:
    host = target.authority
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return OutboundError(Reason.UNREACHABLE, f"{host} cannot be reached.", "Is it running?")
    if isinstance(error, TimeoutError | urllib3.exceptions.TimeoutError):
        return OutboundError(Reason.TIMEOUT, f"{host} does not answer.", "See whether it is well.")
    if isinstance(error, ssl.SSLError | ssl.CertificateError | urllib3.exceptions.SSLError):
        why = getattr(error, "verify_message", "") or "no secure connection comes about"
        return OutboundError(
            Reason.TLS,
            f"{host} could not be told from an impostor: {why}.",
            "Its certificate must be of this name and of an authority that is trusted here"
            " (outbound.ca_file).",
        )
    return OutboundError(Reason.BROKEN, f"{host} broke off, or does not speak HTTP.")


def _cut(line: socket.socket) -> None:
    """End a connection under whoever reads from it. The plain socket's own shutdown: that of TLS
    would take its state away while another thread uses it."""
    with suppress(OSError):
        socket.socket.shutdown(line, socket.SHUT_RDWR)


def _addresses(host: str, port: int) -> list[str]:
    """What the system says where a host is."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def _within(seconds: float, ask: Callable[[], Sequence[str]], target: Target) -> Sequence[str]:
    """What is answered in time: the system's resolver knows no limit of ours."""
    answers: SimpleQueue[Any] = SimpleQueue()

    def run() -> None:
        try:
            answers.put(ask())
        except (OSError, UnicodeError):
            answers.put(None)

    threading.Thread(target=run, daemon=True, name="resolve").start()
    try:
        found: Sequence[str] | None = answers.get(timeout=seconds)
    except Empty:
        raise OutboundError(
            Reason.TIMEOUT, f"Nobody says in time where {target.host} is.", "Look at the resolver."
        ) from None
    if not found:
        raise OutboundError(
            Reason.UNRESOLVED, f"There is no host {target.host}.", "Look at the name, and at DNS."
        )
    return found

"""Connections of the clamd door: on TCP, on a Unix socket, within limits."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import time
from contextlib import suppress
from typing import Any

from tutela import __version__
from tutela.interfaces.clamd.door import Door, Stream
from tutela.interfaces.clamd.protocol import (
    PLAIN,
    Asked,
    Conversation,
    Ended,
    Event,
    Piece,
    Refused,
)

log = logging.getLogger(__name__)

READ = 256 << 10
"""Bytes read at a time: a small picture at once."""

UNREAD = 64 << 20
LINGERS = 5.0
"""Bytes, and seconds between some, that are dropped after a stream was refused: a client that is
closed while it sends may not see why."""

VERSION = f"Tutela {__version__}"
COMMANDS = " ".join(sorted(PLAIN | {"IDSESSION", "END"}))


class Serving:
    """Answers connections until it is stopped."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.networks = [ipaddress.ip_network(each) for each in door.options.allow]
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []

    async def start(self, sockets: list[socket.socket]) -> None:
        """Answer on sockets that listen."""
        for opened in sockets:
            kind = opened.family
            start: Any = (
                asyncio.start_unix_server if kind == socket.AF_UNIX else asyncio.start_server
            )
            self._servers.append(await start(self._connected, sock=opened, limit=READ))

    async def stop(self, seconds: float) -> None:
        """Take no more, let streams in work end, then close all."""
        for server in self._servers:
            server.close()
        for task in self._tasks - self._busy:
            task.cancel()
        if self._busy:
            await asyncio.wait(set(self._busy), timeout=seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a connection has one
        self._tasks.add(task)
        try:
            if self._welcome(writer):
                await self._converse(reader, writer, task)
        except (ConnectionError, TimeoutError, asyncio.CancelledError):
            pass  # who asked is gone, or the service stops
        except Exception:
            log.exception("a connection failed by a fault of Tutela")
        finally:
            self._tasks.discard(task)
            self._busy.discard(task)
            writer.close()

    def _welcome(self, writer: asyncio.StreamWriter) -> bool:
        if len(self._tasks) > self.door.options.connections:
            return False
        peer = writer.get_extra_info("peername")
        if not isinstance(peer, tuple):
            return True  # on a Unix socket, whoever may open it
        address = ipaddress.ip_address(str(peer[0]).partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in network for network in self.networks)

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: asyncio.Task[None]
    ) -> None:
        talk = Conversation(self.door.options.max_stream)
        stream: Stream | None = None
        until = float("inf")
        try:
            while not talk.over:
                data = await self._next(reader, until)
                if data is None:
                    if talk.unfinished:
                        await _send(writer, talk.late())
                    return
                if not data:
                    return
                for event in talk.receive(data):
                    if isinstance(event, Piece):
                        assert stream is not None  # noqa: S101 - it began
                        await stream.add(event.data)
                    elif isinstance(event, Asked) and event.name == "INSTREAM":
                        stream = self.door.stream()
                        until = time.monotonic() + self.door.limits.body_seconds
                        self._busy.add(task)
                    elif isinstance(event, Ended):
                        assert stream is not None  # noqa: S101 - it began
                        await _send(writer, event.asked.reply(await stream.reply()))
                        stream, until = None, float("inf")
                        self._busy.discard(task)
                    else:
                        await self._plain(writer, event)
            if stream is not None:  # it was refused while it came
                stream.drop()
                stream = None
                await _drop_rest(reader, writer)
        finally:
            if stream is not None:
                stream.drop()

    async def _plain(self, writer: asyncio.StreamWriter, event: Event) -> None:
        if isinstance(event, Refused):
            await _send(writer, event.reply)
            return
        assert isinstance(event, Asked)  # noqa: S101 - nothing else is left
        await _send(writer, event.reply(self._said(event.name)))

    def _said(self, command: str) -> str:
        if command == "PING":
            return "PONG"
        if command == "VERSION":
            return VERSION
        if command == "VERSIONCOMMANDS":
            return f"{VERSION}| COMMANDS: {COMMANDS}"
        threads, live = self.door.running.pool.size, len(self._busy)
        return (
            "POOLS: 1\n\nSTATE: VALID PRIMARY\n"
            f"THREADS: live {live}  idle {max(threads - live, 0)} max {threads}"
            f" idle-timeout {self.door.options.idle_seconds}\n"
            f"QUEUE: {max(live - threads, 0)} items\n\nEND"
        )

    async def _next(self, reader: asyncio.StreamReader, until: float) -> bytes | None:
        """The next bytes, none where the client ended, None where it is late."""
        left = min(float(self.door.options.idle_seconds), until - time.monotonic())
        try:
            async with asyncio.timeout(max(left, 0.001)):
                return await reader.read(READ)
        except TimeoutError:
            return None


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    async with asyncio.timeout(LINGERS):  # who does not read is let go of
        await writer.drain()


async def _drop_rest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read on, for a while, what a client sends that was refused."""
    with suppress(OSError, TimeoutError):
        writer.write_eof()
        left, until = UNREAD, time.monotonic() + 2 * LINGERS
        while left > 0 and time.monotonic() < until:
            async with asyncio.timeout(LINGERS):
                data = await reader.read(READ)
            if not data:
                return
            left -= len(data)

"""Reads request bodies of any size and pace, within limits, and never onto disk."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from tutela.interfaces.api.problems import Problem, unavailable
from tutela.settings import Service

FED = 1 << 20
"""Bytes fed at a time: hashing so many takes longer than handing them to a thread."""

SMALL_BODY = 16 << 20
"""Bytes of a JSON body: no list of signals is longer."""

Feed = Callable[[bytes], None]


class Memory:
    """What all uploads in work may hold together."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Raises `Problem` 503 if there is not so much."""
        with self._lock:
            if self.held + count > self.most:
                raise unavailable("memory-full", "Too many uploads are in work.")
            self.held += count

    def give(self, count: int) -> None:
        with self._lock:
            self.held -= count


async def chunks(request: Request, limits: Service) -> AsyncIterator[bytes]:
    """A body as it comes. Raises `Problem` 400, 408, 413 or 415."""
    _require_plain(request)
    declared = request.headers.get("content-length")
    if declared is not None and declared.isdigit() and int(declared) > limits.max_body:
        raise _too_large(limits)
    size, until = 0, time.monotonic() + limits.body_seconds
    stream = request.stream().__aiter__()
    while True:
        left = min(float(limits.idle_seconds), until - time.monotonic())
        try:
            async with asyncio.timeout(max(left, 0.001)):
                chunk = await _next(stream)
        except TimeoutError:
            raise _too_slow(limits) from None
        except ClientDisconnect:
            raise _cut_off() from None
        if chunk is None:
            return
        size += len(chunk)
        if size > limits.max_body:
            raise _too_large(limits)
        if chunk:
            yield chunk


async def _next(stream: AsyncIterator[bytes]) -> bytes | None:
    try:
        return await anext(stream)
    except StopAsyncIteration:
        return None


async def _small(request: Request, limits: Service) -> bytes:
    """All of a small body, within one clock, by hand: `asyncio.timeout` and Starlette's stream take
    a tenth of a lookup's time."""
    _require_plain(request)
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a request has one
    late = False

    def end() -> None:
        nonlocal late
        late = True
        task.cancel()

    clock = asyncio.get_running_loop().call_later(limits.idle_seconds, end)
    data, more = b"", True
    try:
        while more:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise _cut_off()
            data += message.get("body", b"")
            more = message.get("more_body", False)
    except asyncio.CancelledError:
        if late and task.uncancel() <= 0:
            raise _too_slow(limits) from None
        raise
    finally:
        clock.cancel()
    return data


def _require_plain(request: Request) -> None:
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity"):  # what was screened would not be what a viewer unpacks
        raise Problem(
            415, "encoded", f"The body is encoded as {coding[:32]}.", "Send it as it is.",
            {"connection": "close"},
        )  # fmt: skip


def _too_slow(limits: Service) -> Problem:
    return Problem(
        408, "too-slow", "The body did not come in time.",
        f"Send it within {limits.body_seconds} seconds, with no pause of"
        f" {limits.idle_seconds}.",
        {"connection": "close"},
    )  # fmt: skip


def _cut_off() -> Problem:
    return Problem(400, "cut-off", "The body was cut off.", "Send it again.")


def _too_large(limits: Service) -> Problem:
    return Problem(
        413, "too-large", f"The body has more than {limits.max_body} bytes.",
        "Whoever runs the service can raise service.max_body.", {"connection": "close"},
    )  # fmt: skip


class Feeder:
    """Hands bytes on in pieces that are worth a thread."""

    def __init__(self, feed: Feed, flow: Callable[[int], None]) -> None:
        """`flow` is told of every byte before it is held, and may refuse it."""
        self.feed = feed
        self.flow = flow
        self._held = bytearray()
        self._large = False

    async def add(self, chunk: bytes) -> None:
        self.flow(len(chunk))
        self._held += chunk
        if len(self._held) >= FED:
            await self.end()

    async def end(self) -> None:
        """Hand on what is held."""
        if self._held:
            held, self._held = bytes(self._held), bytearray()
            self._large |= len(held) >= FED
            if self._large:  # it may be spooled, and wait for a disk
                await run_in_threadpool(self.feed, held)
            else:
                self.feed(held)


async def whole(request: Request, limits: Service, most: int = SMALL_BODY) -> bytes:
    """A small body. Raises `Problem` as `chunks` does."""
    data = bytearray()
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise _too_long(most)
    if declared.isdigit() and int(declared) <= FED:  # one clock for all of it is enough
        return await _small(request, limits)
    async for chunk in chunks(request, limits):
        data += chunk
        if len(data) > most:
            raise _too_long(most)
    return bytes(data)


def _too_long(most: int) -> Problem:
    return Problem(
        413, "too-large", f"A body of JSON has at most {most} bytes here.", "",
        {"connection": "close"},
    )  # fmt: skip


def json_of(data: bytes | str, what: str) -> Any:
    """Raises `Problem` 400: duplicate names and numbers that are none are refused too."""
    try:
        text = data if isinstance(data, str) else data.decode(json.detect_encoding(data))
        return DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Problem(
            400, "not-json", f"{what} cannot be read as JSON: {reason}.", "See docs/api.md."
        ) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands in it twice")
    return made


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_number)
"""Made once: `json.loads` makes another for each text."""


def header_facts(request: Request, most: int) -> Any:
    """The facts in `Tutela-Facts`: base64url of JSON. Raises `Problem`."""
    given = request.headers.get("tutela-facts")
    if given is None:
        return {}
    try:
        padded = given + "=" * (-len(given) % 4)
        data = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Problem(
            400, "facts-not-base64url", "Tutela-Facts is not base64url.",
            "Send base64url of a JSON object.",
        ) from None  # fmt: skip
    return facts_of(data, most)


def facts_of(data: bytes, most: int) -> Any:
    """Raises `Problem` 400 or 413."""
    if len(data) > most:
        raise _facts_too_large(most)
    return json_of(data, "The facts") if data.strip() else {}


def facts_in(body: Any, size: int, most: int) -> Any:
    """The facts of a JSON body of so many bytes. Raises `Problem` 413."""
    found = body.get("facts", {}) if isinstance(body, dict) else {}
    if size > most and len(json.dumps(found, ensure_ascii=False).encode(errors="replace")) > most:
        raise _facts_too_large(most)
    return found


def _facts_too_large(most: int) -> Problem:
    return Problem(413, "facts-too-large", f"The facts have more than {most} bytes.")

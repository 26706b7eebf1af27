"""ASGI middleware: files that are uploaded are screened before the application sees them.

Nothing reaches the disk, and of a request no more is held than `limit`. The application gets the
request as it came, with what was said of its files in `scope["tutela"]`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Literal

from tutela.client.asynchronous import AsyncTutela
from tutela.client.errors import Problem
from tutela.client.formats import decoded
from tutela.client.forms import Form, FormRefused, Part, Single
from tutela.client.models import Screened

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Fail = Literal["closed", "decoded", "open"]

AT_ONCE = 4
"""Files of one request that are screened at a time."""

PICTURES = (b"image/", b"video/")
"""Bodies of these types are one file."""

REASON = "This upload was not accepted."


class _Answered(Exception):
    """The request is answered here: the application does not see it."""

    def __init__(self, status: int, what: str, outcome: str) -> None:
        super().__init__(what)
        self.status, self.outcome = status, outcome


class _Gone(Exception):
    """Who sent the request is there no more."""


class ScreenUploads:
    """The middleware. `on_result` is told of each file, and of each form that is refused: an
    outcome (`allow`, `review`, `block`, `passed-undecided`, `stopped-undecided`, `refused`) and
    the seconds that it took. `on_down` is told once when Tutela does not answer any more (True),
    and when it does again (False): sound an alarm there."""

    def __init__(
        self,
        app: App,
        tutela: AsyncTutela,
        *,
        limit: int = 32 << 20,
        most_parts: int = 1000,
        fail: Fail = "decoded",
        pass_review: bool = False,
        facts: Callable[[Scope], Mapping[str, Any]] | None = None,
        on_result: Callable[[str, float], None] = lambda _outcome, _seconds: None,
        on_down: Callable[[bool], None] = lambda _down: None,
    ) -> None:
        """`fail` says what passes where nothing could be decided: nothing; what is no picture or
        video; or everything. `pass_review` hands on what a person is still to look at: then the
        application must hold it back itself."""
        if fail not in ("closed", "decoded", "open"):
            raise ValueError("fail is closed, decoded or open")
        self.app, self.tutela = app, tutela
        self.limit, self.most_parts, self.fail = limit, most_parts, fail
        self.pass_review = pass_review
        self.facts = facts or (lambda _scope: {})
        self.on_result, self.on_down = on_result, on_down
        self._down = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._may_hold_files(scope):
            await self.app(scope, receive, send)
            return
        try:
            held = await self._screened(scope, receive)
        except _Answered as answer:
            await _answer(send, answer)
            return
        if held is not None:  # who sent it is still there
            await self.app(scope, _again(held, receive), send)

    def _may_hold_files(self, scope: Scope) -> bool:
        return _type(scope).startswith((b"multipart/", *PICTURES))

    async def _screened(self, scope: Scope, receive: Receive) -> list[bytes] | None:
        """The body, once all files in it may pass. Raises `_Answered`."""
        self._require_small(scope)
        gate, tasks = asyncio.Semaphore(AT_ONCE), []
        facts = self.facts(scope)
        held: list[bytes] = []
        try:
            form = self._form(scope)
            async for data in self._body(receive):
                held.append(data)
                for part in form.feed(data):
                    tasks.append(asyncio.create_task(self._one(part, facts, gate)))
            last = form.end()
            if last is not None:
                tasks.append(asyncio.create_task(self._one(last, facts, gate)))
            scope["tutela"] = [found for found in await asyncio.gather(*tasks) if found]
            return held
        except _Gone:
            return None
        except FormRefused as error:
            raise self._refused(400, str(error)) from None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _form(self, scope: Scope) -> Form | Single:
        if _type(scope).startswith(b"multipart/"):
            return Form(_header(scope, b"content-type"), self.most_parts)
        return Single()

    def _require_small(self, scope: Scope) -> None:
        """Raises `_Answered`."""
        if _header(scope, b"content-encoding").strip().lower() not in (b"", b"identity"):
            raise self._refused(415, "The body is encoded: send it as it is.")
        declared = _header(scope, b"content-length")
        if declared.isdigit() and int(declared) > self.limit:
            raise self._refused(413, f"A request has at most {self.limit} bytes here.")

    async def _body(self, receive: Receive) -> AsyncIterator[bytes]:
        """The body as it comes. Raises `_Answered` past the limit, `_Gone` where nobody listens."""
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            data, more = bytes(message.get("body", b"")), message.get("more_body", False)
            size += len(data)
            if size > self.limit:
                raise self._refused(413, f"A request has at most {self.limit} bytes here.")
            if data:
                yield data

    async def _one(
        self, part: Part, facts: Mapping[str, Any], gate: asyncio.Semaphore
    ) -> Screened | None:
        """What was said of a file that may pass. Raises `_Answered`."""
        async with gate:
            began = time.perf_counter()
            try:
                found = await self.tutela.screen(part.pieces, facts)
            except Problem:
                self._is_down(True)
                passes = self.fail == "open" or (
                    self.fail == "decoded" and not decoded(part.pieces)
                )
                if passes:
                    self.on_result("passed-undecided", time.perf_counter() - began)
                    return None
                taken = time.perf_counter() - began
                raise self._answered(
                    503, "Uploads cannot be taken now.", "stopped-undecided", taken
                ) from None
            self._is_down(False)
            taken = time.perf_counter() - began
            if found.allowed or (found.verdict == "review" and self.pass_review):
                self.on_result(found.verdict, taken)
                return found
            raise self._answered(422, found.public_reason or REASON, found.verdict, taken)

    def _refused(self, status: int, what: str) -> _Answered:
        return self._answered(status, what, "refused", 0.0)

    def _answered(self, status: int, what: str, outcome: str, seconds: float) -> _Answered:
        self.on_result(outcome, seconds)
        return _Answered(status, what, outcome)

    def _is_down(self, down: bool) -> None:
        if down != self._down:
            self._down = down
            self.on_down(down)


def _header(scope: Scope, name: bytes) -> bytes:
    found: list[bytes] = [value for key, value in scope["headers"] if key.lower() == name]
    return b", ".join(found)


def _type(scope: Scope) -> bytes:
    return _header(scope, b"content-type").strip().lower()


def _again(held: list[bytes], receive: Receive) -> Receive:
    """What gives the body once more, and then what else comes."""
    left = held[::-1] or [b""]

    async def given() -> Message:
        if left:
            data = left.pop()
            return {"type": "http.request", "body": data, "more_body": bool(left)}
        return await receive()

    return given


async def _answer(send: Send, answer: _Answered) -> None:
    body = json.dumps({"title": "Upload refused", "status": answer.status, "detail": str(answer)})
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body.encode())).encode()),
        (b"cache-control", b"no-store"),
    ]
    if answer.status == 503:
        headers.append((b"retry-after", b"5"))
    if answer.status in (400, 413, 415):
        headers.append((b"connection", b"close"))  # the rest of the body is not read
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})

"""The client for asyncio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

from tutela.client import calls
from tutela.client.bodies import AsyncData, Body
from tutela.client.calls import AGAIN, Call, Facts, Waits
from tutela.client.models import Bank, LookedUp, Page, ReportTaken, Screened, Signal

Answer = TypeVar("Answer")


class AsyncTutela:
    """A service of Tutela. Safe to use from many tasks.

    What could not be decided raises `tutela.client.Problem`: it is never `allow`.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 30.0,
        patience: float = 30.0,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """`timeout` is how long one attempt may be without a byte, `patience` how long all
        attempts may take before another is made, in seconds."""
        self._waits = Waits(patience)
        self._http = httpx2.AsyncClient(
            base_url=url, timeout=timeout, transport=transport, follow_redirects=False,
            trust_env=False, headers={"authorization": f"Bearer {key}"},
        )  # fmt: skip

    async def screen(
        self,
        data: AsyncData,
        facts: Facts | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> Screened:
        """Screen the bytes of a file. What can be read only once is sent only once. Raises
        `Problem`."""
        return await self._ask(calls.screen(facts, idempotency_key), Body(data))

    async def screen_signals(
        self,
        signals: Sequence[Signal],
        facts: Facts | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> Screened:
        """Screen signals that were made elsewhere. Raises `Problem`."""
        return await self._ask(calls.screen_signals(signals, facts, idempotency_key))

    async def lookup(self, signals: Sequence[Signal], facts: Facts | None = None) -> LookedUp:
        """What policy would say of signals; nothing is recorded. Raises `Problem`."""
        return await self._ask(calls.lookup(signals, facts))

    async def item(self, item_id: str) -> Screened:
        """What was answered about an item that was recorded. Raises `Problem`."""
        return await self._ask(calls.item(item_id))

    async def report(
        self, about: str, *, idempotency_key: str | None = None, **given: Any
    ) -> ReportTaken:
        """Hand in what a user reports: the members of `POST /reports`. Raises `Problem`."""
        return await self._ask(calls.report(about, given, idempotency_key))

    async def banks(self, after: str | None = None, limit: int = 100) -> Page[Bank]:
        """A page of the banks, by name. Raises `Problem`."""
        return await self._ask(calls.banks(after, limit))

    async def every_bank(self) -> AsyncIterator[Bank]:
        """All banks, page by page. Raises `Problem`."""
        after: str | None = None
        while True:
            found = await self.banks(after)
            for bank in found.items:
                yield bank
            after = found.next
            if after is None:
                return

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _ask(self, call: Call[Answer], body: Body | None = None) -> Answer:
        began, attempt = time.monotonic(), 0
        while True:
            failed: Exception | None = None
            reply: httpx2.Response | None = None
            try:
                reply = await self._http.request(
                    call.method, call.path, params=call.query or None, headers=call.headers,
                    content=call.content if body is None else _content(body),
                )  # fmt: skip
            except httpx2.TransportError as error:
                failed = error
            if reply is not None and reply.status_code not in AGAIN:
                return _read(call, reply)
            after = reply.headers.get("retry-after") if reply is not None else None
            wait = self._waits.next(attempt, time.monotonic() - began, after)
            if wait is None or (body is not None and not body.again):
                if reply is not None:
                    return _read(call, reply)
                raise calls.given_up(failed, attempt + 1) from failed
            attempt += 1
            await asyncio.sleep(wait)


def _content(body: Body) -> Any:
    whole = body.whole()
    return whole if whole is not None else body.async_pieces()


def _read(call: Call[Answer], reply: httpx2.Response) -> Answer:
    headers: Mapping[str, str] = reply.headers
    return calls.answered(call, reply.status_code, reply.content, headers.get("x-request-id", ""))

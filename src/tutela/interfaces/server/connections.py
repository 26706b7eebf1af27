"""What a connection may say before it is a request, and after it was answered: not all it likes.

uvicorn bounds neither the bytes nor the seconds of a request's head, and reads on what comes after
an answer, for as long as it comes.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD = 256 << 10
"""Bytes of a request's head: the longest facts, in base64url, take a third of it."""

UNREAD = 64 << 20
"""Bytes of a body that are dropped after its request was refused: who is closed sooner may not see
why it was refused."""


class Connection(HttpToolsProtocol):
    """uvicorn's, within these limits."""

    _timer: asyncio.TimerHandle | None = None
    _in_body = False
    _head = 0
    _dropped = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._have_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        answered = self.cycle is None or self.cycle.response_complete
        if self._timer is None and answered and not self._in_body:
            self._await_head()
        super().data_received(data)
        if self._timer is not None:
            self._head += len(data)
            if self._head > LONGEST_HEAD and not self.transport.is_closing():
                self.send_400_response("The head of the request is too long.")

    def on_headers_complete(self) -> None:
        self._have_head()
        self._in_body, self._dropped = True, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self.cycle.response_complete:
            self._dropped += len(body)
            if self._dropped > UNREAD:
                self.transport.close()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        super().on_message_complete()

    def _await_head(self) -> None:
        self._head = 0
        self._timer = self.loop.call_later(self.timeout_keep_alive, self.transport.close)

    def _have_head(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

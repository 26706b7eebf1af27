"""Forms with files (`multipart/form-data`), read part by part as they come: nothing is spooled.

The first part is the field `csrf`: the shell reads it before any route sees the rest.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from tutela.interfaces.console.forms import CSRF, MOST_FIELDS, Unreadable
from tutela.interfaces.console.texts import gettext as _

LONGEST_HEADERS = 16_384
LONGEST_TOKEN = 1024
PATIENCE = 30.0
"""Seconds without a byte after which an upload is given up."""


@dataclass(frozen=True, slots=True)
class Part:
    """The beginning of a field or file; its bytes follow."""

    name: str
    filename: str | None


class Upload:
    """A form with files that is being read."""

    def __init__(self, request: Request) -> None:
        """Raises `Unreadable` if its type names no boundary."""
        _kind, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary")
        if not boundary:
            raise _wrong()
        self._stream = request.stream().__aiter__()
        self._events: deque[Part | bytes | None] = deque()
        self._ahead: Part | None = None
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = bytearray(), bytearray()
        self._size = 0
        self._parts = 0
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_name,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": lambda: self._events.append(None),
                "on_end": self._on_end,
            },
        )

    async def first(self, name: str) -> str | None:
        """The text of the first part, if it has this name; else the part is kept for later."""
        part = await self.next()
        if part is None or part.name != name or part.filename is not None:
            self._ahead = part
            return None
        return await self.text(LONGEST_TOKEN)

    async def next(self) -> Part | None:
        """The next part, with what is left of the one before thrown away; None at the end."""
        if self._ahead is not None:
            part, self._ahead = self._ahead, None
            return part
        while True:
            event = await self._event()
            if event is None and self._ended and not self._events:
                return None
            if isinstance(event, Part):
                return event

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes of the part that `next` gave."""
        while (event := await self._event()) is not None:
            if isinstance(event, bytes):
                yield event

    async def data(self, most: int) -> bytes:
        """All bytes of the part. Raises `Unreadable` if there are more than `most`."""
        data = bytearray()
        async for chunk in self.chunks():
            data += chunk
            if len(data) > most:
                raise Unreadable(
                    _("The file is too large."),
                    _("At most %(most)s bytes can be sent here.") % {"most": most},
                )
        return bytes(data)

    async def text(self, most: int) -> str:
        try:
            return (await self.data(most)).decode()
        except UnicodeDecodeError:
            raise _wrong() from None

    async def texts(self, most: int) -> list[tuple[str, str]]:
        """All fields of a form that has no file, within so many bytes."""
        found = []
        while (part := await self.next()) is not None:
            if part.filename is not None:
                raise _wrong()
            text = await self.text(most)
            most -= len(text)
            if part.name != CSRF:
                found.append((part.name, text))
        return found

    async def _event(self) -> Part | bytes | None:
        while not self._events:
            if self._ended:
                return None
            try:
                async with asyncio.timeout(PATIENCE):
                    chunk = await anext(self._stream)
                self._parser.write(chunk)
            except (StopAsyncIteration, MultipartParseError):
                raise _wrong() from None
            except TimeoutError:
                raise Unreadable(
                    _("The upload did not come in time."), _("Send it again.")
                ) from None
            except ClientDisconnect:
                raise Unreadable(_("The upload was cut off."), _("Send it again.")) from None
        return self._events.popleft()

    def _begin(self) -> None:
        self._headers, self._size = {}, 0
        self._parts += 1
        if self._parts > MOST_FIELDS:
            raise _wrong()

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self._grow(end - start)
        self._name += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._grow(end - start)
        self._value += data[start:end]

    def _grow(self, count: int) -> None:
        self._size += count
        if self._size > LONGEST_HEADERS:
            raise _wrong()

    def _on_header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name, self._value = bytearray(), bytearray()

    def _on_headers(self) -> None:
        _kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        filename = options.get(b"filename")
        self._events.append(
            Part(
                options.get(b"name", b"").decode("utf-8", "replace"),
                None if filename is None else filename.decode("utf-8", "replace"),
            )
        )

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(data[start:end])

    def _on_end(self) -> None:
        self._ended = True


def upload(request: Request) -> Upload:
    """The form with files that came. Raises `Unreadable` if another kind of form did."""
    found: Upload | None = getattr(request.state, "upload", None)
    if found is None:
        raise _wrong()
    return found


def _wrong() -> Unreadable:
    return Unreadable(_("The form cannot be read."), _("Send it from a page of the console."))

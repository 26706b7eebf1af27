"""Reads `multipart/form-data` as it comes: one `file`, and `facts` if there are any."""

from __future__ import annotations

from collections.abc import AsyncIterator

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from tutela.interfaces.api.bodies import Feeder
from tutela.interfaces.api.problems import Problem

FILE, FACTS = "file", "facts"
PLAIN = (b"7bit", b"8bit", b"binary")
LONGEST_HEADERS = 16_384
"""Bytes of the headers of one part."""


class Form:
    """A form that is being read; `facts` is what stood in it."""

    def __init__(self, content_type: str, most_facts: int) -> None:
        """Raises `Problem` 400 if the type names no boundary."""
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if not boundary:
            raise _wrong("The content type names no boundary.")
        self.facts = bytearray()
        self.most_facts = most_facts
        self.files = 0
        self._fed: list[bytes] = []
        self._part = ""
        self._seen: set[str] = set()
        self._header = bytearray()
        self._value = bytearray()
        self._size = 0
        self._disposition = b""
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_field,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_end": self._on_end,
            },
        )

    async def read(self, body: AsyncIterator[bytes], feeder: Feeder) -> None:
        """Hand the bytes of the file on. Raises `Problem` for what is no such form."""
        async for chunk in body:
            try:
                self._parser.write(chunk)
            except MultipartParseError as error:
                raise _wrong(f"The form cannot be read: {error}.") from None
            fed, self._fed = self._fed, []
            for piece in fed:
                await feeder.add(piece)
        await feeder.end()
        if not self._ended:
            raise _wrong("The form has no end: its last boundary is missing.")
        if not self.files:
            raise _wrong("The form has no part named file.")

    def _begin(self) -> None:
        self._disposition, self._size = b"", 0

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._grow(end - start)
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._grow(end - start)
        self._value += data[start:end]

    def _grow(self, count: int) -> None:
        self._size += count
        if self._size > LONGEST_HEADERS:
            raise _wrong(f"The headers of a part have more than {LONGEST_HEADERS} bytes.")

    def _on_header(self) -> None:
        name, value = bytes(self._header).lower(), bytes(self._value)
        if name == b"content-disposition":
            self._disposition = value
        elif name == b"content-transfer-encoding" and value.strip().lower() not in PLAIN:
            raise _wrong("A part is encoded: its bytes must come as they are (RFC 7578).")
        self._header, self._value = bytearray(), bytearray()

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if name not in (FILE, FACTS):
            raise _wrong("A part is named neither file nor facts.")
        if name in self._seen:
            raise _wrong(f"There are two parts named {name}.")
        self._seen.add(name)
        self._part = name
        self.files += name == FILE

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._part == FILE:
            self._fed.append(data[start:end])
            return
        self.facts += data[start:end]
        if len(self.facts) > self.most_facts:
            raise Problem(
                413, "facts-too-large", f"The facts have more than {self.most_facts} bytes."
            )

    def _on_end(self) -> None:
        self._ended = True


def _wrong(what: str) -> Problem:
    return Problem(
        400, "form-refused", what, "Send one part named file and, if you like, one named facts."
    )

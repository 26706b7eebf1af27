"""Finds the files of a form while it comes, without a copy: pieces are views of what came.

RFC 7578. What an application might read otherwise than we do is refused: parts that are encoded,
or forms in parts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

PLAIN = (b"7bit", b"8bit", b"binary")
LONGEST_HEADERS = 16_384
"""Bytes of the headers of one part."""


class FormRefused(Exception):
    """A body that is no form, or not one that can be screened. Says why, without its content."""


@dataclass
class Part:
    """One part of a form."""

    is_file: bool = False
    pieces: list[memoryview] = field(default_factory=list)
    size: int = 0


class Form:
    """A form that is being read."""

    def __init__(self, content_type: bytes, most_parts: int) -> None:
        """Raises `FormRefused` if the type names no boundary."""
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if not boundary:
            raise FormRefused("The content type names no boundary.")
        self.ended = False
        self._most = most_parts
        self._parts = 0
        self._part = Part()
        self._whole: list[Part] = []
        self._header, self._value, self._size = bytearray(), bytearray(), 0
        try:
            self._parser = MultipartParser(boundary, {
                "on_part_begin": self._begin, "on_header_field": self._on_field,
                "on_header_value": self._on_value, "on_header_end": self._on_header,
                "on_part_data": self._on_data, "on_part_end": self._on_part,
                "on_end": self._on_end,
            })  # fmt: skip
        except MultipartParseError as error:
            raise FormRefused(f"The form cannot be read: {error}.") from None

    def feed(self, data: bytes) -> list[Part]:
        """The files that are whole now. Raises `FormRefused`."""
        try:
            self._parser.write(data)
        except MultipartParseError as error:
            raise FormRefused(f"The form cannot be read: {error}.") from None
        found, self._whole = self._whole, []
        return found

    def end(self) -> Part | None:
        """Raises `FormRefused` if the form is not whole."""
        if not self.ended:
            raise FormRefused("The form has no end: its last boundary is missing.")
        return None

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > self._most:
            raise FormRefused(f"The form has more than {self._most} parts.")
        self._part, self._size = Part(), 0

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._grow(end - start)
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._grow(end - start)
        self._value += data[start:end]

    def _grow(self, count: int) -> None:
        self._size += count
        if self._size > LONGEST_HEADERS:
            raise FormRefused(f"The headers of a part have more than {LONGEST_HEADERS} bytes.")

    def _on_header(self) -> None:
        name, value = bytes(self._header).strip().lower(), bytes(self._value).strip().lower()
        self._header, self._value = bytearray(), bytearray()
        if name == b"content-transfer-encoding" and value not in PLAIN:
            raise FormRefused("A part is encoded: its bytes must come as they are.")
        if name == b"content-type" and value.startswith(b"multipart/"):
            raise FormRefused("A part is a form itself.")
        if name == b"content-type" or b"filename" in value:
            self._part.is_file = True

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.is_file:
            self._part.pieces.append(memoryview(data)[start:end])
            self._part.size += end - start

    def _on_part(self) -> None:
        if self._part.is_file and self._part.size:
            self._whole.append(self._part)
        self._part = Part()

    def _on_end(self) -> None:
        self.ended = True


class Single:
    """A body that is one file."""

    def __init__(self) -> None:
        self._part = Part(is_file=True)

    def feed(self, data: bytes) -> list[Part]:
        self._part.pieces.append(memoryview(data))
        self._part.size += len(data)
        return []

    def end(self) -> Part | None:
        """All of it, if there is any."""
        return self._part if self._part.size else None

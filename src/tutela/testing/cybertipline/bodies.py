"""Reads what a request carries, a piece at a time: nothing of a file is kept but its digests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from email.message import Message
from typing import BinaryIO
from urllib.parse import parse_qs

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from tutela.testing.cybertipline.codes import Code, Refused

PIECE = 64 * 1024
LONGEST_DOCUMENT = 16 * 1024 * 1024
"""Bytes of XML that are taken: a report has some thousand."""

LONGEST_FIELD = 4096
"""Bytes of a field of a form that is no file, and of the headers of a part: an id has 20."""


class Body:
    """A request's body, however long, with a length or in chunks. `size` counts what was read.

    Reading raises ConnectionError if it ends too soon, or if its framing cannot be read.
    """

    def __init__(self, source: BinaryIO, headers: Message) -> None:
        self.size = 0
        self.pause: Callable[[], object] | None = None
        """Called before each piece."""
        self.content_type = headers.get("Content-Type", "")
        if headers.get("Transfer-Encoding", "").lower() == "chunked":
            self._pieces = _chunks(source)
        else:
            self._pieces = _counted(source, _number(headers.get("Content-Length", "0"), 10))

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.size += len(piece)
            if self.pause is not None:
                self.pause()
            yield piece

    def drain(self) -> None:
        """Read what is left, and keep none of it: who sends is not cut off."""
        self.pause = None
        for _ in self:
            pass

    def document(self) -> bytes:
        """All of it, as XML is sent. Raises `Refused` if it is no XML by its type, or too long."""
        kind, _ = parse_options_header(self.content_type)
        if kind not in (b"text/xml", b"application/xml"):
            raise Refused(Code.INVALID_REQUEST, "the content type is not text/xml")
        return self._whole(LONGEST_DOCUMENT)

    def form(self) -> Form:
        """What a form holds. Raises `Refused`."""
        kind, options = parse_options_header(self.content_type)
        form = Form()
        if kind == b"application/x-www-form-urlencoded":
            text = self._whole(LONGEST_FIELD).decode("utf-8", "replace")
            form.fields = {name: values[0] for name, values in parse_qs(text).items()}
        elif kind == b"multipart/form-data" and options.get(b"boundary"):
            _Multipart(options[b"boundary"], form).read(self)
        else:
            raise Refused(Code.INVALID_REQUEST, "the content type is not that of a form")
        return form

    def _whole(self, most: int) -> bytes:
        found = bytearray()
        for piece in self:
            found += piece
            if len(found) > most:
                raise Refused(Code.INVALID_REQUEST, f"the body has more than {most} bytes")
        return bytes(found)


class Form:
    """Fields by name, and what is known of the file that was among them, if one was."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.file: Digest | None = None

    def report(self) -> int:
        """The report that it names. Raises `Refused`."""
        text = self.fields.get("id", "").strip()
        if not (text.isascii() and text.isdigit() and len(text) <= 19):
            raise Refused(Code.INVALID_REQUEST, "the field id is not that of a report")
        return int(text)


class Digest:
    """Of a file that goes by: its name, size in bytes, how it begins, and digests."""

    def __init__(self, name: str) -> None:
        self.name, self.size, self.head = name, 0, b""
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha256 = hashlib.sha256()

    def add(self, data: bytes) -> None:
        self.size += len(data)
        self.head = (self.head + data[:2])[:2]
        self._md5.update(data)
        self._sha256.update(data)

    @property
    def md5(self) -> str:
        return self._md5.hexdigest()

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()


class _Multipart:
    """Reads `multipart/form-data`; a part with a file name is a file, and must be named `file`."""

    def __init__(self, boundary: bytes, form: Form) -> None:
        self._form = form
        self._name = ""
        self._digest: Digest | None = None
        self._field, self._value, self._header = bytearray(), bytearray(), bytearray()
        self._disposition = b""
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
        )

    def read(self, body: Body) -> None:
        for piece in body:
            try:
                self._parser.write(piece)
            except MultipartParseError:
                raise Refused(Code.INVALID_REQUEST, "the form cannot be read") from None
        if not self._ended:
            raise Refused(Code.INVALID_REQUEST, "the last boundary is missing")

    def _on_begin(self) -> None:
        self._disposition, self._digest, self._value = b"", None, bytearray()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]
        self._limit(self._header)

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]
        self._limit(self._field)

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._field)
        self._header, self._field = bytearray(), bytearray()

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            if self._name != "file" or self._form.file is not None:
                raise Refused(Code.INVALID_REQUEST, "there is a file too many")
            self._digest = Digest(options[b"filename"].decode("utf-8", "replace"))
            self._form.file = self._digest

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._digest is not None:
            self._digest.add(data[start:end])
        else:
            self._value += data[start:end]
            self._limit(self._value)

    def _on_part_end(self) -> None:
        if self._digest is None:
            if self._name in self._form.fields:
                raise Refused(Code.INVALID_REQUEST, "a field is there twice")
            self._form.fields[self._name] = self._value.decode("utf-8", "replace")

    def _on_end(self) -> None:
        self._ended = True

    def _limit(self, held: bytearray) -> None:
        if len(held) > LONGEST_FIELD:
            raise Refused(Code.INVALID_REQUEST, f"a field has more than {LONGEST_FIELD} bytes")


def _counted(source: BinaryIO, count: int) -> Iterator[bytes]:
    while count:
        piece = source.read(min(count, PIECE))
        if not piece:
            raise ConnectionAbortedError("the body ended too soon")
        count -= len(piece)
        yield piece


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    """The bytes of a chunked body (RFC 9112, 7.1); its trailers are passed over."""
    while count := _number(source.readline(256).partition(b";")[0].decode("latin-1").strip(), 16):
        yield from _counted(source, count)
        source.readline(256)
    while source.readline(PIECE).strip():
        pass


def _number(text: str, base: int) -> int:
    try:
        return max(int(text, base), 0)
    except ValueError:
        raise ConnectionAbortedError("the body says no length") from None

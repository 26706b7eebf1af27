"""Bytes of an upload, from whatever a program has them in; whether they can be sent again."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from typing import IO, Any

import anyio.to_thread

PIECE = 256 << 10
"""Bytes read from a file at a time."""

Data = bytes | bytearray | memoryview | IO[bytes] | Iterable[bytes | memoryview]
AsyncData = Data | AsyncIterable[bytes]


class Body:
    """The bytes. A file is sent from where it stands; a stream only once, a list of pieces as often
    as needed."""

    def __init__(self, data: AsyncData) -> None:
        if isinstance(data, str):
            raise TypeError("Give bytes or a file that was opened, not a text or a path.")
        self.data: Any = data  # one of these, told apart below
        self._at = self._place()
        self.again = isinstance(data, Sequence | memoryview) or self._at is not None

    def whole(self) -> bytes | None:
        """All bytes, where they are in memory."""
        data = self.data
        return bytes(data) if isinstance(data, bytes | bytearray | memoryview) else None

    def pieces(self) -> Iterator[bytes]:
        """The bytes, from the start each time."""
        data = self.data
        if hasattr(data, "read"):
            if self._at is not None:
                data.seek(self._at)
            while piece := data.read(PIECE):
                yield piece
            return
        if isinstance(data, AsyncIterable):
            raise TypeError("What is read with async for is for AsyncTutela.")
        for piece in data:
            yield bytes(piece)

    async def async_pieces(self) -> AsyncIterator[bytes]:
        """The same; files are read in a thread."""
        if isinstance(self.data, AsyncIterable):
            async for piece in self.data:
                yield piece
            return
        pieces = self.pieces()
        if isinstance(self.data, Sequence):
            for piece in pieces:
                yield piece
            return
        while (piece := await anyio.to_thread.run_sync(lambda: next(pieces, None))) is not None:
            yield piece

    def _place(self) -> int | None:
        data = self.data
        if hasattr(data, "seekable") and data.seekable():
            return int(data.tell())
        return None

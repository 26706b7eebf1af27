"""Bodies of replies: read piece by piece, and no further than they may be large."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from urllib3.response import BaseHTTPResponse

from tutela.outbound.errors import OutboundError, Reason

PIECE = 64 * 1024
"""Bytes read, or unpacked, at a time."""

GZIP = 31
"""zlib's number for the gzip format alone."""


def chunks(response: BaseHTTPResponse, largest: int) -> Iterator[bytes]:
    """The body, unpacked; neither what comes nor what it unpacks to is larger. Raises
    `OutboundError`, and what reading raises."""
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip"):
        raise OutboundError(
            Reason.BROKEN, "The reply is packed in a way that was not asked for and is not known."
        )
    announced = response.headers.get("Content-Length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > largest:
        raise _too_large(largest)
    parts = _no_more_than(largest, _read(response))
    return _no_more_than(largest, _unpacked(parts)) if coding.endswith("gzip") else parts


def _read(response: BaseHTTPResponse) -> Iterator[bytes]:
    while part := response.read(PIECE, decode_content=False):
        yield part


def _no_more_than(largest: int, parts: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for part in parts:
        size += len(part)
        if size > largest:
            raise _too_large(largest)
        yield part


def _unpacked(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Members of gzip, one after the other (RFC 1952), a piece at a time: a small one can unpack to
    a thousand times as much."""
    unpacker = None
    for part in parts:
        left = part
        while left:
            unpacker = unpacker or zlib.decompressobj(GZIP)
            try:
                piece = unpacker.decompress(left, PIECE)
            except zlib.error:
                raise _damaged() from None
            if piece:
                yield piece
            left = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            if unpacker.eof:
                unpacker = None
    if unpacker is not None:
        yield unpacker.flush()
        if not unpacker.eof:
            raise _damaged()


def _too_large(largest: int) -> OutboundError:
    return OutboundError(
        Reason.TOO_LARGE,
        f"The reply is larger than {largest} bytes.",
        "Of files that are fetched the setting outbound.largest says how large they may be.",
    )


def _damaged() -> OutboundError:
    return OutboundError(Reason.BROKEN, "The reply is packed, and damaged or cut short.")

"""Fingerprints a stream: exact hashes of every byte, picture signals from a decoder process."""

from __future__ import annotations

from typing import BinaryIO

from tutela.decoding.models import Cause, Decoded, Fingerprint
from tutela.decoding.pool import DecoderPool
from tutela.signals import Signal

CHUNK = 1024 * 1024
"""Bytes read at a time: large enough that hashing, not reading, takes the time."""


def fingerprint(stream: BinaryIO, pool: DecoderPool) -> Fingerprint:
    """All signals of a stream of any length, read once, in constant memory past `max_bytes`.

    Exact hashes are computed whatever a decoder makes of the file. Raises what reading raises.
    """
    hashers = {kind.name: kind.hasher() for kind in pool.stream_types}
    for_decoder = len(hashers) < len(pool.types)
    data, size = bytearray(), 0
    while (chunk := stream.read(CHUNK)) != b"":
        if chunk is None:
            raise BlockingIOError("the stream has no more bytes yet: open it blocking")
        size += len(chunk)
        for name in list(hashers):
            try:
                hashers[name].update(chunk)
            except Exception:  # a third party's type: no signal of that type
                del hashers[name]
        if for_decoder and size <= pool.limits.max_bytes:
            data += chunk
        else:
            data = bytearray()  # too large for a decoder: nothing of it is kept
    exact = tuple(Signal(name, hasher.hexdigest()) for name, hasher in hashers.items())
    decoded = Decoded()
    if size == 0:
        decoded = Decoded(cause=Cause.EMPTY)
    elif for_decoder:
        fits = size <= pool.limits.max_bytes
        decoded = pool.decode(data) if fits else Decoded(cause=Cause.TOO_MANY_BYTES)
    return Fingerprint(size, exact + decoded.signals, decoded.picture, decoded.notes, decoded.cause)

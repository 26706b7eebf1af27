"""Fingerprints a stream: exact hashes of every byte, picture signals from a decoder process."""

from __future__ import annotations

from typing import BinaryIO

from tutela.decoding.models import Cause, Decoded, Fingerprint
from tutela.decoding.pool import DecoderPool
from tutela.signals import Signal

CHUNK = 1024 * 1024
"""Bytes read at a time: large enough that hashing, not reading, takes the time."""


class Fingerprinting:
    """The bytes of one file as they come, of any number, in constant memory past `max_bytes`."""

    def __init__(self, pool: DecoderPool, keep: int = 0) -> None:
        """`keep`: so many bytes are held for the caller too, if the file has no more."""
        self.pool = pool
        self.size = 0
        self.data = bytearray()
        """All bytes, unless they are more than are kept or than a decoder is given."""
        self._hashers = {kind.name: kind.hasher() for kind in pool.stream_types}
        self._for_decoder = len(self._hashers) < len(pool.types)
        self.held = max(keep, pool.limits.max_bytes if self._for_decoder else 0)

    def feed(self, chunk: bytes) -> None:
        """The next bytes."""
        self.size += len(chunk)
        for name in list(self._hashers):
            try:
                self._hashers[name].update(chunk)
            except Exception:  # a third party's type: no signal of that type
                del self._hashers[name]
        if self.size <= self.held:
            self.data += chunk
        else:
            self.data = bytearray()

    def finish(self) -> Fingerprint:
        """All signals. Exact hashes are there whatever a decoder makes of the file. Raises
        `DecodingError` if no decoder can be started."""
        exact = tuple(Signal(name, hasher.hexdigest()) for name, hasher in self._hashers.items())
        decoded = Decoded()
        if self.size == 0:
            decoded = Decoded(cause=Cause.EMPTY)
        elif self._for_decoder:
            fits = self.size <= self.pool.limits.max_bytes
            decoded = self.pool.decode(self.data) if fits else Decoded(cause=Cause.TOO_MANY_BYTES)
        signals = exact + decoded.signals
        return Fingerprint(self.size, signals, decoded.picture, decoded.notes, decoded.cause)


def fingerprint(stream: BinaryIO, pool: DecoderPool) -> Fingerprint:
    """All signals of a stream, read once. Raises what reading raises, and `DecodingError`."""
    file = Fingerprinting(pool)
    while (chunk := stream.read(CHUNK)) != b"":
        if chunk is None:
            raise BlockingIOError("the stream has no more bytes yet: open it blocking")
        file.feed(chunk)
    return file.finish()

"""The bytes of an upload while they come: hashed, held in memory or sealed, never plain on disk."""

from __future__ import annotations

from contextlib import suppress

from tutela.decoding import DecoderPool, Fingerprint, Fingerprinting
from tutela.evidence.errors import SealingFailed
from tutela.evidence.sealing import Sealed, Sealer, Spool


class Received:
    """One upload. Ends with `finish`, then `seal` or `drop`."""

    def __init__(self, pool: DecoderPool, sealer: Sealer, spool_over: int) -> None:
        self.sealer = sealer
        self.spool_over = spool_over
        self.file = Fingerprinting(pool, spool_over)
        self._spool: Spool | None = None
        self._failed: SealingFailed | None = None

    @property
    def size(self) -> int:
        return self.file.size

    @property
    def most_in_memory(self) -> int:
        """Bytes of it that are held at most."""
        return self.file.held

    def feed(self, chunk: bytes) -> None:
        """The next bytes."""
        if self._failed is None and self.file.size + len(chunk) > self.spool_over:
            try:
                if self._spool is None:
                    self._spool = self.sealer.spool()
                    self._spool.write(self.file.data)
                self._spool.write(chunk)
            except SealingFailed as error:  # the verdict is still to be given
                self._failed = error
                self._abandon()
        self.file.feed(chunk)

    def finish(self) -> Fingerprint:
        """All signals. Raises `DecodingError`."""
        return self.file.finish()

    def seal(self) -> Sealed:
        """Seal all bytes: on disk when this returns. Raises `SealingFailed`."""
        if self._failed is not None:
            raise self._failed
        if self._spool is not None:
            spool, self._spool = self._spool, None
            return spool.finish()
        return self.sealer.seal(self.file.data)

    def drop(self) -> None:
        """Let go of what is held. Again does nothing."""
        self.file.data = bytearray()
        self._abandon()

    def _abandon(self) -> None:
        spool, self._spool = self._spool, None
        if spool is not None:
            with suppress(SealingFailed):  # what is left is swept at the next start
                spool.drop()

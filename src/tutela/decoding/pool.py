"""Supervises decoder processes: one file each at a time, killed and replaced when they overrun."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self, TypeVar

from tutela.decoding.decoder import Decoder, DecoderLost
from tutela.decoding.errors import DecodingError
from tutela.decoding.limits import Limits
from tutela.decoding.models import Cause, Decoded, Derivative, Rendered, Rendering
from tutela.decoding.options import Options
from tutela.signals import StreamSignalType
from tutela.signals.registry import signal_type

Asked = TypeVar("Asked")

LONGEST = 256
"""Pixels of the longer side of a derivative: enough to see whether two pictures are one, too few to
study either."""

WATCH_SECONDS = 0.25
"""How often deadlines are looked at: the precision of `max_wall_seconds`."""

ATTEMPTS = 2
"""A file whose decoder died is tried once more: it may have been an innocent victim of the system's
memory killer. A file that overran its time is not."""


class DecoderPool:
    """At most `size` decoder processes, started when needed; safe to use from many threads.

    Raises ValueError if `size` is below 1. After a fork the child must make a pool of its own.
    """

    def __init__(
        self, options: Options | None = None, limits: Limits | None = None, size: int | None = None
    ) -> None:
        self.options = options or Options()
        self.limits = limits or Limits()
        self.size = processors() if size is None else size
        if self.size < 1:
            raise ValueError("a pool has at least one decoder")
        self.types = [signal_type(name) for name in self.options.types]
        self.stream_types = [kind for kind in self.types if isinstance(kind, StreamSignalType)]
        self._owner = os.getpid()
        self._places: queue.LifoQueue[Decoder | None] = queue.LifoQueue()
        for _ in range(self.size):
            self._places.put(None)
        self._lent: set[Decoder] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._watch = threading.Thread(target=self._kill_late, name="decoder-watch", daemon=True)
        self._watch.start()

    def start(self, count: int = 1) -> bool:
        """Start so many decoders now; tells whether they are fully confined on this platform.

        Raises `DecodingError` if one cannot be started.
        """
        with ExitStack() as stack:
            lent = [stack.enter_context(self._lend()) for _ in range(min(count, self.size))]
            return all(decoder.confined for decoder in lent)

    def decode(self, data: bytes | bytearray) -> Decoded:
        """Signals of a file's bytes, or the cause why there are none. Waits for a free decoder.

        Raises `DecodingError` if no decoder can be started, or the pool is closed.
        """
        made = self._tried(lambda decoder: decoder.ask(data))
        return Decoded(cause=made) if isinstance(made, Cause) else made

    def derivative(self, data: bytes | bytearray, longest: int = LONGEST) -> Derivative | Cause:
        """A small grey picture of a file's first frame, blurred, no side longer than `longest`
        pixels; or the cause why there is none. Raises as `decode` does."""
        if len(data) > self.limits.max_bytes:
            return Cause.TOO_MANY_BYTES
        return self._tried(lambda decoder: decoder.ask_derivative(data, longest))

    def rendered(
        self, data: bytes | bytearray, rendering: Rendering, longest: int
    ) -> Rendered | Cause:
        """A picture of a file's first frame to show to a person, no side longer than `longest`
        pixels; or the cause why there is none. Raises as `decode` does."""
        if len(data) > self.limits.max_bytes:
            return Cause.TOO_MANY_BYTES
        return self._tried(lambda decoder: decoder.ask_rendered(data, rendering, longest))

    def _tried(self, ask: Callable[[Decoder], Asked]) -> Asked | Cause:
        """What a decoder says or, if none lived to say it, why."""
        cause = Cause.DECODER_DIED
        for _ in range(ATTEMPTS):
            try:
                with self._lend() as decoder:
                    return ask(decoder)
            except DecoderLost as lost:
                cause = lost.cause
                if cause is Cause.OUT_OF_TIME:
                    break
        return cause

    def close(self) -> None:
        """Wait for files in work, then end all decoders. Closing again does nothing."""
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
        for _ in range(self.size):
            decoder = self._places.get()
            if decoder is not None:
                decoder.stop()
        for _ in range(self.size):
            self._places.put(None)  # for those who still wait: they find the pool closed
        self._watch.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _lend(self) -> Iterator[Decoder]:
        """A decoder from a free place. It goes back unless it was lost or has done its share."""
        if os.getpid() != self._owner:  # two processes on one pipe would get each other's answers
            raise DecodingError("This pool belongs to another process.", "Make one after the fork.")
        decoder, kept = self._places.get(), None
        try:
            if self._closed.is_set():
                kept = decoder
                raise DecodingError("The pool of decoders is closed.")
            if decoder is None:
                decoder = Decoder(self.options, self.limits)
                self._mark(decoder, lent=True)
                decoder.introduce()
            else:
                self._mark(decoder, lent=True)
            yield decoder
            kept = decoder if decoder.files < self.limits.max_files else None
        finally:
            try:
                if decoder is not None and decoder is not kept:
                    decoder.stop()
            finally:  # ^C while it stops must not lose the place
                if decoder is not None:
                    self._mark(decoder, lent=False)
                self._places.put(kept)

    def _mark(self, decoder: Decoder, *, lent: bool) -> None:
        with self._lock:
            (self._lent.add if lent else self._lent.discard)(decoder)

    def _kill_late(self) -> None:
        while not (self._closed.wait(WATCH_SECONDS) and not self._lent):
            now = time.monotonic()
            with self._lock:
                for decoder in self._lent:
                    decoder.kill_if_late(now)


def processors() -> int:
    """Those this process may use, which in a container are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

"""One decoder process, seen from its parent."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any, BinaryIO, TypeVar, cast

from tutela.decoding import wire
from tutela.decoding.errors import DecodingError
from tutela.decoding.limits import Limits
from tutela.decoding.models import Cause, Decoded, Derivative, Rendered, Rendering
from tutela.decoding.options import Options
from tutela.signals import StreamSignalType
from tutela.signals.registry import signal_type

Read = TypeVar("Read")

START_SECONDS = 60
"""A decoder is ready in under a second; on a host that swaps it may take long, not for ever."""

STOP_SECONDS = 2
"""An idle decoder ends at once when its pipe closes; one that does not is killed."""

ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",  # its threads would reserve memory that the limit counts
    "OMP_NUM_THREADS": "1",
}
"""All a decoder inherits: no key, address or token of the parent."""


class DecoderLost(Exception):
    """The process ended while it had a file."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.value)
        self.cause = cause


class Decoder:
    """One decoder process. Not thread-safe: a pool lends it to one caller at a time."""

    def __init__(self, options: Options, limits: Limits) -> None:
        self.options = options
        types = [signal_type(name) for name in options.types]
        self._types = {t.name: t for t in types if not isinstance(t, StreamSignalType)}
        self.limits = limits
        self.files = 0
        self.confined = False
        self._overran = False
        self._deadline = time.monotonic() + START_SECONDS
        environment = dict(ENVIRONMENT)
        if "TUTELA_NATIVE" in os.environ:
            environment["TUTELA_NATIVE"] = os.environ["TUTELA_NATIVE"]
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-m", "tutela.decoding.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a codec's messages may hold content
                env=environment,
                cwd="/",
                start_new_session=True,  # ^C in a terminal is for the parent to handle
            )
        except OSError as error:
            raise DecodingError(
                f"A decoder process could not be started: {error.strerror}.",
                "Raise the limits on processes and open files, or lower decoding.processes.",
            ) from error
        self._to = cast(BinaryIO, self.process.stdin)
        self._from = cast(BinaryIO, self.process.stdout)

    def introduce(self) -> None:
        """Hand over options and limits, and wait until it is ready; raises `DecodingError`."""
        problem = f"Try: {sys.executable} -I -m tutela.decoding.child < /dev/null"
        try:
            wire.send(self._to, {"limits": asdict(self.limits), "options": asdict(self.options)})
            answer = wire.receive(self._from, 0)
            if answer is not None and answer[0].get("ready") is True:
                self.confined = answer[0].get("confined") is True
                self._deadline = math.inf
                return
            problem = str(answer[0].get("problem", problem)) if answer else problem
        except (OSError, wire.BadMessage):
            pass  # it died before it said why
        self.stop()
        raise DecodingError("A decoder process did not start.", problem)

    def ask(self, data: bytes | bytearray) -> Decoded:
        """The answer for one file; raises `DecoderLost` if the process does not live to give it."""

        def read(message: dict[str, Any], _: bytes) -> Decoded:
            return wire.decode(message, self._types, self.limits.max_frames)

        return self._asked({}, data, 0, read)

    def ask_derivative(self, data: bytes | bytearray, longest: int) -> Derivative | Cause:
        """A small picture of one file; raises `DecoderLost` likewise."""

        def read(message: dict[str, Any], grey: bytes) -> Derivative | Cause:
            return wire.decode_derivative(message, grey, longest)

        return self._asked({"longest": longest}, data, longest * longest, read)

    def ask_rendered(
        self, data: bytes | bytearray, rendering: Rendering, longest: int
    ) -> Rendered | Cause:
        """A picture to show in place of one file; raises `DecoderLost` likewise."""

        def read(message: dict[str, Any], pixels: bytes) -> Rendered | Cause:
            return wire.decode_rendered(message, pixels, longest)

        wanted = {"longest": longest, "rendering": rendering}
        return self._asked(wanted, data, longest * longest * 3, read)

    def _asked(
        self,
        wanted: dict[str, Any],
        data: bytes | bytearray,
        most: int,
        read: Callable[[dict[str, Any], bytes], Read],
    ) -> Read:
        """What `read` makes of the answer and of up to `most` bytes that come with it."""
        self.files += 1
        self._deadline = time.monotonic() + self.limits.max_wall_seconds
        try:
            wire.send(self._to, wanted, memoryview(data))
            answer = wire.receive(self._from, most)
            if answer is not None:
                made = read(*answer)
                self._deadline = math.inf
                return made
        except (OSError, wire.BadMessage):
            pass  # it died, or said what no decoder says: it is replaced in both cases
        self.process.kill()
        late = self.process.wait() == -signal.SIGXCPU or self._overran
        raise DecoderLost(Cause.OUT_OF_TIME if late else Cause.DECODER_DIED)

    def kill_if_late(self, now: float) -> None:
        """End the process if it had its time. Called from the pool's watch while it is lent out."""
        if now > self._deadline:
            self._overran = True
            self.process.kill()

    def stop(self) -> None:
        """End the process: at once when it is idle."""
        for pipe in (self._to, self._from):
            with suppress(OSError):  # it holds what a dead process never read
                pipe.close()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

"""What the vault and its clients say to each other: frames of at most a mebibyte.

A request is one frame of JSON. A reply is one frame of JSON (`ok`, or `error` and `hint`) and, of a
file that is opened or a picture that was made of it, frames of its bytes, an empty one, and one of
JSON that says that it was whole.
`Frames` knows no socket; `Line` is one with a time by which all must be said.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Mapping
from typing import Any

from tutela.evidence.errors import EvidenceError

LARGEST = 1 << 20
LARGEST_REQUEST = 4096
LENGTH = struct.Struct(">I")


class WireError(EvidenceError):
    """The other side said what nobody says, too much, or ended in the middle."""


class Frames:
    """Takes frames out of bytes as they come, in parts of any length."""

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self._held = bytearray()

    def feed(self, data: bytes) -> None:
        self._held += data

    def next(self) -> bytes | None:
        """The next frame, or None until more came. Raises `WireError` as soon as one is too
        long."""
        if len(self._held) < LENGTH.size:
            return None
        (length,) = LENGTH.unpack_from(self._held)
        if length > self.largest:
            raise WireError("The vault's line holds what it cannot.", "Is it the vault's?")
        if len(self._held) < LENGTH.size + length:
            return None
        frame = bytes(self._held[LENGTH.size : LENGTH.size + length])
        del self._held[: LENGTH.size + length]
        return frame


def framed(data: bytes) -> bytes:
    return LENGTH.pack(len(data)) + data


def said(frame: bytes) -> dict[str, Any]:
    """The object in a frame. Raises `WireError`."""
    try:
        found = json.loads(frame)
    except (ValueError, RecursionError):
        raise WireError("The vault's line holds what is no JSON.") from None
    if not isinstance(found, dict):
        raise WireError("The vault's line holds what is no object.")
    return found


class Line:
    """A connected socket that frames go through. Raises `WireError` and OSError."""

    def __init__(self, connected: socket.socket, largest: int = LARGEST) -> None:
        self.socket = connected
        self._frames = Frames(largest)

    def send(self, data: bytes, seconds: float) -> None:
        """One frame; all of it must be taken in time."""
        self.socket.settimeout(seconds)
        self.socket.sendall(framed(data))

    def send_json(self, value: Mapping[str, Any], seconds: float) -> None:
        self.send(json.dumps(value).encode(), seconds)

    def receive(self, seconds: float) -> bytes:
        """One frame; all of it must come in time, however it trickles."""
        until = time.monotonic() + seconds
        while (frame := self._frames.next()) is None:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self.socket.settimeout(left)
            part = self.socket.recv(1 << 16)
            if not part:
                raise WireError("The vault ended in the middle.", "See its log.")
            self._frames.feed(part)
        return frame

    def receive_json(self, seconds: float) -> dict[str, Any]:
        return said(self.receive(seconds))

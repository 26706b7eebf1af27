"""Asks the vault: it opens a file only for an intent that was recorded."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutela.errors import TutelaError
from tutela.evidence import wire
from tutela.evidence.errors import EvidenceError, IntentRefused, NotOpened, NotShown, why
from tutela.evidence.rendering import Made

PATIENCE = 60.0
"""Seconds to wait for the vault's next words: it may be busy, and reads from a disk."""

RENDERING = 180.0
"""Seconds for a picture: to wait for a place, to read the file, to decode it."""

LARGEST_PICTURE = 128 << 20
"""Bytes of a picture: more than 4096 times 4096 pixels can be."""

WORK = 3600.0
"""Seconds for a whole file to be read in the vault: 5 GiB from a slow store."""

PING = 2.0


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a sealed file, once opened, is what was sealed."""

    whole: bool
    size: int


def ping(path: Path) -> None:
    """Raises `EvidenceError` unless the vault answers and holds an identity."""
    with _asked(path, {"op": "ping"}, PING):
        pass


def check(path: Path, intent: str) -> Checked:
    """Have a file opened and compared, without any of it leaving the vault. Raises
    `TutelaError`."""
    with _asked(path, {"op": "check", "intent": intent}, WORK) as (_, reply):
        return Checked(bool(reply["whole"]), int(reply["size"]))


def reseal(path: Path, intent: str) -> bool:
    """Have a file sealed anew for those who are recipients now; says whether it had to be. Raises
    `TutelaError`."""
    with _asked(path, {"op": "reseal", "intent": intent}, WORK) as (_, reply):
        return bool(reply["resealed"])


def opened(path: Path, intent: str) -> Iterator[bytes]:
    """The bytes of a file, in pieces. Raises `TutelaError`, also at the end if they were not all
    that was sealed: what came before is then to be dropped."""
    with _asked(path, {"op": "open", "intent": intent}, PATIENCE) as (line, _):
        while piece := _received(line):
            yield piece
        _require(wire.said(_received(line)))


def derived(path: Path, intent: str) -> Made:
    """A picture that the vault made of a file, in place of its bytes. Raises `TutelaError`."""
    with _asked(path, {"op": "derive", "intent": intent}, RENDERING) as (line, reply):
        data = bytearray()
        while piece := _received(line):
            data += piece
            if len(data) > LARGEST_PICTURE:
                raise wire.WireError("The vault's picture does not end.")
        _require(wire.said(_received(line)))
    width, height = int(reply["width"]), int(reply["height"])
    return Made(bytes(data), width, height, bool(reply["whole"]))


@contextmanager
def _asked(
    path: Path, request: dict[str, Any], patience: float
) -> Iterator[tuple[wire.Line, dict[str, Any]]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connected:
        try:
            _connect(connected, path, patience)
            line = wire.Line(connected)
            line.send_json(request, patience)
            reply = line.receive_json(patience)
        except OSError as error:
            raise _silent(error) from None
        _require(reply)
        yield line, reply


def _connect(connected: socket.socket, path: Path, patience: float) -> None:
    """Raises OSError. Where too many wait already, a Unix socket does not wait by itself."""
    until = time.monotonic() + patience
    connected.settimeout(patience)
    while True:
        try:
            return connected.connect(str(path))
        except BlockingIOError:
            if time.monotonic() > until:
                raise TimeoutError("too many others ask it") from None
            time.sleep(0.05)


def _received(line: wire.Line) -> bytes:
    try:
        return line.receive(PATIENCE)
    except OSError as error:
        raise _silent(error) from None


def _silent(error: OSError) -> EvidenceError:
    return EvidenceError(
        f"The vault does not answer: {why(error)}.", "Run tutela serve, and see its log."
    )


KINDS: dict[str, type[TutelaError]] = {
    "intent": IntentRefused,
    "file": NotOpened,
    "picture": NotShown,
}


def _require(reply: dict[str, Any]) -> None:
    if not reply.get("ok"):
        kind = KINDS.get(str(reply.get("kind")), EvidenceError)
        raise kind(str(reply.get("error", "The vault refused.")), str(reply.get("hint", "")))

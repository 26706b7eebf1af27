"""clamd's protocol (clamd(8), COMMANDS) as a state machine: bytes in, events out, no socket.

One connection is one conversation. Outside IDSESSION it is one command and its reply; inside,
each command has a number, which its reply begins with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_COMMAND = 4096 + 32
"""Bytes of a command: a path of Linux, and a word before it."""

LENGTH = 4
"""Bytes before each chunk of a stream, which say how long it is; a length of none ends it."""

PLAIN = frozenset({"PING", "VERSION", "VERSIONCOMMANDS", "STATS", "INSTREAM"})
"""What is answered."""

NEW_STYLE = frozenset({"VERSIONCOMMANDS", "STATS", "INSTREAM", "IDSESSION", "END"})
"""What clamd takes only with the prefix n or z."""

PATHS = frozenset({"SCAN", "CONTSCAN", "MULTISCAN", "ALLMATCHSCAN", "RAWSCAN", "FILDES"})
"""What names a file of this machine, or hands one over, rather than send its bytes."""

CONTROL = frozenset({"SHUTDOWN", "RELOAD"})
"""What would steer the service."""

UNKNOWN = "UNKNOWN COMMAND"
UNAVAILABLE = "COMMAND UNAVAILABLE"
INVALID = "Command invalid inside IDSESSION. ERROR"
TOO_LARGE = "INSTREAM size limit exceeded. ERROR"
TIMED_OUT = "COMMAND READ TIMED OUT"
TOO_LONG = "The command is too long. ERROR"
NO_PATHS = "path: Files of this machine are not read here, send the bytes with INSTREAM. ERROR"


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that is to be answered; of INSTREAM, the bytes come next."""

    name: str
    number: int
    end: bytes

    def reply(self, text: str) -> bytes:
        """The bytes that say so."""
        numbered = f"{self.number}: {text}" if self.number else text
        return numbered.encode() + self.end


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of the stream."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The stream is whole: it is to be answered."""

    asked: Asked


@dataclass(frozen=True, slots=True)
class Refused:
    """The reply to what is not served, as bytes. A stream that it ends is to be let go of."""

    reply: bytes


Event = Asked | Piece | Ended | Refused


class Conversation:
    """What one client says. After `over`, nothing that comes is looked at."""

    def __init__(self, max_stream: int) -> None:
        self.over = False
        self._max = max_stream
        self._held = bytearray()
        self._number = 0
        self._session = False
        self._stream: Asked | None = None
        self._left = 0
        self._taken = 0

    @property
    def unfinished(self) -> bool:
        """Whether the client is in the middle of a command or a stream."""
        return self._stream is not None or bool(self._held)

    def receive(self, data: bytes) -> Iterator[Event]:
        """What these bytes say, after those before. Ask for all of it before more is given."""
        self._held += data
        packet = True
        while not self.over:
            event = self._chunk() if self._stream is not None else self._command(packet=packet)
            if event is None:
                return
            packet = False
            yield event
        self._held.clear()

    def late(self) -> bytes:
        """What a client is told that stopped in the middle."""
        end = self._stream.end if self._stream is not None else b"\n"
        self.over = True
        return TIMED_OUT.encode() + end

    def _command(self, *, packet: bool) -> Event | None:
        held = self._held
        if not held:
            return None
        old = held[0] not in b"nz"
        if old and not packet:  # it would be one packet, and this one began with something else
            self.over = True
            return Refused(UNKNOWN.encode() + b"\n")
        end = b"\0" if held[:1] == b"z" else b"\n"
        at = len(held) if old else held.find(end)
        if at > LONGEST_COMMAND or (at < 0 and len(held) > LONGEST_COMMAND):
            self.over = True
            return Refused(TOO_LONG.encode() + end)
        if at < 0:
            return None
        text = bytes(held[:at] if old else held[1:at])
        del held[: at + 1]
        if end == b"\n":
            text = text.rstrip(b"\r\n")
        word, _, argument = text.decode("latin-1").partition(" ")
        return self._answered(word, argument, old, end)

    def _answered(self, word: str, argument: str, old: bool, end: bytes) -> Event | None:
        if self._session:
            self._number += 1
        asked = Asked(word, self._number, end)
        known = word in PLAIN and not argument and not (old and word in NEW_STYLE)
        if known and word == "INSTREAM":
            self._stream, self._left, self._taken = asked, 0, 0
            return asked
        if word == "IDSESSION" and not argument and not old:
            return self._begun(asked)
        self.over = not self._session or (word == "END" and not argument)
        if known:
            return asked
        if word == "END" and self._session and self.over:
            return None
        if word in PATHS:
            return Refused(asked.reply(NO_PATHS))
        return Refused(asked.reply(UNAVAILABLE if word in CONTROL else UNKNOWN))

    def _begun(self, asked: Asked) -> Event | None:
        if self._session:
            self.over = True
            return Refused(asked.reply(INVALID))
        self._session = True
        return self._command(packet=False)

    def _chunk(self) -> Event | None:
        held, asked = self._held, self._stream
        assert asked is not None  # noqa: S101 - it was looked at
        if not self._left:
            if len(held) < LENGTH:
                return None
            self._left = int.from_bytes(held[:LENGTH])
            del held[:LENGTH]
            self._taken += self._left
            if self._taken > self._max:  # as it was said to be: not one byte of it is waited for
                self.over, self._stream = True, None
                return Refused(asked.reply(TOO_LARGE))
            if not self._left:
                self.over, self._stream = not self._session, None
                return Ended(asked)
        if not held:
            return None
        data = bytes(held[: self._left])
        del held[: len(data)]
        self._left -= len(data)
        return Piece(data)

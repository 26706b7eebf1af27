"""The one picture of the bank that is always on: made by code, and of nothing.

It is stored as BMP without compression, so that its bytes are the same wherever they are made.
"""

from __future__ import annotations

import struct
from datetime import datetime

import numpy as np
from sqlalchemy import select

from tutela.banks import changes, service
from tutela.banks.changes import From, New
from tutela.banks.models import Bank, Purpose
from tutela.banks.values import bankable, packed
from tutela.signals import Frame, Signal
from tutela.signals.protocol import PictureSignalType, StreamSignalType
from tutela.storage import Session

SIDE = 256
TYPES = ("md5", "sha1", "sha256", "pdq")


def pixels() -> np.ndarray:
    """Rings around a point, with waves across: shape (256, 256, 3), red, green, blue."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.int64)
    rings = ((x - 80) ** 2 + (y - 150) ** 2) // 97 % 256
    waves = (3 * x + 5 * y + (x * y) // 37) % 256
    return np.stack([rings, waves, (rings + waves) // 2], axis=2).astype(np.uint8)


def picture() -> bytes:
    """The file."""
    rows = np.ascontiguousarray(pixels()[::-1, :, ::-1]).tobytes()  # from below, blue first
    head = struct.pack("<2sIHHI", b"BM", 54 + len(rows), 0, 0, 54)
    return (
        head + struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 24, 0, len(rows), 0, 0, 0, 0) + rows
    )


def signals() -> list[Signal]:
    """Its signals."""
    made: list[Signal] = []
    for name in TYPES:
        kind = bankable(name)
        if isinstance(kind, StreamSignalType):
            hasher = kind.hasher()
            hasher.update(picture())
            made.append(Signal(name, hasher.hexdigest()))
        elif isinstance(kind, PictureSignalType):
            made += kind.fingerprint(Frame.of(pixels()), ())
    return made


def ensure(session: Session, now: datetime, actor: str) -> Bank:
    """The bank, made if it is not there."""
    bank = session.scalar(select(Bank).where(Bank.name == service.TEST))
    if bank is None:
        bank = service.create(
            session, now, actor, service.TEST, Purpose.TEST, source="tutela",
            note="Always on. Holds one picture made by code, to show that everything works.",
        )  # fmt: skip
        origin = From(hashed_by="tutela")
        new = [
            New(s.type, packed(bankable(s.type), s.value), origin, "test-picture", s.quality)
            for s in signals()
        ]
        changes.add(session, now, actor, bank.id, new)
    return bank

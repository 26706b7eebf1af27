"""How values of a signal type are stored and searched."""

from __future__ import annotations

from functools import cache

from tutela.banks.errors import NotBankable
from tutela.matching.layouts import NEAR, Equal, Layout
from tutela.signals.protocol import SignalType
from tutela.signals.registry import signal_type
from tutela.signals.types.listed import Listed
from tutela.signals.urls import Keyer
from tutela.storage import Database, Session

IN_SESSION = "lists"

ALIASES = {"video_md5": "md5"}
"""Types that partners call otherwise: ThreatExchange's is the MD5 of all bytes of the file."""

NEAR_BITS = 256
"""Bits of the values that are searched within a distance."""

FARTHEST_MATCH = 32_767
"""The largest distance of a match: two bytes of a row hold it."""


@cache
def bankable(name: str) -> SignalType:
    """The type of this name. Raises `SignalError` if there is none, `NotBankable` if its values are
    not digits in hexadecimal that are equal or not, or 256 bits, or compared by the type itself."""
    if ":" in name:  # it would import a module that a list names
        raise NotBankable(f"{name!r} is not a signal type that banks take.")
    kind = signal_type(ALIASES.get(name, name))
    digits = getattr(kind, "digits", None)
    own = own_layout(kind)
    bits = NEAR_BITS if own is None else 8 * own.width
    if kind.match_distance > FARTHEST_MATCH:
        raise NotBankable(
            f"Matches of type {kind.name} are up to {kind.match_distance} apart.",
            f"The largest distance that is recorded is {FARTHEST_MATCH}: scale the measure.",
        )
    if digits is None or (kind.max_distance > 1 and digits * 4 != bits):
        raise NotBankable(
            f"Signals of type {kind.name} cannot be banked.",
            "Banks take types whose values are digits in hexadecimal (docs/extension-points.md).",
        )
    return kind


def is_near(kind: SignalType) -> bool:
    """Whether values of this type are searched within a distance, rather than equal or not."""
    return kind.max_distance > 1


def own_layout(kind: SignalType) -> Layout | None:
    """How a type that is compared in a way of its own has its values searched."""
    return getattr(kind, "layout", None)


def layout(kind: SignalType) -> Layout:
    """How an index of this type is laid out."""
    return own_layout(kind) or (NEAR if is_near(kind) else Equal(width(kind)))


def has_bits(kind: SignalType) -> bool:
    """Whether its distances are bits of 256, which banks may choose."""
    return is_near(kind) and own_layout(kind) is None


def limit(kind: SignalType, bank: int | None) -> int:
    """The largest distance of a match in a bank, which may have chosen one."""
    if not is_near(kind):
        return 0
    return kind.match_distance if bank is None or not has_bits(kind) else bank


def width(kind: SignalType) -> int:
    """Bytes of a stored value."""
    return int(kind.digits) // 2  # type: ignore[attr-defined] # those that are bankable have it


def packed(kind: SignalType, text: str, keyer: Keyer | None = None) -> bytes:
    """The stored form of a value that a list holds: of addresses and words, their keyed digest.
    Raises `SignalError` if it is none."""
    if isinstance(kind, Listed):
        text = kind.keyed(text, keyer)
    return bytes.fromhex(kind.validate(text))


def is_listed(kind: SignalType | None) -> bool:
    """Whether its values are addresses or words, of which nothing is kept in clear."""
    return isinstance(kind, Listed)


def keyer_of(opened: Database | Session) -> Keyer | None:
    """What keys values in an installation; None where none was given."""
    found = opened.info.get(IN_SESSION)
    return found if isinstance(found, Keyer) else None


def unpacked(value: bytes) -> str:
    """The canonical form of a stored value."""
    return value.hex()

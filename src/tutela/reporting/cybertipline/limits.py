"""What a single value may be on the wire: shared by `fitting`, which mends, and `checking`, which
tells."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import ip_address
from typing import Any

from tutela.reporting.cybertipline.tags import Slot, blank

FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 has no way to write (section 2.2, Char). Marks of direction and emoji are lawful."""

INT = (-(2**31), 2**31 - 1)
LONG = (-(2**63), 2**63 - 1)
"""The bounds of xs:int and xs:long."""


class Breach(StrEnum):
    """In which way a value is not what the wire takes."""

    BLANK = "blank"
    FORBIDDEN = "forbidden"
    LONG = "long"
    FORM = "form"
    UNKNOWN = "unknown"
    RANGE = "range"
    ZONE = "zone"


def size(text: str) -> int:
    """Characters as UTF-16 counts them: never fewer than code points."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def breach(slot: Slot, value: Any) -> Breach | None:
    """The first thing that is wrong with a value that is no block; None if nothing is.

    Blank is wrong where the value is required.
    """
    match value:
        case str():
            return _of_text(slot, value)
        case bool():
            return None
        case int() | float():
            return None if _within(slot, value) else Breach.RANGE
        case datetime():
            return _of_time(value)
    return None


def _of_text(slot: Slot, value: str) -> Breach | None:
    tag = slot.tag
    if FORBIDDEN.search(value):  # first: Python also calls some of these blank
        return Breach.FORBIDDEN
    if blank(value):
        return Breach.BLANK if slot.minimum else None
    if tag.length is not None and size(value) > tag.length:
        return Breach.LONG
    if tag.among and value not in tag.among.words:
        return Breach.UNKNOWN
    formed = re.fullmatch(tag.pattern, value) if tag.pattern else True
    return None if formed and (not tag.address or _is_address(value)) else Breach.FORM


def _is_address(value: str) -> bool:
    """An IP address without a zone: `%eth0` means something only on the machine that saw it."""
    try:
        return "%" not in value and bool(ip_address(value))
    except ValueError:
        return False


def _within(slot: Slot, value: float) -> bool:
    tag = slot.tag
    low, high = LONG if tag.xsd == "xs:long" else INT
    least = low if tag.low is None else tag.low
    most = high if tag.high is None else tag.high
    is_number = isinstance(value, int) or math.isfinite(value)  # an int may be larger than a float
    return is_number and least <= value <= most


def _of_time(value: datetime) -> Breach | None:
    if value.utcoffset() is None:
        return Breach.ZONE
    try:
        value.astimezone(UTC)
    except OverflowError:
        return Breach.RANGE
    return None

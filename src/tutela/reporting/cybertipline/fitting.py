"""Making a report lawful on the wire: nothing is lost in silence."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from tutela.reporting.cybertipline.incidents import IncidentSummary
from tutela.reporting.cybertipline.limits import FORBIDDEN, Breach, breach, size
from tutela.reporting.cybertipline.tags import Kind, Model, Slot, slots
from tutela.reporting.cybertipline.writing import shown

REPLACEMENT = "\ufffd"
SECOND = timedelta(seconds=1)
ZONE = re.compile(r"(?P<address>[0-9A-Fa-f:.]+)(?P<zone>%.*)", re.DOTALL)

JOINING = frozenset("\u200d\ufe0e\ufe0f")
"""Joins two characters into one picture, or chooses how one is drawn."""


class Done(StrEnum):
    """What was done to a value: shortened, forbidden characters replaced, taken out, or set to the
    nearest lawful one."""

    CUT = "cut"
    REPLACED = "replaced"
    DROPPED = "dropped"
    CLAMPED = "clamped"


@dataclass(frozen=True, slots=True)
class Cut:
    """One change. `path`: as `report/victim[1]/schoolName`, `…/email[1]/@type`. `characters`: how
    many were lost or replaced. `value`: the whole of what stood there, for who can put it
    elsewhere; it is content, so it is never shown by `repr`."""

    path: str
    done: Done
    characters: int
    value: str = field(repr=False)


M = TypeVar("M", bound=Model)


def fitted(model: M, now: datetime) -> tuple[M, tuple[Cut, ...]]:
    """The model with all values within the limits, and what had to be done for it.

    Characters that XML forbids become U+FFFD; text is cut at its limit with a mark at its end.
    What would be another thing if it were changed (an address, a URL, a hash) is dropped, and
    with it the block that cannot be without it. A future time of the incident becomes the second
    before `now`. Times without a zone, blank texts and what breaks a rule of the whole report stay,
    for `checking.check` to tell. Fitting what was fitted changes nothing.
    """
    cuts: list[Cut] = []
    fit, _ = _fit(model, model.TAG, now, cuts)
    return fit, tuple(cuts)


def _fit(model: M, path: str, now: datetime, cuts: list[Cut]) -> tuple[M, bool]:
    """The block fitted, and whether it can be: else a value that it needs is not lawful."""
    changed: dict[str, Any] = {}
    lawful = True
    for slot in slots(type(model)):
        given = slot.values(model)
        fit = [
            _fit_block(slot, slot.path(path, number), value, now, cuts)
            if isinstance(value, Model)
            else _fit_value(model, slot, slot.path(path, number), value, now, cuts)
            for number, value in enumerate(given, 1)
        ]
        if fit == [None] and slot.minimum and not slot.many:
            lawful = False
            continue
        kept = tuple(value for value in fit if value is not None)
        if kept != given:
            changed[slot.field] = kept if slot.many else next(iter(kept), None)
    known: Any = model
    return (replace(known, **changed) if changed else model), lawful


def _fit_block(slot: Slot, path: str, block: Model, now: datetime, cuts: list[Cut]) -> Model | None:
    """The block, fitted; None if it is optional and cannot be lawful."""
    mine: list[Cut] = []
    fit, lawful = _fit(block, path, now, mine)
    if not lawful and slot.minimum == 0:
        cuts.append(_drop(path, block))
        return None
    cuts += mine
    return fit


def _fit_value(
    model: Model, slot: Slot, path: str, value: Any, now: datetime, cuts: list[Cut]
) -> Any:
    """The value, lawful, or None for none: also where it is required."""
    if isinstance(model, IncidentSummary) and slot.field == "incident_date_time":
        return _clamped(value, path, now, cuts)
    if slot.tag.address and (match := ZONE.fullmatch(value)) and ":" in value:
        cuts.append(Cut(path, Done.DROPPED, len(match["zone"]), value))
        value = match["address"]
    wrong = breach(slot, value)
    if wrong is None or wrong in (Breach.BLANK, Breach.ZONE):
        return value
    if isinstance(value, str) and not (slot.tag.whole or slot.tag.among):
        text, replaced = FORBIDDEN.subn(REPLACEMENT, value)
        if replaced:
            cuts.append(Cut(path, Done.REPLACED, replaced, value))
        if slot.tag.length is not None and size(text) > slot.tag.length:
            short, lost = cut(text, slot.tag.length)
            cuts.append(Cut(path, Done.CUT, lost, value))
            text = short
        return text
    if not (slot.minimum and not slot.many):
        cuts.append(_drop(path, value))
    return None


def cut(text: str, limit: int) -> tuple[str, int]:
    """Text of at most `limit` characters that says at its end how many are missing, and how many.

    Never ends within a character that is written as several.
    """
    kept = _beginning(text, limit - size(_mark(len(text))))
    lost = len(text) - len(kept)
    return kept + _mark(lost), lost


def _mark(lost: int) -> str:
    return f"… [cut: {lost} more characters]"


def _beginning(text: str, limit: int) -> str:
    kept = text.encode("utf-16-le")[: 2 * limit].decode("utf-16-le", "ignore")
    end = len(kept)
    while 0 < end < len(text) and _joined(text[end - 1], text[end]):
        end -= 1
    return text[:end] if end else kept  # a text of nothing but marks has no better place


def _joined(left: str, right: str) -> bool:
    return left == "\u200d" or right in JOINING or unicodedata.combining(right) != 0


def _clamped(value: datetime, path: str, now: datetime, cuts: list[Cut]) -> datetime:
    if value.utcoffset() is None or value <= now:
        return value
    cuts.append(Cut(path, Done.CLAMPED, 0, value.isoformat()))
    return now - SECOND


def _drop(path: str, value: Any) -> Cut:
    text = _told(value) if isinstance(value, Model) else _plain(value)
    return Cut(path, Done.DROPPED, len(text), text)


def _told(model: Model) -> str:
    """All that a block says, on one line: `ipAddress: …; eventName: Login`."""
    said = []
    for slot in slots(type(model)):
        for value in slot.values(model):
            text = _told(value) if isinstance(value, Model) else _plain(value)
            said.append(text if slot.tag.kind is Kind.TEXT else f"{slot.tag.name}: {text}")
    return "; ".join(said)


def _plain(value: Any) -> str:
    try:
        return shown(value)
    except ValueError:
        return str(value)

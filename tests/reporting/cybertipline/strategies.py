"""Documents of the wire, made from what the models say of themselves: the least, the most, any."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from hypothesis import strategies as st

from tutela.reporting.cybertipline.files import FileDetails
from tutela.reporting.cybertipline.incidents import Report
from tutela.reporting.cybertipline.limits import INT, LONG
from tutela.reporting.cybertipline.responses import ReportDoneResponse, ReportResponse
from tutela.reporting.cybertipline.tags import Kind, Model, Slot, models, slots
from tutela.reporting.cybertipline.vocabulary import IncidentType

M = TypeVar("M", bound=Model)
Leaf = Callable[[Slot], st.SearchStrategy[Any]]

ROOTS: tuple[type[Model], ...] = (Report, FileDetails, ReportResponse, ReportDoneResponse)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

PHRASES = (
    "a blue bicycle",
    "rain until noon, then sun",
    'spokes <16> & "bells"',
    "first\nsecond\tthird",
    "\u062f\u0631\u0627\u062c\u0629 \u0632\u0631\u0642\u0627\u0621",  # a blue bicycle, in Arabic
    "\u200f\u202bhelmet\u202c",
    "\U0001f6b2 on the pier \U0001f468\u200d\U0001f469\u200d\U0001f466",
)
FORMS = {r"\+[0-9]{1,3}": "+44", "[0-9]+": "017"}


def value(slot: Slot) -> Any:
    """A lawful value of a slot that is no block."""
    tag = slot.tag
    if issubclass(slot.of, StrEnum):
        return IncidentType.T5 if slot.of is IncidentType else next(iter(slot.of))
    if slot.of is str:
        if tag.among:
            return tag.among.words[-1]
        if tag.address:
            return "2001:db8::7"
        return FORMS.get(tag.pattern) or f"bicycle {tag.name or 'text'}"
    if slot.of in (int, float):
        return slot.of(44)
    return {bool: True, datetime: NOON, date: NOON.date()}[slot.of]


def least(block: type[M], **given: Any) -> M:
    """The block with what it needs, and with what is given."""
    for slot in slots(block):
        chosen = slot.tag.choice and any(other.tag.choice for other in slots(block))
        if slot.minimum and not chosen and slot.field not in given:
            one = least(slot.block) if slot.block else value(slot)
            given[slot.field] = (one,) if slot.many else one
    return block(**given)


def most(block: type[M]) -> M:
    """The block with all that it may hold, once; of a choice the last, or each in a block of its
    own; no flags but the neutral ones."""
    given: dict[str, Any] = {}
    for slot in slots(block):
        if slot.tag.kind is Kind.FLAG and slot.field not in NEUTRAL:
            continue
        if slot.block and slot.many and choices(slot.block, needed=True):
            given[slot.field] = tuple(each(slot.block))
            continue
        one = most(slot.block) if slot.block else value(slot)
        given[slot.field] = (one,) if slot.many else one
    for slot in choices(block)[:-1]:
        given.pop(slot.field, None)
    return block(**given)


NEUTRAL = {"spam", "viral", "live_streaming", "informational"}
"""Flags that name no harm: golden files carry only these; the others are tested one by one."""


def choices(block: type[Model], needed: bool = False) -> list[Slot]:
    return [s for s in slots(block) if s.tag.choice and (s.minimum or not needed)]


def each(block: type[M]) -> Iterator[M]:
    for slot in choices(block):
        assert slot.block
        yield block(**{slot.field: most(slot.block)})


def trails(root: type[Model]) -> dict[type[Model], tuple[Slot, ...]]:
    """For each block below the root, the slots that lead to it."""
    found: dict[type[Model], tuple[Slot, ...]] = {root: ()}
    for block in models(root):
        for slot in slots(block):
            if slot.block and slot.block not in found and block in found:
                found[slot.block] = (*found[block], slot)
    return found


def within(root: type[Model], trail: tuple[Slot, ...], block: Model) -> Model:
    """The least document that holds the block at the end of a trail from its root."""
    if not trail:
        return block
    first, *rest = trail
    assert first.block
    inner = within(first.block, tuple(rest), block)
    return least(root, **{first.field: (inner,) if first.many else inner})


def singles(root: type[Model]) -> Iterator[tuple[type[Model], Slot, Model]]:
    """For each field of each block that a document can hold: a least document with it."""
    for block, trail in trails(root).items():
        for slot in slots(block):
            if slot.block:
                one: Any = most(slot.block) if not choices(slot.block) else next(each(slot.block))
            else:
                one = value(slot)
            with_it = least(block, **{slot.field: (one,) if slot.many else one})
            yield block, slot, within(root, trail, with_it)


def leaves(slot: Slot) -> st.SearchStrategy[Any]:
    """Lawful values of a slot that is no block."""
    tag = slot.tag
    if slot.of is str:
        return _texts(slot)
    if slot.of is int:
        low, high = LONG if tag.xsd == "xs:long" else INT
        low = low if tag.low is None else tag.low
        return st.integers(low, high if tag.high is None else tag.high)
    if slot.of is float:
        return st.floats(tag.low, tag.high)
    if slot.of is datetime:
        zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
        return st.datetimes(datetime(1, 1, 3), datetime(2026, 1, 1), timezones=zones)
    return st.from_type(slot.of)


def _texts(slot: Slot) -> st.SearchStrategy[str]:
    tag = slot.tag
    if tag.among:
        return st.sampled_from(tag.among.words)
    if tag.address:
        return st.ip_addresses().map(str)
    if tag.pattern:
        return st.from_regex(tag.pattern, fullmatch=True).map(lambda t: t[: tag.length])
    return st.sampled_from(PHRASES).map(lambda t: t[: tag.length])


def wild(slot: Slot) -> st.SearchStrategy[Any]:
    """Values of the right type, lawful or not, but for times, which say their zone."""
    if slot.of is str:
        return st.one_of(st.sampled_from(WILD), st.text(st.characters(), max_size=30))
    if slot.of is int:
        return st.integers() | st.integers(-1, 200)
    if slot.of is float:
        return st.floats()
    return leaves(slot)


WILD = (
    "a bell \x07 and a null \x00",
    "half of a pair \ud83d",
    "\U0001f6b2" * 4000,
    "e\u0301" * 2000,
    " ",
    "fe80::1%eth0",
    "192.0.2.7:443",
    "https://photos.example/" + "x" * 2100,
)


@cache
def documents(block: type[M], leaf: Leaf = leaves) -> st.SearchStrategy[M]:
    """Blocks with some of what they may hold: lawful ones, as their fields say what is lawful."""
    chosen = choices(block)
    rest = [slot for slot in slots(block) if slot not in chosen]
    needed = {s.field: _of(s, leaf) for s in rest if s.minimum}
    optional = {s.field: _of(s, leaf) for s in rest if not s.minimum}
    if not chosen:
        return _built(block, needed, optional)
    ones = [_built(block, needed | {s.field: _of(s, leaf)}, optional) for s in chosen]
    if not any(s.minimum for s in chosen):
        ones.append(_built(block, needed, optional))
    return st.one_of(ones)


def _of(slot: Slot, leaf: Leaf) -> st.SearchStrategy[Any]:
    one = documents(slot.block, leaf) if slot.block else leaf(slot)
    return st.lists(one, min_size=slot.minimum, max_size=2).map(tuple) if slot.many else one


def _built(
    block: type[M], needed: dict[str, Any], optional: dict[str, Any]
) -> st.SearchStrategy[M]:
    some = st.lists(st.sampled_from(sorted(optional) or [""]), unique=True, max_size=4)

    @st.composite
    def build(draw: st.DrawFn) -> M:
        given = {field: draw(strategy) for field, strategy in needed.items()}
        given |= {field: draw(optional[field]) for field in draw(some) if field}
        return block(**given)

    return build()

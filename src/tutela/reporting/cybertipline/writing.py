"""A model as the XML that the authority takes."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any

from lxml import etree

from tutela.reporting.cybertipline.tags import Kind, Model, Slot, blank, slots

NO_NEWER: frozenset[str] = frozenset()


def written(model: Model, newer: frozenset[str] = NO_NEWER) -> bytes:
    """The document of a model that is a root (`Report`, `FileDetails`, a response), in UTF-8.

    What is newer than the pinned schema is written only if `newer` names it: elements by their
    name, attributes as `element@attribute` (as `checking.Schema.tags` does). Blank optional
    texts, empty lists and empty blocks are left out.

    Raises `ValueError` for a model that is no root, a time without a zone or beyond the years
    1 to 9999 of UTC, a number that is not finite, and characters that XML 1.0 forbids
    (`fitting.fitted` replaces them).
    """
    if not model.TAG:
        raise ValueError(f"{type(model).__name__} is no root of a document")
    root = etree.Element(model.TAG)
    _fill(root, model, newer)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def shown(value: Any) -> str:
    """One value as the text of an element or attribute. Raises `ValueError` as `written` does."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if not math.isfinite(value):
            raise ValueError("A number on the wire must be finite")
        case datetime():
            return _moment(value)
        case date():
            return value.isoformat()
    return str(value)


def _moment(value: datetime) -> str:
    """An xs:dateTime in UTC. Zones of history have seconds, which xs:dateTime has not."""
    if value.utcoffset() is None:
        raise ValueError("A time on the wire must say its zone")
    try:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        raise ValueError("A time on the wire must lie in the years 1 to 9999 of UTC") from None


def _fill(parent: etree._Element, model: Model, newer: frozenset[str]) -> bool:
    """Write a block into its element; whether it says anything.

    A block whose text is blank, or that has none of what it needs one of, says nothing, whatever
    its attributes: `<email verified="true"/>`.
    """
    said = False
    for slot in slots(type(model)):
        name = slot.name(str(parent.tag), newer)
        if name is None:
            continue
        puts = [_put(parent, slot, name, value, newer) for value in slot.values(model)]
        here = any(puts)
        if not here and slot.minimum and (slot.many or slot.tag.kind is Kind.TEXT):
            return False
        said |= here
    return said


def _put(parent: etree._Element, slot: Slot, name: str, value: Any, newer: frozenset[str]) -> bool:
    kind = slot.tag.kind
    if isinstance(value, Model):
        child = etree.SubElement(parent, name)
        said = _fill(child, value, newer)
        if not said and (slot.minimum == 0 or slot.many or slot.tag.choice):
            parent.remove(child)
        return said
    if kind is Kind.FLAG:
        if value:
            etree.SubElement(parent, name)
        return bool(value)
    said = not blank(value)
    if not said and (slot.minimum == 0 or slot.many):
        return False
    text = shown(value)
    if kind is Kind.TEXT:
        parent.text = text
    elif kind is Kind.ATTRIBUTE:
        parent.set(name, text)
    else:
        etree.SubElement(parent, name).text = text
    return said

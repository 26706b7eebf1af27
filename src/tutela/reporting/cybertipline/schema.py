"""An XML schema made of our own models: what a test server serves in place of the authority's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from lxml import etree

from tutela.reporting.cybertipline.files import FileDetails
from tutela.reporting.cybertipline.incidents import Report
from tutela.reporting.cybertipline.responses import ReportDoneResponse, ReportResponse
from tutela.reporting.cybertipline.tags import Kind, Model, Slot, Words, models, slots

NAMESPACE = "http://www.w3.org/2001/XMLSchema"
ROOTS: tuple[type[Model], ...] = (Report, FileDetails, ReportResponse, ReportDoneResponse)

SIMPLE: dict[type[Any], str] = {
    str: "xs:string",
    bool: "xs:boolean",
    int: "xs:int",
    float: "xs:double",
    datetime: "xs:dateTime",
    date: "xs:date",
}

BASES = {
    "text": "xs:string",
    "content": "xs:string",
    "latlong": "xs:double",
    "reportedToLawEnforcement": "xs:boolean",
}
"""Types that the authority named, and that narrow nothing."""


def document(newer: bool = False) -> bytes:
    """The schema of all four roots, in UTF-8; with `newer`, as far as newer clients tell of it.

    Lengths and the rules that the documentation alone states are not in the authority's schema, and
    so are not in this.
    """
    known = newest() if newer else frozenset()
    schema = etree.Element(
        f"{{{NAMESPACE}}}schema", {"elementFormDefault": "qualified"}, nsmap={"xs": NAMESPACE}
    )
    blocks = list(dict.fromkeys(block for root in ROOTS for block in models(root)))
    for block in blocks:
        if block.TAG:
            _block(_add(schema, "element", name=block.TAG), block, known)
        else:
            _block(schema, block, known, name=_type_name(block))
    for name, words in _enumerations(blocks).items():
        _enumeration(_add(schema, "simpleType", name=name), words)
    for name, base in BASES.items():
        _add(_add(schema, "simpleType", name=name), "restriction", base=base)
    return etree.tostring(schema, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def newest() -> frozenset[str]:
    """The names of all that is newer than the pinned schema, as `writing.written` takes them."""
    found = set()
    for block, slot in ((b, s) for root in ROOTS for b in models(root) for s in slots(b)):
        name = slot.tag.renamed or slot.tag.name
        if slot.tag.newer or slot.tag.renamed:
            place = f"{_type_name(block)}@" if slot.tag.kind is Kind.ATTRIBUTE else ""
            found.add(place + name)
    return frozenset(found)


def _type_name(block: type[Model]) -> str:
    return block.TAG or block.__name__[0].lower() + block.__name__[1:]


def _add(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}", attributes)


def _block(parent: etree._Element, block: type[Model], newer: frozenset[str], **named: str) -> None:
    kind = _add(parent, "complexType", **named)
    fields = slots(block)
    texts = [slot for slot in fields if slot.tag.kind is Kind.TEXT]
    if texts:
        kind = _add(_add(kind, "simpleContent"), "extension", base=_simple(texts[0]))
    elements = [slot for slot in fields if slot.tag.kind in (Kind.ELEMENT, Kind.FLAG)]
    if elements:
        alone = all(slot.tag.choice for slot in elements)
        order = kind if alone else _add(kind, "all" if block.UNORDERED else "sequence")
        for choice, group in groupby(elements, lambda slot: slot.tag.choice):
            _elements(_add(order, "choice") if choice else order, group, newer)
    for slot in fields:
        name = slot.name(_type_name(block), newer)
        if slot.tag.kind is Kind.ATTRIBUTE and name is not None:
            attribute = _add(kind, "attribute", name=name)
            if slot.minimum:
                attribute.set("use", "required")
            _typed(attribute, slot)


def _elements(parent: etree._Element, group: Iterable[Slot], newer: frozenset[str]) -> None:
    for slot in group:
        name = slot.name("", newer)
        if name is None:
            continue
        block = slot.block
        if block and name == block.TAG:
            element = _add(parent, "element", ref=name)
        else:
            element = _add(parent, "element", name=name)
            if block:
                element.set("type", _type_name(block))
            else:
                _typed(element, slot)
        if slot.minimum == 0:
            element.set("minOccurs", "0")
        if slot.many:
            element.set("maxOccurs", "unbounded")
        if slot.tag.kind is Kind.FLAG:
            element.set("fixed", "true")


def _typed(node: etree._Element, slot: Slot) -> None:
    """Give an element or attribute its simple type: by name, or in place where it has a form."""
    if slot.tag.pattern:
        kind = _add(_add(node, "simpleType"), "restriction", base="xs:string")
        _add(kind, "pattern", value=slot.tag.pattern)
    else:
        node.set("type", _simple(slot))


def _simple(slot: Slot) -> str:
    if slot.tag.among:
        return slot.tag.among.name
    if issubclass(slot.of, StrEnum):
        return slot.of.__name__[0].lower() + slot.of.__name__[1:]
    return slot.tag.xsd or SIMPLE[slot.of]


def _enumerations(blocks: Iterable[type[Model]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for slot in (slot for block in blocks for slot in slots(block)):
        among: Words | None = slot.tag.among
        if among:
            found[among.name] = among.words
        elif issubclass(slot.of, StrEnum):
            found[_simple(slot)] = tuple(member.value for member in slot.of)
    return found


def _enumeration(kind: etree._Element, words: Iterable[str]) -> None:
    restriction = _add(kind, "restriction", base="xs:string")
    for word in words:
        _add(restriction, "enumeration", value=word)

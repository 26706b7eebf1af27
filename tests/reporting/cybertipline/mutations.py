"""Documents with one fault each, made from a lawful one."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from enum import StrEnum
from itertools import pairwise

from lxml import etree

from tutela.reporting.cybertipline.tags import Kind, Model, Slot, slots


def mutations(root: type[Model], document: bytes) -> Iterator[tuple[str, bytes]]:
    """Each with its name; `document` holds what `most` makes."""
    tree = etree.fromstring(document)
    for where, (block, node) in enumerate(list(_blocks(root, tree))):
        for name, mutate in _faults(block, node):
            copy = deepcopy(tree)
            target = list(_blocks(root, copy))[where][1]
            mutate(target)
            yield f"{root.TAG} {where} {node.tag}: {name}", etree.tostring(copy)


def _blocks(
    block: type[Model], node: etree._Element
) -> Iterator[tuple[type[Model], etree._Element]]:
    yield block, node
    for slot in slots(block):
        if slot.block:
            for child in node.findall(slot.tag.name):
                yield from _blocks(slot.block, child)


def _faults(block: type[Model], node: etree._Element):
    yield "an element that nobody knows", lambda t: etree.SubElement(t, "bicycle")
    yield "an attribute that nobody knows", lambda t: t.set("bicycle", "blue")
    if not block.UNORDERED:
        for place, (a, b) in enumerate(pairwise(node)):
            if a.tag != b.tag:
                yield f"{b.tag} before {a.tag}", lambda t, p=place: t.insert(p, t[p + 1])
    for slot in slots(block):
        yield from _of_slot(slot, node)


def _of_slot(slot: Slot, node: etree._Element):
    name = slot.tag.name
    if slot.tag.kind is Kind.ATTRIBUTE:
        if name in node.attrib:
            if slot.minimum:
                yield f"without {name}", lambda t: t.attrib.pop(name)
            if wrong := _wrong(slot):
                yield f"{name} as {wrong}", lambda t: t.set(name, wrong)
        return
    if slot.tag.kind is Kind.TEXT:
        if wrong := _wrong(slot):
            yield f"text as {wrong}", lambda t: setattr(t, "text", wrong)
        return
    child = node.find(name)
    if child is None:
        if slot.tag.choice:
            yield (
                f"a second of the choice: {name}",
                lambda t: t.insert(_after_choice(t), etree.fromstring(_lawful(slot))),
            )
        return
    if slot.minimum:
        yield f"without {name}", lambda t: [t.remove(c) for c in t.findall(name)]
    if not slot.many:
        yield f"{name} twice", lambda t: t.find(name).addnext(deepcopy(t.find(name)))
    if not slot.block and (wrong := _wrong(slot)):
        yield f"{name} as {wrong}", lambda t: setattr(t.find(name), "text", wrong)


def _lawful(slot: Slot) -> str:
    return f"<{slot.tag.name}/>" if slot.block else f"<{slot.tag.name}>true</{slot.tag.name}>"


def _after_choice(target: etree._Element) -> int:
    return next(n for n, c in enumerate(target, 1) if c.tag.endswith(("Incident", "Annotations")))


def _wrong(slot: Slot) -> str | None:
    """A text that is no value of the slot's type; None where any text is."""
    if slot.tag.kind is Kind.FLAG:
        return "false"
    if slot.tag.pattern or slot.tag.among or issubclass(slot.of, StrEnum) or slot.of is not str:
        return "bicycle"
    return None

"""One body for the tests of all blocks: each field is written, and is valid."""

from __future__ import annotations

from types import ModuleType

from lxml import etree

from reporting.cybertipline.strategies import ROOTS, singles
from tutela.reporting.cybertipline.checking import Schema
from tutela.reporting.cybertipline.tags import Kind, Model, slots
from tutela.reporting.cybertipline.writing import written


def blocks(module: ModuleType) -> list[type[Model]]:
    found = [one for one in vars(module).values() if isinstance(one, type)]
    return [b for b in found if issubclass(b, Model) and b.__module__ == module.__name__]


def check_fields(block: type[Model], served: Schema) -> None:
    """Every field of the block occurs in a document that is valid; newer ones are left out."""
    names = set()
    for root in ROOTS:
        for owner, slot, document in singles(root):
            if owner is not block:
                continue
            xml = written(document)
            assert served.faults(xml) == (), slot.field
            names.add(slot.field)
            assert present(slot, etree.fromstring(xml)) is not slot.tag.newer, slot.field
    assert names == {slot.field for slot in slots(block)}


def present(slot, tree) -> bool:
    name = slot.tag.name
    if slot.tag.kind is Kind.TEXT:
        return True
    if slot.tag.kind is Kind.ATTRIBUTE:
        return any(name in node.attrib for node in tree.iter())
    return any(node.tag == name for node in tree.iter())

"""Reading XML that the hash sharing wrote, or somebody in its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from tutela.exchanges.errors import Unreadable

NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"
PREFIX = f"{{{NAMESPACE}}}"
LARGEST = 32 * 2**20
"""Bytes of a page: a thousand entries have some two million."""

HINT = "See whether the partner is well; if its format has changed, Tutela must learn it first."


def parsed(document: bytes) -> etree._Element:
    """The root. No document type is read, so that there are no entities to expand, and nothing is
    fetched. Raises `Unreadable`."""
    if len(document) > LARGEST:
        raise Unreadable(f"The partner's XML is longer than {LARGEST} bytes.", HINT)
    if b"<!DOCTYPE" in document:
        raise _typed()
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, dtd_validation=False, no_network=True,
        huge_tree=False, remove_comments=True, remove_pis=True, recover=False,
        attribute_defaults=False, collect_ids=False,
    )  # fmt: skip
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError):
        # libxml2's own words may quote what stands in the document
        raise Unreadable("The partner's XML is not well-formed, or was cut off.", HINT) from None
    info: Any = root.getroottree().docinfo
    if info.doctype:  # in another encoding, where the bytes do not show it
        raise _typed()
    if not name_of(root):
        raise Unreadable("The partner's XML is not of hash sharing version 2.", HINT)
    return root


def name_of(node: etree._Element) -> str:
    """The name of an element, if it is of the namespace; else empty."""
    tag = node.tag
    return tag[len(PREFIX) :] if isinstance(tag, str) and tag.startswith(PREFIX) else ""


def children(node: etree._Element, name: str) -> Iterator[etree._Element]:
    return node.iterchildren(PREFIX + name)


def named(node: etree._Element) -> dict[str, etree._Element]:
    """The children of an element by name: of each name the first."""
    found: dict[str, etree._Element] = {}
    for one in node:
        found.setdefault(name_of(one), one)
    return found


def text(node: etree._Element | None) -> str:
    return "" if node is None else (node.text or "").strip()


def _typed() -> Unreadable:
    return Unreadable("The partner's XML has a document type, and was not read.", HINT)

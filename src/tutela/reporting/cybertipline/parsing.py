"""Reading XML that somebody else wrote."""

from __future__ import annotations

from typing import Any

from lxml import etree

from tutela.reporting.cybertipline.errors import XmlRefused


def parsed(document: bytes, limit: int) -> etree._Element:
    """The root of a document of at most `limit` bytes.

    No document type is read, so that there are no entities to expand, and nothing is fetched.
    Raises `XmlRefused`.
    """
    if len(document) > limit:
        raise XmlRefused(
            f"The document is longer than {limit} bytes, and was not read.",
            "See whether it came from the authority.",
        )
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, dtd_validation=False, no_network=True,
        huge_tree=False, remove_comments=True, remove_pis=True, recover=False,
        attribute_defaults=False, collect_ids=False,
    )  # fmt: skip
    if b"<!DOCTYPE" in document:
        raise _typed()
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError):
        # libxml2's own words may quote what stands in the document
        raise XmlRefused(
            "The document is no well-formed XML.", "It may have been cut off on its way."
        ) from None
    info: Any = root.getroottree().docinfo
    if info.doctype:  # in another encoding, where the bytes do not show it
        raise _typed()
    return root


def _typed() -> XmlRefused:
    return XmlRefused(
        "The document has a document type, which may hide anything, and was not read.",
        "See whether it came from the authority.",
    )

"""What a schema allows, whatever the names of its types and however it is put together."""

from __future__ import annotations

from typing import Any

from lxml import etree

XSD = "{http://www.w3.org/2001/XMLSchema}"
PARSER = etree.XMLParser(remove_comments=True, remove_blank_text=True)


def structure(document: bytes) -> dict[str, Any]:
    """Each element that may be a root, resolved: order, occurrence, types, words, attributes."""
    root = etree.fromstring(document, PARSER)
    for note in list(root.iter(XSD + "annotation")):
        note.getparent().remove(note)
    named = {
        (node.tag, node.get("name")): node for node in root if node.get("name")
    }  # elements and types do not share names
    return {node.get("name"): _element(node, named) for node in root if node.tag == XSD + "element"}


def _element(node: Any, named: dict[Any, Any]) -> dict[str, Any]:
    occurs = {"min": node.get("minOccurs", "1"), "max": node.get("maxOccurs", "1")}
    if node.get("ref"):
        return _element(named[node.tag, node.get("ref")], named) | occurs
    inline = next(iter(node), None)
    kind = _type(inline, named) if inline is not None else _named(node.get("type"), named)
    return {"name": node.get("name"), "fixed": node.get("fixed"), "type": kind} | occurs


def _named(name: str, named: dict[Any, Any]) -> Any:
    if name.startswith("xs:"):
        return {"base": name}
    for tag in ("simpleType", "complexType"):
        if (XSD + tag, name) in named:
            return _type(named[XSD + tag, name], named)
    raise KeyError(name)


def _type(node: Any, named: dict[Any, Any]) -> dict[str, Any]:
    if node.tag == XSD + "simpleType":
        (restriction,) = node
        facets: dict[str, list[str]] = {}
        for facet in restriction:
            facets.setdefault(facet.tag, []).append(facet.get("value"))
        narrowed = {tag: sorted(values) for tag, values in facets.items()}
        return _named(restriction.get("base"), named) | narrowed
    found: dict[str, Any] = {}
    attributes = {}
    for child in node:
        if child.tag == XSD + "simpleContent":
            (extension,) = child
            found = dict(_named(extension.get("base"), named))
            attributes = {a.get("name"): _attribute(a, named) for a in extension}
        elif child.tag == XSD + "attribute":
            attributes[child.get("name")] = _attribute(child, named)
        else:
            found = {"content": _group(child, named)}
    return found | ({"attributes": attributes} if attributes else {})


def _group(node: Any, named: dict[Any, Any]) -> tuple[str, list[Any]]:
    parts = [
        _element(child, named) if child.tag == XSD + "element" else _group(child, named)
        for child in node
    ]
    if node.tag == XSD + "all":
        parts.sort(key=lambda part: part["name"])
    occurs = (node.get("minOccurs", "1"), node.get("maxOccurs", "1"))
    return f"{node.tag.removeprefix(XSD)} {occurs}", parts


def _attribute(node: Any, named: dict[Any, Any]) -> dict[str, Any]:
    inline = next(iter(node), None)
    kind = _type(inline, named) if inline is not None else _named(node.get("type"), named)
    return {"use": node.get("use", "optional"), "type": kind}

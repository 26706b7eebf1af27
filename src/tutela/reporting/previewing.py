"""A report as whoever receives it reads it: made from the very paper that would be sent. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from lxml import etree

from tutela.reporting.authorities import Authority, Enclosure, Paper
from tutela.reporting.facts import Capture, Report, Reporter

WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
CUTS = "Not sent as it stands here"
TYPED = "Typed by a person here: no record of yours says it"
PERSON, NOBODY = "Person", "nothing is set: reporting.reporter.* in the settings"
UNSET = "0"
"""An id that only the authority gives, as it stands in a file that is not uploaded yet."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is told. `note`: what is said of it, or was done to it."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """What is told of one thing: the incident, a person, a file."""

    title: str
    rows: tuple[Row, ...]


def sections(
    report: Report, reporter: Reporter, authority: Authority, schema: bytes | None = None
) -> tuple[Section, ...]:
    """What would be sent, piece by piece; last, what could not be sent as it stands."""
    paper = authority.draft(report, reporter, schema)
    made = list(_document(paper.body, "The report"))
    for number, one in enumerate(paper.enclosures, 1):
        made.append(_enclosed(one, number))
    if paper.cuts:
        made.append(_cuts(paper))
    if typed := tuple(Row(path, one.address) for path, one in _typed(report, "")):
        made.append(Section(TYPED, typed))
    return tuple(made)


def _typed(value: Any, path: str) -> Iterator[tuple[str, Capture]]:
    """Addresses of the internet that no record says, each with its place."""
    match value:
        case Capture():
            if value.typed:
                yield path, value
        case tuple():
            for number, one in enumerate(value):
                yield from _typed(one, f"{path}.{number}")
        case _ if is_dataclass(value):
            for one in fields(value):
                yield from _typed(getattr(value, one.name), f"{path}.{one.name}".lstrip("."))


def _document(body: bytes, title: str) -> Iterator[Section]:
    """Of XML, a section for each block of the root; anything else as it stands."""
    root = _parsed(body)
    if root is None:
        yield Section(title, (Row("", body.decode("utf-8", "replace")),))
        return
    plain = tuple(
        row for child in root if len(child) == 0 for row in _rows(child, words(str(child.tag)))
    )
    counts: dict[str, int] = {}
    for child in root:
        if len(child) == 0:
            continue
        tag = str(child.tag)
        counts[tag] = counts.get(tag, 0) + 1
        many = len(root.findall(tag)) > 1
        rows = [row for one in child for row in _rows(one, words(str(one.tag)))]
        yield Section(words(tag) + (f" {counts[tag]}" if many else ""), tuple(rows))
    if plain:
        yield Section(title, plain)


def _enclosed(one: Enclosure, number: int) -> Section:
    rows = [Row("Name", one.name), Row("Size", f"{one.size} bytes")]
    if not one.evidence:
        rows.append(Row("Not enclosed", one.missing))
    elif (root := _parsed(one.details)) is not None:
        rows += [
            row for child in root if not (str(child.tag).endswith("Id") and child.text == UNSET)
            for row in _rows(child, words(str(child.tag)))
        ]  # fmt: skip
    elif one.details:
        rows.append(Row("", one.details.decode("utf-8", "replace")))
    return Section(f"File {number}", tuple(rows))


def _cuts(paper: Paper) -> Section:
    return Section(CUTS, tuple(
        Row(one.path, one.what, f"{one.count} characters" if one.count else "")
        for one in paper.cuts
    ))  # fmt: skip


def _rows(element: etree._Element, label: str) -> Iterator[Row]:
    """A row for each element that holds a text; one that holds nothing is what it says."""
    said = [f"{words(str(name))}: {element.get(name)}" for name in element.attrib]
    note = "; ".join(said)
    if len(element) == 0:
        nobody = str(element.tag).endswith(PERSON)
        yield Row(label, element.text or (NOBODY if nobody else "yes"), note)
        return
    if note:
        yield Row(label, "", note)
    for child in element:
        yield from _rows(child, f"{label}: {words(str(child.tag)).lower()}")


def _parsed(body: bytes) -> etree._Element | None:
    """What an authority of ours wrote; still, nothing is fetched for it."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
    )
    try:
        return etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def words(tag: str) -> str:
    """`incidentDateTime` as `Incident date time`."""
    first, *rest = WORDS.sub(" ", tag).split(" ")
    return " ".join((first[:1].upper() + first[1:], *(
        word if word.isupper() else word.lower() for word in rest
    )))  # fmt: skip

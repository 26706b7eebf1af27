"""What is wrong with a report before it is sent: by our own account of the limits and rules, and by
the schema that the authority serves."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import etree

from tutela.reporting.cybertipline.errors import Fault, SchemaRefused, XmlRefused
from tutela.reporting.cybertipline.files import FileDetails
from tutela.reporting.cybertipline.incidents import Report
from tutela.reporting.cybertipline.limits import Breach, breach
from tutela.reporting.cybertipline.parsing import parsed
from tutela.reporting.cybertipline.tags import Model, Slot, blank, slots, values, walk
from tutela.reporting.cybertipline.vocabulary import FileRelevance

LARGEST_SCHEMA = 4 * 2**20
"""Bytes of a served schema: the pinned one has 146 KiB."""

LARGEST_DOCUMENT = 64 * 2**20
"""Bytes of a document of ours that is checked: a report with all its texts at their limits is far
below."""

MOST_OCCURS = 10_000
"""A number in minOccurs or maxOccurs beyond this makes libxml2 build a huge automaton."""

XSD = "{http://www.w3.org/2001/XMLSchema}"

WORDS: dict[Breach, tuple[str, str]] = {
    Breach.BLANK: ("This is needed, and is blank.", "Fill it in."),
    Breach.FORBIDDEN: (
        "This holds characters that XML cannot carry.",
        "Replace them; fitting the report does.",
    ),
    Breach.LONG: (
        "This is longer than the authority takes: {length} characters at most.",
        "Shorten it, or move it to the additional information.",
    ),
    Breach.FORM: ("This has not the form that the authority takes.", "Correct or remove it."),
    Breach.UNKNOWN: (
        "This is none of the words that the authority lists.",
        "Choose one of its list, or remove it.",
    ),
    Breach.RANGE: ("This lies outside what the authority takes.", "Correct or remove it."),
    Breach.ZONE: ("This time does not say its time zone.", "Say the zone, best UTC."),
}


def check(model: Model, now: datetime | None = None) -> tuple[Fault, ...]:
    """All that is wrong with a document, in its order; the rules of the whole last.

    `now`: what no time of an incident may lie behind; without it that is not checked.
    """
    faults = [*_values(model), *_choices(model)]
    if isinstance(model, Report):
        faults += _report(model, now)
    if isinstance(model, FileDetails):
        faults += _file(model)
    return tuple(faults)


def _values(model: Model) -> Iterator[Fault]:
    for path, slot, value in values(model, model.TAG):
        if wrong := breach(slot, value):
            what, hint = WORDS[wrong]
            yield Fault(path, what.format(length=slot.tag.length), hint)


def _choices(model: Model) -> Iterator[Fault]:
    for path, block in walk(model, model.TAG):
        groups: dict[str, list[Slot]] = {}
        for slot in slots(type(block)):
            if slot.tag.choice:
                groups.setdefault(slot.tag.choice, []).append(slot)
            if slot.many and slot.minimum and not slot.values(block):
                yield Fault(f"{path}/{slot.tag.name}", "There must be one at least.", "Add one.")
        for group in groups.values():
            there = [slot.tag.name for slot in group if slot.values(block)]
            names = ", ".join(there or (slot.tag.name for slot in group))
            if len(there) > 1:
                yield Fault(path, f"Only one of these may be there: {names}.", "Keep one.")
            elif not there and all(slot.minimum for slot in group):
                yield Fault(path, f"One of these must be there: {names}.", "Add one.")


def _report(report: Report, now: datetime | None) -> Iterator[Fault]:
    summary = report.incident_summary
    place = "report/incidentSummary"
    escalation = summary.escalate_to_high_priority
    if escalation is not None and blank(escalation):
        yield Fault(
            f"{place}/escalateToHighPriority",
            "An escalation must say its reason, and this one is blank.",
            "Say why a child is at immediate risk, or do not escalate.",
        )
    at = summary.incident_date_time
    if now is not None and at.utcoffset() is not None and at > now:
        yield Fault(
            f"{place}/incidentDateTime",
            "The incident lies in the future, which the authority refuses.",
            "Correct its time, or the clock of this machine.",
        )
    if not any(not blank(email.value) for email in report.reporter.reporting_person.email):
        yield Fault(
            "report/reporter/reportingPerson/email",
            "Who reports has no e-mail address, without which the authority refuses a report.",
            "Set reporting.reporter.email in the settings, and restart the service.",
        )
    if len(report.person_or_user_reported) > 1:
        yield Fault(
            "report/personOrUserReported[2]",
            "More than one user is reported, and the authority wants one at most.",
            "Make one report of each.",
        )


def _file(details: FileDetails) -> Iterator[Fault]:
    marks = details.file_annotations
    meme = details.potential_meme is not None or (marks is not None and marks.potential_meme)
    if details.file_relevance is FileRelevance.SUPPLEMENTAL_REPORTED:
        hint = "Remove it, or say that the file itself is reported."
        if details.industry_classification is not None:
            yield Fault(
                "fileDetails/industryClassification",
                "A supplemental file must not be classified.",
                hint,
            )
        if meme:
            yield Fault(
                "fileDetails/potentialMeme",
                "A supplemental file must not be called a potential meme.",
                hint,
            )


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema that the authority served. `digest`: SHA-256 of its bytes, hex. `tags`: what it
    declares: elements by name, attributes as `element@attribute`; `writing.written` takes it as
    what is newer."""

    digest: str
    tags: frozenset[str]
    root: etree._Element

    @classmethod
    def of(cls, document: bytes) -> Schema:
        """Raises `SchemaRefused`: too long (4 MiB), no XML, no schema, or one that refers to
        others, which would have to be fetched."""
        try:
            root = parsed(document, LARGEST_SCHEMA)
        except XmlRefused as refused:
            raise SchemaRefused(
                f"The schema cannot be used. {refused.what}", refused.hint
            ) from None
        _refuse_reaching(root)
        schema = cls(hashlib.sha256(document).hexdigest(), frozenset(_tags(root)), root)
        schema._compiled()
        return schema

    def faults(self, xml: bytes) -> tuple[Fault, ...]:
        """What the schema finds wrong with a document; none if it is valid."""
        try:
            document = parsed(xml, LARGEST_DOCUMENT)
        except XmlRefused as refused:
            return (Fault("", refused.what, refused.hint),)
        schema = self._compiled()
        if schema.validate(document):
            return ()
        log: Any = schema.error_log  # whose stubs have it that it cannot be read
        return tuple(_fault(entry) for entry in log)

    def _compiled(self) -> etree.XMLSchema:
        """The validator of this thread: it keeps its errors, so that threads must not share one."""
        if getattr(_OWN, "digest", "") != self.digest:
            try:
                _OWN.schema, _OWN.digest = etree.XMLSchema(self.root), self.digest
            except etree.XMLSchemaParseError:
                raise SchemaRefused(
                    "The schema cannot be used: it is no valid XML schema.",
                    "See whether it came from the authority.",
                ) from None
        compiled: etree.XMLSchema = _OWN.schema
        return compiled


_OWN = threading.local()
"""The schema that a thread compiled last: that takes some milliseconds, a document some tenths."""


def _refuse_reaching(root: etree._Element) -> None:
    for node in root.iter(f"{XSD}*"):
        if node.tag in {XSD + name for name in ("import", "include", "redefine", "override")}:
            raise SchemaRefused(
                "The schema cannot be used: it refers to other documents, and nothing is fetched.",
                "Ask the authority for a schema in one document.",
            )
        for name in ("minOccurs", "maxOccurs"):
            number = str(node.get(name, "1"))
            if number.strip().isdigit() and int(number[:20]) > MOST_OCCURS:
                raise SchemaRefused(
                    f"The schema cannot be used: it says {name} beyond {MOST_OCCURS}.",
                    "See whether it came from the authority.",
                )


def _tags(root: etree._Element) -> Iterator[str]:
    named: dict[str, etree._Element] = {
        str(node.get("name")): node for node in root.iterchildren(XSD + "complexType")
    }
    for element in root.iter(XSD + "element"):
        name = element.get("name")
        if name is None:
            continue
        yield str(name)
        kind = element.find(XSD + "complexType")
        kind = named.get(str(element.get("type"))) if kind is None else kind
        for attribute in () if kind is None else _own_attributes(kind):
            yield f"{name}@{attribute}"


def _own_attributes(kind: etree._Element) -> Iterator[str]:
    for node in kind.iterchildren():
        if node.tag == XSD + "attribute":
            yield str(node.get("name"))
        elif node.tag in (XSD + "simpleContent", XSD + "complexContent", XSD + "extension"):
            yield from _own_attributes(node)


STRUCTURE = {
    "SCHEMAV_ELEMENT_CONTENT": "This element does not belong here, or another must come before.",
    "SCHEMAV_CVC_ELT_1": "This cannot be the root of a document.",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": "This has an attribute that the schema does not know.",
    "SCHEMAV_CVC_COMPLEX_TYPE_4": "An attribute that is needed is missing.",
    "SCHEMAV_CVC_ENUMERATION_VALID": "This is none of the words that the schema lists.",
    "SCHEMAV_CVC_PATTERN_VALID": "This has not the form that the schema wants.",
    "SCHEMAV_CVC_MAXLENGTH_VALID": "This is longer than the schema allows.",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": "This is no value of the type that the schema wants.",
}
"""libxml2's own messages quote what stands in the document, so that they are not told."""


def _fault(entry: Any) -> Fault:
    path = str(entry.path or "").removeprefix("/")
    what = STRUCTURE.get(entry.type_name, "The authority's schema refuses this.")
    return Fault(
        path, f"{what} (line {entry.line}, {entry.type_name})",
        "Compare the pinned schema with the one that is served; nothing was sent.",
    )  # fmt: skip

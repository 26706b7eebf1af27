"""Says what is wrong with XML that was sent: by the schema in force, and by the rules that a schema
cannot say. It shares no code with what makes the XML, so that both are not wrong alike."""

from __future__ import annotations

import threading
from datetime import datetime
from xml.parsers import expat

from lxml import etree

from tutela.testing.cybertipline.codes import Code, Refused
from tutela.testing.cybertipline.lengths import too_long

XS = "{http://www.w3.org/2001/XMLSchema}"
ADDED = "weatherNote"
"""The element that the schema has more once it has changed: text, the last of a report."""

SUPPLEMENTAL = "Supplemental Reported"
NOT_SUPPLEMENTAL = ("industryClassification", "potentialMeme")
"""What the details of a supplemental file must not have."""


class Documents:
    """Checks documents. Any thread may call."""

    def __init__(self, schema: bytes) -> None:
        """Raises lxml's `XMLSchemaParseError` or `XMLSyntaxError` if it is no schema."""
        self.schema = schema
        """As it is served."""
        self._checks = etree.XMLSchema(_parsed(schema))
        self._lock = threading.Lock()

    def report(self, xml: bytes, now: datetime) -> None:
        """Raises `Refused` for what is no report that could be filed."""
        root = self._valid(xml, "report")
        summary = "incidentSummary"
        if _time(root.findtext(f"{summary}/incidentDateTime", "")) > now:
            raise Refused(Code.INVALID, "incidentDateTime is in the future")
        urgent = root.find(f"{summary}/escalateToHighPriority")
        if urgent is not None and not (urgent.text or "").strip():
            raise Refused(Code.INVALID, "escalateToHighPriority is blank")
        if len(root.findall("personOrUserReported")) > 1:
            raise Refused(Code.INVALID, "there is more than one personOrUserReported")
        addresses = root.findall("reporter/reportingPerson/email")
        if not any((address.text or "").strip() for address in addresses):
            raise Refused(Code.INVALID, "reportingPerson has no email")

    def details(self, xml: bytes) -> tuple[int, str]:
        """The report and the file that details are of. Raises `Refused`."""
        root = self._valid(xml, "fileDetails")
        return int(root.findtext("reportId", "")), root.findtext("fileId", "").strip()

    def _valid(self, xml: bytes, name: str) -> etree._Element:
        """The root element. Raises `Refused`."""
        try:
            root = _parsed(xml)
        except (etree.XMLSyntaxError, expat.ExpatError) as error:
            raise Refused(Code.MALFORMED, str(error)[:200]) from None
        if root.tag != name:
            raise Refused(Code.INVALID, f"the root element is not {name}")
        with self._lock:
            try:
                self._checks.assertValid(root)
            except etree.DocumentInvalid as error:
                raise Refused(Code.INVALID, str(error)[:400]) from None
        if fault := too_long(root):
            raise Refused(Code.INVALID, fault)
        return root


def supplemental_fault(details: bytes) -> str:
    """What forbids to file a report with these details of a file; empty: nothing."""
    root = _parsed(details)
    if root.findtext("fileRelevance") != SUPPLEMENTAL:
        return ""
    found = next(root.iter(*NOT_SUPPLEMENTAL), None)
    return "" if found is None else f"a supplemental file has {found.tag}"


def changed(schema: bytes) -> bytes:
    """The schema with one more optional element, at the end of a report."""
    root = _parsed(schema)
    report = root.find(f"{XS}element[@name='report']")
    assert report is not None
    kind = report.get("type")
    holder = report if kind is None else root.find(f"{XS}complexType[@name='{kind}']")
    assert holder is not None
    last = next(holder.iter(f"{XS}sequence"))
    etree.SubElement(last, f"{XS}element", name=ADDED, type="xs:string", minOccurs="0")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _parsed(xml: bytes) -> etree._Element:
    """Raises `XMLSyntaxError` or `ExpatError`, also for a document type, before that is read."""
    first = expat.ParserCreate()
    first.StartDoctypeDeclHandler = _refuse_doctype
    first.Parse(xml, True)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(xml, parser)


def _refuse_doctype(*_: object) -> None:
    raise expat.ExpatError("a document type is not allowed")


def _time(text: str) -> datetime:
    """Raises `Refused` for a time that says no zone, or that no calendar has."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Refused(Code.INVALID, "incidentDateTime cannot be read") from None
    if found.tzinfo is None:
        raise Refused(Code.INVALID, "incidentDateTime has no zone")
    return found

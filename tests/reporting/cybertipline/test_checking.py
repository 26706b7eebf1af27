"""What is wrong with a report is told before it is sent, without what stands in it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

import pytest

from reporting.cybertipline.mutations import mutations
from reporting.cybertipline.strategies import NOON, least, most, singles
from tutela.reporting.cybertipline import schema
from tutela.reporting.cybertipline.captures import Address, Email, IpCaptureEvent, Phone
from tutela.reporting.cybertipline.checking import LARGEST_SCHEMA, Schema, check
from tutela.reporting.cybertipline.errors import SchemaRefused
from tutela.reporting.cybertipline.files import Details, FileAnnotations, FileDetails
from tutela.reporting.cybertipline.incidents import (
    EmailIncident,
    InternetDetails,
    LawEnforcement,
    Report,
    WebPageIncident,
)
from tutela.reporting.cybertipline.people import Person, PersonOrUserReported, Reporter
from tutela.reporting.cybertipline.vocabulary import FileClassification, FileRelevance
from tutela.reporting.cybertipline.writing import written

REPORTER = Reporter(reporting_person=Person(email=(Email(value="lamp@example.org"),)))
GOOD = replace(least(Report), reporter=REPORTER)
FILE = least(FileDetails)
SUMMARY = "report/incidentSummary"
OPEN = b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'


def paths(document, now=NOON) -> list[str]:
    return [fault.path for fault in check(document, now)]


def summed(**changed) -> Report:
    return replace(GOOD, incident_summary=replace(GOOD.incident_summary, **changed))


def test_a_lawful_report_has_no_fault():
    assert check(GOOD, NOON) == check(FILE) == check(most(FileDetails)) == ()


@pytest.mark.parametrize("root", [Report, FileDetails], ids=lambda root: root.TAG)
def test_a_lawful_value_of_any_field_is_no_fault(root):
    for _, slot, document in singles(root):
        wrong = {fault.path for fault in check(document, NOON)}
        assert wrong <= {"report/reporter/reportingPerson/email"}, slot.field


@pytest.mark.parametrize(
    ("report", "path", "words"),
    [
        (summed(platform="x" * 257), f"{SUMMARY}/platform", "256 characters at most"),
        (summed(platform="\x07"), f"{SUMMARY}/platform", "XML cannot carry"),
        (summed(escalate_to_high_priority=" "), f"{SUMMARY}/escalateToHighPriority", "blank"),
        (summed(escalate_to_high_priority=""), f"{SUMMARY}/escalateToHighPriority", "blank"),
        (summed(incident_date_time=datetime(2026, 1, 1)), f"{SUMMARY}/incidentDateTime", "zone"),
        (summed(incident_date_time=NOON + timedelta(seconds=1)),
         f"{SUMMARY}/incidentDateTime", "future"),
        (replace(GOOD, law_enforcement=LawEnforcement(agency_name=" ")),
         "report/lawEnforcement/agencyName", "needed"),
        (replace(GOOD, reporter=Reporter(reporting_person=Person())),
         "report/reporter/reportingPerson/email", "no e-mail"),
        (replace(GOOD, person_or_user_reported=(PersonOrUserReported(),) * 2),
         "report/personOrUserReported[2]", "More than one"),
        (replace(GOOD, internet_details=(InternetDetails(),)),
         "report/internetDetails[1]", "One of these must be there: webPageIncident"),
        (replace(GOOD, internet_details=(InternetDetails(
            web_page_incident=WebPageIncident(), email_incident=EmailIncident()),)),
         "report/internetDetails[1]", "Only one of these may be there: webPageIncident, email"),
    ],
)  # fmt: skip
def test_a_fault_of_a_report_is_told_with_its_place(report, path, words):
    (fault,) = check(report, NOON)
    assert fault.path == path and words in fault.what and fault.hint.endswith(".")


def user(**fields) -> Report:
    return replace(GOOD, person_or_user_reported=(PersonOrUserReported(**fields),))


@pytest.mark.parametrize(
    ("report", "path"),
    [
        (user(ip_capture_event=(IpCaptureEvent(ip_address="fe80::1%eth0"),)),
         "ipCaptureEvent[1]/ipAddress"),
        (user(ip_capture_event=(IpCaptureEvent(ip_address="192.0.2.7", port=0),)),
         "ipCaptureEvent[1]/port"),
        (user(ip_capture_event=(IpCaptureEvent(ip_address="192.0.2.7", port=65536),)),
         "ipCaptureEvent[1]/port"),
        (user(person_or_user_reported_person=Person(age=151)), "personOrUserReportedPerson/age"),
        (user(person_or_user_reported_person=Person(address=(Address(state="ZZ"),))),
         "personOrUserReportedPerson/address[1]/state"),
        (user(person_or_user_reported_person=Person(
            phone=(Phone(value="1", country_calling_code="44"),))),
         "personOrUserReportedPerson/phone[1]/@countryCallingCode"),
        (user(person_or_user_reported_person=Person(
            phone=(Phone(value="1", extension="12345678901"),))),
         "personOrUserReportedPerson/phone[1]/@extension"),
        (user(prior_ct_reports=(7, 2**63)), "priorCTReports[2]"),
    ],
)  # fmt: skip
def test_a_fault_of_a_value_is_told_with_its_place(report, path):
    assert paths(report) == [f"report/personOrUserReported[1]/{path}"]


def test_without_a_clock_no_time_is_in_the_future():
    assert check(summed(incident_date_time=NOON + timedelta(days=1))) == ()
    assert paths(summed(incident_date_time=NOON)) == []


SUPPLEMENTAL = {"file_relevance": FileRelevance.SUPPLEMENTAL_REPORTED}


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (SUPPLEMENTAL, []),
        (SUPPLEMENTAL | {"industry_classification": FileClassification.B2},
         ["fileDetails/industryClassification"]),
        (SUPPLEMENTAL | {"potential_meme": True}, ["fileDetails/potentialMeme"]),
        (SUPPLEMENTAL | {"potential_meme": False}, ["fileDetails/potentialMeme"]),
        (SUPPLEMENTAL | {"file_annotations": FileAnnotations(potential_meme=True)},
         ["fileDetails/potentialMeme"]),
        (SUPPLEMENTAL | {"file_annotations": FileAnnotations(viral=True)}, []),
        ({"industry_classification": FileClassification.B2, "potential_meme": True}, []),
        ({"potential_meme": True, "file_annotations": FileAnnotations(viral=True)},
         ["fileDetails"]),
        ({"details": (Details(name_value_pair=()),)}, ["fileDetails/details[1]/nameValuePair"]),
        ({"file_id": " "}, ["fileDetails/fileId"]),
        ({"report_id": 2**63}, ["fileDetails/reportId"]),
    ],
)  # fmt: skip
def test_rules_of_a_file(fields, found):
    assert paths(replace(FILE, **fields)) == found


def test_no_fault_says_what_stood_there():
    odd = "a very private bicycle"
    report = replace(
        user(person_or_user_reported_person=Person(address=(Address(country=odd),))),
        additional_info=odd * 200,
    )
    faults = check(report, NOON)
    assert len(faults) == 2 and odd not in str(faults)


def test_a_schema_tells_its_digest_and_its_tags(ours):
    assert ours.digest == hashlib.sha256(schema.document()).hexdigest()
    assert {"report", "fileDetails", "files", "phone@extension", "batchedReport@reason"} < ours.tags
    assert "ageAssertionDiscrepancy" not in ours.tags and "extension" not in ours.tags


def test_the_tags_of_the_authoritys_schema_are_ours(ours, theirs):
    assert ours.tags == theirs.tags and len(ours.tags) > 150


def test_a_valid_document_has_no_fault(ours):
    assert ours.faults(written(GOOD)) == ours.faults(written(FILE)) == ()


def test_a_fault_that_the_schema_finds_is_told_with_its_place_and_without_content(ours):
    odd = "a very private bicycle"
    xml = written(summed(platform="Example")).replace(b"2026-03-01T12:00:00Z", odd.encode())
    (fault,) = ours.faults(xml)
    assert fault.path == f"{SUMMARY}/incidentDateTime" and "type" in fault.what
    assert odd not in str(fault)


def test_no_fault_of_any_kind_says_what_stood_there(ours):
    for root in (Report, FileDetails):
        for name, xml in islice(mutations(root, written(most(root))), 0, None, 7):
            found = ours.faults(xml)
            assert found and "bicycle" not in str(found).replace("/bicycle", ""), name


@pytest.mark.parametrize(
    "xml", [b"", b"<report>", b"<!DOCTYPE report><report/>", b"\xff\xfe", b"text"]
)
def test_what_is_no_xml_is_a_fault(xml, ours):
    (fault,) = ours.faults(xml)
    assert "document" in fault.what


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", "no well-formed XML"),
        (b"<html/>", "no valid XML schema"),
        (OPEN, "no well-formed XML"),
        (OPEN + b'<xs:element name="a" type="b"/></xs:schema>', "no valid XML schema"),
        (OPEN + b'<xs:import namespace="b" schemaLocation="b.xsd"/></xs:schema>', "refers to"),
        (OPEN + b'<xs:include schemaLocation="http://198.51.100.1/b"/></xs:schema>', "refers to"),
        (OPEN + b'<xs:redefine schemaLocation="b.xsd"/></xs:schema>', "refers to"),
        (OPEN + b'<xs:sequence minOccurs="2" maxOccurs="100000000"/></xs:schema>', "maxOccurs"),
        (b"<!DOCTYPE a>" + OPEN + b"</xs:schema>", "document type"),
        (b" " * (LARGEST_SCHEMA + 1), "longer than"),
    ],
)  # fmt: skip
def test_a_schema_that_is_not_safe_to_use_is_refused(document, words):
    with pytest.raises(SchemaRefused, match=words):
        Schema.of(document)


def test_an_element_more_is_one_tag_more():
    """A served schema that grew is used, and names what it knows."""
    grown = schema.document().replace(
        b'<xs:element name="platform" ', b'<xs:element name="season" minOccurs="0" '
        b'type="xs:string"/><xs:element name="platform" ', 1)  # fmt: skip
    served = Schema.of(grown)
    assert served.tags - Schema.of(schema.document()).tags == {"season"}
    assert served.faults(written(GOOD)) == ()

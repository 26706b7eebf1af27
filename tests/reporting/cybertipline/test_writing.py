"""Models as the XML that the authority takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from reporting.cybertipline.strategies import NEUTRAL, NOON, ROOTS, least, most, singles
from tutela.reporting.cybertipline import schema
from tutela.reporting.cybertipline.captures import Email, IpCaptureEvent
from tutela.reporting.cybertipline.files import Details, FileAnnotations, FileDetails, NameValuePair
from tutela.reporting.cybertipline.incidents import (
    BatchedReport,
    CellPhoneIncident,
    IncidentSummary,
    InternetDetails,
    LawEnforcement,
    Report,
    ReportAnnotations,
    ServedLegalProcessInternational,
    WebPageIncident,
)
from tutela.reporting.cybertipline.people import (
    AssociatedAccount,
    AssociatedAccountPlatform,
    Person,
    PersonOrUserReported,
    Victim,
)
from tutela.reporting.cybertipline.responses import ReportResponse
from tutela.reporting.cybertipline.tags import Kind, models, slots
from tutela.reporting.cybertipline.vocabulary import (
    AssociatedAccountType,
    BatchedReportReason,
    EmailType,
    MetadataType,
)
from tutela.reporting.cybertipline.writing import written

GOLDEN = Path(__file__).parent / "golden"
LEAST = least(Report)
NEWEST = schema.newest()


def inside(report: Report, newer: frozenset[str] = frozenset()) -> str:
    """What a report holds beyond the least one."""
    xml = etree.fromstring(written(report, newer))
    plain = {etree.tostring(node) for node in etree.fromstring(written(LEAST))}
    return b"".join(t for node in xml if (t := etree.tostring(node)) not in plain).decode()


def at(moment: datetime) -> str:
    summary = replace(LEAST.incident_summary, incident_date_time=moment)
    xml = etree.fromstring(written(replace(LEAST, incident_summary=summary)))
    return xml.findtext("incidentSummary/incidentDateTime")


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("report-least", least(Report)), ("report-most", most(Report)),
        ("file-least", least(FileDetails)), ("file-most", most(FileDetails)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_golden(name, document):
    """The bytes of today are those that were read by a person, laid out one element a line."""
    tree = etree.fromstring(written(document))
    shown = etree.tostring(tree, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    assert shown == (GOLDEN / f"{name}.xml").read_bytes()


def test_the_most_holds_all_but_flags_and_the_other_choice():
    """The golden files leave out nothing else."""
    tags = {
        node.tag
        for root in (Report, FileDetails)
        for node in etree.fromstring(written(most(root), NEWEST)).iter()
    }
    known = {
        slot.tag.name
        for root in (Report, FileDetails)
        for block in models(root)
        for slot in slots(block)
        if slot.tag.kind is Kind.ELEMENT or slot.field in NEUTRAL
    }
    assert known - tags == {"potentialMeme"}


def test_the_declaration_says_utf_8():
    assert written(LEAST).startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<report><incident")


def test_what_is_no_root_has_no_document():
    with pytest.raises(ValueError, match="no root"):
        written(Person(first_name="Robin"))


def test_blank_texts_empty_lists_and_empty_blocks_are_left_out():
    """A.7: blank strings in optional elements are refused."""
    report = replace(
        LEAST,
        additional_info=" \n",
        internet_details=(InternetDetails(web_page_incident=WebPageIncident(url=("", " "))),),
        person_or_user_reported=(
            PersonOrUserReported(
                person_or_user_reported_person=Person(first_name=""), screen_name="",
                associated_account=(),
            ),
        ),
        victim=(Victim(victim_person=Person()),),
    )  # fmt: skip
    assert written(report) == written(LEAST)


def test_a_block_that_is_needed_stays_where_its_parent_says_something():
    report = replace(LEAST, victim=(Victim(victim_person=Person(), school_name="The Mill"),))
    assert inside(report) == "<victim><victimPerson/><schoolName>The Mill</schoolName></victim>"


def test_a_block_of_one_attribute_stays():
    report = replace(LEAST, batched_report=BatchedReport(reason=next(iter(BatchedReportReason))))
    assert inside(report) == '<batchedReport reason="VIRAL_POTENTIAL_MEME"/>'


def test_a_blank_address_is_left_out_with_what_is_said_of_it():
    person = Person(email=(Email(value=" ", type=EmailType.HOME, verified=True),))
    assert written(replace(LEAST, victim=(Victim(victim_person=person),))) == written(LEAST)


def test_details_without_a_pair_are_left_out_with_their_type():
    pair = NameValuePair(name=" ", value="")
    details = Details(type=MetadataType.EXIF, name_value_pair=(pair,))
    assert written(least(FileDetails, details=(details,))) == written(least(FileDetails))


def test_a_needed_text_that_is_blank_is_still_there():
    """The schema wants a description, which is empty for success."""
    assert b"<responseDescription/>" in written(
        ReportResponse(response_code=0, response_description="")
    ).replace(b"<responseDescription></responseDescription>", b"<responseDescription/>")


def test_false_is_said():
    """`false` is an answer; nothing said is another."""
    xml = written(least(FileDetails, file_viewed_by_esp=False))
    assert b"<fileViewedByEsp>false</fileViewedByEsp>" in xml and b"exifViewed" not in xml


def flags(block):
    return [s.field for s in slots(block)]


@pytest.mark.parametrize("number", range(len(flags(FileAnnotations))))
def test_a_flag_of_a_file_is_an_empty_element(number, ours):
    slot = slots(FileAnnotations)[number]
    xml = written(least(FileDetails, file_annotations=FileAnnotations(**{slot.field: True})))
    wanted = f"<fileAnnotations><{slot.tag.name}/></fileAnnotations>"
    assert wanted.encode() in xml and ours.faults(xml) == ()


def test_flags_that_are_not_set_are_never_written():
    assert b"Annotations" not in written(least(FileDetails, file_annotations=FileAnnotations()))
    summary = replace(LEAST.incident_summary, report_annotations=ReportAnnotations())
    assert written(replace(LEAST, incident_summary=summary)) == written(LEAST)


@pytest.mark.parametrize("field", flags(ReportAnnotations))
def test_a_flag_of_a_report_is_an_empty_element(field, ours):
    """The newer one only where it is known."""
    (slot,) = (s for s in slots(ReportAnnotations) if s.field == field)
    notes = ReportAnnotations(**{field: True})
    report = replace(
        LEAST, incident_summary=replace(LEAST.incident_summary, report_annotations=notes)
    )
    assert ours.faults(written(report)) == ()
    assert (f"<{slot.tag.name}/>" in inside(report)) is not slot.tag.newer
    assert f"<{slot.tag.name}/>" in inside(report, NEWEST)


def test_times_are_in_utc_and_say_so():
    assert at(NOON) == "2026-03-01T12:00:00Z"
    assert (
        at(datetime(2026, 7, 1, 9, 30, tzinfo=ZoneInfo("Asia/Kolkata"))) == "2026-07-01T04:00:00Z"
    )
    assert at(NOON + timedelta(microseconds=7)) == "2026-03-01T12:00:00.000007Z"


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        at(datetime(2026, 3, 1, 12))


def test_ancient_times_are_written(theirs):
    """Zones of history differ from UTC by seconds, which xs:dateTime cannot say."""
    assert at(datetime(1880, 1, 1, tzinfo=ZoneInfo("Europe/Amsterdam"))).endswith("Z")
    for moment in (datetime.min.replace(tzinfo=UTC), datetime(476, 9, 4, tzinfo=UTC)):
        summary = replace(LEAST.incident_summary, incident_date_time=moment)
        assert theirs.faults(written(replace(LEAST, incident_summary=summary))) == ()
    assert at(datetime(476, 9, 4, tzinfo=UTC)) == "0476-09-04T00:00:00Z"


def test_a_time_before_the_first_year_of_utc_is_refused():
    with pytest.raises(ValueError, match="years"):
        at(datetime.min.replace(tzinfo=timezone(timedelta(hours=3))))


def test_degrees_are_plain_numbers():
    phone = CellPhoneIncident(latitude=-0.00001, longitude=179.5)
    xml = inside(replace(LEAST, internet_details=(InternetDetails(cell_phone_incident=phone),)))
    assert "<latitude>-1e-05</latitude><longitude>179.5</longitude>" in xml


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_finite_number_is_refused(number):
    details = InternetDetails(cell_phone_incident=CellPhoneIncident(latitude=number))
    with pytest.raises(ValueError, match="finite"):
        written(replace(LEAST, internet_details=(details,)))


@pytest.mark.parametrize("text", ["\x00", "a\x1fb", "\ud800", "\ufffe"])
def test_what_xml_cannot_carry_is_refused(text):
    with pytest.raises(ValueError):
        written(replace(LEAST, additional_info=f"bell {text}"))


@pytest.mark.parametrize(
    "text", ["<b>&amp;</b>", "]]>", "a\r\nb\tc", "\u200f\u202e\U0001f6b2", "\"'"]
)
def test_any_other_text_arrives_as_it_was(text):
    summary = replace(LEAST.incident_summary, platform=text)
    tree = etree.fromstring(written(replace(LEAST, incident_summary=summary)))
    assert tree.findtext("incidentSummary/platform") == text


def test_what_is_newer_is_sent_only_if_it_is_known():
    person = Person(age=40, age_assertion_discrepancy=True)
    report = replace(LEAST, victim=(Victim(victim_person=person),))
    assert "Discrepancy" not in inside(report)
    assert "Discrepancy" not in inside(report, frozenset({"informational"}))
    assert "<ageAssertionDiscrepancy>true<" in inside(
        report, frozenset({"ageAssertionDiscrepancy"})
    )


def test_a_newer_name_replaces_the_older():
    account = AssociatedAccount(
        type=AssociatedAccountType.LINKED, third_party_user=True,
        platform=AssociatedAccountPlatform(value="Example Photos", third_party_user=True),
    )  # fmt: skip
    report = replace(LEAST, person_or_user_reported=(
        PersonOrUserReported(associated_account=(account,)),))  # fmt: skip
    assert '<associatedAccount type="Linked"><platform thirdPartyUser="true">' in inside(report)
    assert '<associatedAccount accountType="Linked" thirdPartyUser="true"><platform>' in inside(
        report, NEWEST
    )


def test_a_newer_place_replaces_the_older():
    served = ServedLegalProcessInternational(value=True, flea_country="IT")
    agency = LawEnforcement(
        agency_name="Harbour office", flea_country="IT", served_legal_process_international=served
    )
    report = replace(LEAST, law_enforcement=agency)
    assert '<servedLegalProcessInternational fleaCountry="IT">' in inside(report)
    assert '<lawEnforcement fleaCountry="IT">' in inside(report, NEWEST)
    assert inside(report, NEWEST).count("fleaCountry") == 1


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.TAG)
def test_where_the_pinned_schema_is_served_nothing_newer_is_written(root, ours):
    """What the served schema declares can be handed over as it is."""
    for _, slot, document in singles(root):
        assert written(document, ours.tags) == written(document), slot.field


def test_order_is_that_of_the_wire_not_of_the_call():
    event = IpCaptureEvent(port=443, possible_proxy=False, date_time=NOON, ip_address="192.0.2.7")
    report = replace(LEAST, person_or_user_reported=(
        PersonOrUserReported(ip_capture_event=(event,)),))  # fmt: skip
    tree = etree.fromstring(written(report))
    assert [node.tag for node in tree.find("personOrUserReported/ipCaptureEvent")] == [
        "ipAddress", "dateTime", "possibleProxy", "port",
    ]  # fmt: skip


def test_the_summary_keeps_the_time_before_its_description():
    """The needed field that stands between optional ones."""
    summary = IncidentSummary(
        incident_date_time_description="about noon", incident_date_time=NOON,
        incident_type=LEAST.incident_summary.incident_type, platform="Example Photos",
    )  # fmt: skip
    tree = etree.fromstring(written(replace(LEAST, incident_summary=summary)))
    assert [node.tag for node in tree[0]] == [
        "incidentType", "platform", "incidentDateTime", "incidentDateTimeDescription",
    ]  # fmt: skip

"""Every fact of the internal report reaches the authority, whatever is odd about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings, strategies
from lxml import etree

from reporting import everything
from tutela.reporting import facts
from tutela.reporting.authorities import Paper
from tutela.reporting.cybertipline import mapping, schema
from tutela.reporting.cybertipline.authority import CyberTipline
from tutela.reporting.cybertipline.checking import Schema
from tutela.reporting.facts import (
    Account,
    Associated,
    Capture,
    Disabled,
    Email,
    File,
    Flag,
    Incident,
    Officer,
    Party,
    Place,
    Report,
    Reporter,
    Where,
)

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
REPORTER = Reporter("Tess", "Sato", "trust@example.org", signed_agreement=True)
NCMEC = CyberTipline()
RENDERED = "files.seen.rendering"
"""Said in words of our own."""

OURS = {"made_at", "files.item", "files.seen.by", "files.grades", "files.size", "files.evidence"}
"""What only decides how a report is made: the clock, our own ids, who of us looked."""


def ours(place: str) -> bool:
    """Also what a person answered to the form of another authority, and that it was typed."""
    return place in OURS or place.startswith("answers") or place.endswith(".typed")


def paper(report: Report, served: bytes | None = None, who: Reporter = REPORTER) -> Paper:
    return NCMEC.draft(report, who, served)


def body(report: Report, served: bytes | None = None) -> etree._Element:
    return etree.fromstring(paper(report, served).body)


def plain(**more: object) -> Report:
    return Report(Incident.MEDIA, NOW, NOW, **more)


def told(made: Paper) -> str:
    documents = (etree.fromstring(one) for one in (made.body, *details(made)))
    return "".join(
        "\n".join((node.text or "", *map(str, node.attrib.values())))
        for root in documents
        for node in root.iter()
    )


def details(made: Paper) -> list[bytes]:
    return [one.details for one in made.enclosures if one.details]


def makes_a_difference(part: Report, served: bytes | None, below: str) -> None:
    made = paper(part, served)
    for place, other in everything.others(part):
        if not ours(place) and place.startswith(below):
            assert paper(other, served) != made, place


@pytest.mark.parametrize("served", [None, schema.document(newer=True)], ids=["pinned", "newer"])
@pytest.mark.parametrize("block", facts.names(Report))
def test_each_field_makes_a_difference_to_what_is_sent(block: str, served: bytes | None):
    """Nothing that is known is left out without a word."""
    part = Report(Incident.MEDIA, NOW, NOW)
    part = replace(part, **{block: getattr(everything.report(), block)})
    makes_a_difference(part, served, block)


@pytest.mark.parametrize("kind", [*mapping.KINDS, "smoke signals"])
def test_each_field_of_where_makes_a_difference(kind: str):
    """In each way in which something can happen."""
    whole = everything.report(kind)
    makes_a_difference(Report(whole.incident, NOW, NOW, where=whole.where), None, "where")


@pytest.mark.parametrize("kind", [*mapping.KINDS, "smoke signals"])
def test_each_text_reaches_the_documents(kind: str):
    """The very words, be it in an element of their own or in the additional information."""
    whole = everything.report(kind)
    sent = told(paper(whole))
    for place, text in everything.texts(whole):
        if not ours(place) and place not in {"where.kind", RENDERED}:
            assert text in sent or text.upper() in sent, place


def test_what_no_file_is_sent_of_is_told_in_words():
    """A file whose bytes are gone still has its facts in the report."""
    whole = everything.report()
    gone = replace(whole.files[0], evidence="")
    sent = told(paper(replace(whole, files=(gone,))))
    for place, text in everything.texts(gone):
        if place not in {"item", "evidence", "grades", "seen.by", "seen.rendering"}:
            assert text in sent, place


def test_grades_without_the_agreement_are_named_as_not_sent():
    """Who did not sign sends no class, and sees that it is so."""
    file = File("ev_1", grades=(("band", "A"), ("rank", "2")))
    unsigned = NCMEC.draft(plain(files=(file,)), Reporter(email="a@example.org"))
    signed = paper(plain(files=(file,)))
    assert b"industryClassification" not in unsigned.enclosures[0].details
    assert [one.path for one in unsigned.cuts] == ["fileDetails[1]/industryClassification"]
    assert b"<industryClassification>A2<" in signed.enclosures[0].details
    assert not signed.cuts


@pytest.mark.parametrize("newer", [False, True])
@pytest.mark.parametrize("kind", mapping.KINDS)
def test_a_report_with_everything_is_valid(kind: str, newer: bool):
    """In our schema, and in a newer one."""
    served = schema.document(newer=newer)
    made = paper(everything.report(kind), served)
    read = Schema.of(served)
    assert [read.faults(one) for one in (made.body, *details(made))] == [(), ()]


def test_a_report_with_everything_is_valid_in_the_schema_of_the_authority(theirs: Schema):
    """As it is published."""
    made = paper(everything.report())
    assert [theirs.faults(one) for one in (made.body, *details(made))] == [(), ()]


def test_each_incident_and_flag_has_a_word():
    """Of the authority, another for each."""
    chosen = NCMEC.choices()
    assert set(chosen["incident"]) == set(Incident)
    assert len(set(chosen["incident"].values())) == len(Incident)
    assert set(chosen["flags"]) == set(Flag)
    for one in Incident:
        sent = body(Report(one, NOW, NOW)).findtext("incidentSummary/incidentType")
        assert sent == chosen["incident"][one]


def test_what_a_newer_schema_has_stands_in_words_until_it_is_served():
    """A disputed age and a report for information only have no element in the pinned one."""
    report = plain(subject=Party(age_disputed=True), flags=(Flag.INFORMATIONAL,))
    sent = told(paper(report))
    assert "does not fit what is seen: yes" in sent and "For information only: yes" in sent
    newer = body(report, schema.document(newer=True))
    assert newer.find("incidentSummary/reportAnnotations/informational") is not None
    assert newer.findtext(".//ageAssertionDiscrepancy") == "true"
    assert "For information only" not in "".join(newer.itertext())


def test_an_escalation_is_never_blank():
    """It is the element itself that escalates."""
    assert body(plain(danger="  ")).find(".//escalateToHighPriority") is None
    assert (
        body(plain(danger="He is there.")).findtext(".//escalateToHighPriority") == "He is there."
    )


def test_the_last_time_that_an_account_was_disabled_has_the_element():
    """The one before stands in words."""
    account = Account(disabled=(Disabled(False, NOW), Disabled(False), Disabled(True, NOW)))
    sent = body(plain(subject=Party(account=account)))
    person = sent.find("personOrUserReported")
    assert person.find("accountTemporarilyDisabled").attrib == {}
    assert person.find("accountPermanentlyDisabled").get("disabledDate") == "2031-05-01T12:00:00Z"
    assert "Disabled before" in person.findtext("additionalInfo")


@pytest.mark.parametrize(
    ("region", "country", "element"),
    [("ny", "US", "state"), ("NY", "", "state"), ("Kent", "GB", "nonUsaState"),
     ("NY", "GB", "nonUsaState")],
)  # fmt: skip
def test_a_state_is_one_of_the_united_states_alone(region: str, country: str, element: str):
    """Anything else is a region elsewhere."""
    where = Where("offline", addresses=(facts.Address(region=region, country=country),))
    (found,) = body(plain(where=(where,))).find(".//incidentAddress").iter(element)
    assert found.text in (region, region.upper())


def test_an_account_of_another_service_says_so():
    """In the pinned schema that stands on its platform."""
    linked = Associated("linked", Account(service="Bikes"), third_party=True)
    sent = body(plain(subject=Party(associated=(linked,))))
    assert sent.find(".//associatedAccount/platform").attrib == {"thirdPartyUser": "true"}
    newer = body(plain(subject=Party(associated=(linked,))), schema.document(newer=True))
    assert newer.find(".//associatedAccount").get("thirdPartyUser") == "true"


def test_police_abroad_have_their_country():
    """On the legal process in the pinned schema."""
    sent = body(plain(officer=Officer("Police", served_abroad=True, country="ch")))
    assert sent.find(".//servedLegalProcessInternational").get("fleaCountry") == "CH"


@pytest.mark.parametrize(
    "odd",
    [
        "\x00\x07\ud800\uffff",
        "\u202eright to left\u202c",
        "🚲👩‍👧" * 40,
        "é" * 100_000,
        " ",
        "]]>&<",
    ],
    ids=["control", "rtl", "emoji", "long", "blank", "markup"],
)
def test_odd_texts_in_all_fields_still_make_a_lawful_document(odd: str):
    """Whatever texts hold, the report can be sent, and what was done to them is named."""
    made = paper(everything.with_texts(everything.report(), odd))
    for one in (made.body, *details(made)):
        assert not OURS_READ.faults(one)
    if len(odd) == 100_000:
        assert {"report/additionalInfo", "report/incidentSummary/platform"} <= {
            cut.path for cut in made.cuts
        }
        assert all(len(text or "") <= 3_000 for text in etree.fromstring(made.body).itertext())


OURS_READ = Schema.of(schema.document())


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(strategies.from_type(Report), strategies.booleans())
def test_any_report_at_all_makes_lawful_documents(what: Report, newer: bool):
    """Whatever it holds: naive times, numbers without end, blanks, words of no list."""
    made = paper(what, schema.document(newer=True) if newer else None)
    read = NEWER_READ if newer else OURS_READ
    for one in (made.body, *details(made)):
        assert not read.faults(one)


NEWER_READ = Schema.of(schema.document(newer=True))


def test_an_identifier_that_is_too_long_is_told_and_named():
    """Cut it would be another one."""
    party = Party(account=Account(id="u" * 300), emails=(Email("a" * 300 + "@example.org"),))
    made = paper(plain(subject=party))
    person = etree.fromstring(made.body).find("personOrUserReported")
    assert person.find("espIdentifier") is None and person.find(".//email") is None
    assert "u" * 300 in person.findtext("additionalInfo")
    assert "a" * 300 + "@example.org" in person.findtext("additionalInfo")
    assert {one.what for one in made.cuts} == {"dropped"} and len(made.cuts) == 2


def test_the_zone_of_an_address_is_told_beside_it():
    """It means something only on the machine that saw it."""
    made = paper(plain(subject=Party(captures=(Capture("fe80::1%eth0"),))))
    person = etree.fromstring(made.body).find("personOrUserReported")
    assert person.findtext("ipCaptureEvent/ipAddress") == "fe80::1"
    assert "fe80::1%eth0" in person.findtext("additionalInfo")


def test_a_long_text_leaves_room_for_what_has_no_element():
    """The notes stand first where both together are too long."""
    made = paper(plain(text="rain " * 2000, found_by="A user reported it."))
    sent = etree.fromstring(made.body).findtext("additionalInfo")
    assert sent.startswith("How it was detected: A user reported it.\nrain ")
    assert "[cut: " in sent and ("report/additionalInfo", "cut") in {
        (one.path, one.what) for one in made.cuts
    }


def test_a_subject_without_any_name_is_still_sent():
    """That nobody knows more is for a person to say."""
    assert not NCMEC.check(plain(subject=Party(place=Place(city="Bern"))), REPORTER)


@pytest.mark.parametrize(
    "at",
    [
        datetime(2031, 6, 1, tzinfo=UTC), datetime(2031, 1, 1), datetime(1, 1, 1, tzinfo=UTC),
        datetime.fromisoformat("0001-01-01T00:00:00+10:00"), datetime.max,
    ],
    ids=["future", "naive", "ancient", "before the calendar", "the end"],
)  # fmt: skip
def test_odd_times_never_stop_a_draft(at: datetime):
    """The document is lawful; the time as it came stands in words where it could not be written."""
    file = File("ev_1", uploaded_at=at)
    made = paper(Report(Incident.MEDIA, at, NOW, files=(file,), subject=Party(
        captures=(Capture("192.0.2.1", at=at),)
    )))  # fmt: skip
    assert not any(OURS_READ.faults(one) for one in (made.body, *details(made)))


def test_a_time_without_a_zone_is_a_fault():
    """It could be any of a day's."""
    report = Report(Incident.MEDIA, datetime(2031, 1, 1), NOW)
    assert [one.path for one in NCMEC.check(report, REPORTER)] == [
        "report/incidentSummary/incidentDateTime"
    ]

"""A report as whoever receives it reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from lxml import etree

from reporting import everything
from tutela.reporting import previewing
from tutela.reporting.authorities import Enclosure, Paper
from tutela.reporting.cybertipline.authority import CyberTipline
from tutela.reporting.facts import Capture, File, Flag, Incident, Party, Report, Reporter
from tutela.reporting.previewing import Row

NOW = everything.BEGAN
REPORTER = Reporter("Tess", "Sato", "trust@example.org")
NCMEC = CyberTipline()


def shown(report: Report, authority: object = NCMEC) -> dict[str, list[Row]]:
    return {one.title: list(one.rows) for one in previewing.sections(report, REPORTER, authority)}


def test_each_block_is_a_section_in_the_order_of_the_paper():
    """With what it holds, by the names of the elements."""
    found = shown(everything.report())
    assert list(found) == [
        "Incident summary", "Internet details", "Law enforcement", "Reporter",
        "Person or user reported", "Intended recipient", "Victim", "The report", "File 1",
        previewing.CUTS, previewing.TYPED,
    ]  # fmt: skip
    assert Row("Platform", everything.report().platform) in found["Incident summary"]
    assert Row("Reporting person: email", "trust@example.org") in found["Reporter"]


def test_all_texts_of_the_paper_are_shown():
    """An officer reads no more than this, and no less."""
    report = everything.report()
    paper = NCMEC.draft(report, REPORTER)
    rows = [row for rows in shown(report).values() for row in rows]
    said = {row.value for row in rows} | {row.note for row in rows}
    for document in (paper.body, paper.enclosures[0].details):
        for node in etree.fromstring(document).iter():
            if len(node) == 0 and node.tag not in ("reportId", "fileId"):
                assert (node.text or "yes") in said
            for value in node.attrib.values():
                assert any(value in one for one in said), value


def test_a_flag_is_what_it_says():
    """It has no text."""
    found = shown(Report(Incident.MEDIA, NOW, NOW, flags=(Flag.SPAM,)))
    assert Row("Report annotations: spam", "yes") in found["Incident summary"]


def test_what_was_cut_is_named_with_how_much():
    """The text is shown as it would be sent."""
    report = Report(Incident.MEDIA, NOW + timedelta(days=1), NOW, platform="rain " * 100)
    found = shown(report)
    (platform,) = [row for row in found["Incident summary"] if row.label == "Platform"]
    assert "[cut: " in platform.value
    cuts = {row.label: row for row in found[previewing.CUTS]}
    assert cuts["report/incidentSummary/platform"].note.endswith(" characters")
    assert cuts["report/incidentSummary/incidentDateTime"].value == "clamped"


def test_a_file_that_is_gone_says_why():
    """And has no details of its own."""
    gone = File("", name="bicycle.jpg", more="Its bytes are kept no more.")
    found = shown(Report(Incident.MEDIA, NOW, NOW, files=(File("ev_1", size=7), gone)))
    assert Row("Size", "7 bytes") in found["File 1"]
    assert Row("Not enclosed", "Its bytes are kept no more.") in found["File 2"]


def test_several_of_a_kind_are_numbered():
    """Victims, as they stand."""
    report = Report(Incident.MEDIA, NOW, NOW, victims=(Party(age=9), Party(age=10)))
    found = shown(report)
    assert found["Victim 1"] == [Row("Victim person: age", "9")]
    assert found["Victim 2"] == [Row("Victim person: age", "10")]


def test_a_paper_that_is_no_xml_is_shown_as_it_stands():
    """Another authority may take a letter."""

    class Letters(CyberTipline):
        def draft(self, report, reporter, schema=None):
            return Paper(b"Dear officer,", (Enclosure("ev_1", "a.jpg", 1, details=b"a picture"),))

    found = shown(replace(everything.report(), files=()), Letters())
    assert found["The report"] == [Row("", "Dear officer,")]
    assert Row("", "a picture") in found["File 1"]


def test_what_a_person_typed_is_told_apart_from_what_was_recorded():
    """The paper has no place for that: the preview names each."""
    captures = (Capture("192.0.2.1"), Capture("192.0.2.2", typed=True))
    report = Report(Incident.CONTACT, NOW, NOW, subject=Party(captures=captures))
    assert shown(report)[previewing.TYPED] == [Row("subject.captures.1", "192.0.2.2")]
    assert previewing.TYPED not in shown(replace(report, subject=None))


def test_numbers_that_nobody_gave_yet_and_nobody_who_reports_are_no_facts():
    found = shown(everything.report())
    assert not any(row.label in ("Report id", "File id") for row in found["File 1"])
    sections = previewing.sections(everything.report(), Reporter(), NCMEC)
    said = [row for one in sections for row in one.rows if row.label == "Reporting person"]
    assert [row.value for row in said] == [previewing.NOBODY]

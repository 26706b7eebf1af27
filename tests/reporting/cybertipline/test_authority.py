"""The CyberTipline keeps the contract of an authority."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import etree

from tutela.reporting.authorities import Answer, Call, Environment, Receipt, named
from tutela.reporting.cybertipline import schema
from tutela.reporting.cybertipline.authority import CyberTipline
from tutela.reporting.facts import Detail, File, Incident, Mark, Report, Reporter, Seen
from tutela.testing.authority_contract import AuthorityContract, report

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
REPORTER = Reporter(email="trust@example.org")
NCMEC = CyberTipline()
MD5 = "fafa5efeaf3cbe3b23b2748d13e629a1"


class TestCyberTipline(AuthorityContract):
    """See `tutela.testing.authority_contract`."""

    authority = NCMEC

    def filed(self, call: Call) -> Answer:
        done = call.name == "finish"
        root = etree.Element("reportDoneResponse" if done else "reportResponse")
        etree.SubElement(root, "responseCode").text = "0"
        if not done:
            etree.SubElement(root, "responseDescription").text = "Success"
        etree.SubElement(root, "reportId").text = "4564654"
        if done:
            etree.SubElement(etree.SubElement(root, "files"), "fileId").text = "b0754af7"
        if call.file is not None:
            etree.SubElement(root, "fileId").text = "b0754af7"
            etree.SubElement(root, "hash").text = MD5
        return Answer(200, {}, etree.tostring(root), MD5 if call.file is not None else "")


def details(file: File, reporter: Reporter = REPORTER, served: bytes | None = None):
    made = NCMEC.draft(Report(Incident.MEDIA, NOW, NOW, files=(file,)), reporter, served)
    return etree.fromstring(made.enclosures[0].details)


def faults(what: Report, served: bytes | None = None) -> list[str]:
    return [one.path for one in NCMEC.check(what, REPORTER, served)]


def test_it_is_installed_under_its_name():
    """By its entry point, as any other."""
    assert isinstance(named("ncmec"), CyberTipline)


def test_its_addresses_are_those_that_are_published():
    """Of the test server and of production (A.1)."""
    assert NCMEC.addresses == {
        Environment.TEST: "https://exttest.cybertip.org/ispws",
        Environment.PRODUCTION: "https://report.cybertip.org/ispws",
    }


def test_its_schema_is_the_one_that_it_was_made_for(authority: bytes):
    """Where that is at hand."""
    assert hashlib.sha256(authority).hexdigest() == NCMEC.own_schema


def test_a_rendering_is_not_the_file():
    """Who saw less than the whole original did not view it (D2), and that is said."""
    seen = (
        Seen("person:ann", NOW, "blurred", True, 7.0),
        Seen("person:ann", NOW, "original", False, 1.0),
    )  # fmt: skip
    found = details(File("ev_1", seen=seen))
    assert found.findtext("fileViewedByEsp") == "false"
    said = found.findtext("additionalInfo")
    assert "A rendering of it (blurred) was seen by a person of the provider" in said
    assert "for 7 seconds" in said and "not whole" in said and "ann" not in said


def test_a_log_of_a_conversation_was_viewed_by_nobody():
    """It was made by the service: a supplemental file, without class or meme."""
    log = File("ev_1", supplemental=True, marks=(Mark.MEME, Mark.VIRAL), grades=(("band", "A"),))
    found = details(log, Reporter(email="a@example.org", signed_agreement=True))
    assert found.findtext("fileRelevance") == "Supplemental Reported"
    assert found.findtext("fileViewedByEsp") == "false" == found.findtext("exifViewedByEsp")
    assert found.find("industryClassification") is None and not found.findall(".//potentialMeme")
    assert found.find("fileAnnotations/viral") is not None
    assert "meme" in found.findtext("additionalInfo")


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("../a/b\\c\r\n.jpg", "c\ufffd\ufffd.jpg"), ("", "file"),
        ("x" * 300 + ".jpg", "x" * 196 + ".jpg"),
    ],
)  # fmt: skip
def test_an_upload_has_a_name_that_no_form_stumbles_over(name: str, called: str):
    """It came from whoever uploaded it."""
    file = File("ev_1", original_name=name)
    made = NCMEC.draft(Report(Incident.MEDIA, NOW, NOW, files=(file,)), REPORTER)
    assert made.enclosures[0].name == called


def test_a_meme_alone_has_its_own_element():
    """With other marks it is one of them."""
    assert details(File("ev_1", marks=(Mark.MEME,))).findtext("potentialMeme") == "true"
    both = details(File("ev_1", marks=(Mark.MEME, Mark.VIRAL)))
    assert both.find("potentialMeme") is None
    assert both.find("fileAnnotations/potentialMeme") is not None


def test_whether_others_could_see_a_file_is_said_if_it_is_known():
    """And not guessed."""
    assert details(File("ev_1", public=False)).findtext("publiclyAvailable") == "false"
    assert details(File("ev_1")).find("publiclyAvailable") is None


def test_who_saw_the_exif_data_is_another_question():
    """Than who saw the picture."""
    found = details(File("ev_1", seen=(Seen("person:ann", NOW, "exif", True, 1.0),)))
    assert found.findtext("exifViewedByEsp") == "true"
    assert found.findtext("fileViewedByEsp") == "false"


def test_details_stand_where_the_schema_has_them():
    """Their kind moved to each pair in the newer one."""
    file = File("ev_1", details=(Detail("exif", "Make", "Rain"), Detail("hash", "a", "b")))
    assert [one.get("type") for one in details(file).iter("details")] == ["EXIF", "HASH"]
    newer = details(file, served=schema.document(newer=True))
    assert [one.get("type") for one in newer.iter("nameValuePair")] == ["EXIF", "HASH"]


def test_the_same_file_twice_is_a_fault():
    """What came of which could not be told."""
    twice = Report(Incident.MEDIA, NOW, NOW, files=(File("ev_1", "itm_1"), File("ev_1", "itm_2")))
    assert faults(twice) == ["files"]


def test_a_served_schema_is_asked_too():
    """One that takes less than ours finds what we do not."""
    narrow = schema.document().replace(b'name="platform"', b'name="platforms"')
    assert not faults(report(), schema.document())
    assert "report/incidentSummary/platform" in faults(report(), narrow)


def test_a_schema_that_cannot_be_used_is_a_fault():
    """And the draft is as without it."""
    assert faults(report(), b"<no schema") == ["schema"]
    assert NCMEC.draft(report(), REPORTER, b"<no schema") == NCMEC.draft(report(), REPORTER)


def test_a_supplement_cites_the_earlier_report():
    """Of its subject, and in words."""
    more = NCMEC.supplement(report(), Receipt("4564654", NOW))
    sent = etree.fromstring(NCMEC.draft(more, REPORTER).body)
    assert sent.findtext("personOrUserReported/priorCTReports") == "4564654"
    assert "4564654" in sent.findtext("additionalInfo")
    nobody = NCMEC.supplement(replace(report(), subject=None), Receipt("4564654", NOW))
    assert "4564654" in etree.fromstring(NCMEC.draft(nobody, REPORTER).body).findtext(
        "additionalInfo"
    )

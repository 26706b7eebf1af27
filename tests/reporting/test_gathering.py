"""What records say of a case, and no more than that."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from reporting.scenes import ANN, START, Scene
from tutela.cases import alerts
from tutela.cases.models import Alert, Case
from tutela.reporting import gathering
from tutela.reporting.authorities import named
from tutela.reporting.cybertipline import schema
from tutela.reporting.errors import ReportNotReady
from tutela.reporting.facts import (
    Capture,
    Detail,
    Device,
    Email,
    File,
    Incident,
    Moment,
    Report,
    Reporter,
)  # fmt: skip

UPLOAD = {
    "created_at": "2031-04-30T09:00:00+02:00", "ip": "192.0.2.7", "port": 51515,
    "url": "https://bikes.example/p/7", "name": "bicycle.jpg", "exif": {"Make": "Rain"},
    "device": {"kind": "IMEI", "value": "35-1"},
}  # fmt: skip
RIDER = {
    "screen_name": "rider", "name": "A Rider", "email": "rider@example.org",
    "registration_ip": "192.0.2.8", "registered_at": "2030-01-01T00:00:00Z", "age": 31,
}  # fmt: skip


def test_a_file_has_all_that_records_say_of_it(scene: Scene):
    """Size, hashes, time, address, place, how it was found."""
    item, _ = scene.confirmed(item=UPLOAD)
    (file,) = scene.content().files
    assert file.evidence == scene.evidence(item) and file.item == item and file.size >= 700
    assert dict(file.hashes)["md5"] == item[:8] and [k for k, _ in file.hashes] == [
        "md5", "sha256", "pdq",
    ]  # fmt: skip
    assert file.original_name == "bicycle.jpg" and file.url == "https://bikes.example/p/7"
    assert file.uploaded_at.isoformat() == "2031-04-30T09:00:00+02:00" and file.public is True
    assert file.capture == Capture("192.0.2.7", Moment.UPLOAD, file.uploaded_at, 51515)
    assert file.devices == (Device("IMEI", "35-1"),)
    assert file.details == (Detail("exif", "Make", "Rain"),)
    assert file.found_by == gathering.files.EXACT


def test_the_subject_has_what_the_platform_said_of_the_account(scene: Scene):
    """Of all its items on the case, with the addresses of uploads."""
    scene.item(creator=RIDER)
    scene.confirmed(item=UPLOAD, creator={"phone": "+41 44 000 00 00"})
    party = scene.content().subject
    assert (party.account.service, party.account.id) == ("Bikes", "anna")
    assert party.account.screen_name == "rider" and party.account.display_names == ("A Rider",)
    assert party.emails == (Email("rider@example.org"),) and party.age == 31
    assert [one.number for one in party.phones] == ["+41 44 000 00 00"]
    assert [(one.address, one.moment) for one in party.captures] == [
        ("192.0.2.7", "upload"), ("192.0.2.8", "registration"),
    ]  # fmt: skip


def test_facts_of_another_account_are_not_the_subjects(scene: Scene):
    """An item that was put on the case by hand has its own creator."""
    scene.report(about="item", about_id=scene.item("bob", creator=RIDER), account="anna")
    scene.confirmed()
    assert scene.content().subject.account.screen_name == ""


def test_only_what_was_confirmed_goes_along(scene: Scene):
    """Never all that an account has (D8)."""
    item, _ = scene.confirmed()
    scene.decide(scene.item(), conclusion="cannot-tell")
    scene.item()
    assert [one.item for one in scene.content().files] == [item]


def test_a_child_is_no_suspect(scene: Scene):
    """The account of a child is that of a victim."""
    item = scene.item()
    with scene.database.writing() as session:
        session.get_one(Case, scene.case()).role = "child"
    scene.decide(item)
    found = scene.content()
    assert found.subject is None and [one.account.id for one in found.victims] == ["anna"]


def test_a_file_is_viewed_if_a_person_saw_the_original_whole(scene: Scene):
    """Not in part, not a rendering, not by a key, not if it never came (D2)."""
    for how in ({"whole": False}, {"actor": "key:platform"}, {"asked_only": True}):
        item = scene.item()
        scene.look(item, "original", **how)
        scene.decide(item)
    blurred = scene.item()
    scene.look(blurred, "stylised")
    scene.decide(blurred)
    assert [one.viewed for one in scene.content().files] == [False] * 4
    assert [len(one.seen) for one in scene.content().files] == [1, 0, 0, 1]
    seen = scene.item()
    scene.look(seen, "marked")
    scene.decide(seen)
    assert scene.content().files[-1].viewed


@pytest.mark.parametrize(
    ("more", "said"),
    [({"strength": "near"}, gathering.files.NEAR), ({"source": "own"}, gathering.files.AGAIN)],
)
def test_how_it_was_found_never_names_the_list(scene: Scene, more: dict, said: str):
    """Nor the bank."""
    scene.confirmed(sealed=False, **more)
    found = scene.content()
    assert found.files[0].found_by == said
    assert "partner" not in found.to_json()


def test_an_item_of_which_nothing_was_sealed_still_has_its_facts(scene: Scene):
    """There is no file to enclose, and its hashes go."""
    scene.confirmed(sealed=False)
    (file,) = scene.content().files
    assert file.evidence == "" and file.hashes


def test_a_file_that_was_purged_before_the_draft_has_its_facts(scene: Scene):
    """And it is said that it is gone."""
    item = scene.item()
    scene.look(item, "original")
    scene.set(authorities=())
    scene.decide(item)
    scene.purge(item)
    scene.draft()
    (file,) = scene.content().files
    assert file.evidence == "" and gathering.files.IS_GONE in file.more and file.size > 0


def test_a_file_that_is_gone_meanwhile_is_taken_from_the_report(scene: Scene):
    """Its facts stay, and so do the others."""
    report = Report(Incident.MEDIA, START, START, files=(File("ev_1", "itm_1"), File("ev_2")))
    found = gathering.without(report, ["ev_1"])
    assert [one.evidence for one in found.files] == ["", "ev_2"]
    assert found.files[0].item == "itm_1" and gathering.files.IS_GONE in found.files[0].more


def test_what_nobody_stands_by_any_more_is_named(scene: Scene):
    """Of a report that was written before it was decided otherwise."""
    item, decision = scene.confirmed()
    other, _ = scene.confirmed()
    before = scene.content()
    with scene.database.reading() as session:
        assert gathering.unconfirmed(session, before) == []
    scene.undo(decision)
    with scene.database.reading() as session:
        assert gathering.unconfirmed(session, before) == [item]
    assert [one.item for one in before.files] == [item, other]


def test_what_was_taken_off_the_case_is_named(scene: Scene):
    """It is someone else's, and stands in a report about the wrong account."""
    item, _ = scene.confirmed()
    other, _ = scene.confirmed()
    before, case_id = scene.content(), scene.case()
    with scene.database.writing() as session:
        assert gathering.unconfirmed(session, before, case_id) == []
        number = session.scalars(select(Alert.id).where(Alert.item_id == item)).one()
        alerts.detach(session, scene.now, ANN, session.get_one(Case, case_id), number, "Not his.")
        assert gathering.unconfirmed(session, before, case_id) == [item]
    assert [one.item for one in before.files] == [item, other]


def test_the_time_is_that_of_the_last_upload_or_says_what_else_it_is(scene: Scene):
    """A time without a zone is none."""
    scene.confirmed(item={"created_at": "2031-04-30T09:00:00"})
    found = scene.content()
    assert found.at == START and "not known" in found.at_means
    scene.confirmed("bob", item=UPLOAD)
    bob = scene.content(account="bob")
    assert bob.at.isoformat().startswith("2031-04-30") and "uploaded" in bob.at_means
    assert bob.made_at == START and bob.platform == "Bikes"


def test_what_people_reported_is_told_without_who_they_are(scene: Scene):
    """Text and address as they came, the ages that they said."""
    scene.report(
        about="thread", about_id="room-5", text="Rain?", url="https://bikes.example/t/5",
        reporter_id="carl", child_age=9,
    )  # fmt: skip
    scene.confirmed()
    (where,) = scene.content().where
    assert (where.kind, where.room, where.content) == ("chat", "room-5", "Rain?")
    assert where.urls == ("https://bikes.example/t/5",) and "9" in where.more
    assert "carl" not in scene.content().to_json()


def test_danger_is_said(scene: Scene):
    """Someone who reported it said so; a person completes why."""
    scene.report(text="Rain?", danger=True)
    scene.confirmed()
    assert scene.content().danger == gathering.DANGER and scene.reports()[0].danger


def test_earlier_reports_about_the_same_account_are_cited(scene: Scene):
    """However many there were: each is sent, none is skipped (D1)."""
    for remote in ("4564654", "4564655"):
        scene.confirmed()
        scene.file(remote)
        with scene.database.writing() as session:
            case = session.get_one(Case, scene.case())
            case.closed_at, case.closed_why = scene.now, "reported"
        scene.later(days=1)
    scene.confirmed()
    assert scene.content().subject.earlier == ("4564654", "4564655")
    assert scene.content().supplements == ""


def test_reports_to_the_test_server_are_not_cited_in_production(scene: Scene):
    """The authority does not know them."""
    scene.confirmed()
    scene.file()
    scene.set(environment="production")
    scene.later(days=1)
    scene.confirmed()
    found = scene.content()
    assert found.subject.earlier == () and found.supplements == "" and len(found.files) == 2


def test_files_alone_say_that_it_is_about_files(scene: Scene):
    """A code of a user does not, and neither does a person who drafts."""
    scene.set(authorities=())
    scene.report(code="media", text="Rain?")
    with pytest.raises(ReportNotReady, match="not known"):
        scene.draft()
    with pytest.raises(ReportNotReady, match="no file"):
        scene.draft(incident=Incident.MEDIA)


@pytest.mark.parametrize("odd", [7, None, [], {}, "", "x" * 200_000, [[{"address": {}}]], True])
def test_facts_of_any_kind_never_stop_a_draft(scene: Scene, odd: object):
    """They come from outside, and what is not of its kind says nothing."""
    names = (
        "email", "emails", "phone", "captures", "devices", "name", "age", "born", "ip", "port",
        "place", "disabled", "addresses", "screen_name", "all_emails",
    )  # fmt: skip
    item = ("created_at", "ip", "port", "url", "name", "exif", "device")
    scene.confirmed(item=dict.fromkeys(item, odd), creator=dict.fromkeys(names, odd), sealed=False)
    assert len(scene.content().files) == 1


def test_who_asked_for_a_draft_is_known(scene: Scene):
    """And so is the decision's maker where nobody asked."""
    scene.confirmed()
    assert scene.reports()[0].made_by == ANN.actor


@pytest.mark.parametrize("file", [True, False])
def test_what_was_gathered_can_be_sent_as_it_stands(scene: Scene, file: bool):
    """With files, and of words alone (D4)."""
    if file:
        scene.confirmed(item=UPLOAD, creator=RIDER)
    else:
        scene.report(code="contact", text="Rain?", child_age=9)
        scene.decide(case=scene.case())
    reporter = Reporter("Tess", "Sato", "trust@example.org")
    found = named("ncmec").check(scene.content(), reporter, schema.document())
    assert list(found) == []
    assert len(named("ncmec").draft(scene.content(), reporter).enclosures) == file

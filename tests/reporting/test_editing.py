"""People complete a draft; what records say is not theirs to write."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from reporting.scenes import BOB, Scene
from tutela.audit.models import Entry
from tutela.reporting import drafting, editing, register
from tutela.reporting.errors import EditRefused, ReportChanged, ReportNotReady
from tutela.reporting.facts import Capture, File, Flag, Party, Report, Seen
from tutela.reporting.models import Report as Row
from tutela.reporting.models import State


@pytest.fixture
def name(scene: Scene) -> str:
    scene.confirmed()
    scene.confirmed()
    return scene.reports()[0].id


def put(scene: Scene, name: str, path: str, value: str | None, version: int = 0) -> Report:
    version = version or scene.row(name).version
    with scene.database.writing() as session:
        editing.set_field(session, scene.now, BOB, name, version, path, value)
    return scene.content(name)


def whole(scene: Scene, name: str, content: Report | str) -> None:
    text = content if isinstance(content, str) else content.to_json()
    with scene.database.writing() as session:
        editing.edit(session, scene.now, BOB, name, scene.row(name).version, text)


def test_a_field_is_put_in_its_place(scene: Scene, name: str):
    """Texts, numbers, answers, words of a list, entries that are new."""
    put(scene, name, "subject.account.screen_name", "rider")
    put(scene, name, "victims.0.age", "9")
    put(scene, name, "victims.0.emails.0.address", "child@example.org")
    put(scene, name, "files.1.public", "no")
    put(scene, name, "flags", "pressure, spam peers")
    put(scene, name, "subject.account.urls", "https://a.example/1,2\nhttps://b.example")
    put(scene, name, "subject.born", "1990-02-01")
    put(scene, name, "officer.agency", "Police")
    found = put(scene, name, "subject.captures.0", '{"address": "192.0.2.1", "port": 7}')
    assert found.subject.account.screen_name == "rider" and found.victims[0].age == 9
    assert found.victims[0].emails[0].address == "child@example.org"
    assert found.files[1].public is False and found.flags == (
        Flag.PRESSURE, Flag.SPAM, Flag.PEERS,
    )  # fmt: skip
    assert found.subject.account.urls == ("https://a.example/1,2", "https://b.example")
    assert found.subject.born.year == 1990 and found.officer.agency == "Police"
    assert found.subject.captures[0].port == 7
    assert scene.row(name).version == 11


def test_a_field_is_emptied(scene: Scene, name: str):
    """And an entry taken out of its list."""
    put(scene, name, "victims.0.age", "9")
    put(scene, name, "danger", "They meet now.")
    assert scene.row(name).danger
    found = put(scene, name, "danger", None)
    assert found.danger == "" and not scene.row(name).danger
    assert put(scene, name, "victims.0.age", None).victims == (Party(),)
    assert put(scene, name, "victims.0", None).victims == ()


def test_a_blank_danger_is_none(scene: Scene, name: str):
    """It would skip the second person, and tell the authority of nothing urgent."""
    assert put(scene, name, "danger", "  \n").danger == "" and not scene.row(name).danger


@pytest.mark.parametrize(
    "said", ["no", "No.", "false", "yes", "TRUE", "none", "n/a", "0", "1", "no danger", "not known"]
)
def test_danger_is_a_sentence_and_no_answer(scene: Scene, name: str, said: str):
    """Police read whatever stands there as an emergency; so in a whole report."""
    with pytest.raises(EditRefused, match="danger: a sentence"):
        put(scene, name, "danger", said)
    with pytest.raises(EditRefused, match="danger: a sentence"):
        whole(scene, name, replace(scene.content(name), danger=said))
    assert not scene.row(name).danger


@pytest.mark.parametrize("said", ["They meet tonight.", "今晚他们见面。"])
def test_a_sentence_says_danger_in_any_script(scene: Scene, name: str, said: str):
    assert put(scene, name, "danger", said).danger == said


def test_several_values_are_one_change(scene: Scene, name: str):
    """One version more, however many were set at once."""
    version = scene.row(name).version
    pairs = [("text", "It rains."), ("victims.0.age", "9"), ("platform", "Bikes")]
    with scene.database.writing() as session:
        editing.set_fields(session, scene.now, BOB, name, version, pairs)
    found = scene.content(name)
    assert (found.text, found.victims[0].age) == ("It rains.", 9)
    assert scene.row(name).version == version + 1


@pytest.fixture
def seen(scene: Scene) -> str:
    """A report with an address of the internet that the service recorded."""
    scene.confirmed(creator={"ip": "192.0.2.1", "ip_at": "2031-05-01T11:00:00+00:00", "port": 7})
    return scene.reports()[0].id


def test_another_address_was_not_seen_at_that_time_and_port(scene: Scene, seen: str):
    """Only what is said together with it belongs to it, in any order."""
    (old,) = scene.content(seen).subject.captures
    assert (old.port, old.typed) == (7, False) and old.at is not None
    (new,) = put(scene, seen, "subject.captures.0.address", "192.0.2.9").subject.captures
    assert new == Capture("192.0.2.9", typed=True)
    pairs = [
        ("subject.captures.0.port", "51515"), ("subject.captures.0.address", "192.0.2.10"),
    ]  # fmt: skip
    with scene.database.writing() as session:
        editing.set_fields(session, scene.now, BOB, seen, scene.row(seen).version, pairs)
    (last,) = scene.content(seen).subject.captures
    assert last == Capture("192.0.2.10", port=51515, typed=True)


def test_what_a_person_typed_is_marked_and_nobody_unmarks_it(scene: Scene, seen: str):
    """Nor marks what was recorded."""
    found = put(scene, seen, "subject.captures.1.address", "192.0.2.2").subject.captures
    assert [one.typed for one in found] == [False, True]
    content = scene.content(seen)
    turned = tuple(replace(one, typed=not one.typed) for one in content.subject.captures)
    subject = replace(content.subject, captures=turned)
    whole(scene, seen, replace(content, subject=subject, text="It rains."))
    assert scene.content(seen).subject.captures == found
    with scene.database.writing() as session:
        version = scene.row(seen).version
        drafting.regathered(session, scene.now, BOB, seen, version)
    assert scene.content(seen).subject.captures == found


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("weather", "It begins with one of incident"), ("subject.weather", "After subject. comes"),
        ("victims.x", "After victims. comes 0, to add one"), ("text.0", "text holds a value"),
        ("subject.captures.0.ip", "address, moment, at, port, proxy."),
    ],
)  # fmt: skip
def test_what_is_no_place_says_what_there_is(scene: Scene, name: str, path: str, said: str):
    with pytest.raises(EditRefused) as refused:
        put(scene, name, path, "1")
    assert said in (refused.value.hint or "")


@pytest.mark.parametrize(
    "path", ["", "weather", "subject.weather", "victims.x", "victims.1.age", "text.0", "a." * 20]
)
def test_what_is_no_place_is_refused(scene: Scene, name: str, path: str):
    """And the report is as it was."""
    before = scene.content(name)
    with pytest.raises(EditRefused):
        put(scene, name, path, "1")
    assert scene.content(name) == before


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("at", "2031-05-01T12:00:00"), ("incident", "bicycle"), ("victims.0.age", "nine"),
        ("files.0.public", "perhaps"), ("at", None), ("text", "x" * 100_001), ("text", "a\0b"),
        ("flags", "rain"), ("where.0.kind", None), ("subject.captures", "[{}]"),
        ("where.0", "[" * 100_000),
        ("subject.account.urls", "\n".join(f"https://a.example/{n}" for n in range(1_001))),
    ],
)  # fmt: skip
def test_what_cannot_stand_there_is_refused_by_its_place(
    scene: Scene, name: str, path: str, value: str | None
):
    """Without a word of what was written."""
    with pytest.raises(EditRefused) as refused:
        put(scene, name, path, value)
    said = str(refused.value)
    assert path.split(".", maxsplit=1)[0] in said and len(said) < 500
    assert value is None or value not in said


@pytest.mark.parametrize(
    "change",
    [
        {"evidence": "ev_other"}, {"item": "itm_other"}, {"size": 7}, {"hashes": ()},
        {"hashes": (("md5", "0"),)}, {"grades": (("band", "A"),)},
    ],
    ids=str,
)  # fmt: skip
def test_what_records_say_of_a_file_is_not_typed_in(scene: Scene, name: str, change: dict):
    """By nobody, and by no way."""
    found = scene.content(name)
    with pytest.raises(EditRefused, match="files"):
        whole(
            scene, name, replace(found, files=(replace(found.files[0], **change), found.files[1]))
        )


def test_that_someone_saw_a_file_is_not_typed_in(scene: Scene, name: str):
    """On it may hang a warrant (D2)."""
    seen = Seen("person:bob", scene.now, "original", True, 7.0)
    found = scene.content(name)
    with pytest.raises(EditRefused, match="seen"):
        whole(scene, name, replace(found, files=(replace(found.files[0], seen=(seen,)),
                                                 found.files[1])))  # fmt: skip
    with pytest.raises(EditRefused, match="seen"):
        put(scene, name, "files.0.seen", json.dumps([json.loads(_json(seen))]))


def _json(seen: Seen) -> str:
    return (
        f'{{"by": "{seen.by}", "at": "{seen.at.isoformat()}", "rendering": "{seen.rendering}",'
        f' "whole": true, "seconds": 7.0}}'
    )


@pytest.mark.parametrize("field", ["made_at", "supplements"])
def test_when_it_was_gathered_and_what_it_adds_to_is_not_typed_in(
    scene: Scene, name: str, field: str
):
    """The clock of records is not a person's."""
    value = "2031-05-01T13:00:00+00:00" if field == "made_at" else "7"
    with pytest.raises(EditRefused, match=field):
        put(scene, name, field, value)


def test_files_neither_come_nor_go_by_an_edit(scene: Scene, name: str):
    """A file that nobody confirmed is not smuggled in, none is lost by a slip."""
    found = scene.content(name)
    for files in ((), found.files[:1], (*found.files, File("ev_1")), (found.files[0],) * 2):
        with pytest.raises(EditRefused, match="files"):
            whole(scene, name, replace(found, files=files))
    whole(scene, name, replace(found, files=found.files[::-1]))
    assert scene.content(name).files == found.files[::-1]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"incident": "media"}', "x" * (1 << 21)])
def test_what_is_no_report_is_refused(scene: Scene, name: str, text: str):
    """With the places, and in a sentence."""
    with pytest.raises(EditRefused):
        whole(scene, name, text)


def test_a_report_has_an_end(scene: Scene, name: str, monkeypatch: pytest.MonkeyPatch):
    """What is longer is a paper to attach."""
    content = scene.content(name).to_json()
    monkeypatch.setattr(editing, "LARGEST", len(content.encode()))
    whole(scene, name, content)
    with pytest.raises(EditRefused, match="larger"):
        whole(scene, name, content + " ")


def test_a_field_that_no_report_has_is_refused(scene: Scene, name: str):
    """A slip of the pen is not lost in silence."""
    found = json.loads(scene.content(name).to_json())
    found["subject"]["account"]["screenname"] = "rider"
    with pytest.raises(EditRefused, match=r"subject\.account\.screenname"):
        whole(scene, name, json.dumps(found))


def test_two_who_edit_do_not_overwrite_each_other(scene: Scene, name: str):
    """The second is told that it was changed."""
    version = scene.row(name).version
    put(scene, name, "text", "Rain.", version)
    with pytest.raises(ReportChanged):
        put(scene, name, "text", "Sun.", version)
    assert scene.content(name).text == "Rain."


@pytest.mark.parametrize("state", State)
def test_only_drafts_and_what_halted_can_be_edited(scene: Scene, name: str, state: State):
    """What was sent is as it was sent."""
    with scene.database.writing() as session:
        session.get_one(Row, name).state = state
    if state in (State.DRAFT, State.HALTED):
        assert put(scene, name, "text", "Rain.").text == "Rain."
        return
    with pytest.raises(ReportNotReady):
        put(scene, name, "text", "Rain.")


def test_each_edit_is_written_down_without_its_content(scene: Scene, name: str):
    """Who, when and where, in the log and on the case."""
    put(scene, name, "text", "A bicycle in the rain.")
    with scene.database.reading() as session:
        entry = session.scalars(select(Entry).order_by(Entry.number.desc())).first()
    assert (entry.action, entry.actor, entry.subject) == ("report.edit", BOB.actor, name)
    assert "bicycle" not in entry.facts and register.EDITED in scene.steps()


def test_a_file_is_left_out(scene: Scene, name: str):
    """It is kept by this report no more; by its item or its evidence."""
    one, other = scene.content(name).files
    with scene.database.writing() as session:
        editing.leave_out(session, scene.now, BOB, name, 2, one.item)
        editing.leave_out(session, scene.now, BOB, name, 3, other.evidence)
    assert scene.content(name).files == () and scene.kept(one.item) == []
    with scene.database.writing() as session, pytest.raises(EditRefused):
        editing.leave_out(session, scene.now, BOB, name, 4, one.item)


def test_why_something_is_not_known_is_said(scene: Scene, name: str):
    """And taken back; only of fields that there are."""
    with scene.database.writing() as session:
        editing.say_why(session, scene.now, BOB, name, 2, "email", "They signed up by telephone.")
    assert scene.content(name).reasons == (("email", "They signed up by telephone."),)
    with scene.database.writing() as session:
        editing.say_why(session, scene.now, BOB, name, 3, "email", "")
        with pytest.raises(EditRefused):
            editing.say_why(session, scene.now, BOB, name, 4, "weather", "Rain.")
    assert scene.content(name).reasons == ()

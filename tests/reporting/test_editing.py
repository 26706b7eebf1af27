"""People complete a draft; what records say is not theirs to write."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from reporting.scenes import BOB, Scene
from tutela.audit.models import Entry
from tutela.reporting import editing, register
from tutela.reporting.errors import EditRefused, ReportChanged, ReportNotReady
from tutela.reporting.facts import File, Flag, Party, Report, Seen
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
    put(scene, name, "danger", "Now.")
    assert scene.row(name).danger
    found = put(scene, name, "danger", None)
    assert found.danger == "" and not scene.row(name).danger
    assert put(scene, name, "victims.0.age", None).victims == (Party(),)
    assert put(scene, name, "victims.0", None).victims == ()


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

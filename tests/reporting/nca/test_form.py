"""The form is filled in from a report, with no guess, in its own order."""

from __future__ import annotations

from dataclasses import replace

from reporting.nca.reports import REPORTER, answered
from tutela.reporting.facts import Account, Email, Party, Seen
from tutela.reporting.nca.answers import State
from tutela.reporting.nca.form import TITLES, form, title_of
from tutela.testing.authority_contract import NOW, report


def fields(what):
    return dict(form(what, REPORTER).fields())


def test_the_sections_are_those_of_the_form_in_its_order():
    """Five, each file a content of its own."""
    two = replace(report(), files=report().files * 2)
    made = form(two, REPORTER)
    assert tuple(one.title for one in made.sections) == TITLES
    assert [one.title for one in made.sections[1].groups] == ["Content 1", "Content 2"]


def test_what_records_do_not_say_is_open_and_not_guessed():
    """Until somebody answers; records and settings are there at once."""
    made = fields(report())
    open_ = {path for path, one in made.items() if one.answer.state is None}
    assert {"general.detected_at", "general.detected_by", "general.police", "content.1.type",
            "user.1.voice", "priority.priority", "declaration.declaration"} <= open_  # fmt: skip
    assert made["user.1.user_name"].answer.value == "rider"
    assert made["general.contact_name"].answer.value == "Tess Sato"


def test_whether_a_person_reviewed_the_content_comes_from_the_record_of_views_alone():
    """Of each file, whole."""
    file = report().files[0]
    part = replace(file, seen=(Seen("person:ann", NOW, "original", False, 3.0),))
    said = {"reviewed": "yes"}
    assert fields(answered())["general.reviewed"].answer.value == "yes"
    for files in ((part,), (file, part), ()):
        what = answered(replace(report(), files=files), **said)
        assert fields(what)["general.reviewed"].answer.value == "no"


def test_an_answer_is_a_value_not_held_with_a_reason_or_not_applicable():
    """And `rest` goes for whatever has none."""
    what = answered(room="rain", url="n/a", voice="not held: no calls", rest="not held: never")
    made = fields(what)
    assert made["content.1.room"].answer.value == "rain"
    assert made["content.1.url"].answer.state is State.NOT_APPLICABLE
    assert made["user.1.voice"].answer.reason == "no calls"
    assert made["user.1.biometrics"].answer.reason == "never"
    assert fields(answered(voice="not held", rest=""))["user.1.voice"].answer.state is None


def test_a_value_goes_to_one_of_several_only_by_its_name():
    """The second user is not the first; what is not held may be said of all."""
    other = Party(Account(id="other"))
    what = replace(report(), recipients=(other,))
    made = fields(
        answered(what, real_name="Ann", biometrics="not held: never", user__2__born="n/a")
    )
    assert made["user.1.real_name"].answer.state is State.NOT_HELD  # by `rest`
    assert made["user.2.biometrics"].answer.reason == "never"
    assert made["user.2.born"].answer.state is State.NOT_APPLICABLE
    assert made["user.1.born"].answer.state is State.NOT_HELD


def test_there_is_one_sender_and_any_number_of_recipients():
    """Of a child's own account, the child's is the sender's."""
    child = Party(Account(id="child"), emails=(Email("c@example.org"),))
    for what in (
        replace(report(), recipients=(Party(), Party())),
        replace(report(), subject=None, victims=(child,), recipients=(Party(), Party())),
    ):
        made = fields(what)
        assert [made[f"user.{n}.status"].answer.value for n in (1, 2, 3)] == [
            "sender", "recipient", "recipient",
        ]  # fmt: skip
    only = fields(replace(report(), subject=None, recipients=(child,)))
    assert only["user.1.status"].answer.value == "recipient" and "user.2.status" not in only


def test_fields_are_named_for_all_or_for_one():
    """What records alone say, and what stands beside the form, is not named so."""
    assert title_of("room") == title_of("content.2.room") == "Name of the group or chat room"
    for name in ("reviewed", "user.1.reviewed_", "content.1.rest", "content.0.room", "declared"):
        assert title_of(name) == ""


def test_times_are_copied_as_the_form_takes_them():
    """In UTC, to the second, from whichever zone they were given in."""
    made = fields(answered(detected_at="2031-07-01T12:30:00+01:00"))
    assert made["general.detected_at"].answer.value == "2031-07-01 11:30:00 UTC"

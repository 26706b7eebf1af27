"""What a report holds, as inputs; and what was typed, put back: no service is needed."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tutela.interfaces.console import report_fields
from tutela.interfaces.console.report_fields import ELSEWHERE, PARTS, Typed, blocks, changed
from tutela.interfaces.console.report_words import KIND_WORDS, WORDS
from tutela.reporting import facts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def held(**more: Any) -> dict[str, Any]:
    made = facts.Report(
        facts.Incident.CONTACT, NOW, NOW, text="First\nsecond",
        subject=facts.Party(
            account=facts.Account(id="rider", urls=("https://bicycles.example/rider",)),
            emails=(facts.Email("a@example.org"), facts.Email("b@example.org", verified=True)),
            place=facts.Place(city="Lisbon"),
        ),
        files=(facts.File("ev_1", "itm_1", size=7, marks=(facts.Mark.LIVE,)),), **more,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(made.to_json())
    return found


def read(content: dict[str, Any]) -> facts.Report:
    return facts.Report.from_json(json.dumps(content))


def typed(content: dict[str, Any], part: str) -> dict[str, str]:
    """What a browser sends of a part that nobody touched."""
    return {
        one.path: str(one.value).replace("\n", "\r\n")
        for block in blocks(content, part) for one in block.inputs if one.kind != "ticks"
    }  # fmt: skip


def test_every_kind_has_a_word_of_its_own():
    """None is called as a code of incidents that is spelled alike."""
    kinds = {kind for each in report_fields.KINDS.values() for kind in each}
    assert kinds == KIND_WORDS.keys()


def test_every_field_of_a_report_has_a_name_on_pages():
    """Also of what is only edited as text, so that none is forgotten when it gets an input."""
    names: set[str] = set()
    waiting: list[type] = [facts.Report]
    seen: set[type] = set()
    while waiting:
        kind = waiting.pop()
        if kind in seen:
            continue
        seen.add(kind)
        names |= {one.name for one in fields(kind)} - ELSEWHERE
        waiting += [inner for _, inner, _, _ in report_fields._nested(kind)]
    assert all(map(is_dataclass, seen)) and len(seen) > 10
    names |= PARTS.keys()
    assert names - WORDS.keys() <= {"for_good", "told_at", "back_at", "by", "rendering", "whole",
                                    "seconds"}  # fmt: skip
    assert WORDS.keys() <= names, WORDS.keys() - names


@pytest.mark.parametrize("part", ["incident", "subject", "files.0", "victims.0", "where.0",
                                  "recipients.0", "officer"])  # fmt: skip
def test_a_form_that_nobody_touched_changes_nothing(part):
    """Line ends of browsers, empty new elements and unticked lists say nothing."""
    content = held()
    ticks = [one.path for block in blocks(content, part) for one in block.inputs
             if one.kind == "ticks"]  # fmt: skip
    ticked = [f"{one.path}={code}" for block in blocks(content, part) for one in block.inputs
              if one.kind == "ticks" for code in one.value]  # fmt: skip
    assert changed(content, part, Typed(typed(content, part), ticks, ticked)) == content


def test_what_was_typed_stands_there_and_the_rest_as_it_was():
    content = held()
    values = typed(content, "subject") | {
        "subject.age": "31", "subject.born": "1995-02-01", "subject.account.screen_name": "r",
        "subject.all_emails": "yes", "subject.emails.2.address": "c@example.org",
        "subject.captures.0.address": "192.0.2.7", "subject.captures.0.at": "2026-03-01T10:00:00Z",
        "subject.captures.0.port": "40507",
    }  # fmt: skip
    subject = read(changed(content, "subject", Typed(values))).subject
    assert subject is not None and subject.age == 31 and subject.all_emails is True
    assert [one.address for one in subject.emails][2] == "c@example.org"
    (capture,) = subject.captures
    assert (capture.port, capture.moment) == (40_507, facts.Moment.UNKNOWN)
    assert subject.account.urls == ("https://bicycles.example/rider",)
    assert subject.place == facts.Place(city="Lisbon")


def test_a_new_element_is_made_where_there_was_none():
    content = held()
    made = read(changed(content, "victims.0", Typed({"victims.0.age": "12"})))
    assert [one.age for one in made.victims] == [12]
    made = read(changed(content, "officer", Typed({"officer.agency": "Bicycle police"})))
    assert made.officer is not None and made.officer.agency == "Bicycle police"


def test_several_elements_and_whole_parts_are_taken_out():
    content = held(victims=(facts.Party(age=9), facts.Party(age=10)))
    typing = Typed({}, remove=["subject.emails.0", "subject.emails.1", "subject.place"])
    subject = read(changed(content, "subject", typing)).subject
    assert subject is not None and subject.emails == () and subject.place is None
    made = read(changed(content, "victims.0", Typed({}, remove=["victims.0"])))
    assert [one.age for one in made.victims] == [10]
    assert read(changed(content, "subject", Typed({}, remove=["subject"]))).subject is None


def test_a_form_reaches_nothing_but_its_part():
    """Files are left out by an act of their own, and paths of other parts are passed over."""
    content = held()
    typing = Typed({"made_at": "2020-01-01T00:00:00Z", "files.0.evidence": "ev_2", "text": "x"},
                   remove=["files.0", "subject", "incident"])  # fmt: skip
    assert changed(content, "files.0", typing) == content


def test_codes_are_ticked_and_unticked():
    content = held()
    ticked = ["files.0.marks=drawn", "files.0.marks=none"]
    made = changed(content, "files.0", Typed({}, ["files.0.marks"], ticked))
    assert read(made).files[0].marks == (facts.Mark.DRAWN,)
    made = changed(content, "files.0", Typed({}, ["files.0.marks"], []))
    assert read(made).files[0].marks == ()


@pytest.mark.parametrize("part", ["made_at", "victims", "victims.2", "subject.0", "files.1", "x"])
def test_what_is_no_part_has_no_inputs(part):
    with pytest.raises(LookupError):
        blocks(held(), part)

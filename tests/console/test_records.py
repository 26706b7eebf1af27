"""Records on pages, and second looks by a colleague who is not told what was decided."""

from __future__ import annotations

import json

import pytest
from api.service import Desk
from decisions.world import add, name

from console.visitor import Visitor, signed_in
from tutela.decisions.models import Decision
from tutela.events import emit
from tutela.evidence.models import File, Intent
from tutela.matching import Match
from tutela.people.permissions import Permission
from tutela.records import changes
from tutela.records.options import IN_SESSION, Options
from tutela.screening.models import Decided
from tutela.screening.recording import ItemRecorded
from tutela.signals import Signal
from tutela.views.models import View

P = Permission
HERE = "/console/compliance"


@pytest.fixture
def ann(desk: Desk) -> Visitor:
    return signed_in(desk, "ann-admin", P.ADMIN)


@pytest.fixture
def bob(desk: Desk) -> Visitor:
    return signed_in(desk, "bob-looks", P.CASES)


def decided(desk: Desk, conclusion: str = "confirmed") -> str:
    """An item that someone else decided, drawn for a second person."""
    database = desk.database
    now, before = database.now(), database.info.get(IN_SESSION)
    database.info[IN_SESSION] = Options(second_percent=100)
    item = add(database, now, None)
    value = name("v").encode().hex()
    with database.writing() as session:
        session.add(File(
            id=(file := name("ev")), name=name("file"), size=7, sealed_size=9, digest=bytes(32),
            recipients="", sealed_at=now, keep_until=None, held_at=None, deleted_at=None,
            deleted_why="", gone_at=None,
        ))  # fmt: skip
        session.flush()
        row = session.get_one(Decided, item)
        row.evidence_id = file
        match = Match(Signal("pdq", value), 3, "partner-list", Signal("pdq", value), "known-csea",
                      "partner")  # fmt: skip
        emit(session, ItemRecorded(now, item, False, "picture", (match,)))
        session.add(Decision(
            id=name("dec"), at=now, actor="person:who-was-first", case_id=row.case_id,
            item_id=item, conclusion=conclusion, reason="The first said so.", grades="{}",
            viewed=True, undo_until=now, undone_at=None, undone_by=None, undone_why="",
        ))  # fmt: skip
    database.info[IN_SESSION] = before
    return item


def saw(desk: Desk, view: str) -> None:
    """The picture was opened."""
    with desk.database.writing() as session:
        intent = session.get_one(View, view).intent_id
        session.get_one(Intent, intent).used_at = desk.database.now()


def test_performance_has_its_numbers_and_says_what_it_cannot_read(desk, ann, bob):
    decided(desk)
    page = ann.get(f"{HERE}/performance?by=month")
    assert "partner-list" in page.words and "1 to 8" in page.words and "100.0 %" in page.words
    ann.get(f"{HERE}/performance?since=2031-99-99", 422)
    ann.get(f"{HERE}/performance?since=rain", 422)
    for path in ("performance", "processing", "dpia", "changes"):
        bob.get(f"{HERE}/{path}", 403)
        assert f"{HERE}/{path}" in ann.get(HERE).text


def test_documents_say_what_is_to_fill_and_are_taken_out(ann):
    for path, title in (("processing", "Record of processing"), ("dpia", "Impact assessment")):
        page = ann.get(f"{HERE}/{path}")
        assert title in page.words and "to fill" in page.words
        file = ann.get(f"{HERE}/{path}/export")
        assert "**[to fill]**" in file.text


def test_a_change_is_explained(desk, ann):
    with desk.database.writing() as session:
        change = changes.compare(session, desk.database.now(), "shell:ops", {"rain": name("v")})
    assert change in ann.get(f"{HERE}/changes").words
    given = {"change": change, "why": "It rains <b>more</b>."}
    assert ann.post(f"{HERE}/changes", given).location.endswith("said=record.explained")
    page = ann.get(f"{HERE}/changes")
    assert "It rains <b>more</b>." in page.words and "<b>more" not in page.text
    ann.post(f"{HERE}/changes", given | {"why": " "}, 409)
    ann.post(f"{HERE}/changes", given | {"change": "log-999999"}, 409)
    ann.post(f"{HERE}/changes", given | {"change": "rain"}, 422)
    ann.get(f"{HERE}/changes?before={change}")


def test_a_second_person_looks_and_is_not_told(desk, ann, bob):
    item = decided(desk)
    ann.post("/console/second-looks", {}, 403)
    look = ""
    for _ in range(20):  # others of this module wait too
        assert bob.post("/console/second-looks", {}).location.endswith("said=look.begun")
        page = bob.get("/console/second-looks")
        assert "The first said so." not in page.words and "who-was-first" not in page.words
        look = page.text.split('action="/console/second-looks/')[1].split('"')[0].split("/")[0]
        if item in page.words:
            break
        bob.post(f"/console/second-looks/{look}/back", {})
    here = f"/console/second-looks/{look}"
    assert "did not look" in bob.post(
        here, {"conclusion": "no-match", "why": "A bicycle."}, 409
    ).words  # fmt: skip
    case = bob.get("/console/second-looks").text.split("/console/cases/")[1].split("/")[0]
    assert bob.get(f"/console/cases/{case}", 303).location == "/console/second-looks"
    seeing = bob.get(f"/console/cases/{case}/seeing")
    assert item in seeing.words and "The first said so." not in seeing.words
    view = bob.post(f"/console/cases/{case}/items/{item}/views", {"rendering": "grey"}, 200)
    saw(desk, json.loads(view.text)["view"])
    done = bob.post(here, {"conclusion": "no-match", "why": "A bicycle."})
    assert done.location.endswith("said=look.concluded")
    bob.post(here, {"conclusion": "no-match", "why": "A bicycle."}, 409)
    bob.post(here, {"conclusion": "rain", "why": "A bicycle."}, 422)
    bob.post(f"{here}/back", {}, 409)

"""My wellbeing is mine; managers see all together, and limits that were passed."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from api.service import Desk

from console.visitor import Visitor, signed_in
from tutela.audit.service import entries
from tutela.people.permissions import Caller, Permission
from tutela.views import options, service
from tutela.views.models import Breach, Shift, Wish

P = Permission
numbers = count()


@pytest.fixture
def name() -> str:
    return f"mia{next(numbers)}"


@pytest.fixture
def mia(desk: Desk, name: str) -> Visitor:
    return signed_in(desk, name, P.CASES)


def test_one_sees_one_s_own_numbers(desk: Desk, mia: Visitor, name: str):
    assert "Nothing was seen yet" in mia.get("/console/wellbeing").words
    caller = Caller(f"person:{name}", frozenset())
    with desk.database.writing() as session:
        service.used_debugger(session, desk.database.now(), caller)
    page = mia.get("/console/wellbeing")
    assert 'max="300" value="1"' in page.text and "Next break" in page.words
    other = signed_in(desk, f"other{name}", P.CASES)
    assert 'max="300" value="0"' in other.get("/console/wellbeing").text


def test_wishes_are_kept_without_a_reason_and_without_a_log(desk: Desk, mia: Visitor, name: str):
    with desk.database.reading() as session:
        before = len(list(entries(session)))
    wanted = {
        "shift_from": "22:00", "shift_until": "06:00", "rendering": "grey", "without": "B2  A1 ",
    }  # fmt: skip
    page = mia.post("/console/wellbeing", wanted)
    assert page.location == "/console/wellbeing?said=wishes.saved"
    with desk.database.reading() as session:
        row = session.get_one(Wish, f"person:{name}")
        assert (row.shift_from, row.shift_until, row.without) == ("22:00", "06:00", "A1 B2")
        assert len(list(entries(session))) == before
    shown = mia.get("/console/wellbeing").text
    assert 'value="22:00"' in shown and 'value="A1 B2"' in shown
    mia.post("/console/wellbeing", {})
    with desk.database.reading() as session:
        row = session.get_one(Wish, f"person:{name}")
        assert row.without == row.shift_from == row.rendering == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"shift_from": "9 o'clock", "shift_until": "1"}, {"shift_from": "09:00"},
        {"rendering": "original"}, {"without": "<script>"}, {"without": "x" * 1001},
        {"shift_from": "00:00", "shift_until": "23:00"}, {"more": "1"},
    ],
)  # fmt: skip
def test_wishes_that_cannot_be_are_said_on_the_form(mia: Visitor, wrong: dict[str, str]):
    page = mia.post("/console/wellbeing", wrong, 422)
    assert "<script>" not in page.text.replace('<script src="', "")
    assert "How I want to work" in page.words


def test_managers_see_no_one_s_numbers(desk: Desk, mia: Visitor, name: str):
    mia.get("/console/wellbeing/team", 403)
    boss = signed_in(desk, f"boss{name}", P.ADMIN)
    now = desk.database.now()
    monday = now.date() - timedelta(days=now.weekday() + 7)
    with desk.database.writing() as session:
        for number in range(5):
            session.merge(Shift(
                actor=f"person:of-week-{number}", day=monday, began_at=now, seconds=7200.0,
                views=77, break_at=None, worst_run=0,
            ))  # fmt: skip
        session.add(Breach(at=now, actor=f"person:{name}", limit="day", why="<b>the court</b>"))
    page = boss.get("/console/wellbeing/team")
    assert "of-week" not in page.text and "77" not in page.words
    assert "10.0" in page.words and "2.0" in page.words
    assert "&lt;b&gt;the court" in page.text and name in page.words
    own = mia.get("/console/wellbeing").words
    assert "Limits that you passed" in own and "the court" in own


def test_with_fewer_than_five_nothing_is_told(desk: Desk, mia: Visitor, name: str):
    boss = signed_in(desk, f"boss{name}", P.ADMIN)
    now = desk.database.now()
    monday = now.date() - timedelta(days=now.weekday() + 21)
    with desk.database.writing() as session:
        for number in range(4):
            session.merge(Shift(
                actor=f"person:few-{number}", day=monday, began_at=now, seconds=111600.0, views=1,
                break_at=None, worst_run=0,
            ))  # fmt: skip
    assert monday.isoformat() not in boss.get("/console/wellbeing/team").text


def test_past_a_limit_the_queue_gives_nothing_and_leads_here(desk: Desk, mia: Visitor, name: str):
    assert mia.post("/console/cases/next").location.startswith("/console/cases")
    before = desk.database.info[options.IN_SESSION]
    desk.database.info[options.IN_SESSION] = options.Options(day_minutes=1)
    try:
        with desk.database.writing() as session:
            someone = Caller(f"person:{name}", frozenset())
            service.used_debugger(session, desk.database.now(), someone)
        place = mia.post("/console/cases/next").location
        assert place == "/console/wellbeing?said=view.limit"
        words = mia.get(place).words
        assert "No case is given to you" in words and "as much as in a day" in words
    finally:
        desk.database.info[options.IN_SESSION] = before


def test_everyone_finds_it_in_the_menu(mia: Visitor):
    assert 'href="/console/wellbeing"' in mia.get("/console/").text

"""How things stand: each card for who may see it, from counts and indexes."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from api.service import Desk
from sqlalchemy import delete, event

from console.visitor import SHELL, signed_in
from tutela import alarms
from tutela.cases import standing
from tutela.cases.models import Case
from tutela.people import knowing
from tutela.people.models import Need
from tutela.people.permissions import Permission
from tutela.screening import counting, figures

P = Permission
CARDS = ("What was screened", "Cases that wait", "Alarms", "Banks")


def card(words: str, title: str) -> bool:
    return f'aria-label="{title}"' in words


@pytest.fixture
def counted(desk: Desk):
    now = desk.database.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    yesterday = hour - timedelta(days=1)
    with desk.database.writing() as session:
        counting.write(
            session,
            {(hour, "block", "public"): 7, (hour, "allow", "public"): 1000,
             (yesterday, "review", "public"): 11, (yesterday, "test", "public"): 99,
             (hour - timedelta(days=40), "block", "public"): 5},  # type: ignore[arg-type]
            {("tutela-test", hour): 3},  # type: ignore[arg-type]
        )  # fmt: skip


def opened(desk: Desk, number: int, days: float, queue: str = "general", *, test: bool = False,
           closed: bool = False) -> str:  # fmt: skip
    name = f"case_{number:026d}".replace("0", "a").replace("1", "b")
    at = desk.database.now() - timedelta(days=days)
    with desk.database.writing() as session:
        session.add(
            Case(
                id=name, subject_kind="account", subject=name, queue=queue, test=test,
                opened_at=at, closed_at=at if closed else None, closed_why=None,
            )
        )  # fmt: skip
    return name


@pytest.fixture
def no_cases(desk: Desk):
    yield
    with desk.database.writing() as session:
        session.execute(delete(Case))
        session.execute(delete(Need))


@pytest.mark.parametrize(
    ("permissions", "seen"),
    [
        ((P.ADMIN,), {"What was screened", "Alarms"}),
        ((P.CASES,), {"What was screened", "Cases that wait"}),
        ((P.BANKS_READ,), {"What was screened", "Banks"}),
        ((P.AUDIT,), set()),
        ((), set()),
    ],
)  # fmt: skip
def test_each_card_is_for_those_who_may_see_it(desk: Desk, permissions, seen):
    name = "v" + "".join(sorted(p[:2] for p in permissions))
    page = signed_in(desk, name, *permissions).get("/console/")
    assert {title for title in CARDS if card(page.text, title)} == seen
    assert ("nothing here for your roles" in page.words) == (not seen)


def test_verdicts_are_counted_by_day(desk: Desk, counted):
    page = signed_in(desk, "bea", P.BANKS_READ).get("/console/")
    now = desk.database.now()
    today = f"{now.day} {now:%b}"
    day = now - timedelta(days=1)
    yesterday = f"{day.day} {day:%b}"
    assert f"{today} 7 0" in page.words and f"{yesterday} 0 11" in page.words
    assert "1 007" in page.words and "tutela-test 3" in page.words
    assert "style=" not in page.text and "<script>" not in page.text


def test_hours_fall_on_days_of_the_readers_zone(desk: Desk, counted):
    now = desk.database.now()
    with desk.database.reading() as session:
        for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
            days = figures.by_day(session, now, 14, ZoneInfo(zone))
            assert list(days)[-1] == now.astimezone(ZoneInfo(zone)).date() and len(days) == 14
            assert sum(day.get("block", 0) for day in days.values()) >= 7


def test_the_queue_says_how_many_wait_and_how_long(desk: Desk, no_cases):
    opened(desk, 1, 0.1), opened(desk, 2, 2), opened(desk, 3, 30), opened(desk, 4, 5, "urgent")
    opened(desk, 5, 1, closed=True), opened(desk, 6, 1, test=True)
    page = signed_in(desk, "carl", P.CASES).get("/console/")
    assert "Queue general: 3, the oldest was opened 30 days ago" in page.words
    assert "Queue urgent: 1, the oldest was opened 5 days ago" in page.words
    assert "less than a day 1 1 to 3 days 1 3 to 7 days 1 more than 7 days 1" in page.words


def test_who_is_walled_off_does_not_see_that_a_case_waits(desk: Desk, no_cases):
    name = opened(desk, 1, 1)
    carl, cora = signed_in(desk, "carl", P.CASES), signed_in(desk, "cora", P.CASES)
    with desk.database.writing() as session:
        knowing.name(session, desk.database.now(), SHELL, "case", name, "person:carl", False)
    assert "No case waits" in carl.get("/console/").words
    assert "Queue general: 1" in cora.get("/console/").words


def test_past_a_number_it_says_more_than(desk: Desk, no_cases, monkeypatch: pytest.MonkeyPatch):
    for number in range(5):
        opened(desk, number, 1)
    monkeypatch.setattr(standing, "MOST", 3)
    assert "more than 3" in signed_in(desk, "carl", P.CASES).get("/console/").words


def test_alarms_that_are_open_are_named(desk: Desk):
    with desk.database.writing() as session:
        alarms.sound(session, desk.database.now(), "weather.hail", "roof", "<b>Hail</b> fell.")
    page = signed_in(desk, "adam", P.ADMIN).get("/console/")
    assert "weather.hail" in page.words and "<b>Hail" not in page.text
    assert "Something is missing" in page.words  # no worker and no vault run in this test


def test_the_page_asks_the_database_a_few_times_whatever_it_holds(desk: Desk, counted):
    visitor = signed_in(desk, "vera", *Permission)
    asked: list[str] = []
    engines = (desk.database._reading, desk.database._writing)

    def heard(*args) -> None:
        asked.append(args[2])

    for engine in engines:
        event.listen(engine, "before_cursor_execute", heard)
    try:
        visitor.get("/console/")
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", heard)
    assert len(asked) < 40
    big = ("banks_signal", "cases_alert", "audit_entry", "screening_item", "screening_decision")
    assert not [one for one in asked if any(table in one for table in big)]

"""What someone saw counts, whatever it was; limits hold, and passing one is written down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tutela.audit.service import entries
from tutela.cases import work
from tutela.cases.models import Case
from tutela.people.models import Person
from tutela.people.permissions import Caller
from tutela.views import exposure, service, wellbeing
from tutela.views.errors import LimitReached
from tutela.views.limits import Allowed, Refused
from tutela.views.models import Breach, Shift, View
from views.watched import MORNING, Watched


def may(watched: Watched, who: str = "mia", **more) -> Allowed | Refused:
    with watched.database.reading() as session:
        return exposure.may_view(session, watched.now, watched[who], **more)


def breaches(watched: Watched) -> list[tuple[str, str, str]]:
    with watched.database.reading() as session:
        return [(b.actor, b.limit, b.why) for b in session.scalars(select(Breach))]


def test_seconds_add_up_to_the_day_s_limit(watched: Watched):
    watched.set(day_minutes=10)
    case, item = watched.held()
    watched.looks("mia", case, item, 400)
    assert may(watched) == Allowed()
    watched.looks("mia", case, item, 200)
    assert may(watched).limit == "day"
    with pytest.raises(LimitReached, match="today"):
        watched.begin("mia", case, item)
    watched.at(9, 1, day=6)
    assert may(watched) == Allowed()


def test_what_was_never_ended_counts_all_the_same(watched: Watched):
    watched.set(day_minutes=2, unreported_seconds=60)
    case, item = watched.held()
    for _ in range(2):
        watched.begin("mia", case, item)
    assert may(watched).limit == "day"
    watched.later(hours=1)
    with watched.database.reading() as session:
        place = exposure.standing(session, watched.now, "person:mia")
    assert place.day_seconds == 120 and place.stretch_began is None


def test_the_worker_ends_what_no_browser_ended(watched: Watched):
    case, item = watched.held()
    view = watched.begin("mia", case, item)
    watched.do(service.end_stale)
    watched.later(seconds=61)
    watched.do(service.end_stale)
    with watched.database.reading() as session:
        kept = session.get_one(View, view.id)
        assert (kept.seconds, kept.ended_at) == (60, kept.at + timedelta(seconds=60))
        assert session.scalars(select(Shift.seconds)).one() == 60


def test_a_budget_counts_hours_that_pass_when_clocks_change(watched: Watched):
    watched.set(day_minutes=10)
    watched.database.now = lambda: MORNING.replace(year=2026, month=10, day=24, hour=21)
    case, item = watched.held()
    with watched.database.writing() as session:
        session.execute(update(Person).values(zone="Europe/Rome"))
        wellbeing.wish(session, "person:mia", ("22:00", "06:00"), "", ())
    for hour in (0, 1):  # half past two on the wall, twice
        moment = MORNING.replace(year=2026, month=10, day=25, hour=hour, minute=30)
        watched.database.now = lambda at=moment: at
        assert may(watched) == Allowed()
        watched.looks("mia", case, item, 300)
    assert may(watched).limit == "day"
    with watched.database.reading() as session:
        (shift,) = session.scalars(select(Shift))
    assert (shift.seconds, shift.day.isoformat()) == (600, "2026-10-24")


def test_two_pages_of_one_person_at_once_are_one_shift(watched: Watched):
    held = [watched.held(creator=f"rider-{number}") for number in range(6)]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda one: watched.begin("mia", *one), held))
    with watched.database.reading() as session:
        (shift,) = session.scalars(select(Shift))
    assert shift.views == 6


def test_texts_and_the_debugger_count_too(watched: Watched):
    watched.set(day_minutes=3, unreported_seconds=60)
    case, _ = watched.held()
    watched.do(service.read_text, watched["mia"], case, 60)
    watched.later(seconds=30)
    watched.do(service.read_text, watched["mia"], case, 600)  # more than passed since
    watched.do(service.used_debugger, watched["mia"])
    watched.do(service.used_debugger, watched["mia"])
    with watched.database.reading() as session:
        found = session.scalars(select(View.seconds).order_by(View.ended_at, View.id)).all()
        shift = session.scalars(select(Shift)).one()
    assert sorted(found) == [30, 60, 60, 60] and shift.seconds == 210 and shift.views == 4
    with pytest.raises(LimitReached, match="today"):
        watched.do(service.used_debugger, watched["mia"])


def test_a_break_is_due_and_a_pause_is_one(watched: Watched):
    case, item = watched.held()
    for _ in range(11):
        watched.looks("mia", case, item, 280)
    found = may(watched)
    assert found == Refused("break", watched.now + timedelta(minutes=10))
    watched.later(minutes=10)
    assert may(watched) == Allowed()


def test_the_worst_grades_come_in_short_runs(watched: Watched):
    watched.set(worst_run=2)
    case, worst = watched.held(labels="A1")
    _, other = watched.held(labels="B2")
    for _ in range(2):
        watched.looks("mia", case, worst, 5)
    with pytest.raises(LimitReached, match="in a row"):
        watched.begin("mia", case, worst)
    with watched.database.reading() as session:
        assert exposure.not_now(session, watched.now, watched["mia"]) == {"A1"}
    watched.looks("mia", case, other, 5)
    with watched.database.reading() as session:
        assert exposure.not_now(session, watched.now, watched["mia"]) == frozenset()
    watched.looks("mia", case, worst, 5)


def test_a_limit_is_passed_with_a_reason_that_is_recorded_once(watched: Watched):
    watched.set(day_minutes=1)
    case, item = watched.held()
    watched.looks("mia", case, item, 60)
    for _ in range(3):
        watched.begin("mia", case, item, why="the court\nwaits for it")
    assert breaches(watched) == [("person:mia", "day", "the court waits for it")]
    with watched.database.reading() as session:
        (entry,) = (one for one in entries(session) if one.action == "view.exceed")
    assert entry.actor == entry.subject == "person:mia"
    watched.set(day_minutes=1, exceptions=False)
    with pytest.raises(LimitReached):
        watched.begin("mia", case, item, why="the court waits for it")


def test_danger_does_not_wait(watched: Watched):
    watched.set(day_minutes=1)
    case, item = watched.held()
    watched.looks("mia", case, item, 60)
    with watched.database.writing() as session:
        session.execute(update(Case).values(danger=True))
    watched.begin("mia", case, item)
    assert breaches(watched) == [("person:mia", "day", "danger")]
    assert may(watched, danger=True) == Allowed()


def test_to_move_one_s_shift_is_no_way_round_the_day_s_limit(watched: Watched):
    watched.set(day_minutes=10)
    case, item = watched.held()
    watched.looks("mia", case, item, 600)
    with watched.database.writing() as session:
        wellbeing.wish(session, "person:mia", ("09:05", "17:00"), "", ())
    watched.at(9, 30)
    assert may(watched).limit == "day"


def test_a_day_is_the_person_s_own(watched: Watched):
    with watched.database.writing() as session:
        session.execute(update(Person).values(zone="Asia/Tokyo"))
        wellbeing.wish(session, "person:mia", ("09:00", "17:00"), "", ())
    watched.database.now = lambda: MORNING.replace(hour=0, minute=30)  # half past nine there
    assert may(watched) == Allowed()
    watched.database.now = lambda: MORNING.replace(hour=7, minute=30)
    assert may(watched).limit == "late"


def test_a_zone_that_is_not_known_any_more_is_utc(watched: Watched):
    with watched.database.writing() as session:
        session.execute(update(Person).values(zone="Mars/Olympus"))
    assert may(watched) == Allowed()


def test_a_key_of_someone_s_own_counts_for_them(watched: Watched):
    watched.set(day_minutes=1)
    case, item = watched.held()
    key = Caller("key:hers", watched["mia"].permissions, "person:mia")
    watched.people["key"] = key
    view = watched.begin("key", case, item)
    assert view.actor == "person:mia"
    assert may(watched).limit == "day"  # the whole minute that it may take


def test_each_one_s_numbers_are_their_own(watched: Watched):
    watched.set(day_minutes=1)
    case, item = watched.held()
    watched.looks("mia", case, item, 60)
    assert may(watched).limit == "day" and may(watched, "cid") == Allowed()
    with watched.database.reading() as session:
        assert wellbeing.own(session, watched.now, "person:cid").shifts == []
        own = wellbeing.own(session, watched.now, "person:mia")
    assert own.shifts[0].seconds == 60 and own.may.limit == "day"


@pytest.mark.parametrize(
    "wrong",
    [
        (("09:00", ""), "", ()), (("9", "17"), "", ()), (("09:00", "24:00"), "", ()),
        (("09:00", "22:00"), "", ()), (("09:00", "09:00"), "", ()), (None, "original", ()),
        (None, "", ("<script>",)), (None, "", ("x" * 33,)),
        (None, "", [f"A{n}" for n in range(51)]),
    ],
)  # fmt: skip
def test_wishes_that_cannot_be_are_refused(watched: Watched, wrong):
    with (
        pytest.raises(wellbeing.WishRefused),
        watched.database.writing() as session,
    ):
        wellbeing.wish(session, "person:mia", *wrong)


def test_a_wish_needs_no_reason_and_stands_in_no_log(watched: Watched):
    with watched.database.writing() as session:
        before = len(list(entries(session)))
        wellbeing.wish(session, "person:mia", ("22:00", "06:00"), "grey", ("B2", "A1", "A1"))
        found = exposure.wishes(session, "person:mia")
        assert len(list(entries(session))) == before
    assert found.without == {"A1", "B2"} and found.rendering == "grey"
    watched.matched("walker", labels="A1")
    assert watched.do(work.take, watched["mia"], without=found.without) is None


def test_managers_see_all_together_only_where_they_are_enough(watched: Watched):
    with watched.database.writing() as session:
        day = MORNING.date() - timedelta(days=4)
        for name, back in (*((f"p{n}", 0) for n in range(5)), *((f"q{n}", 7) for n in range(4))):
            session.add(Shift(
                actor=f"person:{name}", day=day - timedelta(days=back), began_at=MORNING,
                seconds=3600.0, views=1, break_at=None, worst_run=0,
            ))  # fmt: skip
    with watched.database.reading() as session:
        (week,) = wellbeing.weeks(session, watched.now)
    assert (week.people, week.hours, week.mean_hours) == (5, 5.0, 1.0)
    assert week.monday.isoformat() == "2031-04-28"

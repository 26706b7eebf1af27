"""A second person looks, is not told, is asked once, and changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from records.bench import ANN, BOB, CAT
from tutela.alarms.models import Alarm
from tutela.cases import work
from tutela.cases.models import Alert, Case
from tutela.decisions import service
from tutela.decisions.models import Decision
from tutela.exchanges import service as exchanges
from tutela.exchanges.models import Told
from tutela.people import knowing
from tutela.people.errors import NotPermitted
from tutela.people.models import Need
from tutela.people.permissions import Caller, Permission
from tutela.records import samples, seconds
from tutela.records.errors import RecordRefused
from tutela.records.models import Second
from tutela.screening.models import Decided
from tutela.views.models import Shift


@pytest.fixture
def decided(bench):
    """An item that ann confirmed, drawn for a second person."""
    bench.options(second_percent=100)
    item = bench.item(bench.match("rain", 3))
    bench.decide(item, "confirmed")
    return item


def begin(bench, who):
    with bench.database.writing() as session:
        return seconds.begin(session, bench.now, who)


def conclude(bench, second, who, conclusion):
    with bench.database.writing() as session:
        return seconds.conclude(session, bench.now, who, second.id, conclusion, "I looked.")


def alarms_of(bench):
    with bench.database.reading() as session:
        return session.scalars(select(Alarm).where(Alarm.kind == seconds.DISAGREE)).all()


def test_another_person_sees_it_on_a_case_of_its_own_and_only_once(bench, decided):
    assert begin(bench, ANN) is None
    second = begin(bench, BOB)
    assert second.item_id == decided and begin(bench, BOB).id == second.id
    assert begin(bench, CAT) is None
    bench.look(second.case_id, decided, BOB)
    conclude(bench, second, BOB, "confirmed")
    assert begin(bench, BOB) is None and begin(bench, CAT) is None
    with bench.database.reading() as session:
        found = seconds.agreement(session)
        case = session.get_one(Case, second.case_id)
        assert (found.count, found.share, found.kappa) == (1, 1.0, None)
        assert case.closed_at is not None and case.locked_by is None
        assert session.scalars(select(Alert.case_id).where(Alert.item_id == decided)).all() == [
            session.get_one(Decided, decided).case_id
        ]
        assert session.get_one(Shift, (BOB.human, bench.now.date())).views == 1
    assert not alarms_of(bench)


def test_who_did_not_look_concludes_nothing_but_that_they_cannot_tell(bench, decided):
    second = begin(bench, BOB)
    with pytest.raises(RecordRefused, match="did not look"):
        conclude(bench, second, BOB, "confirmed")
    conclude(bench, second, BOB, "cannot-tell")
    assert not alarms_of(bench)


def test_where_two_disagree_an_alarm_sounds_and_nothing_changes(bench, decided):
    second = begin(bench, BOB)
    bench.look(second.case_id, decided, BOB)
    conclude(bench, second, BOB, "no-match")
    with bench.database.reading() as session:
        standing = service.latest(session, decided)
        assert standing.conclusion == "confirmed" and standing.actor == ANN.actor
        assert session.scalars(select(Decision)).all() == [standing]
        assert seconds.agreement(session).share == 0
    (alarm,) = alarms_of(bench)
    assert alarm.subject == standing.id and "rain" not in alarm.text


@pytest.mark.parametrize(
    ("conclusion", "state", "second"),
    [("confirmed", "waiting", "person:bob"), ("no-match", "withdrawn", ""),
     ("cannot-tell", "waiting", "")],
)  # fmt: skip
def test_a_partner_is_told_what_two_found_and_nothing_they_are_apart_about(
    bench, decided, conclusion, state, second
):
    with bench.database.writing() as session:
        decision = service.latest(session, decided)
        exchange = exchanges.add(session, bench.now, "shell:test", "list", "sample", {})
        told = Told(
            exchange_id=exchange.id, key="a", type="pdq", value=bytes(32), opinion="positive",
            reason="", decision=decision.id, by=decision.actor, second="", at=bench.now,
            due_at=bench.now + timedelta(days=30), state="waiting", attempts=0, error="",
            told_at=None,
        )  # fmt: skip
        session.add(told)
        session.flush()
        number = told.id
    looking = begin(bench, BOB)
    bench.look(looking.case_id, decided, BOB)
    conclude(bench, looking, BOB, conclusion)
    with bench.database.reading() as session:
        told = session.get_one(Told, number)
        assert (told.state, told.second) == (state, second)
        assert (told.due_at == bench.now) == (second != "")


def test_what_is_given_back_is_for_someone_else(bench, decided):
    second = begin(bench, BOB)
    with bench.database.writing() as session:
        seconds.give_back(session, bench.now, BOB, second.id)
    assert begin(bench, BOB) is None
    assert begin(bench, CAT).item_id == decided


def test_who_leaves_it_lying_has_it_no_more(bench, decided):
    second = begin(bench, BOB)
    bench.later(hours=9)
    assert begin(bench, CAT).item_id == decided
    with pytest.raises(RecordRefused, match="no such item"):
        conclude(bench, second, BOB, "cannot-tell")


def test_nobody_is_given_such_a_case_by_the_queue(bench, decided):
    second = begin(bench, BOB)
    with bench.database.writing() as session:
        taken = work.take(session, bench.now, CAT)
        assert taken is None or taken.id != second.case_id


def test_walls_hold_for_it(bench, decided):
    with bench.database.writing() as session:
        case = session.get_one(Decided, decided).case_id
        session.add(Need(kind=knowing.CASE, subject=case, actor=BOB.actor, allowed=False))
    assert begin(bench, BOB) is None
    assert begin(bench, CAT) is not None


def test_a_copy_of_a_file_is_not_looked_at_twice(bench):
    bench.options(second_percent=100)
    first, copy = (bench.item(bench.match("rain", 3), data="same") for _ in range(2))
    bench.decide(first, "confirmed")
    bench.decide(copy, "confirmed")
    second = begin(bench, BOB)
    bench.look(second.case_id, second.item_id, BOB)
    conclude(bench, second, BOB, "confirmed")
    assert begin(bench, BOB) is None and begin(bench, CAT) is None


def test_only_what_was_drawn_for_it_is_offered(bench):
    bench.options(second_percent=0)
    bench.decide(bench.item(bench.match("rain", 3)), "confirmed")
    assert begin(bench, BOB) is None


def test_it_takes_a_person_who_may_work_on_cases(bench, decided):
    with pytest.raises(NotPermitted):
        begin(bench, Caller("person:dan", frozenset({Permission.ADMIN})))
    with pytest.raises(RecordRefused, match="no person"):
        begin(bench, Caller("key:robot", frozenset(Permission)))
    second = begin(bench, BOB)
    with pytest.raises(RecordRefused, match="no such item"):
        conclude(bench, second, CAT, "confirmed")
    with pytest.raises(RecordRefused, match="no conclusion"):
        conclude(bench, second, BOB, "escalated")


def test_the_list_of_samples_tells_how_far_people_are_and_not_what_they_said(bench, decided):
    open_ = bench.item(bench.match("rain", 3))

    def states(**named):
        with bench.database.reading() as session:
            return {one.item_id: one.state for one in samples.listed(session, **named)}

    assert states() == {decided: samples.WAITS, open_: samples.OPEN}
    second = begin(bench, BOB)
    bench.look(second.case_id, decided, BOB)
    conclude(bench, second, BOB, "confirmed")
    assert states() == {decided: samples.LOOKED, open_: samples.OPEN}
    assert states(open_only=True) == {open_: samples.OPEN}
    with bench.database.reading() as session:
        (first,) = samples.listed(session, limit=1)
        assert [one.number for one in samples.listed(session, first.number)] == [first.number + 1]
        assert session.scalars(select(Second)).one().why == "I looked."

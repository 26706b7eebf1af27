"""What a person concludes, what it needs, and how it is taken back."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import delete, select

from decisions.bench import ANN, BOB, CAT, Bench, seeds
from tutela.cases import alerts, queues, work
from tutela.cases.alerts import Received
from tutela.cases.errors import CaseTaken, NotHeld
from tutela.cases.models import Alert, Case
from tutela.decisions import items, service
from tutela.decisions.errors import DecidedAlready, DecisionRefused, GradesRefused, TakesTwo
from tutela.decisions.models import Decision, Dispute
from tutela.decisions.told import ReportNotDue
from tutela.events.service import BUS
from tutela.evidence import service as evidence
from tutela.evidence.models import File, Intent, Purpose
from tutela.people import knowing
from tutela.people.errors import NotPermitted
from tutela.people.models import Need
from tutela.people.permissions import Caller, Permission
from tutela.screening.models import Decided, Item


def test_an_exact_match_to_a_vetted_bank_is_confirmed_without_viewing(bench: Bench):
    item = bench.upload(bench.known(), "rider-2")
    bench.take(item)
    (one,) = bench.decide(item, "confirmed")
    assert not one.viewed


def test_nothing_else_is_decided_without_having_looked(bench: Bench):
    own = bench.upload(bench.known(source="own"), "rider-3")
    near = bench.upload(bench.known(types="pdq"), "rider-4")
    exact = bench.upload(bench.known(), "rider-5")
    for item in (own, near, exact):
        bench.take(item)
    for item, conclusion in ((own, "confirmed"), (near, "confirmed"), (exact, "no-match")):
        with pytest.raises(DecisionRefused, match="having looked"):
            bench.decide(item, conclusion)
        assert bench.latest(item) is None
    bench.decide(own, "cannot-tell")
    bench.look(near, BOB)
    with pytest.raises(DecisionRefused, match="having looked"):
        bench.decide(near, "confirmed")  # that someone else looked is not enough
    bench.look(near)
    bench.decide(near, "confirmed")


def test_to_have_asked_for_a_file_that_could_not_be_shown_is_not_to_have_looked(bench: Bench):
    item = bench.upload(bench.known(source="own"), "rider-5b")
    bench.take(item)
    with bench.database.writing() as session:
        file = session.get_one(File, session.get_one(Decided, item).evidence_id)
        intent = evidence.intend(
            session, bench.office.now, "person:ann", file, Purpose.VIEW, "to decide"
        )
    bench.look(item, intent=intent.id)
    with pytest.raises(DecisionRefused, match="having looked"):
        bench.decide(item, "confirmed")
    with bench.database.writing() as session:
        session.get_one(Intent, intent.id).used_at = bench.office.now
    bench.decide(item, "confirmed")


def test_a_queue_can_hide_conclusions_and_deciding_without_viewing(bench: Bench):
    item = bench.upload(bench.known(), "rider-6")
    case_id = bench.take(item)
    with bench.database.writing() as session:
        now = bench.office.now
        queues.put(
            session, now, ANN, "strict", hidden=["without-viewing", "cannot-tell"], two_for=[]
        )
        session.get_one(Case, case_id).queue = "strict"
    with pytest.raises(DecisionRefused, match="having looked"):
        bench.decide(item, "confirmed")
    with pytest.raises(DecisionRefused, match="nobody concludes"):
        bench.decide(item, "cannot-tell")


def test_to_release_a_match_with_a_vetted_bank_takes_two_and_the_permission(bench: Bench):
    item = bench.matched("rider-8")
    with pytest.raises(TakesTwo, match="release"):
        bench.decide(item, "no-match", agreed=False)
    assert bench.latest(item) is None
    bench.take(item, CAT)
    bench.look(item, CAT)
    with pytest.raises(NotPermitted, match="release"):
        bench.decide(item, "no-match", CAT)
    with bench.database.reading() as session:
        case = session.get_one(Case, bench.case_id(item))
        asked = service.takes_two(session, ANN, case, [item], "no-match")
        assert asked == ("release", Permission.RELEASE)
        assert service.takes_two(session, ANN, case, [item], "confirmed") is None


def test_a_queue_can_have_two_for_confirming_or_none_for_releasing(bench: Bench):
    item = bench.matched("rider-9")
    with bench.database.writing() as session:
        queues.put(session, bench.office.now, ANN, "pairs", two_for=["confirm"])
        session.get_one(Case, bench.case_id(item)).queue = "pairs"
    with pytest.raises(TakesTwo, match="confirm"):
        bench.decide(item, "confirmed", agreed=False)
    bench.decide(item, "no-match", agreed=False)


def test_only_who_holds_the_case_decides_and_a_lock_that_lapsed_is_told(bench: Bench):
    item = bench.matched("rider-10")
    with pytest.raises(CaseTaken):
        bench.decide(item, "confirmed", BOB)
    bench.office.later(hours=2)
    with pytest.raises(NotHeld):
        bench.decide(item, "confirmed")
    assert bench.latest(item) is None


def test_a_conclusion_needs_a_reason_permissions_and_an_item_of_the_case(bench: Bench):
    item, other = bench.matched("rider-11"), bench.matched("rider-12")
    with pytest.raises(DecisionRefused, match="not on the case"):
        bench.decide(other, "confirmed", case=bench.case_id(item))
    with pytest.raises(DecisionRefused, match="is no conclusion"):
        bench.decide(item, "perhaps")
    with pytest.raises(NotPermitted):
        bench.decide(item, "confirmed", Caller("person:ann", frozenset()))
    with pytest.raises(GradesRefused):
        bench.decide(item, "confirmed", given={"colour": "red"})
    bench.take(item, CAT)
    with pytest.raises(NotPermitted, match="grade"):
        bench.decide(item, "confirmed", CAT, given={"band": "A"})
    with bench.database.writing() as session, pytest.raises(DecisionRefused, match="reason"):
        case = session.get_one(Case, bench.case_id(item))
        service.decide(session, bench.office.now, CAT, case, [item], "cannot-tell", "  ")


def test_what_was_decided_is_not_decided_again_and_the_loser_is_told_who_did(bench: Bench):
    item = bench.matched("rider-13")
    bench.decide(item, "confirmed")
    bench.take(item, BOB)
    with pytest.raises(DecidedAlready, match="person:ann decided") as told:
        bench.decide(item, "confirmed", BOB)
    assert told.value.by == "person:ann"


def test_of_many_who_decide_at_once_one_wins_and_each_other_is_told(bench: Bench):
    item = bench.matched("rider-14")
    outcomes: list[str] = []
    start = threading.Barrier(6)

    def one() -> None:
        start.wait()
        try:
            bench.decide(item, "confirmed")
            outcomes.append("won")
        except DecidedAlready as error:
            outcomes.append(error.by)

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["person:ann"] * 5 + ["won"]
    with bench.database.reading() as session:
        assert len(session.scalars(select(Decision).where(Decision.item_id == item)).all()) == 1
    assert bench.weight("rider-14") == 1


def test_the_index_lets_one_through_where_nobody_holds_a_case(bench: Bench, monkeypatch):
    item = bench.matched("rider-15")
    bench.decide(item, "confirmed")
    monkeypatch.setattr(service, "_left_open", lambda *_: None)
    with pytest.raises(DecidedAlready, match="person:ann"):
        bench.decide(item, "cannot-tell")


def test_what_was_left_open_is_decided_by_another_and_open_again_when_they_take_it_back(
    bench: Bench,
):
    item = bench.matched("rider-16")
    bench.decide(item, "escalated")
    bench.take(item, BOB)
    bench.look(item, BOB)
    (one,) = bench.decide(item, "confirmed", BOB)
    assert bench.latest(item) == "confirmed"
    bench.undo(one.id, BOB)
    assert bench.latest(item) == "escalated"
    assert bench.weight("rider-16") == 0


def test_copies_of_the_same_bytes_are_decided_together(bench: Bench):
    data = bench.known()
    first, *others = (bench.upload(data, f"cyclist-{n}-{next(seeds)}") for n in range(4))
    near = bench.upload(bench.known(), "someone-else")
    taken = others[2]
    bench.take(taken, BOB)
    bench.take(first)
    bench.look(first)
    made = bench.decide(first, "confirmed")
    assert {one.item_id for one in made} == {first, *others[:2]}  # what Bob works on is his
    assert {one.case_id for one in made} == {bench.case_id(i) for i in (first, *others[:2])}
    assert bench.latest(near) is None and bench.latest(taken) is None
    (alone,) = bench.decide(taken, "cannot-tell", BOB)
    assert alone.item_id == taken


def test_a_case_of_which_someone_is_walled_off_is_not_decided_with_others(bench: Bench):
    data = bench.known()
    first, other = bench.upload(data, "one-a"), bench.upload(data, "two-a")
    with bench.database.writing() as session:
        session.add(Need(
            kind=knowing.CASE, subject=bench.case_id(other), actor="person:ann", allowed=False
        ))  # fmt: skip
    bench.take(first)
    assert [one.item_id for one in bench.decide(first, "confirmed")] == [first]


def test_a_case_without_a_file_is_decided_as_such(bench: Bench):
    with bench.database.writing() as session:
        now = bench.office.now
        alert = alerts.report(
            session, now, Received("account", "seller-1", text="A flat by the lake, to let.")
        )
        work.take_one(session, now, ANN, alert.case_id)
        case_id = alert.case_id
    (one,) = bench.decide(None, "confirmed", case=case_id)
    assert (one.item_id, bench.weight("seller-1")) == (None, 1)
    bench.undo(one.id)
    assert bench.weight("seller-1") == 0
    bench.decide(None, "escalated", case=case_id)


def test_a_decision_is_taken_back_within_its_time_with_all_that_followed(bench: Bench):
    gone: list[ReportNotDue] = []
    bench.database.info[BUS].on(ReportNotDue, lambda _, told: gone.append(told))
    item = bench.matched("rider-17")
    before = bench.bank()
    (one,) = bench.decide(item, "confirmed")
    with bench.messages() as told:
        bench.undo(one.id)
    assert bench.latest(item) is None
    assert bench.weight("rider-17") == 0
    assert bench.bank()[0] == before[0] and (not before[1] or bench.bank() == before)
    assert told[0]["data"]["becomes"] == "waiting"
    assert [one.item_id for one in gone] == [item]
    with pytest.raises(DecisionRefused, match="already"):
        bench.undo(one.id)
    (again,) = bench.decide(item, "confirmed")
    bench.office.later(minutes=16)
    with pytest.raises(DecisionRefused, match="until"):
        bench.undo(again.id)


def test_who_did_not_decide_takes_back_only_what_they_hold(bench: Bench):
    item = bench.matched("rider-18")
    (one,) = bench.decide(item, "no-match")
    with pytest.raises(CaseTaken):
        bench.undo(one.id, BOB)
    bench.take(item, BOB)
    bench.undo(one.id, BOB)
    with bench.database.reading() as session:
        rows = session.scalars(select(Dispute).where(Dispute.decision_id == one.id)).all()
        assert rows and all(row.withdrawn_at for row in rows)


def test_a_detached_alert_is_not_decided_on_that_case(bench: Bench):
    item = bench.matched("rider-25")
    with bench.database.writing() as session:
        for alert in session.scalars(select(Alert).where(Alert.item_id == item)):
            alert.detached_at = bench.office.now
    with pytest.raises(DecisionRefused, match="not on the case"):
        bench.decide(item, "confirmed")


def test_so_many_copies_are_decided_at_a_time_and_the_rest_with_the_next(bench, monkeypatch):
    monkeypatch.setattr(items, "MOST_ALIKE", 2)
    data = bench.known()
    first, *others = (bench.upload(data, f"many-{n}-{next(seeds)}") for n in range(5))
    bench.take(first)
    assert len(bench.decide(first, "confirmed")) == 3
    (left, *more) = [item for item in others if bench.latest(item) is None]
    bench.take(left)
    assert len(bench.decide(left, "confirmed")) == 2
    assert all(bench.latest(item) == "confirmed" for item in more)


def test_more_items_than_fit_into_one_decision_are_refused(bench: Bench):
    item = bench.matched("rider-26")
    named = [f"itm_{n:026}" for n in range(service.MOST + 1)]
    with bench.database.writing() as session, pytest.raises(DecisionRefused, match="more than"):
        case = session.get_one(Case, bench.case_id(item))
        service.decide(session, bench.office.now, ANN, case, named, "confirmed", "All.")


def test_a_copy_of_what_stands_confirmed_is_no_no_match(bench: Bench):
    """Else it would be given back and blocked again at once: the clerk is told of the other."""
    data = bench.known()
    first = bench.upload(data, f"copy-{next(seeds)}")
    bench.take(first)
    (one,) = bench.decide(first, "confirmed")
    other = bench.upload(data, f"copy-{next(seeds)}")
    bench.take(other)
    bench.look(other)
    with pytest.raises(DecisionRefused, match=one.id):
        bench.decide(other, "no-match")
    with bench.database.writing() as session:
        session.add(Need(
            kind=knowing.CASE, subject=bench.case_id(first), actor="person:ann", allowed=False
        ))  # fmt: skip
    with pytest.raises(DecisionRefused, match=r"confirmed\. Copies"):
        bench.decide(other, "no-match")
    assert bench.latest(other) is None
    bench.decide(other, "cannot-tell")
    with bench.database.writing() as session:
        session.execute(delete(Need).where(Need.subject == bench.case_id(first)))
    bench.undo(one.id)
    bench.decide(other, "no-match")
    assert bench.latest(other) == "no-match"


def test_a_lock_that_lapses_mid_decision_lets_the_next_decide_and_no_two(bench: Bench):
    """All was in order when she began; before she was done someone else had the case."""
    item = bench.matched()
    with bench.database.reading() as session:
        case = session.get_one(Case, bench.case_id(item))
        assert service.ready(session, bench.office.now, ANN, case, [item], "confirmed")
    bench.office.later(hours=2)
    with bench.database.writing() as session:
        work.take_one(session, bench.office.now, BOB, case.id)
    bench.look(item, BOB)
    with pytest.raises(CaseTaken, match="person:bob"):
        bench.decide(item, "confirmed")
    (one,) = bench.decide(item, "no-match", BOB)
    with bench.database.reading() as session:
        rows = session.scalars(select(Decision.id).where(Decision.item_id == item)).all()
    assert rows == [one.id]


def test_of_ten_thousand_items_a_page_is_shown_and_a_few_are_decided_at_once(bench: Bench):
    item = bench.matched()
    case = bench.case_id(item)
    with bench.database.writing() as session:
        for model in (Item, Decided, Alert):
            key = "id" if model is Item else "item_id"
            row = session.scalars(select(model).where(getattr(model, key) == item)).one()
            plain = {
                column.name: getattr(row, column.name)
                for column in model.__table__.columns
                if (model is not Alert or column.name != "id") and column.name != key
            }
            session.execute(model.__table__.insert(), [
                plain | {key: f"itm_zzzzzzzz{number:018d}"} for number in range(10_000)
            ])  # fmt: skip
    with bench.database.reading() as session:
        page = items.undecided(session, case, limit=20)
        more = items.undecided(session, case, page[-1][0].id, limit=20)
    assert len(page) == len(more) == 20 and page[0][0].id == item
    assert not {one.id for one, _ in page} & {one.id for one, _ in more}
    with bench.database.writing() as session, pytest.raises(DecisionRefused, match="more than"):
        wanted = [f"itm_zzzzzzzz{number:018d}" for number in range(service.MOST + 1)]
        service.decide(session, bench.office.now, ANN, session.get_one(Case, case), wanted,
                       "cannot-tell", "So many.")  # fmt: skip
    with bench.database.writing() as session:
        made = service.decide(session, bench.office.now, ANN, session.get_one(Case, case),
                              wanted[1:], "cannot-tell", "So many.")  # fmt: skip
    assert len(made) == service.MOST

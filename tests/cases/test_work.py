"""Who gets which case, and that nobody else has it then."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from people.standing import key_of
from sqlalchemy import insert, update

from cases.matters import SHELL, Matters
from tutela.audit.service import entries
from tutela.cases import queues, work
from tutela.cases.errors import CaseRefused, CaseTaken, NoSuchCase, NoSuchQueue, NotHeld
from tutela.cases.models import Case
from tutela.errors import TutelaError
from tutela.people import knowing
from tutela.people.permissions import Caller


def test_the_most_urgent_is_given_first_and_to_one_only(matters: Matters):
    matters.matched("known")
    matters.matched("new", strength="near")
    matters.reported("account", "danger", danger=True)
    first = matters.do(work.take, matters["ann"])
    second = matters.do(work.take, matters["bob"])
    assert (first.subject, second.subject) == ("danger", "new")
    assert matters.do(work.take, matters["ann"]).id == first.id  # still in hand
    assert matters.do(work.take, matters["cid"]).subject == "known"
    matters.people |= {"dan": Caller("person:dan", frozenset({"cases"}))}
    assert matters.do(work.take, matters["dan"]) is None
    assert matters.steps(first.id) == [("person:ann", "taken")]


def test_what_one_took_their_own_key_works_on_too(matters: Matters):
    matters.matched("rider")
    case = matters.do(work.take, matters["ann"])
    key = key_of(matters.database, "anns", "person:ann", "cases")
    assert matters.do(work.require_held, key, case.id).id == case.id
    with pytest.raises(CaseTaken):
        matters.do(work.require_held, matters["bob"], case)


def test_a_lock_lapses_and_is_had_again_or_taken_by_another(matters: Matters):
    matters.matched("rider")
    case = matters.do(work.take, matters["ann"])
    matters.later(minutes=9)
    matters.do(work.require_held, matters["ann"], case)  # and so renewed
    matters.later(minutes=9)
    matters.do(work.renew, matters["ann"], case.id)
    matters.later(minutes=11)
    with pytest.raises(NotHeld):
        matters.do(work.require_held, matters["ann"], case)
    assert matters.do(work.renew, matters["ann"], case.id).locked_by == "person:ann"
    matters.later(minutes=11)
    assert matters.do(work.take, matters["bob"]).id == case.id
    with pytest.raises(CaseTaken, match="bob"):
        matters.do(work.renew, matters["ann"], case.id)
    with pytest.raises(CaseTaken):
        matters.do(work.take_one, matters["ann"], case.id)
    matters.do(work.take_over, matters["ann"], case.id, "bob went home")
    assert ("person:ann", "taken-over") in matters.steps(case.id)
    with matters.database.reading() as session:
        last = [*entries(session)][-1]
        assert (last.action, last.facts) == ("case.take-over", '{"had":"person:bob"}')
        assert work.require_held(session, matters.now, matters["ann"], case.id)


def test_what_one_skipped_is_not_given_to_them_again_in_that_shift(matters: Matters):
    matters.matched("rider")
    case = matters.do(work.take, matters["ann"])
    matters.do(work.skip, matters["ann"], case.id)
    assert matters.do(work.take, matters["ann"]) is None
    assert matters.do(work.take, matters["bob"]).id == case.id
    matters.do(work.release, matters["bob"], case.id)
    matters.later(hours=13)
    assert matters.do(work.take, matters["ann"]).id == case.id


def test_codes_that_one_opted_out_of_are_not_given_to_them(matters: Matters):
    matters.matched("labelled", labels="A1 B2")
    matters.reported("account", "coded", code="A1")
    matters.matched("other", labels="A10")
    case = matters.do(work.take, matters["ann"], without=["A1"])
    assert case.subject == "other"
    matters.do(work.skip, matters["ann"], case.id)
    assert matters.do(work.take, matters["ann"], without=["A1"]) is None
    assert matters.do(work.take, matters["ann"]).subject == "coded"


def test_what_one_need_not_know_of_is_neither_given_nor_opened(matters: Matters):
    matters.do(queues.put, SHELL, "sky", position=1, rule='{"kinds": ["report"]}')
    matters.reported("account", "hidden")
    matters.matched("rider")
    matters.do(knowing.name, SHELL, "queue", "sky", "person:bob", True)
    case = matters.case("hidden")
    assert matters.do(work.take, matters["ann"]).subject == "rider"
    assert matters.do(work.take, matters["ann"], "sky") is None
    for what in (work.take_one, work.require_held, work.renew, work.release):
        with pytest.raises(NoSuchCase):
            matters.do(what, matters["ann"], case.id)
    matters.do(knowing.name, SHELL, "case", case.id, "person:ann", True)
    assert matters.do(work.take, matters["ann"], "sky").id == case.id
    rider = matters.case("rider")
    matters.do(knowing.name, SHELL, "case", rider.id, "person:bob", False)
    with pytest.raises(CaseRefused, match="may not see"):
        matters.do(work.assign, matters["ann"], rider.id, "person:bob")


def test_who_it_is_assigned_to_has_it_and_nobody_else_is_given_it(matters: Matters):
    matters.matched("rider")
    case = matters.case("rider")
    matters.do(work.assign, matters["ann"], case.id, "person:bob", "knows the place")
    assert matters.do(work.take, matters["ann"]) is None
    assert matters.do(work.require_held, matters["bob"], case).id == case.id
    with pytest.raises(CaseTaken):
        matters.do(work.assign, matters["ann"], case.id, "person:ann")
    matters.do(work.assign, matters["bob"], case.id, "")
    assert matters.case("rider").assigned_to is None
    for nobody in ("person:none", "shell:root"):
        with pytest.raises(CaseRefused):
            matters.do(work.assign, matters["ann"], case.id, nobody)


def test_cases_are_moved_escalated_commented_closed_and_reopened(matters: Matters):
    matters.matched("rider")
    case = matters.do(work.take, matters["ann"])
    with pytest.raises(CaseTaken):
        matters.do(work.escalate, matters["bob"], case.id, "hard")
    with pytest.raises(NoSuchQueue):
        matters.do(work.move, matters["ann"], case.id, "nowhere", "hard")
    matters.do(work.comment, matters["bob"], case.id, "Seen before")
    with pytest.raises(CaseRefused):
        matters.do(work.comment, matters["bob"], case.id, "  ")
    matters.do(work.escalate, matters["ann"], case.id, "hard")
    found = matters.case("rider")
    assert (found.queue, found.locked_by) == ("escalated", None)
    with pytest.raises(CaseRefused):
        matters.do(work.escalate, matters["ann"], case.id, "hard")
    with pytest.raises(NotHeld):
        matters.do(work.close, matters["ann"], case.id, "done")
    matters.do(work.take_one, matters["bob"], case.id)
    matters.do(work.close, matters["bob"], case.id, "done")
    for what in (work.require_held, work.take_one, work.renew):
        with pytest.raises(TutelaError):
            matters.do(what, matters["bob"], case.id)
    matters.matched("rider")
    with pytest.raises(CaseRefused, match="has an open case"):
        matters.do(work.reopen, matters["bob"], case.id, "wrong")
    other = matters.do(work.take, matters["bob"])
    matters.do(work.close, matters["bob"], other.id, "done")
    matters.do(work.reopen, matters["bob"], case.id, "wrong")
    assert matters.do(work.require_held, matters["bob"], case.id).id == case.id
    done = [what for _, what in matters.steps(case.id)]
    assert done == ["taken", "comment", "escalated", "taken", "closed", "reopened"]


def put_many(matters: Matters, count: int) -> None:
    with matters.database.writing() as session:
        rows = [
            {
                "id": f"case_{n:026d}", "subject_kind": "account", "subject": f"rider-{n}",
                "queue": f"q{n % 3}", "test": False, "rank": n % 7,
                "opened_at": matters.now + timedelta(seconds=n),
            }
            for n in range(count)
        ]  # fmt: skip
        session.execute(insert(Case), rows)


def test_many_who_take_at_once_never_get_the_same_case(matters: Matters):
    """400 takes by 8 threads; bench/review.py does 10 000."""
    put_many(matters, 300)
    given: list[tuple[str, str]] = []
    faults: list[BaseException] = []

    def work_on(number: int) -> None:
        try:
            for turn in range(50):
                who = Caller(f"person:p{number}-{turn}", frozenset({"cases"}))
                with matters.database.writing() as session:
                    case = work.take(session, matters.now, who)
                    if case is not None:
                        given.append((case.id, who.actor))
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work_on, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert max(Counter(case for case, _ in given).values()) == 1
    assert len(given) == 300  # and all were given out
    with matters.database.reading() as session:
        for case_id, who in given:
            assert session.get_one(Case, case_id).locked_by == who


def test_a_decision_and_a_take_over_at_once_are_one_after_the_other(matters: Matters):
    """Whoever decides holds the row until they are done: the other is told afterwards."""
    matters.matched("rider")
    case = matters.do(work.take, matters["ann"])
    order = []
    started = threading.Event()

    def take_over() -> None:
        started.wait(5)
        matters.do(work.take_over, matters["bob"], case.id, "mine")
        order.append("taken over")

    thread = threading.Thread(target=take_over)
    thread.start()
    with matters.database.writing() as session:
        work.require_held(session, matters.now, matters["ann"], case.id)
        started.set()
        thread.join(0.3)
        order.append("decided")
        session.execute(update(Case).where(Case.id == case.id).values(closed_why=None))
    thread.join()
    assert order == ["decided", "taken over"]
    with pytest.raises(CaseTaken):
        matters.do(work.require_held, matters["ann"], case.id)

"""The way back: someone asks, a different person decides, and what was wrong is put right."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from screening.conftest import picture
from sqlalchemy import select

from decisions.bench import ANN, BOB, CAT, Bench, seeds
from tutela.cases import work
from tutela.cases.models import Case
from tutela.decisions import appeals, closing
from tutela.decisions.errors import (
    AppealRefused,
    DecisionRefused,
    NoSuchAppeal,
    NothingStands,
    TakesTwo,
)
from tutela.decisions.models import Appeal, Decision, Dispute, Strike
from tutela.evidence import service as evidence
from tutela.evidence.models import File
from tutela.people import keys, knowing
from tutela.people.callers import of_key
from tutela.people.errors import NotPermitted
from tutela.people.models import Key, Need
from tutela.screening.models import Decided, Item


def test_overturned_all_is_taken_back_whatever_the_time(bench: Bench):
    account = f"rider-{next(seeds)}"
    item = bench.matched(account)
    before = bench.bank()[0]
    bench.decide(item, "confirmed")
    bench.office.later(days=30)
    appeal = bench.appeal(item)
    with bench.messages() as told:
        bench.settle(appeal, "overturned")
    assert bench.latest(item) == "no-match"
    assert bench.weight(account) == 0 and bench.bank()[0] == before
    assert [(one["type"], one["data"].get("becomes")) for one in told] == [
        ("item.reviewed", "restored"), ("appeal.decided", None),
    ]  # fmt: skip
    assert told[1]["data"]["outcome"] == "overturned"
    with bench.database.reading() as session:
        assert session.scalars(select(Dispute).where(Dispute.withdrawn_at.is_(None))).all()
        one = session.get_one(Appeal, appeal)
        assert (one.decided_by, one.outcome) == ("person:bob", "overturned")
    with pytest.raises(AppealRefused, match="already"):
        bench.settle(appeal, "upheld")
    with pytest.raises(NothingStands, match="nothing against"):
        bench.appeal(item)


def test_overturned_copies_of_the_same_file_block_it_no_more_either(bench: Bench):
    data = bench.known()
    first, other = (bench.upload(data, f"copy-{next(seeds)}") for _ in range(2))
    before = bench.bank()[0]
    bench.take(first)
    assert len(bench.decide(first, "confirmed")) == 2
    appeal, waiting = bench.appeal(first), bench.appeal(other)
    bench.settle(appeal, "overturned")
    assert bench.latest(first) == bench.latest(other) == "no-match"
    assert bench.bank()[0] == before
    with bench.database.reading() as session:
        assert session.get_one(Appeal, waiting).outcome == "overturned"


def test_upheld_all_stays_and_it_is_not_appealed_again(bench: Bench):
    item = bench.matched("rider-a1")
    bench.decide(item, "confirmed")
    with bench.messages() as told:
        bench.settle(bench.appeal(item), "upheld")
    assert bench.latest(item) == "confirmed" and bench.weight("rider-a1") == 1
    assert [one["type"] for one in told] == ["appeal.decided"]
    with pytest.raises(AppealRefused, match="second person"):
        bench.appeal(item)


def test_who_decided_does_not_decide_the_appeal_also_not_with_their_key(bench: Bench):
    item = bench.matched("rider-a2")
    bench.decide(item, "confirmed")
    appeal = bench.appeal(item)
    with pytest.raises(AppealRefused, match="someone else"):
        bench.settle(appeal, "upheld", ANN)
    with bench.database.writing() as session:
        name = f"of-ann-{next(seeds)}"
        keys.create(session, bench.office.now, "shell:test", name, ["cases"])
        key = session.scalars(select(Key).where(Key.name == name)).one()
        key.made_by = "person:ann"
        caller = of_key(session, key)
    with pytest.raises((AppealRefused, NotPermitted)):
        bench.settle(appeal, "upheld", caller)
    with bench.database.reading() as session:
        assert session.get_one(Appeal, appeal).decided_at is None


def test_to_overturn_a_match_with_a_vetted_bank_takes_two_and_the_permission(bench: Bench):
    item = bench.matched("rider-a3")
    bench.decide(item, "confirmed")
    appeal = bench.appeal(item)
    with bench.database.reading() as session:
        assert appeals.takes_two(session, BOB, appeal, "overturned")
        assert not appeals.takes_two(session, BOB, appeal, "upheld")
    with pytest.raises(TakesTwo):
        bench.settle(appeal, "overturned", agreed=False)
    with pytest.raises(NotPermitted):
        bench.settle(appeal, "overturned", CAT)
    assert bench.latest(item) == "confirmed"


def test_an_appeal_about_what_was_taken_back_is_answered_clearly(bench: Bench):
    item = bench.matched("rider-a4")
    (one,) = bench.decide(item, "confirmed")
    waiting = bench.appeal(item)
    bench.undo(one.id)
    with bench.database.reading() as session:
        found = session.get_one(Appeal, waiting)
        assert (found.outcome, found.why) == ("overturned", appeals.TAKEN_BACK)
    with pytest.raises(NothingStands, match="taken back already"):
        bench.appeal(item)
    with pytest.raises(AppealRefused, match="already"):
        bench.settle(waiting, "upheld")


def outcome(bench: Bench, appeal: str) -> tuple[str | None, str | None]:
    with bench.database.reading() as session:
        found = session.get_one(Appeal, appeal)
        return found.outcome, found.decided_by


@pytest.mark.parametrize(
    ("conclusion", "answer"), [("confirmed", "upheld"), ("no-match", "overturned")]
)
def test_what_only_policy_blocked_is_appealed_and_the_first_who_decides_answers(
    bench: Bench, conclusion: str, answer: str
):
    item = bench.matched()
    appeal = bench.appeal(item)
    assert bench.appeal(item, "Again!") == appeal
    for wrong in appeals.OUTCOMES:
        with pytest.raises(AppealRefused, match="No person decided"):
            bench.settle(appeal, wrong)
    assert outcome(bench, appeal) == (None, None)
    with bench.messages() as told:
        (one,) = bench.decide(item, conclusion)
    assert outcome(bench, appeal) == (answer, "person:ann")
    assert [message["type"] for message in told] == ["item.reviewed", "appeal.decided"]
    assert told[1]["data"]["outcome"] == answer
    bench.undo(one.id)
    assert outcome(bench, appeal) == (None, None)
    bench.decide(item, "confirmed", BOB, case=bench.take(item, BOB))
    assert outcome(bench, appeal) == ("upheld", "person:bob")


def test_who_cannot_tell_does_not_answer_an_appeal_and_it_stays_one(bench: Bench):
    item = bench.matched()
    appeal = bench.appeal(item)
    (one,) = bench.decide(item, "cannot-tell")
    assert outcome(bench, appeal) == (None, None) and bench.appeal(item) == appeal
    bench.undo(one.id)
    assert outcome(bench, appeal) == (None, None) and bench.appeal(item) == appeal
    bench.decide(item, "no-match")
    assert outcome(bench, appeal) == ("overturned", "person:ann")


def test_what_one_could_not_tell_is_appealed_too(bench: Bench):
    item = bench.matched()
    (one,) = bench.decide(item, "cannot-tell")
    appeal = bench.appeal(item)
    bench.undo(one.id)
    assert outcome(bench, appeal) == (None, None)
    bench.decide(item, "confirmed")
    assert outcome(bench, appeal) == ("upheld", "person:ann")


def test_the_first_decision_can_be_appealed_in_turn(bench: Bench):
    item = bench.matched()
    first = bench.appeal(item)
    bench.decide(item, "confirmed")
    second = bench.appeal(item)
    assert second != first
    bench.settle(second, "overturned")
    assert outcome(bench, first) == ("upheld", "person:ann")
    assert outcome(bench, second) == ("overturned", "person:bob")


def test_an_appealed_item_whose_case_was_closed_waits_on_an_open_one(bench: Bench):
    item = bench.matched()
    with bench.database.writing() as session:
        work.close(session, bench.office.now, ANN, bench.case_id(item), "seen")
    appeal = bench.appeal(item)
    with bench.database.reading() as session:
        case = session.get_one(Case, session.get_one(Appeal, appeal).case_id)
        assert case.closed_at is None
    bench.take(item)
    bench.decide(item, "confirmed")
    assert outcome(bench, appeal) == ("upheld", "person:ann")


def test_what_policy_only_wants_to_be_seen_waits_for_a_person(bench: Bench):
    data = picture(next(seeds))
    bench.office.bank(f"weak-{next(seeds)}", data, types="md5", source="partner")
    item = bench.upload(data, "rider-a8")
    with pytest.raises(NothingStands, match="waits for one"):
        bench.appeal(item)


def test_of_many_who_appeal_at_once_all_have_the_same(bench: Bench):
    item = bench.matched()
    with ThreadPoolExecutor(6) as pool:
        made = set(pool.map(lambda _: bench.appeal(item), range(12)))
    assert len(made) == 1
    with bench.database.reading() as session:
        rows = session.scalars(select(Decision).where(Decision.item_id == item)).all()
    assert [(one.actor, one.conclusion) for one in rows] == [("policy", "escalated")]


def test_what_stands_for_policy_is_taken_back_by_nobody(bench: Bench):
    item = bench.matched()
    bench.appeal(item)
    with bench.database.reading() as session:
        made = session.scalars(select(Decision).where(Decision.item_id == item)).one()
    with pytest.raises(DecisionRefused, match="could be taken back"):
        bench.undo(made.id)


def test_the_same_appeal_twice_is_one_and_the_platform_may_use_its_own_id(bench: Bench):
    item = bench.upload(bench.known(), "rider-a5", id=(own := f"post-{next(seeds)}"))
    bench.take(item)
    bench.decide(item, "confirmed")
    assert bench.appeal(own) == bench.appeal(item) == bench.appeal(own, "Again!")
    with pytest.raises(NothingStands, match="Nothing is recorded"):
        bench.appeal("itm_nothing")
    for text in ("x" * 10_001, "\0"):
        with pytest.raises(AppealRefused):
            bench.appeal(item, text)


def test_after_its_time_nothing_is_appealed(bench: Bench):
    item = bench.matched("rider-a6")
    blocked = bench.matched("rider-a9")
    bench.decide(item, "confirmed")
    bench.office.later(days=184)
    for late in (item, blocked):
        with pytest.raises(AppealRefused, match="over"):
            bench.appeal(late)


def test_appeals_are_listed_to_those_who_need_to_know(bench: Bench):
    made = []
    for _ in range(3):
        item = bench.matched()
        bench.decide(item, "confirmed")
        bench.office.later(seconds=1)
        made.append(bench.appeal(item))
    with bench.database.writing() as session:
        case = session.get_one(Appeal, made[1]).case_id
        session.add(Need(kind=knowing.CASE, subject=case, actor="person:bob", allowed=False))
    with bench.database.reading() as session:
        seen = [one.id for one in appeals.listed(session, BOB, limit=1000)]
        assert seen[-2:] == [made[0], made[2]]
        assert [one.id for one in appeals.listed(session, BOB, made[0])][:1] == [made[2]]
        with pytest.raises(NoSuchAppeal):
            appeals.found(session, BOB, made[1])
        with pytest.raises(NoSuchAppeal):
            appeals.handed_in(session, "apl_none")
    with pytest.raises(NoSuchAppeal):
        bench.settle(made[1], "upheld")


def _file_of(bench: Bench, item: str) -> File:
    with bench.database.reading() as session:
        return session.get_one(File, session.get_one(Decided, item).evidence_id)


def test_when_the_time_is_over_evidence_and_creator_are_destroyed_unless_held(bench: Bench):
    account, other = f"rider-{next(seeds)}", f"rider-{next(seeds)}"
    item, held = bench.matched(account), bench.matched(other)
    bench.decide(item, "confirmed")
    bench.settle(bench.appeal(item), "overturned")
    bench.decide(held, "no-match")
    standing = bench.matched("rider-a7")
    bench.decide(standing, "confirmed")
    with bench.database.writing() as session:
        now = bench.office.now
        file = session.get_one(File, session.get_one(Decided, held).evidence_id)
        evidence.hold(session, now, "person:bob", file, held=True)
        file.keep_until = None
        session.get_one(File, session.get_one(Decided, item).evidence_id).keep_until = None
        work.close(session, now, ANN, bench.case_id(item), "done")
    bench.office.later(days=182)
    closing.close(bench.database)
    with bench.database.reading() as session:
        assert session.get_one(Item, item).creator_id == account
    bench.office.later(days=2)
    assert closing.close(bench.database) >= 1
    assert closing.close(bench.database) == 0
    with bench.database.reading() as session:
        gone = session.get_one(Item, item)
        assert (gone.creator_id, gone.given) == (None, "{}")
        told = session.get_one(Decided, item)
        assert account not in told.facts and '"matches"' in told.facts
        assert account not in session.get_one(Case, told.case_id).subject
        assert session.scalars(select(Strike).where(Strike.account == account)).all() == []
        appeal = session.scalars(select(Appeal).where(Appeal.case_id == told.case_id)).one()
        assert (appeal.text, appeal.by) == ("", "")
        assert session.get_one(Item, held).creator_id == other
        assert session.get_one(Item, standing).creator_id == "rider-a7"
    assert _file_of(bench, item).keep_until == bench.office.now
    assert _file_of(bench, held).keep_until is None
    with bench.database.writing() as session:
        file = session.get_one(File, session.get_one(Decided, held).evidence_id)
        evidence.hold(session, bench.office.now, "person:bob", file, held=False)
    assert closing.close(bench.database) == 1

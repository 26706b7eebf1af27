"""What follows from decisions: strikes, the bank of one's own, disputes, messages, reports."""

from __future__ import annotations

import pytest
from screening.conftest import picture
from sqlalchemy import select

from decisions.bench import ANN, BOB, Bench, seeds
from tutela.app import App
from tutela.audit.models import Entry
from tutela.cases import hold
from tutela.cases.models import Case
from tutela.decisions import disputes, own_bank, strikes
from tutela.decisions.errors import DecisionRefused
from tutela.decisions.models import Decision, Dispute, Effect
from tutela.decisions.told import ReportDue
from tutela.events.service import BUS


def test_confirmed_strikes_banks_tells_and_asks_for_a_report(bench: Bench):
    due: list[ReportDue] = []
    bench.database.info[BUS].on(ReportDue, lambda _, told: due.append(told))
    item = bench.matched("rider-1")
    before = bench.bank()
    with bench.messages() as told:
        (one,) = bench.decide(item, "confirmed", given={"band": "A", "rank": "2"})
    assert bench.latest(item) == "confirmed"
    assert bench.weight("rider-1") == 1
    assert bench.bank()[0] > before[0]
    assert [message["type"] for message in told] == ["item.reviewed"]
    assert told[0]["data"]["becomes"] == "blocked" and "strikes" not in told[0]["data"]
    assert [one.item_id for one in due if one.decision_id] == [item]
    assert (one.grades, one.viewed) == ('{"band":"A","rank":"2"}', False)
    with bench.database.reading() as session:
        kinds = set(session.scalars(select(Effect.kind).where(Effect.decision_id == one.id)))
        assert kinds == {"bank", "strike", "draft", "webhook"}
        entry = session.scalars(
            select(Entry).where(Entry.action == "decision.make").order_by(Entry.number.desc())
        ).first()
        assert entry is not None and entry.actor == "person:ann" and "as it is" not in entry.facts


def test_the_next_copy_of_what_was_confirmed_is_blocked_at_once(bench: Bench):
    data = picture(next(seeds))
    bench.office.bank(f"weak-{next(seeds)}", data, types="md5", source="partner")
    first = bench.office.screen(data, {"item": {"channel": "public"}, "creator": {"id": "r"}})
    assert first.verdict == "review"
    bench.take(first.item_id)
    bench.look(first.item_id)
    bench.decide(first.item_id, "confirmed")
    bench.office.running.index.make_ready()
    again = bench.office.screen(data)
    assert again.verdict == "block"
    assert any(match["bank"] == "confirmed" for match in again.matches)


def test_no_match_disputes_each_value_and_restores(bench: Bench):
    item = bench.matched("rider-7")
    with bench.messages() as told:
        (one,) = bench.decide(item, "no-match")
    assert told[0]["data"]["becomes"] == "restored"
    with bench.database.reading() as session:
        found = session.scalars(select(Dispute).where(Dispute.decision_id == one.id)).all()
        assert {row.type for row in found} >= {"pdq", "sha256"}
        assert {row.source for row in found} == {"partner"}
        assert set(disputes.standing(session, "partner", limit=10_000)) >= set(found)
    assert bench.weight("rider-7") == 0


@pytest.mark.parametrize("purpose", ["survivor-request"])
def test_who_matched_a_survivor_request_is_never_struck(bench: Bench, purpose: str):
    account = f"survivor-{next(seeds)}"
    known = bench.matched(account)
    bench.decide(known, "confirmed")
    assert bench.weight(account) == 1
    item = bench.matched(account, purpose=purpose)  # and what was before counts no more
    assert bench.weight(account) == 0
    bench.decide(item, "confirmed")
    assert bench.weight(account) == 0
    assert bench.bank(f"confirmed-{purpose}")[0] > 0
    with bench.database.reading() as session:
        assert all(one.account != account for one in strikes.listed(session, bench.office.now, ANN))


def test_a_child_is_never_struck(bench: Bench):
    item = bench.matched("young-1")
    with bench.database.writing() as session:
        case = session.get_one(Case, bench.case_id(item))
        hold.set_role(session, bench.office.now, ANN, case, "child", "said so")
    bench.decide(item, "confirmed")
    assert bench.weight("young-1") == 0


def test_strikes_lapse_and_are_ended_by_hand_and_one_moment_counts_once(bench: Bench):
    data = bench.known()
    first, _ = (bench.upload(data, "rider-19") for _ in range(2))
    bench.take(first)
    bench.look(first)
    assert len(bench.decide(first, "confirmed")) == 2
    assert bench.weight("rider-19") == 1
    with bench.database.reading() as session:
        (standing,) = [
            one
            for one in strikes.listed(session, bench.office.now, ANN)
            if one.account == "rider-19"
        ]
        assert (standing.weight, standing.strikes) == (1, 2)
        rows = [one for one, _ in strikes.of_account(session, ANN, "rider-19")]
    for row in rows:
        with bench.database.writing() as session:
            strikes.end(session, bench.office.now, BOB, row.id, "Talked to them.")
    assert bench.weight("rider-19") == 0
    with bench.database.writing() as session, pytest.raises(DecisionRefused):
        strikes.end(session, bench.office.now, BOB, rows[0].id, "Again.")
    item = bench.matched("rider-20")
    bench.decide(item, "confirmed")
    bench.office.later(days=366)
    assert bench.weight("rider-20") == 0


def test_while_the_hold_is_off_the_platform_is_told_what_counts(bench: Bench):
    item = bench.matched("rider-21")
    with bench.database.writing() as session:
        hold.lift(session, bench.office.now, ANN, bench.case_id(item), "no inquiry")
    with bench.messages() as told:
        bench.decide(item, "confirmed")
    assert told[0]["data"]["strikes"] == 1


def test_what_was_confirmed_leaves_the_bank_unless_it_is_confirmed_again(bench: Bench):
    item, other = bench.matched("rider-22"), bench.matched("rider-23")
    (one,), (two,) = bench.decide(item, "confirmed"), bench.decide(other, "confirmed")
    full = bench.bank()[0]
    bench.office.later(days=364)
    with bench.database.writing() as session:
        own_bank.reconfirm(session, bench.office.now, BOB, session.get_one(Decision, two.id))
    bench.office.later(days=2)
    assert own_bank.expire(bench.database) >= 1
    assert 0 < bench.bank()[0] < full
    bench.office.later(days=366)
    own_bank.expire(bench.database)
    assert bench.bank()[0] == 0
    with bench.database.writing() as session, pytest.raises(DecisionRefused):
        own_bank.reconfirm(session, bench.office.now, BOB, session.get_one(Decision, one.id))


def test_a_bank_of_that_name_with_another_source_is_not_written_to(bench: Bench):
    item = bench.matched("rider-24", purpose="adult-intimate")
    name = "confirmed-adult-intimate"
    bench.office.bank(name, picture(next(seeds)), purpose="adult-intimate", source="partner")
    with pytest.raises(DecisionRefused, match=r"decisions\.bank"):
        bench.decide(item, "confirmed")
    assert bench.latest(item) is None


def test_settings_of_decisions_reach_each_session(bench: Bench):
    app: App = bench.office.app
    assert app.database.info["decisions"] is app.settings.decisions

"""One item at the desk: what is written of it, what is kept of what matched nothing, and what a
request that comes again is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from screening.conftest import POLICY, PUBLIC, Office, picture
from tutela.banks import made_picture, service
from tutela.decoding import Fingerprint
from tutela.policy import ChannelRefused, FactsRefused, Verdict
from tutela.screening.answers import KeyReused
from tutela.screening.models import BankHour, Count, Item, ItemMatch
from tutela.signals import Signal
from tutela.storage.errors import StorageError
from tutela.webhooks.models import Delivery, Endpoint

KNOWN, OTHER = picture(1), picture(2)
RECORDED = {
    "screening_item": 1, "screening_decision": 1, "evidence_file": 1, "cases_case": 1,
    "cases_alert": 1, "webhooks_delivery": 1, "events_event": 2,
}  # fmt: skip

WRITTEN_LATER = {"screening_count", "screening_bank_hour", "screening_answer"}


def facts(creator: str, item: str = "", **more: Any) -> dict[str, Any]:
    return {
        "item": {"channel": "public", **({"id": item} if item else {})},
        "creator": {"id": creator}, **more,
    }  # fmt: skip


def counted(office: Office) -> dict[str, int]:
    with office.database.reading() as session:
        rows = session.execute(
            select(Count.outcome, func.sum(Count.count))
            .where(Count.hour > office.now - timedelta(days=9))
            .group_by(Count.outcome)
        )
        return {outcome: int(count) for outcome, count in rows}


@contextmanager
def broken(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    @contextmanager
    def refuse() -> Iterator[None]:
        raise StorageError("The database is gone.")
        yield

    with monkeypatch.context() as patched:
        patched.setattr(office.database, "writing", refuse)
        yield


@pytest.fixture
def lanes(office: Office) -> str:
    """A bank that knows one picture."""
    name = f"lanes-{office.now:%Y%m%d}"
    office.bank(name, KNOWN, types="md5 sha1 sha256")
    yield name
    with office.database.writing() as session:
        service.disable(session, office.now, "shell:ann", name)


@pytest.mark.parametrize("spool_over", [64 << 20, 1000], ids=["memory", "spool"])
def test_one_transaction_writes_all_of_a_match(office, lanes, spool_over):
    if spool_over == 1000:
        office.endpoint("hook")
    hooks = len(office.all(Endpoint))
    creator = f"rider-{spool_over}"
    with office.change() as grown:
        answer = office.screen(
            KNOWN, facts(creator, "post-1"), f"k{spool_over}", spool_over=spool_over
        )
    signals, matches = grown.pop("screening_signal"), grown.pop("screening_match")
    assert grown.pop("records_sample") == 3  # each type that the bank has
    assert grown == {
        name: count
        for name, count in (RECORDED | {"screening_answer": 1, "webhooks_delivery": hooks}).items()
        if count
    }
    assert signals > 4 and matches == 3
    assert (answer.verdict, answer.evidence, answer.test) == (Verdict.BLOCK, "sealed", False)
    assert {match["bank"] for match in answer.matches} == {
        lanes
    } and "same-file" in answer.explanation
    item, decided, case = office.item(answer), office.decided(answer), office.case(answer)
    assert (item.external_id, item.creator_id, item.channel) == ("post-1", creator, "public")
    assert (item.key_id, item.door, item.size) == (office.caller.key_id, "raw", len(KNOWN))
    assert (decided.rule, decided.case_id, decided.evidence) == ("same-file", case.id, "sealed")
    assert (case.subject_kind, case.subject, case.closed_at) == ("account", creator, None)
    assert office.opened(answer) == KNOWN
    assert office.events(answer.item_id) == ["item.decided"]
    assert office.events(case.id) == ["case.opened"]
    assert not list((office.app.data / "spool").glob("*"))
    for delivery in office.all(Delivery, Delivery.created_at == office.now):
        assert answer.item_id in delivery.body and "same-file" not in delivery.body
        assert lanes not in delivery.body


def test_what_matches_nothing_leaves_a_count(office, lanes):
    files = office.files()
    with office.change() as grown:
        for spool_over in (64 << 20, 1000):
            answer = office.screen(OTHER, facts("rider", "post-2"), spool_over=spool_over)
            assert (answer.verdict, answer.evidence, answer.case_id) == (
                Verdict.ALLOW,
                "none",
                None,
            )
            assert answer.matches == ()
    assert grown == {} and office.files() == files
    with office.change() as grown:
        office.running.flush()
    assert grown == {"screening_count": 1}
    with office.change() as grown:
        office.screen(OTHER, facts("rider"), "once")
        office.running.flush()
    assert grown == {"screening_answer": 1}
    assert counted(office) == {"allow": 3}


def test_counts_are_written_together_and_survive_a_database_that_is_gone(
    office, lanes, monkeypatch
):
    for _ in range(3):
        office.screen(OTHER, key=None)
    office.screen(KNOWN, facts("rider"))
    with broken(office, monkeypatch), pytest.raises(StorageError):
        office.running.flush()
    assert counted(office) == {}
    office.screen(OTHER)
    office.running.flush()
    office.running.flush()
    office.later(hours=2)
    office.screen(OTHER)
    office.running.flush()
    assert counted(office) == {"allow": 5, "block": 1}
    (bank,) = office.all(BankHour, BankHour.bank == lanes)
    assert bank.count == 1


def test_nothing_is_answered_that_could_not_be_recorded(office, lanes, monkeypatch):
    with office.change() as grown:
        with broken(office, monkeypatch), pytest.raises(StorageError):
            office.screen(KNOWN, facts("rider"), "again")
        office.running.flush()
    assert grown == {}, "nor counted"
    answer = office.screen(KNOWN, facts("rider"), "again")
    assert not answer.repeated and office.opened(answer) == KNOWN


@pytest.mark.parametrize("data", [KNOWN, OTHER], ids=["match", "no match"])
@pytest.mark.parametrize("flushed", [True, False])
def test_a_request_that_comes_again_gets_the_same_answer_for_a_day(office, lanes, data, flushed):
    raw = facts("rider", extra={"weather": "rain"})
    first = office.screen(data, raw, "one")
    if flushed:
        office.running.flush()
    office.later(hours=23, minutes=59)
    with office.change() as grown:
        again = office.screen(data, raw, "one")
        office.running.flush()
    assert set(grown) <= WRITTEN_LATER, "what was held is written now"
    assert again.repeated and again.item_id == first.item_id
    assert (again.verdict, again.evidence, again.case_id) == (
        first.verdict, first.evidence, first.case_id,
    )  # fmt: skip
    assert again.matches == first.matches and again.public_reason == first.public_reason
    other = picture(3)
    for bytes_, told in ((other, raw), (data, facts("another")), (data, PUBLIC)):
        with pytest.raises(KeyReused):
            office.screen(bytes_, told, "one")
    assert office.screen(data, raw, "two").item_id != first.item_id
    office.later(minutes=1)
    office.running.flush()
    later = office.screen(other, raw, "one")
    assert not later.repeated and later.item_id != first.item_id
    office.running.flush()
    assert office.screen(other, raw, "one").item_id == later.item_id
    office.screen(data, raw, "two")


def test_signals_with_another_quality_are_another_request(office):
    def ask(quality: int) -> None:
        signal = Signal("pdq", "f0" * 32, quality, frame=0)
        accepted = office.desk.accept(office.caller, "signals", PUBLIC, "of signals")
        office.desk.screen_signals(accepted, Fingerprint(0, (signal,), None, frozenset(), None))

    ask(90)
    ask(90)
    with pytest.raises(KeyReused):
        ask(10)


def test_signals_that_match_are_recorded_without_a_file(office, lanes):
    value = next(s for s in office.received(KNOWN).finish().signals if s.type == "sha256")
    accepted = office.desk.accept(office.caller, "signals", facts("rider"))
    found = Fingerprint(0, (value,), None, frozenset(), None)
    answer = office.desk.screen_signals(accepted, found)
    assert (answer.verdict, answer.evidence) == (Verdict.BLOCK, "none")
    assert office.item(answer).size is None
    assert json.loads(office.decided(answer).facts)["file"]["size"] is None


def test_the_same_bytes_are_the_same_request_whatever_a_decoder_makes_of_them(office, lanes):
    first = office.screen(KNOWN, key="decoded")
    accepted = office.desk.accept(office.caller, "raw", PUBLIC, "decoded")
    received = office.received(KNOWN)
    received.finish = lambda: Fingerprint(
        len(KNOWN), tuple(s for s in fingerprint if s.frame is None), None, frozenset(), None
    )
    fingerprint = office.received(KNOWN).finish().signals
    assert office.desk.screen(accepted, received).item_id == first.item_id


@pytest.mark.parametrize("data", [KNOWN, OTHER], ids=["match", "no match"])
def test_eight_that_send_the_same_at_once_get_one_answer(office, lanes, data):
    together = Barrier(8)
    received = [office.received(data) for _ in range(8)]
    found = received[0].finish()
    for one in received:
        one.finish = lambda: found  # the pool has one decoder: it would let them in one by one

    def ask(number: int):
        accepted = office.desk.accept(office.caller, "raw", facts("rider"), "eight")
        together.wait()
        return office.desk.screen(accepted, received[number])

    with office.change() as grown, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))
    office.running.flush()
    assert len({answer.item_id for answer in answers}) == 1
    assert len({(answer.verdict, answer.case_id) for answer in answers}) == 1
    assert sum(not answer.repeated for answer in answers) == 1
    assert grown.get("screening_item", 0) == (data is KNOWN)
    assert grown.get("cases_alert", 0) == (data is KNOWN)
    assert sum(counted(office).values()) == 1


def test_two_items_of_one_creator_at_once_open_one_case(office, lanes):
    together = Barrier(6)
    received = [office.received(KNOWN) for _ in range(6)]
    found = received[0].finish()
    for one in received:
        one.finish = lambda: found

    def ask(number: int):
        raw = facts("the same rider", f"post-{number}")
        accepted = office.desk.accept(office.caller, "raw", raw)
        together.wait()
        return office.desk.screen(accepted, received[number])

    with office.change() as grown, ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(ask, range(6)))
    assert len({answer.case_id for answer in answers}) == 1
    assert (grown["cases_case"], grown["cases_alert"], grown["screening_item"]) == (1, 6, 6)
    assert office.events(answers[0].case_id) == ["case.opened"]


def test_an_item_without_a_creator_has_a_case_of_its_own(office, lanes):
    case = office.case(office.screen(KNOWN, {"item": {"channel": "public", "id": "post-9"}}))
    assert (case.subject_kind, case.subject) == ("item", "post-9")
    answer = office.screen(KNOWN)
    assert office.case(answer).subject == answer.item_id


def test_a_channel_without_a_legal_basis_is_refused_before_anything_is_kept(office, lanes):
    with office.change() as grown:
        for raw in ({"item": {"channel": "private-message"}}, {"item": {"channel": "unknown"}}):
            if raw["item"]["channel"] == "unknown":
                office.apply(POLICY.replace("  unknown:", "  private-storage:"))
            with pytest.raises(ChannelRefused, match="channel"):
                office.screen(KNOWN, raw, "refused")
        office.running.flush()
    assert set(grown) <= {"screening_policy", "audit_entry", "audit_head"}, grown


def test_a_basis_ends_with_its_last_day(office, lanes):
    today = office.now.date()
    head, tail = POLICY.split("    keep: yes", 1)
    office.apply(f"{head}    until: {today}\n    keep: yes{tail}")
    assert office.screen(KNOWN).verdict is Verdict.BLOCK
    office.later(days=1)
    with pytest.raises(ChannelRefused):
        office.screen(KNOWN)


def test_bytes_that_may_not_be_kept_are_not(office, lanes):
    office.apply(POLICY.replace("keep: yes", "keep: no").replace("    keep_for: P30D\n", ""))
    files = office.files()
    answer = office.screen(KNOWN, facts("rider"))
    assert (answer.verdict, answer.evidence) == (Verdict.BLOCK, "none")
    assert office.files() == files and office.decided(answer).evidence_id is None
    assert answer.case_id is not None


def test_a_test_picture_tests_and_leaves_no_figures(office):
    with office.change() as grown:
        answer = office.screen(made_picture.picture(), facts("a tester"))
    office.running.flush()
    assert answer.test and answer.verdict is Verdict.BLOCK and answer.evidence == "sealed"
    case = office.case(answer)
    assert (case.test, case.subject_kind, case.closed_why) == (True, "test", "test")
    assert case.closed_at == office.now
    assert "events_event" not in grown and counted(office) == {"test": 1}
    assert not office.all(BankHour, BankHour.hour > office.now - timedelta(hours=2))
    assert office.item(answer).test
    again = office.screen(made_picture.picture(), facts("a tester"))
    assert again.case_id != answer.case_id


@pytest.mark.parametrize(
    "raw",
    [
        [], None, "text", {"item": []}, {"creator": "x"}, {"item": {"id": 5}},
        {"item": {"id": "a" * 257}}, {"creator": {"id": "\x00"}}, {"extra": {"\ud800": 1}},
        {"extra": {"n": 2**53}}, {"extra": {"n": -(2**70)}}, {"extra": {"n": float("inf")}},
        {"item": {"channel": ["public"]}},
        {"item": {"channel": "elsewhere"}}, {"item": {"channel": {}}}, {"creator": {"id": {}}},
        {"extra": {"a": [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}},
    ],
)  # fmt: skip
def test_facts_that_are_none_are_refused(office, raw):
    with pytest.raises(FactsRefused):
        office.desk.accept(office.caller, "raw", raw)


def test_any_facts_that_are_taken_can_be_kept(office, lanes):
    raw = facts(
        "c" * 256, "\U0001f6b2" * 256, odd=[2**53 - 1, -0.0, 1e300, None, True, "\u2028", ""],
        extra={"\U0001f327": {"": []}},
    )  # fmt: skip
    answer = office.screen(KNOWN, raw, "odd")
    assert office.item(answer).external_id == "\U0001f6b2" * 256
    assert office.screen(KNOWN, raw, "odd").item_id == answer.item_id


def test_vetoed_matches_are_recorded_and_not_shown(office, lanes):
    near = picture(1, "JPEG", quality=90)
    with office.database.writing() as session:
        service.disable(session, office.now, "shell:ann", lanes)
    office.bank(f"roads-{office.now:%m%d%Y}", KNOWN, types="pdq")
    assert office.screen(near, facts("rider")).verdict is not Verdict.ALLOW
    office.bank(f"logos-{office.now:%m%d%Y}", KNOWN, purpose="never-match", types="pdq")
    answer = office.screen(near, facts("rider"))
    assert (answer.verdict, answer.matches) == (Verdict.ALLOW, ())
    with office.database.writing() as session:
        for kind in ("roads", "logos"):
            service.disable(session, office.now, "shell:ann", f"{kind}-{office.now:%m%d%Y}")


def test_rows_of_matches_say_what_was_found(office, lanes):
    answer = office.screen(KNOWN, facts("rider"))
    rows = office.all(ItemMatch, ItemMatch.item_id == answer.item_id)
    assert {row.type for row in rows} == {"md5", "sha1", "sha256"}
    assert {(row.bank, row.distance, row.strength, row.vetoed) for row in rows} == {
        (lanes, 0, "exact", False)
    }
    assert office.one(Item, Item.id == answer.item_id).test is False

"""StopNCII: what is read of it, and that in the end it is what the server has."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exchanges.simulated import Clock, Ended, Store
from tutela.banks.models import Purpose
from tutela.exchanges.errors import Loop, NotConfigured, Unreadable
from tutela.exchanges.partners import Feedback, Opinion, Setup
from tutela.exchanges.stopncii import StopNcii
from tutela.testing.hash_sharing import StopNcii as Server
from tutela.testing.hash_sharing.stand import Reply

PDQ, OTHER = "0f" * 32, "f0" * 32
SECRETS = {"function_key": "hail", "subscription_key": "thunder"}


class Desk(Store):
    def __init__(self, seed: int = 0) -> None:
        self.time = Clock()
        self.stop = Server(clock=self.time, port=9, seed=seed)
        super().__init__(StopNcii(), self.stop, Setup({"url": self.stop.url}, SECRETS), self.time)

    def poll(self) -> None:
        self.time.pass_by(minutes=30)
        self.fetch()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_its_bank_is_for_adults_and_nothing_else():
    """Its values must never meet what can lead to a report."""
    assert [one.purpose for one in StopNcii.roles] == [Purpose.ADULT_INTIMATE]
    assert not Purpose.ADULT_INTIMATE.reportable


def test_it_reads_values_and_removes_what_is_withdrawn(desk):
    desk.stop.put(PDQ)
    desk.stop.put("02" * 16, "Received", "VideoMD5")
    desk.poll()
    assert desk.held() == {("pdq", PDQ), ("md5", "02" * 16)}
    assert {one.role for one in desk.entries.values()} == {"adult"}
    assert "startTimestamp=10&pageSize=800" in desk.stop.calls[0][1]
    desk.stop.put(PDQ, "Withdrawn")
    desk.poll()
    assert desk.held() == {("md5", "02" * 16)}
    desk.stop.put(PDQ)
    desk.stop.put("02" * 16, "Deleted", "VideoMD5")
    desk.poll()
    assert desk.held() == {("pdq", PDQ)}


def test_types_that_banks_do_not_take_keep_their_name_and_so_are_counted(desk):
    desk.stop.put("a film", kind="VideoTMK")
    desk.poll()
    assert desk.held() == {("VideoTMK", "a film")}


def test_the_next_fetch_begins_where_the_server_says_a_minute_earlier(desk):
    desk.poll()
    after = int(desk.time().timestamp())
    assert desk.checkpoint == {"start": after - 60}
    desk.poll()
    assert f"startTimestamp={after - 60}&" in desk.stop.calls[-1][1]
    assert StopNcii.checkpoint_lasts == timedelta(days=30)


def test_pages_are_followed_to_their_end(desk):
    desk.stop.traffic(2500)
    desk.poll()
    assert desk.held() == {("pdq", value) for _, value in desk.stop.held()}
    assert len(desk.pages) > 1


def test_a_token_that_is_no_longer_known_begins_the_list_anew(desk):
    desk.stop.traffic(2500)
    desk.stop.misbehave("stale", times=2)
    desk.poll()
    assert desk.held() == {("pdq", value) for _, value in desk.stop.held()}
    desk.checkpoint = None
    desk.stop.misbehave("stale", times=1000)
    with pytest.raises(Unreadable, match="its own next page"):
        desk.poll()


def test_pages_that_never_end_are_an_error(desk):
    desk.stop.traffic(5)
    desk.stop.misbehave("endless", 1000)
    with pytest.raises(Loop):
        desk.poll()


@pytest.mark.parametrize("name", ["schema-changed", "truncated", "empty"])
def test_an_answer_that_is_none_is_an_error_and_keeps_the_checkpoint(desk, name):
    desk.stop.put(PDQ)
    desk.poll()
    before = desk.checkpoint
    desk.stop.put(OTHER)
    desk.stop.misbehave(name)
    with pytest.raises(Unreadable):
        desk.poll()
    assert desk.checkpoint == before
    desk.poll()
    assert desk.held() == {("pdq", PDQ), ("pdq", OTHER)}


RECORD = {
    "lastModtimestamp": 5, "signalType": "ImagePDQ", "hashValue": PDQ, "hashStatus": "Active",
    "caseNumbers": {"1": "Active"}, "CSPFeedbacks": [],
}  # fmt: skip


def answering(desk, monkeypatch, *records, **more):
    said = {
        "count": len(records), "nextPageToken": None, "nextSetTimestamp": 100,
        "hasMoreRecords": False, "hashRecords": list(records), **more,
    }  # fmt: skip
    reply = Reply(200, json.dumps(said).encode())
    monkeypatch.setattr(desk.stop, "answer", lambda request: reply)


def test_a_record_all_of_whose_cases_are_withdrawn_is_gone(desk, monkeypatch):
    cases = {"1": "Withdrawn", "2": "Deleted"}
    answering(desk, monkeypatch, RECORD | {"caseNumbers": cases})
    desk.poll()
    assert not desk.held()
    answering(desk, monkeypatch, RECORD | {"caseNumbers": cases | {"3": "Active"}})
    desk.poll()
    assert desk.held() == {("pdq", PDQ)}


@pytest.mark.parametrize(
    "change",
    [
        {"lastModtimestamp": "soon"}, {"lastModtimestamp": True}, {"lastModtimestamp": 1 << 60},
        {"signalType": None}, {"hashValue": ""}, {"hashStatus": "Raining"},
    ],
)  # fmt: skip
def test_a_record_that_cannot_be_read_is_counted_and_the_others_are_read(desk, monkeypatch, change):
    answering(desk, monkeypatch, RECORD, RECORD | {"hashValue": OTHER} | change)
    desk.poll()
    assert desk.held() == {("pdq", PDQ)} and len(desk.rejected) == 1
    answering(desk, monkeypatch, RECORD | change)
    with pytest.raises(Unreadable, match="All records"):
        desk.poll()


@pytest.mark.parametrize(
    "more",
    [
        {"nextSetTimestamp": None}, {"nextSetTimestamp": 1 << 40}, {"hasMoreRecords": "yes"},
        {"hasMoreRecords": True}, {"hashRecords": {}},
    ],
)  # fmt: skip
def test_a_page_that_does_not_say_how_to_go_on_is_an_error(desk, monkeypatch, more):
    answering(desk, monkeypatch, RECORD, **more)
    with pytest.raises(Unreadable):
        desk.poll()
    assert desk.checkpoint is None


def test_feedback_says_whether_it_was_blocked(desk):
    for kind, opinion, reason in (
        ("pdq", Opinion.POSITIVE, ""), ("md5", Opinion.NEGATIVE, "bicycle"),
        ("pdq", Opinion.SEED, ""),
    ):  # fmt: skip
        desk.tell(Feedback("1", kind, PDQ, opinion, reason))
    assert desk.stop.feedback == [
        {"hashValue": PDQ, "tags": [], "feedbackValue": "Blocked"},
        {"hashValue": PDQ, "tags": ["bicycle"], "feedbackValue": "NotBlocked"},
    ]


def test_both_keys_are_needed():
    desk = Desk()
    desk.setup = Setup({"url": desk.stop.url}, {"function_key": "hail"})
    with pytest.raises(NotConfigured):
        desk.poll()
    desk.setup = Setup({"url": desk.stop.url}, SECRETS | {"subscription_key": "snow"})
    with pytest.raises(Ended) as ended:
        desk.poll()
    assert ended.value.status == 401
    assert StopNcii().hosts(Setup({})) == ("api.stopncii.org:443",)


@settings(max_examples=25, deadline=None)
@example(0, [("traffic", 370), ("traffic", 900), ("die", 1), ("traffic", 1)])  # a record moves up
@given(
    st.integers(0, 2**32),
    st.lists(st.tuples(st.sampled_from(["traffic", "die", "stale"]), st.integers(1, 900))),
)
def test_whatever_happens_in_between_it_ends_in_what_the_server_has(seed, acts):
    desk = Desk(seed)
    for act, number in acts[:12]:
        desk.time.pass_by(minutes=1)
        if act == "traffic":
            desk.stop.traffic(number)
        elif act == "stale":
            desk.stop.misbehave("stale")
        else:
            desk.between = dying
            with suppress(Ended):
                desk.fetch()
            desk.between = lambda: None
    desk.stop.behave()
    desk.poll()
    desk.poll()
    assert desk.held() == {("pdq", value) for _, value in desk.stop.held()}


def dying() -> None:
    raise Ended(0)

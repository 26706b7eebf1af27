"""NCMEC's hash sharing: what is read of it, and that in the end it is what the server has."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchanges.simulated import Clock, Ended, Store
from tutela.exchanges.errors import Loop, NotConfigured, Unreadable
from tutela.exchanges.ncmec import bases, windows
from tutela.exchanges.ncmec.partner import Ncmec
from tutela.exchanges.partners import Feedback, Opinion, Partner, Setup
from tutela.testing.hash_sharing import Ncmec as Server

SHA = "01" * 20
MD5 = "02" * 16
PDQ = "0f" * 32


class Desk(Store):
    """The partner at a server of its own."""

    def __init__(self, *, config: dict[str, str] | None = None, **how: object) -> None:
        self.time = Clock()
        self.ours = Clock()
        server = Server(**{"clock": self.time, "port": 9, **how})  # type: ignore[arg-type] # as the server takes it
        setup = Setup(
            {"url": server.url, "user": "bicycle", **(config or {})}, {"password": "rain"}
        )
        super().__init__(Ncmec(), server, setup, self.ours)
        self.ncmec = server

    def later(self, **how: float) -> None:
        self.time.pass_by(**how)
        self.ours.pass_by(**how)

    def settled(self) -> None:
        """A little later, one run after the other until one is complete."""
        self.later(seconds=10)
        for _ in range(200):
            try:
                self.fetch()
            except Ended:
                continue
            return
        raise AssertionError("no run came to its end")


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Kolkata"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The zone of this machine."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    os.environ.setdefault("TZ", "UTC")
    time.tzset()


def keys(desk: Store) -> set[str]:
    return {key for key, one in desk.entries.items() if one.signals}


def test_it_is_a_partner():
    assert isinstance(Ncmec(), Partner)


def test_it_reads_images_and_videos_whatever_the_zone_of_this_machine(zone):
    desk = Desk()
    desk.ncmec.put("42", "image1", classification="B2", md5=MD5, sha1=SHA, pdq=PDQ, pdna="AA" * 96)
    desk.ncmec.put("43", "film", media="video", md5=MD5)
    desk.settled()
    assert desk.held() == {
        ("md5", MD5), ("sha1", SHA), ("pdq", PDQ), ("photodna", "AA" * 96),
    }  # fmt: skip
    image, film = desk.entries["42/image1"], desk.entries["43/film"]
    assert (image.member, image.external_id, image.labels) == ("42", "image1", ("B2",))
    assert image.extra == {"media": "image", "member": "A club of cyclists"}
    assert film.extra["links"] == {"tmk-pdqf": "/v2/entries/film/fingerprints/TMK_PDQF"}
    assert image.at == desk.time.at - timedelta(seconds=10)
    assert desk.ncmec.calls[0][1].startswith(
        "/v2/entries?from=2000-01-01T00%3A00%3A00.000Z&to=2026-03-01T12%3A00%3A05.000Z"
    )


def test_a_tombstone_removes_what_its_member_said_alone():
    desk = Desk()
    desk.ncmec.put("42", "one", md5=MD5)
    desk.ncmec.put("43", "one", md5=MD5)
    desk.settled()
    desk.ncmec.delete("42", "one")
    desk.settled()
    assert keys(desk) == {"43/one"} and desk.held() == {("md5", MD5)}


def test_an_entry_that_changes_class_is_the_same_with_another_label():
    desk = Desk()
    desk.ncmec.put("42", "one", classification="A1", md5=MD5)
    desk.settled()
    desk.later(hours=1)
    desk.ncmec.put("42", "one", classification="B1", md5=MD5)
    desk.settled()
    assert desk.entries["42/one"].labels == ("B1",) and len(desk.entries) == 1


def test_entries_of_members_that_survivors_asked_go_to_their_own_bank():
    desk = Desk(config={"survivor_members": "43, 44"})
    desk.ncmec.put("42", "one", md5=MD5)
    desk.ncmec.put("43", "one", md5=MD5)
    desk.settled()
    assert {key: one.role for key, one in desk.entries.items()} == {
        "42/one": "known", "43/one": "survivor",
    }  # fmt: skip
    desk.ncmec.delete("43", "one")
    desk.settled()
    assert desk.entries["43/one"].role == "survivor"


def test_where_only_some_members_are_wanted_the_others_are_passed_over():
    desk = Desk(config={"only_members": "43, 44"})
    for member in ("42", "43", "44"):
        desk.ncmec.put(member, "one", md5=MD5)
    desk.settled()
    assert {*desk.entries} == {"43/one", "44/one"}
    desk.ncmec.delete("42", "one")
    desk.ncmec.delete("43", "one")
    desk.settled()
    assert {key for key, one in desk.entries.items() if one.signals} == {"44/one"}


def test_lists_of_other_audiences_are_labelled():
    desk = Desk(config={"audience": "ngo-generative-exploitative"})
    desk.ncmec.put("42", "one", md5=MD5)
    desk.settled()
    assert desk.entries["42/one"].labels == ("generative-exploitative",)
    assert desk.entries["42/one"].opinion is Opinion.SEED


@pytest.mark.parametrize("audience", ["industry", "ngo-generative"])
def test_only_exploitative_lists_are_for_review_alone(audience):
    desk = Desk(config={"audience": audience})
    desk.ncmec.put("42", "one", md5=MD5)
    desk.settled()
    assert desk.entries["42/one"].opinion is Opinion.POSITIVE


def test_what_other_members_hold_to_be_wrong_is_labelled_and_counted():
    desk = Desk()
    desk.ncmec.put("42", "one", md5=MD5, wrong={"Md5": ["43", "44"]})
    desk.settled()
    assert desk.entries["42/one"].labels == ("negative-feedback",)
    assert desk.entries["42/one"].extra["feedback"] == {"md5": {"negative": 2}}


def test_a_page_of_nothing_is_complete():
    desk = Desk()
    desk.settled()
    assert not desk.entries and desk.pages[-1].complete
    desk.settled()
    assert len(desk.ncmec.calls) == 2


def test_a_poll_reads_again_what_may_have_come_late():
    """26 hours: also of a clock an hour off, and of local time that is marked as UTC."""
    desk = Desk()
    desk.settled()
    desk.later(hours=1)
    desk.settled()
    assert "from=2026-02-28T10%3A00%3A05.000Z" in desk.ncmec.calls[-1][1]


@pytest.mark.parametrize("skew", [-1, 1])
def test_clocks_an_hour_apart_lose_nothing(skew):
    desk = Desk(skew=timedelta(hours=skew))
    for number in range(30):
        desk.ncmec.put("42", str(number), md5=f"{number:032x}")
        desk.settled()
        desk.later(minutes=17)
    desk.later(hours=2)
    desk.settled()
    assert desk.held() == desk.ncmec.held()


@pytest.mark.parametrize("hours", [-12, -5, 9, 14])
def test_local_time_that_is_marked_as_utc_loses_nothing(hours):
    desk = Desk(offset=timedelta(hours=hours))
    for number in range(30):
        desk.ncmec.put("42", str(number), md5=f"{number:032x}")
        desk.settled()
        desk.later(minutes=47)
    desk.later(hours=15)
    desk.settled()
    assert desk.held() == desk.ncmec.held()


def test_pages_that_repeat_an_entry_are_read():
    desk = Desk(size=3)
    desk.ncmec.traffic(20)
    desk.ncmec.misbehave("repeated", 100)
    desk.settled()
    assert desk.held() == desk.ncmec.held()


def test_a_checkpoint_moves_on_only_when_its_whole_range_was_read():
    desk = Desk(size=3)
    desk.ncmec.traffic(20)
    desk.settled()
    *middle, last = (page.checkpoint for page in desk.pages)
    assert middle and all("done" not in one and one["next"] for one in middle)
    assert set(last) == {"done", "live", "width"}


def test_a_range_that_is_too_large_is_read_in_smaller_ones(monkeypatch):
    monkeypatch.setattr(windows, "LARGEST", 50)
    desk = Desk(size=10)
    for _ in range(40):
        desk.ncmec.traffic(10)
        desk.later(days=20)
    desk.settled()
    assert desk.held() == desk.ncmec.held()
    done = [one.checkpoint["done"] for one in desk.pages if "done" in one.checkpoint]
    assert len(done) > 5 and done == sorted(done)


def test_many_of_one_second_are_read_all_the_same(monkeypatch):
    monkeypatch.setattr(windows, "LARGEST", 5)
    desk = Desk(size=2)
    desk.ncmec.traffic(40)
    desk.settled()
    assert desk.held() == desk.ncmec.held()


def test_a_link_that_is_no_longer_known_is_begun_anew_in_a_smaller_range():
    desk = Desk(size=3)
    desk.ncmec.traffic(20)
    desk.ncmec.misbehave("stale", times=2, after=1)
    desk.settled()
    assert desk.held() == desk.ncmec.held()


def test_a_server_that_never_knows_its_links_is_an_error_not_a_loop():
    desk = Desk(size=1)
    desk.ncmec.put("42", "one", md5=MD5)
    desk.ncmec.put("42", "two", md5=SHA[:32])
    desk.ncmec.misbehave("stale", 1000)
    with pytest.raises(Unreadable, match="its own next page"):
        desk.settled()


def test_pages_that_never_end_are_an_error():
    desk = Desk(size=1)
    desk.ncmec.traffic(5)
    desk.ncmec.misbehave("endless", 1000)
    with pytest.raises(Loop):
        desk.settled()


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example/v2/entries?start=2", "//elsewhere.example/v2/entries?start=2",
        "/v2/members?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z", "/v2/entries?start=2",
        "/v2/entries?from=2026-01-01T00:00:00Z&to=2027-01-02T00:00:00Z&start=2",
        "/v2/entries?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z\n&start=2", "http://[",
    ],
)  # fmt: skip
def test_a_link_that_leads_elsewhere_is_refused(link):
    start, end = (windows.stamp(f"2026-01-0{day}T00:00:00Z") for day in (1, 2))
    assert start and end
    window = windows.Window(start, end, live=True)
    with pytest.raises(Unreadable):
        window.followed(link)
    link = "/v2/entries?from=2026-01-01T00:00:00.000Z&to=2026-01-02T01:00:00%2B01:00&start=2"
    assert window.followed(link).next == link


@pytest.mark.parametrize(
    "name", ["doctype", "truncated", "empty", "schema-changed", "namespace-changed"]
)
def test_an_answer_that_is_none_is_an_error_and_keeps_the_checkpoint(name):
    desk = Desk()
    desk.ncmec.put("42", "one", md5=MD5)
    desk.settled()
    before = desk.checkpoint
    desk.ncmec.put("42", "two", md5=MD5)
    desk.ncmec.misbehave(name)
    with pytest.raises(Unreadable) as error:
        desk.settled()
    assert desk.checkpoint == before and "two" not in str(error.value)
    desk.settled()
    assert keys(desk) == {"42/one", "42/two"}


def test_credentials_that_expire_in_the_middle_end_the_run_and_lose_nothing():
    desk = Desk(size=2)
    desk.ncmec.traffic(20)
    desk.ncmec.misbehave("revoked", after=3)
    desk.later(seconds=10)
    with pytest.raises(Ended) as ended:
        desk.fetch()
    assert ended.value.status == 401 and 0 < len(desk.entries) < len(desk.ncmec.entries)
    desk.ncmec.behave()
    desk.settled()
    assert desk.held() == desk.ncmec.held()


def test_a_server_that_rolls_back_changes_nothing():
    desk = Desk()
    desk.ncmec.put("42", "one", md5=MD5)
    before = desk.ncmec.snapshot()
    desk.settled()
    desk.ncmec.delete("42", "one")
    desk.settled()
    desk.ncmec.roll_back(before)
    desk.settled()
    assert not keys(desk)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 2**32),
    st.lists(
        st.tuples(
            st.sampled_from(["traffic", "fetch", "die", "stale", "repeated", "unavailable"]),
            st.integers(1, 40),
        ),
        max_size=30,
    ),
)
def test_whatever_happens_in_between_it_ends_in_what_the_server_has(seed, acts):
    desk = Desk(seed=seed, size=4)
    largest, windows.LARGEST = windows.LARGEST, 30
    try:
        for act, number in acts:
            desk.later(minutes=number)
            if act == "traffic":
                desk.ncmec.traffic(number)
            elif act in ("stale", "repeated", "unavailable"):
                desk.ncmec.misbehave(act, number % 4 + 1, after=number % 3)
            else:
                interrupted(desk, number if act == "die" else 10**6)
        desk.ncmec.behave()
        desk.settled()  # maybe of a range that was begun before the last change
        desk.settled()
    finally:
        windows.LARGEST = largest
    assert desk.held() == desk.ncmec.held()


def interrupted(desk: Desk, pages: int) -> None:
    """A run that is killed after so many pages, while the server changes."""
    left = iter(range(pages - 1))

    def between() -> None:
        desk.ncmec.traffic(1)
        desk.later(seconds=1)
        if next(left, None) is None:
            raise Ended(0)

    desk.between = between
    try:
        desk.fetch()
    except Ended:
        pass
    finally:
        desk.between = lambda: None


@pytest.mark.parametrize("wrapped", [True, False])
def test_feedback_names_a_reason_that_the_partner_knows(wrapped):
    desk = Desk(wrapped=wrapped, config={"feedback_reason": "another reason"})
    desk.ncmec.put("42", "image 1/2", md5=MD5, pdna="AA" * 96)
    desk.ncmec.put("42", "one", md5=MD5)
    for kind, opinion, reason in (
        ("md5", Opinion.POSITIVE, ""), ("photodna", Opinion.NEGATIVE, "Not as it says"),
        ("md5", Opinion.NEGATIVE, ""), ("md5", Opinion.SEED, ""),
    ):  # fmt: skip
        desk.tell(Feedback("42/one", kind, MD5, opinion, reason))
    guids = [one.reason[-1:] for one in desk.ncmec.feedback]
    assert guids == ["", "1", "2"]
    assert [one.type for one in desk.ncmec.feedback] == ["MD5", "PDNA", "MD5"]


def test_feedback_without_a_reason_that_is_known_is_not_sent():
    desk = Desk()
    desk.ncmec.put("42", "one", md5=MD5)
    with pytest.raises(Unreadable, match="reason") as error:
        desk.tell(Feedback("42/one", "md5", MD5, Opinion.NEGATIVE))
    assert "Not as it says" in (error.value.hint or "")
    with pytest.raises(Unreadable):
        desk.tell(Feedback("42/one", "sha256", MD5, Opinion.POSITIVE))
    assert not desk.ncmec.feedback


def test_production_is_a_word_that_somebody_writes():
    partner = Ncmec()
    for audience in bases.BASES:
        test = partner.hosts(Setup({"audience": audience}))
        live = partner.hosts(Setup({"audience": audience, "environment": "production"}))
        assert len(test) == len(live) == 1 and test != live and test[0].endswith(":443")
    assert partner.hosts(Setup({})) == ("exttest.cybertip.org:443",)


@pytest.mark.parametrize(
    "config",
    [
        {"overlap": "0"}, {"overlap": "100000"}, {"survivor_members": "4 2"},
        {"only_members": "4 2"},
        {"url": "http://127.0.0.1:1", "environment": "production"}, {"url": "gopher://x"},
        {"audience": "cyclists"},
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(config):
    with pytest.raises(NotConfigured):
        Ncmec().hosts(Setup(config))


@pytest.mark.parametrize("after", [1, 2, 3])
def test_what_passes_from_a_page_to_one_that_was_read_is_found_all_the_same(after):
    """The server cuts its pages anew each time, and entries of a page that was read leave the
    range while the others are read."""
    desk = Desk(size=3, repages=True)
    for number in range(10):
        desk.ncmec.put("42", f"e{number}", sha1=f"{number:02x}" * 20)
    desk.later(days=3)
    pages = []

    def changing() -> None:
        pages.append(len(desk.pages))
        if len(pages) == after:
            desk.later(minutes=10)
            for key in sorted(desk.entries)[:2]:
                desk.ncmec.put("42", key.removeprefix("42/"), sha1="ee" * 20)

    desk.between = changing
    desk.fetch()
    desk.between = lambda: None
    assert set(desk.entries) == {f"42/e{number}" for number in range(10)}
    desk.settled()
    assert {value for _, value in desk.held()} == {value for _, value in desk.ncmec.held()}


def test_a_partner_that_counts_more_than_it_gives_is_read_again_a_few_times_only():
    desk = Desk(size=3)
    desk.ncmec.traffic(10)
    real = desk.ncmec._link
    desk.ncmec._link = lambda given, start, most: real(given, start, most + 5)
    desk.settled()
    starts = [path for _, path, _ in desk.ncmec.calls if "start=" not in path]
    assert len(starts) == 1 + windows.AGAIN
    assert {value for _, value in desk.held()} == {value for _, value in desk.ncmec.held()}

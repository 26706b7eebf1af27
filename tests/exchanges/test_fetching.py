"""Fetching goes on where it was killed, ends what never ends, and asks nobody twice in vain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from exchanges.feeds import Desk, Feed, Killed, entry, gone, sha256
from tutela import alarms
from tutela.exchanges import fetching, outcomes, service
from tutela.exchanges.partners import Call, Fetching, Page

DAY = timedelta(days=1)


def sounding(desk: Desk, kind: str) -> bool:
    with desk.database.reading() as session:
        return "exchange:ours" in alarms.sounding(session, kind)


def test_a_run_killed_between_pages_goes_on_behind_them(desk: Desk, feed: Feed) -> None:
    asked: list[Mapping[str, Any] | None] = []
    feed.pages([entry("a", "one")], [entry("b", "two")], [entry("c", "three")])
    inner = feed.script

    def script(checkpoint: Mapping[str, Any] | None) -> Fetching:
        asked.append(checkpoint)
        yield from inner(checkpoint)

    feed.script = script
    desk.dies_after = {"stored": 2}
    with pytest.raises(Killed):
        desk.fetch()
    assert desk.values() == {sha256("one"), sha256("two")}
    assert desk.fetch() is None  # the lease of who was killed still runs
    assert desk.fetch(after=fetching.LEASE) == "complete"
    assert asked == [None, {"page": 2}]
    assert desk.values() == {sha256("one"), sha256("two"), sha256("three")}


def test_who_was_taken_over_writes_nothing_more(desk: Desk, feed: Feed) -> None:
    def script(checkpoint: Mapping[str, Any] | None) -> Fetching:
        yield Page([entry("a", "one")], {"at": 1})
        desk.at += fetching.LEASE  # it sleeps long, and another takes over
        feed.polls(entry("b", "two"))
        assert desk.fetch() == "complete"
        yield Page([entry("c", "three")], {"at": 2}, complete=True)

    feed.script = script
    assert desk.fetch() is None
    assert desk.values() == {sha256("one"), sha256("two")}


def test_pages_that_lead_where_they_have_been_are_stopped(desk: Desk, feed: Feed) -> None:
    def script(checkpoint: Mapping[str, Any] | None) -> Fetching:
        at = 0
        while True:
            at += 1
            yield Page([entry(f"k{at % 3}", "x")], {"next": at % 3})

    feed.script = script
    assert desk.fetch() == "failed"
    assert "never end" in desk.row().error
    assert sounding(desk, outcomes.FAILING)


def test_pages_without_end_are_stopped(desk: Desk, feed: Feed) -> None:
    desk.parts = fetching.Parts(
        desk.database, desk.parts.outbound, desk.parts.sealing,
        fetching.Options(pages=5), sleep=desk.parts.sleep, monotonic=desk.parts.monotonic,
    )  # fmt: skip

    def script(checkpoint: Mapping[str, Any] | None) -> Fetching:
        at = (checkpoint or {}).get("next", 0)
        while True:
            at += 1
            yield Page([], {"next": at})

    feed.script = script
    assert desk.fetch() == "failed"
    assert "more than 5 pages" in desk.row().error


def test_a_run_ends_in_time_and_goes_on_with_the_next(desk: Desk, feed: Feed) -> None:
    clock = iter(range(0, 100_000, 40))
    desk.parts = fetching.Parts(
        desk.database, desk.parts.outbound, desk.parts.sealing, desk.options,
        monotonic=lambda: next(clock),
    )  # fmt: skip
    feed.pages(*([entry(f"k{n}", f"v{n}")] for n in range(6)))
    outcomes_ = []
    while (came := desk.fetch()) == "more":
        outcomes_.append(came)
        assert len(outcomes_) < 10
    assert came == "complete"
    assert outcomes_
    assert len(desk.values()) == 6


def test_a_whole_list_that_lacks_an_entry_takes_it_out(desk: Desk, feed: Feed) -> None:
    feed.polls(entry("a", "one"), entry("b", "two"), replaces=True)
    desk.fetch()
    feed.polls(entry("b", "two"), entry("c", "three"), replaces=True)
    desk.fetch()
    assert desk.values() == {sha256("two"), sha256("three")}
    assert desk.row().entries == 2


def test_a_whole_list_killed_among_its_removals_is_removed_later(
    desk: Desk, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tutela.exchanges import storing

    monkeypatch.setattr(storing, "SWEPT", 2)
    feed.polls(*(entry(f"k{n}", f"v{n}") for n in range(9)), replaces=True)
    desk.fetch()
    feed.polls(entry("k0", "v0"), replaces=True)
    desk.dies_after = {"swept": 2}
    with pytest.raises(Killed):
        desk.fetch()
    assert desk.row().complete_at is not None
    assert desk.row().began_at is not None
    assert desk.fetch(after=fetching.LEASE) == "complete"
    assert desk.values() == {sha256("v0")}
    assert desk.row().deleted == 0


def test_too_many_deletions_wait_for_a_person_and_then_pass(desk: Desk, feed: Feed) -> None:
    desk.parts = fetching.Parts(
        desk.database, desk.parts.outbound, desk.parts.sealing,
        fetching.Options(deletions=3), monotonic=desk.parts.monotonic,
    )  # fmt: skip
    feed.polls(*(entry(f"k{n}", f"v{n}") for n in range(10)))
    desk.fetch()
    feed.polls(*(gone(f"k{n}") for n in range(4)))
    assert desk.fetch() == "held"
    assert len(desk.values()) == 10
    assert "deletes 4 entries" in desk.row().held
    assert sounding(desk, outcomes.HELD)
    assert desk.fetch() is None
    with desk.database.writing() as session:
        service.release(session, desk.at, "test", "ours", 4)
    assert not sounding(desk, outcomes.HELD)
    assert desk.fetch() == "complete"
    assert len(desk.values()) == 6
    feed.polls(*(gone(f"k{n}") for n in range(4, 8)))
    assert desk.fetch() == "held"  # what was allowed is used up


def test_deletions_add_up_over_the_pages_of_a_fetch(desk: Desk, feed: Feed) -> None:
    desk.parts = fetching.Parts(
        desk.database, desk.parts.outbound, desk.parts.sealing,
        fetching.Options(deletions=3), monotonic=desk.parts.monotonic,
    )  # fmt: skip
    feed.polls(*(entry(f"k{n}", f"v{n}") for n in range(10)))
    desk.fetch()

    def script(checkpoint: Mapping[str, Any] | None) -> Fetching:
        for n in range(10):
            yield Page([gone(f"k{n}")], {"at": n}, complete=n == 9)

    feed.script = script
    assert desk.fetch() == "held"
    assert len(desk.values()) == 7


def test_a_checkpoint_that_grew_old_is_dropped_and_what_is_gone_goes(
    desk: Desk, feed: Feed
) -> None:
    feed.checkpoint_lasts = timedelta(days=30)
    feed.polls(entry("a", "one"), entry("b", "two"))
    desk.fetch()
    seen: list[Any] = []

    def script(checkpoint: Mapping[str, Any] | None) -> Fetching:
        seen.append(checkpoint)
        yield Page([entry("b", "two")], {"poll": 1}, complete=True)

    feed.script = script
    desk.fetch(after=29 * DAY)
    assert desk.values() == {sha256("one"), sha256("two")}
    desk.fetch(after=31 * DAY)
    assert seen == [{"poll": 1}, None]
    assert desk.values() == {sha256("two")}


def test_a_module_that_fails_keeps_the_checkpoint_and_is_told(desk: Desk, feed: Feed) -> None:
    feed.polls(entry("a", "one"))
    desk.fetch()

    def script(checkpoint: Mapping[str, Any] | None) -> Fetching:
        raise ValueError("its value 1234 is wrong")
        yield

    feed.script = script
    assert desk.fetch() == "failed"
    assert desk.row().checkpoint == '{"poll":1}'
    assert "1234" not in desk.row().error
    assert sounding(desk, outcomes.FAILING)
    feed.polls(entry("b", "two"))
    assert desk.fetch() == "complete"
    assert not sounding(desk, outcomes.FAILING)


def test_a_call_goes_to_no_host_that_the_partner_does_not_name(desk: Desk, feed: Feed) -> None:
    feed.named_hosts = ("lists.example",)

    def script(checkpoint: Mapping[str, Any] | None) -> Fetching:
        yield Call("GET", "https://elsewhere.example/")

    feed.script = script
    assert desk.fetch() == "failed"
    assert "not listed" in desk.row().error


def test_a_file_is_read_only_where_a_setting_says(desk: Desk, feed: Feed) -> None:
    def script(checkpoint: Mapping[str, Any] | None) -> Fetching:
        yield Call("READ", "/etc/hostname")

    feed.script = script
    assert desk.fetch() == "failed"
    assert "no setting names" in desk.row().error


def test_a_list_not_fetched_for_too_long_sounds_until_it_is(desk: Desk, feed: Feed) -> None:
    feed.polls()
    desk.fetch()
    desk.at += DAY
    outcomes.sound_stale(desk.database)
    assert not sounding(desk, outcomes.STALE)
    desk.at += timedelta(seconds=1)
    outcomes.sound_stale(desk.database)
    assert sounding(desk, outcomes.STALE)
    desk.fetch()
    assert not sounding(desk, outcomes.STALE)


def test_what_is_paused_held_or_refused_is_not_due(desk: Desk, feed: Feed) -> None:
    def due() -> list[str]:
        with desk.database.reading() as session:
            return list(fetching.due(session, desk.at))

    assert due() == [str(desk.id)]
    with desk.database.writing() as session:
        service.pause(session, desk.at, "test", "ours")
    assert due() == []
    assert desk.fetch() is None

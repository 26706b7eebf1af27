"""What a partner says of an entry replaces what it said before, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from exchanges.feeds import START, Desk, Feed, entry, gone, sha256
from tutela.banks.models import BankedSignal
from tutela.exchanges.partners import Entry, Listed, Opinion

HOUR = timedelta(hours=1)


def test_a_list_comes_into_its_bank(desk: Desk, feed: Feed) -> None:
    feed.polls(entry("a", "one", "two"), entry("b", "three"))
    assert desk.fetch() == "complete"
    assert desk.values() == {sha256("one"), sha256("two"), sha256("three")}
    assert desk.row().entries == 2


def test_an_update_takes_out_what_went_and_puts_in_what_is_new(desk: Desk, feed: Feed) -> None:
    feed.polls(entry("a", "one", "two"))
    desk.fetch()
    feed.polls(entry("a", "two", "three"))
    desk.fetch()
    assert desk.values() == {sha256("two"), sha256("three")}
    assert (desk.run().added, desk.run().removed) == (1, 1)


def test_a_deletion_takes_out_all_of_an_entry(desk: Desk, feed: Feed) -> None:
    feed.polls(entry("a", "one", "two"), entry("b", "three"))
    desk.fetch()
    feed.polls(gone("a"))
    desk.fetch()
    assert desk.values() == {sha256("three")}
    assert desk.row().entries == 1


def test_what_is_older_than_what_is_held_is_passed_over(desk: Desk, feed: Feed) -> None:
    feed.polls(entry("a", "new", at=START), gone("b", START), entry("c", "kept", at=START))
    desk.fetch()
    feed.polls(
        entry("a", "old", at=START - HOUR), entry("b", "old", at=START - HOUR),
        gone("c", START - HOUR),
    )  # fmt: skip
    desk.fetch()
    assert desk.values() == {sha256("new"), sha256("kept")}


def test_of_one_entry_twice_on_a_page_the_newer_counts(desk: Desk, feed: Feed) -> None:
    feed.polls(entry("a", "new", at=START), entry("a", "old", at=START - HOUR))
    desk.fetch()
    assert desk.values() == {sha256("new")}


def test_what_comes_again_as_it_was_changes_no_bank(desk: Desk, feed: Feed) -> None:
    feed.polls(entry("a", "one", at=START), entry("b", "two"))
    desk.fetch()
    before = desk.bank().version
    feed.polls(entry("a", "one", at=START + HOUR), entry("b", "two"))
    desk.fetch()
    assert desk.bank().version == before
    feed.polls(gone("a", START + HOUR / 2))
    desk.fetch()
    assert sha256("one") in desk.values()  # its time was taken over


def test_an_entry_that_changes_its_role_moves_to_the_other_bank(desk: Desk, feed: Feed) -> None:
    feed.polls(entry("a", "one"))
    desk.fetch()
    feed.polls(entry("a", "one", role="survivor"))
    desk.fetch()
    assert desk.values() == set()
    assert desk.values("survivor") == {sha256("one")}


def test_of_two_members_one_withdraws_and_the_other_still_holds(desk: Desk, feed: Feed) -> None:
    feed.polls(
        entry("m1/7", "one", member="m1", external_id="7"),
        entry("m2/7", "one", member="m2", external_id="7"),
    )
    desk.fetch()
    assert desk.bank().signals == 2
    feed.polls(gone("m1/7", member="m1", external_id="7"))
    desk.fetch()
    assert desk.values() == {sha256("one")}


def test_two_entries_of_one_file_own_what_both_say(desk: Desk, feed: Feed) -> None:
    feed.polls(entry("a", "one", external_id="f"), entry("b", "one", external_id="f"))
    desk.fetch()
    feed.polls(gone("a"))
    desk.fetch()
    assert desk.values() == {sha256("one")}
    feed.polls(gone("b"))
    desk.fetch()
    assert desk.values() == set()


def test_an_entry_renamed_on_one_page_stays(desk: Desk, feed: Feed) -> None:
    feed.polls(entry("a", "one", external_id="f"))
    desk.fetch()
    feed.polls(entry("b", "one", external_id="f"), gone("a"))
    desk.fetch()
    assert desk.values() == {sha256("one")}


def test_what_cannot_be_kept_is_counted_and_the_rest_stays(desk: Desk, feed: Feed) -> None:
    feed.polls(
        Entry("a", None, (Listed("sha256", "no digest"), Listed("sha256", sha256("one")))),
        Entry("b", None, (Listed("no-such-type", "00"),)),
        entry("c" * 301, "two"), entry("d\0", "three"), entry("", "four"),
        entry("e", "five", labels=("A1", "no code")), entry("f", "six", extra={"n": "x" * 20_000}),
    )  # fmt: skip
    assert desk.fetch() == "complete"
    assert desk.values() == {sha256("one"), sha256("five"), sha256("six")}
    assert desk.run().rejected == 7
    assert "no digest" not in desk.run().faults
    assert "sha256 values that are none" in desk.run().faults


def test_a_stamp_far_ahead_does_not_stop_later_changes(desk: Desk, feed: Feed) -> None:
    feed.polls(entry("a", "one", at=START.replace(year=9999)))
    desk.fetch()
    feed.polls(entry("a", "two", at=START + HOUR))
    desk.fetch(after=2 * HOUR)
    assert desk.values() == {sha256("two")}


def test_opinions_are_kept_and_follow_the_latest(desk: Desk, feed: Feed) -> None:
    def opinions() -> dict[str, int]:
        with desk.database.reading() as session:
            rows = session.execute(select(BankedSignal.external_id, BankedSignal.opinion))
            return {row[0]: row[1] for row in rows}

    feed.polls(
        entry("a", "one"), entry("b", "one", opinion=Opinion.NEGATIVE),
        entry("c", "one", opinion=Opinion.SEED),
    )  # fmt: skip
    desk.fetch()
    assert opinions() == {"a": 1, "b": -1, "c": 0}
    feed.polls(entry("b", "one", opinion=Opinion.POSITIVE))
    desk.fetch()
    assert opinions()["b"] == 1


def test_many_entries_in_one_page_go_and_come(desk: Desk, feed: Feed) -> None:
    feed.polls(*(entry(f"k{n}", f"v{n}", f"w{n}") for n in range(1200)))
    desk.fetch()
    assert len(desk.values()) == 2400
    feed.polls(*(gone(f"k{n}") for n in range(0, 1200, 2)))
    desk.fetch()
    assert len(desk.values()) == 1200
    assert desk.row().entries == 600

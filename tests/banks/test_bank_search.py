"""From signals to matches: what the banks say, now."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from banks.lists import make_bank
from tutela.banks import changes, made_picture, service
from tutela.banks.changes import From, New
from tutela.banks.live import BankIndex
from tutela.banks.search import BankSearch
from tutela.matching import Match
from tutela.signals import Signal
from tutela.storage import Database, schema

VALUE = random.Random(1).randbytes(32)
CLOCK = [datetime(2026, 11, 24, tzinfo=UTC)]
Search = Callable[..., list[Match]]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with a clock that a test may set."""
    CLOCK[0] = datetime(2026, 11, 24, tzinfo=UTC)
    with Database(database_url, now=lambda: CLOCK[0]) as opened:
        schema.upgrade(opened)
        yield opened


@pytest.fixture
def search(database: Database, tmp_path) -> Iterator[Search]:
    with BankIndex(database, tmp_path / "index", ["md5", "sha1", "sha256", "pdq"]) as held:

        def ask(value: bytes = VALUE, bits: int = 0, distance: int | None = None) -> list[Match]:
            held.make_ready()
            turned = (int.from_bytes(value) ^ ((1 << bits) - 1)).to_bytes(32)
            signal = Signal("pdq", turned.hex(), 90, frame=0)
            return BankSearch(held, database).search([signal], distance)

        yield ask


def fill(database: Database, bank: int, *new: New) -> None:
    with database.writing() as session:
        changes.add(session, database.now(), "shell:ann", bank, new)


def change(database: Database, **values) -> None:
    with database.writing() as session:
        service.change(session, database.now(), "shell:ann", "roads", values)


def test_each_bank_has_a_distance_of_its_own(database, search):
    for name, distance in (("narrow", 4), ("usual", None), ("wide", 40), ("widest", 41)):
        fill(database, make_bank(database, name, distance=distance), New("pdq", VALUE))
    for bits, names in (
        (4, "narrow usual wide widest"), (5, "usual wide widest"), (32, "wide widest"),
        (41, "widest"), (42, ""),
    ):  # fmt: skip
        matches = search(bits=bits)
        assert sorted(m.owner for m in matches) == names.split(), bits
        assert {m.owner for m in matches if m.only_review} <= {"widest"}
    assert not search(bits=5, distance=4)


def test_a_bank_that_is_off_gives_nothing_until_it_is_on_again(database, search):
    fill(database, make_bank(database), New("pdq", VALUE))
    until = CLOCK[0] + timedelta(hours=1)
    with database.writing() as session:
        service.disable(session, database.now(), "shell:ann", "roads", until)
    assert not search()
    CLOCK[0] = until
    assert search()
    CLOCK[0] -= timedelta(days=3)  # the clock is set back
    assert not search()
    with database.writing() as session:
        service.enable(session, database.now(), "shell:ann", "roads")
    assert search()
    with database.writing() as session:
        service.disable(session, database.now(), "shell:ann", "roads")
    CLOCK[0] += timedelta(days=3000)
    assert not search()


def test_a_match_says_all_that_the_bank_knows(database, search):
    bank = make_bank(database, source="them")
    fill(
        database, bank,
        New("pdq", VALUE, From(member="a"), "1", 40, "x y"),
        New("pdq", VALUE, From(member="b"), "2", 70, "y z"),
        New("pdq", VALUE, From(member="b"), "3"),
    )  # fmt: skip
    (match,) = search(bits=2)
    assert (match.owner, match.source, match.purpose) == ("roads", "them", "known-csea")
    assert (match.owners, match.members, match.labels) == (3, 2, ("x", "y", "z"))
    assert (match.known.quality, match.distance) == (70, 2)


def test_a_rollout_takes_the_same_share_of_items_each_time(database, search):
    rng = random.Random(2)
    values = [rng.randbytes(32) for _ in range(600)]
    fill(database, make_bank(database, rollout=0.3), *(New("pdq", value) for value in values))
    first = [bool(search(value)) for value in values]
    assert 0.22 < sum(first) / len(first) < 0.38
    assert [bool(search(value)) for value in values[:50]] == first[:50]
    change(database, rollout=0.0)
    assert not any(search(value) for value in values[:50])
    change(database, rollout=1.0)
    assert all(search(value) for value in values[:50])


def test_what_never_matches_says_so(database, search):
    fill(database, make_bank(database, "logos", "never-match"), New("pdq", VALUE))
    (match,) = search(bits=3)
    assert match.vetoes


def test_the_test_picture_is_found_by_every_type(database, tmp_path):
    with database.writing() as session:
        made_picture.ensure(session, database.now(), "shell:ann")
        made_picture.ensure(session, database.now(), "shell:ann")
    with BankIndex(database, tmp_path / "index", made_picture.TYPES) as held:
        held.make_ready()
        matches = BankSearch(held, database).search(made_picture.signals())
    assert sorted(m.signal.type for m in matches) == sorted(made_picture.TYPES)
    assert {(m.owner, m.purpose) for m in matches} == {(service.TEST, "test")}


def owner(member: str, opinion: int, external: str = "") -> New:
    return New("pdq", VALUE, From(member=member), external, 90, opinion=opinion)


def test_members_are_those_who_say_that_it_belongs_there(database, search):
    bank = make_bank(database, "roads")
    fill(database, bank, owner("a", 1), owner("b", 1), owner("b", 1, "2"), owner("c", 0))
    (match,) = search()
    assert (match.members, match.disputed, match.seed) == (2, False, False)
    fill(database, bank, owner("d", -1))
    (match,) = search()
    assert (match.members, match.disputed, match.seed) == (2, True, False)


def test_what_nobody_checked_is_a_seed(database, search):
    bank = make_bank(database, "roads")
    fill(database, bank, owner("a", 0), owner("b", -1))
    (match,) = search()
    assert (match.members, match.disputed, match.seed) == (0, True, True)


def test_what_all_owners_deny_matches_nothing_until_one_says_otherwise(database, search):
    bank = make_bank(database, "roads")
    fill(database, bank, owner("a", -1), owner("b", -1))
    assert search() == []
    fill(database, bank, owner("b", 1))
    (match,) = search()
    assert (match.members, match.disputed) == (1, True)


def test_a_harmless_bank_vetoes_by_what_was_checked_only(database, search):
    bank = make_bank(database, "logos", purpose="never-match")
    fill(database, bank, owner("a", 0))
    assert [match.vetoes for match in search()] == [False]
    fill(database, bank, owner("b", 1))
    assert [match.vetoes for match in search()] == [True]

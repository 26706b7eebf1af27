"""Contents: signals that come and go together, on either database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from banks.lists import make_bank
from tutela.banks import changes, known_contents, removing, service
from tutela.banks.changes import From, New
from tutela.banks.models import BankedSignal, Content, ContentSignal, Withheld

PDQ, MD5 = bytes(range(32)), bytes(16)
SIGNALS = [New("pdq", PDQ, From(hashed_by="tests"), quality=90, labels="a b"), New("md5", MD5)]


@pytest.fixture
def roads(database):
    make_bank(database, "roads", "test")
    return database


def add(database, **more):
    with database.writing() as session:
        bank = service.get(session, "roads")
        return known_contents.add(session, database.now(), "key:x", bank, SIGNALS, **more).id


def act(database, what, number, *given):
    with database.writing() as session:
        what(session, database.now(), "key:x", session.get_one(Content, number), *given)


def rows(database):
    """All that is in the bank, without what is new each time: numbers and the time it was added."""
    with database.reading() as session:
        return sorted(
            (one.type, one.value, one.origin_id, one.external_id, one.quality, one.labels,
             one.opinion, one.first_seen)
            for one in session.scalars(select(BankedSignal).where(BankedSignal.bank_id == bank(
                session).id))
        )  # fmt: skip


def bank(session):
    return service.get(session, "roads")


def count(database, table):
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


def values(database, number):
    with database.reading() as session:
        return known_contents.values(session, session.get_one(Content, number))


def test_a_content_has_a_number_that_no_signal_has(roads):
    first, second = add(roads, note="by night", facts={"json": {"k": 1}}), add(roads)
    with roads.reading() as session:
        numbers = session.scalars(select(BankedSignal.id)).all()
        found = known_contents.of_signals(session, numbers)
        content = session.get_one(Content, first)
        assert (content.note, content.facts) == ("by night", '{"json": {"k": 1}}')
    assert len({first, second, *numbers}) == 2 + len(numbers)
    assert sorted(found.values()) == [first, first, second, second]
    assert values(roads, first) == {"pdq": PDQ.hex(), "md5": MD5.hex()}


def test_what_is_off_is_out_of_the_bank_and_comes_back_as_it_was(roads):
    number = add(roads)
    before = rows(roads)
    with roads.reading() as session:
        root = changes.recomputed_root(session, bank(session))
    act(roads, known_contents.switch_off, number, None)
    assert rows(roads) == [] and count(roads, ContentSignal) == 0
    assert values(roads, number) == {"pdq": PDQ.hex(), "md5": MD5.hex()}
    act(roads, known_contents.switch_off, number, roads.now() + timedelta(hours=1))
    act(roads, known_contents.switch_on, number)
    assert rows(roads) == before and count(roads, Withheld) == 0
    with roads.reading() as session:
        assert changes.recomputed_root(session, bank(session)) == root
    act(roads, known_contents.switch_on, number)
    assert rows(roads) == before


def test_one_that_was_off_until_a_time_comes_back_then_and_not_before(roads):
    number, now = add(roads), roads.now()
    before = rows(roads)
    act(roads, known_contents.switch_off, number, now + timedelta(hours=1))
    with roads.reading() as session:
        assert known_contents.due(session, now + timedelta(minutes=59), 10) == []
        assert known_contents.due(session, now + timedelta(hours=1), 10) == [str(number)]
    known_contents.put_back(roads, number)
    assert rows(roads) == []  # its time has not come
    roads.now = lambda: now + timedelta(hours=2)
    known_contents.put_back(roads, number)
    known_contents.put_back(roads, number)
    assert rows(roads) == before
    with roads.reading() as session:
        assert known_contents.due(session, roads.now(), 10) == []


def test_for_good_is_for_good(roads):
    number = add(roads)
    act(roads, known_contents.switch_off, number, None)
    with roads.reading() as session:
        assert known_contents.due(session, roads.now() + timedelta(days=9999), 10) == []


def test_a_value_that_a_person_takes_out_does_not_come_back_with_its_content(roads):
    number, other = add(roads), add(roads)
    act(roads, known_contents.switch_off, number, roads.now() + timedelta(hours=1))
    assert removing.remove_value(roads, "shell:ann", "roads", "md5", MD5.hex()) == 2
    act(roads, known_contents.switch_on, number)
    assert [row[0] for row in rows(roads)] == ["pdq", "pdq"]
    assert values(roads, other) == values(roads, number) == {"pdq": PDQ.hex()}
    act(roads, known_contents.switch_off, number, None)
    assert removing.remove_value(roads, "shell:ann", "roads", "pdq", PDQ.hex()) == 2
    assert values(roads, number) == {}


@pytest.mark.parametrize("off", [False, True])
def test_one_that_is_removed_leaves_nothing_and_others_stay(roads, off):
    number, other = add(roads), add(roads)
    if off:
        act(roads, known_contents.switch_off, number, None)
    act(roads, known_contents.remove, number)
    assert count(roads, Content) == 1 and count(roads, Withheld) == 0
    assert len(rows(roads)) == 2 and len(values(roads, other)) == 2


def test_a_bank_that_is_deleted_takes_its_contents_with_it(roads):
    number = add(roads)
    add(roads)
    act(roads, known_contents.switch_off, number, roads.now() + timedelta(seconds=1))
    with roads.writing() as session:
        service.mark_deleted(session, roads.now(), "shell:ann", "roads")
    with roads.reading() as session:
        assert known_contents.due(session, roads.now() + timedelta(hours=1), 10) == []
    assert service.purge(roads) == 2
    assert [count(roads, t) for t in (Content, ContentSignal, Withheld, BankedSignal)] == [0] * 4


def test_a_bank_gets_another_name_and_keeps_what_it_has(roads):
    add(roads)
    before = rows(roads)
    with roads.writing() as session:
        service.rename(session, roads.now(), "key:x", "roads", "_paths")
        assert service.rename(session, roads.now(), "key:x", "_paths", "roads").signals == 2
    assert rows(roads) == before

"""Who leaves a programme keeps nothing of it, and can prove it."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from exchanges.feeds import Desk, Feed, entry, gone, sha256
from tutela.banks import roots
from tutela.banks import service as banks
from tutela.banks.models import Bank, BankedSignal
from tutela.exchanges import leaving, secrets, service
from tutela.exchanges.errors import ExchangeRefused
from tutela.exchanges.models import Exchange, Filled, Held
from tutela.signatures import SigningKey


def left(desk: Desk) -> dict:
    with desk.database.writing() as session:
        leaving.leave(session, desk.at, "person:ann", "ours")
    return leaving.finish(desk.database, "person:ann", "ours")


def count(desk: Desk, table: type) -> int:
    with desk.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_all_of_it_goes_and_the_statement_says_what_there_was(desk: Desk, feed: Feed) -> None:
    feed.polls(entry("a", "one", "two"), entry("b", "three", role="survivor"))
    desk.fetch()
    before = {role: roots.root(desk.bank(role).state) for role in ("known", "survivor")}
    with desk.database.writing() as session:
        row = session.get_one(Exchange, desk.id)
        secrets.put(session, desk.at, "test", desk.sealing, row, {"token": "bicycle"})
    said = left(desk)
    assert {one["role"]: one["root_before"] for one in said["banks"]} == before
    assert {one["root_after"] for one in said["banks"]} == {roots.root(roots.EMPTY)}
    assert [one["signals"] for one in said["banks"]] == [2, 1]
    assert (said["remaining"], said["entries"], said["secrets"]) == (0, 2, "wiped")
    assert count(desk, BankedSignal) == count(desk, Held) == count(desk, Filled) == 0
    assert count(desk, Bank) == 0
    row = desk.row()
    assert row.sealed is None and row.left_at == desk.at and row.checkpoint is None
    assert desk.fetch() is None


def test_a_bank_whose_licence_lets_it_stay_is_kept_and_matches_no_more(
    desk: Desk, feed: Feed
) -> None:
    feed.polls(entry("a", "one"), entry("b", "two", role="survivor"))
    desk.fetch()
    name = desk.bank("survivor").name
    with desk.database.writing() as session:
        banks.change(session, desk.at, "test", name, {"delete_on_leaving": False})
    said = {one["role"]: one for one in left(desk)["banks"]}
    assert (said["known"]["deleted"], said["survivor"]["deleted"]) == (True, False)
    with desk.database.reading() as session:
        kept = session.scalars(select(Bank)).one()
        assert (kept.name, kept.signals, kept.disabled) == (name, 1, True)


def test_it_can_be_finished_after_it_was_killed_and_said_again(desk: Desk, feed: Feed) -> None:
    feed.polls(entry("a", "one"))
    desk.fetch()
    with pytest.raises(ExchangeRefused, match="was not left"):
        leaving.finish(desk.database, "test", "ours")
    with desk.database.writing() as session:
        leaving.leave(session, desk.at, "test", "ours")
    banks.purge(desk.database)  # the worker was faster
    first = leaving.finish(desk.database, "test", "ours")
    again = leaving.finish(desk.database, "test", "ours")
    assert first["banks"] == again["banks"]
    with desk.database.writing() as session, pytest.raises(ExchangeRefused):
        leaving.leave(session, desk.at, "test", "ours")


def test_the_statement_is_signed(desk: Desk, feed: Feed, tmp_path) -> None:
    feed.polls(entry("a", "one"))
    desk.fetch()
    said = left(desk)
    key = SigningKey.make(tmp_path / "audit.key")
    assert key.public.opened(leaving.statement(key, said), leaving.KIND) == said


def test_a_bank_deleted_beside_the_exchange_stops_it_and_blocks_no_purge(
    desk: Desk, feed: Feed
) -> None:
    feed.polls(entry("a", "one"), gone("b"))
    desk.fetch()
    with desk.database.writing() as session:
        banks.mark_deleted(session, desk.at, "test", desk.bank().name)
    assert banks.purge(desk.database) == 1
    feed.polls(entry("c", "two"))
    assert desk.fetch() == "failed"
    assert sha256("two") not in str(desk.row().error)
    with desk.database.reading() as session:
        assert [role for role, _ in service.filled(session, desk.row())] == ["survivor"]

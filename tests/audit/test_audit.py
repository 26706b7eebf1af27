"""The log: a chain and a tree that nobody can change unseen, and a check that says where."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, IntegrityError

from tutela import audit
from tutela.audit import checkpoints, tree
from tutela.audit.models import Entry, Head
from tutela.audit.service import canonical, entries
from tutela.audit.verification import verify
from tutela.errors import TutelaError
from tutela.signatures import SigningKey
from tutela.storage import Database


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return SigningKey.make(tmp_path / "keys" / "audit.key")


def log(database: Database, count: int, **facts: str | int) -> None:
    for number in range(count):
        with database.writing() as session:
            audit.append(
                session, database.now(), "shell:ann", "bicycle.ride", f"road:{number}", **facts
            )


def tamper(database: Database, *statements: str) -> None:
    """What someone with the database's password can do."""
    with database.writing() as session:
        if database.is_sqlite:
            session.execute(text("DROP TRIGGER IF EXISTS audit_entry_no_update"))
            session.execute(text("DROP TRIGGER IF EXISTS audit_entry_no_delete"))
        else:
            session.execute(text("DROP TRIGGER IF EXISTS audit_entry_no_change ON audit_entry"))
        for statement in statements:
            session.execute(text(statement))


def faults(database: Database, folder: Path, key: SigningKey) -> str:
    return "\n".join(verify(database, folder, key.public).faults)


@given(st.lists(st.binary(max_size=40), max_size=80))
def test_the_root_is_that_of_rfc_6962(leaves: list[bytes]):
    oracle = InmemoryTree(algorithm="sha256")
    frontier: list[bytes] = []
    for size, data in enumerate(leaves):
        oracle.append_entry(data)
        frontier = tree.grown(frontier, size, tree.leaf(data))
        assert len(frontier) == (size + 1).bit_count()
    assert tree.root(frontier) == (oracle.get_root() if leaves else tree.EMPTY)


def test_what_was_appended_is_whole(database, tmp_path, key):
    log(database, 20, note="snow, later clearing — 3 °C")
    checkpoints.write(database, tmp_path, key)
    log(database, 3)
    found = verify(database, tmp_path, key.public)
    assert (found.faults, found.entries, found.signed) == ((), 23, 20)


def test_many_who_append_at_once_leave_no_gap(database, tmp_path, key):
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: log(database, 5), range(4)))
    with database.reading() as session:
        assert [entry.number for entry in entries(session)] == list(range(1, 21))
    assert not faults(database, tmp_path, key)


def test_an_act_that_was_rolled_back_is_not_in_the_log(database):
    with pytest.raises(RuntimeError), database.writing() as session:
        audit.append(session, database.now(), "shell:ann", "bicycle.ride", "road:1")
        raise RuntimeError
    with database.reading() as session:
        assert not list(entries(session))


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"],
)
def test_the_database_refuses_to_change_the_log(database, statement):
    log(database, 2)
    if database.is_sqlite and statement.startswith("TRUNCATE"):
        statement = "DELETE FROM audit_entry WHERE number = 2"
    with (
        pytest.raises((TutelaError, IntegrityError, DatabaseError), match="only be appended"),
        database.writing() as session,
    ):
        session.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit_entry SET facts = '{}' WHERE number = 4", "Entry 4 was changed"),
        ("UPDATE audit_entry SET actor = 'shell:bob' WHERE number = 4", "Entry 4 was changed"),
        ("UPDATE audit_entry SET at = '1999-01-01' WHERE number = 1", "Entry 1 was changed"),
        ("UPDATE audit_entry SET subject = 'lane:9' WHERE number = 10", "Entry 10 was changed"),
        ("DELETE FROM audit_entry WHERE number = 5", "Entry 5 is missing"),
        ("DELETE FROM audit_entry WHERE number BETWEEN 3 AND 6", "Entries 3 to 6 are missing"),
        ("DELETE FROM audit_entry WHERE number > 7", "Entries 8 to 10 are missing: the end"),
        ("DELETE FROM audit_entry", "Entries 1 to 10 are missing"),
        ("UPDATE audit_entry SET number = 11 WHERE number = 10", "Entry 10 is missing"),
        ("DELETE FROM audit_head", "The head of the log is missing"),
        ("UPDATE audit_head SET number = 3", "set back to entry 3"),
        ("UPDATE audit_head SET hash = frontier", "head"),
    ],
)
def test_any_change_is_found_and_said_where(database, tmp_path, key, statement, said):
    log(database, 10, distance=7)
    checkpoints.write(database, tmp_path, key)
    tamper(database, statement)
    assert said in faults(database, tmp_path, key)


def test_a_cut_tail_is_found_though_the_head_was_set_back(database, tmp_path, key):
    log(database, 6)
    with database.reading() as session:
        old = session.get(Head, 1)
        before = (old.number, old.hash, old.frontier)
    log(database, 4)
    checkpoints.write(database, tmp_path, key)
    tamper(database, "DELETE FROM audit_entry WHERE number > 6")
    with database.writing() as session:
        head = session.get(Head, 1)
        head.number, head.hash, head.frontier = before
    assert "Entries 7 to 10 are missing: the end was cut off" in faults(database, tmp_path, key)


def test_a_chain_rewritten_from_one_entry_on_is_found_by_the_checkpoint(database, tmp_path, key):
    log(database, 4)
    checkpoints.write(database, tmp_path, key)
    log(database, 4)
    checkpoints.write(database, tmp_path, key)
    tamper(database)
    with database.writing() as session:
        previous, frontier = tree.EMPTY, []
        for entry in session.query(Entry).order_by(Entry.number):
            if entry.number == 6:
                entry.actor = "shell:nobody"
            entry.hash = tree.leaf(canonical(entry, previous))
            frontier = tree.grown(frontier, entry.number - 1, entry.hash)
            previous = entry.hash
        head = session.get(Head, 1)
        head.hash, head.frontier = previous, b"".join(frontier)
    assert "Entries 5 to 8 are not what was signed" in faults(database, tmp_path, key)


def test_a_checkpoint_that_was_edited_removed_or_renamed_is_found(database, tmp_path, key):
    for _ in range(3):
        log(database, 2)
        checkpoints.write(database, tmp_path, key)
    middle = tmp_path / f"{4:012}.json"
    data = middle.read_bytes()
    middle.unlink()
    assert "before 000000000006.json was removed" in faults(database, tmp_path, key)
    middle.write_bytes(data.replace(b"a", b"b", 1))
    assert "000000000004.json is not valid" in faults(database, tmp_path, key)
    for broken in (b"", b"{}", b"[" * 100_000, data[:50], b"\xff" * 10):
        middle.write_bytes(broken)
        assert "000000000004.json is not valid" in faults(database, tmp_path, key)
    middle.unlink()
    (tmp_path / f"{5:012}.json").write_bytes(data)
    assert "is that of 4 entries, renamed" in faults(database, tmp_path, key)


def test_a_checkpoint_of_another_key_is_not_believed(database, tmp_path, key):
    log(database, 2)
    checkpoints.write(database, tmp_path / "c", SigningKey.make(tmp_path / "other.key"))
    assert "not signed with the key" in faults(database, tmp_path / "c", key)


def test_a_log_that_has_not_grown_needs_no_checkpoint(database, tmp_path, key):
    assert checkpoints.write(database, tmp_path, key) is None
    log(database, 1)
    assert checkpoints.write(database, tmp_path, key) is not None
    assert checkpoints.write(database, tmp_path, key) is None


def test_a_checkpoint_that_cannot_be_written_says_so(database, tmp_path, key):
    log(database, 1)
    (tmp_path / "file").write_text("")
    with pytest.raises(checkpoints.CheckpointError, match="The log itself is well"):
        checkpoints.write(database, tmp_path / "file" / "c", key)


def test_a_clock_that_was_set_back_is_no_fault(database_url, tmp_path, key):
    from tutela.storage import schema

    times = iter([datetime(2026, 11, 24, tzinfo=UTC) - timedelta(days=d) for d in range(40)])
    with Database(database_url, now=lambda: next(times)) as database:
        schema.upgrade(database)
        log(database, 5)
        checkpoints.write(database, tmp_path, key)
        assert not faults(database, tmp_path, key)

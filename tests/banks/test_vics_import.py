"""A VICS hash set is stored in windows of sorted signals: whenever it is stopped, nothing is lost
and nothing comes twice."""

from __future__ import annotations

import hashlib
import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from banks.lists import killed_and_run_again, make_bank
from banks.test_vics import hash_set, md5, media
from tutela.banks import service
from tutela.banks.changes import From
from tutela.banks.errors import BankError, ListRefused
from tutela.banks.importing import Progress
from tutela.banks.models import Import
from tutela.banks.search import owners
from tutela.banks.vics_import import VicsImporter
from tutela.banks.window import Window
from tutela.storage import Database

NONE = ["8,it has no MD5,"]
"""The rejected line of `some`."""


def some(count: int = 90) -> list[object]:
    """Records of which a third is of no category, and the eighth is none."""
    made = [media(n, n % 3, SHA1=hashlib.sha1(b"%d" % n).hexdigest()) for n in range(count)]
    made[7] = media(7, 1, MD5="none")
    return made


def importer(database: Database, chunk: int = 10, window: int = 35) -> VicsImporter:
    return VicsImporter(
        database, "ann", "roads", {1: "a1", 2: "b2"}, chunk=chunk, window=window, hashed_by="a tool"
    )  # fmt: skip


def held(database: Database) -> list[tuple[object, ...]]:
    with database.reading() as session:
        found = owners(session, bank=service.get(session, "roads"), limit=100_000)
    return sorted((o.type, o.value, o.external_id, o.labels, o.hashed_by) for o in found)


def stop_at(number: int):
    """What raises when it is told for the time `number`, as if the power went."""
    told = []

    def tell(reached: Progress) -> None:
        told.append(reached)
        if len(told) == number:
            raise KeyboardInterrupt

    return tell


@given(
    st.lists(st.tuples(
        st.binary(min_size=16, max_size=16), st.sampled_from(["a1", "b2"]),
        st.lists(st.sampled_from([("md5", b"m" * 16), ("sha1", b"s" * 20), ("sha1", b"t" * 20),
                                  ("photodna", bytes(144))]), max_size=4),
    ), max_size=12),
    st.integers(0, 50),
)  # fmt: skip
def test_a_window_gives_what_was_put_in_by_type_and_value(records, start):
    window = Window(From("x"))
    for name, labels, values in records:
        window.add(name, labels, values)
    given = [
        (kind, value, name.hex(), labels) for name, labels, values in records
        for kind, value in values
    ]  # fmt: skip
    whole = [(s.type, s.value, s.external_id, s.labels) for s in window.signals()]
    assert whole == sorted(given, key=lambda one: one[:2]) and len(window) == len(whole)
    assert [s.value for s in window.signals(start)] == [one[1] for one in whole[start:]]


@pytest.mark.parametrize("window", [1, 35, 1000])
def test_windows_of_any_size_store_the_same(database, tmp_path, window):
    make_bank(database)
    told: list[Progress] = []
    made = importer(database, 10, window)
    done = made.run(io.BytesIO(hash_set(*some()).encode()), tmp_path / "r", told.append)
    assert (done.line, done.added, done.known, done.rejected) == (90, 118, 0, 1)
    assert told[-1] == done and [t.added for t in told] == sorted(t.added for t in told)
    expected = {
        (kind, value, md5(n), ("a1",) if n % 3 == 1 else ("b2",), "a tool")
        for n in range(90) if n % 3 and n != 7
        for kind, value in (("md5", md5(n)), ("sha1", hashlib.sha1(b"%d" % n).hexdigest()))
    }  # fmt: skip
    assert held(database) == sorted(expected)


@pytest.mark.parametrize("number", range(1, 13))
@pytest.mark.parametrize("second", [35, 7, 1000])
def test_an_import_stopped_in_a_window_goes_on_behind_what_is_stored(
    database, tmp_path, number, second
):
    """Also where windows have another size now."""
    make_bank(database)
    path = tmp_path / "set.json"
    path.write_text(hash_set(*some()))
    with path.open("rb") as stream, pytest.raises(KeyboardInterrupt):
        importer(database).run(stream, tmp_path / "r", stop_at(number))
    before = len(held(database))
    again = importer(database, window=second)
    with path.open("rb") as stream:
        done = again.run(stream, tmp_path / "r")
    assert done.resumed and done.line == 90 and 0 < before < 118
    assert (done.added, done.known, done.rejected) == (118, 0, 1)
    assert again.media.left_out == {0: 30}
    assert (tmp_path / "r").read_text().splitlines()[1:] == NONE
    assert len(held(database)) == 118
    with database.reading() as session:
        row = session.scalars(select(Import)).one()
    assert row.finished_at and (row.window_line, row.window_stored) == (None, 0)


def test_an_end_that_was_not_written_down_is_written_the_next_time(database, tmp_path):
    """All of a last window is stored, with the end, or not."""
    make_bank(database)
    text = hash_set(*some()).encode()
    told: list[Progress] = []
    importer(database).run(io.BytesIO(text), tmp_path / "r", told.append)
    with pytest.raises(KeyboardInterrupt):
        importer(database).run(io.BytesIO(text), tmp_path / "r", stop_at(len(told)))
    done = importer(database).run(io.BytesIO(text), tmp_path / "r")
    assert (done.resumed, done.added, done.known) == (False, 0, 118)


def test_a_file_changed_within_the_window_is_another_file(database, tmp_path):
    """What is stored of its window says nothing of the new one's."""
    make_bank(database)
    first, other = some(), some()
    other[20] = media(200, 2)
    with pytest.raises(KeyboardInterrupt):
        importer(database).run(io.BytesIO(hash_set(*first).encode()), tmp_path / "r", stop_at(2))
    done = importer(database).run(io.BytesIO(hash_set(*other).encode()), tmp_path / "r")
    assert not done.resumed and (done.line, done.added + done.known) == (90, 117)
    assert {md5(n) for n in range(90) if n % 3 and n not in (7, 20)} | {md5(200)} <= {
        external for _, _, external, _, _ in held(database)
    }


def test_another_file_after_a_stop_begins_anew(database, tmp_path):
    make_bank(database)
    with pytest.raises(KeyboardInterrupt):
        text = hash_set(*[media(n) for n in range(9)])
        importer(database, 2, 4).run(io.BytesIO(text.encode()), tmp_path / "r", stop_at(1))
    text = hash_set(*[media(n) for n in range(20, 26)])
    done = importer(database, 2, 4).run(io.BytesIO(text.encode()), tmp_path / "r")
    assert not done.resumed and (done.line, done.added) == (6, 6)


def test_of_a_record_that_comes_twice_the_last_says_what_it_is(database, tmp_path):
    make_bank(database)
    twice = hash_set(media(1, 1), media(2, 1), media(1, 2))
    done = importer(database).run(io.BytesIO(twice.encode()), tmp_path / "r")
    assert (done.added, done.known) == (2, 1)
    assert [row[3] for row in held(database) if row[2] == md5(1)] == [("b2",)]


def test_a_file_that_breaks_off_does_not_end_well(database, tmp_path):
    make_bank(database)
    whole = hash_set(*[media(n) for n in range(9)])
    with pytest.raises(ListRefused, match="after the record 8"):
        importer(database, 2, 4).run(io.BytesIO(whole[:-20].encode()), tmp_path / "r")
    assert len(held(database)) == 8


def test_two_processes_do_not_store_one_window_twice(database, tmp_path):
    make_bank(database)
    text = hash_set(*some()).encode()

    def meanwhile(reached: Progress) -> None:
        if reached.added == 20:
            importer(database).run(io.BytesIO(text), tmp_path / "other")

    with pytest.raises(BankError, match="Another process"):
        importer(database).run(io.BytesIO(text), tmp_path / "r", meanwhile)
    assert len(held(database)) == 118


CHILD = """
import sys
from tutela.banks.vics_import import VicsImporter
from tutela.storage import Database
from pathlib import Path
from sqlalchemy import event
with Database(sys.argv[1]) as database, open(sys.argv[2], "rb") as file:
    event.listen(database.engine, "begin", lambda _: print("on", flush=True))
    VicsImporter(database, "ann", "roads", {1: "a1", 2: "b2"}, chunk=20, window=333).run(
        file, Path(sys.argv[3])
    )
"""


def test_kill_9_in_any_window_loses_nothing_and_adds_none_twice(database, database_url, tmp_path):
    make_bank(database)
    path = tmp_path / "set.json"
    path.write_text(hash_set(*some(3000)))
    arguments = [sys.executable, "-c", CHILD, database_url, path, tmp_path / "r"]
    kills = killed_and_run_again(arguments)
    assert kills == 6 and len(held(database)) == 3998
    assert (tmp_path / "r").read_text().splitlines()[1:] == NONE
    with database.reading() as session:
        row = session.scalars(select(Import).where(Import.finished_at.is_not(None))).one()
    assert (row.line, row.added, row.known, row.rejected) == (3000, 3998, 0, 1)

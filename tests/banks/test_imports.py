"""Lists into banks: counted, resumed, and what was no signal told."""

from __future__ import annotations

import csv
import io
import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from banks.lists import killed_and_run_again, make_bank, read_list, values
from tutela.audit.service import entries
from tutela.banks import changes, roots, service
from tutela.banks.errors import BankError, NoSuchBank, NotAllowed
from tutela.banks.importing import Importer
from tutela.banks.lists import ListFormat
from tutela.banks.models import Bank, BankedSignal, Import
from tutela.banks.search import owners
from tutela.errors import TutelaError
from tutela.storage import Database


def held(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(value.hex() for value in session.scalars(select(BankedSignal.value)))


def lines_of(some: list[str]) -> bytes:
    return "\n".join(some).encode() + b"\n"


def test_all_is_counted_and_the_root_is_logged(database, tmp_path):
    make_bank(database)
    known = values(30)
    done = read_list(database, lines_of([*known, known[3].upper(), "nothing"]), tmp_path / "r")
    assert (done.line, done.added, done.known, done.rejected) == (32, 30, 1, 1)
    assert held(database) == sorted(known)
    with database.reading() as session:
        bank = service.get(session, "roads")
        assert bank.signals == 30
        assert changes.recomputed_root(session, bank) == roots.root(bank.state)
        logged = [e for e in entries(session) if e.action == "bank.add"]
        assert roots.root(bank.state) in logged[-1].facts
        assert not any(value in e.facts for e in entries(session) for value in known)


def test_a_list_again_adds_nothing_and_says_when_it_was_last_seen(database_url, tmp_path):
    from tutela.storage import schema

    clock = [datetime(2026, 11, 24, tzinfo=UTC)]
    with Database(database_url, now=lambda: clock[0]) as database:
        schema.upgrade(database)
        make_bank(database)
        for day, seen in ((0, 0), (2, 2), (-9, 2)):  # the clock is set back in the end
            clock[0] = datetime(2026, 11, 24, tzinfo=UTC) + timedelta(days=day)
            done = read_list(database, lines_of(values(3)), tmp_path / "r")
            with database.reading() as session:
                (first, *_) = owners(session)
            assert first.last_seen.day == 24 + seen
        assert (done.added, done.known) == (0, 3)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_byte_order_mark_and_either_line_end_are_fine(database, tmp_path, end):
    make_bank(database)
    data = b"\xef\xbb\xbf" + end.join(["pdq,labels", *(f"{v},a" for v in values(5))]).encode()
    done = read_list(database, data, tmp_path / "r", ListFormat(columns={}))
    assert (done.added, done.rejected) == (5, 0)
    assert read_list(database, data.replace(b"pdq,labels", b"# list  "), tmp_path / "s").line == 6


def test_rejected_lines_are_in_a_file_of_their_own_with_reasons(database, tmp_path):
    make_bank(database)
    data = lines_of([values(1)[0], "half", "x" * 70_000]) + b"\xff\xfe\n\0\n" + b"last"
    done = read_list(database, data, tmp_path / "r")
    assert (done.added, done.rejected) == (1, 5)
    assert stat.S_IMODE((tmp_path / "r").stat().st_mode) == 0o600
    with (tmp_path / "r").open(newline="") as file:
        rows = list(csv.reader(file))
    assert [row[0] for row in rows] == ["line", "2", "3", "4", "5", "6"]
    assert "longer than 65536 bytes" in rows[2][1] and "not UTF-8" in rows[3][1]
    assert rows[1][2] == "half" and len(rows[2][2]) == 65_536


def test_a_file_of_something_else_is_not_overwritten_with_rejects(database, tmp_path):
    make_bank(database)
    (tmp_path / "r").write_text("my diary")
    with pytest.raises(BankError, match="no file of rejected lines"):
        read_list(database, b"x\n", tmp_path / "r")
    assert (tmp_path / "r").read_text() == "my diary"


@pytest.mark.parametrize("data", ["a,b\n1,2\n".encode("utf-16"), b"\0\0\0\0"])
def test_other_encodings_are_refused_before_anything_is_stored(database, tmp_path, data):
    make_bank(database)
    with pytest.raises(BankError, match="not in UTF-8"):
        read_list(database, data, tmp_path / "r")
    assert held(database) == []


def test_an_empty_table_says_that_its_columns_are_missing(database, tmp_path):
    make_bank(database)
    with pytest.raises(BankError, match="The list is empty"):
        read_list(database, b"", tmp_path / "r", ListFormat(columns={}))
    assert read_list(database, b"", tmp_path / "r").line == 0
    assert read_list(database, b"pdq\n", tmp_path / "r", ListFormat(columns={})).added == 0


class Breaking(io.BytesIO):
    """A stream whose disk fails after so many lines."""

    left = 25

    def readline(self, size=-1, /):
        self.left -= 1
        if self.left < 0:
            raise OSError(5, "the disk failed")
        return super().readline(size)


def importer(database: Database, chunk: int = 10) -> Importer:
    return Importer(database, "shell:ann", "roads", ListFormat("pdq"), chunk=chunk)


def test_an_import_goes_on_where_it_was_interrupted(database, tmp_path):
    make_bank(database)
    data = lines_of([*values(20), "wrong", *values(20, seed=2)])
    with pytest.raises(OSError, match="the disk failed"):
        importer(database).run(Breaking(data), tmp_path / "r")
    assert len(held(database)) == 20
    done = importer(database).run(io.BytesIO(data), tmp_path / "r")
    assert (done.resumed, done.line, done.added, done.known, done.rejected) == (True, 41, 40, 0, 1)
    assert (tmp_path / "r").read_text().count("wrong") == 1


def test_a_list_that_was_changed_meanwhile_is_read_from_its_beginning(database, tmp_path):
    make_bank(database)
    with pytest.raises(OSError, match="the disk failed"):
        importer(database).run(Breaking(lines_of(values(40))), tmp_path / "r")
    other = lines_of(values(30, seed=3))
    done = importer(database).run(io.BytesIO(other), tmp_path / "r")
    assert (done.resumed, done.added) == (False, 30)


def test_a_pipe_goes_on_as_well_and_refuses_another_list(database, tmp_path):
    make_bank(database)
    data = lines_of(values(40))
    with pytest.raises(OSError, match="the disk failed"):
        importer(database).run(Breaking(data), tmp_path / "r")

    def piped(content: bytes):
        read, write = os.pipe()
        with os.fdopen(write, "wb") as there:
            there.write(content)
        with os.fdopen(read, "rb") as here:
            return importer(database).run(here, tmp_path / "r")

    with pytest.raises(BankError, match="this is another list"):
        piped(lines_of(values(40, seed=3)))
    assert piped(data).added == 40


def test_imports_of_different_lists_at_once_all_land(database, tmp_path):
    make_bank(database)

    def one(seed: int):
        form = ListFormat("pdq", fixed={"member": f"m{seed}"})
        data = io.BytesIO(lines_of(values(200, seed)))
        return Importer(database, "shell:ann", "roads", form, chunk=20).run(
            data, tmp_path / str(seed)
        )

    with ThreadPoolExecutor(4) as threads:
        assert sum(done.added for done in threads.map(one, range(4))) == 800
    with database.reading() as session:
        bank = service.get(session, "roads")
        assert bank.signals == 800
        assert changes.recomputed_root(session, bank) == roots.root(bank.state)


def test_the_same_import_twice_at_once_loses_nothing_and_one_says_so(database, tmp_path):
    make_bank(database)
    data = lines_of(values(400))

    def one(name: str):
        try:
            return importer(database).run(io.BytesIO(data), tmp_path / name).added
        except BankError as error:
            assert "Another process imports this list" in str(error)
            return None

    with ThreadPoolExecutor(2) as threads:
        ended = list(threads.map(one, "ab"))
    assert any(added is not None for added in ended)
    assert held(database) == sorted(values(400))


def test_a_bank_deleted_during_an_import_ends_it_and_holds_nothing(database, tmp_path):
    make_bank(database)

    def delete(_) -> None:
        with database.writing() as session:
            service.mark_deleted(session, database.now(), "shell:bob", "roads")

    with pytest.raises(NoSuchBank):
        importer(database).run(io.BytesIO(lines_of(values(40))), tmp_path / "r", delete)
    assert service.purge(database) == 10
    with database.reading() as session:
        assert not session.scalars(select(Bank)).all() and not session.scalars(select(Import)).all()


def test_a_full_disk_keeps_what_was_stored_and_goes_on_later(tmp_path):
    from sqlalchemy import event

    from tutela.storage import schema

    with Database(f"sqlite:///{tmp_path}/t.db") as database:
        schema.upgrade(database)
        make_bank(database)
        with database.reading() as session:
            used = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
        pages = [used + 40]
        event.listen(
            database.engine, "begin",
            lambda c: c.exec_driver_sql(f"PRAGMA max_page_count={pages[0]}"),
        )  # fmt: skip
        data = lines_of(values(3000))
        with pytest.raises(TutelaError, match="Free disk space"):
            importer(database, chunk=100).run(io.BytesIO(data), tmp_path / "r")
        stored = len(held(database))
        assert 0 < stored < 3000
        pages[0] = 100_000
        done = importer(database, chunk=100).run(io.BytesIO(data), tmp_path / "r")
        assert (done.resumed, done.added, len(held(database))) == (True, 3000, 3000)


CHILD = """
import sys
from tutela.banks.importing import Importer
from tutela.banks.lists import ListFormat
from tutela.storage import Database
from pathlib import Path
from sqlalchemy import event
with Database(sys.argv[1]) as database, open(sys.argv[2], "rb") as file:
    event.listen(database.engine, "begin", lambda _: print("on", flush=True))
    Importer(database, "shell:ann", "roads", ListFormat("pdq"), chunk=50).run(
        file, Path(sys.argv[3])
    )
"""


def test_kill_9_at_any_moment_loses_nothing_and_adds_none_twice(database, database_url, tmp_path):
    make_bank(database)
    some = [v if n % 97 else f"wrong-{n}" for n, v in enumerate(values(6000))]
    (tmp_path / "list").write_bytes(lines_of(some))
    arguments = [sys.executable, "-c", CHILD, database_url, tmp_path / "list", tmp_path / "r"]
    kills = killed_and_run_again(arguments)
    right = sorted(v for v in some if not v.startswith("wrong"))
    assert held(database) == right
    assert kills == 6
    with (tmp_path / "r").open(newline="") as file:
        rejected = [row[2] for row in csv.reader(file)][1:]
    assert rejected == [v for v in some if v.startswith("wrong")]
    with database.reading() as session:
        last = session.scalars(select(Import).where(Import.finished_at.is_not(None))).one()
        assert (last.line, last.added, last.rejected) == (6000, len(right), len(rejected))
        bank = service.get(session, "roads")
        assert changes.recomputed_root(session, bank) == roots.root(bank.state)


def test_what_a_licence_does_not_let_go_seeds_no_other_bank(database, tmp_path):
    make_bank(database)
    make_bank(database, "theirs", source="them")
    make_bank(database, "open", source="them", licence=service.Licence(may_seed=True))
    make_bank(database, "logos", "never-match", licence=service.Licence(may_seed=True))
    for bank, said in (("theirs", "licence"), ("logos", "Purposes are never mixed")):
        with pytest.raises(NotAllowed, match=said):
            read_list(database, b"", tmp_path / "r", seeded_from=bank)
    assert read_list(database, lines_of(values(1)), tmp_path / "r", seeded_from="open").added == 1

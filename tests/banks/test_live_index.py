"""What is known, searched live: the sets of comparing with each, whatever changed and where."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from banks.lists import make_bank
from tutela.banks import changes, index, live, service
from tutela.banks.changes import From, New
from tutela.banks.errors import IndexNotReady
from tutela.banks.live import BankIndex
from tutela.banks.search import BankSearch, owners
from tutela.banks.segment_files import OpenSegment
from tutela.signals import Signal
from tutela.storage import Database


@pytest.fixture
def held(database: Database, tmp_path: Path) -> Iterator[BankIndex]:
    with BankIndex(database, tmp_path / "index", ["pdq", "md5", "sha256"]) as opened:
        yield opened


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are made anew after a few changes, and few are compared with each."""
    monkeypatch.setattr(index, "COMPACTED", 40)
    monkeypatch.setattr("tutela.banks.delta.COMPARED", 8)
    monkeypatch.setattr(live, "FETCHED", 16)


def add(database: Database, bank: int, values: list[bytes], kind: str = "pdq", **more) -> None:
    with database.writing() as session:
        new = [New(kind, value, **more) for value in values]
        changes.add(session, database.now(), "shell:ann", bank, new)


def remove(database: Database, bank: int, value: bytes, kind: str = "pdq") -> None:
    with database.writing() as session:
        numbers = [o.number for o in owners(session, type=kind, value=value)]
        changes.remove(session, database.now(), "shell:ann", bank, numbers)


def found(searched: BankIndex, query: bytes, distance: int | None = None) -> set[tuple[str, int]]:
    matches = BankSearch(searched, searched.database).search(
        [Signal("pdq", query.hex(), 100, frame=0)], distance
    )
    assert len({(m.owner, m.known.value) for m in matches}) == len(matches), "one each"
    return {(m.known.value, m.distance) for m in matches}


def right(known: set[bytes], query: bytes, distance: int) -> set[tuple[str, int]]:
    """By comparing with each."""
    asked = int.from_bytes(query)
    apart = {value: (asked ^ int.from_bytes(value)).bit_count() for value in known}
    return {(value.hex(), bits) for value, bits in apart.items() if bits <= distance}


def near(rng: random.Random, value: bytes, bits: int) -> bytes:
    turned = sum(1 << place for place in rng.sample(range(256), bits))
    return (int.from_bytes(value) ^ turned).to_bytes(32)


def some(rng: random.Random, shape: str, count: int) -> list[bytes]:
    if shape == "uniform":
        return [rng.randbytes(32) for _ in range(count)]
    centre = rng.randbytes(32)
    if shape == "duplicate":
        return [centre] * count
    return [near(rng, centre, rng.randrange(30)) for _ in range(count)]


@pytest.mark.parametrize("shape", ["uniform", "clustered", "duplicate"])
@pytest.mark.parametrize("limit", [None, 0, 20, 31, 32, 45, 64])
def test_sets_are_those_of_comparing_with_each(database, held, small, tmp_path, shape, limit):
    rng = random.Random(f"{shape}{limit}")
    bank = make_bank(database, distance=limit)
    own = 31 if limit is None else limit
    known: set[bytes] = set()
    for turn in range(6):
        fresh = some(rng, shape, 30)
        add(database, bank, fresh, origin=From(member=f"m{turn}"))
        known |= set(fresh)
        for gone in rng.sample(sorted(known), min(5, len(known) - 1)):
            remove(database, bank, gone)
            known.discard(gone)
        if turn % 2:
            held.make_ready()  # it makes its files anew where that is due
        else:
            held.make_ready(), held.refresh()
        with BankIndex(database, tmp_path / "index", ["pdq"]) as other:
            other.make_ready()
            for bits in (0, own // 2, own, own + 1):
                query = near(rng, rng.choice(sorted(known)), bits)
                expected = right(known, query, own)
                assert found(held, query) == expected == found(other, query)
                assert found(held, query, 10) == right(known, query, min(10, own))
    assert (tmp_path / "index" / "pdq" / "CURRENT").exists()


def test_exact_types_are_found_through_the_same_search(database, held):
    bank = make_bank(database)
    held.make_ready()
    for kind, width in (("md5", 16), ("sha256", 32)):
        value = random.Random(kind).randbytes(width - 1) + b"\0"
        add(database, bank, [value], kind)
        held.refresh()
        (match,) = BankSearch(held, database).search([Signal(kind, value.hex())])
        assert (match.distance, match.known.value) == (0, value.hex())
        assert not BankSearch(held, database).search([Signal(kind, value[1:].hex() + "00")])
        remove(database, bank, value, kind)
        assert not BankSearch(held, database).search([Signal(kind, value.hex())])


def test_a_value_withdrawn_in_one_bank_stays_in_another(database, held):
    one, two = make_bank(database, "one"), make_bank(database, "two")
    value = random.Random(5).randbytes(32)
    add(database, one, [value]), add(database, two, [value])
    held.make_ready()
    with database.writing() as session:
        bank = service.get(session, "one")
        (owner,) = owners(session, bank=bank)
        changes.remove(session, database.now(), "shell:ann", one, [owner.number])
    held.refresh()
    assert found(held, value) == {(value.hex(), 0)}
    remove(database, two, value)
    held.refresh()
    assert not found(held, value)
    add(database, one, [value])
    held.refresh()
    assert found(held, value) == {(value.hex(), 0)}


def test_a_bank_may_ask_for_more_and_then_for_less(database, held):
    bank = make_bank(database)
    rng = random.Random(3)
    value = rng.randbytes(32)
    add(database, bank, [value, rng.randbytes(32)])
    held.make_ready()
    query = near(rng, value, 44)
    for distance, expected in ((None, 0), (44, 1), (43, 0), (64, 1), (31, 0)):
        with database.writing() as session:
            service.change(session, database.now(), "a", "roads", {"distance": distance})
        held.make_ready()
        assert len(found(held, query)) == expected, distance


def test_numbers_are_committed_in_order_so_that_no_reader_misses_one(database, tmp_path):
    banks = [make_bank(database, f"b{n}") for n in range(4)]
    with BankIndex(database, tmp_path / "index", ["pdq"]) as reader:
        reader.make_ready()
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                reader.refresh()

        def write(bank: int) -> list[bytes]:
            rng = random.Random(bank)
            written = []
            for _ in range(30):
                part = [rng.randbytes(32) for _ in range(rng.randrange(1, 5))]
                add(database, bank, part)
                written += part
            return written

        with ThreadPoolExecutor(5) as threads:
            reading = threads.submit(read)
            written = [value for part in threads.map(write, banks) for value in part]
            done.set()
            reading.result()
        reader.refresh()
        kept = reader.indexes["pdq"].view
        assert sorted(v.tobytes() for v in kept.delta.values) == sorted(written)
        assert np.all(np.diff(kept.delta.numbers) > 0)


def test_50_000_owners_of_one_value_are_one_match_and_are_all_paged(database, held):
    bank = make_bank(database)
    value = random.Random(9).randbytes(32)
    with database.writing() as session:
        new = [New("pdq", value, From(member=f"m{n % 7}"), f"x{n}") for n in range(50_000)]
        changes.add(session, database.now(), "shell:ann", bank, new)
    held.make_ready()
    (match,) = BankSearch(held, database).search([Signal("pdq", value.hex(), 100, frame=0)])
    assert (match.owners, match.members) == (50_000, 7)
    seen, after = set(), 0
    with database.reading() as session:
        while page := owners(session, type="pdq", value=value, after=after, limit=9_999):
            seen |= {owner.external_id for owner in page}
            after = page[-1].number
    assert len(seen) == 50_000


def test_nothing_is_searched_before_all_can_be(database, held):
    bank = make_bank(database)
    add(database, bank, [b"x" * 32])
    with pytest.raises(IndexNotReady):
        found(held, b"x" * 32)
    held.refresh()
    assert not held.readiness().ready and "being built" in held.readiness().why
    with pytest.raises(IndexNotReady, match="being built"):
        found(held, b"x" * 32)
    held.make_ready()
    assert held.readiness().ready and found(held, b"x" * 32)


def test_who_reads_no_changes_says_so(database, held, monkeypatch):
    held.make_ready()
    monkeypatch.setattr(live, "STALE", 0.05)
    time.sleep(0.1)
    assert "changes are not being read" in held.readiness().why
    held.refresh()
    assert held.readiness().ready


def test_a_bank_deleted_while_it_is_searched_gives_no_error_and_then_no_match(database, held):
    bank = make_bank(database)
    rng = random.Random(4)
    values = [rng.randbytes(32) for _ in range(300)]
    add(database, bank, values)
    held.make_ready()
    held.start()
    gone = threading.Event()

    def search(seed: int) -> None:
        mine = random.Random(seed)
        while not gone.is_set():
            found(held, mine.choice(values))

    with ThreadPoolExecutor(3) as threads:
        searches = [threads.submit(search, seed) for seed in range(3)]
        with database.writing() as session:
            service.mark_deleted(session, database.now(), "shell:ann", "roads")
        assert not any(found(held, value) for value in values[:20])
        assert service.purge(database) == 300
        gone.set()
        for one in searches:
            one.result()
    make_bank(database)  # the name is free again


def all_found(searched: BankIndex, values: list[bytes]) -> bool:
    try:
        return all(found(searched, value) for value in values)
    except IndexNotReady:
        return False


def segment_of(folder: Path) -> Path:
    (path,) = (folder / "index" / "pdq").glob("segment-*")
    return path


@pytest.mark.parametrize("damage", ["gone", "cut", "header", "data", "current", "folder"])
def test_a_damaged_file_is_built_again_by_itself(database, tmp_path, damage):
    bank = make_bank(database)
    rng = random.Random(8)
    values = [rng.randbytes(32) for _ in range(500)]
    add(database, bank, values)
    with BankIndex(database, tmp_path / "index", ["pdq"]) as first:
        first.make_ready()
    path = segment_of(tmp_path)
    data = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(data[:-100])
    elif damage == "current":
        (path.parent / "CURRENT").write_text("../../etc/passwd\n")
    elif damage == "folder":
        for file in path.parent.iterdir():
            file.unlink()
        path.parent.rmdir()
    else:
        data[20 if damage == "header" else 4096 + 7] ^= 0x40
        path.write_bytes(data)
    with BankIndex(database, tmp_path / "index", ["pdq"]) as held:
        held.start()
        until = time.monotonic() + 20
        while not all_found(held, values) and time.monotonic() < until:
            time.sleep(0.05)
        assert all_found(held, values), held.readiness()
        OpenSegment(segment_of(tmp_path)).verify()


def test_the_index_of_another_database_is_not_used(database, tmp_path):
    folder = tmp_path / "index"
    bank = make_bank(database)
    add(database, bank, [b"a" * 32])
    from tutela.storage import schema

    with Database(f"sqlite:///{tmp_path}/other.db") as other:
        schema.upgrade(other)
        there = make_bank(other)
        add(other, there, [b"b" * 32, b"c" * 32, b"d" * 32])
        with BankIndex(other, folder, ["pdq"]) as theirs:
            theirs.make_ready()
    with BankIndex(database, folder, ["pdq"]) as held:
        held.make_ready()
        assert found(held, b"a" * 32) and not found(held, b"b" * 32)


def test_a_file_of_a_later_state_than_the_database_is_built_again(tmp_path):
    """As after a backup was restored."""
    from tutela.storage import schema

    path = tmp_path / "t.db"
    with Database(f"sqlite:///{path}") as database:
        schema.upgrade(database)
        bank = make_bank(database)
        add(database, bank, [b"a" * 32])
    backup = path.read_bytes()
    with Database(f"sqlite:///{path}") as database:
        add(database, bank, [b"b" * 32])
        with BankIndex(database, tmp_path / "index", ["pdq"]) as held:
            held.make_ready()
    path.write_bytes(backup)
    with (
        Database(f"sqlite:///{path}") as database,
        BankIndex(database, tmp_path / "index", ["pdq"]) as held,
    ):
        held.make_ready()
        assert found(held, b"a" * 32) and not found(held, b"b" * 32)


def test_a_file_of_numbers_that_were_given_out_again_is_not_believed(tmp_path):
    """A backup was restored, and as much was added as had been lost, before anyone searched."""
    from tutela.storage import schema

    path = tmp_path / "t.db"
    with Database(f"sqlite:///{path}") as database:
        schema.upgrade(database)
        bank = make_bank(database)
        add(database, bank, [b"a" * 32])
    backup = path.read_bytes()
    with Database(f"sqlite:///{path}") as database:
        add(database, bank, [b"b" * 32, b"c" * 32])
        with BankIndex(database, tmp_path / "index", ["pdq"]) as held:
            held.make_ready()
    path.write_bytes(backup)
    with (
        Database(f"sqlite:///{path}") as database,
        BankIndex(database, tmp_path / "index", ["pdq"]) as held,
    ):
        add(database, bank, [b"d" * 32, b"e" * 32, b"f" * 32])
        held.make_ready()
        assert all_found(held, [letter * 32 for letter in (b"a", b"d", b"e", b"f")])


CHILD = """
import sys, json
from pathlib import Path
from tutela.banks import index
from tutela.banks.live import BankIndex
from tutela.banks.search import BankSearch
from tutela.signals import Signal
from tutela.storage import Database
index.COMPACTED = 5
with Database(sys.argv[1]) as database, BankIndex(database, Path(sys.argv[2]), ["pdq"]) as held:
    print("on", flush=True)
    held.make_ready()
    held.start()
    search = BankSearch(held, database)
    for line in sys.stdin:
        signal = Signal("pdq", line.strip(), 100, frame=0)
        print(json.dumps([m.known.value for m in search.search([signal])]), flush=True)
"""


def test_kill_9_while_files_are_made_leaves_the_next_process_right(
    database, database_url, tmp_path
):
    bank = make_bank(database)
    rng = random.Random(2)
    values: list[bytes] = []
    arguments = [sys.executable, "-c", CHILD, database_url, tmp_path / "index"]
    for _ in range(12):
        fresh = [rng.randbytes(32) for _ in range(400)]
        add(database, bank, fresh)
        values += fresh
        with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            child.stdout.readline()
            time.sleep(rng.uniform(0, 0.12))
            child.send_signal(signal.SIGKILL)
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        child.stdout.readline()
        for value in rng.sample(values, 50):
            child.stdin.write(f"{value.hex()}\n")
            child.stdin.flush()
            assert json.loads(child.stdout.readline()) == [value.hex()]
        child.stdin.close()


def test_the_reader_survives_a_database_that_goes_away(tmp_path):
    from tutela.storage import schema

    path = tmp_path / "t.db"
    with Database(f"sqlite:///{path}") as database:
        schema.upgrade(database)
        bank = make_bank(database)
        with BankIndex(database, tmp_path / "index", ["pdq"]) as held:
            held.make_ready()
            held.start()
            database.close()
            aside = [p.rename(tmp_path / f"aside{p.name}") for p in tmp_path.glob("t.db*")]
            time.sleep(0.7)
            for place in tmp_path.glob("t.db*"):
                place.unlink()
            for place in aside:
                place.rename(tmp_path / place.name.removeprefix("aside"))
            database.close()
            add(database, bank, [b"z" * 32])
            until = time.monotonic() + 10
            while not found(held, b"z" * 32) and time.monotonic() < until:
                time.sleep(0.05)
            assert found(held, b"z" * 32)

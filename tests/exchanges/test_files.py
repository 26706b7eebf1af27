"""Hash sets and lists in files: whole lists, resumed, and each entry in the bank of its purpose."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from exchanges.feeds import Killed, sha256
from tutela.alarms.models import Alarm
from tutela.banks import values
from tutela.banks.models import Bank, BankedSignal
from tutela.exchanges import asking, fetching, iwf, outcomes, service, vics
from tutela.exchanges.errors import NotConfigured
from tutela.exchanges.models import Exchange, Held
from tutela.exchanges.options import Options
from tutela.exchanges.partners import Call, Reply, Setup, named
from tutela.outbound import Outbound
from tutela.sealing import Sealing
from tutela.signals.registry import signal_type
from tutela.signals.urls import Keyer
from tutela.storage import Database
from tutela.testing.exchange_contract import NOW, ExchangeContract

KEYER = Keyer(lambda: b"k" * 32)


class Reading:
    """An exchange of a partner that reads files."""

    def __init__(self, database: Database, partner: str, **config: str) -> None:
        database.info[values.IN_SESSION] = KEYER
        self.database = database
        self.dies = 0
        self.parts = fetching.Parts(
            database, Outbound(), lambda: Sealing(b"k" * 32), Options(), sleep=lambda _: None,
            monotonic=lambda: 0.0, after_step=self._step,
        )  # fmt: skip
        with database.writing() as session:
            self.id = service.add(session, database.now(), "test", "ours", partner, config).id

    def _step(self, name: str) -> None:
        if name == "stored" and self.dies:
            self.dies -= 1
            if not self.dies:
                raise Killed(name)

    def fetch(self) -> str | None:
        return fetching.fetch(self.parts, self.id, at_once=True)

    def released(self) -> None:
        """As if the lease of who was killed had ended."""
        at = self.database.now() + fetching.LEASE * 2
        self.database.now = lambda: at  # type: ignore[method-assign]

    def held(self, role: str) -> set[tuple[str, str]]:
        with self.database.reading() as session:
            row = session.get_one(Exchange, self.id)
            bank: Bank = dict(service.filled(session, row))[role]
            found = session.scalars(select(BankedSignal).where(BankedSignal.bank_id == bank.id))
            return {(one.type, one.value.hex()) for one in found}

    def run(self) -> Any:
        with self.database.reading() as session:
            return service.runs(session, session.get_one(Exchange, self.id))[0]


def md5(text: str) -> str:
    return sha256(text)[:32]


def media(*names: str, category: int = 1) -> str:
    return json.dumps({"value": [
        {"MediaID": 1, "Category": category, "MD5": md5(n).upper(), "Unknown": n} for n in names
    ]})  # fmt: skip


def test_a_set_is_read_whole_and_what_went_from_it_goes(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    path.write_text(media("a", "b", "c"))
    reading = Reading(database, "vics", path=str(path), role="known", map="1=a1")
    assert reading.fetch() == "complete"
    assert reading.held("known") == {("md5", md5(n)) for n in "abc"}
    with database.reading() as session:
        extra = [json.loads(one) for one in session.scalars(select(Held.extra))]
    assert {one["Unknown"] for one in extra} == {"a", "b", "c"} and "MD5" not in extra[0]
    path.write_text(media("b", "c", "d"))
    assert reading.fetch() == "complete"
    assert reading.held("known") == {("md5", md5(n)) for n in "bcd"}
    path.write_text(media("b", "c", "d", category=2))  # no longer of a category that is taken
    assert reading.fetch() == "complete"
    assert reading.held("known") == set()


def test_a_set_goes_on_behind_what_is_stored(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vics, "PAGE", 2)
    path = tmp_path / "set.json"
    path.write_text(media(*"abcdefg"))
    reading = Reading(database, "vics", path=str(path), role="known", map="1=a1")
    reading.dies = 2
    with pytest.raises(Killed):
        reading.fetch()
    assert len(reading.held("known")) == 4
    reading.released()
    assert reading.fetch() == "complete"
    assert reading.held("known") == {("md5", md5(n)) for n in "abcdefg"}


def test_a_set_that_breaks_off_removes_nothing(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    path.write_text(media(*"abc"))
    reading = Reading(database, "vics", path=str(path), role="known", map="1=a1")
    reading.fetch()
    path.write_text(media(*"abcd")[:-40])
    assert reading.fetch() == "failed"
    assert len(reading.held("known")) == 3


def test_a_set_without_categories_is_not_configured(database: Database, tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match="categories"):
        Reading(database, "vics", path=str(tmp_path / "x"), role="known", map=",")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "lists"
    made.mkdir()
    (made / "hash-list.csv").write_text(
        "Ref,MD5,SHA1,Marked\n"
        f"r1,{md5('a')},{sha256('a')[:40]},no\n"
        f"r2,{md5('b')},,Yes\n"
        f"r3,,{sha256('c')[:40]},\n"
        "r4,rain,,no\n"
    )
    (made / "url-list.txt").write_text("http://weather.example/rain\nweather..example\n")
    (made / "keywords.txt").write_text("red bicycle\n")
    yield made


def started(database: Database, folder: Path, **more: str) -> Reading:
    return Reading(
        database, "iwf", folder=str(folder), map="external_id=Ref", survivor="Marked=yes|true",
        **{"hashes": "*hash*", "addresses": "*url*", "words": "*keyword*", **more},
    )  # fmt: skip


def test_each_list_fills_the_bank_of_its_purpose(database: Database, folder: Path) -> None:
    reading = started(database, folder)
    assert reading.fetch() == "complete"
    assert reading.held("known") == {
        ("md5", md5("a")), ("sha1", sha256("a")[:40]), ("sha1", sha256("c")[:40]),
    }  # fmt: skip
    assert reading.held("survivor") == {("md5", md5("b"))}
    url = signal_type("url").keyed("weather.example/rain", KEYER)
    assert reading.held("addresses") == {("url", url)}
    word = signal_type("keyword").keyed("red bicycle", KEYER)
    assert reading.held("words") == {("keyword", word)}
    run = reading.run()
    assert "rain" not in run.error and run.rejected == 2


def test_nothing_of_a_list_stands_in_clear(database: Database, folder: Path) -> None:
    reading = started(database, folder)
    reading.fetch()
    with database.reading() as session:
        tables = [row[0] for row in session.execute(text(
            "SELECT name FROM sqlite_master WHERE type = 'table'" if _is_sqlite(session) else
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ))]  # fmt: skip
        for table in tables:
            for row in session.execute(text(f"SELECT * FROM {table}")):
                for value in row:
                    shown = bytes(value) if isinstance(value, memoryview | bytes) else str(value)
                    data = shown if isinstance(shown, bytes) else shown.encode()
                    assert b"weather" not in data and b"bicycle" not in data, table


def _is_sqlite(session: Any) -> bool:
    return bool(session.get_bind().dialect.name == "sqlite")


def test_a_newer_file_is_the_whole_list(database: Database, folder: Path) -> None:
    reading = started(database, folder)
    reading.fetch()
    newer = folder / "url-list-2.txt"
    newer.write_text("weather.example/snow\n")
    os.utime(newer, ns=(1 << 61, 1 << 61))
    assert reading.fetch() == "complete"
    assert reading.held("addresses") == {
        ("url", signal_type("url").keyed("weather.example/snow", KEYER))
    }
    assert len(reading.held("known")) == 3


@pytest.mark.parametrize("name", ["hash-list.csv", "url-list.txt", "keywords.txt"])
def test_a_list_that_is_missing_or_empty_removes_nothing(
    database: Database, folder: Path, name: str
) -> None:
    reading = started(database, folder)
    reading.fetch()
    before = {role: reading.held(role) for role in ("known", "survivor", "addresses", "words")}
    (folder / name).write_text("")
    assert reading.fetch() == "failed"
    (folder / name).unlink()
    assert reading.fetch() == "failed"
    assert {role: reading.held(role) for role in before} == before


@pytest.mark.parametrize(
    "body",
    ["Ref,MD5,SHA1,Marked\n", "Ref,MD5,SHA1,Marked\n\n\n", "Ref,MD5,SHA1,Marked\nr1,rain,,no\n",
     "Ref,Hash,Marked\nr1,x,no\n"],
)  # fmt: skip
def test_a_list_of_a_header_alone_or_of_other_columns_removes_nothing_and_somebody_hears(
    database: Database, folder: Path, body: str
) -> None:
    reading = started(database, folder)
    assert reading.fetch() == "complete"
    before = {role: reading.held(role) for role in ("known", "survivor")}
    whole = (folder / "hash-list.csv").read_text()
    (folder / "hash-list.csv").write_text(body)
    assert reading.fetch() == "failed"
    assert {role: reading.held(role) for role in before} == before
    with database.reading() as session:
        (alarm,) = session.scalars(select(Alarm).where(Alarm.closed_at.is_(None)))
    assert alarm.kind == outcomes.FAILING
    (folder / "hash-list.csv").write_text(whole.replace("r1", "r9"))
    assert reading.fetch() == "complete"
    assert reading.held("survivor") == before["survivor"]


def test_a_set_without_a_record_removes_nothing(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    path.write_text(media(*"abc"))
    reading = Reading(database, "vics", path=str(path), role="known", map="1=a1")
    reading.fetch()
    path.write_text(media())
    assert reading.fetch() == "failed"
    assert len(reading.held("known")) == 3


def test_a_list_without_the_mark_of_what_a_child_reported_is_not_read(
    database: Database, folder: Path
) -> None:
    reading = started(database, folder)
    (folder / "hash-list.csv").write_text(f"Ref,MD5\nr1,{md5('a')}\n")
    assert reading.fetch() == "failed"
    assert reading.held("known") == set()


def test_lists_go_on_where_a_run_was_killed(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iwf, "PIECE", 200)
    whole = "Ref,MD5,Marked\n" + "".join(f"r{n},{md5(str(n))},no\n" for n in range(40))
    (folder / "hash-list.csv").write_text(whole)
    reading = started(database, folder)
    reading.dies = 3
    with pytest.raises(Killed):
        reading.fetch()
    reading.released()
    assert 0 < len(reading.held("known")) < 40
    assert reading.fetch() == "complete"
    assert reading.held("known") == {("md5", md5(str(n))) for n in range(40)}
    assert len(reading.held("words")) == 1


EXAMPLE = Path(__file__).parents[2] / "examples" / "list-columns.yaml"


def test_the_columns_of_the_example_read_lists_that_have_them(
    database: Database, folder: Path
) -> None:
    (folder / "hash-list.csv").write_text(
        "Reference,Grade,MD5 hash,SHA-1 hash,PDQ hash,Came from\n"
        f"r1,g1,{md5('a')},{sha256('a')[:40]},,\nr2,g2,{md5('b')},,,Helpline\n"
    )
    (folder / "url-list.txt").write_text("Address,Other\nweather.example/rain,x\n")
    (folder / "keywords.txt").write_text("Keyword\nred bicycle\n")
    columns = folder.parent / "columns.yaml"
    columns.write_text(EXAMPLE.read_text())
    reading = Reading(database, "iwf", folder=str(folder), columns=str(columns))
    assert reading.fetch() == "complete"
    assert reading.held("known") == {("md5", md5("a")), ("sha1", sha256("a")[:40])}
    assert reading.held("survivor") == {("md5", md5("b"))}
    assert len(reading.held("addresses")) == len(reading.held("words")) == 1
    columns.write_text(EXAMPLE.read_text().replace("helpline", "nobody"))
    assert reading.fetch() == "complete", "other columns, another reading"
    assert reading.held("survivor") == set() and ("md5", md5("b")) in reading.held("known")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("hashes: [", "line 1"), ("", "empty"), ("hash: {}", "Do you mean hashes"),
        ("hashes: {columns: {md5: [a]}}", "not a text"), ("hashes: {}", "no columns"),
        ("hashes:\n  columns: {md5: 'a,b'}", "line 2"), ("addresses: {type: rain}", "never rain"),
        ("hashes: {columns: {md5: a}, survivor: {column: b}}", "no values"),
        ("hashes: {columns: {md5: a}, survivor: {column: b, values: []}}", "no values"),
        ("hashes: {columns: {bicycle: a}}", "no column"), ("&a [*a]", "nchors"), ("\0", "line 1"),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_read_are_said_with_their_line_and_nothing_is_read(
    database: Database, folder: Path, body: str, word: str
) -> None:
    columns = folder.parent / "columns.yaml"
    columns.write_text(body)
    reading = Reading(database, "iwf", folder=str(folder), columns=str(columns))
    assert reading.fetch() == "failed"
    assert word in reading.run().error
    assert reading.held("known") == set()


class OfFiles(ExchangeContract):
    """A partner whose files are in a folder."""

    def folder(self, path: Path) -> Path:
        self.asker = asking.Asker(
            Outbound(), (), [path], rate=0, seconds=1, before=lambda: None, now=lambda: NOW
        )
        return path

    def answer(self, call: Call) -> Reply:
        return self.asker.ask(call)


class TestIwf(OfFiles):
    partner = named("iwf")

    @pytest.fixture(autouse=True)
    def some_lists(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(iwf, "PIECE", 80)
        (folder / "url-list.txt").write_text(
            "".join(f"http://weather.example/{n}\n" for n in range(9))
        )
        config = {"folder": str(self.folder(folder)), "map": "external_id=Ref"}
        chosen = service.checked(self.partner, {**config, "survivor": "Marked=yes"})
        self.setup = Setup(chosen, keyer=KEYER)


class TestVics(OfFiles):
    partner = named("vics")

    @pytest.fixture(autouse=True)
    def some_set(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(vics, "PAGE", 2)
        path = self.folder(tmp_path) / "set.json"
        path.write_text(media(*"abcdefg"))
        self.setup = Setup({"path": str(path), "role": "known", "map": "1=a1"})


def test_the_partners_are_installed() -> None:
    assert named("iwf").name == "iwf" and named("vics").name == "vics"

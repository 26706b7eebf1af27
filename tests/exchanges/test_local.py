"""Lists in files: read whole, again when they changed, and from where a run ended."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from exchanges.feeds import Desk, Killed, sha256
from tutela.exchanges import asking, local, service
from tutela.exchanges.errors import NotConfigured
from tutela.exchanges.partners import Call, Reply, Setup, named
from tutela.outbound import Outbound
from tutela.storage import Database
from tutela.testing.exchange_contract import NOW, ExchangeContract


class TestSample(ExchangeContract):
    partner = named("sample")
    setup = Setup({})


class TestLocal(ExchangeContract):
    partner = named("local")

    @pytest.fixture(autouse=True)
    def some_list(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(local, "PIECE", 500)
        file = tmp_path / "list.txt"
        file.write_text("\n".join(["# bicycles", *(sha256(f"bike {n}") for n in range(40)), "no"]))
        config = {"path": str(file), "role": "test", "type": "sha256", "format": "plain", "map": ""}
        self.setup = Setup(config)
        self.asker = asking.Asker(
            Outbound(), (), [file], rate=0, seconds=1, before=lambda: None, now=lambda: NOW
        )

    def answer(self, call: Call) -> Reply:
        return self.asker.ask(call)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "list.txt"


@pytest.fixture
def mine(database: Database, path: Path) -> Desk:
    path.write_text(sha256("one"))

    class Listed(Desk):
        def __init__(self) -> None:
            super().__init__(database, named("sample"))  # type: ignore[arg-type] # a partner
            config = {"path": str(path), "role": "test", "type": "sha256"}
            with database.writing() as session:
                self.id = service.add(session, self.at, "test", "mine", "local", config).id

    return Listed()


def write(path: Path, *texts: str) -> None:
    before = path.stat().st_mtime_ns
    path.write_text("\n".join(texts) + "\n")
    os.utime(path, ns=(before + 10**9, before + 10**9))


def test_a_list_that_changed_replaces_what_was_there(mine: Desk, path: Path) -> None:
    write(path, sha256("one"), sha256("two"))
    assert mine.fetch() == "complete"
    assert mine.values("test") == {sha256("one"), sha256("two")}
    write(path, sha256("two"), sha256("three"))
    assert mine.fetch() == "complete"
    assert mine.values("test") == {sha256("two"), sha256("three")}


def test_a_list_that_did_not_change_is_not_read_again(mine: Desk) -> None:
    mine.fetch()
    mine.fetch()
    assert mine.run().received == 0
    assert mine.values("test") == {sha256("one")}


def test_an_empty_or_missing_file_empties_no_bank(mine: Desk, path: Path) -> None:
    mine.fetch()
    path.write_text("")
    assert mine.fetch() == "failed"
    path.unlink()
    assert mine.fetch() == "failed"
    assert mine.values("test") == {sha256("one")}


def test_a_long_list_is_read_in_pieces_and_goes_on(
    mine: Desk, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "PIECE", 200)
    texts = [f"v{n}" for n in range(30)]
    write(path, *map(sha256, texts))
    mine.dies_after = {"stored": 3}
    with pytest.raises(Killed):
        mine.fetch()
    from tutela.exchanges.fetching import LEASE

    assert mine.fetch(after=LEASE) == "complete"
    assert mine.values("test") == set(map(sha256, texts))


def test_a_list_written_while_it_is_read_is_read_again(
    mine: Desk, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "PIECE", 200)
    write(path, *(sha256(f"v{n}") for n in range(30)))
    mine.dies_after = {"stored": 3}
    with pytest.raises(Killed):
        mine.fetch()
    write(path, *(sha256(f"w{n}") for n in range(30)))
    from tutela.exchanges.fetching import LEASE

    mine.fetch(after=LEASE)
    assert mine.fetch() == "complete"
    assert mine.values("test") == {sha256(f"w{n}") for n in range(30)}


def test_csv_columns_are_mapped(database: Database, mine: Desk, path: Path) -> None:
    write(path, "Hash,Id,Code", f"{sha256('one')},7,A1", "nonsense,8,A1")
    config = {
        "path": str(path), "role": "test", "type": "sha256", "format": "csv",
        "map": "value=Hash,external_id=Id,labels=Code",
    }  # fmt: skip
    with database.writing() as session:
        mine.id = service.add(session, mine.at, "test", "table", "local", config).id
    assert mine.fetch() == "complete"
    assert mine.values("test") == {sha256("one")}
    assert mine.run().rejected == 1
    assert "nonsense" not in mine.run().faults


def test_a_list_of_a_type_that_is_none_is_not_added(database: Database, path: Path) -> None:
    config = {"path": str(path), "role": "test", "type": "no-such"}
    with database.writing() as session, pytest.raises(NotConfigured):
        service.add(session, NOW, "test", "x", "local", config)

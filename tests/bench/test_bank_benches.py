"""The benchmarks of banks measure what they say, on a few signals. No timing."""

from __future__ import annotations

from importlib import import_module

import pytest
from conftest import fresh_postgres

from bench import databases
from tutela.storage import Database

imports = import_module("bench.import")
exchange = import_module("bench.exchange")
visibility = import_module("bench.visibility")


@pytest.fixture(params=databases.ENGINES)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "Postgres":
        with fresh_postgres():
            pass  # it answers, or this test is skipped
    monkeypatch.setattr(databases, "ENGINES", (request.param,))
    return request.param


def test_every_signal_of_the_list_is_imported_and_the_index_is_rebuilt(engine: str):
    timed, memory, rebuilt = imports.measured(600, runs=1)
    assert timed.name == f"import/{engine}" and timed.ours > 0
    assert memory.more["whole_mb"] > 10
    assert rebuilt.more == {"signals": 600}


def test_every_entry_of_a_partner_is_fetched(engine: str):
    timed, memory = exchange.measured(80)
    assert timed.name == f"exchange/{engine}" and timed.ours > 0
    assert timed.more["entries"] == 80
    assert memory.more["whole_mb"] > 10


def test_a_value_is_seen_and_then_not_seen_by_another_process(engine: str):
    added, removed, memory = visibility.measured(100, trials=2)
    assert (added.name, removed.name) == (
        f"visibility/{engine}, banked",
        f"visibility/{engine}, removed",
    )
    assert memory.ours < 100
    assert 0 < added.more["p50_s"] <= added.ours


def test_an_import_that_lost_a_line_is_no_result(tmp_path):
    with databases.fresh("SQLite") as (url, _):
        with Database(url) as database, database.writing() as session:
            imports.service.create(session, database.now(), "bench", imports.BANK, "known-csea")
        path = tmp_path / "list.csv"
        imports.write(path, 20, seed=3)
        with pytest.raises(AssertionError, match="20 of 21"):
            imports.child(url, path, 21)

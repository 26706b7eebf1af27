"""The benchmarks of the search ask all sides the same, and notice a wrong answer. No timing."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import missing

from bench import growth, matching, peers, pictures, showing
from bench.__main__ import main
from bench.matching import Bank, Searcher
from bench.record import Goal, Record
from bench.surroundings import Surroundings

CONTRACT = {"name", "ours", "unit", "peer", "ratio", "same_answer", "cpu_flags", "load"}
MOST = Goal(10_000, "most", "ours")
TINY = Bank("tiny", 2000, Goal(1), MOST, MOST, Goal(1), pictures=True)
SMALL = Bank("small", 3000, Goal(1), MOST)


class Every(Searcher):
    """A peer that compares with every hash, one after the other."""

    name = "every"
    build_s = 0.5

    def __init__(self, hashes):
        self.hashes = hashes

    def ask(self, value):
        query = np.frombuffer(bytes.fromhex(value), np.uint8)
        apart = np.bitwise_count(self.hashes ^ query).sum(axis=1)
        return [(int(entry), int(apart[entry])) for entry in np.flatnonzero(apart <= 31)]

    def pairs(self, answer):
        return answer


class Wrong(Every):
    """One that spoils the first hit that it has, and no other."""

    name = "wrong"

    def __init__(self, hashes):
        super().__init__(hashes)
        self.spoilt = False

    def ask(self, value):
        answer = super().ask(value)
        if answer and not self.spoilt:
            self.spoilt = True
            answer = self.spoil(*answer[0]) + answer[1:]
        return answer


class Loses(Wrong):
    def spoil(self, entry, distance):
        return []


class Doubles(Wrong):
    def spoil(self, entry, distance):
        return [(entry, distance)] * 2


class Misjudges(Wrong):
    def spoil(self, entry, distance):
        return [(entry, distance + 1)]


class Tires(Every):
    """One that finds nothing any more after the queries back to back and the warm-up."""

    asked = 0

    def ask(self, value):
        self.asked += 1
        return super().ask(value) if self.asked <= 3 * 64 + 2 else []


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(matching, "QUERIES", 64)
    monkeypatch.setattr(matching, "BETWEEN_PICTURES", 2)


@pytest.fixture
def made_peers(monkeypatch):
    """The peers of `python -m bench matching` on a tiny bank, as given: none are imported."""

    def give(*makes):
        monkeypatch.setattr(matching, "BANKS", (SMALL,))
        monkeypatch.setattr(matching, "PEERS", makes)
        monkeypatch.setattr(peers, "missing", lambda *packages: None)

    return give


def by_name(records) -> dict[str, Record]:
    return {record.name.partition(", ")[2]: record for record in records}


def lines(capsys) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_row_has_the_keys_of_the_contract(made_peers, capsys):
    made_peers(Every, Every)
    assert main(["matching", "--json"]) == 0
    rows = lines(capsys)
    assert all(set(row) >= CONTRACT for row in rows)
    assert [row["name"] for row in rows] == [
        "matching/small, back to back",
        "matching/small, memory",
        "matching/small, build",
        "matching/small, build: sorting",
        "matching/small, build: tables",
    ]
    assert rows[0]["unit"] == "us"
    assert rows[0]["ratio"] == pytest.approx(rows[0]["peer"] / rows[0]["ours"], rel=1e-2)
    assert rows[0]["same_answer"] is True
    assert rows[0]["every_queries"] == rows[0]["queries"] == 3 * 64
    assert rows[0]["hits"] == 3 * 32, "each planted query has its hit, and no other has any"
    assert rows[2]["peer"] == Every.build_s


@pytest.mark.parametrize("wrong", [Loses, Doubles, Misjudges])
@pytest.mark.parametrize("place", [0, 1])
def test_one_wrong_hit_of_either_peer_is_noticed(made_peers, capsys, wrong, place):
    makes = [Every, Every]
    makes[place] = wrong
    made_peers(*makes)
    assert main(["matching", "--json"]) == 1
    row = lines(capsys)[0]
    assert row["same_answer"] is False
    assert "wrong to 1 of 192" in row["note"]


def test_pictures_are_hashed_between_queries(photos, monkeypatch):
    hashed = []
    monkeypatch.setattr(pictures, "FULL_HD", (96, 64))
    monkeypatch.setattr(matching.ours, "plain", hashed.append)
    record = by_name(matching.measured(TINY, (Every, Loses)))["between pictures"]
    assert record.same_answer is True, "only the first peer is asked between pictures"
    assert record.more["queries"] == record.more["every_queries"] == 3 * 2
    assert len(hashed) == 2 * (1 + 3) * 2, "one before each query, of the warm-up too"
    assert len(set(hashed)) == 8


def test_a_wrong_answer_between_pictures_is_noticed(photos, monkeypatch):
    monkeypatch.setattr(pictures, "FULL_HD", (96, 64))
    records = by_name(matching.measured(TINY, (Tires,)))
    assert records["back to back"].same_answer is True
    assert records["between pictures"].same_answer is False


@pytest.mark.filterwarnings("ignore:builtin type:DeprecationWarning")  # SWIG, Python 3.12 and on
def test_the_peers_give_our_answer():
    if why := peers.missing("faiss", "threatexchange"):
        missing("oracles", why)
    (record, *_, build, _, _) = matching.measured(SMALL, matching.PEERS)
    assert record.same_answer is True
    assert record.more["hits"] == 3 * 32
    assert {"PDQIndex_queries", "flat_us", "flat_ratio", "flat_queries"} <= set(record.more)
    assert build.peer > 0


def test_peers_that_are_not_installed_are_named_and_null(monkeypatch):
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    monkeypatch.setattr(matching, "BANKS", (SMALL,))
    first, *others = (record.as_json() for record in matching.run())
    assert "faiss (PyPI) is not installed" in first["note"]
    assert first["ours"] > 0
    assert first["peer"] is first["ratio"] is first["same_answer"] is first["met"] is None
    assert all(row["peer"] is None for row in others)


def test_half_of_any_first_queries_are_planted_at_every_distance():
    rng = np.random.default_rng(0)
    hashes = matching.uniform(rng, 500)
    every = Every(hashes)
    found = [every.ask(value) for value in matching.queries(rng, hashes, 64)]
    assert [distance for ((_, distance),) in found[::2]] == list(range(32))
    assert not any(found[1::2])


def test_growth_has_rows_of_time_memory_and_building(capsys):
    records = list(growth.grown({"1k": 1000, "10k": 10_000}))
    rows = [record.as_json() for record in records]
    assert all(set(row) >= CONTRACT - {"cpu_flags", "load"} for row in rows)
    assert all(row["peer"] is row["ratio"] is row["same_answer"] is None for row in rows)
    assert [row["name"] for row in rows] == [
        *("growth/1k", "growth/1k, memory", "growth/1k, build"),
        *("growth/10k", "growth/10k, memory", "growth/10k, build"),
        "growth/10k to 1k",
    ]
    assert rows[-1]["ours"] == pytest.approx(rows[3]["ours"] / rows[0]["ours"], rel=1e-2)
    assert (rows[-1]["goal"], rows[-1]["goal_of"]) == ("<= 1", "ours")
    show = showing.Tables(Surroundings(load=0.1, cpu_flags=(), kernel="avx2"))
    show.title("growth", growth.TITLE, growth.HOW)
    for record in records:
        show.record(record)
    show.end(1)
    assert rows[-1]["note"] in capsys.readouterr().out


def test_the_plot_has_each_point_in_its_place():
    """Equal steps of a factor of 10 in either direction; the dots rise as the bank grows."""
    shown = growth.plot([(10, 1), (100, 10), (1000, 10)]).splitlines()
    assert shown[1:] == [
        "100 ┤                            ···",
        "    ┤                       ·····",
        "    ┤                  ·····",
        " 10 ┤             ··●··            ●",
        "    ┤        ·····",
        "    ┤   ·····",
        "  1 ┤●··",
        "     10             100            1,000",
    ]

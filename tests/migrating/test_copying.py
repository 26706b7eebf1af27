"""What an HMA holds is copied: all of it, once, and with a word on what was left."""

from __future__ import annotations

import json
import math
from datetime import timedelta

import pytest
from databases import empty_postgres, why_no_postgres
from sqlalchemy import func, select

from migrating.conftest import copied, copier, reader
from migrating.hma_tables import OLDER, Tables
from tutela.audit.service import entries
from tutela.banks import known_contents, service
from tutela.banks.models import Bank, BankedSignal, Content
from tutela.errors import TutelaError
from tutela.migrating import comparing
from tutela.migrating.hma_database import HmaDatabase
from tutela.migrating.models import CopiedContent

ONE, TWO, THREE = "0f" * 32, "f0" * 32, "3c" * 32
EMPTY = "d41d8cd98f00b204e9800998ecf8427e"


def contents(database):
    """Bank, values, note, facts, and whether each is on, in their order."""
    with database.reading() as session:
        rows = session.execute(
            select(Content, Bank.name).join(Bank, Bank.id == Content.bank_id).order_by(Content.id)
        )
        return [
            (name, known_contents.values(session, o), o.note, json.loads(o.facts), not o.off)
            for o, name in rows
        ]  # fmt: skip


def counts(database):
    with database.reading() as session:
        return [
            session.scalar(select(func.count()).select_from(table))
            for table in (Bank, Content, BankedSignal, CopiedContent)
        ]


def test_all_is_copied_with_notes_metadata_and_times(database, hma):
    hma.bank("RAIN", 0.25)
    hma.bank("HAIL")
    later = int((database.now() + timedelta(days=3)).timestamp())
    said = {"content_id": "c-1", "content_uri": "https://bicycles.example/a", "json": {"k": [1]}}
    hma.put("RAIN", {"pdq": ONE, "video_md5": EMPTY}, note="by the river", metadata=said)
    hma.put("HAIL", {"pdq": TWO}, disable_until_ts=0)
    hma.put("HAIL", {"pdq": THREE}, disable_until_ts=later)
    hma.put("HAIL", {"pdq": ONE}, disable_until_ts=12)
    report = copied(database, hma, purposes={"RAIN": "adult-intimate"})
    assert report.complete and not report.left
    assert contents(database) == [
        ("rain", {"pdq": ONE, "md5": EMPTY}, "by the river", said, True),
        ("hail", {"pdq": TWO}, "", {}, False), ("hail", {"pdq": THREE}, "", {}, False),
        ("hail", {"pdq": ONE}, "", {}, True),
    ]  # fmt: skip
    with database.reading() as session:
        rain, hail = service.get(session, "rain"), service.get(session, "hail")
        assert (rain.rollout, str(rain.purpose), str(hail.purpose)) == (
            0.25, "adult-intimate", "test"
        )  # fmt: skip
        found = [*session.scalars(select(Content).order_by(Content.id))]
        assert [int(one.until.timestamp()) if one.until else None for one in found] == [
            None, None, later, 12
        ]  # fmt: skip
        assert [(p["old"], p["bank"]) for p in comparing.pairs(session, "hma")] == [
            (1, "RAIN"), (2, "HAIL"), (3, "HAIL"), (4, "HAIL")
        ]  # fmt: skip
        assert [p["new"] for p in comparing.pairs(session, "hma")] == [one.id for one in found]
        (told,) = [e for e in entries(session) if e.action == "migrate.hma"]
        assert json.loads(told.facts)["copied"] == 4


def test_a_second_run_adds_only_what_came_since(database, hma):
    hma.bank("RAIN")
    hma.put("RAIN", {"pdq": ONE})
    hma.put("RAIN", {"pdq": TWO})
    copied(database, hma)
    before = counts(database)
    asked = len(hma.calls)
    report = copied(database, hma)
    assert counts(database) == before
    assert (report.banks["RAIN"].known, report.banks["RAIN"].copied) == (2, 0)
    assert report.complete
    paths = [path for _, path, _ in hma.calls[asked:]]
    assert not any("/content/1?" in path or "/content/2?" in path for path in paths)
    hma.put("RAIN", {"pdq": THREE})
    assert copied(database, hma).banks["RAIN"].copied == 1


def test_what_was_removed_here_is_not_copied_again(database, hma):
    hma.bank("RAIN")
    hma.put("RAIN", {"pdq": ONE})
    copied(database, hma)
    with database.writing() as session:
        one = session.scalars(select(Content)).one()
        known_contents.remove(session, database.now(), "anna", one)
    assert copied(database, hma).banks["RAIN"].copied == 0
    assert contents(database) == []


def test_a_run_that_broke_off_goes_on(database, hma):
    """Also in the middle of a batch; nothing is twice."""
    hma.bank("RAIN")
    for n in range(1, 31):
        hma.put("RAIN", {"pdq": f"{n:064x}"})
    hma.misbehave("revoked", after=20)
    with pytest.raises(TutelaError):
        copied(database, hma)
    some = counts(database)[1]
    assert 0 < some < 30
    hma.behave()
    report = copied(database, hma)
    assert report.banks["RAIN"].known == some and counts(database)[1] == 30
    assert len({str(values) for _, values, *_ in contents(database)}) == 30


@pytest.mark.parametrize("name", ["unavailable", "truncated", "empty", "reset", "slow"])
def test_an_answer_that_fails_is_asked_for_again(database, hma, name, monkeypatch):
    hma.bank("RAIN")
    for n in range(1, 8):
        hma.put("RAIN", {"pdq": f"{n:064x}"})
    hma.misbehave(name, after=5)
    source = reader(hma)
    source._asker._sleep = lambda _: None
    assert copier(database, source).run().banks["RAIN"].copied == 7


def test_gaps_are_passed_and_what_lies_beyond_is_said_to_be_missing(database, hma):
    hma.bank("RAIN")
    for n in range(1, 41):
        hma.put("RAIN", {"pdq": f"{n:064x}"})
    for n in range(5, 36):
        hma.remove(n)
    report = copied(database, hma, gap=10)
    assert report.missing == {"pdq": 5} and not report.complete and report.reached == 14
    report = copied(database, hma, gap=40)
    assert report.complete and report.banks["RAIN"].copied == 5


def test_what_cannot_be_copied_is_said(database, hma):
    hma.bank("RAIN", math.nan)
    hma.bank("HAIL", 5)
    hma.bank("W" * 80)
    hma.connect("EX_INFINITE", "infinite_random")
    hma.put("RAIN", {"vpdq": "x"})
    hma.put("RAIN", {"pdq": "no value", "video_md5": EMPTY})
    hma.put("W" * 80, {"pdq": ONE}, disable_until_ts=0)
    hma.put("RAIN", {"pdq": ONE}, metadata={"json": ["no object"]}, note="n" * 11_000)
    hma.put("EX_INFINITE", {"pdq": TWO}, collab={"EX_INFINITE": ["7"]})
    report = copied(database, hma)
    with database.reading() as session:
        assert service.get(session, "rain").rollout == 0.0
        assert service.get(session, "hail").rollout == 1.0
    assert [c[1] for c in contents(database)] == [{"md5": EMPTY}, {"pdq": ONE}, {"pdq": TWO}]
    assert "rename it there" in report.banks["W" * 80].why and report.banks["W" * 80].left == 1
    assert report.exchanges == {"EX_INFINITE": "infinite_random is no partner here."}
    assert {why: left.examples for why, left in report.left.items()} == {
        "its signal type vpdq is none that is known here": [1],
        "it has no signal that can be kept": [1],
        "its pdq signal is none": [2],
        f"it is switched off in {'W' * 80}, which is not copied": [3],
        "its note cannot be kept": [4],
        "its metadata cannot be kept": [4],
    }


def test_the_contents_of_an_exchange_are_its_own_to_fetch(database, hma):
    hma.connect("EX_SAMPLE", "sample")
    hma.put("EX_SAMPLE", {"pdq": ONE})
    hma.put("EX_SAMPLE", {"pdq": TWO}, disable_until_ts=0)

    def connect(session, one):
        service.create(session, database.now(), "test", one.name.lower(), "test")

    for what in ("copied", "known"):
        report = copied(database, hma, connect=connect)
        assert report.exchanges == {"EX_SAMPLE": what}
        assert report.banks["EX_SAMPLE"].left == 2 and contents(database) == []
        (left,) = report.left.values()
        assert "switched off" in left.why and left.examples == [2]


def test_a_bank_that_is_here_is_joined_only_when_that_is_said(database, hma):
    hma.bank("RAIN")
    hma.put("RAIN", {"pdq": ONE})
    with database.writing() as session:
        service.create(session, database.now(), "anna", "rain", "known-csea")
    report = copied(database, hma)
    assert "--join RAIN" in report.banks["RAIN"].why and contents(database) == []
    report = copied(database, hma, join=["RAIN"], purposes={"RAIN": "test"})
    assert "has the purpose known-csea" in report.banks["RAIN"].why
    assert copied(database, hma, join=["RAIN"]).banks["RAIN"].copied == 1
    with pytest.raises(TutelaError, match="no bank 'SNOW'"):
        copied(database, hma, join=["SNOW"])


def test_a_dry_run_says_all_and_writes_nothing(database, hma):
    hma.bank("RAIN")
    hma.put("RAIN", {"pdq": ONE})
    before = counts(database)
    report = copied(database, hma, dry=True, purposes={"RAIN": "known-csea"})
    assert counts(database) == before
    assert report.banks["RAIN"].copied == 1 and report.banks["RAIN"].purpose == "known-csea"
    with pytest.raises(TutelaError, match="not a purpose"):
        copied(database, hma, dry=True, purposes={"RAIN": "fun"})


@pytest.fixture
def tables():
    if why := why_no_postgres():
        from conftest import missing

        missing("postgres", why)
    with empty_postgres() as url:
        made = Tables(url)
        yield made, url
        made.close()


def test_hmas_own_database_gives_the_same(database, tables, hma):
    made, url = tables
    rain, later = made.bank("RAIN", 0.5), int(database.now().timestamp()) + 999
    said = {"content_id": "c-1", "json": {"k": 1}}
    made.put(rain, {"pdq": ONE, "video_md5": EMPTY}, "by the river", said)
    made.run("SELECT setval('bank_content_id_seq', 4000)")  # a gap costs nothing here
    made.put(rain, {"pdq": TWO}, until=later)
    number = made.exchange("EX", "ncmec", environment="https://x.example")
    with HmaDatabase(url) as source:
        assert [(b.name, b.exchange) for b in source.banks()] == [("RAIN", ""), ("EX", "EX")]
        (exchange,) = source.exchanges()
        assert number and exchange.config == {"environment": "https://x.example"}
        report = copier(database, source).run()
    assert report.complete and report.reached == 4001
    assert contents(database) == [
        ("rain", {"pdq": ONE, "md5": EMPTY}, "by the river", said, True),
        ("rain", {"pdq": TWO}, "", {}, False),
    ]
    with HmaDatabase(url) as source:
        assert copier(database, source).run().banks["RAIN"].known == 2


def test_an_older_database_and_one_that_is_none_are_read_or_refused(tables, database):
    made, url = tables
    rain = made.bank("RAIN")
    made.run("INSERT INTO bank_content (bank_id, disable_until_ts) VALUES (%s, 1)", rain)
    made.sign(1, {"pdq": ONE})
    made.run(OLDER)
    with HmaDatabase(url) as source:
        (one,) = source.contents(lambda _: False, lambda _: None)
        assert (one.bank, dict(one.signals), one.note) == ("RAIN", {"pdq": ONE}, "")
        with pytest.raises(TutelaError, match="read-only"):
            source._rows("DELETE FROM bank RETURNING id")
    with empty_postgres() as other, pytest.raises(TutelaError, match="no table bank"):
        HmaDatabase(other).__enter__()
    for wrong in ("sqlite:////tmp/x.db", "postgresql://nobody@127.0.0.1:1/none", "x"):
        with pytest.raises(TutelaError), HmaDatabase(wrong):
            pass

"""That bytes are gone is proved: the store is asked, the log says so, and the row stays."""

from __future__ import annotations

import json
import os
import signal
from datetime import timedelta

import pytest

from evidence.test_keeping import HOUR, acts, kept, later, row
from tutela import alarms, audit, evidence
from tutela.evidence import clocks, purging, sweeping
from tutela.evidence.errors import EvidenceError
from tutela.evidence.models import File
from tutela.storage import Database


def sounding(database) -> list[str]:
    with database.reading() as session:
        return [one.kind for one in alarms.listed(session)]


def test_the_log_says_what_is_gone_and_that_the_store_was_asked(
    database, sealer, store, monkeypatch
):
    """The digest and size of the sealed bytes, and no word of what was in them."""
    file = kept(database, sealer, HOUR)
    now = later(database, monkeypatch, HOUR)
    assert evidence.purge(database, store) == 1
    with database.reading() as session:
        (entry,) = [e for e in audit.service.entries(session) if e.action == "evidence.delete"]
    assert json.loads(entry.facts) == {
        "why": purging.OVER, "sealed_digest": file.name[8:-4], "sealed_size": file.sealed_size,
        "marked_at": now.isoformat(), "found_gone": True,
    }  # fmt: skip
    tomb = row(database, file)
    assert (tomb.deleted_at, tomb.gone_at, tomb.deleted_why) == (now, now, purging.OVER)


def test_a_file_with_a_running_clock_stays_though_its_time_is_over(
    database, sealer, store, monkeypatch
):
    """It goes when the clock has ended."""
    file = kept(database, sealer, HOUR)
    with database.writing() as session:
        clocks.start(session, database.now(), file.id, "hold", "prq_1", "", None)
    now = later(database, monkeypatch, HOUR)
    assert evidence.purge(database, store) == 0 and store.exists(file.name)
    with database.writing() as session:
        clocks.end(session, now, "hold", "prq_1")
    assert evidence.purge(database, store) == 1 and not store.exists(file.name)


@pytest.mark.parametrize("fault", ["fails", "stays", "silent"])
def test_what_is_not_proved_gone_sounds_an_alarm_and_is_tried_again(
    database, sealer, store, monkeypatch, fault
):
    """A delete that fails, one that deletes nothing, and a store that does not say."""
    file, other = kept(database, sealer, HOUR), kept(database, sealer, HOUR)

    def fail(*_):
        raise EvidenceError("The bucket cannot be used.")

    real = type(store).delete
    later(database, monkeypatch, HOUR)
    with monkeypatch.context() as patched:
        if fault == "silent":
            patched.setattr(type(store), "exists", fail)
        else:
            patched.setattr(
                type(store), "delete",
                lambda self, name: real(self, name) if name != file.name
                else fail() if fault == "fails" else None,
            )  # fmt: skip
        assert evidence.purge(database, store) == (0 if fault == "silent" else 1)
    assert row(database, file).deleted_at is not None and row(database, file).gone_at is None
    assert file.id not in acts(database, "evidence.delete")
    assert sounding(database) == [purging.NOT_DELETED]
    evidence.purge(database, store)
    assert sorted(acts(database, "evidence.delete")) == sorted([file.id, other.id])
    assert sounding(database) == [] and not store.exists(file.name)


def test_a_store_that_is_down_is_not_asked_for_each_file(database, sealer, store, monkeypatch):
    """After a few failures one after another the rest waits; nothing of it opens meanwhile."""
    files = [kept(database, sealer, HOUR) for _ in range(purging.FAILURES + 3)]
    later(database, monkeypatch, HOUR)
    asked: list[str] = []

    def fail(_, name: str) -> None:
        asked.append(name)
        raise EvidenceError("The bucket cannot be used.")

    with monkeypatch.context() as patched:
        patched.setattr(type(store), "delete", fail)
        assert evidence.purge(database, store) == 0
    assert len(asked) == purging.FAILURES
    assert evidence.purge(database, store) == len(files)


def test_a_file_that_was_sealed_anew_meanwhile_is_not_proved_by_its_old_name(
    database, sealer, store, monkeypatch
):
    """Only what its row names counts."""
    file = kept(database, sealer, HOUR)
    anew = sealer.seal(b"A bicycle in the rain.")
    later(database, monkeypatch, HOUR)
    real = type(store).delete

    def renamed(self, name: str) -> None:
        real(self, name)
        if name == file.name:
            with database.writing() as session:
                session.get_one(File, file.id).name = anew.name

    with monkeypatch.context() as patched:
        patched.setattr(type(store), "delete", renamed)
        assert evidence.purge(database, store) == 0
    assert row(database, file).gone_at is None
    assert evidence.purge(database, store) == 1 and not store.exists(anew.name)


@pytest.mark.parametrize("mended", ["sweep", "purge"])
@pytest.mark.parametrize("step", ["delete", "exists"])
def test_killed_between_mark_and_proof_it_is_mended(
    database, database_url, sealer, store, monkeypatch, step, mended
):
    """`kill -9` before the store deletes, or before it is asked: the sweep deletes what is marked,
    and the next purge proves and logs it, once."""
    file, other = kept(database, sealer, HOUR), kept(database, sealer)
    child = os.fork()
    if child == 0:
        try:
            with Database(database_url) as own:
                then = own.now() + 2 * HOUR
                own.now = lambda: then  # type: ignore[method-assign]
                setattr(type(store), step, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
                evidence.purge(own, store)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    marked = row(database, file)
    assert marked.deleted_at is not None and marked.gone_at is None
    assert store.exists(file.name) == (step == "delete") and not acts(database, "evidence.delete")
    later(database, monkeypatch, timedelta(hours=3))
    if mended == "sweep":
        found = evidence.sweep(database, store)
        assert found == sweeping.Swept(0, int(step == "delete"), 0)
        assert not store.exists(file.name)
    for proved in (1, 0):
        assert evidence.purge(database, store) == proved
    assert acts(database, "evidence.delete") == [file.id]
    assert row(database, file).gone_at is not None
    assert (store.exists(file.name), store.exists(other.name)) == (False, True)

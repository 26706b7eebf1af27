"""Rows and files, as who answers for evidence meets them: what is recorded is stored, what is
stored is recorded, and bytes go when their time is over and not before."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from tutela import alarms, audit, evidence
from tutela.evidence import purging, service, sweeping
from tutela.evidence.errors import IntentRefused, NoSuchEvidence
from tutela.evidence.models import File, Intent, Purpose

BICYCLE = b"A bicycle leans on a wall in the rain. "
HOUR = timedelta(hours=1)


def kept(database, sealer, keep_for: timedelta | None = None, data: bytes = BICYCLE) -> File:
    """A file that is sealed and recorded."""
    sealed = sealer.seal(data)
    with database.writing() as session:
        now = database.now()
        return evidence.record(session, now, sealed, now + keep_for if keep_for else None)


def age(store, name: str, by: timedelta) -> None:
    """Make a stored file older."""
    path = store.folder / name
    then = path.stat().st_mtime - by.total_seconds()
    os.utime(path, (then, then))


def later(database, monkeypatch, by: timedelta) -> datetime:
    moment = database.now() + by
    monkeypatch.setattr(database, "now", lambda: moment)
    return moment


def row(database, file: File) -> File:
    with database.reading() as session:
        return evidence.found(session, file.id)


def acts(database, action: str) -> list[str]:
    with database.reading() as session:
        return [e.subject for e in audit.service.entries(session) if e.action == action]


def test_a_record_says_what_was_sealed(database, sealer):
    file = kept(database, sealer, HOUR)
    found = row(database, file)
    assert found.id.startswith("ev_") and len(found.id) <= 32
    assert (found.size, found.recipients) == (len(BICYCLE), sealer.fingerprint)
    assert found.keep_until - found.sealed_at == HOUR and found.deleted_at is None
    with database.reading() as session, pytest.raises(NoSuchEvidence):
        evidence.found(session, "ev_none")


def test_files_are_listed_by_pages_in_the_order_in_which_they_were_sealed(database, sealer):
    files = [kept(database, sealer) for _ in range(5)]
    with database.writing() as session:
        for file in files:
            session.get_one(File, file.id).sealed_at = files[0].sealed_at  # at one moment
    ids = sorted(file.id for file in files)
    with database.reading() as session:
        first = evidence.listed(session, limit=2)
        rest = evidence.listed(session, after=first[-1].id)
        assert [f.id for f in (*first, *rest)] == ids


def test_bytes_go_when_their_time_is_over_and_no_earlier(
    database, sealer, store, monkeypatch
):  # fmt: skip
    for_good, soon, long = (kept(database, sealer, by) for by in (None, HOUR, 3 * HOUR))
    held = kept(database, sealer, HOUR)
    with database.writing() as session:
        evidence.hold(
            session, database.now(), "shell:anna", session.get_one(File, held.id), held=True
        )
    assert evidence.purge(database, store) == 0
    now = later(database, monkeypatch, HOUR)
    assert evidence.purge(database, store) == 1
    assert [store.exists(f.name) for f in (for_good, soon, long, held)] == [True, False, True, True]
    assert row(database, soon).deleted_at == now
    assert acts(database, "evidence.delete") == [soon.id]
    assert evidence.purge(database, store) == 0
    with database.writing() as session:
        evidence.hold(session, now, "shell:anna", session.get_one(File, held.id), held=False)
    assert evidence.purge(database, store) == 1 and not store.exists(held.name)
    assert acts(database, "evidence.hold") == acts(database, "evidence.release") == [held.id]


def test_more_is_purged_than_one_transaction_takes(database, sealer, store, monkeypatch):
    monkeypatch.setattr(purging, "PAGE", 2)
    for _ in range(5):
        kept(database, sealer, HOUR)
    later(database, monkeypatch, HOUR)
    assert evidence.purge(database, store) == 5
    assert list(store.names()) == []


def test_a_file_whose_row_says_deleted_goes_with_the_next_sweep(
    database, sealer, store, monkeypatch
):
    file, other = kept(database, sealer, HOUR), kept(database, sealer)
    later(database, monkeypatch, HOUR)
    with monkeypatch.context() as patched:
        patched.setattr(type(store), "delete", lambda *_: None)  # cut off before it
        assert evidence.purge(database, store) == 0
    assert store.exists(file.name) and row(database, file).gone_at is None
    assert evidence.sweep(database, store) == sweeping.Swept(0, 1, 0)
    assert (store.exists(file.name), store.exists(other.name)) == (False, True)


def test_what_a_crash_left_goes_after_an_hour_and_what_is_being_recorded_stays(
    database, sealer, store
):
    file, old, young = kept(database, sealer), sealer.seal(BICYCLE), sealer.seal(BICYCLE)
    for name in (file.name, old.name):
        age(store, name, 2 * HOUR)
    begun = store.folder / young.name[:8] / ".begun.tmp"
    fresh = store.folder / ".fresh.tmp"
    for path in (begun, fresh):
        path.write_bytes(b"half")
    os.utime(begun, (0, 0))
    assert evidence.sweep(database, store) == sweeping.Swept(strays=1, deleted=2, missing=0)
    assert [store.exists(s.name) for s in (file, old, young)] == [True, False, True]
    assert not begun.exists() and fresh.exists()
    assert evidence.sweep(database, store) == sweeping.Swept(0, 0, 0)


@pytest.mark.parametrize("page", [1, 2, 7, 500])
def test_store_and_rows_are_compared_whatever_the_pages(
    database, sealer, store, monkeypatch, page
):  # fmt: skip
    monkeypatch.setattr(sweeping, "PAGE", page)
    files = [kept(database, sealer) for _ in range(6)]
    strays = [sealer.seal(BICYCLE) for _ in range(3)]
    ordered = sorted(f.name for f in files)
    for name in (ordered[0], ordered[3], ordered[-1]):
        (store.folder / name).unlink()
    moved = store.folder / "1999" / "01"
    moved.mkdir(parents=True)
    (store.folder / strays[0].name).rename(moved / f"{'0' * 64}.age")
    later(database, monkeypatch, 2 * HOUR)
    assert evidence.sweep(database, store) == sweeping.Swept(strays=3, deleted=3, missing=3)
    assert sorted(n for n, _ in store.names()) == [ordered[1], ordered[2], ordered[4]]


def test_a_missing_file_is_an_alarm_until_it_is_back(database, sealer, store, monkeypatch):
    file = kept(database, sealer)
    path = store.folder / file.name
    held = path.read_bytes()
    path.unlink()
    assert evidence.sweep(database, store).missing == 0, "it may just be being sealed anew"
    later(database, monkeypatch, 2 * HOUR)
    for times in (1, 2):
        assert evidence.sweep(database, store).missing == 1
        with database.reading() as session:
            (alarm,) = alarms.listed(session)
        assert (alarm.kind, alarm.times) == (sweeping.MISSING, times)
    path.write_bytes(held)
    assert evidence.sweep(database, store).missing == 0
    with database.reading() as session:
        assert alarms.listed(session) == []


@pytest.mark.parametrize("recorded", [0, 3])
def test_a_database_that_is_older_than_its_store_deletes_nothing(
    database, sealer, store, monkeypatch, recorded
):
    for _ in range(recorded):
        kept(database, sealer)
    unknown = [sealer.seal(BICYCLE) for _ in range(sweeping.FEW + 1 if recorded else 1)]
    later(database, monkeypatch, 2 * HOUR)
    assert evidence.sweep(database, store) == sweeping.Swept(len(unknown), 0, 0)
    assert all(store.exists(one.name) for one in unknown)
    with database.reading() as session:
        assert [a.kind for a in alarms.listed(session)] == [sweeping.STRAYS]
    assert evidence.sweep(database, store, however_many=True).deleted == len(unknown)
    with database.reading() as session:
        assert alarms.listed(session) == []
    assert len(list(store.names())) == recorded


def test_an_intent_says_who_and_why_and_is_used_once(database, sealer, monkeypatch):
    file = kept(database, sealer)
    with database.writing() as session:
        now = database.now()
        intent = evidence.intend(session, now, "key:anna", file, Purpose.VIEW, " to look at it ")
    assert intent.reason == "to look at it"
    with database.writing() as session, pytest.raises(IntentRefused, match="another act"):
        service.intended(session, now, intent.id, {Purpose.EXPORT})
    with database.writing() as session:
        service.use(session, now, *service.intended(session, now, intent.id, {Purpose.VIEW}))
    for name in (intent.id, "int_none", file.id):
        with database.writing() as session, pytest.raises(IntentRefused, match="No such intent"):
            service.intended(session, now, name, {Purpose.VIEW})
    assert acts(database, "evidence.intend") == acts(database, "evidence.open") == [file.id]
    with database.writing() as session:
        stale = evidence.intend(session, now, "key:anna", file, Purpose.VIEW, "later")
    with database.writing() as session, pytest.raises(IntentRefused, match="time is over"):
        service.intended(session, now + service.LAPSES, stale.id, {Purpose.VIEW})


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "x" * 501])
def test_no_intent_without_a_reason(database, sealer, reason):
    file = kept(database, sealer)
    with database.writing() as session, pytest.raises(IntentRefused, match="reason"):
        evidence.intend(session, database.now(), "key:anna", file, Purpose.VIEW, reason)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Intent)) == 0


def test_what_was_deleted_is_not_opened_whatever_was_intended(database, sealer):
    file = kept(database, sealer)
    with database.writing() as session:
        now = database.now()
        intent = evidence.intend(session, now, "key:anna", file, Purpose.VIEW, "to look")
        session.get_one(File, file.id).deleted_at = now
    with database.writing() as session, pytest.raises(IntentRefused, match="deleted"):
        service.intended(session, now, intent.id, {Purpose.VIEW})
    gone = row(database, file)
    with database.writing() as session, pytest.raises(IntentRefused, match="deleted"):
        evidence.intend(session, now, "key:anna", gone, Purpose.VIEW, "to look")

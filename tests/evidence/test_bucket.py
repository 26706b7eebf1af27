"""Evidence in a bucket, against an object store on this machine: stored once, whole or not at all,
and what is wrong is named in words of our own."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec

import pyrage
import pytest
from conftest import missing

from tutela import evidence
from tutela.evidence import identities
from tutela.evidence.errors import EvidenceError, NotOpened, SealingFailed
from tutela.evidence.sealing import Sealer, name_of
from tutela.evidence.store import open_store
from tutela.testing import bucket as stub

BICYCLE = b"A bicycle leans on a wall in the rain. "


@pytest.fixture
def bucket(monkeypatch):
    if find_spec("obstore") is None:
        missing("s3", "obstore is not installed: it needs tutela[s3]")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    with stub.running() as running:
        for name, value in {
            "ACCESS_KEY_ID": "made", "SECRET_ACCESS_KEY": "made", "REGION": "made",
            "ALLOW_HTTP": "true", "ENDPOINT_URL": running.endpoint,
        }.items():  # fmt: skip
            monkeypatch.setenv(f"AWS_{name}", value)
        yield running


@pytest.fixture
def store(bucket):
    return open_store("s3://evidence/some/prefix", None)


@pytest.fixture
def sealer(identity, store, data):
    return Sealer([identities.recipient(identity)], store, data / "spool")


def test_what_is_sealed_is_an_object_and_can_be_opened(bucket, store, sealer, identity):
    sealed = sealer.seal(BICYCLE)
    assert list(bucket.objects) == [f"some/prefix/{sealed.name}"]
    with store.open(sealed.name) as file:
        assert pyrage.decrypt(file.read(), identities.read(identity)) == BICYCLE
    ((name, stored),) = store.names()
    assert name == sealed.name and abs(datetime.now(UTC) - stored) < timedelta(minutes=5)
    assert store.exists(name) and not store.exists(name_of("a" * 64))
    assert BICYCLE[:16] not in bucket.objects[f"some/prefix/{name}"][0]


def test_a_large_file_is_sent_in_parts_and_read_as_a_stream(bucket, store, sealer, identity, data):
    spool = sealer.spool()
    plain = os.urandom(1 << 20)
    for _ in range(40):
        spool.write(plain)
    sealed = spool.finish()
    assert bucket.parts == {} and list((data / "spool").iterdir()) == []
    into = io.BytesIO()
    with store.open(sealed.name) as file:
        pyrage.decrypt_io(file, into, identities.read(identity))
    assert into.getvalue() == plain * 40


def test_nothing_that_is_stored_is_written_over(bucket, store):
    name = name_of("a" * 64)
    store.put(name, b"first")
    store.put(name, b"second")
    assert bucket.objects[f"some/prefix/{name}"][0] == b"first"


def test_objects_of_others_are_none_of_ours_and_pages_are_followed(bucket, store, sealer):
    bucket.page = 2
    names = sorted(sealer.seal(BICYCLE).name for _ in range(5))
    bucket.objects["some/prefix/probe"] = b"", datetime.now(UTC)
    bucket.objects["other/2026/11/x.age"] = b"", datetime.now(UTC)
    assert [name for name, _ in store.names()] == names
    store.delete(names[0])
    store.delete(names[0])
    assert [name for name, _ in store.names()] == names[1:]


def test_it_is_purged_and_swept_as_a_folder_is(database, bucket, store, sealer, monkeypatch):
    kept, due, stray = (sealer.seal(BICYCLE) for _ in range(3))
    with database.writing() as session:
        now = database.now()
        evidence.record(session, now, kept)
        evidence.record(session, now, due, now)
    assert evidence.purge(database, store) == 1
    monkeypatch.setattr(database, "now", lambda: now + timedelta(hours=2))
    assert evidence.sweep(database, store).deleted == 1
    assert [name for name, _ in store.names()] == [kept.name]
    assert stray.name != kept.name


def test_what_is_not_there_is_named(store):
    with pytest.raises(NotOpened, match="not in the bucket"):
        store.open(name_of("a" * 64))
    for act in (store.open, store.exists, store.delete, lambda n: store.put(n, b"x")):
        with pytest.raises(NotOpened):
            act("../../x")


@pytest.mark.parametrize(
    ("status", "why"), [(403, "refuses these keys"), (404, "not there"), (500, "not answer")]
)
def test_a_bucket_that_refuses_is_named_and_says_nothing_of_itself(
    bucket, store, sealer, data, status, why
):
    sealed = sealer.seal(BICYCLE)
    assert store.probe() is None
    bucket.failing = status
    assert why in str(store.probe())
    spool = sealer.spool()
    spool.write(BICYCLE)
    for act in (lambda: sealer.seal(BICYCLE), spool.finish):
        with pytest.raises(SealingFailed, match=why) as caught:
            act()
        assert "127.0.0.1" not in str(caught.value)
    assert list((data / "spool").iterdir()) == []
    if status != 404:
        for act in (store.exists, store.delete, store.open, lambda _: list(store.names())):
            with pytest.raises(EvidenceError, match=why):
                act(sealed.name)
    bucket.failing = 0
    assert store.probe() is None and store.exists(sealed.name)
    assert len(bucket.objects) == 1


def test_a_bucket_that_is_gone_is_named(bucket, store):
    bucket.shutdown()
    bucket.server_close()
    with pytest.raises(SealingFailed, match="does not answer"):
        store.put(name_of("a" * 64), b"x")


def test_a_url_that_names_no_bucket_is_refused(bucket):
    with pytest.raises(EvidenceError, match=r"evidence\.url"):
        open_store("s3://", None)

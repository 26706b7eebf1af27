"""Sealing, as who keeps evidence meets it: only the identity opens it, nothing plain is on disk,
and what cannot be stored is never said to be."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pyrage
import pytest
from conftest import missing

from tutela.evidence import identities
from tutela.evidence.errors import EvidenceError, NotOpened, SealingFailed
from tutela.evidence.sealing import Sealed, Sealer, fingerprint, name_of
from tutela.evidence.store import FolderStore, open_store

BICYCLE = b"A bicycle leans on a wall in the rain. "


def opened(store: FolderStore, name: str, identity: Path) -> bytes:
    with store.open(name) as file:
        return pyrage.decrypt(file.read(), identities.read(identity))


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 300_000])
def test_what_is_sealed_can_be_opened_with_the_identity_and_no_other(
    sealer, store, identity, tmp_path, size
):
    plain = (BICYCLE * (size // len(BICYCLE) + 1))[:size]
    for data in (plain, bytearray(plain), memoryview(plain)):
        sealed = sealer.seal(data)
        assert (sealed.size, sealed.digest) == (size, hashlib.sha256(plain).digest())
        assert opened(store, sealed.name, identity) == plain
    assert len(list(store.names())) == 3, "the same bytes are never sealed to the same name"
    other = tmp_path / "other"
    identities.make(other)
    with pytest.raises(pyrage.DecryptError):
        opened(store, sealed.name, other)


def test_every_recipient_can_open_it(store, data, tmp_path):
    paths = [tmp_path / "one", tmp_path / "two"]
    sealer = Sealer([identities.make(path) for path in paths], store, data / "spool")
    sealed = sealer.seal(BICYCLE)
    assert [opened(store, sealed.name, path) for path in paths] == [BICYCLE, BICYCLE]


def test_the_age_command_opens_it(sealer, store, identity):
    age = shutil.which("age") or shutil.which("rage")
    if age is None:
        missing("age", "there is no command age or rage")
    sealed = sealer.seal(BICYCLE)
    ran = subprocess.run(
        [age, "--decrypt", "-i", identity, store.folder / sealed.name],
        capture_output=True, check=True,
    )  # fmt: skip
    assert ran.stdout == BICYCLE


def test_the_file_is_age_and_its_name_is_its_own_hash(sealer, store):
    sealed = sealer.seal(BICYCLE)
    path = store.folder / sealed.name
    held = path.read_bytes()
    assert held.startswith(b"age-encryption.org/v1\n-> X25519 ")
    assert path.stem == hashlib.sha256(held).hexdigest()
    assert sealed.sealed_size == len(held)
    assert hashlib.sha256(BICYCLE).hexdigest() not in sealed.name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parent.parent, store.folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    assert files_in(store.folder) == [path], "nothing begun is left"


def test_nobody_to_seal_for_is_refused(store, data):
    with pytest.raises(EvidenceError, match="Nobody"):
        Sealer([], store, data / "spool")


def test_a_fingerprint_tells_who_can_open_whatever_their_order():
    assert fingerprint(["a", "b"]) == fingerprint(["b", "a", "a"]) != fingerprint(["a"])


@pytest.mark.parametrize("sizes", [[], [0, 1, 0], [10, 5_000_000, 1], [1 << 16] * 40, [7] * 3000])
def test_what_is_spooled_is_what_came(sealer, store, identity, data, sizes):
    spool = sealer.spool()
    whole = b""
    for number, size in enumerate(sizes):
        piece = bytearray(BICYCLE * (size // len(BICYCLE) + 1))[:size]
        whole += piece
        spool.write(piece)
        piece[:] = b"x" * size  # whoever gave it uses it again
        assert spool.size == len(whole), number
    sealed = spool.finish()
    assert opened(store, sealed.name, identity) == whole
    assert (sealed.size, sealed.digest) == (len(whole), hashlib.sha256(whole).digest())
    path = store.folder / sealed.name
    assert path.stem == hashlib.sha256(path.read_bytes()).hexdigest()
    assert sealed.sealed_size == path.stat().st_size
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert files_in(data / "spool") == []


def test_nothing_plain_is_ever_on_disk_while_it_is_spooled(sealer, data):
    spool = sealer.spool()
    seen = 0
    for _ in range(40):
        spool.write(BICYCLE * 10_000)
        for path in files_in(data):
            held = path.read_bytes()
            seen += len(held)
            assert BICYCLE[:16] not in held
    assert seen > 1 << 20, "it did go to disk"
    (path,) = files_in(data)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    spool.drop()
    assert files_in(data) == []
    spool.drop()


def test_what_is_dropped_is_gone_and_no_thread_or_descriptor_stays(sealer, data):
    sealer.spool().drop()
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        spool = sealer.spool()
        spool.write(BICYCLE * 100_000)
        spool.drop()
        finished = sealer.spool()
        finished.write(BICYCLE)
        finished.finish()
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert files_in(data / "spool") == []


def test_a_spool_that_is_written_is_not_swept_and_one_that_was_left_is(sealer, identity, store):
    live = sealer.spool()
    live.write(BICYCLE)
    left = sealer.spool_folder / "0123.part"
    left.write_bytes(b"sealed")
    assert sealer.sweep_spool() == 1 and not left.exists()
    assert opened(store, live.finish().name, identity) == BICYCLE


def test_a_spool_on_another_disk_is_copied(identity, data, tmp_path):
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        missing("another disk", "there is no second file system to write to")
    spooling = elsewhere / f"tutela-{os.getpid()}-{os.urandom(4).hex()}"
    store = FolderStore(data / "evidence")
    try:
        spool = Sealer([identities.recipient(identity)], store, spooling).spool()
        spool.write(BICYCLE * 100_000)
        sealed = spool.finish()
        assert files_in(spooling) == []
    finally:
        shutil.rmtree(spooling)
    assert opened(store, sealed.name, identity) == BICYCLE * 100_000
    assert files_in(data) == [store.folder / sealed.name]


FULL = """
import resource, sys
from pathlib import Path
from tutela.evidence.errors import SealingFailed
from tutela.evidence.sealing import Sealer
from tutela.evidence.store import FolderStore
folder, recipient = Path(sys.argv[1]), sys.argv[2]
sealer = Sealer([recipient], FolderStore(folder / "evidence"), folder / "spool")
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # the system's own "too large"
def spooled():
    spool = sealer.spool()
    for _ in range(100):
        spool.write(bytes(50_000))
    spool.finish()
def spooled_at_the_end():
    spool = sealer.spool()
    spool.write(bytes(200_000))
    spool.finish()
def dropped():
    spool = sealer.spool()
    try:
        for _ in range(100):
            spool.write(bytes(50_000))
    finally:
        spool.drop()
for act in (lambda: sealer.seal(bytes(200_000)), spooled, spooled_at_the_end, dropped):
    try:
        act()
    except SealingFailed as error:
        print(error)
left = [p for p in folder.rglob("*") if p.is_file()]
print(left, sealer.seal(bytes(1000)).size)
"""


def test_a_disk_that_takes_no_more_is_named_and_leaves_nothing(identity, data):
    ran = subprocess.run(
        [sys.executable, "-c", FULL, data, identities.recipient(identity)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert ran.stderr == ""
    *errors, last = ran.stdout.splitlines()
    assert len(errors) == 4 and all("File too large" in line for line in errors), errors
    assert last == "[] 1000"


def test_a_store_or_spool_that_is_gone_is_named(sealer, data):
    (data / "evidence").write_text("not a folder")
    for act in (lambda: sealer.seal(BICYCLE), lambda: _spooled(sealer)):
        with pytest.raises(SealingFailed, match=r"evidence folder.*Not a directory"):
            act()
    assert files_in(data / "spool") == []
    assert "Not a directory" in str(sealer.store.probe())
    shutil.rmtree(data / "spool")
    (data / "spool").write_text("not a folder")
    with pytest.raises(SealingFailed, match="spool"):
        sealer.spool()


def _spooled(sealer: Sealer) -> Sealed:
    spool = sealer.spool()
    spool.write(BICYCLE)
    return spool.finish()


def test_a_store_that_can_be_written_to_is_probed_without_a_trace(store):
    assert store.probe() is None
    assert files_in(store.folder) == []


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "2026/11/x.age", "", f"2026/11/{'a' * 64}.age/.."]
)
def test_names_that_lead_elsewhere_are_refused(store, name):
    for act in (store.open, store.exists, store.delete, lambda n: store.put(n, b"x")):
        with pytest.raises(NotOpened):
            act(name)


def test_a_link_in_the_place_of_a_file_is_not_followed(store, sealer, tmp_path):
    sealed = sealer.seal(BICYCLE)
    path = store.folder / sealed.name
    path.unlink()
    path.symlink_to(tmp_path / "keys" / "evidence.identity")
    with pytest.raises(NotOpened):
        store.open(sealed.name)


def test_nothing_that_is_stored_is_written_over(store):
    name = name_of("a" * 64)
    store.put(name, b"first")
    store.put(name, b"second")
    with store.open(name) as file:
        assert file.read() == b"first"


def test_only_places_that_can_hold_evidence_are_taken(tmp_path):
    assert isinstance(open_store("", tmp_path), FolderStore)
    for url in ("http://host/", "/folder", "s3:/x"):
        with pytest.raises(Exception, match=r"evidence\.url"):
            open_store(url, tmp_path)

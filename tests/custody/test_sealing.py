"""Sealing, as who must be able to open again meets it: whole, for every recipient, and never plain
on a disk."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime
from pathlib import Path

import pyrage
import pytest

from tutela.evidence.errors import SealingFailed
from tutela.evidence.sealing import Sealer
from tutela.evidence.store import FolderStore

from .conftest import LINES, bicycles, opened

SIZES = (0, 1, 65_535, 65_536, 65_537, 1 << 20, (1 << 20) + 1, 20_000_000)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_sealed_is_what_is_opened(sealer, identity, size):
    data = bicycles(size)
    spool = sealer.spool()
    for at in range(0, size, 300_001):
        spool.write(data[at : at + 300_001])
    for sealed in (sealer.seal(data), spool.finish()):
        assert opened(sealer.store, sealed.name, identity) == data
        assert (sealed.size, sealed.digest) == (size, hashlib.sha256(data).digest())
        with sealer.store.open(sealed.name) as file:
            stored = file.read()
        assert len(stored) == sealed.sealed_size
        digest = hashlib.sha256(stored).hexdigest()
        assert sealed.name == f"{datetime.now(UTC):%Y/%m}/{digest}.age"
        assert LINES[:20] not in stored
    assert not list(sealer.spool_folder.iterdir())


def test_every_recipient_opens_everything(store, tmp_path):
    both = [pyrage.x25519.Identity.generate() for _ in range(2)]
    sealer = Sealer([str(one.to_public()) for one in both], store, tmp_path / "spool")
    spool = sealer.spool()
    spool.write(bicycles(3_000_000))
    for name, size in ((sealer.seal(bicycles(500)).name, 500), (spool.finish().name, 3_000_000)):
        for one in both:
            assert opened(store, name, one) == bicycles(size)
        with pytest.raises(pyrage.DecryptError):
            opened(store, name, pyrage.x25519.Identity.generate())


def test_nothing_lies_about_in_clear(identity, tmp_path):
    """While an upload comes in, after it was sealed, and after another was dropped."""
    sealer = Sealer(
        [str(identity.to_public())], FolderStore(tmp_path / "evidence"), tmp_path / "spool"
    )
    spool, dropped = sealer.spool(), sealer.spool()
    written = 0
    for _ in range(40):
        spool.write(bicycles(500_000))
        dropped.write(bicycles(500_000))
        written = max(written, seen(tmp_path))
    assert written > 10_000_000, "nothing was on disk to be looked at"
    spool.finish()
    dropped.drop()
    assert seen(tmp_path) > 20_000_000
    sealer.seal(bicycles(500_000))
    assert seen(tmp_path) > 20_500_000
    assert not list((tmp_path / "spool").iterdir())


def seen(folder: Path) -> int:
    """Bytes of all files below a folder, in which there is nothing in clear."""
    size = 0
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert LINES[:16] not in data and LINES[20:36] not in data, path
            assert path.stat().st_mode & 0o777 == 0o600
            size += len(data)
        else:
            assert path.stat().st_mode & 0o777 == 0o700
    return size


def test_a_spool_is_dropped_again_and_again_and_whenever(sealer):
    spool = sealer.spool()
    spool.drop()
    spool.drop()
    spool = sealer.spool()
    spool.write(bicycles(9_000_000))
    spool.drop()
    with pytest.raises(SealingFailed):
        spool.finish()
    assert not list(sealer.spool_folder.iterdir())
    assert list(sealer.store.names()) == []


def test_many_uploads_at_once(sealer, identity):
    found: dict[int, str] = {}

    def one(number: int) -> None:
        spool = sealer.spool()
        for _ in range(8):
            spool.write(bytes([number]) * 400_000)
        found[number] = spool.finish().name

    threads = [threading.Thread(target=one, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    for number, name in found.items():
        assert opened(sealer.store, name, identity) == bytes([number]) * 3_200_000


def test_no_thread_is_left_over_nor_waited_for(sealer, monkeypatch):
    """A process that may start no thread says so, and leaves nothing."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(SealingFailed):
        sealer.spool()
    monkeypatch.undo()
    held = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert not [path for path in held if str(sealer.spool_folder) in path]
    assert not list(sealer.spool_folder.iterdir())

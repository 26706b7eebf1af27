"""Stores, as evidence needs them: the same of a folder and of a bucket, and on disks that are full,
read only or someone else's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import missing

from tutela.evidence.errors import EvidenceError, NotOpened, SealingFailed
from tutela.evidence.sealing import Sealer
from tutela.evidence.store import FolderStore
from tutela.testing import bucket

from .conftest import bicycles, in_bucket, opened

NEXT_YEAR = datetime.now(UTC) + timedelta(days=365)


def name(number: int, month: str = "2031/05") -> str:
    return f"{month}/{number:064x}.age"


def given(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "given"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("size", [0, 1000, 16 << 20, (16 << 20) + 1, 40 << 20])
def test_what_is_stored_is_what_is_read(store, tmp_path, size):
    data = os.urandom(size)
    store.put(name(1), data)
    path = given(tmp_path, data)
    store.take(name(2), path)
    assert not path.exists(), "a file that is stored must not lie about"
    for number in (1, 2):
        with store.open(name(number)) as file:
            assert file.read(10) == data[:10]
            assert file.read() == data[10:]
        assert store.exists(name(number))
    now = datetime.now(UTC)
    for found, at in store.names():
        assert found in (name(1), name(2)) and abs(now - at) < timedelta(minutes=2)


def test_nothing_is_written_over(store, tmp_path):
    store.put(name(1), b"rain")
    store.put(name(1), b"snow")
    store.take(name(1), given(tmp_path, b"hail"))
    with store.open(name(1)) as file:
        assert file.read() == b"rain"


def test_names_come_in_order_whatever_their_number(store):
    if not isinstance(store, FolderStore):
        bucket.Bucket.page = 7
    wanted = sorted(
        name(n, month) for n in range(20) for month in ("2031/05", "2031/11", "2030/12")
    )
    try:
        for one in reversed(wanted):
            store.put(one, b"rain")
        assert [found for found, _ in store.names()] == wanted
    finally:
        bucket.Bucket.page = 1000


def test_deleting_again_does_nothing(store):
    store.put(name(1), b"rain")
    for _ in range(2):
        store.delete(name(1))
        assert not store.exists(name(1)) and list(store.names()) == []
    store.delete(name(2, "1999/01"))
    with pytest.raises(NotOpened, match="Restore it from the backup"):
        store.open(name(1))


def test_an_empty_store_has_nothing(store):
    assert list(store.names()) == [] and not store.exists(name(1))
    assert store.tidy(NEXT_YEAR) == 0


@pytest.mark.parametrize(
    "wrong",
    ["", "../../etc/passwd", "2031/05/../../x.age", f"/{name(1)}", name(1) + "\n", name(1).upper()],
)
def test_a_name_leads_nowhere_else(store, tmp_path, wrong):
    for act in (store.open, store.exists, store.delete, lambda n: store.put(n, b"rain")):
        with pytest.raises(NotOpened, match="no name of a sealed file"):
            act(wrong)
    with pytest.raises(NotOpened):
        store.take(wrong, given(tmp_path, b"rain"))


def test_a_probe_says_nothing_and_leaves_nothing(store, tmp_path):
    for _ in range(3):
        assert store.probe() is None
    assert list(store.names()) == []
    if isinstance(store, FolderStore):
        assert list(store.folder.iterdir()) == []


class TestFolder:
    """What only a folder may do wrong."""

    @pytest.fixture
    def folder(self, tmp_path) -> FolderStore:
        return FolderStore(tmp_path / "evidence")

    def test_only_its_owner_may_read(self, folder, tmp_path):
        before = os.umask(0)
        try:
            folder.put(name(1), b"rain")
            path = given(tmp_path, b"snow")
            path.chmod(0o600)
            folder.take(name(2), path)
        finally:
            os.umask(before)
        modes = {p.name: p.stat().st_mode & 0o777 for p in folder.folder.rglob("*")}
        modes["evidence"] = folder.folder.stat().st_mode & 0o777
        assert {mode for n, mode in modes.items() if n.endswith(".age")} == {0o600}
        assert {mode for n, mode in modes.items() if not n.endswith(".age")} == {0o700}

    def test_what_strangers_put_there_is_not_ours(self, folder):
        folder.put(name(1), b"rain")
        month = folder.folder / "2031/05"
        (month / "x.age").touch()
        (month / "README").touch()
        (month / f"{2:064x}.age").mkdir()
        (month / f"{3:064x}.age").symlink_to("/etc/passwd")
        (folder.folder / "rain").mkdir()
        assert [found for found, _ in folder.names()] == [name(1)]
        with pytest.raises(NotOpened):
            folder.open(name(3))
        with pytest.raises(NotOpened):
            folder.open(name(2)).read()

    def test_what_was_begun_and_never_ended_is_tidied_by_age(self, folder):
        folder.put(name(1), b"rain")
        for place in (folder.folder, folder.folder / "2031/05"):
            for word, hours in (("0" * 32, 3), ("1" * 32, 0)):
                path = place / f".{word}.tmp"
                path.touch()
                os.utime(path, (path.stat().st_mtime - hours * 3600,) * 2)
        assert folder.tidy(datetime.now(UTC) - timedelta(hours=1)) == 2
        left = [p.name for p in folder.folder.rglob("*.tmp")]
        assert left == [f".{'1' * 32}.tmp"] * 2, "it may just be being written"
        assert [found for found, _ in folder.names()] == [name(1)]

    def test_without_the_data_directory_none_is_made(self, tmp_path):
        """Where its disk is not mounted, evidence must not go to another."""
        store = FolderStore(tmp_path / "unmounted" / "evidence")
        with pytest.raises(SealingFailed, match="No such file or directory"):
            store.put(name(1), b"rain")
        assert "No such file" in str(store.probe())
        assert not (tmp_path / "unmounted").exists()

    def test_a_folder_that_went_is_made_again(self, folder):
        folder.put(name(1), b"rain")
        folder.delete(name(1))
        (folder.folder / "2031/05").rmdir()
        (folder.folder / "2031").rmdir()
        folder.put(name(1), b"snow")
        with folder.open(name(1)) as file:
            assert file.read() == b"snow"

    def test_a_full_disk_seals_nothing_and_says_so(self, tmp_path, identity):
        with mounted(tmp_path / "disk", "size=4m") as disk:
            sealer = Sealer([str(identity.to_public())], FolderStore(disk / "e"), disk / "spool")
            kept = sealer.seal(bicycles(1_000_000))
            assert sealer.store.probe() is None
            with pytest.raises(SealingFailed, match=r"No space left on device.*Free its disk"):
                sealer.seal(bicycles(3_500_000))
            spool = sealer.spool()
            with pytest.raises(SealingFailed, match=r"spool.*No space left on device.*Free"):
                for _ in range(40):
                    spool.write(bicycles(1_000_000))
            spool.drop()
            (disk / "rest").write_bytes(bytes(2_500_000))
            assert "No space left" in str(sealer.store.probe()), "a few blocks are no room"
            assert [found for found, _ in sealer.store.names()] == [kept.name]
            assert opened(sealer.store, kept.name, identity) == bicycles(1_000_000)
            left = [p for p in disk.rglob("*") if p.is_file() and p.name != "rest"]
            assert left == [disk / "e" / kept.name], "what failed must take no room"
            (disk / "rest").unlink()
            assert sealer.store.probe() is None
            assert sealer.seal(bicycles(1_000_000))

    def test_a_spool_of_another_disk_is_copied(self, tmp_path, identity):
        (tmp_path / "spool").mkdir()
        with mounted(tmp_path / "disk", "size=16m") as disk:
            sealer = Sealer(
                [str(identity.to_public())], FolderStore(disk / "evidence"), tmp_path / "spool"
            )
            spool = sealer.spool()
            spool.write(bicycles(5_000_000))
            sealed = spool.finish()
            assert opened(sealer.store, sealed.name, identity) == bicycles(5_000_000)
            spool = sealer.spool()
            spool.write(bicycles(14_000_000))
            with pytest.raises(SealingFailed, match="No space left on device"):
                spool.finish()
            assert list((tmp_path / "spool").iterdir()) == []
            assert [p for p in disk.rglob("*") if p.is_file()] == [disk / "evidence" / sealed.name]

    def test_two_mounts_of_one_disk_are_two(self, tmp_path, identity):
        """As containers have volumes."""
        for word in ("real", "evidence"):
            (tmp_path / word).mkdir()
        with mounted(tmp_path / "evidence", bind=tmp_path / "real") as folder:
            sealer = Sealer([str(identity.to_public())], FolderStore(folder), tmp_path / "spool")
            spool = sealer.spool()
            spool.write(bicycles(5_000_000))
            assert opened(sealer.store, spool.finish().name, identity) == bicycles(5_000_000)

    def test_a_disk_that_became_read_only(self, tmp_path, identity):
        with mounted(tmp_path / "disk", "size=4m") as disk:
            sealer = Sealer([str(identity.to_public())], FolderStore(disk / "e"), disk / "spool")
            kept = sealer.seal(b"rain")
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            with pytest.raises(
                SealingFailed, match=r"Read-only file system.*Free its disk, or see"
            ):
                sealer.seal(b"snow")
            with pytest.raises(SealingFailed, match="Read-only file system"):
                sealer.spool()
            assert "Read-only" in str(sealer.store.probe())
            with pytest.raises(EvidenceError, match="Read-only"):
                sealer.store.delete(kept.name)
            assert opened(sealer.store, kept.name, identity) == b"rain"

    def test_a_folder_of_someone_else(self, tmp_path):
        """In a process of a user who may not: root may all."""
        folder = tmp_path / "evidence"
        folder.mkdir(mode=0o755)
        code = (
            "import sys; from pathlib import Path; from tutela.evidence.store import FolderStore;"
            f"print(FolderStore(Path({str(folder)!r})).probe())"
        )
        command = [sys.executable, "-c", code]
        if os.getuid() == 0:
            command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
            os.chown(folder, 65534, 65534)
        else:
            folder.chmod(0o500)
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "Permission denied" in ran.stdout


@contextmanager
def mounted(place: Path, options: str = "", bind: Path | None = None) -> Iterator[Path]:
    """A disk of its own, in memory, or another mount of a folder."""
    if os.getuid() != 0:
        missing("root", "only root may mount a disk that is full")
    place.mkdir(exist_ok=True)
    how = ["--bind", str(bind)] if bind else ["-t", "tmpfs", "-o", options, "tmpfs"]
    ran = subprocess.run(["mount", *how, place], capture_output=True, text=True, check=False)
    if ran.returncode:
        missing("root", f"nothing can be mounted here: {ran.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


class TestBucket:
    """What only a bucket may do wrong."""

    @pytest.fixture
    def running(self) -> Iterator[bucket.Bucket]:
        with bucket.running() as one:
            yield one

    @pytest.mark.parametrize(
        ("status", "why"),
        [(403, "refuses these keys"), (404, "not there"), (503, "does not answer")],
    )
    def test_what_is_wrong_is_said(self, running, monkeypatch, tmp_path, status, why):
        store = in_bucket(running, monkeypatch)
        store.put(name(1), b"rain")
        running.failing = status
        for act in (
            lambda: store.put(name(2), b"rain"), lambda: store.take(name(2), given(tmp_path, b"x")),
            lambda: store.put(name(2), bytes(17 << 20)),
        ):  # fmt: skip
            with pytest.raises(SealingFailed, match=f"{why}.*evidence.url"):
                act()
        assert why in str(store.probe())
        if status != 404:
            for act in (
                lambda: list(store.names()), lambda: store.exists(name(1)),
                lambda: store.delete(name(1)), lambda: store.open(name(1)),
            ):  # fmt: skip
                with pytest.raises(EvidenceError, match=why):
                    act()
        assert (tmp_path / "given").exists(), "what was not stored is not let go of here"
        running.failing = 0
        assert [found for found, _ in store.names()] == [name(1)]

    def test_a_bucket_that_is_gone(self, monkeypatch):
        with bucket.running() as running:
            store = in_bucket(running, monkeypatch)
        with pytest.raises(SealingFailed, match="does not answer"):
            store.put(name(1), b"rain")

    def test_a_prefix_keeps_to_itself(self, running, monkeypatch):
        one = in_bucket(running, monkeypatch, "/one/place")
        two = in_bucket(running, monkeypatch, "/two")
        one.put(name(1), b"rain")
        two.put(name(2), b"snow")
        assert set(running.objects) == {f"one/place/{name(1)}", f"two/{name(2)}"}
        assert [found for found, _ in one.names()] == [name(1)]

    def test_other_objects_are_none_of_ours(self, running, monkeypatch):
        store = in_bucket(running, monkeypatch)
        store.put(name(1), b"rain")
        for other in ("probe", "2031/05/x.age", "README"):
            running.objects[other] = b"x", datetime.now(UTC)
        assert [found for found, _ in store.names()] == [name(1)]

    def test_large_files_go_in_parts_that_are_not_left_behind(self, running, monkeypatch, tmp_path):
        store = in_bucket(running, monkeypatch)
        store.take(name(1), given(tmp_path, bytes(50 << 20)))
        assert running.asked.count("POST") == 2 and running.asked.count("PUT") == 4
        assert running.parts == {}


def test_without_the_package_it_says_which(tmp_path):
    code = (
        "import sys; sys.modules['obstore'] = None; from pathlib import Path;"
        "from tutela.evidence.store import open_store; open_store('s3://b/p', Path('.'))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert "Install tutela[s3]." in ran.stderr

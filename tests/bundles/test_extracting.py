"""What is in a bundle comes out once all of it was verified: whole, for one user, or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from databases import sqlite

from bundles.desk import GROUND, Desk
from tutela.bundles import extracting, verifying
from tutela.bundles.errors import BundleDamaged, BundleRefused
from tutela.bundles.extracting import extract
from tutela.storage import Database


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One for all tests here, which only read it."""
    folder = tmp_path_factory.mktemp("desk")
    with Database(sqlite(folder / "tutela.db")) as database:
        yield Desk(database, folder)


@pytest.fixture(scope="module")
def bundle(desk: Desk) -> Path:
    with desk.vault():
        return desk.make(granted=GROUND)[0]


def verified(desk: Desk, path: Path) -> verifying.Verified:
    return verifying.verify(path, [desk.theirs], desk.key.public)


@pytest.mark.parametrize("sealed", [True, False])
def test_all_parts_come_out_for_one_user(
    desk: Desk, bundle: Path, tmp_path: Path, sealed: bool
) -> None:
    """As another program would take them out."""
    path = bundle
    if not sealed:
        path = tmp_path / "opened"
        path.write_bytes(desk.opened(bundle))
    into = tmp_path / "into"
    size = extract(path, into, verified(desk, path), [desk.theirs])
    wanted = desk.parts(bundle)
    found = {
        str(one.relative_to(into)): one.read_bytes() for one in into.rglob("*") if one.is_file()
    }
    assert found == wanted and size == sum(map(len, wanted.values()))
    modes = {stat.S_IMODE(one.lstat().st_mode) for one in into.rglob("*") if one.is_file()}
    assert modes == {0o600}
    assert {stat.S_IMODE(one.stat().st_mode) for one in (into, into / "files")} == {0o700}
    assert not list(tmp_path.glob(".into*"))


@pytest.mark.parametrize("there", ["file", "folder", "link"])
def test_what_is_there_is_never_written_over(
    desk: Desk, bundle: Path, tmp_path: Path, there: str
) -> None:
    """Not even an empty folder, or a link to nothing."""
    into = tmp_path / "into"
    if there == "file":
        into.write_text("mine")
    elif there == "folder":
        into.mkdir()
    else:
        into.symlink_to(tmp_path / "nowhere")
    with pytest.raises(BundleRefused, match="there already"):
        extract(bundle, into, verified(desk, bundle), [desk.theirs])
    assert list(tmp_path.iterdir()) == [into]


def test_a_folder_is_not_made_where_there_is_none(desk: Desk, bundle: Path, tmp_path: Path) -> None:
    """Nor its parents: a name that was typed wrongly makes nothing."""
    with pytest.raises(BundleRefused, match="cannot be made"):
        extract(bundle, tmp_path / "a" / "b", verified(desk, bundle), [desk.theirs])


def test_nothing_comes_out_of_what_is_not_whole(desk: Desk, bundle: Path, tmp_path: Path) -> None:
    known = verified(desk, bundle)
    for wrong in (replace(known, faults=("a",)), replace(known, said={})):
        with pytest.raises(BundleDamaged, match="not whole"):
            extract(bundle, tmp_path / "into", wrong, [desk.theirs])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("where", ["bytes of a part", "size of a part", "part left", "end"])
def test_what_changes_after_it_was_verified_does_not_come_out(
    desk: Desk, bundle: Path, tmp_path: Path, where: str
) -> None:
    """Someone may write to the file between both readings."""
    path, data = tmp_path / "opened", bytearray(desk.opened(bundle))
    path.write_bytes(data)
    known = verified(desk, path)
    if where == "bytes of a part":
        data[-3000] ^= 1
    elif where == "end":
        del data[-1024:]
    path.write_bytes(data)
    sizes = dict(known.found)
    if where == "size of a part":
        sizes["case.json"] = sizes["case.json"][0] + 1, sizes["case.json"][1]
    if where == "part left":
        sizes["files/" + "0" * 64] = 1, "0" * 64
    with pytest.raises(BundleDamaged):
        extract(path, tmp_path / "into", replace(known, found=sizes))
    assert list(tmp_path.iterdir()) == [path]


def test_where_there_is_no_room_nothing_is_begun(
    desk: Desk, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How much is needed is known before, and told."""
    few = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(extracting.shutil, "disk_usage", lambda _: few)
    with pytest.raises(BundleRefused, match="there is room for 1,000"):
        extract(bundle, tmp_path / "into", verified(desk, bundle), [desk.theirs])
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_leaves_nothing(
    desk: Desk, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it is told as that, not as damage."""
    known = verified(desk, bundle)

    def full(handle: int, data: bytes) -> int:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(extracting.os, "write", full)
    with pytest.raises(BundleRefused, match="No space left"):
        extract(bundle, tmp_path / "into", known, [desk.theirs])
    assert not list(tmp_path.iterdir())

"""What is damaged, or of another kind, is noticed and never used."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random

import numpy as np
import pytest

from banks.indexes import LAYOUTS, altered, expected, names, said, with_bit_turned
from tutela.banks import segment_files
from tutela.banks.index_files import Damaged, IndexFileError, IndexFiles
from tutela.matching.layouts import NEAR, SCANNED, Equal


def with_header(path, **changes):
    """A header that is whole by itself, but says something else."""
    data = bytearray(path.read_bytes())
    fields = dict(
        zip(
            ("magic", "layout", "format", "count", "size", "through", "digest"),
            segment_files.FIELDS.unpack_from(data),
            strict=True,
        )
    )
    segment_files.FIELDS.pack_into(data, 0, *(fields | changes).values())
    data[4064:4096] = hashlib.sha256(data[:4064]).digest()
    path.write_bytes(data)


def test_a_bit_turned_in_the_header_is_seen_at_opening(files, current):
    for at in range(4096):
        with_bit_turned(current, at, at % 8)
        with pytest.raises(Damaged):
            files.open()
        with_bit_turned(current, at, at % 8)
    files.open().verify()


def test_a_bit_turned_in_the_data_is_seen_by_verifying(files, current):
    size = current.stat().st_size
    chance = random.Random(1)
    for at in (4096, size - 1, *(chance.randrange(4096, size) for _ in range(40))):
        with_bit_turned(current, at, at % 8)
        opened = files.open()
        with pytest.raises(Damaged):
            opened.verify()
        with_bit_turned(current, at, at % 8)
    files.open().verify()


@pytest.mark.parametrize("cut", [0, 1, 4095, 4096, 4097, -4096, -1])
def test_a_file_cut_or_lengthened_is_damaged(files, current, cut):
    size = current.stat().st_size
    os.truncate(current, cut if cut >= 0 else size + cut)
    with pytest.raises(Damaged):
        files.open()
    os.truncate(current, size + 1)
    with pytest.raises(Damaged):
        files.open()


@pytest.mark.parametrize(
    "changes",
    [
        {"magic": b"WEATHER!"},
        {"format": 2},
        {"layout": b"mih16-middle"},
        {"layout": b"equal-2"},
        {"layout": b"\0"},
        {"count": 200, "size": None},
        {"count": 200},
        {"count": 301},
        {"count": 2**32 + 300},
        {"count": 2**63},
        {"size": 0},
        {"through": 6},
    ],
)
def test_a_header_that_fits_neither_name_nor_size_nor_version_is_damaged(files, current, changes):
    with_header(current)
    files.open().verify()
    if changes.get("size", 0) is None:
        changes = changes | {"size": files.layout.size_of(changes["count"])}
    with_header(current, **changes)
    with pytest.raises(Damaged):
        files.open()
    if "count" in changes:
        renamed = current.rename(files.folder / f"segment-5-{changes['count']}.seg")
        (files.folder / "CURRENT").write_text(renamed.name)
        with pytest.raises(Damaged):
            files.open()


@pytest.mark.parametrize(
    "text",
    [
        b"segment-9-9.seg\n",
        b"../x",
        b"../../x/segment-5-300.seg",
        b"/etc/hostname",
        b"",
        b"\n",
        b"segment-5-300.seg\n\n",
        b" segment-5-300.seg",
        b"segment-05-300.seg",
        b"segment-\xd9\xa5-300.seg",
        b"segment-5-300.seg\0",
        b"CURRENT",
        b".",
        b"\xff\xfe rain, later fog" * 50,
    ],
)
def test_what_current_may_not_say_is_damage_and_a_build_heals_it(files, current, text, uniform):
    (files.folder.parent / "x").write_bytes(current.read_bytes())
    (files.folder / "CURRENT").write_bytes(text)
    with pytest.raises(Damaged) as raised:
        files.open()
    assert raised.value.hint
    made = files.build(uniform(2, 20), 6).path
    files.open().verify()
    assert names(files.folder) == ["CURRENT", "builder.lock", made.name]


def test_a_link_or_a_folder_instead_of_a_file_is_damage(files, current):
    moved = current.rename(files.folder.parent / "moved")
    current.symlink_to(moved)
    with pytest.raises(Damaged):
        files.open()
    current.unlink()
    current.mkdir()
    with pytest.raises(Damaged):
        files.open()


def test_the_file_of_another_layout_is_not_used_and_a_build_heals_it(files, current, uniform):
    for other in LAYOUTS.values():
        if other == files.layout:
            continue
        mistaken = IndexFiles(files.folder, other)
        with pytest.raises(Damaged, match="layout"):
            mistaken.open()
    mistaken.build(np.zeros((1, mistaken.layout.width), np.uint8), 6)
    assert mistaken.open().count == 1
    with pytest.raises(Damaged, match="layout"):
        files.open()
    files.build(uniform(2, 20), 7)
    files.open().verify()


@pytest.mark.parametrize("layout", [NEAR])
def test_the_file_of_another_kernel_is_not_used(files, native, uniform, python):
    numpy = {"TUTELA_NATIVE": "0"}
    said(python("files.build(uniform(1, 300), 1)", files.folder, **numpy))
    with pytest.raises(Damaged, match="kernel"):
        files.open()
    files.build(uniform(1, 300), 1)
    opening = "try: files.open()\nexcept Damaged as error: print(error)"
    assert "kernel" in said(python(opening, files.folder, **numpy))


@pytest.mark.parametrize("layout", [SCANNED, Equal(20)])
def test_the_file_of_another_kernel_is_used_where_it_is_the_same(files, native, uniform, python):
    said(python("files.build(uniform(1, 300), 1)", files.folder, TUTELA_NATIVE="0"))
    assert len(files.open().segment.search(uniform(1, 300), 0)) == 300


def test_without_a_compiler_the_same_is_found(files, tmp_path, uniform, python):
    known = uniform(1, 2000)
    distance = min(31, files.layout.farthest)
    queries = np.concatenate([known[:20], altered(known[:20], 30)])
    np.save(tmp_path / "queries.npy", queries)
    process = python(
        "import json; files.build(uniform(1, 2000), 1)\n"
        "files.merge(files.open(), uniform(2, 10), uniform(1, 5), 2)\n"
        "opened = files.open(); opened.verify(); opened.warm(); s = opened.segment\n"
        "found = s.search(np.load(sys.argv[2]), int(sys.argv[3])).tolist()\n"
        "print(json.dumps([[q, bytes(s.hashes[e]).hex(), d] for q, e, d in found]))\n"
        "files.build(uniform(1, 0), 3); files.open().warm(); files.open().verify()\n",
        *(files.folder, tmp_path / "queries.npy", distance),
        TUTELA_NATIVE="0",
    )
    found = {tuple(hit) for hit in json.loads(said(process))}
    assert found == expected(known[5:], queries, distance)


def test_a_file_that_may_not_be_read_is_an_error_but_no_damage(files, current, monkeypatch):
    def refused(path, flags):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(IndexFileError) as raised:
        files.open()
    assert not isinstance(raised.value, Damaged)
    assert raised.value.hint

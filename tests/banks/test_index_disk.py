"""A disk that is full or fails is an error that says so, and leaves the current segment."""

from __future__ import annotations

import errno
import mmap
import os
import re

import pytest

from banks.indexes import names, said
from tutela.banks.index_files import IndexFileError, IndexFiles
from tutela.banks.segment_files import HEADER
from tutela.matching.layouts import NEAR


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_an_error_that_leaves_the_current_segment(
    files, current, monkeypatch, number, uniform, none
):
    def full(file, start, length):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    for build in (
        lambda: files.build(uniform(2, 20), 6),
        lambda: files.merge(files.open(), uniform(2, 20), none, 6),
    ):
        with pytest.raises(IndexFileError, match="no room") as raised:
            build()
        assert "disk space" in raised.value.hint
        assert names(files.folder) == ["CURRENT", "builder.lock", current.name]
    files.open().verify()
    monkeypatch.undo()
    assert files.build(uniform(2, 20), 6).count == 20


MANY = 300_000
"""Values of 4.8 MB or more."""


def leaves_what_was(files, current, python, room):
    """A build of `MANY` values that may make files of `room` bytes."""
    process = python(
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)\n"
        "try: files.build(uniform(2, int(sys.argv[3])), 6)\n"
        "except IndexFileError as error: print(error)\n",
        *(files.folder, room, MANY),
    )
    assert re.search(r"no room.*Free disk space", said(process))
    assert names(files.folder) == ["CURRENT", "builder.lock", current.name]
    files.open().verify()


@pytest.mark.parametrize("room", [0, 1000, 4096, 40_000, 1 << 20, 4 << 20])
def test_a_file_that_may_not_grow_is_an_error_that_leaves_the_current_segment(
    files, current, room, python
):
    """Wherever the room ends: in the header or among the values."""
    leaves_what_was(files, current, python, room)


@pytest.mark.parametrize("layout", [NEAR])
@pytest.mark.parametrize("short", [1, 1 << 20])
def test_tables_that_have_no_room_are_an_error_that_leaves_the_current_segment(
    files, current, native, python, short
):
    leaves_what_was(files, current, python, HEADER + files.layout.size_of(MANY) - short)


def test_no_room_for_the_name_leaves_the_current_segment(files, current, monkeypatch, uniform):
    """The segment was already written and has its name."""
    write = os.write

    def full(file, data):
        if bytes(data[:8]) == b"segment-":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(file, data)

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(IndexFileError, match="no room"):
        files.build(uniform(2, 20), 6)
    assert names(files.folder) == ["CURRENT", "builder.lock", current.name]
    files.open().verify()


def test_a_file_system_that_cannot_reserve_is_filled_with_zeros(files, monkeypatch, uniform):
    def unsupported(file, start, length):
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    reserved = files.build(uniform(2, 500).repeat(40, 0), 1).path.read_bytes()
    monkeypatch.setattr(os, "posix_fallocate", unsupported, raising=False)
    made = files.build(uniform(2, 500).repeat(40, 0), 1).path
    files.open().verify()
    assert made.read_bytes() == reserved
    assert made.stat().st_blocks * 512 >= made.stat().st_size // mmap.PAGESIZE * mmap.PAGESIZE


def test_a_folder_that_cannot_be_made_is_an_error_that_says_so(tmp_path, layout, none):
    (tmp_path / "index").write_text("a bicycle")
    with pytest.raises(IndexFileError) as raised:
        IndexFiles(tmp_path / "index" / "pdq", layout).build(none, 1)
    assert raised.value.hint

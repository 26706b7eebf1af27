"""Who reads is never disturbed, and sees only what is whole."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from banks.indexes import altered, answers, expected, said
from tutela.banks.index_files import Damaged
from tutela.matching.layouts import NEAR, SCANNED


def test_a_reader_of_an_old_file_keeps_answering(files, uniform):
    known = uniform(1, 2000)
    old = files.build(known, 1).path
    opened = files.open()
    files.build(uniform(2, 3000), 2)
    files.build(uniform(3, 10), 3)
    assert not old.exists()
    opened.warm()
    opened.verify()
    queries = np.concatenate([known[:50], altered(known[:50], 9)])
    distance = min(20, files.layout.farthest)
    assert answers(opened.segment, queries, distance) == expected(known, queries, distance)


def test_readers_see_whole_segments_while_builders_replace_them(files, uniform):
    rounds = 40
    files.build(uniform(0, 50), 0)

    def read():
        seen = []
        while not seen or seen[-1] < rounds:
            opened = files.open()
            opened.verify()
            assert opened.count == 50 + opened.through
            seen.append(opened.through)
        return seen

    with ThreadPoolExecutor(3) as threads:
        readers = [threads.submit(read) for _ in range(3)]
        for number in range(1, rounds + 1):
            files.build(uniform(number, 50 + number), number)
        for reader in readers:
            seen = reader.result(timeout=60)
            assert seen == sorted(seen), "a reader went back"


def test_a_change_is_seen_even_under_the_same_name(files, uniform):
    assert not files.changed(None)
    files.build(uniform(1, 10), 1)
    assert files.changed(None)
    for seed in range(2, 22):
        opened = files.open()
        assert not files.changed(opened)
        assert files.build(uniform(seed, 10), 1).path == opened.path
        assert files.changed(opened)
    opened = files.open()
    (files.folder / "CURRENT").write_text("rain\n")
    assert files.changed(opened)
    (files.folder / "CURRENT").unlink()
    assert files.changed(opened)


def test_closing_does_not_disturb_a_search_under_way(files, current, uniform):
    opened = files.open()
    segment = opened.segment
    opened.close()
    opened.close()
    assert len(segment.search(uniform(1, 300), 0)) == 300
    for use in (lambda: opened.segment, opened.verify, opened.warm):
        with pytest.raises(ValueError):
            use()
    del segment
    if Path("/proc/self/maps").exists():
        assert str(current) not in Path("/proc/self/maps").read_text(), "still mapped"


def test_no_file_stays_open(files, current, uniform, none):
    if not Path("/proc/self/fd").exists():
        pytest.skip("open files are counted in /proc")
    before = len(os.listdir("/proc/self/fd"))
    for number in range(6, 12):
        opened = files.open()
        files.merge(opened, uniform(number, 5), none, number)
        with pytest.raises(ValueError):
            files.build(np.zeros((2, 31), np.uint8), number)
        opened.close()
    (files.folder / "CURRENT").write_text("segment-1-1.seg\n")
    with pytest.raises(Damaged):
        files.open()
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("layout", [NEAR, SCANNED])
@pytest.mark.skipif(sys.platform != "linux", reason="private memory is read from /proc of Linux")
def test_another_process_shares_the_memory_of_a_million(files, uniform, python):
    files.build(uniform(1, 1_000_000), 1)
    here = files.open()
    here.warm()
    process = python(
        "def private():\n"
        "    lines = Path('/proc/self/smaps_rollup').read_text().splitlines()\n"
        "    return sum(int(l.split()[1]) for l in lines if l.startswith('Private_')) / 1024\n"
        "queries = uniform(1, 100)\n"
        "before = private(); opened = files.open(); opened.warm()\n"
        "assert len(opened.segment.search(queries, 31)) >= 100\n"
        "print(private() - before)\n",
        files.folder,
    )
    added = float(said(process))
    assert here.path.stat().st_size >= 32e6
    assert added < 20, f"{added:.1f} MiB are private"

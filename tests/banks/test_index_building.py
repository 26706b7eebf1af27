"""A segment file holds the set that was given, each value once, and finds what is in it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banks.indexes import altered, answers, contents, expected, names, said, with_bit_turned
from tutela.banks import contents as filling
from tutela.banks import index_files
from tutela.banks.index_files import Damaged, IndexFileError, IndexFiles
from tutela.matching import ordered
from tutela.matching.layouts import FARTHEST, INDEXED, NEAR, SCANNED, Equal


def test_what_was_built_is_found_by_this_and_by_another_process(files, tmp_path, uniform, python):
    known = uniform(1, 5000)
    queries = np.concatenate([uniform(2, 5), *(altered(known[:9], n) for n in (0, 17, 31, 47, 64))])
    built = files.build(known, 42)
    opened = files.open()
    assert (built.through, built.count, built.path) == (42, 5000, opened.path)
    assert (opened.through, opened.count) == (42, 5000)
    opened.verify()
    opened.warm()
    np.save(tmp_path / "queries.npy", queries)
    distances = [d for d in (0, INDEXED, FARTHEST) if d <= files.layout.farthest]
    process = python(
        "import json; opened = files.open(); opened.verify(); s = opened.segment\n"
        "for distance in map(int, sys.argv[3:]):\n"
        "    found = s.search(np.load(sys.argv[2]), distance).tolist()\n"
        "    print(json.dumps([[q, bytes(s.hashes[e]).hex(), d] for q, e, d in found]))\n",
        *(files.folder, tmp_path / "queries.npy", *distances),
    )
    elsewhere = [{tuple(hit) for hit in json.loads(line)} for line in said(process).splitlines()]
    for distance, there in zip(distances, elsewhere, strict=True):
        here = answers(opened.segment, queries, distance)
        assert here == there == expected(known, queries, distance)


def test_an_index_of_nothing_answers_with_nothing(files, uniform, none):
    assert files.open() is None
    assert files.build(none, 0).count == 0
    opened = files.open()
    opened.verify()
    opened.warm()
    assert len(opened.segment.search(uniform(1, 3), files.layout.farthest)) == 0
    assert files.build(iter(()), 1).count == 0


def test_parts_in_any_order_with_repetitions_are_one_set(files, uniform, none):
    known = uniform(1, 700)
    parts = [known[500:], none, known[:400], known[::-1][::2], known[100:101], known[300:500]]
    built = files.build((part for part in parts), 1)
    assert built.count == 700
    assert contents(files.open()) == sorted(map(bytes, known))


@pytest.mark.parametrize("part", [1, 2, 7])
def test_repetitions_across_parts_are_seen(files, monkeypatch, part, uniform):
    monkeypatch.setattr(filling, "PART", part)
    monkeypatch.setattr(ordered, "PART", part)
    known = uniform(3, 40)[np.random.default_rng(4).integers(0, 40, 200)]
    files.build(known, 1)
    assert contents(files.open()) == sorted(set(map(bytes, known)))
    files.merge(files.open(), known[:3], known[-2:], 2)
    assert contents(files.open()) == sorted(set(map(bytes, known)) - set(map(bytes, known[-2:])))


def test_values_that_end_in_zeros_stay_apart(files):
    width = files.layout.width
    known = np.zeros((2 * width + 2, width), np.uint8)
    for n in range(width):
        known[n, n], known[n + width, n] = 1, 255
    known[-1, :] = 32
    files.build(known, 1)
    assert contents(files.open()) == sorted(map(bytes, known))
    assert len(files.open().segment.search(known, 0)) == len(known)
    gone = known[-2:]  # all zeros, and none
    files.merge(files.open(), known[:3], gone, 2)
    assert contents(files.open()) == sorted(map(bytes, known[:-2]))
    assert len(files.open().segment.search(gone, 0)) == 0


def rows(width):
    start = st.binary(min_size=1, max_size=width)
    return st.lists(start.map(lambda start: start.ljust(width, b"\0")), max_size=30)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_merging_is_the_algebra_of_sets(files, data):
    width = files.layout.width
    first, added, removed = data.draw(st.tuples(st.none() | rows(width), rows(width), rows(width)))
    pool = [*(first or []), *added] or [bytes(width)]
    removed = removed + data.draw(st.lists(st.sampled_from(pool), max_size=10))
    added = added + data.draw(st.lists(st.sampled_from(pool), max_size=10))
    as_array = lambda values: np.frombuffer(b"".join(values), np.uint8).reshape(-1, width)  # noqa: E731
    opened = None
    if first is not None:
        files.build(as_array(first), 3)
        opened = files.open()
    built = files.merge(opened, as_array(added), as_array(removed), 4)
    merged = files.open()
    merged.verify()
    assert contents(merged) == sorted((set(first or []) | set(added)) - set(removed))
    assert (merged.count, merged.through) == (built.count, 4)


def test_a_large_merge_is_the_algebra_of_sets(files, uniform):
    known = uniform(1, 50_000)
    files.build(known[:40_000], 1)
    files.merge(files.open(), known[30_000:], known[::3], 2)
    assert contents(files.open()) == sorted(set(map(bytes, known)) - set(map(bytes, known[::3])))


def test_a_merge_does_not_go_back_and_takes_over_no_damage(files, current, none):
    opened = files.open()
    with pytest.raises(ValueError):
        files.merge(opened, none, none, 4)
    with_bit_turned(current, 5000, 0)
    with pytest.raises(Damaged):
        files.merge(opened, none, none, 6)
    opened.close()
    with pytest.raises(ValueError):
        files.merge(opened, none, none, 6)
    assert names(files.folder) == ["CURRENT", "builder.lock", current.name]


@pytest.mark.parametrize(("layout", "other"), [(NEAR, SCANNED), (SCANNED, Equal(32))])
def test_a_merge_takes_over_the_values_of_another_layout(files, current, other):
    IndexFiles(files.folder, other).merge(files.open(), *2 * [np.empty((0, 32), np.uint8)], 6)
    opened = IndexFiles(files.folder, other).open()
    opened.verify()
    assert opened.count == 300


def test_what_is_no_value_is_refused_and_changes_nothing(files, current, uniform, none):
    width = files.layout.width
    for wrong in (
        np.zeros((2, width - 1), np.uint8),
        np.zeros((2, width + 1), np.uint8),
        np.zeros(width, np.uint8),
        np.zeros((2, width), np.int8),
    ):
        with pytest.raises(ValueError):
            files.build(wrong, 6)
        with pytest.raises(ValueError):
            files.build(iter([uniform(1, 2), wrong]), 6)
        with pytest.raises(ValueError):
            files.merge(files.open(), wrong, none, 6)
        with pytest.raises(ValueError):
            files.merge(files.open(), none, wrong, 6)
    with pytest.raises(ValueError, match="shape"):
        other = np.empty((0, 24), np.uint8)
        IndexFiles(files.folder, Equal(24)).merge(files.open(), other, other, 6)
    for number in (-1, 2**63):
        with pytest.raises(ValueError):
            files.build(none, number)
    assert names(files.folder) == ["CURRENT", "builder.lock", current.name]


def test_more_than_a_segment_holds_is_refused(files, monkeypatch, uniform):
    monkeypatch.setattr(index_files, "MOST", 10)
    with pytest.raises(IndexFileError, match="more than 10"):
        files.build([uniform(1, 6), uniform(2, 6)], 1)
    assert files.build(uniform(1, 10), 1).count == 10


def test_an_error_of_the_source_passes_and_changes_nothing(files, current, uniform):
    def source():
        yield uniform(1, 100)
        raise ConnectionResetError("the database went away")

    with pytest.raises(ConnectionResetError):
        files.build(source(), 6)
    assert names(files.folder) == ["CURRENT", "builder.lock", current.name]
    assert files.build(uniform(1, 5), 7).count == 5


def test_only_the_service_may_read_the_files(files, current):
    for path in (files.folder, *files.folder.iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_all_is_on_the_disk_before_it_gets_its_name(files, monkeypatch, uniform):
    """After a power failure a name never stands for what was not written."""
    done = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(file):
        fsync(file)
        done.append(("written", Path(f"/proc/self/fd/{file}").readlink().name))

    def noted_replace(path, target):
        done.append(("renamed", path.name))
        return replace(path, target)

    if not Path("/proc/self/fd").exists():
        pytest.skip("names of open files are read from /proc")
    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    files.build(uniform(1, 10), 1)
    segment, text = (name for what, name in done if what == "renamed")
    folder = ("written", files.folder.name)
    assert done == [
        *[("written", segment), ("renamed", segment), folder],
        *[("written", text), ("renamed", text), folder],
    ]

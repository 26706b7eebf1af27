"""What is current is always whole; what is damaged is noticed; who reads is never disturbed."""

from __future__ import annotations

import errno
import hashlib
import json
import mmap
import os
import random
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tutela.banks import index_files
from tutela.banks.index_files import BuilderBusy, Damaged, IndexFileError, IndexFiles
from tutela.matching.segment import FARTHEST, INDEXED, size_of

NONE = np.empty((0, 32), np.uint8)
STARTED: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def no_process_is_left():
    yield
    while STARTED:
        with STARTED.pop() as process:
            process.kill()


def uniform(seed, count):
    return np.random.default_rng(seed).integers(0, 256, (count, 32), np.uint8)


def altered(hashes, bits):
    """Each with its first bits turned."""
    mask = np.packbits(np.arange(256) < bits)
    return hashes ^ mask


def expected(known, queries, distance):
    """Query number, hash and distance of every pair that is near, by comparing all."""
    apart = np.bitwise_count(queries[:, None, :] ^ known[None, :, :]).sum(axis=2)
    near = np.argwhere(apart <= distance)
    return {(int(q), bytes(known[e]).hex(), int(apart[q, e])) for q, e in near}


def answers(segment, queries, distance):
    found = segment.search(queries, distance).tolist()
    return {(q, bytes(segment.hashes[e]).hex(), apart) for q, e, apart in found}


def contents(opened):
    return [bytes(row) for row in opened.segment.hashes]


def names(folder):
    return sorted(path.name for path in folder.glob("*"))


def python(code, *arguments, **environment):
    """Start another process that runs some code on these files."""
    preface = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from tutela.banks.index_files import *\n"
        "files = IndexFiles(Path(sys.argv[1]))\n"
        "def uniform(seed, count):\n"
        "    return np.random.default_rng(seed).integers(0, 256, (count, 32), np.uint8)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", preface + code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    STARTED.append(process)
    return process


def said(process):
    """What another process printed, when it ended well."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err[-3000:]
    return out.strip()


@pytest.fixture
def files(tmp_path) -> IndexFiles:
    return IndexFiles(tmp_path / "index" / "pdq")


@pytest.fixture
def current(files) -> Path:
    """The current file of an index that has one."""
    return files.build(uniform(1, 300), 5).path


def with_bit_turned(path, at, bit):
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1 << bit]))


def with_header(path, **changes):
    """A header that is whole by itself, but says something else."""
    data = bytearray(path.read_bytes())
    fields = dict(
        zip(
            ("magic", "layout", "format", "count", "size", "through", "digest"),
            index_files.FIELDS.unpack_from(data),
            strict=True,
        )
    )
    index_files.FIELDS.pack_into(data, 0, *(fields | changes).values())
    data[4064:4096] = hashlib.sha256(data[:4064]).digest()
    path.write_bytes(data)


# Building and reading


def test_what_was_built_is_found_by_this_and_by_another_process(files, tmp_path):
    known = uniform(1, 5000)
    queries = np.concatenate([uniform(2, 5), *(altered(known[:9], n) for n in (0, 17, 31, 47, 64))])
    built = files.build(known, 42)
    opened = files.open()
    assert (built.through, built.count, built.path) == (42, 5000, opened.path)
    assert (opened.through, opened.count) == (42, 5000)
    opened.verify()
    opened.warm()
    np.save(tmp_path / "queries.npy", queries)
    process = python(
        "import json; opened = files.open(); opened.verify(); s = opened.segment\n"
        "for distance in map(int, sys.argv[3:]):\n"
        "    found = s.search(np.load(sys.argv[2]), distance).tolist()\n"
        "    print(json.dumps([[q, bytes(s.hashes[e]).hex(), d] for q, e, d in found]))\n",
        *(files.folder, tmp_path / "queries.npy", 0, INDEXED, FARTHEST),
    )
    elsewhere = [{tuple(hit) for hit in json.loads(line)} for line in said(process).splitlines()]
    for distance, there in zip((0, INDEXED, FARTHEST), elsewhere, strict=True):
        here = answers(opened.segment, queries, distance)
        assert here == there == expected(known, queries, distance)


def test_an_index_of_nothing_answers_with_nothing(files):
    assert files.open() is None
    assert files.build(NONE, 0).count == 0
    opened = files.open()
    opened.verify()
    opened.warm()
    assert len(opened.segment.search(uniform(1, 3), 31)) == 0
    assert files.build(iter(()), 1).count == 0


def test_parts_in_any_order_with_repetitions_are_one_set(files):
    known = uniform(1, 700)
    parts = [known[500:], NONE, known[:400], known[::-1][::2], known[100:101], known[300:500]]
    built = files.build((part for part in parts), 1)
    assert built.count == 700
    assert contents(files.open()) == sorted(map(bytes, known))


@pytest.mark.parametrize("part", [1, 2, 7])
def test_repetitions_across_parts_are_seen(files, monkeypatch, part):
    monkeypatch.setattr(index_files, "PART", part)
    known = uniform(3, 40)[np.random.default_rng(4).integers(0, 40, 200)]
    files.build(known, 1)
    assert contents(files.open()) == sorted(set(map(bytes, known)))
    files.merge(files.open(), known[:3], known[-2:], 2)
    assert contents(files.open()) == sorted(set(map(bytes, known)) - set(map(bytes, known[-2:])))


def test_hashes_that_end_in_zeros_stay_apart(files):
    known = np.zeros((66, 32), np.uint8)
    for n in range(32):
        known[n, n], known[n + 32, n] = 1, 255
    known[65, :] = 32
    files.build(known, 1)
    assert contents(files.open()) == sorted(map(bytes, known))


rows = st.lists(
    st.binary(min_size=1, max_size=32).map(lambda start: start.ljust(32, b"\0")), max_size=30
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=st.none() | rows, added=rows, removed=rows, data=st.data())
def test_merging_is_the_algebra_of_sets(files, first, added, removed, data):
    pool = [*(first or []), *added] or [bytes(32)]
    removed = removed + data.draw(st.lists(st.sampled_from(pool), max_size=10))
    added = added + data.draw(st.lists(st.sampled_from(pool), max_size=10))
    as_array = lambda hashes: np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32)  # noqa: E731
    opened = None
    if first is not None:
        files.build(as_array(first), 3)
        opened = files.open()
    built = files.merge(opened, as_array(added), as_array(removed), 4)
    merged = files.open()
    merged.verify()
    assert contents(merged) == sorted((set(first or []) | set(added)) - set(removed))
    assert (merged.count, merged.through) == (built.count, 4)


def test_a_large_merge_is_the_algebra_of_sets(files):
    known = uniform(1, 50_000)
    files.build(known[:40_000], 1)
    files.merge(files.open(), known[30_000:], known[::3], 2)
    assert contents(files.open()) == sorted(set(map(bytes, known)) - set(map(bytes, known[::3])))


def test_a_merge_does_not_go_back_and_takes_over_no_damage(files, current):
    opened = files.open()
    with pytest.raises(ValueError):
        files.merge(opened, NONE, NONE, 4)
    with_bit_turned(current, 5000, 0)
    with pytest.raises(Damaged):
        files.merge(opened, NONE, NONE, 6)
    opened.close()
    with pytest.raises(ValueError):
        files.merge(opened, NONE, NONE, 6)
    assert names(files.folder) == ["CURRENT", "builder.lock", current.name]


def test_what_is_no_hash_is_refused_and_changes_nothing(files, current):
    for wrong in (np.zeros((2, 31), np.uint8), np.zeros(32, np.uint8), np.zeros((2, 32), np.int8)):
        with pytest.raises(ValueError):
            files.build(wrong, 6)
        with pytest.raises(ValueError):
            files.build(iter([uniform(1, 2), wrong]), 6)
        with pytest.raises(ValueError):
            files.merge(files.open(), wrong, NONE, 6)
    for number in (-1, 2**63):
        with pytest.raises(ValueError):
            files.build(NONE, number)
    assert names(files.folder) == ["CURRENT", "builder.lock", current.name]


def test_more_than_a_segment_holds_is_refused(files, monkeypatch):
    monkeypatch.setattr(index_files, "MOST", 10)
    with pytest.raises(IndexFileError, match="more than 10"):
        files.build([uniform(1, 6), uniform(2, 6)], 1)
    assert files.build(uniform(1, 10), 1).count == 10


def test_an_error_of_the_source_passes_and_changes_nothing(files, current):
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


def test_all_is_on_the_disk_before_it_gets_its_name(files, monkeypatch):
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


# Readers


def test_a_reader_of_an_old_file_keeps_answering(files):
    known = uniform(1, 2000)
    old = files.build(known, 1).path
    opened = files.open()
    files.build(uniform(2, 3000), 2)
    files.build(uniform(3, 10), 3)
    assert not old.exists()
    opened.warm()
    opened.verify()
    queries = altered(known[:50], 9)
    assert answers(opened.segment, queries, 20) == expected(known, queries, 20)


def test_readers_see_whole_segments_while_builders_replace_them(files):
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


def test_a_change_is_seen_even_under_the_same_name(files):
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


def test_closing_does_not_disturb_a_search_under_way(files, current):
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


def test_no_file_stays_open(files, current):
    if not Path("/proc/self/fd").exists():
        pytest.skip("open files are counted in /proc")
    before = len(os.listdir("/proc/self/fd"))
    for number in range(6, 12):
        opened = files.open()
        files.merge(opened, uniform(number, 5), NONE, number)
        with pytest.raises(ValueError):
            files.build(np.zeros((2, 31), np.uint8), number)
        opened.close()
    (files.folder / "CURRENT").write_text("segment-1-1.seg\n")
    with pytest.raises(Damaged):
        files.open()
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.skipif(sys.platform != "linux", reason="private memory is read from /proc of Linux")
def test_another_process_shares_the_memory_of_a_million(files):
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


# Damage


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
        {"count": 200, "size": size_of(200)},
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
def test_what_current_may_not_say_is_damage_and_a_build_heals_it(files, current, text):
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


def test_the_file_of_another_kernel_is_not_used(files, native):
    numpy = {"TUTELA_NATIVE": "0"}
    said(python("files.build(uniform(1, 300), 1)", files.folder, **numpy))
    with pytest.raises(Damaged, match="kernel"):
        files.open()
    files.build(uniform(1, 300), 1)
    opening = "try: files.open()\nexcept Damaged as error: print(error)"
    assert "kernel" in said(python(opening, files.folder, **numpy))


def test_without_a_compiler_the_same_is_found(files, tmp_path):
    known = uniform(1, 2000)
    queries = altered(known[:20], 30)
    np.save(tmp_path / "queries.npy", queries)
    process = python(
        "import json; files.build(uniform(1, 2000), 1)\n"
        "files.merge(files.open(), uniform(2, 10), uniform(1, 5), 2)\n"
        "opened = files.open(); opened.verify(); opened.warm(); s = opened.segment\n"
        "found = s.search(np.load(sys.argv[2]), 31).tolist()\n"
        "print(json.dumps([[q, bytes(s.hashes[e]).hex(), d] for q, e, d in found]))\n"
        "files.build(uniform(1, 0), 3); files.open().warm(); files.open().verify()\n",
        *(files.folder, tmp_path / "queries.npy"),
        TUTELA_NATIVE="0",
    )
    found = {tuple(hit) for hit in json.loads(said(process))}
    assert found == expected(known[5:], queries, 31)


def test_a_file_that_may_not_be_read_is_an_error_but_no_damage(files, current, monkeypatch):
    def refused(path, flags):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(IndexFileError) as raised:
        files.open()
    assert not isinstance(raised.value, Damaged)
    assert raised.value.hint


# Builders


def test_only_one_builder_works_at_a_time(files, current):
    busy = "try: files.build(uniform(1, 5), 9)\nexcept BuilderBusy as error: print(error)"

    def source():
        yield uniform(1, 10)
        with pytest.raises(BuilderBusy):
            IndexFiles(files.folder).build(NONE, 9)
        assert "Another builder" in said(python(busy, files.folder))
        yield uniform(2, 10)

    assert files.build(source(), 6).count == 20
    assert said(python(busy, files.folder)) == ""
    assert files.open().through == 9


def test_builders_that_race_leave_one_whole_segment(files):
    def build(number):
        try:
            return files.build(uniform(number, 20_000), number).path.name
        except BuilderBusy:
            return None

    with ThreadPoolExecutor(4) as threads:
        made = set(threads.map(build, range(12)))
    files.open().verify()
    assert files.open().path.name in made
    assert names(files.folder) == ["CURRENT", "builder.lock", files.open().path.name]


def test_a_forked_child_does_not_keep_the_lock(files):
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    process = python(
        "import os, signal, time; made = []\n"
        "def source():\n"
        "    made.append(os.fork())\n"
        "    if not made[0]: time.sleep(60); os._exit(0)\n"
        "    yield uniform(1, 5)\n"
        "files.build(source(), 1); files.build(uniform(1, 5), 2)\n"
        "os.kill(made[0], signal.SIGKILL); os.waitpid(made[0], 0)\n",
        files.folder,
    )
    said(process)
    assert files.open().through == 2


def whole_or_none(files, allowed):
    """The current segment, which is whole, or None where that is allowed."""
    opened = files.open()
    if opened is not None:
        opened.verify()
        assert opened.through in allowed
        assert opened.count == 2000 + opened.through
        assert contents(opened) == sorted(map(bytes, uniform(opened.through, opened.count)))
    else:
        assert None in allowed
    return opened


def test_a_builder_killed_at_any_moment_leaves_a_whole_segment(files):
    """Also within the calls that write, sort, build and check."""
    chance = random.Random(7)
    last = None
    for _ in range(12):
        process = python(
            "import itertools\n"
            "for number in itertools.count(int(sys.argv[2])):\n"
            "    print(number, flush=True)\n"
            "    files.build(uniform(number, 2000 + number), number)\n",
            *(files.folder, 0 if last is None else last + 1),
        )
        begun = [int(process.stdout.readline())]
        time.sleep(chance.uniform(0, 0.15))
        process.kill()
        out, _ = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        begun += [int(line) for line in out.split()]
        opened = whole_or_none(files, {last, *begun})
        assert opened is None or opened.through >= begun[-1] - 1, "a finished build was lost"
        last = begun[-1] + 1
        made = files.build(uniform(last, 2000 + last), last).path
        assert names(files.folder) == ["CURRENT", "builder.lock", made.name]


def test_a_builder_killed_at_any_line_leaves_a_whole_segment(files):
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    process = python(
        "import os, signal; from tutela.banks import index_files\n"
        "def build(number, left):\n"
        "    def trace(frame, event, argument):\n"
        "        nonlocal left\n"
        "        if frame.f_code.co_filename != index_files.__file__: return None\n"
        "        left -= event == 'line'\n"
        "        if not left: os.kill(os.getpid(), signal.SIGKILL)\n"
        "        return trace\n"
        "    hashes = uniform(number, 2000 + number)\n"
        "    sys.settrace(trace); files.build(hashes, number); os._exit(0)\n"
        "for number in range(1, 1000):\n"
        "    child = os.fork()\n"
        "    if not child: build(number, number)\n"
        "    ended = os.waitpid(child, 0)[1]\n"
        "    print(number, ended, flush=True)\n"
        "    sys.stdin.readline()\n"
        "    if not ended: break\n",
        files.folder,
    )
    last, seen = None, set()
    for line in process.stdout:
        number, ended = map(int, line.split())
        assert ended in (0, signal.SIGKILL)
        opened = whole_or_none(files, {last, number})
        seen.add(opened is not None and opened.through == number)
        last = opened.through if opened else None
        left = [name for name in names(files.folder) if name.endswith(".tmp")]
        assert len(left) <= 1, "the next builder did not remove what the last one left"
        process.stdin.write("\n")
        process.stdin.flush()
    said(process)
    assert number > 60, "too few lines were run"
    assert seen == {True, False}, "killed before and after the new one was current"
    assert names(files.folder) == ["CURRENT", "builder.lock", files.open().path.name]


# A full disk


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_an_error_that_leaves_the_current_segment(
    files, current, monkeypatch, number
):
    def full(file, start, length):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    for build in (
        lambda: files.build(uniform(2, 20), 6),
        lambda: files.merge(files.open(), uniform(2, 20), NONE, 6),
    ):
        with pytest.raises(IndexFileError, match="no room") as raised:
            build()
        assert "disk space" in raised.value.hint
        assert names(files.folder) == ["CURRENT", "builder.lock", current.name]
    files.open().verify()
    monkeypatch.undo()
    assert files.build(uniform(2, 20), 6).count == 20


@pytest.mark.parametrize("room", [0, 1000, 4096, 40_000, 1 << 20, 4 << 20])
def test_a_file_that_may_not_grow_is_an_error_that_leaves_the_current_segment(files, current, room):
    """Wherever the room ends: in the header, among the hashes, in the tables."""
    process = python(
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)\n"
        "try: files.build(uniform(2, 200_000), 6)\n"
        "except IndexFileError as error: print(error)\n",
        *(files.folder, room),
    )
    assert re.search(r"no room.*Free disk space", said(process))
    assert names(files.folder) == ["CURRENT", "builder.lock", current.name]
    files.open().verify()


def test_no_room_for_the_name_leaves_the_current_segment(files, current, monkeypatch):
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


def test_a_file_system_that_cannot_reserve_is_filled_with_zeros(files, monkeypatch):
    def unsupported(file, start, length):
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    reserved = files.build(uniform(2, 500).repeat(40, 0), 1).path.read_bytes()
    monkeypatch.setattr(os, "posix_fallocate", unsupported, raising=False)
    made = files.build(uniform(2, 500).repeat(40, 0), 1).path
    files.open().verify()
    assert made.read_bytes() == reserved
    assert made.stat().st_blocks * 512 >= made.stat().st_size // mmap.PAGESIZE * mmap.PAGESIZE


def test_a_folder_that_cannot_be_made_is_an_error_that_says_so(tmp_path):
    (tmp_path / "index").write_text("a bicycle")
    with pytest.raises(IndexFileError) as raised:
        IndexFiles(tmp_path / "index" / "pdq").build(NONE, 1)
    assert raised.value.hint

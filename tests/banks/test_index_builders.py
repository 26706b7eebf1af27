"""One builder works at a time; one that is killed leaves what is whole."""

from __future__ import annotations

import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from banks import indexes
from banks.indexes import contents, names, said
from tutela.banks.index_files import BuilderBusy, IndexFiles
from tutela.matching.layouts import NEAR, SCANNED, Equal


def test_only_one_builder_works_at_a_time(files, current, uniform, none, python):
    busy = "try: files.build(uniform(1, 5), 9)\nexcept BuilderBusy as error: print(error)"

    def source():
        yield uniform(1, 10)
        with pytest.raises(BuilderBusy):
            IndexFiles(files.folder, files.layout).build(none, 9)
        assert "Another builder" in said(python(busy, files.folder))
        yield uniform(2, 10)

    assert files.build(source(), 6).count == 20
    assert said(python(busy, files.folder)) == ""
    assert files.open().through == 9


def test_builders_that_race_leave_one_whole_segment(files, uniform):
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


def test_a_forked_child_does_not_keep_the_lock(files, python):
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
        assert contents(opened) == sorted(
            map(bytes, indexes.uniform(opened.through, opened.count, files.layout.width))
        )
    else:
        assert None in allowed
    return opened


@pytest.mark.parametrize("layout", [NEAR, SCANNED])
def test_a_builder_killed_at_any_moment_leaves_a_whole_segment(files, uniform, python):
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


@pytest.mark.parametrize("layout", [NEAR, Equal(20)])
def test_a_builder_killed_at_any_line_leaves_a_whole_segment(files, python):
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    process = python(
        "import os, signal, tutela\n"
        "ours = str(Path(tutela.__file__).parent)\n"
        "def build(number, left):\n"
        "    def trace(frame, event, argument):\n"
        "        nonlocal left\n"
        "        if not frame.f_code.co_filename.startswith(ours): return None\n"
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

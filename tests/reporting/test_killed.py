"""Whoever sends dies after each step, and the next one files the report: once, and no other."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reporting.desks import Desk
from tutela.reporting.models import State

FILES = 3
CALLS = ("submit", *("upload", "fileinfo") * FILES, "finish")
STEPS = ("written", "answered", "sealed", "kept")
POINTS = (0, *(1 + call * len(STEPS) + step for call in (0, 3, 4, 7) for step in range(4)))
"""Steps to die after: that it was claimed, then each of each kind of call, of the second file."""


class Died(BaseException):
    """As if the process had ended: nothing catches it."""


def dying(after: int):
    left = after

    def step(_: str) -> None:
        nonlocal left
        if left == 0:
            raise Died
        left -= 1

    return step


def judged(desk: Desk, name: str, before: int, died_at: object) -> None:
    """One finished report came of it, whole; what else was opened is not finished."""
    report = desk.report(name)
    assert report.state == State.FILED, (died_at, report.last_error)
    made = desk.server.reports[before:]
    finished = [one for one in made if str(one.state) == "finished"]
    assert [str(one.id) for one in finished] == [report.remote_id], died_at
    (one,) = finished
    assert len(one.files) == FILES and all(file.details for file in one.files), died_at
    assert {str(other.state) for other in made if other is not one} <= {"open", "retracted"}
    assert sum(str(other.state) == "open" for other in made) <= 1, died_at


def taken_over(desk: Desk, name: str) -> None:
    """Another sends it, once the lease of the dead one is over."""
    if desk.report(name).sending_until is not None:
        desk.now = max(desk.now, desk.report(name).sending_until)
    desk.finish(name)


def test_a_report_is_filed_once_wherever_its_sender_dies(desk):
    """After each of its steps, in this process."""
    warmed = desk.queue(files=0)  # the schema is known from here on
    assert desk.send(warmed) == State.FILED
    for died_at in POINTS:
        before = len(desk.server.reports)
        name = desk.queue(files=FILES)
        with pytest.raises(Died):
            desk.send(name, dying(died_at))
        assert name not in desk.due(), "whoever had it may live still"
        taken_over(desk, name)
        judged(desk, name, before, died_at)


def started(desk: Desk, url: str, name: str, step: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "reporting.sender", url, str(desk.folder), desk.server.url, name,
         desk.now.isoformat(), str(step)],
        env={k: v for k, v in os.environ.items() if not k.startswith("TUTELA_")}
        | {"PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


@pytest.mark.parametrize("call, step", [("upload", "answered"), ("finish", "answered")])
def test_a_report_is_filed_once_although_its_sender_is_killed(desk, database_url, call, step):
    """`kill -9`, in a process of its own."""
    name = desk.queue(files=FILES)
    at = 2 + CALLS.index(call) * len(STEPS) + STEPS.index(step) - 1
    process = started(desk, database_url, name, at)
    assert process.wait(60) == -signal.SIGKILL
    process.stdout.close()
    assert desk.calls(name)[-1] == call, "it died where it was to"
    taken_over(desk, name)
    judged(desk, name, 0, (call, step))


@pytest.mark.soak
def test_a_report_is_filed_once_whenever_its_sender_is_killed(desk, database_url):
    """200 times, at any moment, two thirds of them while it sends."""
    chance = random.Random(7)
    killed = 0
    for round_ in range(200):
        before = len(desk.server.reports)
        name = desk.queue(files=FILES)
        process = started(desk, database_url, name, -1)
        time.sleep(chance.random() * 0.6)
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        process.stdout.close()
        taken_over(desk, name)
        judged(desk, name, before, round_)
    assert killed > 50, "it is killed while it works"

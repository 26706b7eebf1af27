"""Workers as an operator meets them: processes that are stopped, killed, paused, begun again."""

from __future__ import annotations

import base64
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

from jobs import trial
from tutela.jobs import lease_state
from tutela.jobs.models import Held
from tutela.storage import Database

TESTS = Path(__file__).parents[1]
GIVE_UP = 90.0
"""Seconds after which a test has failed; nothing is measured."""


class Process:
    """A worker in a process, on the duty of `trial`."""

    def __init__(self, database: Database, folder: Path, settings: dict[str, Any]) -> None:
        self.log = folder / f"worker-{time.monotonic_ns()}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jobs.trial",
                 database.url.render_as_string(hide_password=False), json.dumps(settings)],
                cwd=TESTS, stdout=log, stderr=log,
            )  # fmt: skip
        self.pid = self.process.pid

    def said(self) -> str:
        return self.log.read_text()

    def until(self, what: Callable[[], Any]) -> None:
        deadline = time.monotonic() + GIVE_UP
        while not what():
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def until_said(self, words: str) -> None:
        self.until(lambda: words in self.said())

    def ended(self) -> int:
        return self.process.wait(GIVE_UP)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.ended()


@pytest.fixture
def start(database: Database, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    trial.make(database)
    started: list[Process] = []

    def begin(**settings: Any) -> Process:
        started.append(Process(database, tmp_path, settings))
        return started[-1]

    yield begin
    for one in started:
        one.process.kill()
        one.process.wait()


def all_done(database: Database) -> bool:
    with database.reading() as session:
        return not session.scalar(text("SELECT count(*) FROM trial_ware WHERE due = 1"))


def count(database: Database, what: str) -> Counter[str]:
    return Counter(name for name, done, _ in trial.acts(database) if done == what)


def stored(database: Database) -> Iterator[tuple[str, str, Any]]:
    """Every value in a table of DBOS."""
    schema = None if database.is_sqlite else "dbos"
    with database.reading() as session:
        tables = inspect(session.connection()).get_table_names(schema=schema)
        for table in tables:
            if not table.startswith(("trial_", "jobs_", "banks_", "alembic_")):
                place = f"{schema}.{table}" if schema else table
                for row in session.execute(text(f"SELECT * FROM {place}")).mappings():
                    for name, value in row.items():
                        yield table, name, value


def runs(database: Database) -> dict[str, str]:
    """Status by run."""
    place = "workflow_status" if database.is_sqlite else "dbos.workflow_status"
    with database.reading() as session:
        schema = None if database.is_sqlite else "dbos"
        if not inspect(session.connection()).has_table("workflow_status", schema=schema):
            return {}  # no worker has been here yet
        rows = session.execute(text(f"SELECT workflow_uuid, status FROM {place}"))
        return dict(rows.all())


def is_pickled(value: Any) -> bool:
    """Whether a value is a pickle, bare or in base64: it would be executed when it is read."""
    for data in (value, _plain(value)):
        if isinstance(data, bytes) and data[:1] == b"\x80" and data[-1:] == b".":
            return True
    return value == "py_pickle"


def _plain(value: Any) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError):
        return None


def test_what_is_due_is_done_once_each_and_the_clock_is_kept(database, start):
    names = [f"ware-{number}" for number in range(20)]
    trial.add(database, *names)
    worker = start()
    worker.until(lambda: all_done(database))
    assert worker.stop() == 0
    assert count(database, "begin") == count(database, "end") == Counter(names)
    assert count(database, "chore") == Counter({"-": 1})
    assert sorted(runs(database).values()) == ["SUCCESS"] * 20
    assert sorted(int(run.rpartition(":")[2]) for run in runs(database)) == list(range(1, 21))
    assert "http" not in worker.said() and "Traceback" not in worker.said()
    with database.reading() as session:
        assert not lease_state(session, database.now()).alive


def test_an_id_that_is_due_again_is_done_again(database, start):
    trial.add(database, "a:b:c")
    worker = start()
    for times in (1, 2, 3):
        worker.until(lambda: all_done(database))
        assert count(database, "end")["a:b:c"] <= times
        with database.writing() as session:
            session.execute(text("UPDATE trial_ware SET due = 1"))
    worker.until(lambda: count(database, "end")["a:b:c"] == 4)


def test_what_was_in_flight_at_a_kill_is_repeated_and_nothing_else(database, start):
    names = [f"ware-{number:02}" for number in range(12)]
    trial.add(database, *names, takes=0.5)
    killed = start()
    killed.until(
        lambda: (
            len(count(database, "end")) >= 3 and count(database, "begin") - count(database, "end")
        )
    )
    killed.process.kill()
    killed.ended()
    in_flight = count(database, "begin") - count(database, "end")
    unended = {run.split(":")[1] for run, status in runs(database).items() if status == "PENDING"}
    assert in_flight
    with database.reading() as session:
        holder = session.get(Held, "worker").holder
    next_one = start()
    next_one.until(lambda: all_done(database))
    next_one.until(lambda: set(count(database, "end")) == set(names))
    assert next_one.stop() == 0
    twice = {name for name, times in count(database, "begin").items() if times > 1}
    assert set(in_flight) <= twice <= unended
    assert max(count(database, "begin").values()) <= 2
    assert set(runs(database).values()) == {"SUCCESS"}
    assert holder in next_one.said()  # whom it waited for
    assert "is not known" not in next_one.said()  # none was offered while it was under way


def test_two_workers_do_not_work_at_once(database, start):
    first = start()
    first.until_said("chore -")
    second = start()
    second.until_said("waiting for the lease")
    trial.add(database, *(f"ware-{number}" for number in range(8)), takes=0.1)
    first.until(lambda: all_done(database))
    assert {pid for _, _, pid in trial.acts(database)} == {first.pid}
    assert first.stop() == 0
    second.until_said("chore -")
    trial.add(database, "late")
    second.until(lambda: all_done(database))
    assert second.stop() == 0
    assert ("late", "end", second.pid) in trial.acts(database)


def test_who_was_paused_while_another_took_over_ends_before_it_begins_anything(database, start):
    first = start()
    first.until_said("chore -")
    second = start()
    second.until_said("waiting for the lease")
    os.kill(first.pid, signal.SIGSTOP)
    second.until_said("chore -")
    trial.add(database, *(f"ware-{number}" for number in range(30)), takes=0.2)
    second.until(lambda: count(database, "begin"))
    os.kill(first.pid, signal.SIGCONT)
    assert first.ended() == 3
    assert "the lease of the worker was lost" in first.said()
    second.until(lambda: all_done(database))
    wares = [act for act in trial.acts(database) if act[0] != "-"]
    assert {pid for _, _, pid in wares} == {second.pid}
    assert set(Counter(name for name, what, _ in wares if what == "begin").values()) == {1}


def test_a_worker_told_to_stop_ends_what_it_began(database, start):
    trial.add(database, "slow", takes=3)
    worker = start()
    worker.until_said("begin slow")
    trial.add(database, *(f"ware-{number}" for number in range(12)))
    assert worker.stop() == 0
    assert count(database, "end")["slow"] == 1
    next_one = start()
    next_one.until(lambda: all_done(database))
    assert set(count(database, "begin").values()) == {1}


def test_what_does_not_end_in_time_is_cut_off_and_named_and_done_by_the_next(database, start):
    trial.add(database, "endless", takes=600)
    worker = start(stop=1)
    worker.until_said("begin endless")
    assert worker.stop() == 0
    assert re.search(r"^left trial:endless:1$", worker.said(), re.MULTILINE)
    with database.writing() as session:
        session.execute(text("UPDATE trial_ware SET takes = 0"))
    next_one = start()
    next_one.until(lambda: all_done(database))
    assert count(database, "begin")["endless"] == 2
    next_one.until(lambda: set(runs(database).values()) == {"SUCCESS"})
    assert len(runs(database)) == 1  # the same run


def test_a_duty_that_raises_is_told_and_rests_and_holds_up_no_other(database, start):
    trial.add(database, *(f"bad-{number}" for number in range(8)), takes=-1)
    trial.add(database, *(f"ware-{number}" for number in range(8)))
    worker = start(concurrency=4)
    worker.until(lambda: len(count(database, "end")) == 8)
    worker.until_said("DutyFailed trial")
    worker.until(lambda: len(count(database, "begin")) == 16)
    worker.until(lambda: "PENDING" not in runs(database).values())
    assert worker.stop() == 0
    assert {runs(database)[run] for run in runs(database) if ":bad-" in run} == {"ERROR"}
    assert "Traceback" not in worker.said() and "bicycle" not in worker.said()
    assert not any("bicycle" in str(value) for _, _, value in stored(database))


def test_no_value_that_dbos_keeps_is_pickled(database, start):
    assert is_pickled(base64.b64encode(pickle.dumps({"args": ("bicycle",)})).decode())
    assert is_pickled(pickle.dumps("bicycle", protocol=2))
    trial.add(database, "good")
    trial.add(database, "bad", takes=-1)
    trial.add(database, "slow", takes=600)
    worker = start(stop=1)
    worker.until(lambda: set(runs(database).values()) == {"SUCCESS", "ERROR", "PENDING"})
    worker.stop()
    values = list(stored(database))
    assert {"workflow_status", "workflow_input", "workflow_output"} <= {row[0] for row in values}
    assert not [row for row in values if is_pickled(row[2])]
    kept = [json.loads(v) for table, name, v in values if (table, name) ==
            ("workflow_input", "inputs") and v]  # fmt: skip
    assert sorted(one["positionalArgs"][0] for one in kept) == ["bad", "good", "slow"]


def test_a_run_that_nobody_works_on_is_begun_again(database, start):
    trial.add(database, "slow", takes=600)
    killed = start()
    killed.until_said("begin slow")
    killed.process.kill()
    killed.ended()
    place = "workflow_status" if database.is_sqlite else "dbos.workflow_status"
    with database.writing() as session:  # as an executor with another id would have left it
        session.execute(text(f"UPDATE {place} SET executor_id = 'another'"))
        session.execute(text("UPDATE trial_ware SET takes = 0"))
    next_one = start(orphans=1)
    next_one.until(lambda: all_done(database))
    next_one.until(lambda: set(runs(database).values()) == {"SUCCESS"})
    assert len(runs(database)) == 1
    assert "was left by its worker" in next_one.said()


def test_old_runs_are_purged_with_all_that_belongs_to_them(database, start):
    trial.add(database, "old")
    first = start()
    first.until(lambda: "SUCCESS" in runs(database).values())
    trial.add(database, "new")
    first.until(lambda: list(runs(database).values()) == ["SUCCESS"] * 2)
    assert first.stop() == 0
    place = "workflow_status" if database.is_sqlite else "dbos.workflow_status"
    with database.writing() as session:
        session.execute(text(
            f"UPDATE {place} SET completed_at = completed_at - 8 * 86400000"
            " WHERE workflow_uuid LIKE 'trial:old:%'"
        ))  # fmt: skip
    second = start(keep_runs=7)
    second.until(lambda: len(runs(database)) == 1)
    assert second.stop() == 0
    assert not any("old" in str(value) for _, _, value in stored(database))
    assert any("trial:new:" in str(value) for _, _, value in stored(database))


def test_others_write_while_a_duty_works(database, start):
    trial.add(database, *(f"slow-{number}" for number in range(4)), takes=600)
    worker = start()
    worker.until(lambda: len(count(database, "begin")) == 4)
    for number in range(50):
        trial.add(database, f"z-{number}")
    assert not count(database, "end")
    if database.is_sqlite:
        with database.reading() as session:
            assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
            assert session.execute(text("PRAGMA synchronous")).scalar() == 2


def test_a_server_that_ends_all_connections_is_connected_to_again(database, start):
    if database.is_sqlite:
        pytest.skip("SQLite has no server")
    worker = start()
    worker.until_said("chore -")
    for name in ("first", "second"):
        with database.reading() as session:
            session.execute(text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ))  # fmt: skip
        trial.add(database, name)
        worker.until(lambda: all_done(database))
    worker.until(lambda: set(runs(database).values()) == {"SUCCESS"})
    assert worker.stop() == 0
    assert count(database, "end") == Counter(["first", "second"])

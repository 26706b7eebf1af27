"""How soon reviewers get their work, with a hundred thousand cases open.

A real `tutela serve` on each database: the page of queues, as it is, filtered, and deep; the next
case, by the API. Then ten thousand takes by threads at once, in this process: no case may be given
to two, which is the answer that must be the same.
"""

from __future__ import annotations

import math
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from statistics import median

import urllib3
from sqlalchemy import insert

from bench import databases
from bench.console import Browser
from bench.record import Goal, Record
from bench.service import serving
from tutela.app import App
from tutela.cases import alerts, queues, rank, work
from tutela.cases.models import Alert, Case
from tutela.cases.rank import Weighed
from tutela.people import accounts, keys, roles, sessions
from tutela.people.models import PersonRole
from tutela.people.permissions import Caller, Permission
from tutela.policy import presets
from tutela.screening import policies
from tutela.settings import Settings
from tutela.storage import Database
from tutela.storage.errors import StorageError

TITLE = "queues and the next case, with a hundred thousand cases open"
HOW = "milliseconds from request to the last byte, median of 21, one after another"
CASES, TAKES, THREADS, RUNS = 100_000, 10_000, 16, 21
GOAL = Goal(100, "most", "ours")
PART = 5_000
QUEUES = ("general", "calls", "asked", "young", "escalated")
PAGES = (
    "/console/cases", "/console/cases?queue=general", "/console/cases?queue=calls&role=child",
    "/console/cases?danger=yes", "/console/cases?mine=yes",
)  # fmt: skip


def run() -> Iterator[Record]:
    yield from measured(CASES, TAKES, RUNS)


def measured(cases: int, takes: int, runs: int) -> Iterator[Record]:
    for engine in databases.ENGINES:
        if why := databases.missing(engine):
            yield Record(f"review/{engine}", math.nan, "ms", goal=GOAL, more={"note": why})
            continue
        with (
            tempfile.TemporaryDirectory(prefix="tutela-bench-") as place,
            databases.fresh(engine) as (url, _),
            App(Settings(data=f"{place}/data", keys=f"{place}/keys", database_url=url)) as app,
        ):
            cookie, secrets = grown(app, cases, runs)
            with serving(app) as base:
                port = base.rsplit(":", 1)[1]
                yield from timed(engine, Browser(f"http://localhost:{port}", cookie), runs)
                yield taken(engine, f"http://127.0.0.1:{port}", secrets)
            yield together(engine, app.database, takes)


def grown(app: App, cases: int, runs: int) -> tuple[str, list[str]]:
    """Fill an installation; gives the cookie of a reviewer, and keys of others."""
    app.set_up()
    database = app.database
    with database.writing() as session:
        now = database.now()
        policies.apply(session, now, "bench", presets.render("small-forum", "GB"))
        for place, name in enumerate(QUEUES):
            queues.put(session, now, app.caller, name, position=place)
    opened(database, cases)
    with database.writing() as session:
        now = database.now()
        role = roles.create(session, now, app.caller, "works", "", [Permission.CASES])
        person = accounts.new(session, now, "ann", "Ann")
        session.add(PersonRole(person_id=person.id, role_id=role.id))
        made = [
            keys.create(session, now, app.caller, f"reviewer-{number}", [Permission.CASES])[1]
            for number in range(runs)
        ]
        cookie = sessions.begin(session, now, person, "password", "open", "bench", "127.0.0.1")
    return cookie, made


def opened(database: Database, count: int) -> None:
    """Open cases in several queues, each with an alert: few of danger, some of a known age."""
    begin = database.now() - timedelta(days=60)
    for start in range(0, count, PART):
        cases, found = [], []
        for number in range(start, min(start + PART, count)):
            what = Weighed(
                danger=number % 997 == 0,
                new=number % 3 == 0,
                age=number % 18 if number % 5 == 0 else None,
                reports=number % 4,
            )
            case, at = f"case_{number:026d}", begin + timedelta(seconds=50 * number)
            cases.append({
                "id": case, "subject_kind": "account", "subject": f"account {number}",
                "queue": QUEUES[number % 7 % len(QUEUES)], "test": False, "opened_at": at,
                "role": "child" if number % 50 == 0 else "unknown", "rank": rank.of(what),
                "danger": what.danger, "alerts": 1, "reports": what.reports,
            })  # fmt: skip
            found.append({
                "case_id": case, "at": at, "kind": alerts.REPORT, "verdict": "",
                "about": "account", "about_id": f"account {number}", "danger": what.danger,
            })  # fmt: skip
        with database.writing() as session:
            session.execute(insert(Case), cases)
            session.execute(insert(Alert), found)


def timed(engine: str, browser: Browser, runs: int) -> Iterator[Record]:
    for path in PAGES:
        yield _timed(engine, browser, path, runs)
    path = "/console/cases?queue=general"
    for _ in range(10):
        text = browser.get(path)[1]
        path = text.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
        path = path.replace("&amp;", "&")
    yield _timed(engine, browser, path, runs, "the eleventh page of a queue")


def _timed(engine: str, browser: Browser, path: str, runs: int, name: str = "") -> Record:
    times = [browser.get(path)[0] for _ in range(runs)]
    more = {"max_ms": round(max(times), 1), "bytes": len(browser.get(path)[1])}
    return Record(f"review/{engine} {name or path}", median(times), "ms", goal=GOAL, more=more)


def taken(engine: str, base: str, secrets: list[str]) -> Record:
    """The next case of all queues, each time for somebody else."""
    http, times = urllib3.PoolManager(retries=False, timeout=60), []
    given = []
    for secret in secrets:
        began = time.perf_counter()
        headers = {"authorization": f"Bearer {secret}"}
        reply = http.request("POST", f"{base}/api/v1/queues/take", headers=headers)
        times.append((time.perf_counter() - began) * 1000)
        assert reply.status == 200, reply.data
        given.append(reply.json()["case"]["case_id"])
    assert len(set(given)) == len(given)
    more = {"max_ms": round(max(times), 1)}
    return Record(f"review/{engine} next case", median(times), "ms", goal=GOAL, more=more)


def together(engine: str, database: Database, takes: int) -> Record:
    """Takes at once by many people; how long one waits, and whether any case was given twice."""
    given: Counter[str] = Counter()
    times: list[float] = []
    faults: list[StorageError] = []
    lock = threading.Lock()

    def work_on(number: int) -> None:
        for turn in range(number, takes, THREADS):
            who = Caller(f"person:at-once-{turn}", frozenset({Permission.CASES}))
            began = time.perf_counter()
            while True:
                try:
                    with database.writing() as session:
                        case = work.take(session, database.now(), who)
                    break
                except StorageError as error:  # too many waited for the one who writes
                    faults.append(error)
            with lock:
                times.append((time.perf_counter() - began) * 1000)
                given[case.id if case is not None else ""] += 1

    threads = [threading.Thread(target=work_on, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    once = max(given.values()) == 1 and "" not in given
    more = {"takes": len(times), "again": len(faults), "max_ms": round(max(times), 1)}
    return Record(
        f"review/{engine} takes at once", median(times), "ms", same_answer=once, more=more
    )

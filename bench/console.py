"""How soon each page of the console comes, in an installation that has grown.

A real `tutela serve` on each database, with a million banked signals, a hundred thousand alerts and
a million entries of the audit log. Who is signed in has every permission. The pages are those that
links lead to, beginning with the first one: of each route, the first that is found, and of lists
also a later page. Every answer must be a page (200).
"""

from __future__ import annotations

import html
import math
import re
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import rfc8785
import urllib3
from sqlalchemy import insert, update

from bench import databases
from bench.record import Goal, Record
from bench.service import serving
from bench.visibility import filled
from tutela.app import App
from tutela.audit import tree
from tutela.audit.models import Entry, Head
from tutela.audit.service import canonical, nodes
from tutela.cases.models import Alert, Case
from tutela.people import accounts, roles, sessions
from tutela.people.models import PersonRole
from tutela.people.permissions import Permission
from tutela.policy import presets
from tutela.screening import policies
from tutela.screening.models import Count, Decided, Item
from tutela.settings import Settings
from tutela.storage import Database

TITLE = "pages of the console, in an installation that has grown"
HOW = "milliseconds from request to the last byte, median of 21 requests, one after another"
SIGNALS, ALERTS, ENTRIES = 1_000_000, 100_000, 1_000_000
RUNS = 21
GOAL = Goal(100, "most", "ours")
PART = 5000
DAYS = 60
LETTERS = str.maketrans("0189", "abyz")
RARE = ("/console/audit?actor=person%3Areader-7&action=policy.apply",)
"""What no link leads to: filters that each match many entries, and none together."""

NOT_PAGES = re.compile(r"/static/|/sign-out|export|\.jsonl|\.csv|/oidc")
"""Links that lead to files, or out."""


def run() -> Iterator[Record]:
    yield from measured(SIGNALS, ALERTS, ENTRIES, RUNS)


def measured(signals: int, alerts: int, entries: int, runs: int) -> Iterator[Record]:
    for engine in databases.ENGINES:
        if why := databases.missing(engine):
            yield Record(f"console/{engine}", math.nan, "ms", goal=GOAL, more={"note": why})
            continue
        with (
            tempfile.TemporaryDirectory(prefix="tutela-bench-") as place,
            databases.fresh(engine) as (url, _),
            App(Settings(data=f"{place}/data", keys=f"{place}/keys", database_url=url)) as app,
        ):
            cookie = grown(app, signals, alerts, entries)
            with serving(app) as base:
                port = base.rsplit(":", 1)[1]
                yield from timed(engine, Browser(f"http://localhost:{port}", cookie), runs)


def grown(app: App, signals: int, alerts: int, entries: int) -> str:
    """Fill an installation; gives the cookie of someone with every permission."""
    app.set_up()
    database = app.database
    with database.writing() as session:
        policies.apply(session, database.now(), "bench", presets.render("small-forum", "GB"))
    filled(database, signals)
    alerted(database, alerts)
    logged(database, entries)
    now = database.now()
    with database.writing() as session:
        role = roles.create(session, now, app.caller, "everything", "", Permission)
        person = accounts.new(session, now, "ann", "Ann")
        session.add(PersonRole(person_id=person.id, role_id=role.id))
        return sessions.begin(session, now, person, "password", "open", "bench", "127.0.0.1")


def alerted(database: Database, count: int) -> None:
    """Items that matched over the last days, each with an alert; five on a case."""
    begin = database.now() - timedelta(days=DAYS)
    step = timedelta(days=DAYS) / max(1, count)
    for start in range(0, count, PART):
        items, decisions, cases, alerts = [], [], [], []
        for number in range(start, min(start + PART, count)):
            at, item, case = begin + number * step, named("itm", number), named("case", number // 5)
            items.append({
                "id": item, "at": at, "key_id": None, "door": "raw", "test": False,
                "external_id": str(number), "creator_id": f"account {number // 5}",
                "channel": "public", "size": 200_000, "given": "{}",
            })  # fmt: skip
            decisions.append({
                "item_id": item, "at": at, "verdict": "review", "rule": "near", "explanation": "",
                "public_reason": "", "policy_version": "sha256:0", "facts": "{}",
                "background": "[]", "evidence": "none", "evidence_id": None, "case_id": case,
            })  # fmt: skip
            alerts.append({
                "case_id": case, "at": at, "kind": "match", "item_id": item, "verdict": "review",
            })  # fmt: skip
            if number % 5 == 0:
                closed = number % 10 == 0
                cases.append({
                    "id": case, "subject_kind": "account", "subject": f"account {number // 5}",
                    "queue": "general", "test": False, "opened_at": at,
                    "closed_at": at + timedelta(hours=4) if closed else None,
                    "closed_why": "decided" if closed else None,
                })  # fmt: skip
        with database.writing() as session:
            for model, rows in (
                (Item, items),
                (Decided, decisions),
                (Case, cases),
                (Alert, alerts),
            ):
                session.execute(insert(model), rows)
    hours: list[dict[str, Any]] = [
        {"hour": begin.replace(minute=0, second=0, microsecond=0) + timedelta(hours=hour),
         "outcome": outcome, "channel": "public", "count": 100 + hour % 37}
        for hour in range(DAYS * 24) for outcome in ("allow", "review", "block", "lookup")
    ]  # fmt: skip
    with database.writing() as session:
        session.execute(insert(Count), hours)


def named(kind: str, number: int) -> str:
    """An id as those of the service: of letters, and digits from 2 to 7."""
    return f"{kind}_" + f"{number:026d}".translate(LETTERS)


def logged(database: Database, count: int) -> None:
    """Entries of the log, chained as `audit.append` does, many in one transaction."""
    actors = [f"person:reader-{number}" for number in range(40)] + ["key:platform", "shell:root"]
    actions = ("person.sign-in", "bank.change", "key.create", "alarm.close", "evidence.view")
    at = datetime.now(UTC) - timedelta(days=DAYS)
    while count > 0:
        with database.writing() as session:
            head = session.get_one(Head, 1)
            frontier, previous, number = nodes(head), head.hash, head.number
            rows = []
            for _ in range(min(PART * 4, count)):
                number += 1
                entry = Entry(
                    number=number, at=at.isoformat(timespec="microseconds"),
                    actor=actors[number * 7919 % len(actors)],
                    action=actions[number * 31 % len(actions)],
                    subject=f"bank:{number % 100}", facts=rfc8785.dumps({"n": number}).decode(),
                )  # fmt: skip
                at += timedelta(seconds=4)
                entry.hash = tree.leaf(canonical(entry, previous))
                frontier = tree.grown(frontier, number - 1, entry.hash)
                previous = entry.hash
                rows.append({
                    column: getattr(entry, column)
                    for column in ("number", "at", "actor", "action", "subject", "facts", "hash")
                })  # fmt: skip
            session.execute(insert(Entry), rows)
            session.execute(
                update(Head).values(number=number, hash=previous, frontier=b"".join(frontier))
            )
            count -= len(rows)


class Browser:
    """Asks for pages as someone who is signed in."""

    def __init__(self, base: str, cookie: str) -> None:
        self.base = base
        self.http = urllib3.PoolManager(
            headers={"cookie": f"__Host-tutela={cookie}"}, retries=False, timeout=60
        )

    def get(self, path: str) -> tuple[float, str]:
        """Milliseconds until all of a page was there, and the page."""
        began = time.perf_counter()
        reply = self.http.request("GET", self.base + path)
        took = (time.perf_counter() - began) * 1000
        assert reply.status == 200, (path, reply.status, reply.headers.get("location"))
        return took, reply.data.decode()

    def pages(self) -> dict[str, str]:
        """One path of each route that links lead to, with its later page if it is a list."""
        found: dict[str, str] = {}
        waiting = ["/console/", *RARE]
        while waiting:
            path = waiting.pop(0)
            shape = _shape(path)
            if shape in found:
                continue
            found[shape] = path
            _, text = self.get(path)
            for link in map(html.unescape, re.findall(r'href="(/console/[^"#]*)', text)):
                if not NOT_PAGES.search(link) and _shape(link) not in found:
                    waiting.append(link)
        return found


def _shape(path: str) -> str:
    """What a path is one of: names and numbers left out, and which filters it has."""
    place, _, query = path.partition("?")
    place = re.sub(
        r"/(?=[^/]*[0-9])[^/]+|(?<=/banks/)[^/]+|(?<=/people/)[^/]+|(?<=/roles/)[^/]+", "/…", place
    )
    names = sorted(part.partition("=")[0] for part in query.split("&") if not part.endswith("="))
    return f"{place}?{'&'.join(names)}" if query and any(names) else place


def timed(engine: str, browser: Browser, runs: int) -> Iterator[Record]:
    for shape, path in browser.pages().items():
        times = [browser.get(path)[0] for _ in range(runs)]
        more = {"max_ms": round(max(times), 1), "bytes": len(browser.get(path)[1])}
        yield Record(f"console/{engine} {shape}", median(times), "ms", goal=GOAL, more=more)

"""How soon reports are made, and how soon a thousand that waited are filed.

The paper of a report with one file, as XML, and its check against the schema, as they are made
before each report is sent. Then a real `tutela serve` with a thousand reports in its queue, of one
small sealed file each, that drains them to a test server with the polite rate turned off: here, on
the same processors. Each must be filed once, which is the answer that must be the same.
"""

from __future__ import annotations

import importlib.util
import json
import math
import secrets
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from statistics import median

from bench import databases
from bench.record import Goal, Record
from bench.service import serving
from tutela import evidence
from tutela.app import App
from tutela.cases.models import Case
from tutela.evidence.sealing import Sealer
from tutela.people.permissions import Caller, Permission
from tutela.policy import presets
from tutela.reporting import credentials, outcomes, sending
from tutela.reporting.cybertipline import schema
from tutela.reporting.cybertipline.authority import CyberTipline
from tutela.reporting.facts import Account, Capture, File, Incident, Moment, Party, Reporter
from tutela.reporting.facts import Report as Facts
from tutela.reporting.models import Report, State
from tutela.reporting.options import Options
from tutela.screening import policies
from tutela.settings import Settings
from tutela.storage import Database
from tutela.storage.models import utc_now
from tutela.testing.cybertipline import Server
from tutela.testing.cybertipline.server import PASSWORD, USER

TITLE = "reports: made, checked and filed"
HOW = "milliseconds for the paper of one file and its check, median; seconds until all are filed"
MADE, WAITING = 500, 1_000
PAPER = Goal(1, "most", "ours")
DRAINED = Goal(180, "most", "ours")
PEER = "ncmec_cybertip"
REPORTER = Reporter("Tess", "Sato", "trust@example.org")
BICYCLE = b"A bicycle leans on a wall in the rain. " * 2_000
PATIENCE = 900.0
"""Seconds after which a queue that does not drain is given up."""

WHO = Caller("shell:bench", frozenset(map(str, Permission)))


def run() -> Iterator[Record]:
    yield made(MADE)
    for engine in databases.ENGINES:
        yield drained(engine, WAITING)


def made(count: int) -> Record:
    """Build and check one report after another, each another report."""
    authority, document = CyberTipline(), schema.document()
    reports = [
        replace(_report(File(f"ev_{n}", name=f"bicycle{n}.jpg", size=n)), text=f"Number {n}.")
        for n in range(count)
    ]
    taken, faults = [], 0
    for report in [reports[0], *reports]:  # the first reads the schema
        began = time.perf_counter()
        authority.draft(report, REPORTER, document)
        faults += len(authority.check(report, REPORTER, document))
        taken.append(time.perf_counter() - began)
    here = importlib.util.find_spec(PEER) is not None
    note = "installed, but has no call without a network" if here else "is not installed"
    return Record(
        "report/build and check", median(taken[1:]) * 1000, "ms", goal=PAPER,
        same_answer=False if faults else None, more={"note": f"peer ncmec-cybertip {note}"},
    )  # fmt: skip


def drained(engine: str, count: int) -> Record:
    """Have a service file what waits; `same_answer`: each was, once."""
    name = f"report/{engine} queue of {count}"
    if why := databases.missing(engine):
        return Record(name, math.nan, "s", goal=DRAINED, more={"note": why})
    with (
        tempfile.TemporaryDirectory(prefix="tutela-bench-") as place,
        databases.fresh(engine) as (url, _),
        Server() as server,
    ):
        reporting = Options(rate=0, test_urls=(f"ncmec={server.url}",), reporter=REPORTER)
        settings = Settings(
            data=f"{place}/data", keys=f"{place}/keys", database_url=url, reporting=reporting
        )
        with App(settings) as app:
            app.set_up()
            names = put(app, count)
            more = {
                "TUTELA_REPORTING__RATE": "0",
                "TUTELA_REPORTING__TEST_URLS": json.dumps(reporting.test_urls),
                "TUTELA_REPORTING__REPORTER__EMAIL": REPORTER.email,
                "TUTELA_REPORTING__REPORTER__FIRST_NAME": REPORTER.first_name,
            }
            with serving(app, **more):
                with app.database.writing() as session:
                    for report in names:
                        sending.queue(session, app.database.now(), WHO.actor, report, 1)
                began = time.monotonic()
                while left(app.database) and time.monotonic() - began < PATIENCE:
                    time.sleep(0.25)
                took = time.monotonic() - began
            filed = len(server.finished)
            good = filed == len(server.reports) == count and not left(app.database)
            return Record(
                name, took, "s", goal=DRAINED, same_answer=good,
                more={"filed": filed, "reports/s": round(filed / took, 1)},
            )  # fmt: skip


def put(app: App, count: int) -> list[str]:
    """Drafts with one file each, of one case each."""
    sealer, database = app.sealer(), app.database
    with database.writing() as session:
        now = database.now()
        policies.apply(session, now, "bench", presets.render("small-forum", "GB"))
        credentials.put(session, now, WHO, app.reporting_sealing(), "ncmec", "test", USER, PASSWORD)
    return [_draft(database, sealer, number) for number in range(count)]


def left(database: Database) -> int:
    """Reports that are not at rest."""
    with database.reading() as session:
        return session.query(Report).where(Report.state == State.QUEUED).count()


def _draft(database: Database, sealer: Sealer, number: int) -> str:
    sealed = sealer.seal(BICYCLE + str(number).encode())
    report, case = f"rpt_{secrets.token_hex(8)}", f"case_{secrets.token_hex(8)}"
    with database.writing() as session:
        now = database.now()
        file = evidence.record(session, now, sealed)
        content = _report(File(file.id, name=f"bicycle{number}.jpg", size=file.size))
        session.add(Case(
            id=case, subject_kind="account", subject=f"bicycles-{number}", queue="default",
            test=False, opened_at=now,
        ))  # fmt: skip
        session.flush()
        session.add(Report(
            id=report, case_id=case, authority="ncmec", environment="", state=State.DRAFT,
            test=False, made_at=now, made_by=outcomes.WORKER, content=content.to_json(),
            version=1, queued_by="", rank=0, danger=False, progress="", turn=0, tries=0,
            last_error="", remote_id="", receipt="",
        ))  # fmt: skip
    return report


def _report(file: File) -> Facts:
    """Of one file that an account uploaded."""
    now = utc_now()
    at = now - timedelta(hours=1)
    seen = Capture("192.0.2.7", Moment.UPLOAD, at, 51_515)
    subject = Party(Account("Example Photos", "u-42", "bicycles"), captures=(seen,))
    return Facts(Incident.MEDIA, at, now, platform="Example Photos", subject=subject, files=(file,))

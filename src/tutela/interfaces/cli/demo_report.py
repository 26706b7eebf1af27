"""The end of `tutela demo`: what was confirmed is reported to a test server on this machine, which
is not the authority's, and the case is closed by its receipt."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tutela.app import App
from tutela.banks import service as banks
from tutela.banks.filling import BankFiller
from tutela.banks.models import Purpose
from tutela.cases import work
from tutela.cases.models import Case
from tutela.decisions import items
from tutela.decisions import service as decisions
from tutela.decisions.told import CONFIRMED
from tutela.decoding import DecoderPool
from tutela.interfaces import reports
from tutela.interfaces.cli.own_service import OwnService
from tutela.people import callers, keys
from tutela.people.permissions import Caller, Permission
from tutela.reporting import credentials, register
from tutela.reporting.authorities import Environment
from tutela.reporting.facts import Reporter
from tutela.reporting.models import Report, State
from tutela.reporting.options import Options
from tutela.screening import learn
from tutela.testing.cybertipline import Server

AUTHORITY = "ncmec"
BANK = "demonstration-reportable"
NOTE = "A demonstration: a benign photograph, in a bank of the purpose that leads to a report."
PHOTOGRAPH = "tesla2_lg.jpg"
ACCOUNT = "rider-7"
FILED = 30.0
"""Seconds that a slow machine may take to file one report."""

FACTS = {
    "item": {"id": "demonstration-1", "channel": "public", "ip": "192.0.2.7", "port": 40_507},
    "creator": {"id": ACCOUNT, "screen_name": "rider", "email": "rider@example.org"},
}
TOLD = {
    "about": "account", "id": ACCOUNT, "account": ACCOUNT, "reporter": "user",
    "text": "A demonstration: sells bicycles that are not theirs.",
}  # fmt: skip
REPORTER = Reporter(
    first_name="Duty", last_name="Officer", email="duty@example.org",
    contact_first_name="Duty", contact_last_name="Officer", contact_email="duty@example.org",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filed:
    """What came of the report, here and at the test server."""

    report: str
    number: str
    files: int
    filed_at: datetime | None
    closed_why: str
    there: tuple[str, ...]
    """Numbers of reports that are finished at the server."""
    left_open: int

    @property
    def as_promised(self) -> bool:
        """Filed exactly once, with its file, and the case closed by it."""
        return (
            self.there == (self.number,) and self.left_open == 0 and self.files == 1
            and self.filed_at is not None and bool(self.closed_why)
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class There:
    """A test server on this machine, and how one signs in there."""

    server: Server
    user: str
    password: str


@contextmanager
def server() -> Iterator[There]:
    """One with credentials that nobody else knows, until the block ends."""
    user, password = f"demo-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    with Server(user=user, password=password) as made:
        yield There(made, user, password)


def options(there: There) -> Options:
    """Settings with which reports go to that server, and nowhere else."""
    return Options(
        environment=str(Environment.TEST), authorities=(AUTHORITY,),
        test_urls=(f"{AUTHORITY}={there.server.url}",), platform="The demonstration",
        reporter=REPORTER,
    )  # fmt: skip


def environment(chosen: Options) -> dict[str, str]:
    """The settings for the service's processes."""
    plain: Mapping[str, Any] = {
        "environment": chosen.environment, "platform": chosen.platform,
        "authorities": list(chosen.authorities), "test_urls": list(chosen.test_urls),
    }  # fmt: skip
    who = {one.name: getattr(chosen.reporter, one.name) for one in fields(chosen.reporter)}
    named = {f"TUTELA_REPORTING__{name.upper()}": value for name, value in plain.items()}
    named |= {f"TUTELA_REPORTING__REPORTER__{name.upper()}": value for name, value in who.items()}
    return {name: json.dumps(value) for name, value in named.items()}  # as TOML writes them


def set_up(app: App, there: There, photograph: Path) -> None:
    """A bank of one benign photograph, which says that it is a demonstration, and credentials."""
    with app.database.writing() as session:
        banks.create(
            session, app.database.now(), app.actor, BANK, Purpose.KNOWN_CSEA,
            source="demonstration", note=NOTE,
        )  # fmt: skip
        credentials.put(
            session, app.database.now(), app.caller, app.reporting_sealing(), AUTHORITY,
            Environment.TEST, there.user, there.password,
        )  # fmt: skip
    with (
        DecoderPool(app.settings.signals, app.settings.decoding.limits) as pool,
        BankFiller(app.database, app.actor, BANK, "demonstration") as filler,
    ):
        learn([photograph], pool, filler)


def run(app: App, own: OwnService, there: There, photograph: Path) -> Filed:
    """Upload the photograph, have a user report the account, confirm, draft, send, and wait."""
    own.screen(photograph.read_bytes(), FACTS)
    body, kind = json.dumps(TOLD).encode(), {"content-type": "application/json"}
    case_id = str(json.loads(own.post("/api/v1/reports", body, kind).body)["case_id"])
    reviewer = _reviewer(app)
    with app.database.writing() as session:
        now = app.database.now()
        case = work.take_one(session, now, reviewer, case_id)
        waiting = items.undecided(session, case_id)
        decisions.decide(
            session, now, reviewer, case, [item.id for item, _ in waiting], CONFIRMED,
            "A demonstration: it is the very photograph of the bank.",
        )  # fmt: skip
        (drafted,) = register.listed(session, reviewer, case_id=case_id)
    reports.send(app, reviewer, drafted.id)
    row, closed = _wait(app, drafted.id)
    numbers = tuple(str(one.id) for one in there.server.finished)
    held = json.loads(row.receipt or "{}")
    return Filed(
        row.id, row.remote_id, len(held.get("files", ())), row.filed_at, closed, numbers,
        len(there.server.orphans),
    )  # fmt: skip


def _reviewer(app: App) -> Caller:
    """Who decides and reports in the demonstration: a key of its own."""
    scopes = (Permission.CASES, Permission.REPORTS)
    with app.database.writing() as session:
        _, secret = keys.create(session, app.database.now(), app.caller, "reviewer", scopes)
        return callers.of_secret(session, secret)


def _wait(app: App, report_id: str) -> tuple[Report, str]:
    """The report once it rests, and why its case was closed; empty: it is open."""
    until = time.monotonic() + FILED
    while True:
        with app.database.reading() as session:
            row = session.get_one(Report, report_id)
            closed = session.scalar(select(Case.closed_why).where(Case.id == row.case_id))
        if row.state != State.QUEUED or time.monotonic() > until:
            return row, closed or ""
        time.sleep(0.1)


def record(found: Filed) -> dict[str, Any]:
    """For programs: docs/commands.md."""
    return {
        "report": found.report, "number": found.number, "files": found.files,
        "filed_at": found.filed_at.isoformat() if found.filed_at else None,
        "case_closed": found.closed_why, "finished": len(found.there),
        "left_open": found.left_open, "test_server": True,
    }  # fmt: skip


def show(found: Filed) -> None:
    """For people."""
    if found.filed_at is None:
        print(f"\nThe report {found.report} was NOT filed.")
        return
    print(
        "\nOne more photograph is in a bank of the purpose that leads to a report, labelled as a"
        f"\ndemonstration. The account {ACCOUNT} posted it, a user reported the account, a reviewer"
        "\nconfirmed it, and a report was drafted, checked and sent to a test server on this"
        "\nmachine. It is not the authority's."
        "\n\nReceipt"
        f"\n  report      {found.report}"
        f"\n  number      {found.number}, as the test server calls it"
        f"\n  filed       {found.filed_at:%Y-%m-%d %H:%M:%S} UTC"
        f"\n  files       {found.files}"
        f"\n  case        {'closed: ' + found.closed_why if found.closed_why else 'NOT closed'}"
        f"\n\nAt the test server {len(found.there)} report is finished and {found.left_open} are"
        " open."
    )

"""`/audit`: the log of who did what: looked through, verified, and taken out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from tutela import audit
from tutela.audit import checkpoints, searching
from tutela.audit.models import Entry
from tutela.audit.searching import Sought
from tutela.interfaces.api.json_bodies import MOST_NUMBER, NO_ZERO
from tutela.interfaces.console import verifying
from tutela.interfaces.console.paging import SHOWN, listed
from tutela.interfaces.console.shell import (
    Visitor,
    fragment,
    may,
    page,
    require,
    see_other,
    state_of,
)
from tutela.interfaces.console.texts import gettext as _
from tutela.people.permissions import Permission
from tutela.storage import Database

Auditor = Annotated[Visitor, Depends(may(Permission.AUDIT))]
Text = Annotated[str, Query(max_length=256, pattern=NO_ZERO)]
Before = Annotated[str, Query(pattern="^([0-9]{1,18})?$")]
DAY = timedelta(days=1)
PAUSE = 2
"""Seconds until the page looks again how far the check has come."""

router = APIRouter()


class Filters:
    """What is looked for, as it stands in the address. Days are those of the reader's zone."""

    def __init__(
        self,
        actor: Text = "",
        action: Text = "",
        subject: Text = "",
        since: Text = "",
        until: Text = "",
    ) -> None:
        self.given = {
            "actor": actor.strip(), "action": action.strip(), "subject": subject.strip(),
            "since": since, "until": until,
        }  # fmt: skip
        self.wrong = ""

    def sought(self, zone: ZoneInfo) -> Sought:
        since, until = (self._day(self.given[name], zone) for name in ("since", "until"))
        return Sought(
            self.given["actor"], self.given["action"], self.given["subject"], since,
            until + DAY if until else None,
        )  # fmt: skip

    def _day(self, text: str, zone: ZoneInfo) -> datetime | None:
        if not text:
            return None
        try:
            return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone)
        except ValueError:
            self.wrong = _("A day is written as 2026-05-31: this filter was left out.")
            return None


@router.get("/audit")
def show_log(
    request: Request,
    visitor: Auditor,
    filters: Annotated[Filters, Depends()],
    before: Before = "",
) -> Response:
    """Entries, the latest first."""
    app = state_of(request).running.app
    sought = filters.sought(visitor.zone)
    number = min(int(before), MOST_NUMBER) if before else None
    with app.database.reading() as session:
        found = searching.found(session, sought, number, SHOWN + 1)
        count = searching.length(session)
    signed = checkpoints.files(app.checkpoints)
    return page(
        request, visitor, "audit/log.html", wrong=filters.wrong, filtered=sought != Sought(),
        entries=listed(
            "/console/audit", {**filters.given, "before": before},
            [(entry, json.loads(entry.facts)) for entry in found], lambda row: row[0].number,
            name="before",
        ),
        count=count, signed=signed[-1][0] if signed else 0, filters=filters.given,
        check=verifying.state(app.run_folder), pause=PAUSE,
    )  # fmt: skip


@router.post("/audit/verify")
def verify(request: Request, visitor: Auditor) -> Response:
    """Read the whole log and check it, in the background: of a long one it takes a minute."""
    app = state_of(request).running.app
    if verifying.begin(app, app.run_folder):
        with app.database.writing() as session:
            audit.append(session, app.database.now(), visitor.caller.actor, "audit.verify", "log")
    return see_other("/console/audit#check")


@router.get("/audit/check")
def show_check(request: Request, visitor: Auditor) -> Response:
    """How far the check is, as a part of the page."""
    folder = state_of(request).running.app.run_folder
    return fragment(
        request, visitor, "audit/check.html", check=verifying.state(folder), pause=PAUSE
    )


@router.post("/audit/export")
def export(request: Request, visitor: Auditor, filters: Annotated[Filters, Depends()]) -> Response:
    """Entries as JSON lines, as `tutela audit show --json` has them; then the checkpoints."""
    require(visitor, Permission.EXPORT)
    app = state_of(request).running.app
    sought = filters.sought(visitor.zone)
    with app.database.writing() as session:
        through = searching.length(session)
        facts = {f"only_{name}": value for name, value in filters.given.items() if value}
        audit.append(
            session, app.database.now(), visitor.caller.actor, "audit.export", "log",
            through=through, **facts,
        )  # fmt: skip
    name = f"tutela-audit-{app.database.now():%Y%m%d-%H%M%S}.jsonl"
    files = [path for _, path in checkpoints.files(app.checkpoints)]
    lines = (_lines(app.database, sought, through), (_envelope(path) for path in files))
    return StreamingResponse(
        (line for part in lines for line in part), media_type="application/jsonl",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


def _lines(database: Database, sought: Sought, through: int) -> Iterator[bytes]:
    with database.reading() as session:
        for entry in searching.all_found(session, sought, through):
            yield _line(entry)


def _line(entry: Entry) -> bytes:
    return _json({
        "number": entry.number, "at": entry.at, "actor": entry.actor, "action": entry.action,
        "subject": entry.subject, "facts": entry.facts, "hash": entry.hash.hex(),
    })  # fmt: skip


def _envelope(file: Path) -> bytes:
    """A signed root. Who checks the entries against it needs the public key from elsewhere."""
    try:
        return _json({"checkpoint": file.name, "envelope": json.loads(file.read_bytes())})
    except (OSError, ValueError):
        return _json({"checkpoint": file.name, "unreadable": True})


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

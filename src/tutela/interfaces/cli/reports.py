"""`tutela report …`: what looks, and changes nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from tutela.app import App
from tutela.errors import TutelaError
from tutela.interfaces import reports
from tutela.interfaces.cli import evidence, output
from tutela.interfaces.cli.acting import opened
from tutela.interfaces.reports import Looked
from tutela.people import refusals
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Permission
from tutela.reporting import previewing, reaching, register
from tutela.reporting.authorities import Fault
from tutela.reporting.completeness import Completeness
from tutela.reporting.models import Exchange, Report, State

FAULTY = 1
PAGE = 100
EACH = 2.0
"""Seconds between two looks of `follow --watch`: a report of one file takes about so long."""

NAMES = (
    "authority", "environment", "test", "version", "rank", "danger", "tries", "made_by",
    "queued_by", "last_error", "remote_id", "supplements",
)  # fmt: skip
TIMES = ("made_at", "queued_at", "due_at", "filed_at")


def list_reports(
    state: str, authority: str, case: str, after: str, limit: int, *, as_json: bool
) -> None:
    if state and state not in tuple(State):
        raise TutelaError(f"{state[:40]!r} is no state.", f"States are {', '.join(State)}.")
    with opened() as app, app.database.reading() as session:
        found = register.listed(
            session, app.caller, after, limit + 1, state=state, authority=authority, case_id=case
        )  # fmt: skip
    found, more = found[:limit], len(found) > limit
    if as_json:
        for one in found:
            output.line(record(one))
        return
    table = output.table("report", "case", "authority", "state", "made", "filed", "number there")
    for one in found:
        table.add_row(
            one.id, one.case_id, one.authority, _state(one), f"{one.made_at:%Y-%m-%d %H:%M}",
            f"{one.filed_at:%Y-%m-%d %H:%M}" if one.filed_at else "",
            output.printable(one.remote_id) if one.state == State.FILED else "",
        )  # fmt: skip
    output.console().print(table)
    if more:
        print(f"\nThere are more: tutela report list --after {found[-1].id}")


def show(report_id: str, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        found = reports.looked(app, session, app.caller, report_id)
        lost = reports.lost(session, found.row)
    if as_json:
        output.line(whole(found))
        return
    for name, value in record(found.row).items():
        if value not in (None, "", False):
            print(f"{name}: {output.printable(str(value))}")
    print()
    table = output.table("field", "held", "reason", "weight", "to set", numbers=("weight",))
    for field in found.complete.fields:
        table.add_row(
            field.name, "held" if field.held else "not held", Text(output.printable(field.reason)),
            str(field.weight), field.path,
        )  # fmt: skip
    output.console().print(table)
    print(f"\n{_score(found.complete)}")
    if lost:
        print(f"\n{lost}")


def preview(report_id: str, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        found = reports.looked(app, session, app.caller, report_id)
        reporter = app.settings.reporting.reporter
    sections = previewing.sections(found.content, reporter, found.authority, found.schema)
    if as_json:
        for section in sections:
            for row in section.rows:
                output.line({
                    "section": section.title, "label": row.label, "value": row.value,
                    "note": row.note,
                })  # fmt: skip
        return
    for section in sections:
        print(f"\n{output.printable(section.title)}\n")
        for row in section.rows:
            note = f"   [{output.printable(row.note)}]" if row.note else ""
            value = "\n      ".join(map(output.printable, row.value.splitlines()))
            print(f"  {output.printable(row.label)}: {value}{note}")


def check(report_id: str, *, as_json: bool) -> int:
    """Gives 1 if something is wrong."""
    with opened() as app, app.database.reading() as session:
        found = reports.looked(app, session, app.caller, report_id)
        going = reports.going(app, session, found)
        wrong = [*reports.faults(app, found), *going.why_not]
    for one in wrong:
        if as_json:
            output.line(fault(one))
        else:
            print(" ".join(output.printable(text) for text in (f"{one.path}:", one.what, one.hint)))
    if not as_json:
        state = found.row.state
        can = f"It can be {'filed by a person' if not going.address else 'sent'}."
        fine = can if state == State.DRAFT else f"Nothing is wrong with it: it is {state}."
        print(fine if not wrong else f"\n{len(wrong)} to be mended.")
        there = f" ({output.printable(going.address)})" if going.address else ""
        print(f"It goes to {found.row.authority}, {going.environment}{there}.")
    return FAULTY if wrong else 0


def follow(report_id: str, *, watch: bool, as_json: bool) -> int:
    """Gives 1 if it was watched and a person is needed."""
    shown = 0
    with opened() as app:
        while True:
            with app.database.reading() as session:
                row = register.found(session, app.caller, report_id)
                calls = register.exchanges(session, report_id, shown, PAGE)
                due = reaching.next_try(session, row)
            goes_on = watch and row.state == State.QUEUED
            for one in calls:
                if goes_on and one is calls[-1] and one.answered_at is None and not one.why:
                    break  # it is being made: shown once it is known what came of it
                shown = one.number
                _show_call(one, as_json=as_json)
            if len(calls) == PAGE:
                continue
            if not goes_on:
                break
            time.sleep(EACH)
    if as_json:
        output.line(record(row))
    else:
        print(f"{report_id}: {_state(row)}." + _next(row, due))
    return FAULTY if watch and row.state == State.HALTED else 0


def receipt(report_id: str, out: Path | None, *, as_json: bool) -> None:
    if out is not None:
        _write_reply(report_id, out)
        return
    with opened() as app, app.database.reading() as session:
        row = register.found(session, app.caller, report_id)
    if row.state != State.FILED:
        raise TutelaError(
            f"{report_id} has no receipt: it is {_state(row)}.",
            f"tutela report follow {report_id} says how it stands.",
        )
    given = {"report": row.id, "authority": row.authority, "environment": row.environment}
    held = given | json.loads(row.receipt)
    if as_json:
        output.line(held)
        return
    files = held.pop("files", [])
    for name, value in held.items():
        text = value if isinstance(value, str) else json.dumps(value)
        text = f"{row.filed_at:%Y-%m-%d %H:%M} UTC" if name == "at" and row.filed_at else text
        print(f"{name}: {output.printable(text)}")
    if files:
        print()
        table = output.table("file", "number there")
        for one in files:
            table.add_row(*(Text(output.printable(str(word))) for word in one))
        output.console().print(table)


def record(row: Report) -> dict[str, Any]:
    """Everything a program may want to know of a report but what it holds: docs/commands.md."""
    times = {name: getattr(row, name) for name in TIMES}
    return (
        {"report": row.id, "case": row.case_id, "state": str(row.state)}
        | {name: getattr(row, name) for name in NAMES}
        | {name: at.isoformat() if at else None for name, at in times.items()}
    )


def whole(found: Looked) -> dict[str, Any]:
    """The same with what it holds."""
    return record(found.row) | {
        "score": found.complete.score,
        "most": found.complete.most.name if found.complete.most else None,
        "fields": [
            {
                "field": one.name,
                "held": one.held,
                "reason": one.reason,
                "weight": one.weight,
                "path": one.path,
            }
            for one in found.complete.fields
        ],
        "content": json.loads(found.row.content),
    }


def fault(one: Fault) -> dict[str, str]:
    return {"path": one.path, "what": one.what, "hint": one.hint}


def call(one: Exchange) -> dict[str, Any]:
    return {
        "number": one.number, "call": one.call, "at": one.at.isoformat(),
        "answered_at": one.answered_at.isoformat() if one.answered_at else None,
        "status": one.status, "request_id": one.request_id, "why": one.why,
        "evidence": one.evidence_id,
    }  # fmt: skip


def _show_call(one: Exchange, *, as_json: bool) -> None:
    if as_json:
        output.line(call(one))
        return
    status = "" if one.status is None else str(one.status)
    words = (f"{one.at:%Y-%m-%d %H:%M:%S}", one.call, status, output.printable(one.why))
    print(" ".join(word for word in words if word), flush=True)


def _write_reply(report_id: str, out: Path) -> None:
    """The exact bytes of the call that filed it, both ways, no longer sealed."""
    with opened() as app:
        require_export(app, "tutela report receipt --out")
        with app.database.reading() as session:
            row = register.found(session, app.caller, report_id)
            last, after = None, 0
            while calls := register.exchanges(session, report_id, after, PAGE):
                after = calls[-1].number
                last = next((one for one in reversed(calls) if one.evidence_id), last)
    if row.state != State.FILED or last is None or last.evidence_id is None:
        raise TutelaError(
            f"{report_id} has no sealed reply.",
            f"tutela report follow {report_id} says how it stands.",
        )
    evidence.export(last.evidence_id, out, f"the reply to the report {report_id}")


def require_export(app: App, command: str) -> None:
    """Raises `NotPermitted`, which is written down, of who may not export."""
    if not app.caller.may(Permission.EXPORT):
        refusals.tell(app.database, app.caller, Permission.EXPORT, command)
        raise NotPermitted(app.caller, Permission.EXPORT)


def _state(row: Report) -> str:
    return f"{row.state}, a test" if row.test else str(row.state)


def _next(row: Report, due: datetime | None) -> str:
    why = f" {output.printable(row.last_error)}" if row.last_error else ""
    if row.state == State.QUEUED and due is not None:
        return f"{why} It is tried from {due:%Y-%m-%d %H:%M} UTC on."
    if row.state == State.QUEUED:
        command = f"tutela report credentials set {row.authority} --environment {row.environment}"
        return f"{why} It waits until its credentials are set: {command}"
    if row.state == State.FILED:
        return f" The authority calls it {output.printable(row.remote_id)}."
    return why


def _score(found: Completeness) -> str:
    missing: Sequence[str] = [found.most.title] if found.most else []
    most = "".join(f" What would help most: {output.printable(title)}." for title in missing)
    place = found.most.path if found.most else ""
    how = f" To set it: tutela report edit REPORT --set {place}=…" if place else ""
    return f"{found.score} of 100.{most}{how}"

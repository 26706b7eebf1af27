"""`tutela preservation …`"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from tutela.app import App
from tutela.errors import TutelaError
from tutela.evidence import clocks
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.interfaces.cli.evidence import clock_line, clock_record
from tutela.policy.periods import parse_date
from tutela.preservation import covering, destroying, papers, service
from tutela.preservation.errors import RequestRefused
from tutela.preservation.models import Kind, Paper, Request
from tutela.preservation.options import end_of
from tutela.preservation.papers import Handed


def list_requests(
    case: str, after: str, limit: int, *, only_running: bool, as_json: bool
) -> None:  # fmt: skip
    with opened() as app, app.database.reading() as session:
        now = app.database.now()
        found = service.listed(
            session, app.caller, now, after, limit + 1, case_id=case, only_running=only_running
        )
    found, more = found[:limit], len(found) > limit
    if as_json:
        for one in found:
            output.line(of_request(one, now))
        return
    table = output.table("request", "case", "asks to", "agency", "until", "state")
    for one in found:
        until = f"{one.until:%Y-%m-%d %H:%M}" if one.until else ""
        table.add_row(
            one.id, one.case_id, one.kind, Text(output.printable(one.agency)), until,
            service.state(one, now),
        )  # fmt: skip
    output.console().print(table)
    if more:
        print(f"\nThere are more: tutela preservation list --after {found[-1].id}")


def show(request_id: str, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        now = app.database.now()
        request = service.found(session, app.caller, request_id)
        record = of_request(request, now)
        held = [of_paper(one) for one in papers.of(session, request.id)]
        waits = []
        if service.state(request, now) == service.State.WAITING:
            waits = [of_conflict(one) for one in destroying.conflicts(session, now, request)]
    if as_json:
        output.line(record | {"papers": held, "waits_for": waits})
        return
    for name, value in record.items():
        print(f"{name}: {'' if value is None else output.printable(str(value))}")
    for paper in held:
        print(f"{paper['given']}: {paper['evidence']} {output.printable(paper['name'])}".rstrip())
    _print_conflicts(waits)


def record(
    case: str, kind: str, agency: str, reference: str, basis: str, note: str, until: str,
    extends: str, files: Sequence[Path], gave: Sequence[str], *, as_json: bool,
) -> None:  # fmt: skip
    last = None
    if until:
        try:
            last = end_of(parse_date(until))
        except (ValueError, OverflowError):
            raise TutelaError(f"{until[:40]!r} is no day.", "Write YYYY-MM-DD.") from None
    with opened() as app:
        handed = _handed(app, files)
        with app.database.writing() as session:
            now = app.database.now()
            made = service.record(
                session, now, app.caller, case, Kind(kind), agency, reference, basis, note, last,
                extends or None, handed, gave,
            )  # fmt: skip
            shown, waits = of_request(made, now), []
            if made.kind == Kind.DESTROY:
                waits = [of_conflict(one) for one in destroying.conflicts(session, now, made)]
    if as_json:
        output.line(shown | {"waits_for": waits})
        return
    until = f" until {shown['until']}" if shown["until"] else ""
    print(f"{shown['request']} is recorded: {kind}{until}. It is {shown['state']}.")
    _print_conflicts(waits)


def end(request_id: str, why: str, *, as_json: bool) -> None:
    with opened() as app, app.database.writing() as session:
        now = app.database.now()
        shown = of_request(service.end(session, now, app.caller, request_id, why), now)
    if as_json:
        output.line(shown)
    else:
        print(f"{request_id} keeps nothing any more. Other clocks run on.")


def release(request_id: str, why: str, *, as_json: bool) -> None:
    with opened() as app, app.database.writing() as session:
        now = app.database.now()
        request = service.release(session, now, app.caller, request_id, why)
        shown = of_request(request, now)
        waits = [of_conflict(one) for one in destroying.conflicts(session, now, request)]
    if as_json:
        output.line(shown | {"waits_for": waits})
        return
    print("The time after the report is ended on what is to be destroyed.")
    _print_conflicts(waits)


def list_clocks(subject: str, *, ended: bool, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        now = app.database.now()
        found = covering.clocked(session, app.caller, subject)
    for file, ran in found:
        shown = [clock_record(one) for one in ran if ended or clocks.runs(one, now)]
        if as_json:
            for one in shown:
                output.line(one)
            continue
        until = f"{file.keep_until:%Y-%m-%d %H:%M}" if file.keep_until else "someone decides"
        gone = f"deleted {file.deleted_at:%Y-%m-%d %H:%M}" if file.deleted_at else ""
        print(f"{file.id}: {gone or f'kept until {until}, and as long as a clock runs'}")
        for one in shown:
            print(f"  {clock_line(one)}")


def _handed(app: App, files: Sequence[Path]) -> list[Handed]:
    """Papers, sealed. Raises `TutelaError`."""
    if len(files) > papers.MOST:
        raise RequestRefused(f"More than {papers.MOST} papers.", "Put several into one file.")
    read = []
    for path in files:
        shown = output.printable(path)
        try:
            if path.stat().st_size > papers.LARGEST:
                raise RequestRefused(
                    f"{shown} is larger than {papers.LARGEST >> 20} MiB.", "Split it."
                )
            read.append((path.name, path.read_bytes()))
        except OSError as error:
            raise TutelaError(f"{shown} cannot be read: {error.strerror}.") from None
    if not read:
        return []
    sealer = app.sealer()
    return [Handed(name, sealer.seal(data)) for name, data in read]


def of_request(request: Request, now: datetime) -> dict[str, Any]:
    """Everything a program may want to know of a request: docs/commands.md."""
    return {
        "request": request.id, "case": request.case_id, "kind": str(request.kind),
        "state": str(service.state(request, now)), "agency": request.agency,
        "reference": request.reference, "basis": request.basis, "note": request.note,
        "at": request.at.isoformat(), "by": request.by, "until": _text(request.until),
        "extends": request.extends, "ended_at": _text(request.ended_at),
        "ended_by": request.ended_by, "ended_why": request.ended_why,
    }  # fmt: skip


def of_paper(paper: Paper) -> dict[str, Any]:
    return {
        "evidence": paper.evidence_id, "name": paper.name, "at": paper.at.isoformat(),
        "given": paper.given,
    }  # fmt: skip


def of_conflict(one: destroying.Conflict) -> dict[str, Any]:
    return {
        "evidence": one.file_id, "kind": one.kind, "subject": one.subject, "basis": one.basis,
        "until": _text(one.until), "can_be_ended": one.can_be_ended,
    }  # fmt: skip


def _print_conflicts(waits: Sequence[dict[str, Any]]) -> None:
    for one in waits:
        until = one["until"] or "it is ended"
        basis = f" ({output.printable(one['basis'])})" if one["basis"] else ""
        print(f"waits: {one['evidence']} for {one['kind']} {one['subject']} until {until}{basis}")
    if any(one["can_be_ended"] for one in waits):
        print("To end the time after a report before it is over: tutela preservation release")


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

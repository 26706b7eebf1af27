"""`tutela report …`: what drafts, changes and sends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tutela.app import App
from tutela.cases import service as cases
from tutela.errors import TutelaError
from tutela.interfaces import reports
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.interfaces.cli.reports import record
from tutela.reporting import attaching, drafting, editing, register
from tutela.reporting.errors import ReportChanged
from tutela.reporting.facts import Incident
from tutela.reporting.models import Report, State
from tutela.storage import Session


def draft(case_id: str, authority: str, incident: str, *, as_json: bool) -> None:
    code = _incident(incident)
    with opened() as app, app.database.writing() as session:
        chosen = authority or next(iter(app.settings.reporting.authorities), "")
        case = cases.found(session, app.caller, case_id)
        row = drafting.draft(
            session, app.database.now(), app.caller.actor, case, chosen, incident=code
        )  # fmt: skip
        _tell(row, f"{row.id} is drafted: tutela report show {row.id}", as_json=as_json)


def supplement(report_id: str, incident: str, *, as_json: bool) -> None:
    code = _incident(incident)
    with opened() as app, app.database.writing() as session:
        row = drafting.supplement(session, app.database.now(), app.caller, report_id, code)
        next_ = f"What is new goes into it: tutela report edit {row.id} --set text=…"
        _tell(row, f"{row.id} is drafted, to add to {report_id}. {next_}", as_json=as_json)


def edit(
    report_id: str,
    fields: Sequence[str],
    file: Path | None,
    reasons: Sequence[str],
    left_out: Sequence[str],
    attached: Sequence[Path],
    version: int | None,
    *,
    gather: bool,
    as_json: bool,
) -> None:
    content = None if file is None else _text(file)
    pairs = [_pair(one, "--set") for one in fields]
    why = [_pair(one, "--why") for one in reasons]
    read = [(one.name, _bytes(one)) for one in attached]
    if not (content or pairs or why or left_out or read or gather):
        raise TutelaError("Nothing is to be changed.", "Say what: tutela report edit --help")
    with opened() as app:
        sealer = app.sealer() if read else None
        papers = [attaching.handed(sealer, name, data) for name, data in read if sealer]
        with app.database.writing() as session:
            row = register.found(session, app.caller, report_id)
            if version is not None and row.version != version:
                raise ReportChanged(
                    f"{report_id} is of version {row.version} by now.", "Look at what was changed."
                )
            row = _edited(app, session, row, content, pairs, why, left_out, gather=gather)
            for paper in papers:
                row = attaching.attach(
                    session, app.database.now(), app.caller, row.id, row.version, paper
                )
            _tell(row, f"{report_id} is of version {row.version} now.", as_json=as_json)


def send(
    report_id: str, key_file: Path | None, why: str, *, danger: bool, as_json: bool
) -> None:  # fmt: skip
    with opened(key_file) as app:
        row = reports.send(app, app.caller, report_id, why=why, danger=danger)
        told = f"{report_id} is queued for {row.authority} ({row.environment})."
        _tell(row, f"{told} To follow it: tutela report follow {report_id}", as_json=as_json)


def again(report_id: str, key_file: Path | None, why: str, *, as_json: bool) -> None:
    with opened(key_file) as app:
        row = reports.again(app, app.caller, report_id, why=why)
        _tell(row, f"{report_id} is queued again.", as_json=as_json)


def withdraw(report_id: str, why: str, *, as_json: bool) -> None:
    with opened() as app:
        row = reports.withdraw(app, app.caller, report_id, why)
        state = "being taken back" if row.state == State.QUEUED else str(row.state)
        _tell(row, f"{report_id} is {state}.", as_json=as_json)


def _edited(
    app: App,
    session: Session,
    row: Report,
    content: str | None,
    pairs: Sequence[tuple[str, str]],
    why: Sequence[tuple[str, str]],
    left_out: Sequence[str],
    *,
    gather: bool,
) -> Report:
    now, caller = app.database.now(), app.caller
    if gather:
        row = drafting.regathered(session, now, caller, row.id, row.version)
    if content is not None:
        row = editing.edit(session, now, caller, row.id, row.version, content)
    if pairs:
        values = [(path, value or None) for path, value in pairs]
        row = editing.set_fields(session, now, caller, row.id, row.version, values)
    for field, reason in why:
        row = editing.say_why(session, now, caller, row.id, row.version, field, reason)
    for one in left_out:
        row = editing.leave_out(session, now, caller, row.id, row.version, one)
    return row


def _tell(row: Report, told: str, *, as_json: bool) -> None:
    if as_json:
        output.line(record(row))
    else:
        print(told)


def _incident(code: str) -> Incident | None:
    if code and code not in tuple(Incident):
        raise TutelaError(f"{code[:40]!r} is no code.", f"Codes are {', '.join(Incident)}.")
    return Incident(code) if code else None


def _pair(given: str, option: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals or not name.strip():
        raise TutelaError(f"{option} {output.printable(given[:40])!r} has no =.", "Say NAME=VALUE.")
    return name.strip(), value


def _text(file: Path) -> str:
    try:
        return _bytes(file).decode()
    except UnicodeDecodeError:
        raise TutelaError(f"{output.printable(file)} is not UTF-8.") from None


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened_file:
            found = opened_file.read(attaching.LARGEST + 1)
    except OSError as error:
        raise TutelaError(f"{output.printable(file)} cannot be read: {error.strerror}.") from None
    if len(found) > attaching.LARGEST:
        raise TutelaError(f"{output.printable(file)} is larger than {attaching.LARGEST:,} bytes.")
    return found

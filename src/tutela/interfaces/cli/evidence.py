"""`tutela evidence …`"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tutela import audit
from tutela import evidence as service
from tutela.app import App
from tutela.cases.models import Case
from tutela.errors import TutelaError
from tutela.evidence import client, clocks, recipients
from tutela.evidence.errors import IntentRefused, NoSuchEvidence, NotOpened
from tutela.evidence.exporting import new_file
from tutela.evidence.models import Clock, File, Purpose
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.people import knowing
from tutela.people.permissions import Caller
from tutela.preservation.models import Paper, Request
from tutela.reporting import register
from tutela.screening.models import Decided
from tutela.storage import Session
from tutela.views import service as views

PAGE = 500
BROKEN = 3


def list_files(after: str, limit: int, *, only_kept: bool, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        found = service.listed(session, after, limit, only_kept=only_kept)
    if as_json:
        for file in found:
            output.line(record(file))
        return
    table = output.table("evidence", "bytes", "sealed", "kept until", "state", numbers=("bytes",))
    for file in found:
        until = f"{file.keep_until:%Y-%m-%d %H:%M}" if file.keep_until else ""
        table.add_row(
            file.id, f"{file.size:,}", f"{file.sealed_at:%Y-%m-%d %H:%M}", until, state(file)
        )  # fmt: skip
    output.console().print(table)
    if len(found) == limit:
        output.complain(f"there may be more: --after {found[-1].id}")


def show(name: str, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        file = service.found(session, name)
        ran = [clock_record(clock) for clock in clocks.listed(session, [file.id])]
    if as_json:
        output.line(record(file) | {"clocks": ran})
        return
    for key, value in (record(file) | {"state": state(file)}).items():
        print(f"{key}: {'' if value is None else value}")
    for clock in ran:
        print(clock_line(clock))


def record(file: File) -> dict[str, Any]:
    """Everything a program may want to know of a sealed file: docs/commands.md."""
    return {
        "evidence": file.id, "size": file.size, "sealed_size": file.sealed_size,
        "name": file.name, "recipients": file.recipients,
        "sealed_at": _text(file.sealed_at), "keep_until": _text(file.keep_until),
        "held_at": _text(file.held_at), "deleted_at": _text(file.deleted_at),
        "deleted_why": file.deleted_why, "gone_at": _text(file.gone_at),
    }  # fmt: skip


def state(file: File) -> str:
    """How a file stands, in a word or three."""
    if file.deleted_at is not None:
        return "deleted" if file.gone_at else "deleted, not proven"
    return "held" if file.held_at else "kept"


def clock_record(clock: Clock) -> dict[str, Any]:
    """Everything a program may want to know of a clock: docs/commands.md."""
    return {
        "evidence": clock.file_id, "kind": clock.kind, "subject": clock.subject,
        "basis": clock.basis, "began_at": _text(clock.began_at), "until": _text(clock.until),
        "ended_at": _text(clock.ended_at),
    }  # fmt: skip


def clock_line(clock: dict[str, Any]) -> str:
    """A clock as a person reads it."""
    until = clock["until"] or "it is ended"
    ended = f", ended {clock['ended_at']}" if clock["ended_at"] else ""
    basis = output.printable(clock["basis"])
    return f"clock: {clock['kind']} {clock['subject']} until {until}{ended} ({basis})"


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def check(names: Sequence[str], *, all_files: bool, as_json: bool) -> int:
    """Gives 3 if one is not whole."""
    whole = broken = 0
    with opened() as app:
        for file in _chosen(app, names, all_files=all_files):
            fault, size = None, None
            try:
                checked = client.check(app.vault_socket, _intent(app, file.id, Purpose.CHECK))
                size = checked.size
                if not checked.whole:
                    fault = "It is not what was sealed."
            except (NotOpened, IntentRefused) as error:
                fault = error.what
            whole, broken = whole + (fault is None), broken + (fault is not None)
            if as_json:
                output.line({
                    "evidence": file.id, "whole": fault is None, "size": size, "fault": fault,
                })  # fmt: skip
            elif fault is not None:
                output.complain(f"{file.id}: {fault}")
    if not as_json:
        print(f"{whole:,} whole, {broken:,} not.")
    return BROKEN if broken else 0


def reseal(names: Sequence[str], *, all_files: bool, as_json: bool) -> int:
    """Gives 3 if one could not be opened."""
    done = broken = 0
    with opened() as app:
        client.ping(app.vault_socket)
        current = app.sealer().fingerprint
        for file in _chosen(app, names, all_files=all_files):
            if file.recipients == current and all_files:
                continue
            fault, anew = None, False
            try:
                anew = client.reseal(app.vault_socket, _intent(app, file.id, Purpose.RESEAL))
            except (NotOpened, IntentRefused) as error:
                fault = error.what
            done, broken = done + anew, broken + (fault is not None)
            if as_json:
                output.line({"evidence": file.id, "resealed": anew, "fault": fault})
            elif fault is not None:
                output.complain(f"{file.id}: {fault}")
    if not as_json:
        print(f"{done:,} sealed anew, {broken:,} could not be.")
    return BROKEN if broken else 0


def export(name: str, file: Path, reason: str) -> None:
    shown = output.printable(file)
    with opened() as app:
        if file.exists():
            raise TutelaError(f"{shown} is there already.", "Choose another name.")
        if not os.access(file.parent, os.W_OK | os.X_OK):  # before the intent is used up
            raise TutelaError(f"{output.printable(file.parent)} is no folder to write to.")
        with app.database.reading() as session:
            _require_known(session, app.caller, name)
        client.ping(app.vault_socket)
        with app.database.writing() as session:
            found = service.found(session, name)
            intent = views.export(session, app.database.now(), app.caller, found, reason).id
        try:
            size = write(file, client.opened(app.vault_socket, intent))
        except OSError as error:
            raise TutelaError(
                f"{shown} cannot be written: {error.strerror}.", "Repeat the command."
            ) from None
    print(f"{size:,} bytes of {name} were written to {shown}. They are not sealed there.")


def _require_known(session: Session, caller: Caller, name: str) -> None:
    """Raises `NoSuchEvidence` of a file that is of cases only of which the caller must not know."""
    of = select(Decided.case_id).where(Decided.evidence_id == name, Decided.case_id.is_not(None))
    papers = select(Request.case_id).join(Paper, Paper.request_id == Request.id)
    cases = {
        *session.scalars(of), *session.scalars(papers.where(Paper.evidence_id == name)),
        *register.cases_of(session, name),
    }  # fmt: skip
    known = select(Case.id).where(
        Case.id.in_(cases), knowing.visible(caller, Case.queue, Case.id)
    )  # fmt: skip
    if cases and session.scalar(known.limit(1)) is None:
        raise NoSuchEvidence(f"There is no evidence {name[:64]!r}.", "Run: tutela evidence list")


def sweep(*, however_many: bool, as_json: bool) -> int:
    """Gives 3 if recorded files are missing."""
    with opened() as app:
        found = service.sweep(app.database, app.store(), however_many=however_many)
        if found.deleted:
            with app.database.writing() as session:
                audit.append(
                    session, app.database.now(), app.actor, "evidence.sweep", "store",
                    deleted=found.deleted,
                )  # fmt: skip
    if as_json:
        output.line({
            "strays": found.strays, "deleted": found.deleted, "missing": found.missing,
        })  # fmt: skip
    else:
        print(
            f"{found.strays:,} stored and not recorded, {found.missing:,} recorded and not stored;"
            f" {found.deleted:,} deleted."
        )
    return BROKEN if found.missing else 0


def list_recipients(*, as_json: bool) -> None:
    with opened() as app:
        found = recipients.listed(app.data)
    for recipient in found:
        if as_json:
            output.line({"recipient": recipient})
        else:
            print(recipient)
    if len(found) < recipients.PRODUCTION:
        output.complain(
            f"{len(found)} of the {recipients.PRODUCTION} recipients that production needs: add one"
            " whose identity is kept elsewhere."
        )


def add_recipient(recipient: str, note: str) -> None:
    with opened() as app:
        checked = recipients.checked(recipient, note)
        if checked in recipients.listed(app.data):
            raise TutelaError("This is a recipient already.")
        with app.database.writing() as session:  # logged before: none may be there unlogged
            audit.append(
                session, app.database.now(), app.actor, "recipient.add", "evidence",
                recipient=checked,
            )  # fmt: skip
        recipients.add(app.data, checked, note)
    print(
        "Added: what is sealed after the service was started again can be opened with its"
        " identity too.\nFor what was sealed before: tutela evidence reseal --all"
    )


def _chosen(app: App, names: Sequence[str], *, all_files: bool) -> Iterator[File]:
    """The files of these ids, or all whose bytes are kept."""
    if bool(names) == all_files:
        raise TutelaError("Which files?", "Give their ids, or --all.")
    for name in names:
        with app.database.reading() as session:
            file = service.found(session, name)
        yield file
    after = ""
    while all_files:
        with app.database.reading() as session:
            page = service.listed(session, after, PAGE, only_kept=True)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].id


def _intent(app: App, name: str, purpose: Purpose) -> str:
    """The id of an intent, recorded now. Raises `TutelaError`."""
    with app.database.writing() as session:
        file = service.found(session, name)
        why = f"{purpose} by hand"
        return service.intend(session, app.database.now(), app.actor, file, purpose, why).id


def write(file: Path, pieces: Iterator[bytes]) -> int:
    """Write a new file that is there whole or not at all, also if this is killed; gives its size.
    Raises OSError."""
    size = 0
    with new_file(file) as handle, os.fdopen(handle, "wb", closefd=False) as opened_file:
        for piece in pieces:
            size += opened_file.write(piece)
    return size

"""`tutela report …`: what goes with a report that a person files by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from tutela import audit
from tutela import evidence as service
from tutela.app import App
from tutela.errors import TutelaError
from tutela.evidence import client
from tutela.interfaces import reports
from tutela.interfaces.cli import evidence, output
from tutela.interfaces.cli.acting import opened
from tutela.interfaces.cli.reports import record, require_export
from tutela.reporting import answering, facts, recording, register
from tutela.reporting.errors import ReportNotReady
from tutela.reporting.models import State
from tutela.reporting.nca import packaging
from tutela.reporting.nca.sheet import text
from tutela.views import service as views


def answer(report_id: str, given: Sequence[str], *, as_json: bool) -> None:
    said = dict(map(_pair, given))
    with opened() as app, app.database.writing() as session:
        row = register.found(session, app.caller, report_id)
        row = answering.answer(
            session, app.database.now(), app.caller, report_id, row.version, said
        )
        if as_json:
            output.line(record(row))
            return
        print(f"{report_id} is of version {row.version} now.")


def declare(report_id: str, *, yes: bool, as_json: bool) -> None:
    if not yes:
        raise TutelaError(
            "To declare is to say, in your name, that all that is reasonably available is in it.",
            "If that is so, add --yes.",
        )
    with opened() as app, app.database.writing() as session:
        row = register.found(session, app.caller, report_id)
        row = answering.declare(session, app.database.now(), app.caller, report_id, row.version)
        if as_json:
            output.line(record(row))
            return
        print(f"{report_id} is declared to be complete, in its version {row.version}.")


def sheet(report_id: str, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        now = app.database.now()
        found = reports.sheet(app, reports.looked(app, session, app.caller, report_id), now)
    if not as_json:
        for one in text(found).split("\n"):
            print(output.printable(one))
        return
    for title, lines in found.sections:
        for line in lines:
            output.line({"section": title} | asdict(line))
    for note in found.notes:
        output.line({"note": note})


def package(report_id: str, out: Path, reason: str) -> None:
    with opened() as app:
        with app.database.reading() as session:
            row = register.found(session, app.caller, report_id)
        require_export(app, "tutela report package")
        if row.state == State.WITHDRAWN:
            raise ReportNotReady(f"{report_id} is withdrawn.", "Nothing of it is to be uploaded.")
        limit = app.settings.reporting.nca.package
        parts = packaging.parts(facts.Report.from_json(row.content), limit)
        files = [out if part.of == 1 else _numbered(out, part.number) for part in parts]
        for file in files:
            if file.exists():
                raise TutelaError(f"{output.printable(file)} is there.", "Choose another name.")
        if not os.access(out.parent, os.W_OK | os.X_OK):  # before an intent is used up
            raise TutelaError(f"{output.printable(out.parent)} is no folder to write to.")
        if not reason.strip():
            raise TutelaError("There is no reason.", "Say why: --reason TEXT")
        client.ping(app.vault_socket)
        with app.database.writing() as session:
            audit.append(
                session, app.database.now(), app.caller.actor, "report.package", report_id,
                parts=len(parts), files=sum(len(part.files) for part in parts),
            )  # fmt: skip
        for part, file in zip(parts, files, strict=True):

            def opens(name: str) -> Iterator[bytes]:
                return _opened(app, name, reason)

            pieces = packaging.zipped(part, report_id, app.database.now(), opens)
            try:
                size = evidence.write(file, pieces)
            except OSError as error:
                raise TutelaError(
                    f"{output.printable(file)} cannot be written: {error.strerror}.",
                    "Choose another place.",
                ) from None
            print(f"{size:,} bytes were written to {output.printable(file)}, not sealed there.")
    print("Delete them once they are uploaded.")


def recorded(
    report_id: str, reference: str, repeat: str, at: datetime | None, *, as_json: bool
) -> None:
    with opened() as app, app.database.writing() as session:
        row = recording.recorded(
            session, app.database.now(), app.caller, report_id, reference, repeat, at
        )
        if as_json:
            output.line(record(row))
            return
        print(f"{report_id} is filed: the authority calls it {output.printable(row.remote_id)}.")


def _opened(app: App, name: str, reason: str) -> Iterator[bytes]:
    """The bytes of a sealed file, written down as an export before."""
    with app.database.writing() as session:
        found = service.found(session, name)
        intent = views.export(session, app.database.now(), app.caller, found, reason).id
    return client.opened(app.vault_socket, intent)


def _numbered(out: Path, number: int) -> Path:
    return out.with_name(f"{out.stem}.{number}{out.suffix}")


def _pair(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals or not name.strip():
        raise TutelaError(f"{output.printable(given[:40])!r} has no =.", "Say FIELD=ANSWER.")
    return name.strip(), value

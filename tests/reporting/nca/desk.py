"""What tests do with reports to the agency, at a desk."""

from __future__ import annotations

from dataclasses import replace

from reporting.desks import ANN, Desk
from reporting.nca.reports import answered
from tutela.reporting import answering, recording, sending
from tutela.reporting.facts import Report as Facts
from tutela.reporting.models import Report
from tutela.testing.authority_contract import report


def drafted(desk: Desk, case: str = "", *, files: int = 1, **said: str) -> str:
    """A draft with answers, not declared."""
    what = replace(
        report(), at=desk.now, made_at=desk.now, files=tuple(map(desk.file, range(files)))
    )
    name = desk.put(answered(what, **said), case or desk.case())
    with desk.database.writing() as session:
        session.get_one(Report, name).authority = "nca"
    return name


def answer(desk: Desk, name: str, caller=ANN, **said: str) -> Report:
    with desk.database.writing() as session:
        version = session.get_one(Report, name).version
        return answering.answer(session, desk.now, caller, name, version, said)


def declare(desk: Desk, name: str, caller=ANN) -> Report:
    with desk.database.writing() as session:
        version = session.get_one(Report, name).version
        return answering.declare(session, desk.now, caller, name, version)


def send(desk: Desk, name: str) -> Report:
    with desk.database.writing() as session:
        version = session.get_one(Report, name).version
        return sending.queue(session, desk.now, ANN.actor, name, version)


def again(desk: Desk, name: str) -> Report:
    with desk.database.writing() as session:
        return sending.again(session, desk.now, ANN, name)


def handed(desk: Desk, case: str = "", **said: str) -> str:
    """A report that waits to be filed by hand."""
    name = drafted(desk, case, **said)
    declare(desk, name)
    send(desk, name)
    return name


def record(desk: Desk, name: str, reference: str, repeated: str | None = None, **more) -> Report:
    with desk.database.writing() as session:
        return recording.recorded(
            session, desk.now, ANN, name, reference, repeated or reference, **more
        )


def content(desk: Desk, name: str) -> Facts:
    return Facts.from_json(desk.report(name).content)

"""`tutela approve`"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.text import Text
from sqlalchemy import and_

from tutela.app import App
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.people import approvals, refusals
from tutela.people.errors import NotPermitted
from tutela.people.models import Approval
from tutela.people.permissions import Caller
from tutela.reporting import requests

SHOWN = 1000
"""Requests that are listed: more than a day brings."""


def run(
    number: int | None, key_file: Path | None, *, refuse: bool, review: bool, as_json: bool
) -> None:
    """Approve, refuse or review a request, or list those that wait."""
    with opened(key_file) as app:
        if number is None:
            _list(app, review=review, as_json=as_json)
            return
        request = _decided(app, number, refuse=refuse, review=review)
    what = output.printable(request.facts)
    if as_json:
        done = "reviewed" if review else "refused" if refuse else "approved"
        output.line({"request": number, done: True} | ({"agreed": not refuse} if review else {}))
    elif review:
        print(f"Reviewed: {request.act} of {request.subject} {what}.")
    elif refuse:
        print(f"Refused: {request.act} of {request.subject} {what}.")
    else:
        print(
            f"Approved: {request.act} of {request.subject} {what}."
            " Whoever asked repeats the command."
        )


def _decided(app: App, number: int, *, refuse: bool, review: bool) -> Approval:
    try:
        with app.database.writing() as session:
            now = app.database.now()
            requests.require_known(session, app.caller, number)
            if review:
                return approvals.review(session, now, app.caller, number, agreed=not refuse)
            if refuse:
                return approvals.refuse(session, now, app.caller, number)
            return approvals.approve(session, now, app.caller, number)
    except NotPermitted as error:
        refusals.tell(app.database, app.caller, error.permission, "tutela approve")
        raise


def _list(app: App, *, review: bool, as_json: bool) -> None:
    """Those that whoever asks may decide; all of them for the shell."""
    with app.database.reading() as session:
        who, only = _concerned(app.caller), requests.known(app.caller)
        found = (
            approvals.to_review(session, 0, SHOWN, who, only)
            if review
            else approvals.waiting(
                session, app.database.now(), 0, SHOWN, who, and_(only, requests.waits())
            )
        )
    if as_json:
        for request in found:
            output.line(_record(request))
        return
    _show(found)


def _concerned(caller: Caller) -> Caller | None:
    return None if caller.actor.startswith("shell:") else caller


def _record(request: Approval) -> dict[str, Any]:
    return {
        "request": request.id, "act": request.act, "subject": request.subject,
        "what": request.facts, "permission": request.permission, "why": request.why,
        "asked_by": request.asked_by, "asked_at": request.asked_at.isoformat(),
        "usable_at": request.usable_at.isoformat() if request.usable_at else None,
        "lapses_at": request.lapses_at.isoformat(),
    }  # fmt: skip


def _show(found: Sequence[Approval]) -> None:
    table = output.table("request", "act", "subject", "what", "asked by", "until", "why")
    for request in found:
        what, why = (Text(output.printable(text)) for text in (request.facts, request.why))
        table.add_row(
            str(request.id), request.act, request.subject, what, request.asked_by,
            f"{request.lapses_at:%Y-%m-%d %H:%M}", why,
        )  # fmt: skip
    output.console().print(table)
    for subject in dict.fromkeys(one.subject for one in found if one.act == requests.SEND):
        print(f"To read what is to be sent: tutela report preview {subject}")

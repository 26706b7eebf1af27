"""`tutela key …` and `tutela approve`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from tutela.app import App
from tutela.errors import TutelaError
from tutela.interfaces.cli import output
from tutela.interfaces.cli.bank import secret
from tutela.people import approvals, keys
from tutela.people.models import Approval


def create(name: str, scopes: list[str], rate: int | None) -> None:
    with App.open() as app, app.database.writing() as session:
        _, made = keys.create(session, app.database.now(), app.actor, name, scopes, rate)
    output.complain(f"the key {name}, shown this once:")
    print(made)


def list_keys(after: str, limit: int, *, as_json: bool) -> None:
    with App.open() as app, app.database.reading() as session:
        found = keys.listed(session, after, limit)
    if as_json:
        for key in found:
            output.line({
                "key": key.name, "scopes": key.scopes.split(), "rate": key.rate,
                "created_at": key.created_at.isoformat(),
                "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
            })  # fmt: skip
        return
    table = output.table("key", "scopes", "made", "revoked")
    for key in found:
        revoked = f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else ""
        table.add_row(key.name, key.scopes, f"{key.created_at:%Y-%m-%d %H:%M}", revoked)
    output.console().print(table)


def revoke(name: str) -> None:
    with App.open() as app, app.database.writing() as session:
        keys.revoke(session, app.database.now(), app.actor, name)
    print(f"The key {name} opens nothing any more.")


def approve(number: int | None, key_file: Path | None, *, as_json: bool) -> None:
    """Approve a request, or list those that wait."""
    with App.open() as app:
        if number is None:
            with app.database.reading() as session:
                waiting = approvals.waiting(session, app.database.now())
            _show_waiting(waiting, as_json=as_json)
            return
        given = secret(key_file)
        if not given:
            raise TutelaError("Who approves?", "Put your key into TUTELA_KEY, or give --key-file.")
        with app.database.writing() as session:
            key = keys.owner(session, given, keys.Scope.BANKS_WRITE)
            request = approvals.approve(session, app.database.now(), key, number)
        what = output.printable(request.facts)
        if as_json:
            output.line({"request": number, "approved": True})
        else:
            print(
                f"Approved: {request.act} of {request.subject} {what}."
                " Whoever asked repeats the command."
            )


def _show_waiting(waiting: Sequence[tuple[Approval, str]], *, as_json: bool) -> None:
    if as_json:
        for request, name in waiting:
            output.line({
                "request": request.id, "act": request.act, "subject": request.subject,
                "what": request.facts, "asked_by": name, "asked_at": request.asked_at.isoformat(),
            })  # fmt: skip
        return
    table = output.table("request", "act", "subject", "what", "asked by")
    for request, name in waiting:
        what = Text(output.printable(request.facts))
        table.add_row(str(request.id), request.act, request.subject, what, name)
    output.console().print(table)

"""`tutela know …`"""

from __future__ import annotations

from typing import Any

from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.people import knowing
from tutela.people.models import Need


def list_needs(
    kind: str | None, subject: str | None, actor: str | None, after: int, limit: int, *,
    as_json: bool,
) -> None:  # fmt: skip
    with opened() as app, app.database.reading() as session:
        found = knowing.listed(session, after, limit, kind=kind, subject=subject, actor=actor)
    if as_json:
        for need in found:
            output.line(record(need))
        return
    table = output.table("number", "kind", "subject", "actor", "is", numbers=("number",))
    for need in found:
        how = "named" if need.allowed else "walled off"
        table.add_row(str(need.id), need.kind, need.subject, need.actor, how)
    output.console().print(table)


def name(kind: str, subject: str, actor: str, *, allowed: bool, as_json: bool) -> None:
    with opened() as app, app.database.writing() as session:
        need = knowing.name(session, app.database.now(), app.caller, kind, subject, actor, allowed)
        shown = record(need)
    if as_json:
        output.line(shown)
    elif allowed:
        print(f"The {kind} {subject} is seen by those alone who are named for it, as {actor} is.")
    else:
        print(f"{actor} never sees the {kind} {subject}.")


def forget(kind: str, subject: str, actor: str, *, as_json: bool) -> None:
    with opened() as app, app.database.writing() as session:
        knowing.forget(session, app.database.now(), app.caller, kind, subject, actor)
    if as_json:
        output.line({"kind": kind, "subject": subject, "actor": actor, "forgotten": True})
    else:
        print(f"Nothing is said of {actor} and the {kind} {subject} any more.")


def record(need: Need) -> dict[str, Any]:
    """Everything a program may want to know of what is said: docs/commands.md."""
    return {
        "number": need.id, "kind": need.kind, "subject": need.subject, "actor": need.actor,
        "named": need.allowed,
    }  # fmt: skip

"""Acts on exchanges that the commands and the console share."""

from __future__ import annotations

from typing import Any

from tutela.app import App
from tutela.exchanges import leaving, service
from tutela.exchanges.errors import ExchangeRefused
from tutela.exchanges.outcomes import subject
from tutela.people.permissions import Caller, Permission
from tutela.signatures import SigningKey

RELEASE = "exchange.release"


def release(app: App, caller: Caller, name: str, why: str = "") -> int:
    """Let the deletions pass that an exchange is held for, once two people agree; gives how many.
    Raises `SecondPersonNeeded`, `ExchangeRefused`."""
    with app.database.reading() as session:
        row = service.get(session, name)
        if not row.held:
            raise ExchangeRefused(f"{name} is not held.", "Nothing waits for a person.")
        count, about = row.held_count, subject(row)
    app.with_two(
        caller, Permission.BANKS_WRITE, RELEASE, about, {"entries": count},
        lambda session, actor: service.release(session, app.database.now(), actor, name, count),
        why=why,
    )  # fmt: skip
    return count


def end(app: App, caller: Caller, name: str, why: str = "") -> None:
    """Leave a programme, once two people agree: nothing of it matches any more, and the worker
    deletes what was held. Raises `SecondPersonNeeded`, `ExchangeRefused`."""
    with app.database.reading() as session:
        about = subject(service.get(session, name))
    app.with_two(
        caller, Permission.ADMIN, leaving.ACT, about, {},
        lambda session, actor: leaving.leave(session, app.database.now(), actor, name),
        why=why,
    )  # fmt: skip


def leave(app: App, caller: Caller, name: str, why: str = "") -> tuple[bytes, dict[str, Any]]:
    """Leave a programme, once two people agree; of one that was left, finish and say so again.
    Gives the signed statement and what it says. Raises `SecondPersonNeeded`."""
    with app.database.reading() as session:
        left = service.get(session, name).left_at is not None
    if not left:
        end(app, caller, name, why)
    said = leaving.finish(app.database, caller.actor, name)
    return leaving.statement(SigningKey.load(app.audit_key), said), said

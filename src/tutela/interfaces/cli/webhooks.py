"""`tutela webhook …`"""

from __future__ import annotations

from datetime import timedelta

from rich.text import Text

from tutela.errors import TutelaError
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.outbound import Outbound
from tutela.webhooks import Sealing, endpoints, sending, service
from tutela.webhooks.errors import WebhookError
from tutela.webhooks.models import State


def add(name: str, url: str, kinds: list[str], *, private: bool) -> None:
    with opened() as app, app.database.writing() as session:
        sealing = Sealing.load(app.webhook_key)
        _, secret = endpoints.add(
            session, app.database.now(), app.actor, sealing, name, url, kinds, private=private
        )
    output.complain(f"the secret of {name}, shown this once:")
    print(secret)


def list_endpoints(after: str, limit: int, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        found = endpoints.listed(session, after, limit)
    if as_json:
        for one in found:
            output.line({
                "endpoint": one.name, "url": one.url, "kinds": one.kinds.split(),
                "private": one.private, "created_at": one.created_at.isoformat(),
                "previous_until": one.previous_until.isoformat() if one.previous_until else None,
                "disabled_at": one.disabled_at.isoformat() if one.disabled_at else None,
            })  # fmt: skip
        return
    table = output.table("endpoint", "url", "kinds", "made", "disabled")
    for one in found:
        disabled = f"{one.disabled_at:%Y-%m-%d %H:%M}" if one.disabled_at else ""
        table.add_row(
            one.name, Text(one.url), one.kinds, f"{one.created_at:%Y-%m-%d %H:%M}", disabled
        )
    output.console().print(table)


def disable(name: str) -> None:
    with opened() as app, app.database.writing() as session:
        dead = endpoints.disable(session, app.database.now(), app.actor, name)
    print(f"Nothing is sent to {name} any more. Messages that waited and are dead: {dead}.")


def enable(name: str) -> None:
    with opened() as app, app.database.writing() as session:
        endpoints.enable(session, app.database.now(), app.actor, name)
    print(
        f"{name} is told what happens from now on. What is dead: tutela webhook resend --dead"
        f" {name}"
    )


def rotate(name: str) -> None:
    with opened() as app, app.database.writing() as session:
        hours = app.settings.webhooks.overlap_hours
        secret = endpoints.rotate(
            session, app.database.now(), app.actor, Sealing.load(app.webhook_key), name,
            timedelta(hours=hours),
        )  # fmt: skip
    output.complain(f"the new secret of {name}, shown this once; the old one ends in {hours} h:")
    print(secret)


def list_deliveries(
    endpoint: str | None, given: str | None, after: int, limit: int, *, as_json: bool
) -> None:
    if given not in (None, *State):
        raise _wrong(f"{given!r} is not a state.", f"States are {', '.join(State)}.")
    state = State(given) if given else None
    with opened() as app, app.database.reading() as session:
        found = service.deliveries(session, after, limit, state=state, endpoint=endpoint)
    if as_json:
        for one, name in found:
            output.line({
                "number": one.id, "message": one.message, "endpoint": name, "kind": one.kind,
                "state": one.state, "tries": one.tries, "due_at": one.due_at.isoformat(),
                "last_status": one.last_status, "last_error": one.last_error or None,
                "created_at": one.created_at.isoformat(),
                "ended_at": one.ended_at.isoformat() if one.ended_at else None,
            })  # fmt: skip
        return
    table = output.table("number", "message", "endpoint", "kind", "state", "tries", "last")
    for one, name in found:
        last = one.last_error or (str(one.last_status) if one.last_status else "")
        table.add_row(
            str(one.id), one.message, name, one.kind, one.state, str(one.tries), Text(last)
        )
    output.console().print(table)


def resend(message: str | None, dead: str | None) -> None:
    if (message is None) == (dead is None):
        raise _wrong("Say what to send.", "Either a message, or --dead NAME.")
    with opened() as app, app.database.writing() as session:
        now, count = app.database.now(), 1
        if message is not None:
            service.resend(session, now, app.actor, message)
        else:
            count = service.resend_dead(session, now, app.actor, str(dead))
    print(f"To be sent once more: {count}. The worker of tutela serve sends them.")


def test(name: str, *, as_json: bool) -> int:
    with opened() as app:
        one, good = sending.attempt(
            app.database, Outbound(app.settings.outbound), Sealing.load(app.webhook_key), name,
            app.settings.webhooks,
        )  # fmt: skip
    if as_json:
        output.line({
            "message": one.message, "delivered": good, "last_status": one.last_status,
            "last_error": one.last_error or None,
        })  # fmt: skip
        return 0 if good else 1
    if not good:
        raise WebhookError(f"{name} did not take the test message: {one.last_error}")
    print(f"{name} took the message {one.message}: it answered {one.last_status}.")
    return 0


def _wrong(what: str, hint: str) -> TutelaError:
    refused = TutelaError(what, hint)
    refused.exit_code = 2
    return refused

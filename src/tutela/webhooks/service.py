"""Queues messages for endpoints, in the transaction of what they tell; and keeps the queue."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select

from tutela import audit
from tutela.alarms import AlarmSounded
from tutela.storage import Session
from tutela.webhooks import endpoints, messages
from tutela.webhooks.errors import NoSuchMessage, WebhookError
from tutela.webhooks.models import Delivery, Endpoint, State
from tutela.webhooks.options import Options


def enqueue(session: Session, now: datetime, kind: str, data: Mapping[str, Any]) -> int:
    """Queue a message for each endpoint that wants its kind; says for how many.

    Committed with the session. Raises ValueError for what may not be said (`messages.body`).
    """
    said = messages.body(kind, now, data)
    wanting = [
        endpoint
        for endpoint in session.scalars(select(Endpoint).where(Endpoint.disabled_at.is_(None)))
        if endpoint.wants(kind)
    ]
    session.add_all(delivery(now, endpoint, kind, said) for endpoint in wanting)
    session.flush()
    return len(wanting)


def tell_alarm(session: Session, alarm: AlarmSounded) -> None:
    """Queue what sounded; wired in `tutela.app`."""
    enqueue(session, alarm.at, messages.ALARM_SOUNDED, {
        "number": alarm.number, "kind": alarm.kind, "subject": alarm.subject, "text": alarm.text,
    })  # fmt: skip


def delivery(now: datetime, endpoint: Endpoint, kind: str, body: str) -> Delivery:
    """A message to one endpoint, due at once."""
    return Delivery(
        message=f"msg_{secrets.token_hex(12)}",
        endpoint_id=endpoint.id,
        kind=kind,
        body=body,
        state=State.WAITING,
        tries=0,
        due_at=now,
        sending_until=None,
        last_status=None,
        last_error="",
        created_at=now,
        ended_at=None,
    )


def deliveries(
    session: Session,
    after: int = 0,
    limit: int = 100,
    *,
    state: State | None = None,
    endpoint: str | None = None,
) -> Sequence[tuple[Delivery, str]]:
    """Messages in order, each with the name of its endpoint. Raises `WebhookError`."""
    query = select(Delivery, Endpoint.name).join(Endpoint).where(Delivery.id > after)
    if state is not None:
        query = query.where(Delivery.state == state)
    if endpoint is not None:
        query = query.where(Delivery.endpoint_id == endpoints.named(session, endpoint).id)
    return [(d, name) for d, name in session.execute(query.order_by(Delivery.id).limit(limit))]


def latest(
    session: Session,
    before: int | None = None,
    limit: int = 100,
    *,
    state: State | None = None,
    endpoint: str | None = None,
) -> Sequence[tuple[Delivery, str]]:
    """Messages from the last one, each with the name of its endpoint. Raises `WebhookError`."""
    query = select(Delivery, Endpoint.name).join(Endpoint).order_by(Delivery.id.desc())
    if before is not None:
        query = query.where(Delivery.id < before)
    if state is not None:
        query = query.where(Delivery.state == state)
    if endpoint is not None:
        query = query.where(Delivery.endpoint_id == endpoints.named(session, endpoint).id)
    return [(one, name) for one, name in session.execute(query.limit(limit))]


def resend(session: Session, now: datetime, actor: str, message: str) -> None:
    """Send a message once more, whatever became of it. Raises `WebhookError`."""
    found = session.scalar(select(Delivery).where(Delivery.message == message))
    if found is None:
        raise NoSuchMessage(f"There is no message {message!r}.", "Run: tutela webhook deliveries")
    endpoint = _enabled(session, found.endpoint_id)
    _due_anew(session.get_one(Delivery, found.id, with_for_update=True), now)
    audit.append(session, now, actor, "webhook.resend", endpoint.subject, message=message)


def resend_dead(session: Session, now: datetime, actor: str, name: str) -> int:
    """Send all dead messages of an endpoint once more; says how many. Raises `WebhookError`."""
    endpoint = _enabled(session, endpoints.named(session, name).id)
    dead = session.scalars(
        select(Delivery)
        .where(Delivery.endpoint_id == endpoint.id, Delivery.state == State.DEAD)
        .order_by(Delivery.id)
        .with_for_update()
    ).all()
    for one in dead:
        _due_anew(one, now)
    if dead:
        audit.append(session, now, actor, "webhook.resend", endpoint.subject, messages=len(dead))
    return len(dead)


def counted(session: Session) -> dict[str, int]:
    """How many messages there are in each state, for the metric."""
    rows = session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
    return {str(row[0]): row[1] for row in rows}


def purge(session: Session, now: datetime, options: Options) -> int:
    """Delete messages whose time is over; says how many."""
    gone = 0
    for state, days in (
        (State.DELIVERED, options.keep_days),
        (State.DEAD, options.keep_dead_days),
    ):
        before = now - timedelta(days=days)
        gone += len(
            session.scalars(
                delete(Delivery)
                .where(Delivery.state == state, Delivery.ended_at < before)
                .returning(Delivery.id)
            ).all()
        )
    return gone


def _enabled(session: Session, number: int) -> Endpoint:
    endpoint = session.scalars(
        endpoints.locked(select(Endpoint).where(Endpoint.id == number))
    ).one()
    if endpoint.disabled_at is not None:
        raise WebhookError(
            f"The endpoint {endpoint.name} is disabled.",
            f"Run: tutela webhook enable {endpoint.name}",
        )
    return endpoint


def _due_anew(one: Delivery, now: datetime) -> None:
    """With all its tries before it. One that is being sent just now is sent once more."""
    one.state, one.tries, one.due_at = State.WAITING, 0, now
    one.sending_until = one.ended_at = None

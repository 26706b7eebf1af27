"""Sends what is due: written down before the call, its outcome after it.

Who dies in between leaves a message that is due again when its lease is over: a receiver may get it
twice, never not at all, and tells by `webhook-id` that it had it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, func, or_, select

from tutela import alarms
from tutela.outbound import Hosts, Outbound, OutboundError, Target
from tutela.storage import Database, Session
from tutela.webhooks import endpoints, messages, signing
from tutela.webhooks.errors import SealingError
from tutela.webhooks.models import Delivery, Endpoint, State
from tutela.webhooks.options import Options, duration
from tutela.webhooks.sealing import Sealing
from tutela.webhooks.service import delivery

FAILING = 4
"""Tries after which there is an alarm, by default 6 minutes: long before anything is lost."""

JITTER = 0.2
"""How much longer a wait may be, as a share: what failed together is not to come together."""

GONE = 410
"""The receiver wants no more (Standard Webhooks, "Disabling")."""


def due(session: Session, now: datetime, options: Options, limit: int = 100) -> Sequence[int]:
    """Numbers of messages that are due, the longest first; of each endpoint so many that no more
    are under way than may be."""
    under_way = case((Delivery.sending_until > now, 0), else_=1)
    place = func.row_number().over(
        partition_by=Delivery.endpoint_id, order_by=(under_way, Delivery.due_at, Delivery.id)
    )
    ranked = (
        select(Delivery.id, Delivery.due_at, under_way.label("free"), place.label("place"))
        .where(
            Delivery.state == State.WAITING,
            or_(Delivery.due_at <= now, Delivery.sending_until > now),
        )
        .subquery()
    )
    return session.scalars(
        select(ranked.c.id)
        .where(ranked.c.free == 1, ranked.c.place <= options.at_once)
        .order_by(ranked.c.due_at, ranked.c.id)
        .limit(limit)
    ).all()


def deliver(
    database: Database, outbound: Outbound, sealing: Sealing, number: int, options: Options
) -> State | None:
    """Send a message once, if it is due and nobody else does; says what became of it."""
    with database.writing() as session:
        taken = _taken(session, database.now(), number, options)
    if taken is None:
        return None
    status, why = _sent(outbound, sealing, *taken, database.now(), options)
    with database.writing() as session:
        return _ended(session, database.now(), taken[0], status, why, options)


def attempt(
    database: Database, outbound: Outbound, sealing: Sealing, name: str, options: Options
) -> tuple[Delivery, bool]:
    """Send a test message past the queue, and only once; nothing of it is kept. It may go to an
    endpoint that is disabled. Says whether it was taken. Raises `WebhookError`."""
    with database.reading() as session:
        endpoint = endpoints.named(session, name)
    now, kind = database.now(), "webhook.test"
    one = delivery(now, endpoint, kind, messages.body(kind, now, {}))
    one.last_status, one.last_error = _sent(outbound, sealing, one, endpoint, now, options)
    return one, not one.last_error


def _taken(
    session: Session, now: datetime, number: int, options: Options
) -> tuple[Delivery, Endpoint] | None:
    """The message, written down as being sent; None if it is not to be."""
    found = _locked(session, number)
    if found is None:
        return None
    one, endpoint = found
    busy = one.sending_until is not None and one.sending_until > now
    if one.state is not State.WAITING or one.due_at > now or busy:
        return None
    if endpoint.disabled_at is not None:  # it was, while the message was being queued
        one.state, one.ended_at, one.last_error = State.DEAD, now, endpoints.DISABLED
        return None
    one.tries += 1
    one.sending_until = one.due_at = now + options.lease
    return found


def _sent(
    outbound: Outbound,
    sealing: Sealing,
    one: Delivery,
    endpoint: Endpoint,
    now: datetime,
    options: Options,
) -> tuple[int | None, str]:
    """The status that came back, and what was wrong."""
    try:
        keys = [sealing.opened(endpoint.secret, endpoint), *_previous(sealing, endpoint, now)]
        target, body = Target.of(endpoint.url), one.body.encode()
        reply = outbound.post(
            endpoint.url,
            body,
            signing.headers(one.message, now, body, keys),
            hosts=Hosts.only(target, private=endpoint.private),
            largest=0,
            seconds=options.seconds,
        )
    except (OutboundError, SealingError) as error:
        return None, str(error)
    good = 200 <= reply.status < 300
    return reply.status, "" if good else f"It answered {reply.status}."


def _previous(sealing: Sealing, endpoint: Endpoint, now: datetime) -> list[bytes]:
    """The secret before, as long as it signs."""
    if endpoint.previous is None or endpoint.previous_until is None:
        return []
    if endpoint.previous_until <= now:
        return []
    try:
        return [sealing.opened(endpoint.previous, endpoint)]
    except SealingError:
        return []  # the key was lost, and its owner made a new secret


def _ended(
    session: Session, now: datetime, sent: Delivery, status: int | None, why: str, options: Options
) -> State | None:
    """Write down what came of it, unless someone else took the message meanwhile."""
    found = _locked(session, sent.id)
    if found is None:
        return None
    one, endpoint = found
    if one.sending_until != sent.sending_until or one.state is not State.WAITING:
        return None
    one.sending_until, one.last_status, one.last_error = None, status, why[:256]
    if not why:
        one.state, one.ended_at = State.DELIVERED, now
        _well(session, now, endpoint)
    elif status == GONE:
        one.state, one.ended_at = State.DEAD, now
        session.flush()
        text = f"The endpoint {endpoint.name} wants no more messages, and was disabled."
        alarms.sound(session, now, "webhook.gone", endpoint.subject, text)
        endpoints.disable(session, now, "worker", endpoint.name, "The receiver wants no more.")
    elif one.tries > len(options.waits):
        one.state, one.ended_at = State.DEAD, now
        text = f"A message to the endpoint {endpoint.name} could not be delivered: {why}"
        alarms.sound(session, now, "webhook.dead", endpoint.subject, text)
    else:
        wait = duration(options.waits[one.tries - 1])
        one.due_at = now + wait * (1 + JITTER * random.random())  # noqa: S311 - spread, no secret
        if one.tries >= FAILING:
            text = f"The endpoint {endpoint.name} takes no messages: {why}"
            alarms.sound(session, now, "webhook.failing", endpoint.subject, text)
    return one.state


def _well(session: Session, now: datetime, endpoint: Endpoint) -> None:
    """The endpoint takes messages: its alarms are over, but while some are dead."""
    session.flush()
    dead = session.scalar(
        select(Delivery.id)
        .where(Delivery.endpoint_id == endpoint.id, Delivery.state == State.DEAD)
        .limit(1)
    )
    if dead is None:
        alarms.clear(session, now, "webhook.dead", endpoint.subject)
    alarms.clear(session, now, "webhook.failing", endpoint.subject)
    alarms.clear(session, now, "webhook.gone", endpoint.subject)


def _locked(session: Session, number: int) -> tuple[Delivery, Endpoint] | None:
    """A message and its endpoint, which is locked first."""
    endpoint_id = session.scalar(select(Delivery.endpoint_id).where(Delivery.id == number))
    if endpoint_id is None:
        return None
    endpoint = session.scalars(
        endpoints.locked(select(Endpoint).where(Endpoint.id == endpoint_id))
    ).one()
    one = session.get(Delivery, number, with_for_update=True)
    return None if one is None else (one, endpoint)

"""Who is told: endpoints are the operator's act, each in the audit log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, select, update

from tutela import audit
from tutela.outbound import OutboundError, Target
from tutela.storage import Session
from tutela.webhooks import signing
from tutela.webhooks.errors import EndpointRefused, NoSuchEndpoint, WebhookError
from tutela.webhooks.messages import KINDS
from tutela.webhooks.models import Delivery, Endpoint, State
from tutela.webhooks.sealing import Sealing

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
DISABLED = "The endpoint is disabled."


def add(
    session: Session,
    now: datetime,
    actor: str,
    sealing: Sealing,
    name: str,
    url: str,
    kinds: Iterable[str] = ("*",),
    *,
    private: bool = False,
) -> tuple[Endpoint, str]:
    """A new endpoint, and its secret, which is shown this once. Raises `WebhookError`."""
    if not NAME.fullmatch(name):
        raise EndpointRefused(
            f"{name!r} cannot be the name of an endpoint.",
            "Use up to 64 of a-z, 0-9, dot, dash and underscore.",
        )
    wanted = sorted(set(kinds))
    unknown = [kind for kind in wanted if kind not in (*KINDS, "*")]
    if unknown or not wanted:
        raise EndpointRefused(
            f"{unknown[0]!r} is not a kind of message." if unknown else "It wants no kind.",
            f"Kinds are {', '.join(KINDS)}, or * for all.",
        )
    try:
        target = Target.of(url)
    except OutboundError as error:
        raise EndpointRefused(error.what, error.hint) from None
    if target.scheme != "https" and not private:
        raise EndpointRefused(
            "Messages go by https only.",
            "Plain http is for a host of your own network: say --private.",
        )
    if session.scalar(select(Endpoint).where(Endpoint.name == name)) is not None:
        raise WebhookError(f"There is an endpoint {name} already.", "Names are not used twice.")
    endpoint = Endpoint(
        name=name, url=target.url, private=private, kinds=" ".join(wanted), secret=b"",
        previous=None, previous_until=None, created_at=now, disabled_at=None,
    )  # fmt: skip
    session.add(endpoint)
    session.flush()  # it has a number now, to which its secret is bound
    secret = signing.new_secret()
    endpoint.secret = sealing.seal(secret, endpoint)
    audit.append(
        session, now, actor, "webhook.add", endpoint.subject,
        host=target.authority, kinds=endpoint.kinds, private=private,
    )  # fmt: skip
    return endpoint, signing.shown(secret)


def rotate(
    session: Session, now: datetime, actor: str, sealing: Sealing, name: str, overlap: timedelta
) -> str:
    """A new secret, shown this once; the old one signs beside it for a while.

    If the old one cannot be opened, it ends at once. Raises `WebhookError`.
    """
    endpoint = named(session, name, lock=True)
    secret = signing.new_secret()
    endpoint.previous, endpoint.previous_until = endpoint.secret, now + overlap
    endpoint.secret = sealing.seal(secret, endpoint)
    audit.append(session, now, actor, "webhook.rotate", endpoint.subject)
    return signing.shown(secret)


def disable(session: Session, now: datetime, actor: str, name: str, why: str = DISABLED) -> int:
    """Nothing more is sent there; says how many messages are now dead. Raises `WebhookError`."""
    endpoint = named(session, name, lock=True)
    if endpoint.disabled_at is not None:
        return 0
    endpoint.disabled_at = now
    dead = session.scalars(
        update(Delivery)
        .where(Delivery.endpoint_id == endpoint.id, Delivery.state == State.WAITING)
        .values(state=State.DEAD, ended_at=now, sending_until=None, last_error=why)
        .returning(Delivery.id)
    ).all()
    audit.append(session, now, actor, "webhook.disable", endpoint.subject, dead=len(dead))
    return len(dead)


def enable(session: Session, now: datetime, actor: str, name: str) -> None:
    """It is told again what happens from now on. Raises `WebhookError`."""
    endpoint = named(session, name, lock=True)
    if endpoint.disabled_at is not None:
        endpoint.disabled_at = None
        audit.append(session, now, actor, "webhook.enable", endpoint.subject)


def listed(session: Session, after: str = "", limit: int = 100) -> Sequence[Endpoint]:
    """Endpoints by name, those disabled too."""
    return session.scalars(
        select(Endpoint).where(Endpoint.name > after).order_by(Endpoint.name).limit(limit)
    ).all()


def named(session: Session, name: str, *, lock: bool = False) -> Endpoint:
    """Raises `WebhookError` if there is none."""
    query = select(Endpoint).where(Endpoint.name == name)
    found = session.scalar(locked(query) if lock else query)
    if found is None:
        raise NoSuchEndpoint(f"There is no endpoint {name!r}.", "Run: tutela webhook list")
    return found


def locked(query: Select[Endpoint]) -> Select[Endpoint]:
    """Before any of its messages is changed, so that no two wait for each other; who only queues
    one does not wait for this lock."""
    return query.with_for_update(key_share=True).execution_options(populate_existing=True)

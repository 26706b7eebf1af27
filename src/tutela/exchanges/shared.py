"""Secrets that several exchanges with one partner have in common, sealed like their own.

Whoever adds an exchange by HMA's routes says beforehand, once for each partner, how to sign in.
Exchanges that were added otherwise keep secrets of their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from tutela import audit
from tutela.exchanges import secrets
from tutela.exchanges.models import Exchange, Shared
from tutela.exchanges.outcomes import subject
from tutela.sealing import Sealing
from tutela.storage import Session


def are_set(session: Session, partner: str) -> bool:
    """Whether there are any for a partner."""
    return session.get(Shared, partner) is not None


def put(
    session: Session,
    now: datetime,
    actor: str,
    sealing: Sealing,
    partner: str,
    config: Mapping[str, str],
    given: Mapping[str, str],
) -> None:
    """Set them, and with them what else is said of signing in (`config`), for all exchanges that
    share them. Raises `NotConfigured`."""
    secrets.checked(partner, given)
    text = json.dumps({"config": dict(config), "secrets": dict(given)})
    row = session.get(Shared, partner)
    sealed = sealing.seal(text.encode(), _bound(partner))
    if row is None:
        session.add(Shared(partner=partner, sealed=sealed, sealed_at=now))
    else:
        row.sealed, row.sealed_at = sealed, now
    audit.append(session, now, actor, "exchange.shared-secrets", f"partner:{partner}")
    for one in sharing(session, partner):
        _give(session, now, actor, sealing, one, config, given)


def clear(session: Session, now: datetime, actor: str, partner: str) -> None:
    """Forget them; exchanges that shared them have none until others are set."""
    row = session.get(Shared, partner)
    if row is None:
        return
    session.delete(row)
    audit.append(session, now, actor, "exchange.shared-secrets", f"partner:{partner}", cleared=True)
    for one in sharing(session, partner):
        one.turn, one.busy_until = one.turn + 1, None
        one.sealed = one.sealed_at = one.refused_at = one.due_at = None
        audit.append(session, now, actor, "exchange.secrets", subject(one), cleared=True)


def join(session: Session, now: datetime, actor: str, sealing: Sealing, row: Exchange) -> None:
    """Have a new exchange share them, those of today and those to come."""
    row.shares = True
    found = session.get(Shared, row.partner)
    if found is not None:
        kept = json.loads(sealing.opened(found.sealed, _bound(row.partner)))
        _give(session, now, actor, sealing, row, kept["config"], kept["secrets"])


def _give(
    session: Session,
    now: datetime,
    actor: str,
    sealing: Sealing,
    row: Exchange,
    config: Mapping[str, str],
    given: Mapping[str, str],
) -> None:
    row.config = json.dumps(json.loads(row.config) | dict(config), sort_keys=True)
    secrets.put(session, now, actor, sealing, row, given)


def sharing(session: Session, partner: str) -> list[Exchange]:
    """Exchanges with a partner that share them."""
    return list(
        session.scalars(
            select(Exchange)
            .where(Exchange.partner == partner, Exchange.shares, Exchange.left_at.is_(None))
            .order_by(Exchange.id)
            .with_for_update()
        )
    )


def _bound(partner: str) -> bytes:
    return f"tutela exchanges shared {partner}".encode()

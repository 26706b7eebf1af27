"""How we sign in at a partner: sealed in the database, opened only by who fetches or tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from tutela import alarms, audit
from tutela.exchanges import outcomes, partners
from tutela.exchanges.errors import NotConfigured
from tutela.exchanges.models import Exchange
from tutela.sealing import Sealing
from tutela.storage import Session

LONGEST = 4_096
"""Letters of one: tokens are long."""


def put(
    session: Session,
    now: datetime,
    actor: str,
    sealing: Sealing,
    row: Exchange,
    given: Mapping[str, str],
) -> None:
    """Set all of a partner's secrets; what was refused before is tried with these. Raises
    `NotConfigured`."""
    kept = checked(row.partner, given)
    row.sealed = sealing.seal(json.dumps(kept).encode(), _bound(row.name))
    row.sealed_at, row.refused_at = now, None
    if row.due_at is None or row.due_at > now:
        row.due_at = now
    alarms.clear(session, now, outcomes.REFUSED, outcomes.subject(row))
    audit.append(session, now, actor, "exchange.secrets", outcomes.subject(row))


def checked(partner: str, given: Mapping[str, str]) -> dict[str, str]:
    """All secrets that a partner takes, if they can be these. Raises `NotConfigured`."""
    wanted = [one for one in partners.named(partner).fields if one.kind == "secret"]
    unknown = set(given) - {one.name for one in wanted}
    if unknown:
        raise NotConfigured(
            f"{partner} has no such secret: {', '.join(sorted(unknown))}.",
            f"It takes: {', '.join(one.name for one in wanted) or 'none'}.",
        )
    kept = {}
    for one in wanted:
        text = given.get(one.name, "")
        if not text and one.required:
            raise NotConfigured(f"The secret {one.name} is missing.", one.what)
        if len(text) > LONGEST or not text.isprintable():
            raise NotConfigured(
                f"The secret {one.name} cannot be sent.",
                f"It is one line of up to {LONGEST} letters.",
            )
        if text:
            kept[one.name] = text
    return kept


def opened(sealing: Callable[[], Sealing], name: str, sealed: bytes | None) -> dict[str, str]:
    """The secrets of an exchange; none if none were set. Raises `SealingError`."""
    if sealed is None:
        return {}
    found: dict[str, str] = json.loads(sealing().opened(sealed, _bound(name)))
    return found


def _bound(name: str) -> bytes:
    return f"tutela exchange {name}".encode()

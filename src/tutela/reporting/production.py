"""Whether reports may go to an authority for real: two people say so, once."""

from __future__ import annotations

from datetime import datetime

from tutela import audit
from tutela.law import signing as law
from tutela.reporting import authorities, reaching
from tutela.reporting.authorities import Environment
from tutela.reporting.models import Reached
from tutela.storage import Session

ACT = "report.allow-production"
"""As `App.with_two` names it."""


def allow(session: Session, now: datetime, actor: str, authority: str) -> Reached:
    """Let reports go there, where the settings say so too. The caller sees that two people want it.
    Raises `NoSuchAuthority`, `NotSigned` while a law pack in use has rules that nobody signed."""
    name = authorities.named(authority).name
    law.require_ready(session)
    row = reaching.row(session, name, Environment.PRODUCTION)
    row.allowed_at, row.allowed_by = now, actor
    session.flush()
    audit.append(session, now, actor, ACT, authority)
    return row


def stop(session: Session, now: datetime, actor: str, authority: str) -> Reached:
    """Let no more go there; who stops needs nobody else. Raises `NoSuchAuthority`."""
    row = reaching.row(session, authorities.named(authority).name, Environment.PRODUCTION)
    row.allowed_at, row.allowed_by = None, ""
    session.flush()
    audit.append(session, now, actor, "report.stop-production", authority)
    return row


def is_allowed(session: Session, authority: str) -> bool:
    row = session.get(Reached, (authority, str(Environment.PRODUCTION)))
    return row is not None and row.allowed_at is not None

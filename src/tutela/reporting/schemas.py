"""Schemas that authorities serve: papers are checked against the last one, and somebody is told
when it is not the one that was looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from tutela import alarms, audit
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller, Permission
from tutela.reporting.errors import NotConfigured
from tutela.reporting.models import Schema
from tutela.reporting.options import Options
from tutela.storage import Session

ALARM = "report.schema-changed"
LARGEST = 4 << 20
"""Bytes of a schema that are taken."""


def latest(session: Session, authority: str, environment: str) -> Schema | None:
    """The one that was served last."""
    return session.scalar(
        select(Schema)
        .where(Schema.authority == authority, Schema.environment == environment)
        .order_by(Schema.last_at.desc(), Schema.first_at.desc())
        .limit(1)
    )


def current(session: Session, authority: str, environment: str) -> bytes | None:
    """The document that was served last; None before the first."""
    found = latest(session, authority, environment)
    return None if found is None else found.document


def is_old(found: Schema | None, now: datetime, options: Options) -> bool:
    """Whether the authority is to be asked again."""
    return found is None or now - found.last_at >= timedelta(hours=options.schema_hours)


def served(
    session: Session, now: datetime, actor: str, authority: str, environment: str, document: bytes
) -> Schema:
    """Keep what was served. The first is pinned; one that differs from what is pinned sounds an
    alarm."""
    digest = hashlib.sha256(document).hexdigest()
    key = {"authority": authority, "environment": environment, "digest": digest}
    is_sqlite = session.connection().dialect.name == "sqlite"
    insert = (sqlite if is_sqlite else postgresql).insert(Schema)
    session.execute(  # several may be the first to see it
        insert.values(
            **key, document=document, first_at=now, last_at=now, pinned_by=""
        ).on_conflict_do_nothing(index_elements=[*key])
    )
    row = session.get_one(Schema, tuple(key.values()), with_for_update=True, populate_existing=True)
    row.last_at = now
    session.flush()
    pinned = _pinned(session, authority, environment)
    if pinned is None:
        _pin(session, now, actor, row)
    elif pinned.digest == digest:
        alarms.clear(session, now, ALARM, f"{authority}:{environment}")
    else:
        alarms.sound(
            session, now, ALARM, f"{authority}:{environment}",
            f"{authority} ({environment}) serves another schema, {digest[:16]}, than the one that"
            f" was looked at, {pinned.digest[:16]}. Reports are checked against the new one. Look"
            f" at it, then: tutela report schema pin {authority} {digest[:16]} --environment"
            f" {environment}",
        )  # fmt: skip
    return row


def unusable(session: Session, now: datetime, authority: str, environment: str) -> None:
    """Tell somebody that what it serves is no schema that can be used."""
    alarms.sound(
        session, now, ALARM, f"{authority}:{environment}",
        f"{authority} ({environment}) serves a schema that cannot be used. Reports are checked"
        " against the one that it served before, if there is one, and wait if there is none.",
    )  # fmt: skip


def pin(
    session: Session,
    now: datetime,
    caller: Caller,
    authority: str,
    environment: str,
    digest: str,
) -> Schema:
    """Say that a schema was looked at; `digest` may be cut, where it is still the only such one.
    Raises `NotPermitted`, `NotConfigured`."""
    if not caller.may(Permission.ADMIN):
        raise NotPermitted(caller, Permission.ADMIN)
    found = [
        one
        for one in listed(session)
        if (one.authority, one.environment) == (authority, environment)
        and len(digest) >= 8
        and one.digest.startswith(digest)
    ]
    if len(found) != 1:
        raise NotConfigured(
            f"{authority} ({environment}) never served the schema {digest[:64]!r}.",
            "Run: tutela report schema list",
        )
    (row,) = found
    for one in listed(session):
        if (one.authority, one.environment) == (authority, environment) and one is not row:
            one.pinned_at = None
    _pin(session, now, caller.actor, row)
    last = latest(session, authority, environment)
    if last is not None and last.digest == row.digest:
        alarms.clear(session, now, ALARM, f"{authority}:{environment}")
    return row


def listed(session: Session) -> Sequence[Schema]:
    """All that were ever served, in the order in which they first were."""
    return session.scalars(
        select(Schema).order_by(
            Schema.authority, Schema.environment, Schema.first_at, Schema.digest
        )
    ).all()


def _pinned(session: Session, authority: str, environment: str) -> Schema | None:
    return session.scalar(
        select(Schema)
        .where(
            Schema.authority == authority, Schema.environment == environment,
            Schema.pinned_at.is_not(None),
        )
        .order_by(Schema.pinned_at.desc())
        .limit(1)
    )  # fmt: skip


def _pin(session: Session, now: datetime, actor: str, row: Schema) -> None:
    row.pinned_at, row.pinned_by = now, actor
    session.flush()
    audit.append(
        session, now, actor, "schema.pin", f"{row.authority}:{row.environment}", digest=row.digest
    )

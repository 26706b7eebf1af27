"""One case a subject, and the alerts that gather on it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Boolean,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tutela.cases.rank import LAST
from tutela.storage.models import Base, Number, UtcDateTime


class Case(Base):
    """The unit of human work. Its subject is an account or, without one, an item."""

    __tablename__ = "cases_case"
    __table_args__ = (
        Index(
            "uq_cases_case_open",
            "subject_kind",
            "subject",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_cases_case_opened_at", "opened_at"),
        Index(
            "ix_cases_case_next",
            "queue",
            "rank",
            "opened_at",
            "id",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_cases_case_locked_by",
            "locked_by",
            sqlite_where=text("locked_by IS NOT NULL"),
            postgresql_where=text("locked_by IS NOT NULL"),
        ),
        Index("ix_cases_case_subject", "subject_kind", "subject"),
        Index(
            "ix_cases_case_waiting",
            "opened_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, comment="case_…")
    subject_kind: Mapped[str] = mapped_column(String(16), comment="account, item or test")
    subject: Mapped[str] = mapped_column(String(256))
    queue: Mapped[str] = mapped_column(String(64))
    test: Mapped[bool] = mapped_column(Boolean)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_why: Mapped[str | None] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(
        String(8), comment="of the subject: suspect, child, unknown", default="unknown"
    )
    role_why: Mapped[str] = mapped_column(String(256), default="")
    rank: Mapped[int] = mapped_column(SmallInteger, comment="the lower, the sooner", default=LAST)
    danger: Mapped[bool] = mapped_column(
        Boolean, comment="a child may be in danger now", default=False
    )
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    assigned_to: Mapped[str | None] = mapped_column(String(128), index=True, comment="actor")
    locked_by: Mapped[str | None] = mapped_column(String(128), comment="actor who works on it now")
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    hold: Mapped[bool] = mapped_column(
        Boolean, comment="nothing may tell the subject", default=True
    )
    alerts: Mapped[int] = mapped_column(Number, comment="that are on it, not detached", default=0)
    reports: Mapped[int] = mapped_column(Number, comment="of these, from people", default=0)


class Alert(Base):
    """Something that concerns a case's subject: an item that matched, a user's report or a notice.
    What was received is never edited."""

    __tablename__ = "cases_alert"
    __table_args__ = (Index("ix_cases_alert_about", "about", "about_id"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases_case.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(32))
    item_id: Mapped[str | None] = mapped_column(ForeignKey("screening_item.id"), index=True)
    verdict: Mapped[str] = mapped_column(String(8))
    about: Mapped[str] = mapped_column(
        String(16), comment="item, account, thread or text", default="item"
    )
    about_id: Mapped[str] = mapped_column(
        String(256), comment="as the platform calls it", default=""
    )
    code: Mapped[str] = mapped_column(
        String(32), comment="what it is said to be: a neutral code", default=""
    )
    text: Mapped[str] = mapped_column(Text, comment="as it came; shown inert", default="")
    url: Mapped[str] = mapped_column(
        Text, comment="as it came; never fetched, never clickable", default=""
    )
    reporter: Mapped[str] = mapped_column(
        String(16), comment="user, non-user; empty: a match", default=""
    )
    reporter_id: Mapped[str] = mapped_column(String(256), default="")
    danger: Mapped[bool] = mapped_column(Boolean, default=False)
    subject_age: Mapped[int | None] = mapped_column(SmallInteger, comment="as it is said")
    child_age: Mapped[int | None] = mapped_column(SmallInteger, comment="the youngest, as said")
    detached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    detached_by: Mapped[str | None] = mapped_column(String(128))


class Step(Base):
    """Something that was done with a case: who took, moved, skipped, escalated or commented it."""

    __tablename__ = "cases_step"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases_case.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(128))
    what: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Text)
    facts: Mapped[str] = mapped_column(Text, comment="canonical JSON (RFC 8785)")


class Queue(Base):
    """Where cases wait, and which cases come there."""

    __tablename__ = "cases_queue"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    note: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(comment="rules are asked in this order")
    rule: Mapped[str] = mapped_column(Text, comment="JSON: what an alert must be; empty: by hand")
    hidden: Mapped[str] = mapped_column(Text, comment="actions that are not offered here")
    two_for: Mapped[str] = mapped_column(Text, comment="acts that take two people here")

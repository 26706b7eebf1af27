"""Reports, what was said to authorities and what they said, and how they are reached."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number, UtcDateTime


class State(StrEnum):
    """Where a report stands."""

    DRAFT = "draft"
    QUEUED = "queued"
    """It is sent as soon as its turn comes; who sends it holds `sending_until`."""
    HALTED = "halted"
    """A person must mend something before it is sent again."""
    FILED = "filed"
    WITHDRAWN = "withdrawn"

    @property
    def is_open(self) -> bool:
        return self in (State.DRAFT, State.QUEUED, State.HALTED)


OPEN = text("state IN ('draft', 'queued', 'halted')")


class Report(Base):
    """What is or will be sent to an authority about a case."""

    __tablename__ = "reporting_report"
    __table_args__ = (
        Index(
            "uq_reporting_report_open",
            "case_id",
            "authority",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
        Index(
            "ix_reporting_report_due",
            "rank",
            "queued_at",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index("ix_reporting_report_made_at", "made_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, comment="rpt_…")
    case_id: Mapped[str] = mapped_column(ForeignKey("cases_case.id"), index=True)
    authority: Mapped[str] = mapped_column(String(32))
    environment: Mapped[str] = mapped_column(
        String(16), comment="test or production, as when it was queued"
    )
    state: Mapped[State] = mapped_column(String(16))
    test: Mapped[bool] = mapped_column(
        Boolean, comment="of a case that is a test: never to production"
    )
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(String(128))
    content: Mapped[str] = mapped_column(Text, comment="JSON: the internal report")
    version: Mapped[int] = mapped_column(comment="of the content: each edit is one more")
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    queued_by: Mapped[str] = mapped_column(String(128))
    rank: Mapped[int] = mapped_column(SmallInteger, comment="the lower, the sooner")
    danger: Mapped[bool] = mapped_column(Boolean, comment="it never waits")
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="when it is tried next")
    progress: Mapped[str] = mapped_column(Text, comment="the authority's state; empty: not begun")
    turn: Mapped[int] = mapped_column(comment="who sends it: a number that only grows")
    sending_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int]
    last_error: Mapped[str] = mapped_column(String(512))
    remote_id: Mapped[str] = mapped_column(
        String(64), index=True, comment="the authority's id: open or filed"
    )
    filed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    receipt: Mapped[str] = mapped_column(Text, comment="canonical JSON; empty: none yet")
    supplements: Mapped[str | None] = mapped_column(
        ForeignKey("reporting_report.id"), comment="the report that this one adds to"
    )


class Exchange(Base):
    """A call to an authority: a row before it, what came of it after."""

    __tablename__ = "reporting_exchange"
    __table_args__ = (Index("ix_reporting_exchange_report_id_number", "report_id", "number"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    report_id: Mapped[str] = mapped_column(ForeignKey("reporting_report.id"))
    number: Mapped[int] = mapped_column(comment="of the report's calls, from 1")
    turn: Mapped[int]
    call: Mapped[str] = mapped_column(String(32), comment="submit, upload, finish …")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[int | None] = mapped_column(comment="of HTTP; null: nothing came back")
    request_id: Mapped[str] = mapped_column(String(128), comment="by which its support finds it")
    why: Mapped[str] = mapped_column(String(512), comment="what went wrong; empty: nothing")
    evidence_id: Mapped[str | None] = mapped_column(
        ForeignKey("evidence_file.id"), comment="the exact bytes both ways, sealed"
    )


class Credentials(Base):
    """How we sign in at an authority: sealed."""

    __tablename__ = "reporting_credentials"

    authority: Mapped[str] = mapped_column(String(32), primary_key=True)
    environment: Mapped[str] = mapped_column(String(16), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary, comment="AES-256-GCM: user and password")
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    set_by: Mapped[str] = mapped_column(String(128))
    refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Reached(Base):
    """How an authority was reached lately, and whether production is allowed."""

    __tablename__ = "reporting_reached"

    authority: Mapped[str] = mapped_column(String(32), primary_key=True)
    environment: Mapped[str] = mapped_column(String(16), primary_key=True)
    allowed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="by two people")
    allowed_by: Mapped[str] = mapped_column(String(128))
    down_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retry_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(comment="one after another")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Schema(Base):
    """A schema that an authority served."""

    __tablename__ = "reporting_schema"

    authority: Mapped[str] = mapped_column(String(32), primary_key=True)
    environment: Mapped[str] = mapped_column(String(16), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True, comment="SHA-256, hex")
    document: Mapped[bytes] = mapped_column(LargeBinary)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    pinned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pinned_by: Mapped[str] = mapped_column(String(128))

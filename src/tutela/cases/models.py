"""One case a subject, and the alerts that gather on it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

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


class Alert(Base):
    """Something that concerns a case's subject: for now, an item that matched."""

    __tablename__ = "cases_alert"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases_case.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(32))
    item_id: Mapped[str | None] = mapped_column(ForeignKey("screening_item.id"), index=True)
    verdict: Mapped[str] = mapped_column(String(8))

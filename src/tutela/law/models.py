"""Who signed which rule of a law pack, and when what a law wants reviewed last was."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number, UtcDateTime

STANDS = text("withdrawn_at IS NULL")


class Signature(Base):
    """That a named person checked a rule against its source. It is of the rule's digest: an edit of
    the rule voids it."""

    __tablename__ = "law_signature"
    __table_args__ = (
        Index(
            "uq_law_signature_stands",
            "digest",
            unique=True,
            sqlite_where=STANDS,
            postgresql_where=STANDS,
        ),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    digest: Mapped[str] = mapped_column(String(80), comment="sha256:… of what the rule says")
    pack: Mapped[str] = mapped_column(String(64))
    rule: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, comment="what it was checked against")
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by: Mapped[str] = mapped_column(String(128))


class Reviewed(Base):
    """That what a rule wants looked at again was looked at."""

    __tablename__ = "law_reviewed"
    __table_args__ = (Index("ix_law_reviewed_of", "of", "on"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    pack: Mapped[str] = mapped_column(String(64))
    of: Mapped[str] = mapped_column(String(64), comment="as the rule calls it: matching")
    on: Mapped[date] = mapped_column(Date, comment="the day on which it was")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(128))
    note: Mapped[str] = mapped_column(Text, comment="what was found, and what follows")

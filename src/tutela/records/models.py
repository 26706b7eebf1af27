"""The rows of records: which matches were drawn for people, and what was changed and why.

Nothing here is ever deleted: regulators ask for three years, and there is no content in it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Boolean,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number, UtcDateTime


class Sample(Base):
    """An item's nearest match with a bank by one type, and how it was drawn for people."""

    __tablename__ = "records_sample"
    __table_args__ = (
        UniqueConstraint("item_id", "bank", "type"),
        Index("ix_records_sample_known", "bank", "known"),
        Index("ix_records_sample_bank_type", "bank", "type"),
        Index(
            "ix_records_sample_second",
            "id",
            sqlite_where=text("second"),
            postgresql_where=text("second"),
        ),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("screening_item.id"))
    bank: Mapped[str] = mapped_column(String(96))
    source: Mapped[str] = mapped_column(String(128), index=True)
    type: Mapped[str] = mapped_column(String(32))
    bucket: Mapped[int] = mapped_column(SmallInteger, comment="the least distance of its bucket")
    media: Mapped[str] = mapped_column(String(8), comment="picture or other")
    month: Mapped[str] = mapped_column(String(7), comment="as 2031-05, in UTC")
    known: Mapped[bytes] = mapped_column(LargeBinary(16), comment="digest of the known value")
    design: Mapped[str] = mapped_column(
        String(16), comment="first-seen, outer, new-source, unknown-rate or random"
    )
    probability: Mapped[float] = mapped_column(Float, comment="with which it was drawn")
    drawn: Mapped[bool] = mapped_column(Boolean)
    second: Mapped[bool] = mapped_column(Boolean, comment="drawn for a second person too")


class Stratum(Base):
    """How many matches a bank had by a type at a distance in the last 30 days."""

    __tablename__ = "records_stratum"

    bank: Mapped[str] = mapped_column(String(96), primary_key=True)
    type: Mapped[str] = mapped_column(String(32), primary_key=True)
    bucket: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    expected: Mapped[int] = mapped_column(Number)
    reckoned_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Source(Base):
    """How many matches of a source people decided about."""

    __tablename__ = "records_source"

    source: Mapped[str] = mapped_column(String(128), primary_key=True)
    reviewed: Mapped[int] = mapped_column(Number)
    reckoned_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Second(Base):
    """A second person's look at an item that was decided, who was not told how."""

    __tablename__ = "records_second"
    __table_args__ = (
        Index(
            "uq_records_second_item",
            "item_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL OR conclusion IS NOT NULL"),
            postgresql_where=text("ended_at IS NULL OR conclusion IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("screening_item.id"))
    decision_id: Mapped[str] = mapped_column(ForeignKey("decisions_decision.id"))
    case_id: Mapped[str] = mapped_column(
        ForeignKey("cases_case.id"), index=True, comment="on which they see it"
    )
    first: Mapped[str] = mapped_column(String(16), comment="what was concluded first")
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(128))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    conclusion: Mapped[str | None] = mapped_column(String(16), comment="null: they gave it back")
    why: Mapped[str] = mapped_column(Text)


class Change(Base):
    """That settings which bear on matching, or law packs in use, are not what they were."""

    __tablename__ = "records_change"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(128), comment="who started the service")
    before: Mapped[int] = mapped_column(Number, unique=True, comment="the change before; 0: none")
    values: Mapped[str] = mapped_column(Text, comment="canonical JSON: all, from then on")
    digest: Mapped[str] = mapped_column(String(80), comment="sha256:… of these")


class Reason(Base):
    """Why something was changed, as someone said of it: the last counts."""

    __tablename__ = "records_reason"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    change: Mapped[str] = mapped_column(String(32), index=True, comment="log-7 or set-3")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(128))
    why: Mapped[str] = mapped_column(Text)

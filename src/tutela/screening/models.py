"""What is kept of an item that matched, and the counts that are kept of all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, SmallInteger, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number, UtcDateTime


class Item(Base):
    """One thing that a user posted and that policy wants a person to see, or blocked."""

    __tablename__ = "screening_item"
    __table_args__ = (Index("ix_screening_item_at", "at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, comment="itm_…")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    key_id: Mapped[int | None] = mapped_column(ForeignKey("people_key.id"))
    door: Mapped[str] = mapped_column(String(32), comment="how it came: raw, multipart, signals …")
    test: Mapped[bool] = mapped_column(Boolean, comment="only banks for tests matched")
    external_id: Mapped[str | None] = mapped_column(String(256), index=True)
    creator_id: Mapped[str | None] = mapped_column(String(256), index=True)
    channel: Mapped[str] = mapped_column(String(32))
    size: Mapped[int | None] = mapped_column(Number, comment="bytes; null: only signals came")
    given: Mapped[str] = mapped_column(Text, comment="canonical JSON: the facts as they came")


class ItemSignal(Base):
    """A signal of an item."""

    __tablename__ = "screening_signal"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("screening_item.id"), index=True)
    type: Mapped[str] = mapped_column(String(32))
    value: Mapped[str] = mapped_column(Text, index=True)
    variant: Mapped[str] = mapped_column(String(32))
    frame: Mapped[int | None]
    quality: Mapped[int | None] = mapped_column(SmallInteger)


class ItemMatch(Base):
    """A bank that has a value near a signal of an item, as it was then."""

    __tablename__ = "screening_match"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("screening_item.id"), index=True)
    bank: Mapped[str] = mapped_column(String(96), index=True)
    type: Mapped[str] = mapped_column(String(32))
    value: Mapped[str] = mapped_column(Text, comment="the known value")
    item_value: Mapped[str] = mapped_column(Text)
    distance: Mapped[int] = mapped_column(SmallInteger)
    variant: Mapped[str] = mapped_column(String(32))
    quality: Mapped[int | None] = mapped_column(SmallInteger, comment="of the item's signal")
    known_quality: Mapped[int | None] = mapped_column(SmallInteger)
    labels: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(128))
    purpose: Mapped[str] = mapped_column(String(32))
    strength: Mapped[str] = mapped_column(String(8), comment="exact, weak or near")
    vetoed: Mapped[bool] = mapped_column(Boolean, comment="a bank of harmless pictures spoke")
    disputed: Mapped[bool] = mapped_column(
        server_default=false(),
        comment="another owner of the value said that it does not belong there",
    )
    seed: Mapped[bool] = mapped_column(
        server_default=false(), comment="no owner of the value had checked it"
    )


class Decided(Base):
    """The verdict on an item, the rule that gave it, and what became of its bytes."""

    __tablename__ = "screening_decision"

    item_id: Mapped[str] = mapped_column(ForeignKey("screening_item.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    verdict: Mapped[str] = mapped_column(String(8))
    rule: Mapped[str] = mapped_column(String(64))
    explanation: Mapped[str] = mapped_column(Text)
    public_reason: Mapped[str] = mapped_column(String(256))
    policy_version: Mapped[str] = mapped_column(String(80))
    facts: Mapped[str] = mapped_column(Text, comment="canonical JSON: all that policy was told")
    background: Mapped[str] = mapped_column(Text, comment="JSON: what background rules would do")
    evidence: Mapped[str] = mapped_column(String(8), comment="sealed, failed or none")
    evidence_id: Mapped[str | None] = mapped_column(ForeignKey("evidence_file.id"))
    case_id: Mapped[str | None] = mapped_column(String(32), index=True)


class Answer(Base):
    """What a repeated request is told: a keyed digest and the verdict, for a day."""

    __tablename__ = "screening_answer"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    asked: Mapped[bytes] = mapped_column(LargeBinary(32), comment="keyed digest of the request")
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    verdict: Mapped[str] = mapped_column(String(8))
    policy_version: Mapped[str] = mapped_column(String(80))


class Count(Base):
    """How many items had an outcome in an hour: all that is kept of what matched nothing."""

    __tablename__ = "screening_count"

    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    outcome: Mapped[str] = mapped_column(
        String(16), primary_key=True, comment="allow, review, block, lookup; test: of tests"
    )
    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    count: Mapped[int] = mapped_column(Number)


class BankHour(Base):
    """How many items a bank matched in an hour: what shows that its rate jumps."""

    __tablename__ = "screening_bank_hour"

    bank: Mapped[str] = mapped_column(String(96), primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    count: Mapped[int] = mapped_column(Number)

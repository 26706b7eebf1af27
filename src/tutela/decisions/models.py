"""What was decided of items and cases, what it led to, and who asked for it to be seen again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number, UtcDateTime


class Decision(Base):
    """What a person concluded of an item or, without one, of a case."""

    __tablename__ = "decisions_decision"
    __table_args__ = (
        Index(
            "uq_decisions_decision_item",
            "item_id",
            unique=True,
            sqlite_where=text("undone_at IS NULL AND item_id IS NOT NULL"),
            postgresql_where=text("undone_at IS NULL AND item_id IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, comment="dec_…")
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(128))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases_case.id"), index=True)
    item_id: Mapped[str | None] = mapped_column(ForeignKey("screening_item.id"))
    conclusion: Mapped[str] = mapped_column(
        String(16), comment="confirmed, no-match, cannot-tell or escalated"
    )
    reason: Mapped[str] = mapped_column(Text)
    grades: Mapped[str] = mapped_column(Text, comment="canonical JSON: facts, entered once")
    viewed: Mapped[bool] = mapped_column(Boolean, comment="the original, whole, by who decided")
    undo_until: Mapped[datetime] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[str | None] = mapped_column(String(128))
    undone_why: Mapped[str] = mapped_column(Text)


class Effect(Base):
    """Something that a decision led to, with what is needed to take it back."""

    __tablename__ = "decisions_effect"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    decision_id: Mapped[str] = mapped_column(ForeignKey("decisions_decision.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16), comment="webhook, strike, bank, dispute, draft …")
    facts: Mapped[str] = mapped_column(Text, comment="canonical JSON (RFC 8785)")
    done_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Strike(Base):
    """That an account broke the rules, as far as it still counts."""

    __tablename__ = "decisions_strike"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    account: Mapped[str] = mapped_column(String(256), index=True)
    decision_id: Mapped[str] = mapped_column(ForeignKey("decisions_decision.id"), index=True)
    weight: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Dispute(Base):
    """That a value of a source was found wrong here: to be told to the source."""

    __tablename__ = "decisions_dispute"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    decision_id: Mapped[str] = mapped_column(ForeignKey("decisions_decision.id"), index=True)
    bank: Mapped[str] = mapped_column(String(96))
    type: Mapped[str] = mapped_column(String(32))
    value: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Appeal(Base):
    """Someone asked for a decision to be seen again, by a different person."""

    __tablename__ = "decisions_appeal"
    __table_args__ = (
        Index(
            "uq_decisions_appeal_open",
            "decision_id",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, comment="apl_…")
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    decision_id: Mapped[str] = mapped_column(ForeignKey("decisions_decision.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases_case.id"), index=True)
    text: Mapped[str] = mapped_column(Text, comment="as it came; shown inert")
    by: Mapped[str] = mapped_column(String(256), comment="as the platform calls them")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(128))
    outcome: Mapped[str | None] = mapped_column(String(16), comment="upheld or overturned")
    why: Mapped[str] = mapped_column(Text)

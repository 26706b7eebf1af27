"""What is known of views, and of what each person may be shown."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Date, Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number, UtcDateTime


class View(Base):
    """Someone opened a file, or read a text or compared two files: written down before."""

    __tablename__ = "views_view"
    __table_args__ = (Index("ix_views_view_actor_at", "actor", "at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, comment="vw_…")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(128))
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases_case.id"), index=True)
    item_id: Mapped[str | None] = mapped_column(ForeignKey("screening_item.id"), index=True)
    file_id: Mapped[str | None] = mapped_column(ForeignKey("evidence_file.id"))
    intent_id: Mapped[str | None] = mapped_column(ForeignKey("evidence_intent.id"))
    rendering: Mapped[str] = mapped_column(
        String(16), comment="stylised, grey, blurred, small, original, text or debugger"
    )
    whole: Mapped[bool] = mapped_column(Boolean, comment="all of it was shown")
    seconds: Mapped[float] = mapped_column(Float, comment="that it was in sight")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Shift(Base):
    """How much someone was exposed to in one shift: private to them, but for breaches."""

    __tablename__ = "views_shift"

    actor: Mapped[str] = mapped_column(String(128), primary_key=True)
    day: Mapped[datetime] = mapped_column(Date, primary_key=True, comment="on which it began")
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seconds: Mapped[float] = mapped_column(Float, comment="of exposure")
    views: Mapped[int] = mapped_column(Number)
    break_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="when the last ended")
    worst_run: Mapped[int] = mapped_column(Number, comment="of the worst grades, one after another")


class Wish(Base):
    """How someone wants to work: their shift, what they opted out of. Needs no reason."""

    __tablename__ = "views_wish"

    actor: Mapped[str] = mapped_column(String(128), primary_key=True)
    shift_from: Mapped[str] = mapped_column(String(5), comment="HH:MM in their zone")
    shift_until: Mapped[str] = mapped_column(String(5))
    rendering: Mapped[str] = mapped_column(String(16), comment="that is shown first")
    without: Mapped[str] = mapped_column(Text, comment="codes that are not given to them")


class Breach(Base):
    """A limit that was passed, with the reason that was given: what managers see."""

    __tablename__ = "views_breach"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(128))
    limit: Mapped[str] = mapped_column(String(32))
    why: Mapped[str] = mapped_column(Text)

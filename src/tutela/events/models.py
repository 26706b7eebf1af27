"""The record of what happened: rows are only ever added."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number, UtcDateTime


class Event(Base):
    """One thing that happened. Never content, a file's name, a person or a signal's value."""

    __tablename__ = "events_event"
    __table_args__ = (Index("ix_events_event_kind_at", "kind", "at"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(64), comment="noun.verb")
    subject: Mapped[str] = mapped_column(String(128), index=True)
    facts: Mapped[str] = mapped_column(Text, comment="canonical JSON (RFC 8785)")

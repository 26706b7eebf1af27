"""What an alarm is, and its row."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number, UtcDateTime

OPEN = text("closed_at IS NULL")
"""Which rows the one-open-alarm index holds, in SQL of both databases."""


class Alarm(Base):
    """Something that a person must look at. Of each kind and subject, one is open at most."""

    __tablename__ = "alarms_alarm"
    __table_args__ = (
        Index(
            "uq_alarms_alarm_open",
            "kind",
            "subject",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    kind: Mapped[str] = mapped_column(String(64), comment="noun.what")
    subject: Mapped[str] = mapped_column(String(128))
    text: Mapped[str] = mapped_column(Text)
    facts: Mapped[str] = mapped_column(Text, comment="canonical JSON (RFC 8785)")
    times: Mapped[int] = mapped_column(Number, comment="how often it sounded while open")
    sounded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[str] = mapped_column(String(128), comment="empty: its cause was gone")

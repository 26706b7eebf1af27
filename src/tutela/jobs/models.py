"""Who works: one row for each name that a worker may hold."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number, UtcDateTime


class Held(Base):
    """A lease. Others tell by `beat` whether its holder lives, by a clock of their own."""

    __tablename__ = "jobs_lease"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(128), comment="empty: given back")
    beat: Mapped[int] = mapped_column(Number, comment="grows with each renewal")
    until: Mapped[datetime] = mapped_column(UtcDateTime, comment="by the holder's clock; to show")
    runs: Mapped[int] = mapped_column(Number, comment="number of the newest run")

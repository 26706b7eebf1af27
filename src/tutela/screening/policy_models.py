"""Policies that were applied, and when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number, UtcDateTime


class Applied(Base):
    """A policy from the moment when it began to decide. The one of the highest number decides; an
    earlier one that is applied again has two rows. Rows are never changed or deleted: decisions
    name their version."""

    __tablename__ = "screening_policy"
    __table_args__ = (Index("ix_screening_policy_version", "version"),)

    number: Mapped[int] = mapped_column(Number, primary_key=True)
    version: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text, comment="YAML as it was applied, with its comments")
    applied_at: Mapped[datetime] = mapped_column(UtcDateTime)
    applied_by: Mapped[str] = mapped_column(String(128))

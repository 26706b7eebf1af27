"""Requests of law enforcement and holds, with their papers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, UtcDateTime


class Kind(StrEnum):
    """What is asked for."""

    HOLD = "hold"
    """Kept until somebody lifts it: a legal hold of one's own."""
    PRESERVE = "preserve"
    EXTEND = "extend"
    PRODUCE = "produce"
    DESTROY = "destroy"


class Request(Base):
    """What someone with the power to do so asked for about a case."""

    __tablename__ = "preservation_request"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, comment="prq_…")
    case_id: Mapped[str] = mapped_column(ForeignKey("cases_case.id"), index=True)
    kind: Mapped[Kind] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    by: Mapped[str] = mapped_column(String(128), comment="actor who recorded it")
    agency: Mapped[str] = mapped_column(String(256))
    reference: Mapped[str] = mapped_column(String(256), comment="as the agency calls it")
    basis: Mapped[str] = mapped_column(String(256), comment="the law or order that it names")
    note: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="null: until lifted")
    extends: Mapped[str | None] = mapped_column(ForeignKey("preservation_request.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str] = mapped_column(String(128))
    ended_why: Mapped[str] = mapped_column(Text)


class Paper(Base):
    """A sealed document of a request: what was received, or was given."""

    __tablename__ = "preservation_paper"

    request_id: Mapped[str] = mapped_column(ForeignKey("preservation_request.id"), primary_key=True)
    evidence_id: Mapped[str] = mapped_column(ForeignKey("evidence_file.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(256))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    given: Mapped[str] = mapped_column(String(16), comment="received, or produced")

"""Who may ask, until there are accounts: keys, and acts that take two of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, UtcDateTime


class Key(Base):
    """A key of a person or a program. The secret itself is not kept."""

    __tablename__ = "people_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True, comment="SHA-256")
    scopes: Mapped[str] = mapped_column(Text, comment="separated by spaces")
    rate: Mapped[int | None] = mapped_column(comment="requests a second; null: default")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Approval(Base):
    """An act that one key asked for and that another must approve before it is done, once."""

    __tablename__ = "people_approval"
    __table_args__ = (Index("ix_people_approval_act_subject", "act", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(256))
    facts: Mapped[str] = mapped_column(Text, comment="canonical JSON: what exactly was asked for")
    asked_by: Mapped[int] = mapped_column(ForeignKey("people_key.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("people_key.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Invitation(Base):
    """A link that makes someone a member, once. Of the secret in it only its digest is kept."""

    __tablename__ = "people_invitation"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True, comment="SHA-256")
    role: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lapses_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

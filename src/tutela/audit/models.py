"""What the log keeps: who did what to what, never content, and no hash of a listed picture."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number


class Entry(Base):
    """One privileged act. Triggers refuse to change or delete it."""

    __tablename__ = "audit_entry"
    __table_args__ = (  # it is read in pages, by number, of one of these
        Index("ix_audit_entry_actor_number", "actor", "number"),
        Index("ix_audit_entry_action_number", "action", "number"),
        Index("ix_audit_entry_subject_number", "subject", "number"),
    )

    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(
        String(32), index=True, comment="ISO 8601 in UTC, the very text hashed"
    )
    actor: Mapped[str] = mapped_column(String(128))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(256))
    facts: Mapped[str] = mapped_column(Text, comment="canonical JSON (RFC 8785)")
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), comment="RFC 6962 leaf hash")


class Head(Base):
    """Where the log ends: one row, locked while an entry is appended."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Number, comment="of the last entry; 0 for none")
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), comment="of the last entry")
    frontier: Mapped[bytes] = mapped_column(
        LargeBinary, comment="roots of the full subtrees, left to right, 32 bytes each"
    )

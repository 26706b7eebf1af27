"""What the log keeps: who did what to what, never content, and no hash of a listed picture."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number


class Entry(Base):
    """One privileged act. Triggers refuse to change or delete it."""

    __tablename__ = "audit_entry"

    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32), comment="ISO 8601 in UTC, the very text hashed")
    actor: Mapped[str] = mapped_column(String(128), index=True)
    action: Mapped[str] = mapped_column(String(64), index=True)
    subject: Mapped[str] = mapped_column(String(256), index=True)
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

"""What is known of sealed files, and of who wanted to open them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number, UtcDateTime

UNPROVEN = text("deleted_at IS NOT NULL AND gone_at IS NULL")
"""Which rows say that their bytes are deleted, and the store has not said so yet."""


class File(Base):
    """A sealed file. Its row stays when its bytes are deleted: a tombstone that names nobody."""

    __tablename__ = "evidence_file"
    __table_args__ = (
        Index(
            "ix_evidence_file_unproven",
            "id",
            sqlite_where=UNPROVEN,
            postgresql_where=UNPROVEN,
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, comment="ev_…")
    name: Mapped[str] = mapped_column(String(160), unique=True, comment="in the store")
    size: Mapped[int] = mapped_column(Number, comment="bytes before they were sealed")
    sealed_size: Mapped[int] = mapped_column(Number)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), comment="SHA-256 before sealing")
    recipients: Mapped[str] = mapped_column(String(16), comment="fingerprint of who can open it")
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    keep_until: Mapped[datetime | None] = mapped_column(
        UtcDateTime, index=True, comment="null: until someone decides"
    )
    held_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, comment="since when it is kept whatever its time"
    )
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_why: Mapped[str] = mapped_column(
        String(64), default="", comment="why its bytes go, or went: a request, or its time"
    )
    gone_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, comment="when the store was asked and had it no more"
    )


class Clock(Base):
    """A reason for which a file's bytes are kept for a time. None is deleted while one runs."""

    __tablename__ = "evidence_clock"
    __table_args__ = (
        Index(
            "uq_evidence_clock_running",
            "file_id",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    file_id: Mapped[str] = mapped_column(ForeignKey("evidence_file.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16), comment="draft, receipt, request …")
    subject: Mapped[str] = mapped_column(String(64), index=True, comment="whose clock it is")
    basis: Mapped[str] = mapped_column(String(256), comment="the law or order that it follows")
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="null: until it is ended")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Purpose(StrEnum):
    """What a sealed file is opened for."""

    VIEW = "view"
    EXPORT = "export"
    UPLOAD = "upload"
    CHECK = "check"
    RESEAL = "reseal"

    @property
    def shows(self) -> bool:
        """Whether bytes leave the vault."""
        return self not in (Purpose.CHECK, Purpose.RESEAL)


class Intent(Base):
    """That someone means to open a sealed file, written down before; used once."""

    __tablename__ = "evidence_intent"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, comment="int_…")
    file_id: Mapped[str] = mapped_column(ForeignKey("evidence_file.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(16))
    rendering: Mapped[str] = mapped_column(
        String(16), comment="that alone leaves the vault; empty: the very bytes"
    )
    actor: Mapped[str] = mapped_column(String(128))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    lapses_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

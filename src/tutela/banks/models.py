"""What a bank is, and its rows.

A signal's number is that of the change that added it: numbers are given out under the lock on the
one row of `banks_clock`, so that a reader that has seen a number has seen all before it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    Enum,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number, UtcDateTime

ONE_FILE = "external_id <> '' AND type IN ('md5', 'sha1', 'sha256')"
"""Exact hashes that a source gives under one id: they are of the same file."""


class Purpose(StrEnum):
    """Why a bank is kept. A bank has one, and what is in it serves that alone."""

    KNOWN_CSEA = "known-csea"
    SURVIVOR_REQUEST = "survivor-request"
    ADULT_INTIMATE = "adult-intimate"
    NEVER_MATCH = "never-match"
    TEST = "test"

    @property
    def reportable(self) -> bool:
        """Whether a match can lead to a child-protection report."""
        return self in (Purpose.KNOWN_CSEA, Purpose.SURVIVOR_REQUEST)

    @property
    def vetoes(self) -> bool:
        """Whether a match says that others do not count."""
        return self is Purpose.NEVER_MATCH


class Clock(Base):
    """The number of the last change of any signal: one row."""

    __tablename__ = "banks_clock"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Number)
    instance: Mapped[str] = mapped_column(
        String(32), comment="random: an index of another database is not for this one"
    )


class Bank(Base):
    """A named set of signals with one source, one purpose and one licence."""

    __tablename__ = "banks_bank"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(96), unique=True)
    purpose: Mapped[Purpose] = mapped_column(
        Enum(Purpose, native_enum=False, length=32, values_callable=lambda p: [*map(str, p)])
    )
    source: Mapped[str] = mapped_column(String(128), index=True)
    note: Mapped[str] = mapped_column(Text)
    distance: Mapped[int | None] = mapped_column(
        SmallInteger, comment="bits of 256; null: the signal type's own"
    )
    rollout: Mapped[float] = mapped_column(comment="share of items that it is asked for, 0 to 1")
    licence: Mapped[str] = mapped_column(String(128))
    may_export: Mapped[bool]
    may_publish: Mapped[bool]
    may_seed: Mapped[bool]
    delete_on_leaving: Mapped[bool]
    disabled: Mapped[bool]
    disabled_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signals: Mapped[int] = mapped_column(Number, comment="rows of banks_signal")
    version: Mapped[int] = mapped_column(Number, comment="changes of its signals")
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    state: Mapped[bytes] = mapped_column(LargeBinary(2048), comment="LtHash of its signals")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Origin(Base):
    """Where signals of a bank come from, and how they were hashed: shared by many."""

    __tablename__ = "banks_origin"
    __table_args__ = (UniqueConstraint("bank_id", "source", "member", "hashed_by"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    bank_id: Mapped[int] = mapped_column(ForeignKey("banks_bank.id"))
    source: Mapped[str] = mapped_column(String(128))
    member: Mapped[str] = mapped_column(String(128))
    hashed_by: Mapped[str] = mapped_column(String(128))


class BankedSignal(Base):
    """A signal that a member gave: an owner of its value."""

    __tablename__ = "banks_signal"
    __table_args__ = (
        UniqueConstraint(
            "type", "value", "bank_id", "origin_id", "external_id", name="uq_banks_signal_identity"
        ),
        Index("ix_banks_signal_bank_id_id", "bank_id", "id"),
        Index(
            "ix_banks_signal_file",
            "external_id",
            "origin_id",
            "type",
            sqlite_where=text(ONE_FILE),
            postgresql_where=text(ONE_FILE),
        ),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    bank_id: Mapped[int] = mapped_column(ForeignKey("banks_bank.id"))
    type: Mapped[str] = mapped_column(String(32))
    value: Mapped[bytes] = mapped_column(LargeBinary)
    origin_id: Mapped[int] = mapped_column(ForeignKey("banks_origin.id"))
    external_id: Mapped[str] = mapped_column(String(256))
    quality: Mapped[int | None] = mapped_column(SmallInteger)
    labels: Mapped[str] = mapped_column(Text, comment="codes in order, separated by spaces")
    opinion: Mapped[int] = mapped_column(
        SmallInteger,
        server_default="1",
        comment="what its owner says: 1 it belongs here, 0 not checked, -1 it does not",
    )
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen: Mapped[datetime] = mapped_column(UtcDateTime)


class Removal(Base):
    """That a value had no owner left at this change: tombstones of the index."""

    __tablename__ = "banks_removal"

    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    type: Mapped[str] = mapped_column(String(32))
    value: Mapped[bytes] = mapped_column(LargeBinary)


class Content(Base):
    """Signals of one thing, added, switched off and removed together, with what was said of it.

    Its number is of the clock of all signals: no signal has the same."""

    __tablename__ = "banks_content"

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    bank_id: Mapped[int] = mapped_column(
        ForeignKey("banks_bank.id", ondelete="CASCADE"), index=True
    )
    note: Mapped[str] = mapped_column(Text)
    facts: Mapped[str] = mapped_column(Text, comment="JSON: what was said of it")
    off: Mapped[bool] = mapped_column(comment="its signals are in banks_withheld")
    until: Mapped[datetime | None] = mapped_column(
        UtcDateTime, index=True, comment="they come back; null with off: never"
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ContentSignal(Base):
    """That a signal is of a content; gone when the signal goes."""

    __tablename__ = "banks_content_signal"

    number: Mapped[int] = mapped_column(
        ForeignKey("banks_signal.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    content_id: Mapped[int] = mapped_column(
        ForeignKey("banks_content.id", ondelete="CASCADE"), index=True
    )


class Withheld(Base):
    """A signal that is out of its bank while its content is off: what it takes to put it back."""

    __tablename__ = "banks_withheld"
    __table_args__ = (Index("ix_banks_withheld_value", "type", "value"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    content_id: Mapped[int] = mapped_column(
        ForeignKey("banks_content.id", ondelete="CASCADE"), index=True
    )
    type: Mapped[str] = mapped_column(String(32))
    value: Mapped[bytes] = mapped_column(LargeBinary)
    origin_id: Mapped[int] = mapped_column(ForeignKey("banks_origin.id", ondelete="CASCADE"))
    external_id: Mapped[str] = mapped_column(String(256))
    quality: Mapped[int | None] = mapped_column(SmallInteger)
    labels: Mapped[str] = mapped_column(Text)
    opinion: Mapped[int] = mapped_column(SmallInteger)
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen: Mapped[datetime] = mapped_column(UtcDateTime)


class Share(Base):
    """Of how many lookups by HMA's clients a signal type is asked for; all, without a row."""

    __tablename__ = "banks_share"

    type: Mapped[str] = mapped_column(String(32), primary_key=True)
    ratio: Mapped[float]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Import(Base):
    """How far a list was read, so that the same command goes on where it ended."""

    __tablename__ = "banks_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    bank_id: Mapped[int] = mapped_column(ForeignKey("banks_bank.id"), index=True)
    options: Mapped[str] = mapped_column(Text, comment="canonical JSON: how lines are read")
    offset: Mapped[int] = mapped_column(Number, comment="bytes that were read")
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), comment="SHA-256 of those bytes")
    line: Mapped[int] = mapped_column(Number)
    added: Mapped[int] = mapped_column(Number)
    known: Mapped[int] = mapped_column(Number)
    rejected: Mapped[int] = mapped_column(Number)
    rejects_size: Mapped[int] = mapped_column(Number, comment="bytes of the file of rejected lines")
    window_line: Mapped[int | None] = mapped_column(
        Number, comment="not all signals of the lines behind this one are stored; null: all are"
    )
    window_stored: Mapped[int] = mapped_column(
        Number, server_default="0", comment="how many of those are, in the order of the index"
    )
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

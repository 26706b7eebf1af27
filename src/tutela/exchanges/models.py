"""The rows of exchanges: what was chosen, how far it came, and what each entry last said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, SmallInteger, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number, UtcDateTime

UNTOLD = UNASKED = text("state = 'waiting'")


class Exchange(Base):
    """A connection that fills banks from a partner."""

    __tablename__ = "exchanges_exchange"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(96), unique=True)
    partner: Mapped[str] = mapped_column(String(64))
    config: Mapped[str] = mapped_column(Text, comment="canonical JSON, without secrets")
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary, comment="secrets")
    sealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refused_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime,
        comment="the partner does not take the secrets: nothing is asked until others are set",
    )
    shares: Mapped[bool] = mapped_column(
        server_default=false(), comment="its secrets are those of exchanges_shared"
    )
    advises: Mapped[bool] = mapped_column(
        server_default=false(), comment="it is asked about values; nothing is fetched"
    )
    every: Mapped[int] = mapped_column(comment="seconds between fetches")
    paused: Mapped[bool]
    held: Mapped[str] = mapped_column(Text, comment="why a person must look; empty: not held")
    held_count: Mapped[int] = mapped_column(Number, comment="deletions that it is held for")
    allowed: Mapped[int] = mapped_column(
        Number, comment="deletions that a person let pass since the last complete fetch"
    )
    checkpoint: Mapped[str | None] = mapped_column(Text, comment="canonical JSON")
    checkpoint_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    began_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, comment="of the fetch that is not yet complete"
    )
    began_pages: Mapped[int] = mapped_column(Number, comment="pages when it began")
    whole: Mapped[bool] = mapped_column(
        comment="it began without a checkpoint: what it does not list is gone"
    )
    turn: Mapped[int] = mapped_column(Number, comment="of who fetches: only the last one writes")
    busy_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    complete_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int]
    error: Mapped[str] = mapped_column(Text)
    entries: Mapped[int] = mapped_column(Number, comment="rows of exchanges_entry")
    pages: Mapped[int] = mapped_column(Number, comment="ever")
    deleted: Mapped[int] = mapped_column(Number, comment="since the last complete fetch")
    received: Mapped[int] = mapped_column(Number, comment="entries, ever")
    rejected: Mapped[int] = mapped_column(Number, comment="entries that could not be read, ever")
    told: Mapped[int] = mapped_column(Number, comment="feedback that the partner has")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    left: Mapped[str] = mapped_column(Text, comment="JSON: what was deleted; empty: not left")


class Shared(Base):
    """Secrets for a partner that exchanges made by HMA's clients have in common."""

    __tablename__ = "exchanges_shared"

    partner: Mapped[str] = mapped_column(String(64), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary, comment="secrets")
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Filled(Base):
    """Which bank takes which entries of an exchange."""

    __tablename__ = "exchanges_filled"

    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchanges_exchange.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(32), primary_key=True)
    bank_id: Mapped[int] = mapped_column(
        ForeignKey("banks_bank.id", ondelete="CASCADE"), index=True
    )


class Held(Base):
    """What a partner last said of an entry: the signals that it put into a bank."""

    __tablename__ = "exchanges_entry"
    __table_args__ = (Index("ix_exchanges_entry_file", "exchange_id", "external_id"),)

    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchanges_exchange.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    bank_id: Mapped[int] = mapped_column(ForeignKey("banks_bank.id", ondelete="CASCADE"))
    member: Mapped[str] = mapped_column(String(128))
    external_id: Mapped[str] = mapped_column(String(256), comment="as its signals have it")
    at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="the partner's time")
    seen: Mapped[int] = mapped_column(Number, comment="the page count at which it came last")
    digest: Mapped[bytes] = mapped_column(LargeBinary(16), comment="of all that it said")
    signals: Mapped[str] = mapped_column(
        Text, comment="JSON: [type, value in hex] …; none: deleted, kept so that it stays so"
    )
    extra: Mapped[str] = mapped_column(Text, comment="JSON: what has no place elsewhere")


class Run(Base):
    """One attempt to fetch: what came of it."""

    __tablename__ = "exchanges_run"
    __table_args__ = (Index("ix_exchanges_run_of", "exchange_id", "id"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchanges_exchange.id"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pages: Mapped[int]
    received: Mapped[int] = mapped_column(Number)
    added: Mapped[int] = mapped_column(Number, comment="signals")
    removed: Mapped[int] = mapped_column(Number, comment="signals")
    rejected: Mapped[int] = mapped_column(Number)
    faults: Mapped[str] = mapped_column(Text, comment="JSON: why they were rejected, and how many")
    outcome: Mapped[str] = mapped_column(
        String(16), comment="complete, more, held, refused, failed; empty: it runs, or was killed"
    )
    error: Mapped[str] = mapped_column(Text)


class Told(Base):
    """Feedback on an entry: written down before it is sent."""

    __tablename__ = "exchanges_told"
    __table_args__ = (
        Index("ix_exchanges_told_due", "due_at", sqlite_where=UNTOLD, postgresql_where=UNTOLD),
        Index("ix_exchanges_told_of", "exchange_id", "id"),
        Index("ix_exchanges_told_why", "decision"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchanges_exchange.id"))
    key: Mapped[str] = mapped_column(String(300))
    type: Mapped[str] = mapped_column(String(32))
    value: Mapped[bytes] = mapped_column(LargeBinary)
    opinion: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(128))
    decision: Mapped[str] = mapped_column(String(64), comment="item or case that it follows from")
    by: Mapped[str] = mapped_column(String(128))
    second: Mapped[str] = mapped_column(String(128), comment="who agreed; empty: nobody yet")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, comment="the window of appeals is over")
    state: Mapped[str] = mapped_column(String(16), comment="waiting, told, refused, withdrawn")
    attempts: Mapped[int] = mapped_column(SmallInteger)
    error: Mapped[str] = mapped_column(Text)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Asked(Base):
    """What a partner says of a value that a case is about: written down before it is asked."""

    __tablename__ = "exchanges_opinion"
    __table_args__ = (
        Index("ix_exchanges_opinion_due", "due_at", sqlite_where=UNASKED, postgresql_where=UNASKED),
        Index("uq_exchanges_opinion_value", "type", "value", "exchange_id", unique=True),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchanges_exchange.id"))
    type: Mapped[str] = mapped_column(String(32))
    value: Mapped[str] = mapped_column(String(2048))
    state: Mapped[str] = mapped_column(String(16), comment="waiting, given, refused")
    found: Mapped[str] = mapped_column(
        String(16), comment="listed, harmful, unknown; empty: nothing was said yet"
    )
    match: Mapped[str] = mapped_column(String(8), comment="exact, near; empty: it does not say")
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, comment="since when it waits")
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="before the call")
    said_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(SmallInteger, comment="answers that were none")
    error: Mapped[str] = mapped_column(Text)

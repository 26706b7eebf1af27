"""What came from where: an HMA's banks and contents, and those here that they became."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number, UtcDateTime


class CopiedBank(Base):
    """The bank here that a bank there became."""

    __tablename__ = "migrating_bank"

    source: Mapped[str] = mapped_column(
        String(64), primary_key=True, comment="what an operator calls that HMA"
    )
    name: Mapped[str] = mapped_column(String(255), primary_key=True, comment="there")
    bank_id: Mapped[int] = mapped_column(
        ForeignKey("banks_bank.id", ondelete="CASCADE"), index=True
    )


class CopiedContent(Base):
    """The content here that a content there became. It stays when the content goes: what was
    removed here is not copied again."""

    __tablename__ = "migrating_content"

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    old: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    new: Mapped[int] = mapped_column(Number, index=True)
    kinds: Mapped[str] = mapped_column(
        String(255), comment="signal types that it has there, separated by spaces"
    )
    bank_id: Mapped[int] = mapped_column(
        ForeignKey("banks_bank.id", ondelete="CASCADE"), index=True
    )


class Difference(Base):
    """A lookup that both answered, and not alike. The newest are kept, so that they can be
    explained."""

    __tablename__ = "migrating_difference"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    route: Mapped[str] = mapped_column(String(16), comment="lookup, raw_lookup")
    signal_type: Mapped[str] = mapped_column(String(32), comment="by HMA's name")
    value: Mapped[str] = mapped_column(String(512))
    found: Mapped[str] = mapped_column(Text, comment="JSON: each difference")

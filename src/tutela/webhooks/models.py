"""Who is told, and what they are told: endpoints and deliveries."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Enum, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number, UtcDateTime


class State(StrEnum):
    """How far a delivery has come."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


class Endpoint(Base):
    """A service of the operator that is told what happened. Never deleted, only disabled."""

    __tablename__ = "webhooks_endpoint"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    url: Mapped[str] = mapped_column(Text)
    private: Mapped[bool] = mapped_column(comment="may be at an address of the own network")
    kinds: Mapped[str] = mapped_column(Text, comment="separated by spaces; * for all")
    secret: Mapped[bytes] = mapped_column(LargeBinary, comment="sealed")
    previous: Mapped[bytes | None] = mapped_column(LargeBinary, comment="sealed")
    previous_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def subject(self) -> str:
        """What it is called in the audit log and by alarms."""
        return f"webhook:{self.name}"

    def wants(self, kind: str) -> bool:
        return bool({kind, "*"} & set(self.kinds.split()))


class Delivery(Base):
    """One message to one endpoint. Its body is the very text that is signed."""

    __tablename__ = "webhooks_delivery"
    __table_args__ = (
        Index("ix_webhooks_delivery_state_due_at", "state", "due_at"),
        Index("ix_webhooks_delivery_endpoint_id_state", "endpoint_id", "state"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    message: Mapped[str] = mapped_column(String(32), unique=True, comment="msg_…, webhook-id")
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhooks_endpoint.id"))
    kind: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text, comment="JSON")
    state: Mapped[State] = mapped_column(
        Enum(State, native_enum=False, length=16, values_callable=lambda s: [*map(str, s)])
    )
    tries: Mapped[int] = mapped_column(comment="since it was made or sent again")
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sending_until: Mapped[datetime | None] = mapped_column(
        UtcDateTime, comment="someone is sending it; past: they died"
    )
    last_status: Mapped[int | None] = mapped_column(comment="of HTTP")
    last_error: Mapped[str] = mapped_column(String(256))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="delivered or dead")

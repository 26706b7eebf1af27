"""Alarms, webhooks and jobs"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "alarms_alarm",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False, comment="noun.what"),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False, comment="canonical JSON (RFC 8785)"),
        sa.Column("times", NUMBER, nullable=False, comment="how often it sounded while open"),
        sa.Column("sounded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "closed_by", sa.String(length=128), nullable=False, comment="empty: its cause was gone"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms_alarm")),
    )
    op.create_index(
        "uq_alarms_alarm_open",
        "alarms_alarm",
        ["kind", "subject"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )

    op.create_table(
        "webhooks_endpoint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column(
            "private",
            sa.Boolean(),
            nullable=False,
            comment="may be at an address of the own network",
        ),
        sa.Column("kinds", sa.Text(), nullable=False, comment="separated by spaces; * for all"),
        sa.Column("secret", sa.LargeBinary(), nullable=False, comment="sealed"),
        sa.Column("previous", sa.LargeBinary(), nullable=True, comment="sealed"),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks_endpoint")),
        sa.UniqueConstraint("name", name=op.f("uq_webhooks_endpoint_name")),
    )
    op.create_table(
        "webhooks_delivery",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("message", sa.String(length=32), nullable=False, comment="msg_…, webhook-id"),
        sa.Column("endpoint_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="JSON"),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False, comment="since it was made or sent again"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "sending_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="someone is sending it; past: they died",
        ),
        sa.Column("last_status", sa.Integer(), nullable=True, comment="of HTTP"),
        sa.Column("last_error", sa.String(length=256), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "ended_at", sa.DateTime(timezone=True), nullable=True, comment="delivered or dead"
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhooks_endpoint.id"],
            name=op.f("fk_webhooks_delivery_endpoint_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks_delivery")),
        sa.UniqueConstraint("message", name=op.f("uq_webhooks_delivery_message")),
    )
    op.create_index("ix_webhooks_delivery_state_due_at", "webhooks_delivery", ["state", "due_at"])
    op.create_index(
        "ix_webhooks_delivery_endpoint_id_state", "webhooks_delivery", ["endpoint_id", "state"]
    )

    op.create_table(
        "jobs_lease",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=False, comment="empty: given back"),
        sa.Column("beat", NUMBER, nullable=False, comment="grows with each renewal"),
        sa.Column(
            "until",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="by the holder's clock; to show",
        ),
        sa.Column("runs", NUMBER, nullable=False, comment="number of the newest run"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_jobs_lease")),
    )

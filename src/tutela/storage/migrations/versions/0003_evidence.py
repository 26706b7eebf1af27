"""Evidence and intents"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "evidence_file",
        sa.Column("id", sa.String(32), nullable=False, comment="ev_…"),
        sa.Column("name", sa.String(160), nullable=False, comment="in the store"),
        sa.Column("size", NUMBER, nullable=False, comment="bytes before they were sealed"),
        sa.Column("sealed_size", NUMBER, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="SHA-256 before sealing"),
        sa.Column(
            "recipients", sa.String(16), nullable=False, comment="fingerprint of who can open it"
        ),
        sa.Column("sealed_at", TIME, nullable=False),
        sa.Column("keep_until", TIME, comment="null: until someone decides"),
        sa.Column("held_at", TIME, comment="since when it is kept whatever its time"),
        sa.Column("deleted_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_file")),
        sa.UniqueConstraint("name", name=op.f("uq_evidence_file_name")),
    )
    op.create_index("ix_evidence_file_sealed_at", "evidence_file", ["sealed_at"])
    op.create_index("ix_evidence_file_keep_until", "evidence_file", ["keep_until"])
    op.create_table(
        "evidence_intent",
        sa.Column("id", sa.String(32), nullable=False, comment="int_…"),
        sa.Column("file_id", sa.String(32), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("lapses_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
        sa.ForeignKeyConstraint(
            ["file_id"], ["evidence_file.id"], name=op.f("fk_evidence_intent_file_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_intent")),
    )
    op.create_index("ix_evidence_intent_file_id", "evidence_intent", ["file_id"])

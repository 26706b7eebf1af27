"""Contents: signals that come and go together; what HMA's clients set for all"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "exchanges_exchange",
        sa.Column(
            "shares", sa.Boolean(), server_default=sa.false(), nullable=False,
            comment="its secrets are those of exchanges_shared",
        ),
    )  # fmt: skip
    op.create_table(
        "exchanges_shared",
        sa.Column("partner", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="secrets"),
        sa.Column("sealed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("partner", name=op.f("pk_exchanges_shared")),
    )
    op.create_table(
        "banks_content",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("bank_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False, comment="JSON: what was said of it"),
        sa.Column("off", sa.Boolean(), nullable=False, comment="its signals are in banks_withheld"),
        sa.Column(
            "until", TIME, nullable=True, comment="they come back; null with off: never"
        ),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["banks_bank.id"], name=op.f("fk_banks_content_bank_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_banks_content")),
    )  # fmt: skip
    op.create_index(op.f("ix_banks_content_bank_id"), "banks_content", ["bank_id"])
    op.create_index(op.f("ix_banks_content_until"), "banks_content", ["until"])
    op.create_table(
        "banks_content_signal",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("content_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["number"], ["banks_signal.id"], name=op.f("fk_banks_content_signal_number"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["content_id"], ["banks_content.id"], name=op.f("fk_banks_content_signal_content_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_banks_content_signal")),
    )  # fmt: skip
    op.create_index(
        op.f("ix_banks_content_signal_content_id"), "banks_content_signal", ["content_id"]
    )
    op.create_table(
        "banks_withheld",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("content_id", NUMBER, nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("origin_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=256), nullable=False),
        sa.Column("quality", sa.SmallInteger(), nullable=True),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("opinion", sa.SmallInteger(), nullable=False),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("last_seen", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"], ["banks_content.id"], name=op.f("fk_banks_withheld_content_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["origin_id"], ["banks_origin.id"], name=op.f("fk_banks_withheld_origin_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_banks_withheld")),
    )  # fmt: skip
    op.create_index(op.f("ix_banks_withheld_content_id"), "banks_withheld", ["content_id"])
    op.create_index("ix_banks_withheld_value", "banks_withheld", ["type", "value"])
    op.create_table(
        "banks_share",
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("ratio", sa.Double(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("type", name=op.f("pk_banks_share")),
    )

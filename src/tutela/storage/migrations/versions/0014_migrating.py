"""What came from an HMA, and where its answers differ"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "migrating_bank",
        sa.Column(
            "source", sa.String(length=64), nullable=False,
            comment="what an operator calls that HMA",
        ),
        sa.Column("name", sa.String(length=255), nullable=False, comment="there"),
        sa.Column("bank_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["banks_bank.id"], name=op.f("fk_migrating_bank_bank_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source", "name", name=op.f("pk_migrating_bank")),
    )  # fmt: skip
    op.create_index("ix_migrating_bank_bank_id", "migrating_bank", ["bank_id"])
    op.create_table(
        "migrating_content",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("old", NUMBER, autoincrement=False, nullable=False),
        sa.Column("new", NUMBER, nullable=False),
        sa.Column(
            "kinds", sa.String(length=255), nullable=False,
            comment="signal types that it has there, separated by spaces",
        ),
        sa.Column("bank_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["banks_bank.id"], name=op.f("fk_migrating_content_bank_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source", "old", name=op.f("pk_migrating_content")),
    )  # fmt: skip
    op.create_index("ix_migrating_content_bank_id", "migrating_content", ["bank_id"])
    op.create_index("ix_migrating_content_new", "migrating_content", ["new"])
    op.create_table(
        "migrating_difference",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("route", sa.String(length=16), nullable=False, comment="lookup, raw_lookup"),
        sa.Column("signal_type", sa.String(length=32), nullable=False, comment="by HMA's name"),
        sa.Column("value", sa.String(length=512), nullable=False),
        sa.Column("found", sa.Text(), nullable=False, comment="JSON: each difference"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_migrating_difference")),
    )  # fmt: skip

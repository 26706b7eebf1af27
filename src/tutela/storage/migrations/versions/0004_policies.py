"""Policies that were applied"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "screening_policy",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("version", sa.String(length=80), nullable=False),
        sa.Column(
            "text", sa.Text(), nullable=False, comment="YAML as it was applied, with its comments"
        ),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_by", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_screening_policy")),
    )
    op.create_index("ix_screening_policy_version", "screening_policy", ["version"])

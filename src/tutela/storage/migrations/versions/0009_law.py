"""Who signed which rule of a law pack, and when what a law wants reviewed last was"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "law_signature",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column(
            "digest", sa.String(length=80), nullable=False,
            comment="sha256:… of what the rule says",
        ),
        sa.Column("pack", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("note", sa.Text(), nullable=False, comment="what it was checked against"),
        sa.Column("withdrawn_at", TIME, nullable=True),
        sa.Column("withdrawn_by", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_law_signature")),
    )  # fmt: skip
    op.create_index(
        "uq_law_signature_stands", "law_signature", ["digest"], unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "law_reviewed",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("pack", sa.String(length=64), nullable=False),
        sa.Column(
            "of", sa.String(length=64), nullable=False, comment="as the rule calls it: matching"
        ),
        sa.Column("on", sa.Date(), nullable=False, comment="the day on which it was"),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column(
            "note", sa.Text(), nullable=False, comment="what was found, and what follows"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_law_reviewed")),
    )  # fmt: skip
    op.create_index("ix_law_reviewed_of", "law_reviewed", ["of", "on"], unique=False)

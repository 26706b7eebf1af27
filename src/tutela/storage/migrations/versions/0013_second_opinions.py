"""Second opinions on values that cases are about; what else owners say of a matched value"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.add_column(
        "exchanges_exchange",
        sa.Column(
            "advises", sa.Boolean(), server_default=sa.false(), nullable=False,
            comment="it is asked about values; nothing is fetched",
        ),
    )  # fmt: skip
    op.add_column(
        "screening_match",
        sa.Column(
            "disputed", sa.Boolean(), server_default=sa.false(), nullable=False,
            comment="another owner of the value said that it does not belong there",
        ),
    )  # fmt: skip
    op.add_column(
        "screening_match",
        sa.Column(
            "seed", sa.Boolean(), server_default=sa.false(), nullable=False,
            comment="no owner of the value had checked it",
        ),
    )  # fmt: skip
    op.create_table(
        "exchanges_opinion",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("exchange_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=512), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False, comment="waiting, given, refused"),
        sa.Column(
            "found", sa.String(length=16), nullable=False,
            comment="listed, harmful, unknown; empty: nothing was said yet",
        ),
        sa.Column(
            "match", sa.String(length=8), nullable=False,
            comment="exact, near; empty: it does not say",
        ),
        sa.Column("due_at", TIME, nullable=False, comment="since when it waits"),
        sa.Column("asked_at", TIME, nullable=True, comment="before the call"),
        sa.Column("said_at", TIME, nullable=True),
        sa.Column(
            "attempts", sa.SmallInteger(), nullable=False, comment="answers that were none"
        ),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["exchanges_exchange.id"],
            name=op.f("fk_exchanges_opinion_exchange_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchanges_opinion")),
    )  # fmt: skip
    op.create_index(
        "ix_exchanges_opinion_due", "exchanges_opinion", ["due_at"],
        sqlite_where=WAITING, postgresql_where=WAITING,
    )  # fmt: skip
    op.create_index(
        "uq_exchanges_opinion_value", "exchanges_opinion", ["type", "value", "exchange_id"],
        unique=True,
    )  # fmt: skip

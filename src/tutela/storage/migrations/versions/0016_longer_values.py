"""Opinions on values of 924 bytes, as PhotoDNA's edge hashes are"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.drop_index("ix_exchanges_opinion_due", "exchanges_opinion")
    op.drop_index("uq_exchanges_opinion_value", "exchanges_opinion")
    with op.batch_alter_table("exchanges_opinion") as table:
        table.alter_column(
            "value", existing_type=sa.String(512), type_=sa.String(2048), existing_nullable=False
        )
    op.create_index(
        "ix_exchanges_opinion_due", "exchanges_opinion", ["due_at"],
        sqlite_where=WAITING, postgresql_where=WAITING,
    )  # fmt: skip
    op.create_index(
        "uq_exchanges_opinion_value", "exchanges_opinion", ["type", "value", "exchange_id"],
        unique=True,
    )  # fmt: skip

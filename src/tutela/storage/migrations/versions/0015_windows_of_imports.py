"""How much of what an import read is stored, where it is stored in another order"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "banks_import",
        sa.Column(
            "window_line", NUMBER, nullable=True,
            comment="not all signals of the lines behind this one are stored; null: all are",
        ),
    )  # fmt: skip
    op.add_column(
        "banks_import",
        sa.Column(
            "window_stored", NUMBER, server_default="0", nullable=False,
            comment="how many of those are, in the order of the index",
        ),
    )  # fmt: skip

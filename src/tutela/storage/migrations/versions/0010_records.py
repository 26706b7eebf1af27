"""Samples of matches that people look at again, and changes of configuration"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "records_sample",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("item_id", sa.String(length=32), nullable=False),
        sa.Column("bank", sa.String(length=96), nullable=False),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column(
            "bucket", sa.SmallInteger(), nullable=False, comment="the least distance of its bucket"
        ),
        sa.Column("media", sa.String(length=8), nullable=False, comment="picture or other"),
        sa.Column("month", sa.String(length=7), nullable=False, comment="as 2031-05, in UTC"),
        sa.Column(
            "known", sa.LargeBinary(length=16), nullable=False, comment="digest of the known value"
        ),
        sa.Column(
            "design", sa.String(length=16), nullable=False,
            comment="first-seen, outer, new-source, unknown-rate or random",
        ),
        sa.Column(
            "probability", sa.Float(), nullable=False, comment="with which it was drawn"
        ),
        sa.Column("drawn", sa.Boolean(), nullable=False),
        sa.Column(
            "second", sa.Boolean(), nullable=False, comment="drawn for a second person too"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["screening_item.id"], name=op.f("fk_records_sample_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_sample")),
        sa.UniqueConstraint(
            "item_id", "bank", "type", name=op.f("uq_records_sample_item_id_bank_type")
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_records_sample_at"), "records_sample", ["at"])
    op.create_index(op.f("ix_records_sample_source"), "records_sample", ["source"])
    op.create_index("ix_records_sample_known", "records_sample", ["bank", "known"])
    op.create_index("ix_records_sample_bank_type", "records_sample", ["bank", "type"])
    op.create_index(
        "ix_records_sample_second", "records_sample", ["id"],
        sqlite_where=sa.text("second"), postgresql_where=sa.text("second"),
    )  # fmt: skip
    op.create_table(
        "records_stratum",
        sa.Column("bank", sa.String(length=96), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("expected", NUMBER, nullable=False),
        sa.Column("reckoned_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("bank", "type", "bucket", name=op.f("pk_records_stratum")),
    )
    op.create_table(
        "records_source",
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("reviewed", NUMBER, nullable=False),
        sa.Column("reckoned_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_records_source")),
    )
    op.create_table(
        "records_second",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("item_id", sa.String(length=32), nullable=False),
        sa.Column("decision_id", sa.String(length=32), nullable=False),
        sa.Column(
            "case_id", sa.String(length=32), nullable=False, comment="on which they see it"
        ),
        sa.Column(
            "first", sa.String(length=16), nullable=False, comment="what was concluded first"
        ),
        sa.Column("began_at", TIME, nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column(
            "conclusion", sa.String(length=16), nullable=True, comment="null: they gave it back"
        ),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases_case.id"], name=op.f("fk_records_second_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions_decision.id"], name=op.f("fk_records_second_decision_id")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["screening_item.id"], name=op.f("fk_records_second_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_second")),
    )  # fmt: skip
    op.create_index(op.f("ix_records_second_case_id"), "records_second", ["case_id"])
    asked = sa.text("ended_at IS NULL OR conclusion IS NOT NULL")
    op.create_index(
        "uq_records_second_item", "records_second", ["item_id"], unique=True,
        sqlite_where=asked, postgresql_where=asked,
    )  # fmt: skip
    op.create_table(
        "records_change",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column(
            "actor", sa.String(length=128), nullable=False, comment="who started the service"
        ),
        sa.Column("before", NUMBER, nullable=False, comment="the change before; 0: none"),
        sa.Column(
            "values", sa.Text(), nullable=False, comment="canonical JSON: all, from then on"
        ),
        sa.Column("digest", sa.String(length=80), nullable=False, comment="sha256:… of these"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_change")),
        sa.UniqueConstraint("before", name=op.f("uq_records_change_before")),
    )  # fmt: skip
    op.create_index(op.f("ix_records_change_at"), "records_change", ["at"])
    op.create_table(
        "records_reason",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("change", sa.String(length=32), nullable=False, comment="log-7 or set-3"),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_reason")),
    )
    op.create_index(op.f("ix_records_reason_change"), "records_reason", ["change"])

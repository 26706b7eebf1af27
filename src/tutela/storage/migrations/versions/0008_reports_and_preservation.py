"""Reports to authorities, and how long what was reported is kept"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _tombstones()
    _clocks()
    _requests()
    _reports()
    _reaching()
    op.create_index(  # copies of a file are asked for with each decision
        "ix_screening_signal_value", "screening_signal", ["value"], unique=False
    )


def _tombstones() -> None:
    op.add_column(
        "evidence_file",
        sa.Column(
            "deleted_why",
            sa.String(length=64),
            nullable=False,
            server_default="",
            comment="why its bytes go, or went: a request, or its time",
        ),
    )
    op.add_column(
        "evidence_file",
        sa.Column(
            "gone_at",
            TIME,
            nullable=True,
            comment="when the store was asked and had it no more",
        ),
    )
    op.create_index(
        "ix_evidence_file_unproven",
        "evidence_file",
        ["id"],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NOT NULL AND gone_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NOT NULL AND gone_at IS NULL"),
    )


def _clocks() -> None:
    op.create_table(
        "evidence_clock",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("file_id", sa.String(length=32), nullable=False),
        sa.Column(
            "kind", sa.String(length=16), nullable=False, comment="draft, receipt, request …"
        ),
        sa.Column("subject", sa.String(length=64), nullable=False, comment="whose clock it is"),
        sa.Column(
            "basis",
            sa.String(length=256),
            nullable=False,
            comment="the law or order that it follows",
        ),
        sa.Column("began_at", TIME, nullable=False),
        sa.Column("until", TIME, nullable=True, comment="null: until it is ended"),
        sa.Column("ended_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["file_id"], ["evidence_file.id"], name=op.f("fk_evidence_clock_file_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_clock")),
    )
    op.create_index(op.f("ix_evidence_clock_file_id"), "evidence_clock", ["file_id"], unique=False)
    op.create_index(op.f("ix_evidence_clock_subject"), "evidence_clock", ["subject"], unique=False)
    op.create_index(
        "uq_evidence_clock_running",
        "evidence_clock",
        ["file_id", "kind", "subject"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _requests() -> None:
    op.create_table(
        "preservation_request",
        sa.Column("id", sa.String(length=32), nullable=False, comment="prq_…"),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False, comment="actor who recorded it"),
        sa.Column("agency", sa.String(length=256), nullable=False),
        sa.Column(
            "reference", sa.String(length=256), nullable=False, comment="as the agency calls it"
        ),
        sa.Column(
            "basis", sa.String(length=256), nullable=False, comment="the law or order that it names"
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("until", TIME, nullable=True, comment="null: until lifted"),
        sa.Column("extends", sa.String(length=32), nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("ended_by", sa.String(length=128), nullable=False),
        sa.Column("ended_why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases_case.id"], name=op.f("fk_preservation_request_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["extends"], ["preservation_request.id"], name=op.f("fk_preservation_request_extends")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preservation_request")),
    )
    op.create_index(
        op.f("ix_preservation_request_at"), "preservation_request", ["at"], unique=False
    )
    op.create_index(
        op.f("ix_preservation_request_case_id"), "preservation_request", ["case_id"], unique=False
    )
    op.create_table(
        "preservation_paper",
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.Column("evidence_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("given", sa.String(length=16), nullable=False, comment="received, or produced"),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence_file.id"], name=op.f("fk_preservation_paper_evidence_id")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["preservation_request.id"],
            name=op.f("fk_preservation_paper_request_id"),
        ),
        sa.PrimaryKeyConstraint("request_id", "evidence_id", name=op.f("pk_preservation_paper")),
    )


def _reports() -> None:
    op.create_table(
        "reporting_report",
        sa.Column("id", sa.String(length=32), nullable=False, comment="rpt_…"),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("authority", sa.String(length=32), nullable=False),
        sa.Column(
            "environment",
            sa.String(length=16),
            nullable=False,
            comment="test or production, as when it was queued",
        ),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column(
            "test",
            sa.Boolean(),
            nullable=False,
            comment="of a case that is a test: never to production",
        ),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("made_by", sa.String(length=128), nullable=False),
        sa.Column("content", sa.Text(), nullable=False, comment="JSON: the internal report"),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="of the content: each edit is one more"
        ),
        sa.Column("queued_at", TIME, nullable=True),
        sa.Column("queued_by", sa.String(length=128), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False, comment="the lower, the sooner"),
        sa.Column("danger", sa.Boolean(), nullable=False, comment="it never waits"),
        sa.Column("due_at", TIME, nullable=True, comment="when it is tried next"),
        sa.Column(
            "progress", sa.Text(), nullable=False, comment="the authority's state; empty: not begun"
        ),
        sa.Column(
            "turn", sa.Integer(), nullable=False, comment="who sends it: a number that only grows"
        ),
        sa.Column("sending_until", TIME, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=512), nullable=False),
        sa.Column(
            "remote_id",
            sa.String(length=64),
            nullable=False,
            comment="the authority's id: open or filed",
        ),
        sa.Column("filed_at", TIME, nullable=True),
        sa.Column("receipt", sa.Text(), nullable=False, comment="canonical JSON; empty: none yet"),
        sa.Column(
            "supplements",
            sa.String(length=32),
            nullable=True,
            comment="the report that this one adds to",
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases_case.id"], name=op.f("fk_reporting_report_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["supplements"], ["reporting_report.id"], name=op.f("fk_reporting_report_supplements")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reporting_report")),
    )
    op.create_index(
        op.f("ix_reporting_report_case_id"), "reporting_report", ["case_id"], unique=False
    )
    op.create_index(
        "ix_reporting_report_due",
        "reporting_report",
        ["rank", "queued_at"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_reporting_report_made_at", "reporting_report", ["made_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_reporting_report_remote_id"), "reporting_report", ["remote_id"], unique=False
    )
    op.create_index(
        "uq_reporting_report_open",
        "reporting_report",
        ["case_id", "authority"],
        unique=True,
        sqlite_where=sa.text("state IN ('draft', 'queued', 'halted')"),
        postgresql_where=sa.text("state IN ('draft', 'queued', 'halted')"),
    )
    op.create_table(
        "reporting_exchange",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("report_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="of the report's calls, from 1"),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("call", sa.String(length=32), nullable=False, comment="submit, upload, finish …"),
        sa.Column("at", TIME, nullable=False),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column(
            "status", sa.Integer(), nullable=True, comment="of HTTP; null: nothing came back"
        ),
        sa.Column(
            "request_id",
            sa.String(length=128),
            nullable=False,
            comment="by which its support finds it",
        ),
        sa.Column(
            "why", sa.String(length=512), nullable=False, comment="what went wrong; empty: nothing"
        ),
        sa.Column(
            "evidence_id",
            sa.String(length=32),
            nullable=True,
            comment="the exact bytes both ways, sealed",
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence_file.id"], name=op.f("fk_reporting_exchange_evidence_id")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reporting_report.id"], name=op.f("fk_reporting_exchange_report_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reporting_exchange")),
    )
    op.create_index(
        "ix_reporting_exchange_report_id_number",
        "reporting_exchange",
        ["report_id", "number"],
        unique=False,
    )


def _reaching() -> None:
    op.create_table(
        "reporting_credentials",
        sa.Column("authority", sa.String(length=32), nullable=False),
        sa.Column("environment", sa.String(length=16), nullable=False),
        sa.Column(
            "sealed", sa.LargeBinary(), nullable=False, comment="AES-256-GCM: user and password"
        ),
        sa.Column("set_at", TIME, nullable=False),
        sa.Column("set_by", sa.String(length=128), nullable=False),
        sa.Column("refused_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("authority", "environment", name=op.f("pk_reporting_credentials")),
    )
    op.create_table(
        "reporting_reached",
        sa.Column("authority", sa.String(length=32), nullable=False),
        sa.Column("environment", sa.String(length=16), nullable=False),
        sa.Column("allowed_at", TIME, nullable=True, comment="by two people"),
        sa.Column("allowed_by", sa.String(length=128), nullable=False),
        sa.Column("down_since", TIME, nullable=True),
        sa.Column("retry_at", TIME, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False, comment="one after another"),
        sa.Column("answered_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("authority", "environment", name=op.f("pk_reporting_reached")),
    )
    op.create_table(
        "reporting_schema",
        sa.Column("authority", sa.String(length=32), nullable=False),
        sa.Column("environment", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="SHA-256, hex"),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("first_at", TIME, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("pinned_at", TIME, nullable=True),
        sa.Column("pinned_by", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint(
            "authority", "environment", "digest", name=op.f("pk_reporting_schema")
        ),
    )

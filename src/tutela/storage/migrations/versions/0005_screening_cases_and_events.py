"""Screening, cases and events"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
OPEN = sa.text("closed_at IS NULL")
ONE_FILE = sa.text("external_id <> '' AND type IN ('md5', 'sha1', 'sha256')")


def upgrade() -> None:
    op.add_column(
        "people_key",
        sa.Column("rate", sa.Integer(), nullable=True, comment="requests a second; null: default"),
    )
    op.create_index(
        "ix_banks_signal_file",
        "banks_signal",
        ["external_id", "origin_id", "type"],
        sqlite_where=ONE_FILE,
        postgresql_where=ONE_FILE,
    )
    _people()
    _events()
    _cases()
    _items()
    _counts()


def _people() -> None:
    op.create_table(
        "people_invitation",
        sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="SHA-256"),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("lapses_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_people_invitation")),
    )


def _events() -> None:
    op.create_table(
        "events_event",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False, comment="noun.verb"),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False, comment="canonical JSON (RFC 8785)"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events_event")),
    )
    op.create_index("ix_events_event_kind_at", "events_event", ["kind", "at"])
    op.create_index("ix_events_event_subject", "events_event", ["subject"])
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER events_event_no_{act.lower()} BEFORE {act} ON events_event "
                "BEGIN SELECT RAISE(ABORT, 'events can only be appended'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION events_event_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'events can only be appended'; END $$"
    )
    op.execute(
        "CREATE TRIGGER events_event_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON events_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION events_event_refuse()"
    )


def _cases() -> None:
    op.create_table(
        "cases_case",
        sa.Column("id", sa.String(32), nullable=False, comment="case_…"),
        sa.Column("subject_kind", sa.String(16), nullable=False, comment="account, item or test"),
        sa.Column("subject", sa.String(256), nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("closed_at", TIME),
        sa.Column("closed_why", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases_case")),
    )
    op.create_index(
        "uq_cases_case_open", "cases_case", ["subject_kind", "subject"],
        unique=True, sqlite_where=OPEN, postgresql_where=OPEN,
    )  # fmt: skip
    op.create_index("ix_cases_case_opened_at", "cases_case", ["opened_at"])


def _items() -> None:
    op.create_table(
        "screening_item",
        sa.Column("id", sa.String(32), nullable=False, comment="itm_…"),
        sa.Column("at", TIME, nullable=False),
        sa.Column("key_id", sa.Integer()),
        sa.Column(
            "door", sa.String(32), nullable=False, comment="how it came: raw, multipart, signals …"
        ),
        sa.Column("test", sa.Boolean(), nullable=False, comment="only banks for tests matched"),
        sa.Column("external_id", sa.String(256)),
        sa.Column("creator_id", sa.String(256)),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("size", NUMBER, comment="bytes; null: only signals came"),
        sa.Column(
            "given", sa.Text(), nullable=False, comment="canonical JSON: the facts as they came"
        ),
        sa.ForeignKeyConstraint(
            ["key_id"], ["people_key.id"], name=op.f("fk_screening_item_key_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_item")),
    )
    for column in ("at", "external_id", "creator_id"):
        op.create_index(f"ix_screening_item_{column}", "screening_item", [column])
    op.create_table(
        "screening_signal",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("item_id", sa.String(32), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("variant", sa.String(32), nullable=False),
        sa.Column("frame", sa.Integer()),
        sa.Column("quality", sa.SmallInteger()),
        _of_item("screening_signal"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_signal")),
    )
    op.create_index("ix_screening_signal_item_id", "screening_signal", ["item_id"])
    op.create_table(
        "screening_match",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("item_id", sa.String(32), nullable=False),
        sa.Column("bank", sa.String(96), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False, comment="the known value"),
        sa.Column("item_value", sa.Text(), nullable=False),
        sa.Column("distance", sa.SmallInteger(), nullable=False),
        sa.Column("variant", sa.String(32), nullable=False),
        sa.Column("quality", sa.SmallInteger(), comment="of the item's signal"),
        sa.Column("known_quality", sa.SmallInteger()),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("source", sa.String(128), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("strength", sa.String(8), nullable=False, comment="exact, weak or near"),
        sa.Column(
            "vetoed", sa.Boolean(), nullable=False, comment="a bank of harmless pictures spoke"
        ),
        _of_item("screening_match"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_match")),
    )
    op.create_index("ix_screening_match_item_id", "screening_match", ["item_id"])
    op.create_index("ix_screening_match_bank", "screening_match", ["bank"])
    op.create_table(
        "screening_decision",
        sa.Column("item_id", sa.String(32), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("public_reason", sa.String(256), nullable=False),
        sa.Column("policy_version", sa.String(80), nullable=False),
        sa.Column(
            "facts", sa.Text(), nullable=False, comment="canonical JSON: all that policy was told"
        ),
        sa.Column(
            "background", sa.Text(), nullable=False, comment="JSON: what background rules would do"
        ),
        sa.Column("evidence", sa.String(8), nullable=False, comment="sealed, failed or none"),
        sa.Column("evidence_id", sa.String(32)),
        sa.Column("case_id", sa.String(32)),
        _of_item("screening_decision"),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence_file.id"], name=op.f("fk_screening_decision_evidence_id")
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_screening_decision")),
    )
    op.create_index("ix_screening_decision_at", "screening_decision", ["at"])
    op.create_index("ix_screening_decision_case_id", "screening_decision", ["case_id"])
    op.create_table(
        "cases_alert",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("item_id", sa.String(32)),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases_case.id"], name=op.f("fk_cases_alert_case_id")
        ),
        _of_item("cases_alert"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases_alert")),
    )
    op.create_index("ix_cases_alert_case_id", "cases_alert", ["case_id"])
    op.create_index("ix_cases_alert_item_id", "cases_alert", ["item_id"])


def _of_item(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["item_id"], ["screening_item.id"], name=op.f(f"fk_{table}_item_id")
    )


def _counts() -> None:
    op.create_table(
        "screening_answer",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column(
            "asked", sa.LargeBinary(32), nullable=False, comment="keyed digest of the request"
        ),
        sa.Column("at", TIME, nullable=False),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("policy_version", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_screening_answer")),
    )
    op.create_index("ix_screening_answer_at", "screening_answer", ["at"])
    op.create_table(
        "screening_count",
        sa.Column("hour", TIME, nullable=False),
        sa.Column(
            "outcome", sa.String(16), nullable=False,
            comment="allow, review, block, lookup; test: of tests",
        ),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("count", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("hour", "outcome", "channel", name=op.f("pk_screening_count")),
    )  # fmt: skip
    op.create_table(
        "screening_bank_hour",
        sa.Column("bank", sa.String(96), nullable=False),
        sa.Column("hour", TIME, nullable=False),
        sa.Column("count", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("bank", "hour", name=op.f("pk_screening_bank_hour")),
    )

"""Queues, views and decisions"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _cases()
    _views()
    _decisions()


def _cases() -> None:
    op.create_table(
        "cases_queue",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column(
            "position", sa.Integer(), nullable=False, comment="rules are asked in this order"
        ),
        sa.Column(
            "rule", sa.Text(), nullable=False, comment="JSON: what an alert must be; empty: by hand"
        ),
        sa.Column("hidden", sa.Text(), nullable=False, comment="actions that are not offered here"),
        sa.Column("two_for", sa.Text(), nullable=False, comment="acts that take two people here"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cases_queue")),
    )
    op.create_table(
        "cases_step",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False, comment="canonical JSON (RFC 8785)"),
        sa.ForeignKeyConstraint(["case_id"], ["cases_case.id"], name=op.f("fk_cases_step_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases_step")),
    )
    op.create_index(op.f("ix_cases_step_case_id"), "cases_step", ["case_id"], unique=False)
    op.add_column(
        "cases_alert",
        sa.Column(
            "about",
            sa.String(length=16),
            nullable=False,
            server_default="",
            comment="item, account, thread or text",
        ),
    )
    op.add_column(
        "cases_alert",
        sa.Column(
            "about_id",
            sa.String(length=256),
            nullable=False,
            server_default="",
            comment="as the platform calls it",
        ),
    )
    op.add_column(
        "cases_alert",
        sa.Column(
            "code",
            sa.String(length=32),
            nullable=False,
            server_default="",
            comment="what it is said to be: a neutral code",
        ),
    )
    op.add_column(
        "cases_alert",
        sa.Column(
            "text", sa.Text(), nullable=False, server_default="", comment="as it came; shown inert"
        ),
    )
    op.add_column(
        "cases_alert",
        sa.Column(
            "url",
            sa.Text(),
            nullable=False,
            server_default="",
            comment="as it came; never fetched, never clickable",
        ),
    )
    op.add_column(
        "cases_alert",
        sa.Column(
            "reporter",
            sa.String(length=16),
            nullable=False,
            server_default="",
            comment="user, non-user; empty: a match",
        ),
    )
    op.add_column(
        "cases_alert",
        sa.Column("reporter_id", sa.String(length=256), nullable=False, server_default=""),
    )
    op.add_column(
        "cases_alert", sa.Column("danger", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "cases_alert",
        sa.Column("subject_age", sa.SmallInteger(), nullable=True, comment="as it is said"),
    )
    op.add_column(
        "cases_alert",
        sa.Column("child_age", sa.SmallInteger(), nullable=True, comment="the youngest, as said"),
    )
    op.add_column("cases_alert", sa.Column("detached_at", TIME, nullable=True))
    op.add_column("cases_alert", sa.Column("detached_by", sa.String(length=128), nullable=True))
    op.create_index("ix_cases_alert_about", "cases_alert", ["about", "about_id"], unique=False)
    op.add_column(
        "cases_case",
        sa.Column(
            "role",
            sa.String(length=8),
            nullable=False,
            server_default="unknown",
            comment="of the subject: suspect, child, unknown",
        ),
    )
    op.add_column(
        "cases_case",
        sa.Column("role_why", sa.String(length=256), nullable=False, server_default=""),
    )
    op.add_column(
        "cases_case",
        sa.Column(
            "rank",
            sa.SmallInteger(),
            nullable=False,
            server_default="0",
            comment="the lower, the sooner",
        ),
    )
    op.add_column(
        "cases_case",
        sa.Column(
            "danger",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="a child may be in danger now",
        ),
    )
    op.add_column("cases_case", sa.Column("due_at", TIME, nullable=True))
    op.add_column(
        "cases_case",
        sa.Column("assigned_to", sa.String(length=128), nullable=True, comment="actor"),
    )
    op.add_column(
        "cases_case",
        sa.Column(
            "locked_by", sa.String(length=128), nullable=True, comment="actor who works on it now"
        ),
    )
    op.add_column("cases_case", sa.Column("locked_until", TIME, nullable=True))
    op.add_column(
        "cases_case",
        sa.Column(
            "hold",
            sa.Boolean(),
            nullable=False,
            server_default=sa.true(),
            comment="nothing may tell the subject",
        ),
    )
    op.add_column(
        "cases_case",
        sa.Column(
            "alerts",
            NUMBER,
            nullable=False,
            server_default="0",
            comment="that are on it, not detached",
        ),
    )
    op.add_column(
        "cases_case",
        sa.Column(
            "reports", NUMBER, nullable=False, server_default="0", comment="of these, from people"
        ),
    )
    op.create_index(op.f("ix_cases_case_assigned_to"), "cases_case", ["assigned_to"], unique=False)
    op.create_index(
        "ix_cases_case_next",
        "cases_case",
        ["queue", "rank", "opened_at", "id"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "ix_cases_case_locked_by",
        "cases_case",
        ["locked_by"],
        unique=False,
        sqlite_where=sa.text("locked_by IS NOT NULL"),
        postgresql_where=sa.text("locked_by IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_case_subject", "cases_case", ["subject_kind", "subject"], unique=False
    )
    op.execute("UPDATE cases_alert SET about = 'item', about_id = COALESCE(item_id, '')")
    op.execute(
        "UPDATE cases_case SET alerts ="
        " (SELECT count(*) FROM cases_alert WHERE cases_alert.case_id = cases_case.id),"
        " rank = 15999"  # as a case of which nothing urgent is known (tutela.cases.rank)
    )


def _views() -> None:
    op.add_column(
        "evidence_intent",
        sa.Column(
            "rendering",
            sa.String(length=16),
            nullable=False,
            server_default="",
            comment="that alone leaves the vault; empty: the very bytes",
        ),
    )
    op.create_table(
        "views_breach",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("limit", sa.String(length=32), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_views_breach")),
    )
    op.create_index(op.f("ix_views_breach_at"), "views_breach", ["at"], unique=False)
    op.create_table(
        "views_shift",
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="on which it began"),
        sa.Column("began_at", TIME, nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False, comment="of exposure"),
        sa.Column("views", NUMBER, nullable=False),
        sa.Column("break_at", TIME, nullable=True, comment="when the last ended"),
        sa.Column(
            "worst_run", NUMBER, nullable=False, comment="of the worst grades, one after another"
        ),
        sa.PrimaryKeyConstraint("actor", "day", name=op.f("pk_views_shift")),
    )
    op.create_table(
        "views_wish",
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("shift_from", sa.String(length=5), nullable=False, comment="HH:MM in their zone"),
        sa.Column("shift_until", sa.String(length=5), nullable=False),
        sa.Column("rendering", sa.String(length=16), nullable=False, comment="that is shown first"),
        sa.Column("without", sa.Text(), nullable=False, comment="codes that are not given to them"),
        sa.PrimaryKeyConstraint("actor", name=op.f("pk_views_wish")),
    )
    op.create_table(
        "views_view",
        sa.Column("id", sa.String(length=32), nullable=False, comment="vw_…"),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=True),
        sa.Column("item_id", sa.String(length=32), nullable=True),
        sa.Column("file_id", sa.String(length=32), nullable=True),
        sa.Column("intent_id", sa.String(length=32), nullable=True),
        sa.Column(
            "rendering",
            sa.String(length=16),
            nullable=False,
            comment="stylised, grey, blurred, small, original, text or debugger",
        ),
        sa.Column("whole", sa.Boolean(), nullable=False, comment="all of it was shown"),
        sa.Column("seconds", sa.Float(), nullable=False, comment="that it was in sight"),
        sa.Column("ended_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases_case.id"], name=op.f("fk_views_view_case_id")),
        sa.ForeignKeyConstraint(
            ["file_id"], ["evidence_file.id"], name=op.f("fk_views_view_file_id")
        ),
        sa.ForeignKeyConstraint(
            ["intent_id"], ["evidence_intent.id"], name=op.f("fk_views_view_intent_id")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["screening_item.id"], name=op.f("fk_views_view_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_views_view")),
    )
    op.create_index("ix_views_view_actor_at", "views_view", ["actor", "at"], unique=False)
    op.create_index(op.f("ix_views_view_case_id"), "views_view", ["case_id"], unique=False)
    op.create_index(op.f("ix_views_view_item_id"), "views_view", ["item_id"], unique=False)


def _decisions() -> None:
    op.create_table(
        "decisions_decision",
        sa.Column("id", sa.String(length=32), nullable=False, comment="dec_…"),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("item_id", sa.String(length=32), nullable=True),
        sa.Column(
            "conclusion",
            sa.String(length=16),
            nullable=False,
            comment="confirmed, no-match, cannot-tell or escalated",
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "grades", sa.Text(), nullable=False, comment="canonical JSON: facts, entered once"
        ),
        sa.Column(
            "viewed", sa.Boolean(), nullable=False, comment="the original, whole, by who decided"
        ),
        sa.Column("undo_until", TIME, nullable=False),
        sa.Column("undone_at", TIME, nullable=True),
        sa.Column("undone_by", sa.String(length=128), nullable=True),
        sa.Column("undone_why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases_case.id"], name=op.f("fk_decisions_decision_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["screening_item.id"], name=op.f("fk_decisions_decision_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions_decision")),
    )
    op.create_index(op.f("ix_decisions_decision_at"), "decisions_decision", ["at"], unique=False)
    op.create_index(
        op.f("ix_decisions_decision_case_id"), "decisions_decision", ["case_id"], unique=False
    )
    op.create_index(
        "uq_decisions_decision_item",
        "decisions_decision",
        ["item_id"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL AND item_id IS NOT NULL"),
        postgresql_where=sa.text("undone_at IS NULL AND item_id IS NOT NULL"),
    )
    op.create_table(
        "decisions_appeal",
        sa.Column("id", sa.String(length=32), nullable=False, comment="apl_…"),
        sa.Column("at", TIME, nullable=False),
        sa.Column("decision_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="as it came; shown inert"),
        sa.Column(
            "by", sa.String(length=256), nullable=False, comment="as the platform calls them"
        ),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("decided_by", sa.String(length=128), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True, comment="upheld or overturned"),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases_case.id"], name=op.f("fk_decisions_appeal_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions_decision.id"], name=op.f("fk_decisions_appeal_decision_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions_appeal")),
    )
    op.create_index(op.f("ix_decisions_appeal_at"), "decisions_appeal", ["at"], unique=False)
    op.create_index(
        op.f("ix_decisions_appeal_case_id"), "decisions_appeal", ["case_id"], unique=False
    )
    op.create_index(
        "uq_decisions_appeal_open",
        "decisions_appeal",
        ["decision_id"],
        unique=True,
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.create_table(
        "decisions_dispute",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("decision_id", sa.String(length=32), nullable=False),
        sa.Column("bank", sa.String(length=96), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("withdrawn_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["decisions_decision.id"],
            name=op.f("fk_decisions_dispute_decision_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions_dispute")),
    )
    op.create_index(
        op.f("ix_decisions_dispute_decision_id"), "decisions_dispute", ["decision_id"], unique=False
    )
    op.create_table(
        "decisions_effect",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("decision_id", sa.String(length=32), nullable=False),
        sa.Column(
            "kind",
            sa.String(length=16),
            nullable=False,
            comment="webhook, strike, bank, dispute, draft …",
        ),
        sa.Column("facts", sa.Text(), nullable=False, comment="canonical JSON (RFC 8785)"),
        sa.Column("done_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("undone_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions_decision.id"], name=op.f("fk_decisions_effect_decision_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions_effect")),
    )
    op.create_index(
        op.f("ix_decisions_effect_decision_id"), "decisions_effect", ["decision_id"], unique=False
    )
    op.create_index(
        op.f("ix_decisions_effect_expires_at"), "decisions_effect", ["expires_at"], unique=False
    )
    op.create_table(
        "decisions_strike",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("account", sa.String(length=256), nullable=False),
        sa.Column("decision_id", sa.String(length=32), nullable=False),
        sa.Column("weight", sa.SmallInteger(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions_decision.id"], name=op.f("fk_decisions_strike_decision_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions_strike")),
    )
    op.create_index(
        op.f("ix_decisions_strike_account"), "decisions_strike", ["account"], unique=False
    )
    op.create_index(
        op.f("ix_decisions_strike_decision_id"), "decisions_strike", ["decision_id"], unique=False
    )

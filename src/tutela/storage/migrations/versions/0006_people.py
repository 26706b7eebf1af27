"""People, roles and sessions"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
ONCE_ADMIN = {
    "screen", "lookup", "match:detail", "banks:read", "banks:write", "reports", "metrics", "cases",
}  # fmt: skip
"""What `admin` let a key do, until no permission included another."""


def upgrade() -> None:
    _audit()
    _people()
    _sessions()
    _keys()
    _approvals()
    _invitations()
    _cases()


def _audit() -> None:
    """The log is read in pages, by number, of one actor, action or subject."""
    for column in ("actor", "action", "subject"):
        op.drop_index(f"ix_audit_entry_{column}", "audit_entry")
        op.create_index(f"ix_audit_entry_{column}_number", "audit_entry", [column, "number"])
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"])


def _people() -> None:
    op.create_table(
        "people_person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False, comment="to sign in with"),
        sa.Column("shown_as", sa.String(128), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False, comment="IANA time zone; empty: UTC"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("disabled_at", TIME),
        sa.Column("password", sa.String(256), comment="argon2id, PHC string"),
        sa.Column("totp", sa.LargeBinary(), comment="sealed secret"),
        sa.Column("totp_step", NUMBER, nullable=False, comment="last step that was used"),
        sa.Column("oidc_subject", sa.String(256)),
        sa.Column(
            "failures", sa.Integer(), nullable=False,
            comment="wrong passwords or codes since the last sign-in",
        ),
        sa.Column("locked_until", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_person")),
        sa.UniqueConstraint("name", name=op.f("uq_people_person_name")),
        sa.UniqueConstraint("oidc_subject", name=op.f("uq_people_person_oidc_subject")),
    )  # fmt: skip
    op.create_table(
        "people_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False, comment="separated by spaces"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_role")),
        sa.UniqueConstraint("name", name=op.f("uq_people_role_name")),
    )
    op.create_table(
        "people_person_role",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        _of_person("people_person_role"),
        sa.ForeignKeyConstraint(
            ["role_id"], ["people_role.id"], name=op.f("fk_people_person_role_role_id")
        ),
        sa.PrimaryKeyConstraint("person_id", "role_id", name=op.f("pk_people_person_role")),
    )
    op.create_index("ix_people_person_role_role_id", "people_person_role", ["role_id"])
    op.create_table(
        "people_need",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False, comment="queue or case"),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False, comment="person:NAME or key:NAME"),
        sa.Column("allowed", sa.Boolean(), nullable=False, comment="false: walled off"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_need")),
        sa.UniqueConstraint(
            "kind", "subject", "actor", name=op.f("uq_people_need_kind_subject_actor")
        ),
    )
    op.create_index("ix_people_need_actor", "people_need", ["actor"])


def _sessions() -> None:
    op.create_table(
        "people_passkey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("counter", NUMBER, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
        sa.Column("stopped_at", TIME),
        _of_person("people_passkey"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_passkey")),
        sa.UniqueConstraint("credential", name=op.f("uq_people_passkey_credential")),
    )
    op.create_index("ix_people_passkey_person_id", "people_passkey", ["person_id"])
    op.create_table(
        "people_session",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="SHA-256"),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False, comment="second-factor, enrol or open"),
        sa.Column("how", sa.String(32), nullable=False, comment="password, passkey or oidc"),
        sa.Column("agent", sa.String(256), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("proved_at", TIME, nullable=False, comment="last factor that was shown"),
        sa.Column("lapses_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("ended_why", sa.String(64), nullable=False),
        _of_person("people_session"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_people_session_digest")),
    )
    op.create_index("ix_people_session_person_id", "people_session", ["person_id"])
    op.create_table(
        "people_challenge",
        sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="SHA-256"),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("person_id", sa.Integer()),
        sa.Column("data", sa.Text(), nullable=False, comment="JSON"),
        sa.Column("lapses_at", TIME, nullable=False),
        _of_person("people_challenge"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_people_challenge")),
    )
    op.create_index("ix_people_challenge_lapses_at", "people_challenge", ["lapses_at"])


def _of_person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["person_id"], ["people_person.id"], name=op.f(f"fk_{table}_person_id")
    )


def _keys() -> None:
    """Keys keep what they could do: `admin` included all else, and `reports` showed cases."""
    op.add_column(
        "people_key",
        sa.Column(
            "made_by", sa.String(128), nullable=False, server_default="",
            comment="actor; empty: before it was kept",
        ),
    )  # fmt: skip
    if op.get_bind().dialect.name != "sqlite":  # which keeps no comments
        op.alter_column(
            "people_key", "scopes", existing_type=sa.Text(), existing_nullable=False,
            comment="permissions, separated by spaces",
        )  # fmt: skip
    keys = sa.table("people_key", sa.column("id"), sa.column("scopes"))
    for number, scopes in op.get_bind().execute(sa.select(keys.c.id, keys.c.scopes)).all():
        had = set(scopes.split())
        has = had | (ONCE_ADMIN if "admin" in had else set())
        has |= {"cases"} if "reports" in has else set()
        if has != had:
            op.execute(
                keys.update().where(keys.c.id == number).values(scopes=" ".join(sorted(has)))
            )


def _approvals() -> None:
    """Rebuilt: what was asked for stands a day only."""
    op.drop_index("ix_people_approval_act_subject", "people_approval")
    op.drop_table("people_approval")
    op.create_table(
        "people_approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(256), nullable=False),
        sa.Column(
            "facts", sa.Text(), nullable=False, comment="canonical JSON: what exactly was asked for"
        ),
        sa.Column("permission", sa.String(32), nullable=False, comment="that both must have"),
        sa.Column("why", sa.Text(), nullable=False, comment="reason that was given"),
        sa.Column("mode", sa.String(8), nullable=False, comment="two, alone or danger"),
        sa.Column("asked_by", sa.String(128), nullable=False, comment="actor"),
        sa.Column(
            "asked_human", sa.String(128), nullable=False, comment="who is behind that actor"
        ),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("usable_at", TIME, comment="alone: when nobody else need agree any more"),
        sa.Column("lapses_at", TIME, nullable=False),
        sa.Column("approved_by", sa.String(128), comment="actor"),
        sa.Column("approved_at", TIME),
        sa.Column("used_at", TIME),
        sa.Column("refused_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_approval")),
    )
    op.create_index("ix_people_approval_act_subject", "people_approval", ["act", "subject"])


def _invitations() -> None:
    with op.batch_alter_table("people_invitation") as table:
        table.alter_column(
            "role", existing_type=sa.String(32), type_=sa.String(64), existing_nullable=False,
            comment="of the first administrator",
        )  # fmt: skip
        table.add_column(sa.Column("person_id", sa.Integer()))
        table.add_column(
            sa.Column("made_by", sa.String(128), nullable=False, server_default="", comment="actor")
        )
        table.create_foreign_key(
            op.f("fk_people_invitation_person_id"), "people_person", ["person_id"], ["id"]
        )


def _cases() -> None:
    """Those that wait are looked at from the oldest."""
    op.create_index(
        "ix_cases_case_waiting", "cases_case", ["opened_at"],
        sqlite_where=sa.text("closed_at IS NULL"), postgresql_where=sa.text("closed_at IS NULL"),
    )  # fmt: skip

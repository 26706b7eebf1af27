"""Banks, audit and keys"""

import hashlib
import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EMPTY_LOG = hashlib.sha256().digest()
REFUSED = "the audit log can only be appended to"


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column(
            "at",
            sa.String(length=32),
            nullable=False,
            comment="ISO 8601 in UTC, the very text hashed",
        ),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False, comment="canonical JSON (RFC 8785)"),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False, comment="RFC 6962 leaf hash"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_action", "audit_entry", ["action"])
    op.create_index("ix_audit_entry_actor", "audit_entry", ["actor"])
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject"])

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", NUMBER, nullable=False, comment="of the last entry; 0 for none"),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False, comment="of the last entry"),
        sa.Column(
            "frontier",
            sa.LargeBinary(),
            nullable=False,
            comment="roots of the full subtrees, left to right, 32 bytes each",
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "banks_bank",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column(
            "distance",
            sa.SmallInteger(),
            nullable=True,
            comment="bits of 256; null: the signal type's own",
        ),
        sa.Column(
            "rollout",
            sa.Double(),
            nullable=False,
            comment="share of items that it is asked for, 0 to 1",
        ),
        sa.Column("licence", sa.String(length=128), nullable=False),
        sa.Column("may_export", sa.Boolean(), nullable=False),
        sa.Column("may_publish", sa.Boolean(), nullable=False),
        sa.Column("may_seed", sa.Boolean(), nullable=False),
        sa.Column("delete_on_leaving", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signals", NUMBER, nullable=False, comment="rows of banks_signal"),
        sa.Column("version", NUMBER, nullable=False, comment="changes of its signals"),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column(
            "state", sa.LargeBinary(length=2048), nullable=False, comment="LtHash of its signals"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_banks_bank")),
        sa.UniqueConstraint("name", name=op.f("uq_banks_bank_name")),
    )
    op.create_index("ix_banks_bank_source", "banks_bank", ["source"])

    op.create_table(
        "banks_clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column(
            "instance",
            sa.String(length=32),
            nullable=False,
            comment="random: an index of another database is not for this one",
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_banks_clock_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_banks_clock")),
    )
    op.create_table(
        "banks_removal",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_banks_removal")),
    )
    op.create_table(
        "people_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False, comment="SHA-256"),
        sa.Column("scopes", sa.Text(), nullable=False, comment="separated by spaces"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_key")),
        sa.UniqueConstraint("digest", name=op.f("uq_people_key_digest")),
        sa.UniqueConstraint("name", name=op.f("uq_people_key_name")),
    )
    op.create_table(
        "banks_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bank_id", sa.Integer(), nullable=False),
        sa.Column(
            "options", sa.Text(), nullable=False, comment="canonical JSON: how lines are read"
        ),
        sa.Column("offset", NUMBER, nullable=False, comment="bytes that were read"),
        sa.Column(
            "digest", sa.LargeBinary(length=32), nullable=False, comment="SHA-256 of those bytes"
        ),
        sa.Column("line", NUMBER, nullable=False),
        sa.Column("added", NUMBER, nullable=False),
        sa.Column("known", NUMBER, nullable=False),
        sa.Column("rejected", NUMBER, nullable=False),
        sa.Column(
            "rejects_size", NUMBER, nullable=False, comment="bytes of the file of rejected lines"
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["banks_bank.id"], name=op.f("fk_banks_import_bank_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_banks_import")),
    )
    op.create_index("ix_banks_import_bank_id", "banks_import", ["bank_id"])

    op.create_table(
        "banks_origin",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bank_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("member", sa.String(length=128), nullable=False),
        sa.Column("hashed_by", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["banks_bank.id"], name=op.f("fk_banks_origin_bank_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_banks_origin")),
        sa.UniqueConstraint(
            "bank_id",
            "source",
            "member",
            "hashed_by",
            name=op.f("uq_banks_origin_bank_id_source_member_hashed_by"),
        ),
    )
    op.create_table(
        "people_approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column(
            "facts", sa.Text(), nullable=False, comment="canonical JSON: what exactly was asked for"
        ),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["people_key.id"], name=op.f("fk_people_approval_approved_by")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["people_key.id"], name=op.f("fk_people_approval_asked_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_approval")),
    )
    op.create_index("ix_people_approval_act_subject", "people_approval", ["act", "subject"])

    op.create_table(
        "banks_signal",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("bank_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("origin_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=256), nullable=False),
        sa.Column("quality", sa.SmallInteger(), nullable=True),
        sa.Column(
            "labels", sa.Text(), nullable=False, comment="codes in order, separated by spaces"
        ),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["banks_bank.id"], name=op.f("fk_banks_signal_bank_id")
        ),
        sa.ForeignKeyConstraint(
            ["origin_id"], ["banks_origin.id"], name=op.f("fk_banks_signal_origin_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_banks_signal")),
        sa.UniqueConstraint(
            "type", "value", "bank_id", "origin_id", "external_id", name="uq_banks_signal_identity"
        ),
    )
    op.create_index("ix_banks_signal_bank_id_id", "banks_signal", ["bank_id", "id"])
    clock = sa.table("banks_clock", *map(sa.column, ("id", "number", "instance")))
    op.execute(clock.insert().values(id=1, number=0, instance=secrets.token_hex(16)))
    head = sa.table("audit_head", *map(sa.column, ("id", "number", "hash", "frontier")))
    op.execute(head.insert().values(id=1, number=0, hash=EMPTY_LOG, frontier=b""))
    refuse_changes("audit_entry")


def refuse_changes(table: str) -> None:
    """Triggers: who would change the log must first remove them, and then `audit verify` tells."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
    )

"""Who may do what: people, their roles, keys and sessions; acts that take two of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tutela.storage.models import Base, Number, UtcDateTime


class Person(Base):
    """Someone with an account. One who leaves is disabled: names are never used twice."""

    __tablename__ = "people_person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True, comment="to sign in with")
    shown_as: Mapped[str] = mapped_column(String(128))
    zone: Mapped[str] = mapped_column(String(64), comment="IANA time zone; empty: UTC")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    password: Mapped[str | None] = mapped_column(String(256), comment="argon2id, PHC string")
    totp: Mapped[bytes | None] = mapped_column(LargeBinary, comment="sealed secret")
    totp_step: Mapped[int] = mapped_column(Number, comment="last step that was used")
    oidc_subject: Mapped[str | None] = mapped_column(String(256), unique=True)
    failures: Mapped[int] = mapped_column(comment="wrong passwords or codes since the last sign-in")
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Role(Base):
    """A named set of permissions."""

    __tablename__ = "people_role"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    note: Mapped[str] = mapped_column(Text)
    permissions: Mapped[str] = mapped_column(Text, comment="separated by spaces")


class PersonRole(Base):
    """A role that someone has."""

    __tablename__ = "people_person_role"

    person_id: Mapped[int] = mapped_column(ForeignKey("people_person.id"), primary_key=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("people_role.id"), primary_key=True, index=True)


class Passkey(Base):
    """A WebAuthn credential of someone. One that was cloned is stopped."""

    __tablename__ = "people_passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people_person.id"), index=True)
    credential: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    counter: Mapped[int] = mapped_column(Number)
    name: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignedIn(Base):
    """A session of the console. Of its secret only the digest is kept."""

    __tablename__ = "people_session"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True, comment="SHA-256")
    person_id: Mapped[int] = mapped_column(ForeignKey("people_person.id"), index=True)
    stage: Mapped[str] = mapped_column(String(16), comment="second-factor, enrol or open")
    how: Mapped[str] = mapped_column(String(32), comment="password, passkey or oidc")
    agent: Mapped[str] = mapped_column(String(256))
    address: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proved_at: Mapped[datetime] = mapped_column(UtcDateTime, comment="last factor that was shown")
    lapses_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_why: Mapped[str] = mapped_column(String(64))


class Challenge(Base):
    """What a browser must give back once, soon: of WebAuthn or OpenID Connect."""

    __tablename__ = "people_challenge"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True, comment="SHA-256")
    kind: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people_person.id"))
    data: Mapped[str] = mapped_column(Text, comment="JSON")
    lapses_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Need(Base):
    """Who needs to know of a queue or a case: those named, if any is; never those walled off."""

    __tablename__ = "people_need"
    __table_args__ = (UniqueConstraint("kind", "subject", "actor"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), comment="queue or case")
    subject: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(128), comment="person:NAME or key:NAME", index=True)
    allowed: Mapped[bool] = mapped_column(Boolean, comment="false: walled off")


class Key(Base):
    """A key of a person or a program. The secret itself is not kept."""

    __tablename__ = "people_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True, comment="SHA-256")
    scopes: Mapped[str] = mapped_column(Text, comment="permissions, separated by spaces")
    rate: Mapped[int | None] = mapped_column(comment="requests a second; null: default")
    made_by: Mapped[str] = mapped_column(String(128), comment="actor; empty: before it was kept")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Approval(Base):
    """An act that one asked for and that another must approve before it is done, once; or one that
    could not wait, and that another reviews afterwards."""

    __tablename__ = "people_approval"
    __table_args__ = (Index("ix_people_approval_act_subject", "act", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(256))
    facts: Mapped[str] = mapped_column(Text, comment="canonical JSON: what exactly was asked for")
    permission: Mapped[str] = mapped_column(String(32), comment="that both must have")
    why: Mapped[str] = mapped_column(Text, comment="reason that was given")
    mode: Mapped[str] = mapped_column(String(8), comment="two, alone or danger")
    asked_by: Mapped[str] = mapped_column(String(128), comment="actor")
    asked_human: Mapped[str] = mapped_column(String(128), comment="who is behind that actor")
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    usable_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, comment="alone: when nobody else need agree any more"
    )
    lapses_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by: Mapped[str | None] = mapped_column(String(128), comment="actor")
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Invitation(Base):
    """A link that lets someone in, once: as a new person, or to recover an account. Of the secret
    in it only its digest is kept."""

    __tablename__ = "people_invitation"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True, comment="SHA-256")
    role: Mapped[str] = mapped_column(String(64), comment="of the first administrator")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people_person.id"))
    made_by: Mapped[str] = mapped_column(String(128), comment="actor")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lapses_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

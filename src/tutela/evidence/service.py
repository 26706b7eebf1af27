"""Records what was sealed, and who means to open it."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from tutela import audit
from tutela.evidence.errors import IntentRefused, NoSuchEvidence
from tutela.evidence.models import File, Intent, Purpose
from tutela.evidence.sealing import Sealed
from tutela.storage import Session

LAPSES = timedelta(minutes=15)
"""How long an intent can be used: what was meant an hour ago may not be meant now."""

LONGEST_REASON = 500
ID = re.compile(r"(ev|int)_[a-z2-7]{26}")
"""What else is given as an id is none, and no database need be asked with it."""


def record(
    session: Session, now: datetime, sealed: Sealed, keep_until: datetime | None = None
) -> File:
    """Write down that a file was sealed, committed with the session."""
    file = File(
        id=_id("ev"), name=sealed.name, size=sealed.size, sealed_size=sealed.sealed_size,
        digest=sealed.digest, recipients=sealed.recipients, sealed_at=now, keep_until=keep_until,
        held_at=None, deleted_at=None, deleted_why="", gone_at=None,
    )  # fmt: skip
    session.add(file)
    session.flush()
    return file


def found(session: Session, name: str) -> File:
    """The file of an id. Raises `NoSuchEvidence`."""
    file = session.get(File, name) if ID.fullmatch(name) else None
    if file is None:
        raise NoSuchEvidence(f"There is no evidence {name[:64]!r}.", "Run: tutela evidence list")
    return file


def listed(
    session: Session, after: str = "", limit: int = 100, *, only_kept: bool = False
) -> Sequence[File]:
    """Files in the order in which they were sealed, those after the one of an id; `only_kept`
    without those whose bytes were deleted. Raises `NoSuchEvidence`."""
    query = select(File).order_by(File.sealed_at, File.id).limit(limit)
    if only_kept:
        query = query.where(File.deleted_at.is_(None))
    if after:
        last = found(session, after)
        query = query.where(
            (File.sealed_at > last.sealed_at)
            | ((File.sealed_at == last.sealed_at) & (File.id > last.id))
        )
    return session.scalars(query).all()


def hold(session: Session, now: datetime, actor: str, file: File, *, held: bool) -> None:
    """Keep the bytes whatever their time is, or no longer."""
    if (file.held_at is not None) != held:
        file.held_at = now if held else None
        audit.append(session, now, actor, "evidence.hold" if held else "evidence.release", file.id)


def intend(
    session: Session,
    now: datetime,
    actor: str,
    file: File,
    purpose: Purpose,
    reason: str,
    rendering: str = "",
) -> Intent:
    """Write down who means to open a file and why; the vault then opens it once. With `rendering`,
    only such a picture of it can leave. Raises `IntentRefused`."""
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise IntentRefused(
            "A file is not opened without a reason.",
            f"Say why, in one line of up to {LONGEST_REASON} letters.",
        )
    if file.deleted_at is not None:
        raise IntentRefused(f"The bytes of {file.id} were deleted.", "Its row is all that is kept.")
    intent = Intent(
        id=_id("int"), file_id=file.id, purpose=str(purpose), rendering=rendering, actor=actor,
        reason=reason, at=now, lapses_at=now + LAPSES, used_at=None,
    )  # fmt: skip
    session.add(intent)
    session.flush()
    audit.append(
        session, now, actor, "evidence.intend", file.id,
        purpose=str(purpose), intent=intent.id, reason=reason, **_shown_as(rendering),
    )  # fmt: skip
    return intent


def intended(
    session: Session,
    now: datetime,
    intent: str,
    purposes: Collection[Purpose],
    *,
    derived: bool = False,
) -> tuple[Intent, File]:
    """An intent that can still be used for one of these, and its file; both wait for who else asks
    for it. `derived`: one for a rendering alone; else for the very bytes alone. Raises
    `IntentRefused`."""
    row = session.get(Intent, intent, with_for_update=True) if ID.fullmatch(intent) else None
    if row is None or row.used_at is not None or row.lapses_at <= now:
        raise IntentRefused(
            "No such intent was recorded, or it was used, or its time is over.", "Record another."
        )
    if row.purpose not in purposes:
        raise IntentRefused(f"The intent was recorded for another act: {row.purpose}.")
    if derived != bool(row.rendering):
        raise IntentRefused(
            f"The intent was recorded for a rendering of the file: {row.rendering}."
            if row.rendering
            else "The intent was recorded for the very bytes of the file."
        )
    file = session.get_one(File, row.file_id, with_for_update=True)
    if file.deleted_at is not None:
        raise IntentRefused(f"The bytes of {file.id} were deleted.", "Its row is all that is kept.")
    return row, file


def use(session: Session, now: datetime, intent: Intent, file: File) -> None:
    """Use an intent up. That bytes leave the vault is written into the log too."""
    intent.used_at = now
    if Purpose(intent.purpose).shows:
        audit.append(
            session, now, intent.actor, "evidence.open", file.id,
            purpose=intent.purpose, intent=intent.id, **_shown_as(intent.rendering),
        )  # fmt: skip


def resealed(session: Session, now: datetime, actor: str, file: File, sealed: Sealed) -> None:
    """Write down that the same bytes are sealed anew."""
    before, file.recipients = file.recipients, sealed.recipients
    file.name, file.sealed_size = sealed.name, sealed.sealed_size
    audit.append(
        session, now, actor, "evidence.reseal", file.id, before=before, after=sealed.recipients
    )


def _shown_as(rendering: str) -> dict[str, str]:
    return {"rendering": rendering} if rendering else {}


def _id(kind: str) -> str:
    return f"{kind}_" + base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()

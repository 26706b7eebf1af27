"""What its owner changes about how an account is signed in to.

A stolen session must not be able to: where the account is open, a factor must have been shown in
the last minutes (`ProofNeeded`). With each change the session goes on under another secret, and
what takes something away ends all others.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from tutela import audit
from tutela.errors import TutelaError
from tutela.people import accounts, oidc, passkeys, sessions, totp
from tutela.people.models import Person
from tutela.people.options import Site
from tutela.people.sessions import Opened, Stage
from tutela.people.signing_in import Result, late
from tutela.sealing import Sealing
from tutela.storage import Session


class ProofNeeded(TutelaError):
    """Something that takes a fresh proof of who is there. Nothing was done."""

    def __init__(self) -> None:
        super().__init__(
            "This takes a fresh proof that it is you.",
            "Give your password, a code or a passkey, and do it again.",
        )


def confirm_totp(
    session: Session, now: datetime, sealing: Sealing, secret: str, code: str
) -> Result:
    """The app that was shown `totp.enrol_begin` gives its first code; who had to add a factor is
    signed in with it."""
    opened = _allowed(session, now, secret)
    if isinstance(opened, Result):
        return opened
    try:
        totp.enrol_confirm(session, now, sealing, opened.person, code)
    except totp.CodeRefused as error:
        return Result(refused=error)
    return _moved(session, now, secret, opened, "code")


def add_passkey(
    session: Session, now: datetime, site: Site, secret: str, name: str, credential: str
) -> Result:
    """A passkey that the browser made; who had to add a factor is signed in with it."""
    opened = _allowed(session, now, secret)
    if isinstance(opened, Result):
        return opened
    try:
        passkeys.register(session, now, site, opened.person, name, credential)
    except passkeys.PasskeyRefused as error:
        return Result(refused=error)
    return _moved(session, now, secret, opened, "passkey")


def remove_totp(session: Session, now: datetime, secret: str) -> Result:
    """No code is asked for any more."""
    opened = _allowed(session, now, secret)
    if isinstance(opened, Result):
        return opened
    if not passkeys.count(session, opened.person):
        return Result(refused=_last())
    totp.remove(session, now, opened.person)
    return _ended(session, now, secret, opened, "a factor was removed")


def remove_passkey(session: Session, now: datetime, secret: str, number: int) -> Result:
    """One passkey lets nobody in any more."""
    opened = _allowed(session, now, secret)
    if isinstance(opened, Result):
        return opened
    theirs = [passkey.id for passkey in passkeys.of(session, opened.person)]
    if opened.person.totp is None and theirs == [number]:
        return Result(refused=_last())
    try:
        passkeys.remove(session, now, opened.person, number)
    except passkeys.PasskeyRefused as error:
        return Result(refused=error)
    return _ended(session, now, secret, opened, "a factor was removed")


def link_oidc(session: Session, now: datetime, secret: str, claims: oidc.Claims) -> Result:
    """From now on, who the provider says is this one is the owner of this account."""
    opened = _allowed(session, now, secret)
    if isinstance(opened, Result):
        return opened
    person = opened.person
    whose = session.scalar(select(Person.id).where(Person.oidc_subject == claims.linked))
    if whose not in (None, person.id):
        return Result(
            refused=TutelaError("This account of the provider is linked to someone else here.")
        )
    person.oidc_subject = claims.linked
    session.flush()
    actor = accounts.actor(person)
    audit.append(session, now, actor, "person.factor-add", actor, factor="oidc")
    return _moved(session, now, secret, opened, "oidc")


def unlink_oidc(session: Session, now: datetime, secret: str) -> Result:
    """The provider lets nobody into this account any more."""
    opened = _allowed(session, now, secret)
    if isinstance(opened, Result):
        return opened
    opened.person.oidc_subject = None
    session.flush()
    actor = accounts.actor(opened.person)
    audit.append(session, now, actor, "person.factor-remove", actor, factor="oidc")
    return _ended(session, now, secret, opened, "a factor was removed")


def _allowed(session: Session, now: datetime, secret: str) -> Opened | Result:
    """The session, its person's row locked, if its owner may change factors now."""
    opened = sessions.read(session, now, secret)
    if opened is None or opened.stage is Stage.SECOND_FACTOR:
        return late()
    if opened.stage is Stage.OPEN and not opened.proved_lately(now):
        return Result(refused=ProofNeeded())
    session.refresh(opened.person, with_for_update=True)
    return opened


def _moved(session: Session, now: datetime, secret: str, opened: Opened, factor: str) -> Result:
    """The session goes on, open, under another secret."""
    how = f"{opened.how}+{factor}" if opened.stage is Stage.ENROL else ""
    fresh = sessions.step_up(session, now, secret, Stage.OPEN, how)
    return Result(fresh, Stage.OPEN, None, opened.person) if fresh is not None else late()


def _ended(session: Session, now: datetime, secret: str, opened: Opened, why: str) -> Result:
    result = _moved(session, now, secret, opened, "")
    actor = accounts.actor(opened.person)
    sessions.end_all(session, now, actor, opened.person, why, but=opened.id)
    return result


def _last() -> TutelaError:
    return TutelaError(
        "This is the last second factor of your account.", "Add another one before you remove it."
    )

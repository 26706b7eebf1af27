"""Codes of an authenticator app: RFC 6238, six digits, 30 seconds."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import update

from tutela import audit
from tutela.errors import TutelaError
from tutela.people import challenges
from tutela.people.models import Person
from tutela.sealing import Sealing
from tutela.storage import Session

STEP = 30
"""Seconds of one code."""

NEAR = 1
"""Steps by which clocks may differ, either way (RFC 6238, 5.2)."""

FAR = 20
"""Steps within which a code tells that a clock is off: ten minutes."""

ISSUER = "Tutela"
PENDING = timedelta(minutes=30)
"""How long a secret that is shown waits for its first code."""

TOLD = "totp-told"
"""Codes of a time to come that were used to tell the clock: they are not taken when it has come."""


class CodeRefused(TutelaError):
    """A code that lets nobody in."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app is to be told."""

    secret: str
    """Base32, to be typed in."""
    uri: str
    """The same as an otpauth: URI, to be scanned."""


def enrol_begin(session: Session, now: datetime, sealing: Sealing, person: Person) -> Enrolment:
    """A secret to be confirmed with a code; the same again until then, for a page read twice."""
    kept = challenges.peek(session, now, "totp", str(person.id))
    if kept is not None:
        secret = sealing.opened(base64.b64decode(kept.data["secret"]), _bound(person)).decode()
    else:
        secret = pyotp.random_base32()
        sealed = base64.b64encode(sealing.seal(secret.encode(), _bound(person))).decode()
        challenges.make(
            session, now, "totp", {"secret": sealed}, person.id, secret=str(person.id),
            lasts=PENDING,
        )  # fmt: skip
    uri = pyotp.TOTP(secret).provisioning_uri(name=person.name, issuer_name=ISSUER)
    return Enrolment(secret, uri)


def enrol_confirm(
    session: Session, now: datetime, sealing: Sealing, person: Person, code: str
) -> None:
    """From now on this app's codes are asked for, and no other's. Raises `CodeRefused`."""
    kept = challenges.peek(session, now, "totp", str(person.id))
    if kept is None:
        raise CodeRefused("This took too long.", "Begin again, with the new picture.")
    sealed = base64.b64decode(kept.data["secret"])
    secret = sealing.opened(sealed, _bound(person)).decode()
    step = _step(secret, code, now)
    if step is None:
        raise _wrong(secret, code, now)
    challenges.take(session, now, "totp", str(person.id))
    person.totp, person.totp_step = sealed, step
    session.flush()
    actor = f"person:{person.name}"
    audit.append(session, now, actor, "person.factor-add", actor, factor="totp")


def refused(
    session: Session, now: datetime, sealing: Sealing, person: Person, code: str
) -> CodeRefused | None:
    """Why a code does not let its owner in; None if it does, and is used up. To be asked only of
    who gave the right password: it may tell how far a clock is off."""
    if person.totp is None:
        return CodeRefused("No authenticator app is set up.", "Use a passkey.")
    secret = sealing.opened(person.totp, _bound(person)).decode()
    step = _step(secret, code, now)
    if step is None:
        found = _wrong(secret, code, now)
        for told in _steps_of(secret, code, now):
            lasts = timedelta(seconds=STEP * (FAR + NEAR + 2))
            challenges.make(session, now, TOLD, {}, secret=f"{person.id} {told}", lasts=lasts)
        return found
    used = session.scalar(
        update(Person)
        .where(Person.id == person.id, Person.totp_step < step)
        .values(totp_step=step)
        .returning(Person.id)
    )
    if used is None or challenges.peek(session, now, TOLD, f"{person.id} {step}") is not None:
        return CodeRefused("This code was used already.", "Wait for the next one: half a minute.")
    return None


def remove(session: Session, now: datetime, person: Person) -> None:
    """No code is asked for any more. Whether another factor is left, the caller sees to."""
    if person.totp is not None:
        person.totp = None
        session.flush()
        actor = f"person:{person.name}"
        audit.append(session, now, actor, "person.factor-remove", actor, factor="totp")


def _step(secret: str, code: str, now: datetime) -> int | None:
    """The step of which a code is, among those that are near; the newest, if several."""
    near = [at for at in _steps_of(secret, code, now) if abs(at - _now(now)) <= NEAR]
    return max(near, default=None)


def _steps_of(secret: str, code: str, now: datetime) -> list[int]:
    """Steps within ten minutes of which a code is. It takes as long for each code."""
    given = "".join(code.split())
    if len(given) != 6 or not (given.isascii() and given.isdecimal()):
        return []
    app = pyotp.TOTP(secret, interval=STEP)
    here = _now(now)
    return [
        at for at in range(here - FAR, here + FAR + 1)
        if hmac.compare_digest(app.generate_otp(at), given)
    ]  # fmt: skip


def _wrong(secret: str, code: str, now: datetime) -> CodeRefused:
    far = _steps_of(secret, code, now)
    if not far:
        return CodeRefused("This is not the code.", "Use the one that the app shows now.")
    off = min((at - _now(now) for at in far), key=abs)
    minutes = max(1, round(abs(off) * STEP / 60))
    return CodeRefused(
        f"This code is of another time: the clock of your phone is about {minutes} minute"
        f"{'s' * (minutes > 1)} {'ahead of' if off > 0 else 'behind'} that of this service.",
        "Let the phone set its clock by itself. If it does, tell who runs this service: its clock"
        " is off.",
    )


def _now(now: datetime) -> int:
    return int(now.timestamp()) // STEP


def _bound(person: Person) -> bytes:
    return f"tutela totp {person.id}".encode()

"""Passkeys: WebAuthn credentials that an authenticator finds by itself and opens only for its owner
(discoverable, user verified), so that one alone lets someone in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from tutela import audit
from tutela.errors import TutelaError
from tutela.events import emit
from tutela.people import challenges
from tutela.people.models import Passkey, Person
from tutela.people.options import Site
from tutela.storage import Session

NEW, IN = "passkey-new", "passkey-in"
MOST = 20
"""Passkeys of a person: more than anybody has devices."""

LONGEST = 64 * 1024
"""Characters of what a browser sends; an attestation has a few thousand."""

TIMEOUT = int(challenges.LASTS.total_seconds() * 1000)
LONGEST_NAME = 64


class PasskeyRefused(TutelaError):
    """A passkey that lets nobody in, or that cannot be taken."""


@dataclass(frozen=True, slots=True)
class PasskeyCloned:
    """The counter of a passkey did not grow: there may be two of it. It was stopped."""

    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """Whose passkey it was, or why nobody is let in: commit either, since a copy was stopped."""

    person: Person | None
    refused: PasskeyRefused | None = None


def registration_options(session: Session, now: datetime, site: Site, person: Person) -> str:
    """JSON for `navigator.credentials.create`."""
    import webauthn
    from webauthn.helpers import structs

    challenge = challenges.make(session, now, NEW, {}, person.id)
    known = session.scalars(select(Passkey.credential).where(Passkey.person_id == person.id))
    return webauthn.options_to_json(
        webauthn.generate_registration_options(
            rp_id=site.host,
            rp_name="Tutela",
            user_id=_handle(person),
            user_name=person.name,
            user_display_name=person.shown_as,
            challenge=webauthn.base64url_to_bytes(challenge),
            timeout=TIMEOUT,
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=c) for c in known],
        )
    )


def register(
    session: Session, now: datetime, site: Site, person: Person, name: str, credential: str
) -> Passkey:
    """The passkey that a browser made. Raises `PasskeyRefused`."""
    import webauthn
    from webauthn.helpers import parse_registration_credential_json

    refused = PasskeyRefused("This passkey could not be added.", "Try again, or another device.")
    try:
        given = parse_registration_credential_json(_short(credential))
        challenge = _challenge(given.response.client_data_json)
    except Exception:  # whatever bytes of a stranger make the parser raise
        raise refused from None
    kept = challenges.take(session, now, NEW, challenge)
    if kept is None or kept.person_id != person.id:
        raise PasskeyRefused("This took too long.", "Try again.")
    try:
        made = webauthn.verify_registration_response(
            credential=given,
            expected_challenge=webauthn.base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception:  # as above
        raise refused from None
    if session.scalar(select(Passkey.id).where(Passkey.credential == made.credential_id)):
        raise PasskeyRefused("This passkey is known already.")
    if len(of(session, person)) >= MOST:
        raise PasskeyRefused(f"More than {MOST} passkeys are not kept.", "Remove one first.")
    passkey = Passkey(
        person_id=person.id, credential=made.credential_id, public_key=made.credential_public_key,
        counter=made.sign_count, name=_name(name), made_at=now,
    )  # fmt: skip
    session.add(passkey)
    session.flush()
    actor = f"person:{person.name}"
    audit.append(
        session, now, actor, "person.factor-add", actor, factor="passkey", which=passkey.id
    )
    return passkey


def signing_in_options(
    session: Session, now: datetime, site: Site, person: Person | None = None
) -> str:
    """JSON for `navigator.credentials.get`; where it is known who signs in, theirs alone."""
    import webauthn
    from webauthn.helpers import structs

    challenge = challenges.make(session, now, IN, {})
    theirs = of(session, person) if person is not None else []
    return webauthn.options_to_json(
        webauthn.generate_authentication_options(
            rp_id=site.host,
            challenge=webauthn.base64url_to_bytes(challenge),
            timeout=TIMEOUT,
            allow_credentials=[
                structs.PublicKeyCredentialDescriptor(id=passkey.credential) for passkey in theirs
            ],
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        )
    )


def sign_in(session: Session, now: datetime, site: Site, credential: str) -> Answer:
    """Whose passkey signed a challenge of ours, which then is used up."""
    import webauthn
    from webauthn.helpers import parse_authentication_credential_json

    refused = PasskeyRefused(
        "This passkey lets nobody in here.", "Use another, or name and password."
    )
    try:
        given = parse_authentication_credential_json(_short(credential))
        challenge = _challenge(given.response.client_data_json)
    except Exception:  # whatever bytes of a stranger make the parser raise
        return Answer(None, refused)
    if challenges.take(session, now, IN, challenge) is None:
        return Answer(None, PasskeyRefused("This took too long.", "Try again."))
    row = session.execute(
        select(Passkey, Person)
        .join(Person, Person.id == Passkey.person_id)
        .where(Passkey.credential == given.raw_id, Passkey.stopped_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if row is None or given.response.user_handle not in (None, _handle(row[1])):
        return Answer(None, refused)
    passkey, person = row
    try:
        shown = webauthn.verify_authentication_response(
            credential=given,
            expected_challenge=webauthn.base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # looked at below: a copy must be stopped
            require_user_verification=True,
        )
    except Exception:  # as above
        return Answer(None, refused)
    if (shown.new_sign_count or passkey.counter) and shown.new_sign_count <= passkey.counter:
        passkey.stopped_at = now
        session.flush()
        emit(session, PasskeyCloned(passkey.id, now))
        audit.append(
            session, now, "anonymous", "person.passkey-cloned", f"person:{person.name}",
            which=passkey.id, counter=passkey.counter, given=shown.new_sign_count,
        )  # fmt: skip
        return Answer(
            None,
            PasskeyRefused(
                "There seem to be two of this passkey, and it was stopped.",
                "Sign in by other means, add a new one, and tell your administrator.",
            ),
        )
    passkey.counter, passkey.used_at = shown.new_sign_count, now
    session.flush()
    return Answer(person)


def of(session: Session, person: Person) -> Sequence[Passkey]:
    """The passkeys of a person that let them in, in the order in which they were added."""
    return session.scalars(
        select(Passkey)
        .where(Passkey.person_id == person.id, Passkey.stopped_at.is_(None))
        .order_by(Passkey.id)
    ).all()


def count(session: Session, person: Person) -> int:
    """How many let them in."""
    query = select(func.count()).select_from(Passkey)
    return (
        session.scalar(query.where(Passkey.person_id == person.id, Passkey.stopped_at.is_(None)))
        or 0
    )


def remove(session: Session, now: datetime, person: Person, number: int) -> None:
    """A passkey of a person lets nobody in any more. Whether another factor is left, the caller
    sees to. Raises `PasskeyRefused` if it is not theirs."""
    found = session.get(Passkey, number)
    if found is None or found.person_id != person.id:
        raise PasskeyRefused("There is no such passkey.", "Look at the list again.")
    session.delete(found)
    session.flush()
    actor = f"person:{person.name}"
    audit.append(session, now, actor, "person.factor-remove", actor, factor="passkey", which=number)


def _handle(person: Person) -> bytes:
    """What authenticators know the account by; says nothing about whose it is."""
    return b"tutela" + person.id.to_bytes(8, "big")


def _short(credential: str) -> str:
    if len(credential) > LONGEST:
        raise ValueError("too long")
    return credential


def _challenge(client_data: bytes) -> str:
    """The challenge that was answered, as we wrote it. Raises what a parser does."""
    from webauthn.helpers import bytes_to_base64url, parse_client_data_json

    parsed: Any = parse_client_data_json(client_data)
    if parsed.cross_origin:
        raise ValueError("from within a page of another")
    return bytes_to_base64url(parsed.challenge)


def _name(name: str) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    return text[:LONGEST_NAME] or "Passkey"

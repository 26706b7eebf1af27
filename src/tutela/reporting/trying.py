"""Tries credentials: asks an authority whether it knows us, before a report depends on it."""

from __future__ import annotations

from tutela import audit
from tutela.outbound import Outbound
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller, Permission
from tutela.reporting import authorities, credentials, reaching, speaking
from tutela.reporting.authorities import Ended, Environment, Lost, Wait
from tutela.reporting.errors import NotConfigured
from tutela.reporting.options import Options
from tutela.reporting.speaking import Line
from tutela.sealing import Sealing
from tutela.storage import Database


def tried(
    database: Database,
    caller: Caller,
    outbound: Outbound,
    sealing: Sealing,
    options: Options,
    authority: str,
    environment: str,
) -> Wait | Ended | None:
    """Ask once; None: they are taken, and what waited because they were refused goes on. Raises
    `NotPermitted`, `NoSuchAuthority`, `NotConfigured`, `SealingError`."""
    if not caller.may(Permission.ADMIN):
        raise NotPermitted(caller, Permission.ADMIN)
    known = authorities.named(authority)
    call = known.status_call
    if call is None:
        raise NotConfigured(
            f"{known.title} cannot be asked for that.", "It shows with the next report."
        )
    if environment == Environment.PRODUCTION and options.environment != Environment.PRODUCTION:
        raise NotConfigured(
            "The settings do not say production: nobody is called there.",
            "Set reporting.environment, or try those of test.",
        )
    address, private = speaking.address(known, environment, options)
    with database.writing() as session:
        user, password = credentials.opened(session, sealing, known.name, environment)
        signed = credentials.set_at(session, known.name, environment)
        subject = f"{known.name}:{environment}"
        audit.append(session, database.now(), caller.actor, "credentials.check", subject)
    answer = Line(outbound, options, address, private, user, password).say(call).answer
    if isinstance(answer, Lost):
        return Wait(answer.why, down=True)
    found = known.welcomed(answer)
    with database.writing() as session:
        now = database.now()
        if isinstance(found, Ended) and found.credentials:
            credentials.refused(session, now, known.name, environment, found.why, signed)
        elif found is None:
            credentials.taken(session, now, known.name, environment, signed)
            reaching.answered(session, now, known.name, environment)
    return found

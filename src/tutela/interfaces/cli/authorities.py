"""`tutela report credentials`, `schema`, `allow-production` and `stop-production`."""

from __future__ import annotations

import getpass
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from tutela.errors import TutelaError
from tutela.interfaces import reports
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.outbound import Outbound
from tutela.reporting import authorities, credentials, production, reaching, schemas, trying
from tutela.reporting.authorities import Environment, Wait
from tutela.reporting.errors import NotConfigured, ReportingError

LONGEST = 4096
"""Bytes of a password file that are read."""


def set_credentials(
    authority: str, user: str, environment: str, file: Path | None, *, as_json: bool
) -> None:
    name = authorities.named(authority).name
    with opened() as app:
        where = environment or app.settings.reporting.environment
        password = _password(name, where) if file is None else _from_file(file)
        sealing = app.reporting_sealing()
        with app.database.writing() as session:
            credentials.put(
                session, app.database.now(), app.caller, sealing, name, where, user, password
            )
    if as_json:
        output.line({"authority": name, "environment": where, "set": True})
    else:
        print(
            f"The credentials for {name} ({where}) are set. To see whether they are right:"
            f" tutela report credentials check {name} --environment {where}"
        )


def check_credentials(authority: str, environment: str, *, as_json: bool) -> None:
    """Raises `NotConfigured` if they are refused, `ReportingError` if nobody can tell."""
    with opened() as app:
        chosen = app.settings.reporting
        where = environment or chosen.environment
        found = trying.tried(
            app.database, app.caller, Outbound(app.settings.outbound), app.reporting_sealing(),
            chosen, authority, where,
        )  # fmt: skip
    if isinstance(found, Wait):
        raise ReportingError(
            f"{authority} ({where}) did not say whether it takes them: {found.why}",
            "See whether it is well, and try again.",
        )
    if found is not None:
        raise NotConfigured(
            f"{authority} ({where}) refuses them: {found.why}",
            f"Run: tutela report credentials set {authority} --user NAME --environment {where}",
        )
    if as_json:
        output.line({"authority": authority, "environment": where, "taken": True})
    else:
        print(f"{authority} ({where}) takes them.")


def list_credentials(*, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        held = {(one.authority, one.environment): one for one in credentials.listed(session)}
        reached = {(one.authority, one.environment): one for one in reaching.listed(session)}
        allowed = {name for name in authorities.all_() if production.is_allowed(session, name)}
    rows: list[dict[str, Any]] = []
    for name in authorities.all_():
        for environment in Environment:
            own, at = held.get((name, environment)), reached.get((name, environment))
            may = name in allowed if environment == Environment.PRODUCTION else None
            rows.append({
                "authority": name, "environment": str(environment), "set": own is not None,
                "set_at": _at(own.set_at if own else None), "set_by": own.set_by if own else None,
                "refused_at": _at(own.refused_at if own else None), "allowed": may,
                "answered_at": _at(at.answered_at if at else None),
                "down_since": _at(at.down_since if at else None),
                "retry_at": _at(at.retry_at if at else None),
                "failures": at.failures if at else 0,
            })  # fmt: skip
    if as_json:
        for row in rows:
            output.line(row)
        return
    table = output.table("authority", "environment", "credentials", "production", "answered",
                         "down since")  # fmt: skip
    for row in rows:
        state = "refused" if row["refused_at"] else "set" if row["set"] else "none"
        word = {True: "allowed", False: "not allowed", None: ""}[row["allowed"]]
        table.add_row(
            row["authority"], row["environment"], state, word, row["answered_at"] or "",
            row["down_since"] or "",
        )  # fmt: skip
    output.console().print(table)


def list_schemas(*, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        found = schemas.listed(session)
    table = output.table("authority", "environment", "digest", "first seen", "last seen", "pinned")
    for one in found:
        if as_json:
            output.line({
                "authority": one.authority, "environment": one.environment, "digest": one.digest,
                "first_at": _at(one.first_at), "last_at": _at(one.last_at),
                "pinned_at": _at(one.pinned_at), "pinned_by": one.pinned_by,
                "own": one.digest == authorities.named(one.authority).own_schema,
            })  # fmt: skip
            continue
        pinned = f"{one.pinned_at:%Y-%m-%d %H:%M}" if one.pinned_at else ""
        table.add_row(
            one.authority, one.environment, one.digest, f"{one.first_at:%Y-%m-%d %H:%M}",
            f"{one.last_at:%Y-%m-%d %H:%M}", pinned,
        )  # fmt: skip
    if not as_json:
        output.console().print(table)


def pin(authority: str, digest: str, environment: str, *, as_json: bool) -> None:
    name = authorities.named(authority).name
    with opened() as app, app.database.writing() as session:
        where = environment or app.settings.reporting.environment
        row = schemas.pin(session, app.database.now(), app.caller, name, where, digest)
        pinned = row.digest
    if as_json:
        output.line({"authority": name, "environment": where, "digest": pinned})
    else:
        print(f"The schema {pinned[:16]}… of {name} ({where}) is pinned.")


def allow_production(authority: str, key_file: Path | None, why: str, *, as_json: bool) -> None:
    with opened(key_file) as app:
        reports.allow_production(app, app.caller, authority, why)
        word = app.settings.reporting.environment
    if as_json:
        output.line({"authority": authority, "allowed": True})
        return
    print(f"Reports may go to {authority} itself.")
    if word != Environment.PRODUCTION:
        print(f"They still go to its test server: reporting.environment is {word}.")


def stop_production(authority: str, *, as_json: bool) -> None:
    with opened() as app, app.database.writing() as session:
        name = authorities.named(authority).name
        production.stop(session, app.database.now(), app.caller.actor, name)
    if as_json:
        output.line({"authority": name, "allowed": False})
    else:
        print(f"Nothing goes to {name} itself any more.")


def _password(name: str, environment: str) -> str:
    """From the terminal, where it is not shown."""
    if not sys.stdin.isatty():
        raise TutelaError(
            "There is no terminal to ask for the password.", "Give it with --password-file FILE."
        )
    found = getpass.getpass(f"Password at {name} ({environment}): ")
    if not found:
        raise TutelaError("No password was given.", "Repeat the command.")
    return found


def _from_file(file: Path) -> str:
    shown = output.printable(file)
    try:
        with file.open(encoding="utf-8") as opened_file:
            found = opened_file.read(LONGEST).rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise TutelaError(f"The password file {shown} cannot be read.") from None
    if not found:
        raise TutelaError(f"The password file {shown} is empty.")
    return found


def _at(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

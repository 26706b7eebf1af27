"""`tutela policy {check, show, apply, history}`"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tutela.app import App
from tutela.errors import TutelaError
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.people import callers
from tutela.people.permissions import Permission
from tutela.policy import Policy, PolicyError, State, load
from tutela.policy.documents import MAX_SIZE
from tutela.screening import policies
from tutela.screening.files import open_regular
from tutela.screening.policy_models import Applied
from tutela.storage import Session

MOST_BYTES = 4 * MAX_SIZE + 4
"""Bytes of a policy file that are read: each of its characters can have 4."""


def content(file: Path, most: int = MOST_BYTES) -> bytes:
    """What a file holds, up to a size at which it is refused anyway. Raises `TutelaError`."""
    try:
        with open_regular(file) as stream:
            return stream.read(most)
    except OSError as error:
        raise TutelaError(
            f"{output.printable(file)} cannot be read: {error.strerror or type(error).__name__}.",
            "Name a file that is there.",
        ) from None


def policy_in(file: Path) -> Policy:
    """The policy of a file. Raises `PolicyError`, `TutelaError`."""
    return load(content(file), output.printable(file))


def check(file: Path, *, as_json: bool) -> int:
    try:
        policy = policy_in(file)
    except PolicyError as error:
        if not as_json:
            raise
        faults = [asdict(fault) for fault in error.faults]
        output.line({"file": output.printable(file), "ok": False, "faults": faults})
        return error.exit_code
    if as_json:
        states = Counter(str(rule.state) for rule in policy.rules)
        output.line({
            "file": output.printable(file), "ok": True, "faults": [], "version": policy.version,
            "rules": {str(state): states[str(state)] for state in State},
            "channels": list(policy.channels),
        })  # fmt: skip
    else:
        print(f"{output.printable(file)} is a policy: {counted(policy)}.\nversion {policy.version}")
    return 0


def counted(policy: Policy) -> str:
    """How many rules of each state it has, and which channels it lists."""
    states = Counter(rule.state for rule in policy.rules)
    rules = ", ".join(f"{states[state]} {state}" for state in reversed(State) if states[state])
    return f"rules {rules or 'none'}; channels {', '.join(policy.channels)}"


def apply(file: Path, why: str, *, as_json: bool) -> None:
    policy = policy_in(file)  # so that faults name the file
    with opened() as app:
        row = _applied(app, policy, why)
    if as_json:
        output.line(record(row))
    else:
        print(f"Policy {row.number} decides from now on: {counted(policy)}.\nversion {row.version}")


def _applied(app: App, policy: Policy, why: str) -> Applied:
    """Who has the files applies it alone; who acts by a key, as in the console, with another."""

    def do(session: Session, actor: str) -> Applied:
        return policies.apply(session, app.database.now(), actor, policy.text)

    if app.actor.startswith(callers.SHELL):
        with app.database.writing() as session:
            return do(session, app.actor)
    facts = {"version": policy.version, "text": policy.text}
    return app.with_two(app.caller, Permission.POLICY, "policy.apply", "policy", facts, do, why=why)


def show(number: int | None, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        row = policies.required(session) if number is None else policies.numbered(session, number)
    if as_json:
        output.line(record(row) | {"text": row.text})
    else:
        print(row.text, end="" if row.text.endswith("\n") else "\n")


def history(after: int, limit: int, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        found = policies.history(session, after, limit)
    if as_json:
        for row in found:
            output.line(record(row))
        return
    table = output.table("number", "since", "by", "version", numbers=("number",))
    for row in found:
        since = f"{row.applied_at:%Y-%m-%d %H:%M}"
        table.add_row(str(row.number), since, row.applied_by, row.version)
    output.console().print(table)


def record(row: Applied) -> dict[str, Any]:
    return {
        "number": row.number, "version": row.version,
        "applied_at": row.applied_at.isoformat(), "applied_by": row.applied_by,
    }  # fmt: skip

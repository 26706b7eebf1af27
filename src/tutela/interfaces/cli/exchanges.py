"""`tutela exchange …`"""

from __future__ import annotations

import getpass
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tutela.errors import TutelaError
from tutela.exchanges import fetching, opinions, overview, secrets, service, telling
from tutela.exchanges import partners as installed
from tutela.exchanges.errors import ExchangeError, NotConfigured
from tutela.exchanges.models import Exchange
from tutela.exchanges.partners import Field
from tutela.interfaces import exchanges as acts
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened

LONGEST = 65_536
"""Bytes of a file of secrets that are read."""

WAITED = 600.0
"""Seconds for which `fetch` waits for a run of the worker to end."""


def add(name: str, partner: str, given: Sequence[str], every: int | None, *, as_json: bool) -> None:
    chosen = dict(map(_pair, given))
    with opened() as app, app.database.writing() as session:
        now = app.database.now()
        row = service.add(session, now, app.actor, name, partner, chosen, every)
        banks = [bank.name for _, bank in service.filled(session, row)]
        told = overview.told(row, now)
    if as_json:
        output.line(told | {"banks": banks})
        return
    does = f"It fills: {', '.join(banks)}." if banks else "It is asked about what is reviewed here."
    print(f"The exchange {name} is added. {does}")
    if told["state"] == "no secrets":
        verb = "asked" if told["advises"] else "fetched"
        print(f"Nothing is {verb} until you say how you sign in: tutela exchange secrets {name}")
    elif not told["advises"]:
        print(f"The worker fetches it now; to see it happen: tutela exchange fetch {name}")


def list_exchanges(after: str, limit: int, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        now = app.database.now()
        found = service.listed(session, after, limit + 1)
        rows = [overview.told(row, now) for row in found]
    if as_json:
        for row in rows[:limit]:
            output.line(row)
        return
    table = output.table(
        "exchange", "partner", "state", "complete", "next", "entries", "wrong", numbers=("entries",)
    )
    for row in rows[:limit]:
        table.add_row(
            row["name"], row["partner"], row["state"], row["complete_at"] or "never",
            row["due_at"] or "", f"{row['entries']:,}",
            output.printable((row["held"] or row["error"])[:80]),
        )  # fmt: skip
    output.console().print(table)
    if len(rows) > limit:
        output.complain(f"There are more: --after {rows[limit - 1]['name']}")


def show(name: str, before: int, limit: int, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        now = app.database.now()
        row = service.get(session, name)
        parts = overview.parts(session, row, app.bankable_types())
        runs = [overview.told_run(one) for one in service.runs(session, row, before, limit)]
        told = overview.told(row, now) | {
            "banks": [overview.told_part(one) for one in parts],
            "feedback": telling.counted(session, row), "opinions": opinions.counted(session, row),
            "runs": runs,
        }  # fmt: skip
    if as_json:
        output.line(told)
        return
    for label in ("partner", "state", "held", "error", "complete_at", "due_at", "entries",
                  "received", "rejected", "told"):  # fmt: skip
        if told[label] not in ("", None):
            print(f"{label.replace('_', ' '):12} {output.printable(str(told[label]))}")
    for field, text in told["config"].items():
        print(f"{output.printable(field):12} {output.printable(text)}")
    for word, count in told["opinions"].items():
        print(f"opinions     {word} {count:,}")
    for part in told["banks"]:
        print(
            f"bank {part['bank']} ({part['purpose']}): {part['signals']:,} signals, of which"
            f" {part['unmatched_share']:.1%} cannot be matched here"
        )
    _print_runs(runs)


def _print_runs(runs: list[dict[str, Any]]) -> None:
    table = output.table("run", "began", "outcome", "pages", "received", "added", "removed",
                         "rejected")  # fmt: skip
    for run in runs:
        table.add_row(
            str(run["number"]), run["started_at"], run["outcome"] or "runs, or was killed",
            *(f"{run[name]:,}" for name in ("pages", "received", "added", "removed", "rejected")),
        )  # fmt: skip
    output.console().print(table)
    for fault, count in (runs[0]["faults"] if runs else {}).items():
        print(f"rejected {count:,}: {output.printable(fault)}")


def set_secrets(name: str, file: Path | None, *, as_json: bool) -> None:
    with opened() as app:
        with app.database.reading() as session:
            row = service.get(session, name)
        wanted = [one for one in installed.named(row.partner).fields if one.kind == "secret"]
        if not wanted:
            raise NotConfigured(f"{row.partner} takes no secrets.", "Nothing is to be set.")
        given = _asked(name, wanted) if file is None else _from(file)
        sealing = app.exchanges_sealing()
        with app.database.writing() as session:
            row = service.get(session, name, lock=True)
            secrets.put(session, app.database.now(), app.actor, sealing, row, given)
    if as_json:
        output.line({"exchange": name, "set": True})
    elif row.advises:
        print(f"The secrets of {name} are set. They are tried with the first question.")
    else:
        print(f"The secrets of {name} are set. To try them: tutela exchange fetch {name}")


def fetch(name: str, *, anew: bool, as_json: bool) -> int:
    with opened() as app:
        with app.database.writing() as session:
            row = service.ask(session, app.database.now(), app.actor, name, anew=anew)
            number, last = row.id, service.runs(session, row, limit=1)
        seen = last[0].id if last else 0
        outcome = _until_it_ends(app.fetching(), number, app.actor)
        with app.database.reading() as session:
            row = session.get_one(Exchange, number)
            runs = [overview.told_run(one) for one in service.runs(session, row, limit=50)]
            told = overview.told(row, app.database.now())
        runs = [run for run in runs if run["number"] > seen]
    told |= {"outcome": outcome, "runs": runs}
    if as_json:
        output.line(told)
    else:
        total = {key: sum(run[key] for run in runs) for key in ("received", "added", "removed")}
        print(
            f"{name}: {outcome}. {total['received']:,} entries received,"
            f" {total['added']:,} signals added, {total['removed']:,} removed."
        )
        if outcome != "complete":
            print(output.printable(told["held"] or told["error"]))
    return 0 if outcome == "complete" else 1


def _until_it_ends(parts: fetching.Parts, number: int, actor: str) -> str:
    """Make runs until one ends the fetch, or the worker's has."""
    until = time.monotonic() + WAITED
    while True:
        outcome = fetching.fetch(parts, number, actor, at_once=True)
        if outcome not in (None, "more"):
            return str(outcome)
        if outcome == "more":
            continue
        with parts.database.reading() as session:
            row = session.get_one(Exchange, number)
            fetching.require_free(row)
            if row.began_at is None:
                return "complete"
        if time.monotonic() > until:
            raise ExchangeError(
                "Another run did not end in ten minutes.", "See: tutela exchange show"
            )
        time.sleep(1)


def pause(name: str, *, as_json: bool) -> None:
    with opened() as app, app.database.writing() as session:
        service.pause(session, app.database.now(), app.actor, name)
    _said(name, "paused", f"{name} is paused. What was fetched still matches.", as_json=as_json)


def resume(name: str, *, as_json: bool) -> None:
    with opened() as app, app.database.writing() as session:
        service.resume(session, app.database.now(), app.actor, name)
    _said(name, "resumed", f"{name} is fetched again.", as_json=as_json)


def release(name: str, key_file: Path | None, why: str, *, as_json: bool) -> None:
    with opened(key_file) as app:
        count = acts.release(app, app.caller, name, why)
    _said(name, "released", f"{count:,} deletions of {name} may pass.", as_json=as_json)


def leave(name: str, out: Path | None, key_file: Path | None, why: str, *, as_json: bool) -> None:
    path = out or Path(f"{name}-left.json")
    with opened(key_file) as app:
        if path.exists():
            raise TutelaError(f"{output.printable(path)} is there already.", "Choose another name.")
        if not os.access(path.parent, os.W_OK | os.X_OK):  # before the approval is used up
            raise TutelaError(f"{output.printable(path.parent)} is no folder to write to.")
        envelope, said = acts.leave(app, app.caller, name, why)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as opened_file:
            opened_file.write(envelope + b"\n")
    if as_json:
        output.line(said | {"statement": output.printable(path)})
        return
    for bank in said["banks"]:
        done = "deleted" if bank["deleted"] else "kept, and disabled: its licence says so"
        print(f"{bank['bank']}: {bank['signals']:,} signals {done}.")
    print(f"{name} is left; its secrets are wiped. The signed statement: {output.printable(path)}")


def partners(*, as_json: bool) -> None:
    for name in installed.installed():
        one = installed.named(name)
        if as_json:
            output.line({
                "partner": name, "title": one.title, "feedback": one.feedback,
                "every": int(one.every.total_seconds()),
                "roles": {role.name: str(role.purpose) for role in one.roles},
                "fields": [
                    {"name": f.name, "what": f.what, "kind": f.kind, "required": f.required,
                     "default": f.default, "choices": list(f.choices)} for f in one.fields
                ],
            })  # fmt: skip
            continue
        print(f"{name}: {one.title}")
        for field in one.fields:
            need = "" if field.required and not field.default else " (optional)"
            print(f"  {field.name}{need}: {field.what} {' | '.join(field.choices)}".rstrip())


def told(name: str, before: int, limit: int, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        row = service.get(session, name)
        rows = [overview.told_feedback(one) for one in telling.listed(session, row, before, limit)]
    table = output.table("number", "entry", "type", "opinion", "state", "at", "due", "error")
    for one in rows:
        if as_json:
            output.line(one)
            continue
        table.add_row(
            str(one["number"]), output.printable(one["key"]), one["type"], one["opinion"],
            one["state"], one["at"], one["due_at"], output.printable(one["error"]),
        )  # fmt: skip
    if not as_json:
        output.console().print(table)


def _said(name: str, word: str, text: str, *, as_json: bool) -> None:
    if as_json:
        output.line({"exchange": name, word: True})
    else:
        print(text)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise NotConfigured("--set is not FIELD=VALUE.", "See: tutela exchange partners")
    return name.strip(), value.strip()


def _asked(name: str, wanted: Sequence[Field]) -> dict[str, str]:
    """From the terminal, where they are not shown."""
    if not sys.stdin.isatty():
        raise TutelaError("There is no terminal to ask for secrets.", "Give them with --file -")
    return {one.name: getpass.getpass(f"{name}: {one.name} ({one.what}): ") for one in wanted}


def _from(file: Path) -> dict[str, str]:
    shown = output.printable(file)
    try:
        if str(file) == "-":
            text = sys.stdin.buffer.read(LONGEST)
        else:
            with file.open("rb") as opened_file:
                text = opened_file.read(LONGEST)
        given = json.loads(text)
    except (OSError, ValueError, RecursionError):
        raise TutelaError(f"{shown} cannot be read as JSON.", 'Write {"FIELD": "…"}.') from None
    if not isinstance(given, dict) or not all(isinstance(one, str) for one in given.values()):
        raise TutelaError(f"{shown} is no JSON object of texts.", 'Write {"FIELD": "…"}.')
    return given

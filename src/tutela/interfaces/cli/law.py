"""`tutela pack …`"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from tutela import packs
from tutela.cases import service as cases
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.law import library, service, signing
from tutela.packs import Pack, Rule
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Permission


def list_packs(*, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        found, signed = library.library(app.settings.law), signing.signatures(session)
    used = app.settings.law.packs
    if not as_json:
        table = output.table(
            "pack", "title", "version", "status", "reviewed", "in use", "rules", "to be signed",
            numbers=("rules", "to be signed"),
        )  # fmt: skip
        for name, one in found.packs.items():
            table.add_row(
                name, Text(output.printable(one.title)), Text(output.printable(one.version)),
                str(one.status), f"{one.reviewed}", "yes" if name in used else "",
                str(len(one.rules)), str(_waiting(one, signed)) if not one.is_draft else "",
            )  # fmt: skip
        output.console().print(table)
    else:
        for name, one in found.packs.items():
            output.line(_of_pack(one, used=name in used, signed=signed))
    for fault in found.faults:
        output.complain(output.printable(fault))


def show(name: str, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        one = library.library(app.settings.law).named(name)
        signed = signing.signatures(session)
        used = name in app.settings.law.packs
    if as_json:
        rules = [_of_rule(rule, signed) for rule in one.rules]
        output.line({**_of_pack(one, used=used, signed=signed), "rules": rules})
        return
    state = "in use" if used else "not in use"
    print(f"{one.name} {one.version}: {one.title}. {one.status}, reviewed {one.reviewed}, {state}.")
    for rule in one.rules:
        print(f"\n{rule.pack}/{rule.id} ({rule.kind})")
        print(f"  {rule.why}")
        print(f"  {rule.source}")
        by = signed.get(rule.digest)
        known = "Verified." if rule.verified else f"NOT VERIFIED: {rule.marker.words}."
        print(f"  {known}{f' Signed by {by}.' if by else ''} Reviewed {rule.reviewed}.")
        for note in rule.notes:
            print(f"  {note}")


def check(file: Path, *, as_json: bool) -> None:
    found = library.check(file)
    if as_json:
        output.line({"file": output.printable(file), "pack": found.name, "rules": len(found.rules)})
    else:
        print(f"{output.printable(file)}: the pack {found.name} has {len(found.rules)} rules.")


def explain(case_id: str, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        if not app.caller.may(Permission.REPORTS):
            raise NotPermitted(app.caller, Permission.REPORTS)
        case = cases.found(session, app.caller, case_id)
        found = service.outcome(session, case, app.database.now())
        due = case.due_at
    if as_json:
        due_at = due.isoformat() if due else None
        output.line({"case": case_id, "due_at": due_at, **_plain(asdict(found))})
        return
    for line in packs.explain(found):
        print(line)
    if due:
        print(f"The case is due at {due:%Y-%m-%d %H:%M} UTC.")


def sign(pack: str, rule: str, why: str, key_file: Path | None, *, as_json: bool) -> None:
    with opened(key_file) as app, app.database.writing() as session:
        made = signing.sign(session, app.database.now(), app.caller, pack, rule, why)
        record = {
            "pack": made.pack, "rule": made.rule, "digest": made.digest, "by": made.by,
            "at": made.at.isoformat(),
        }  # fmt: skip
    if as_json:
        output.line(record)
    else:
        print(f"{record['by']} signed {record['pack']}/{record['rule']}, {record['digest']}.")


def withdraw(pack: str, rule: str, key_file: Path | None, *, as_json: bool) -> None:
    with opened(key_file) as app, app.database.writing() as session:
        count = signing.withdraw(session, app.database.now(), app.caller, pack, rule)
    if as_json:
        output.line({"pack": pack, "rule": rule, "withdrawn": count})
    else:
        print(f"Nobody stands by {pack}/{rule} any more: production waits until someone signs it.")


def review(pack: str, what: str, why: str, key_file: Path | None, *, as_json: bool) -> None:
    with opened(key_file) as app, app.database.writing() as session:
        made = signing.review(session, app.database.now(), app.caller, pack, what, why)
        on = made.on
    if as_json:
        output.line({"pack": pack, "of": what, "on": on.isoformat()})
    else:
        print(f"It is recorded that {what} was reviewed on {on}.")


def _waiting(pack: Pack, signed: dict[str, str]) -> int:
    return sum(not one.verified and not signed.get(one.digest) for one in pack.rules)


def _of_pack(one: Pack, *, used: bool, signed: dict[str, str]) -> dict[str, Any]:
    return {
        "pack": one.name, "title": one.title, "version": one.version, "status": str(one.status),
        "from": one.from_.isoformat(), "until": one.until.isoformat() if one.until else None,
        "reviewed": one.reviewed.isoformat(), "in_use": used, "rules": len(one.rules),
        "unsigned": 0 if one.is_draft else _waiting(one, signed),
    }  # fmt: skip


def _of_rule(rule: Rule, signed: dict[str, str]) -> dict[str, Any]:
    return {
        "pack": rule.pack, "rule": rule.id, "kind": rule.kind, "why": rule.why,
        "source": rule.source, "marker": str(rule.marker), "verified": rule.verified,
        "reviewed": rule.reviewed.isoformat(), "digest": rule.digest,
        "signed_by": signed.get(rule.digest), "notes": list(rule.notes),
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date | datetime) else value

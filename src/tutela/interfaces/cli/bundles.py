"""`tutela evidence bundle`, `tutela evidence verify`, `tutela receiver …`"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from tutela import audit
from tutela.app import App
from tutela.bundles import categories, extracting, making, receivers, verifying
from tutela.bundles.categories import Table
from tutela.bundles.collecting import Contents, collect
from tutela.bundles.lawful import Granted, may_have_files
from tutela.bundles.making import Place
from tutela.bundles.receivers import Receiver
from tutela.cases.models import Case
from tutela.decisions import grades
from tutela.errors import TutelaError
from tutela.evidence import client, identities
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.law import service as law
from tutela.people.permissions import Permission
from tutela.signatures import PublicKey

BROKEN = 3
LARGEST = 1 << 20
"""Bytes of a table: pages of text."""


def make(
    subject: str,
    to: str,
    out: Path,
    reason: str,
    table: Path | None,
    key_file: Path | None,
    *,
    with_files: bool,
    as_json: bool,
) -> None:
    if out.exists():
        raise TutelaError(f"{output.printable(out)} is there already.", "Choose another name.")
    chosen = None if table is None else categories.read(_text(table), _facts())
    with opened(key_file) as app:
        made = _made(app, subject, to, out, reason, chosen, with_files=with_files)
    if as_json:
        output.line({"bundle": str(out), "subject": subject, "to": to} | asdict(made))
        return
    print(
        f"{output.printable(out)}: {made.size:,} bytes, sealed for {to}, {made.files:,} files told"
        f" of, {made.enclosed:,} enclosed, {made.entries:,} entries of the log."
    )
    print(f"SHA-256 {made.digest}, signed with the key {made.signer}: tell them both another way.")
    if made.without_md5:
        output.complain(
            f"{made.without_md5:,} files have no MD5, which VICS wants: case.json alone has them."
        )


def verify(
    file: Path, identity: Path | None, key: Path | None, into: Path | None, *, as_json: bool
) -> int:
    """Gives 3 if anything is not as it was made; then nothing is taken out."""
    held = None if identity is None else identities.read(identity)
    found = verifying.verify(file, held, None if key is None else PublicKey.load(key))
    size = None if into is None or found.faults else extracting.extract(file, into, found, held)
    if as_json:
        output.line({
            "whole": not found.faults, "faults": list(found.faults), "parts": found.parts,
            "entries": found.entries, "signer": found.signer, "trusted": found.trusted,
            "said": found.said, "extracted": None if size is None else str(into),
        })  # fmt: skip
        return BROKEN if found.faults else 0
    for fault in found.faults:
        output.complain(output.printable(fault))
    if found.faults:
        return BROKEN
    said = found.said
    print(
        f"Whole: {found.parts} parts about {output.printable(said['report'] or said['case'])},"
        f" made at {said['made_at']} for {output.printable(said['receiver']['name'])};"
        f" {found.entries:,} entries are in the log of {said['checkpoint']['entries']:,}."
    )
    print(f"Signed with the key {found.signer}.")
    if not found.trusted:
        output.complain("Whose key that is the bundle cannot prove: compare it, or give --key.")
    if into is not None:
        print(f"{size:,} bytes lie open in {output.printable(into)}, readable by you alone.")
    return 0


def list_receivers(*, as_json: bool) -> None:
    with opened() as app:
        found = receivers.listed(app.data)
        today = app.database.now().date()
    if as_json:
        for one in found:
            output.line(asdict(one) | {"expired": one.is_expired(today)})
        return
    table = output.table("receiver", "country", "authority", "key", "good until", "note")
    for one in found:
        until = one.expires + (", expired" if one.is_expired(today) else "")
        note = output.printable(one.note)
        table.add_row(one.name, one.country, one.authority, one.recipient, until, note)
    output.console().print(table)


def add_receiver(
    name: str, recipient: str, expires: str, country: str, authority: str, note: str
) -> None:
    with opened() as app:
        now = app.database.now()
        new = receivers.checked(
            Receiver(name, recipient, expires, country, authority, note), now.date()
        )
        if any(one.name == name for one in receivers.listed(app.data)):
            raise TutelaError(f"There is a receiver {name} already.", "Remove it before.")
        with app.database.writing() as session:  # logged before: none may be there unlogged
            audit.append(
                session, now, app.actor, "receiver.add", name, recipient=new.recipient,
                expires=new.expires, country=country, authority=authority,
            )  # fmt: skip
        receivers.add(app.data, new)
    print(f"Added: compare the key with what {name} told you by another way, by voice if you can.")


def remove_receiver(name: str) -> None:
    with opened() as app:
        found = receivers.remove(app.data, name)
        with app.database.writing() as session:
            audit.append(
                session, app.database.now(), app.actor, "receiver.remove", name,
                recipient=found.recipient,
            )  # fmt: skip
    print(f"{name} is taken off.")


def _made(
    app: App,
    subject: str,
    to: str,
    out: Path,
    reason: str,
    table: Table | None,
    *,
    with_files: bool,
) -> making.Made:
    today = app.database.now().date()
    receiver = receivers.named(app.data, to, today)
    granted = None
    with app.database.reading() as session:
        contents = collect(session, app.caller, subject)
        if with_files:
            case = session.get_one(Case, contents.case)
            granted = may_have_files(
                receiver.authority, law.outcome(session, case, app.database.now())
            )
    place = Place(app.checkpoints, app.audit_key, app.vault_socket)
    if granted is None:
        with app.database.writing() as session:
            making.begin(session, app.database, app.caller, contents, receiver, reason)
    else:
        client.ping(app.vault_socket)
        _agreed(app, contents, receiver, reason, granted)
    return making.make(
        app.database, app.caller, place, contents, receiver, out, reason, granted, table
    )


def _agreed(
    app: App, contents: Contents, receiver: Receiver, reason: str, granted: Granted
) -> None:
    """That files go takes two people. Raises `SecondPersonNeeded`."""
    app.with_two(
        app.caller, Permission.EXPORT, making.FILES, contents.subject,
        making.approved_facts(contents, receiver, granted),
        lambda session, _: making.begin(
            session, app.database, app.caller, contents, receiver, reason, granted
        ),
        why=reason,
    )  # fmt: skip


def _facts() -> dict[str, tuple[str, ...]]:
    return {one.code: one.values for one in grades.facts().asked}


def _text(file: Path) -> bytes:
    try:
        with file.open("rb") as text:
            return text.read(LARGEST)
    except OSError as error:
        raise TutelaError(f"{output.printable(file)} cannot be read: {error.strerror}.") from None

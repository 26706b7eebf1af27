"""`tutela audit …`"""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from tutela.audit import verification
from tutela.audit.service import entries
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.signatures import PublicKey


def verify(public_key: Path | None, folder: Path | None, *, as_json: bool) -> int:
    with opened() as app:
        key = PublicKey.load(public_key) if public_key else app.public_key()
        found = verification.verify(app.database, folder or app.checkpoints, key)
    if as_json:
        output.line({
            "ok": not found.faults, "entries": found.entries, "root": found.root.hex(),
            "checkpoints": found.checkpoints, "signed": found.signed, "faults": found.faults,
        })  # fmt: skip
    else:
        for fault in found.faults:
            output.complain(fault)
        if found.faults:
            print("The audit log is not what was logged.")
        else:
            print(
                f"The audit log is whole: {found.entries:,} entries, {found.signed:,} of them"
                f" under {found.checkpoints:,} signed checkpoints.\nroot {found.root.hex()}"
            )
    return 3 if found.faults else 0


def show(after: int, limit: int, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        found = list(entries(session, after, limit))
    if as_json:
        for entry in found:
            output.line({
                "number": entry.number, "at": entry.at, "actor": entry.actor,
                "action": entry.action, "subject": entry.subject, "facts": entry.facts,
                "hash": entry.hash.hex(),
            })  # fmt: skip
        return
    table = output.table("number", "at", "actor", "action", "subject", "facts", numbers=("number",))
    for entry in found:
        row = (entry.at[:19], entry.actor, entry.action, entry.subject, entry.facts)
        table.add_row(str(entry.number), *(Text(output.printable(text)) for text in row))
    output.console().print(table)


def checkpoint() -> None:
    with opened() as app:
        path = app.sign_log()
    print(f"Signed: {path}" if path else "The log has not grown since its last checkpoint.")

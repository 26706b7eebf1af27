"""`tutela key …`"""

from __future__ import annotations

from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.people import keys


def create(name: str, scopes: list[str], rate: int | None) -> None:
    with opened() as app, app.database.writing() as session:
        _, made = keys.create(session, app.database.now(), app.caller, name, scopes, rate)
    output.complain(f"the key {name}, shown this once:")
    print(made)


def list_keys(after: str, limit: int, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        found = keys.listed(session, after, limit)
    if as_json:
        for key in found:
            output.line({
                "key": key.name, "scopes": key.scopes.split(), "rate": key.rate,
                "made_by": key.made_by or None,
                "created_at": key.created_at.isoformat(),
                "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
            })  # fmt: skip
        return
    table = output.table("key", "scopes", "made by", "made", "revoked")
    for key in found:
        revoked = f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else ""
        table.add_row(
            key.name, key.scopes, key.made_by, f"{key.created_at:%Y-%m-%d %H:%M}", revoked
        )
    output.console().print(table)


def revoke(name: str) -> None:
    with opened() as app, app.database.writing() as session:
        keys.revoke(session, app.database.now(), app.actor, name)
    print(f"The key {name} opens nothing any more.")

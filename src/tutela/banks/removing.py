"""Takes a value out of a bank, whoever gave it."""

from __future__ import annotations

from tutela.banks import changes, known_contents, service
from tutela.banks.errors import BankError
from tutela.banks.search import owners
from tutela.banks.values import bankable, keyer_of, packed
from tutela.storage import Database

PAGE = 1000
"""Owners of the value in one transaction."""


def remove_value(database: Database, actor: str, name: str, type_name: str, value: str) -> int:
    """Remove all signals of a value from a bank; says how many. Raises `BankError` or
    `SignalError`."""
    kind = bankable(type_name)
    stored = packed(kind, value, keyer_of(database))
    removed = 0
    while True:
        with database.writing() as session:
            bank = service.fillable(session, name)
            page = owners(session, type=kind.name, value=stored, bank=bank, limit=PAGE)
            numbers = [owner.number for owner in page]
            changes.remove(session, database.now(), actor, bank.id, numbers)
            aside = len(page) < PAGE and known_contents.forget_value(
                session, database.now(), actor, bank, kind.name, stored
            )
        removed += len(page) + aside
        if len(page) < PAGE:
            break
    if not removed:
        raise BankError(f"The bank {name} has no such {kind.name} value.")
    return removed

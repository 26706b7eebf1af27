"""Writes a bank to a file that leaves this installation, if its licence lets it."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from tutela import audit
from tutela.banks import roots, service
from tutela.banks.errors import BankError, NotAllowed
from tutela.banks.models import Bank
from tutela.banks.search import Owner, owners
from tutela.storage import Database, Session

COLUMNS = (
    "type", "value", "quality", "labels", "source", "member", "external_id", "hashed_by",
    "first_seen", "last_seen",
)  # fmt: skip
"""The columns of an export: an import reads the same without a map."""

PAGE = 5000


def require(bank: Bank) -> None:
    """Raises `NotAllowed` unless the licence lets the bank be exported."""
    if not bank.may_export:
        raise NotAllowed(
            f"The licence of the bank {bank.name} does not let it be exported.",
            "Ask its source, then: tutela bank change --may-export",
        )


def log(session: Session, now: datetime, actor: str, name: str) -> Bank:
    """Write down that a bank leaves, before it does. Raises `BankError`."""
    bank = service.get(session, name)
    require(bank)
    audit.append(
        session, now, actor, "bank.export", f"bank:{name}", version=bank.version,
        root=roots.root(bank.state), signals=bank.signals,
    )  # fmt: skip
    return bank


def write(
    database: Database, bank: Bank, path: Path, tell: Callable[[int], None] = lambda _: None
) -> int:
    """Write a bank as CSV in UTF-8; gives how many signals that were.

    The file is new, readable by its owner only, and appears when it is whole. Raises `BankError`
    if it is there already, OSError if it cannot be written.
    """
    if path.exists():
        raise BankError(f"{path} is there already.", "Choose another name.")
    handle, temporary = tempfile.mkstemp(".tmp", f".{path.name}-", path.parent)
    try:
        count = 0
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for page in pages(database, bank):
                writer.writerows(row(owner) for owner in page)
                count += len(page)
                tell(count)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # never over a file that came meanwhile
    finally:
        os.unlink(temporary)  # noqa: PTH108 - a text from mkstemp
    return count


def pages(database: Database, bank: Bank) -> Iterator[list[Owner]]:
    """All signals of a bank in one state of the database."""
    with database.reading() as session:
        after = 0
        while page := owners(session, bank=bank, after=after, limit=PAGE):
            yield page
            session.expunge_all()
            after = page[-1].number


def row(owner: Owner) -> tuple[object, ...]:
    """A line of the file."""
    return (
        owner.type, owner.value, "" if owner.quality is None else owner.quality,
        " ".join(owner.labels), owner.source, owner.member, owner.external_id, owner.hashed_by,
        owner.first_seen.isoformat(), owner.last_seen.isoformat(),
    )  # fmt: skip

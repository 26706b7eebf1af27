"""Writes a bank to a file that leaves this installation, if its licence lets it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from tutela import audit
from tutela.banks import roots, service
from tutela.banks.errors import BankError, NotAllowed
from tutela.banks.export_formats import COLUMNS, Csv, Format, row
from tutela.banks.models import Bank
from tutela.banks.search import Owner, owners
from tutela.storage import Database, Session

__all__ = ["COLUMNS", "log", "pages", "require", "row", "write"]
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
    database: Database,
    bank: Bank,
    path: Path,
    tell: Callable[[int], None] = lambda _: None,
    form: Format | None = None,
) -> int:
    """Write a bank in UTF-8, as CSV unless another form is given; gives how many signals that
    were, less those that the form cannot say.

    The file is new, readable by its owner only, and appears when it is whole. Raises `BankError`
    if it is there already, OSError if it cannot be written.
    """
    form = form or Csv()
    if path.exists():
        raise BankError(f"{path} is there already.", "Choose another name.")
    handle, temporary = tempfile.mkstemp(".tmp", f".{path.name}-", path.parent)
    try:
        count = 0
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(form.begin(bank, database.now()))
            for page in pages(database, bank):
                file.write(form.rows(page))
                count += len(page)
                tell(count)
            file.write(form.end())
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # never over a file that came meanwhile
    finally:
        os.unlink(temporary)  # noqa: PTH108 - a text from mkstemp
    return count - form.left_out


def pages(database: Database, bank: Bank) -> Iterator[list[Owner]]:
    """All signals of a bank in one state of the database. Those that nobody checked, or that their
    owners say do not belong there, stay: in a file they would read as others."""
    with database.reading() as session:
        after = 0
        while page := owners(session, bank=bank, after=after, limit=PAGE, only_positive=True):
            yield page
            session.expunge_all()
            after = page[-1].number

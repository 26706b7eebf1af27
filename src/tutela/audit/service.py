"""Appends to the log, in the transaction of the act itself.

An entry's hash is the RFC 6962 leaf hash of its canonical JSON (RFC 8785), in which the hash of the
entry before it stands: the log is a chain for who reads it in order, a tree for who holds a root.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import rfc8785
from sqlalchemy import select

from tutela.audit import tree
from tutela.audit.models import Entry, Head
from tutela.storage import Session

DIGEST = 32
PAGE = 5000
"""Entries read at a time by who reads all."""

Fact = str | int | float | bool | None


def append(
    session: Session, at: datetime, actor: str, action: str, subject: str, **facts: Fact
) -> int:
    """Append an act, committed with the session; gives its number.

    `actor` is `key:NAME` or `shell:USER`, `action` is `noun.verb`, `subject` says what it was done
    to. Facts never hold content of a file or the value of a signal. Others who append wait until
    the session ends: append last.
    """
    head = session.execute(select(Head).with_for_update()).scalar_one()
    entry = Entry(
        number=head.number + 1,
        at=at.isoformat(timespec="microseconds"),
        actor=actor,
        action=action,
        subject=subject,
        facts=rfc8785.dumps(facts).decode(),
    )
    entry.hash = tree.leaf(canonical(entry, head.hash))
    head.frontier = b"".join(tree.grown(nodes(head), head.number, entry.hash))
    head.number, head.hash = entry.number, entry.hash
    session.add(entry)
    session.flush()
    return entry.number


def canonical(entry: Entry, previous: bytes) -> bytes:
    """What of an entry is hashed."""
    return rfc8785.dumps({
        "number": entry.number, "at": entry.at, "actor": entry.actor, "action": entry.action,
        "subject": entry.subject, "facts": entry.facts, "previous": previous.hex(),
    })  # fmt: skip


def nodes(head: Head) -> list[bytes]:
    """The frontier that a head holds."""
    data = head.frontier
    return [data[at : at + DIGEST] for at in range(0, len(data), DIGEST)]


def entries(session: Session, after: int = 0, limit: int | None = None) -> Iterator[Entry]:
    """Entries in order, from the one after a number."""
    left = limit
    while left is None or left > 0:
        count = PAGE if left is None else min(PAGE, left)
        page = session.scalars(
            select(Entry).where(Entry.number > after).order_by(Entry.number).limit(count)
        ).all()
        yield from page
        if len(page) < count:
            return
        after = page[-1].number
        session.expunge_all()
        if left is not None:
            left -= count

"""Checks the log against itself and against its checkpoints: what was changed, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from tutela.audit import checkpoints, tree
from tutela.audit.checkpoints import Checkpoint
from tutela.audit.models import Entry, Head
from tutela.audit.service import canonical, entries, nodes
from tutela.signatures import PublicKey
from tutela.storage import Database, Session

MOST_FAULTS = 100
"""Faults that are told: after so many the rest says nothing new."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of the log found. `faults` are sentences; none means that all is well."""

    entries: int
    root: bytes
    checkpoints: int
    signed: int
    """Entries that the last checkpoint covers: later ones rest on the database alone."""
    faults: tuple[str, ...]


STEP = 1000
"""Entries after which who waits is told how many were read."""


def verify(
    database: Database,
    folder: Path,
    key: PublicKey,
    told: Callable[[int], None] = lambda _: None,
) -> Verified:
    """Read the whole log and all checkpoints, about 50 000 entries a second; `told` is called now
    and then with how many were read."""
    signed, faults = checkpoints.read(folder, key)
    with database.reading() as session:
        walk = _Walk({checkpoint.entries: checkpoint for checkpoint in signed})
        for entry in entries(session):
            faults += walk.step(entry)
            if walk.count % STEP == 0:
                told(walk.count)
            if len(faults) > MOST_FAULTS:
                break
        else:
            faults += walk.end(session)
    last = max(walk.signed, default=0)
    return Verified(walk.count, tree.root(walk.frontier), len(signed), last, tuple(faults))


class _Walk:
    """Follows the chain, and keeps the tree of what it read."""

    def __init__(self, signed: dict[int, Checkpoint]) -> None:
        self.signed = signed
        self.count = 0
        self.frontier: list[bytes] = []
        self._previous = tree.EMPTY
        self._next = 1
        self._agreed = 0
        """Entries of the last checkpoint that agreed."""
        self._differs = False

    def step(self, entry: Entry) -> Iterator[str]:
        if entry.number != self._next:
            yield f"{entries_text(self._next, entry.number - 1)} missing."
        expected = tree.leaf(canonical(entry, self._previous))
        if entry.number == self._next and expected != entry.hash:
            yield f"Entry {entry.number} was changed, or the one before it was replaced."
        self.frontier = tree.grown(self.frontier, self.count, entry.hash)
        self.count += 1
        self._previous, self._next = entry.hash, entry.number + 1
        checkpoint = self.signed.get(entry.number)
        if checkpoint is not None and not self._differs:
            if self.count == entry.number and tree.root(self.frontier) == checkpoint.root:
                self._agreed = entry.number
            else:
                self._differs = True
                where = entries_text(self._agreed + 1, entry.number)
                yield f"{where} not what was signed in {checkpoint.path.name}."

    def end(self, session: Session) -> Iterator[str]:
        head = session.execute(select(Head)).scalar_one_or_none()
        last = max(self.signed, default=0)
        if last >= self._next:
            yield f"{entries_text(self._next, last)} missing: the end was cut off."
        elif head is not None and head.number >= self._next:
            yield f"{entries_text(self._next, head.number)} missing: the end was cut off."
        if head is None:
            yield "The head of the log is missing."
        elif head.number < self._next - 1:
            yield f"The head of the log was set back to entry {head.number}."
        elif (head.number, head.hash) == (self._next - 1, self._previous):
            if nodes(head) != self.frontier and not self._differs:
                yield "The tree that the head holds is not that of the entries."
        elif head.number == self._next - 1:
            yield "The head of the log does not follow from its entries."


def entries_text(first: int, last: int) -> str:
    return f"Entry {first} is" if first == last else f"Entries {first} to {last} are"

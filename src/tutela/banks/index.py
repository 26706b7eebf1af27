"""The index of one set of values: a file that all processes of a host map, and what changed since
in the memory of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, select

from tutela.banks.delta import Delta, hits_in
from tutela.banks.errors import BuilderBusy, Damaged, IndexNotReady
from tutela.banks.index_files import IndexFiles
from tutela.banks.models import BankedSignal, Clock
from tutela.banks.segment_files import OpenSegment
from tutela.matching.layouts import Layout
from tutela.matching.ordered import entries_of, places_of
from tutela.storage import Database, Session

COMPACTED = 50_000
"""Changes kept in memory before the file is made anew: by then they cost as much as the search."""

SHARE = 20
"""Nor is a file made anew before its 20th part has changed: making it takes 1 s a million."""

COMPARED = 1000
LOOKED_BACK = 100_000
"""The last signals looked for in a file before it is believed, and among how many changes."""

Bytes = NDArray[np.uint8]
Found = tuple[int, bytes, int]
"""Query number, value and distance."""

Change = tuple[int, str, bytes, int]
"""Number, type, value, and the bank that added it."""


@dataclass(frozen=True, slots=True)
class View:
    """What one search sees: it never changes while it is searched."""

    opened: OpenSegment | None
    delta: Delta


class TypeIndex:
    """The index of one set of values: all of a signal type, or those of certain banks."""

    def __init__(
        self, folder: Path, kind: str, layout: Layout, banks: tuple[int, ...] | None = None
    ) -> None:
        self.kind = kind
        self.layout = layout
        self.banks = banks
        self.files = IndexFiles(folder, layout)
        self.view: View | None = None
        self.trouble = "it was not opened yet"

    def search(self, queries: Bytes, distance: int) -> list[Found]:
        """Every pair within `distance`, each once. Raises `IndexNotReady`."""
        view = self.view
        if view is None:
            raise IndexNotReady(
                f"The index of {self.kind} is not ready: {self.trouble.rstrip('.')}.",
                "Try again soon.",
            )
        found = view.delta.search(queries, distance)
        if view.opened is not None:
            found += hits_in(view.opened.segment, queries, distance)
        return list(dict.fromkeys(found))

    def holds(self, change: Change) -> bool:
        """Whether a change concerns these values."""
        return change[1] == self.kind and (self.banks is None or change[3] in self.banks)

    @property
    def through(self) -> int:
        return self.view.delta.through if self.view else 0

    def open(self, session: Session, now: int) -> bool:
        """Map the file that is there, if it is of this database and whole; says whether."""
        try:
            opened = self.files.open()
        except Damaged as error:
            self.trouble = error.what
            return False
        if opened is None:
            if self._empty(session):
                self.view = View(None, Delta.empty(self.layout, now))
                return True
            self.trouble = "its file is being built"
            return False
        if opened.through > now:
            self.trouble = "its file is of a later state of the database"
            return False
        if not self._same_history(session, opened):
            self.trouble = "its file is of a state that the database no longer has"
            return False
        self.view = View(opened, Delta.empty(self.layout, opened.through))
        return True

    def build(self, database: Database) -> None:
        """Make the file from the database. Raises `BuilderBusy`, `IndexFileError`, or
        `StorageError`."""
        with database.reading() as session:
            through = session.scalar(select(Clock.number)) or 0
            self.files.build(self._values(session), through)

    def compact(self) -> bool:
        """Make the file anew if enough has changed, unless another process does; says whether."""
        view = self.view
        if view is None or not due(view):
            return False
        added, removed = view.delta.to_merge()
        try:
            self.files.merge(view.opened, added, removed, view.delta.through)
        except BuilderBusy:
            return False
        return True

    def reopen(self) -> None:
        """Take the file that another builder left. Raises `Damaged` or `IndexFileError`."""
        view = self.view
        if view is None or not self.files.changed(view.opened):
            return
        opened = self.files.open()
        if opened is None:
            self.view = None
            return
        if opened.through > view.delta.through:
            return  # first read what it holds: nothing between the two may be missed
        self.view = View(opened, view.delta.since(opened.through))

    def read(self, through: int, added: Iterable[Change], removed: Iterable[Change]) -> None:
        """Take changes up to `through`, all later than those known."""
        view = self.view
        if view is None:
            return
        known = view.delta.through
        delta = view.delta.after(
            max(through, known),
            [(c[0], c[2]) for c in added if c[0] > known and self.holds(c)],
            [(c[0], c[2]) for c in removed if c[0] > known and c[1] == self.kind],
        )
        self.view = View(view.opened, delta)

    def _rows(self) -> Select[bytes]:
        query = select(BankedSignal.value).where(BankedSignal.type == self.kind)
        if self.banks is not None:
            query = query.where(BankedSignal.bank_id.in_(self.banks))
        return query

    def _same_history(self, session: Session, opened: OpenSegment) -> bool:
        """Whether a file holds what the database says was there by its last change: not so after a
        backup was restored and other changes got the same numbers."""
        last = session.scalars(
            self._rows()
            .where(BankedSignal.id.between(opened.through - LOOKED_BACK, opened.through))
            .order_by(BankedSignal.id.desc())
            .limit(COMPARED)
        ).all()
        if not last:
            return True
        asked = entries_of(np.frombuffer(b"".join(last), np.uint8), self.layout.width)
        known = entries_of(opened.segment.hashes, self.layout.width)
        return bool((places_of(asked, known) >= 0).all())

    def _empty(self, session: Session) -> bool:
        return session.scalar(self._rows().limit(1)) is None

    def _values(self, session: Session) -> Iterator[Bytes]:
        rows = session.scalars(self._rows().execution_options(yield_per=65_536))
        part: Sequence[bytes]
        for part in rows.partitions():
            yield np.frombuffer(b"".join(part), np.uint8).reshape(-1, self.layout.width)


def due(view: View) -> bool:
    """Whether the file should be made anew."""
    count = view.opened.count if view.opened else 0
    return len(view.delta) > max(COMPACTED, count // SHARE)

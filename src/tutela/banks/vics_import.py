"""Reads a VICS hash set into a bank: streamed, counted, and resumed where it ended.

A window of signals is sorted and stored in pieces, of which each is a transaction. A file of JSON
cannot be entered in its midst. So who goes on reads it from its start again, some 50 MB a second,
up to the end of the window that was being stored, sees by the digest of the bytes before that it is
the same file, and stores the pieces that are not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from tutela.banks.errors import BankError
from tutela.banks.importing import Importer, Opened, Progress, _Rejects
from tutela.banks.lists import ListFormat, Rejected
from tutela.banks.models import Import
from tutela.banks.vics import MediaReader, Records
from tutela.banks.window import Window
from tutela.storage import Database


@dataclass(frozen=True, slots=True)
class _Into:
    """What an import reads, and where it goes."""

    number: int
    records: Records
    rejects: _Rejects
    tell: Callable[[Progress], None]


class VicsImporter(Importer):
    """One import of one hash set into one bank."""

    def __init__(
        self,
        database: Database,
        actor: str,
        bank: str,
        categories: Mapping[int, str],
        *,
        seeded_from: str | None = None,
        chunk: int = 10_000,
        window: int = 800_000,
        **fixed: str,
    ) -> None:
        """`categories`: the numbers that are taken, each with its label; `fixed`: fields that all
        records share; `window`: signals that are sorted before they are stored, or records that
        are read for them. Raises `BankError` if the bank does not take this list."""
        columns = {str(number): label for number, label in sorted(categories.items())}
        given = {name: text for name, text in fixed.items() if text}
        super().__init__(
            database, actor, bank, ListFormat("vics", columns, "", given),
            seeded_from=seeded_from, chunk=chunk,
        )  # fmt: skip
        self.window = window
        self.media = MediaReader(
            categories, member=given.get("member", ""), hashed_by=given.get("hashed_by", ""),
            source=given.get("source", ""), fixed=given.get("labels", ""),
        )  # fmt: skip

    def run(
        self,
        stream: BinaryIO,
        rejects: Path,
        tell: Callable[[Progress], None] = lambda _: None,
        decided: Callable[[], None] = lambda: None,
    ) -> Progress:
        """As that of other lists; `rejects` has numbers of records, and why, but not what they
        say. Raises as that does, and `ListRefused` where the file breaks off: what was
        stored before stays."""
        row = self._interrupted()
        records = Records(stream)
        done, window, held = Progress(), self._window(), 0
        if row is not None:
            window, held = self._read_again(records, row), row.window_stored
            reached = records.count, records.offset, records.mark()
            if reached == (row.line, row.offset, row.digest):
                done = Progress(row.offset, row.line, row.added, row.known, row.rejected, True)
            elif not stream.seekable():
                raise BankError(
                    f"An import into {self.bank} was interrupted, and this is another file.",
                    "Import it from a file on a disk.",
                )
            else:
                row, window, held = None, self._window(), 0
                stream.seek(0)
                records = Records(stream)
                self.media.left_out.clear()
                self.media.faults.clear()
        rejected = _Rejects(rejects, row.rejects_size if row else 0)
        try:
            number = row.id if row else self._begin(done, records)
            decided()
            into = _Into(number, records, rejected, tell)
            if row is not None and row.window_line is not None:
                done = self._stored(window, row.window_line, held, into, done, done)
            return self._read_records(into, done)
        finally:
            rejected.close()

    def _window(self) -> Window:
        return Window(self.media.origin)

    def _read_again(self, records: Records, row: Import) -> Window:
        """Pass over what is stored; gives what was read and is not all stored."""
        window = self._window()
        begin = row.line if row.window_line is None else row.window_line
        while records.count < row.line and (record := records.next()) is not None:
            try:
                found = self.media.values(record)
            except Rejected:
                continue
            if found is not None and records.count > begin:
                window.add(*found)
        return window

    def _read_records(self, into: _Into, stored: Progress) -> Progress:
        records, rejected, ended = into.records, stored.rejected, False
        while not ended:
            window, begin = self._window(), records.count
            while len(window) < self.window and records.count - begin < self.window:
                if (record := records.next()) is None:
                    ended = True
                    break
                try:
                    found = self.media.values(record)
                except Rejected as error:
                    into.rejects.add(records.count, str(error), "")
                    rejected += 1
                    continue
                if found is not None:
                    window.add(*found)
            reached = replace(
                stored, offset=records.offset, line=records.count, rejected=rejected
            )  # fmt: skip
            stored = self._stored(window, begin, 0, into, stored, reached, finished=ended)
        return stored

    def _stored(
        self,
        window: Window,
        begin: int,
        held: int,
        into: _Into,
        stored: Progress,
        reached: Progress,
        *,
        finished: bool = False,
    ) -> Progress:
        """Store a window in pieces, from the signal at `held` on: who else writes waits for one."""
        signals = window.signals(held)
        while True:
            piece = list(islice(signals, self.chunk))
            after = held + len(piece)
            last = after >= len(window)
            opened = Opened(None, held) if last else Opened(begin, held, after)
            stored = self._store(
                piece, into.number, stored, reached, into.records, into.rejects,
                opened=opened, finished=finished and last,
            )  # fmt: skip
            into.tell(stored)
            if last:
                return stored
            held = after

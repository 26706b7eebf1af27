"""Reads a VICS hash set into a bank: streamed, counted, and resumed where it ended.

A file of JSON cannot be entered in its midst. So who goes on reads it from its start again without
storing, some 100 MB a second, up to the record that was stored last, and sees by the digest of the
bytes before that it is the same file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO

from tutela.banks.changes import New
from tutela.banks.errors import BankError
from tutela.banks.importing import Importer, Progress, _Rejects
from tutela.banks.lists import ListFormat, Rejected
from tutela.banks.vics import MediaReader, Records
from tutela.storage import Database


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
        **fixed: str,
    ) -> None:
        """`categories`: the numbers that are taken, each with its label; `fixed`: fields that all
        records share. Raises `BankError` if the bank does not take this list."""
        columns = {str(number): label for number, label in sorted(categories.items())}
        given = {name: text for name, text in fixed.items() if text}
        super().__init__(
            database, actor, bank, ListFormat("vics", columns, "", given),
            seeded_from=seeded_from, chunk=chunk,
        )  # fmt: skip
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
        done = Progress()
        if row is not None:
            self._pass_over(records, row.line)
            reached = records.count, records.offset, records.mark()
            if reached == (row.line, row.offset, row.digest):
                done = Progress(row.offset, row.line, row.added, row.known, row.rejected, True)
            elif not stream.seekable():
                raise BankError(
                    f"An import into {self.bank} was interrupted, and this is another file.",
                    "Import it from a file on a disk.",
                )
            else:
                row = None
                stream.seek(0)
                records = Records(stream)
                self.media.left_out.clear()
                self.media.faults.clear()
        rejected = _Rejects(rejects, row.rejects_size if row else 0)
        try:
            number = row.id if row else self._begin(done, records)
            decided()
            return self._read_records(records, rejected, number, done, tell)
        finally:
            rejected.close()

    def _pass_over(self, records: Records, count: int) -> None:
        while records.count < count and (record := records.next()) is not None:
            try:
                self.media.values(record)
            except Rejected:
                continue

    def _read_records(
        self,
        records: Records,
        rejects: _Rejects,
        number: int,
        done: Progress,
        tell: Callable[[Progress], None],
    ) -> Progress:
        signals: list[New] = []
        rejected, stored = done.rejected, done
        while (record := records.next()) is not None:
            try:
                signals += self.media.read(record)
            except Rejected as error:
                rejects.add(records.count, str(error), "")
                rejected += 1
            if len(signals) >= self.chunk or records.count - stored.line >= 10 * self.chunk:
                stored = self._stored(signals, number, stored, rejected, records, rejects)
                signals.clear()
                tell(stored)
        stored = self._stored(signals, number, stored, rejected, records, rejects, finished=True)
        tell(stored)
        return stored

    def _stored(
        self,
        signals: list[New],
        number: int,
        stored: Progress,
        rejected: int,
        records: Records,
        rejects: _Rejects,
        *,
        finished: bool = False,
    ) -> Progress:
        signals.sort(key=attrgetter("type", "value"))  # pages of the index are met once
        reached = replace(
            stored, offset=records.offset, line=records.count, rejected=rejected
        )  # fmt: skip
        return self._store(signals, number, stored, reached, records, rejects, finished=finished)

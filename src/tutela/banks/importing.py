"""Reads a list into a bank: streamed, counted, and resumed where it ended.

A chunk of signals is one transaction, and how far the list was read is stored in it, with the
SHA-256 of all bytes before. Who runs the same import again reads those bytes, sees that they are
the same, and goes on behind them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Protocol

import rfc8785
from sqlalchemy import select

from tutela import audit
from tutela.banks import changes, service
from tutela.banks.changes import New
from tutela.banks.errors import BankError, ListRefused
from tutela.banks.lists import LineReader, ListFormat, Rejected
from tutela.banks.models import Bank, Import
from tutela.banks.values import keyer_of
from tutela.signals.urls import Keyer
from tutela.storage import Database, Session

BLOCK = 1 << 20
REJECTS = "line,reason,text\r\n"
"""The first line of a file of rejected lines: by it we know our own."""

LONGEST_FIELD = 1 << 26
"""Letters of a cell: the longest line that a setting allows, each byte of it written as four."""

WRONG_BOMS = (b"\xff\xfe", b"\xfe\xff")
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is. `added` signals are new, `known` were there or came twice."""

    offset: int = 0
    line: int = 0
    added: int = 0
    known: int = 0
    rejected: int = 0
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """What was read and is stored in pieces: the line it begins behind, None when all is stored;
    how many of its signals were stored before a piece, and with it."""

    line: int | None = None
    before: int = 0
    after: int = 0


ALL = Opened()


class _Lines:
    """The lines of a stream, and the digest and number of the bytes before them."""

    def __init__(self, stream: BinaryIO, longest: int) -> None:
        self.stream = stream
        self.longest = longest
        self.digest = hashlib.sha256()
        self.offset = 0
        self.keyer: Keyer | None = None
        """Of a list of addresses or words: who guesses it must not see it confirmed."""
        self.told = True
        """Whether the audit log may have the digest."""

    def next(self) -> bytes | None:
        """The next line with its end, at most `longest` bytes of it, or None at the end."""
        line = self.stream.readline(self.longest + 2)
        self._count(line)
        rest = line
        while len(rest) > self.longest and not rest.endswith(b"\n"):
            rest = self.stream.readline(BLOCK)
            self._count(rest)
            if len(rest) < BLOCK:
                break
        return line or None

    def mark(self) -> bytes:
        """By which these bytes are known again."""
        plain = self.digest.digest()
        return plain if self.keyer is None else self.keyer.digest("list", plain.hex())

    def skip_to(self, offset: int) -> None:
        """Read on until so many bytes were read, or the stream ends."""
        while self.offset < offset:
            block = self.stream.read(min(BLOCK, offset - self.offset))
            if not block:
                return
            self._count(block)

    def _count(self, data: bytes) -> None:
        self.digest.update(data)
        self.offset += len(data)


class Read(Protocol):
    """What was read of a stream so far."""

    offset: int
    told: bool
    digest: hashlib._Hash

    def mark(self) -> bytes: ...


class _Rejects:
    """The file of rejected lines, made when the first one comes."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.size = min(size, path.stat().st_size) if path.exists() else 0
        self._file: io.TextIOWrapper | None = None
        if path.exists() and not self._ours():
            raise BankError(
                f"{path} is there, and is no file of rejected lines.",
                "Move it, or choose another with --rejects.",
            )
        if path.exists():
            os.truncate(path, self.size)  # lines of a chunk that was not committed

    def _ours(self) -> bool:
        with self.path.open("rb") as file:
            head = file.read(len(REJECTS))
        return not head or head == REJECTS.encode()

    def add(self, line: int, reason: str, text: str) -> None:
        if self._file is None:
            file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._file = os.fdopen(file, "a", encoding="utf-8", newline="")
            if not self.size:
                self._file.write(REJECTS)
        csv.writer(self._file).writerow((line, reason, text))

    def settle(self) -> int:
        """Write all through to the disk; gives the file's size."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self.size = os.fstat(self._file.fileno()).st_size
        return self.size

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def recent(session: Session, bank_id: int, limit: int = 10) -> Sequence[Import]:
    """How far the last imports into a bank came, the last first."""
    return session.scalars(
        select(Import).where(Import.bank_id == bank_id).order_by(Import.id.desc()).limit(limit)
    ).all()


def numbered(session: Session, number: int) -> tuple[Import, Bank] | None:
    """An import, and the bank it fills."""
    row = session.execute(
        select(Import, Bank).join(Bank).where(Import.id == number, Bank.deleted_at.is_(None))
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def rejected_lines(path: Path, most: int) -> list[tuple[int, str]]:
    """Number and reason of the first lines in a file of rejected ones; none if there is no file."""
    if not path.exists():
        return []
    csv.field_size_limit(LONGEST_FIELD)
    with path.open(encoding="utf-8", newline="") as file:
        rows = islice(csv.reader(file), 1, 1 + most)
        return [(int(line), reason) for line, reason, _ in rows]


class Importer:
    """One import of one list into one bank."""

    def __init__(
        self,
        database: Database,
        actor: str,
        bank: str,
        form: ListFormat,
        *,
        seeded_from: str | None = None,
        chunk: int = 10_000,
        longest_line: int = 65_536,
    ) -> None:
        """Raises `BankError` if the bank does not take this list."""
        self.database = database
        self.actor = actor
        self.form = form
        self.chunk = chunk
        self.longest_line = longest_line
        self.keyer = keyer_of(database)
        with database.reading() as session:
            found = service.fillable(session, bank)
            if seeded_from is not None:
                service.require_seed(found, service.get(session, seeded_from))
            self.bank, self.bank_id = found.name, found.id
        self.options = rfc8785.dumps({
            **asdict(replace(form, columns=None, fixed={})),
            "columns": None if form.columns is None else dict(form.columns),
            "fixed": dict(form.fixed), "seeded_from": seeded_from,
        }).decode()  # fmt: skip

    def run(
        self,
        stream: BinaryIO,
        rejects: Path,
        tell: Callable[[Progress], None] = lambda _: None,
        decided: Callable[[], None] = lambda: None,
    ) -> Progress:
        """Read the list; what it is no list of goes to the file `rejects`, which is made if there
        is such a line. `tell` is told after each chunk, when what it says is stored; `decided` is
        called when it is clear where the list goes on: from then on it is not sought in.

        Raises `BankError` if the list has no such columns, if another import of it is at work, or
        if the bank was deleted meanwhile; OSError if the list cannot be read or `rejects` written.
        """
        row = self._interrupted()
        lines = _Lines(stream, self.longest_line)
        reader = self._reader(lines)
        lines.keyer = self.keyer if reader.may_list else None
        done = Progress(lines.offset, 1 if lines.offset else 0)
        if row is not None:
            begun = lines.offset
            lines.skip_to(row.offset)
            if lines.offset == row.offset and lines.mark() == row.digest:
                done = Progress(row.offset, row.line, row.added, row.known, row.rejected, True)
            elif not stream.seekable():
                raise BankError(
                    f"An import into {self.bank} was interrupted, and this is another list.",
                    "Write the list to a file and import that.",
                )
            else:
                row = None
                stream.seek(0)
                lines, keyer = _Lines(stream, self.longest_line), lines.keyer
                lines.keyer = keyer
                lines.skip_to(begun)
        rejected = _Rejects(rejects, row.rejects_size if row else 0)
        try:
            number = row.id if row else self._begin(done, lines)
            decided()
            return self._read(lines, reader, rejected, number, done, tell)
        finally:
            rejected.close()

    def _interrupted(self) -> Import | None:
        """The last import of such a list that did not end."""
        with self.database.writing() as session:
            return session.scalar(
                select(Import)
                .where(
                    Import.bank_id == self.bank_id,
                    Import.options == self.options,
                    Import.finished_at.is_(None),
                )
                .order_by(Import.id.desc())
                .limit(1)
            )

    def _reader(self, lines: _Lines) -> LineReader:
        """What reads the lines: of a CSV, its first line says how."""
        if self.form.plain:
            return LineReader(self.form, keyer=self.keyer)
        header = lines.next()
        if header is None:
            raise ListRefused("The list is empty.", "Its first line names its columns.")
        refuse_other_encodings(header)
        text = header.removeprefix(BOM).decode("utf-8", "replace")
        return LineReader(self.form, text.rstrip("\r\n"), self.keyer)

    def _begin(self, done: Progress, lines: Read) -> int:
        with self.database.writing() as session:
            now = self.database.now()
            row = Import(
                bank_id=self.bank_id, options=self.options, offset=done.offset, line=done.line,
                digest=lines.mark(), added=0, known=0, rejected=0, rejects_size=0,
                started_at=now, changed_at=now,
            )  # fmt: skip
            session.add(row)
            session.flush()
            return row.id

    def _read(
        self,
        lines: _Lines,
        reader: LineReader,
        rejects: _Rejects,
        number: int,
        done: Progress,
        tell: Callable[[Progress], None],
    ) -> Progress:
        signals: list[New] = []
        line, rejected, stored = done.line, done.rejected, done
        while (data := lines.next()) is not None:
            line += 1
            if line == 1:
                refuse_other_encodings(data)
                data = data.removeprefix(BOM)
            try:
                if len(data) > self.longest_line:
                    raise Rejected(f"it is longer than {self.longest_line} bytes")
                signals += reader.read(data.rstrip(b"\r\n").decode())
            except (Rejected, UnicodeDecodeError) as error:
                why = str(error) if isinstance(error, Rejected) else "it is not UTF-8"
                text = data[: self.longest_line].rstrip(b"\r\n").decode("utf-8", "backslashreplace")
                rejects.add(line, why, text if reader.may_tell(text) else "")
                rejected += 1
            if len(signals) >= self.chunk or rejected - stored.rejected >= self.chunk:
                reached = replace(stored, offset=lines.offset, line=line, rejected=rejected)
                stored = self._store(signals, number, stored, reached, lines, rejects)
                signals.clear()
                tell(stored)
        reached = replace(stored, offset=lines.offset, line=line, rejected=rejected)
        lines.told = not (reader.met_listed or (reader.may_list and done.resumed))
        stored = self._store(signals, number, stored, reached, lines, rejects, finished=True)
        tell(stored)
        return stored

    def _store(
        self,
        signals: list[New],
        number: int,
        before: Progress,
        reached: Progress,
        lines: Read,
        rejects: _Rejects,
        *,
        opened: Opened = ALL,
        finished: bool = False,
    ) -> Progress:
        size = rejects.settle()
        with self.database.writing() as session:
            now = self.database.now()
            made = changes.add(
                session, now, self.actor, self.bank_id, signals, list_import=number
            )  # fmt: skip
            row = session.get(Import, number)
            where = (before.offset, opened.before, None)
            if row is None or (row.offset, row.window_stored, row.finished_at) != where:
                raise BankError(
                    f"Another process imports this list into {self.bank}.",
                    "Let it end: nothing is lost, and nothing was added twice.",
                )
            known = before.known + len(signals) - made.added
            after = replace(reached, added=before.added + made.added, known=known)
            row.offset, row.line, row.rejected = after.offset, after.line, after.rejected
            row.added, row.known = after.added, after.known
            row.window_line, row.window_stored = opened.line, opened.after
            row.digest, row.rejects_size, row.changed_at = lines.mark(), size, now
            if finished:
                row.finished_at = now
                audit.append(
                    session, now, self.actor, "bank.import", f"bank:{self.bank}",
                    list_import=number, lines=after.line, added=after.added, known=after.known,
                    rejected=after.rejected,
                    **({"sha256": lines.digest.hexdigest()} if lines.told else {}),
                )  # fmt: skip
        return after


def refuse_other_encodings(line: bytes) -> None:
    """Raises `ListRefused` if the first line is not of UTF-8, as spreadsheets like to write."""
    if line.startswith(WRONG_BOMS) or b"\0" in line[:64]:
        raise ListRefused("The list is not in UTF-8.", "Save it as CSV in UTF-8 and import that.")

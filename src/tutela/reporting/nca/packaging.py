"""The files of a report, as ZIPs that a person uploads where they file by hand: written piece by
piece, so that nothing is held whole, and refused if an authority would refuse a file."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tutela.reporting import facts
from tutela.reporting.errors import ReportNotReady
from tutela.reporting.nca import checking

MANIFEST = "manifest.json"
MARGIN = 4096
"""Bytes of a ZIP beside those of its files: for each file, and for the manifest once."""

EARLIEST = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Packed:
    """A file, and under which name it goes."""

    evidence: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Part:
    """What goes into one ZIP."""

    number: int
    of: int
    files: tuple[Packed, ...]


Open = Callable[[str], Iterator[bytes]]
"""Gives the bytes of a sealed file."""


def parts(report: facts.Report, limit: int = checking.LARGEST) -> Sequence[Part]:
    """How the files of a report fit into ZIPs of at most `limit` bytes, in their order. Raises
    `ReportNotReady` for none, for one that is too large, and for one that is refused by name."""
    chosen = [one for one in report.files if one.evidence]
    if not chosen:
        raise ReportNotReady("No file goes along.", "There is nothing to pack.")
    made: list[list[Packed]] = [[]]
    room = limit - MARGIN
    for number, file in enumerate(chosen, 1):
        name = checking.name_of(file)
        if checking.is_refused(name):
            raise ReportNotReady(f"File {number} has a name that is refused.", "Leave it out.")
        needs = file.size + MARGIN
        if needs > limit - MARGIN:
            raise ReportNotReady(f"File {number} is too large for a package.", "Leave it out.")
        if needs > room:
            made.append([])
            room = limit - MARGIN
        made[-1].append(Packed(file.evidence, f"{number:03d}-{name}", file.size))
        room -= needs
    return [Part(n, len(made), tuple(files)) for n, files in enumerate(made, 1)]


def zipped(part: Part, report_id: str, now: datetime, opened: Open) -> Iterator[bytes]:
    """The bytes of one ZIP: its files, not compressed, and last the manifest with their digests.
    Raises `ReportNotReady` for what begins as a program, and what opening raises."""
    pipe = _Pipe()
    when = max(now.timetuple()[:6], EARLIEST)
    listed = []
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as into:
        for one in part.files:
            digest, size = hashlib.sha256(), 0
            info = zipfile.ZipInfo(one.name, when)
            with into.open(info, "w", force_zip64=True) as entry:
                for piece in _checked(one, opened(one.evidence)):
                    digest.update(piece)
                    size += len(piece)
                    entry.write(piece)
                    yield pipe.taken()
            listed.append({"name": one.name, "evidence": one.evidence, "size": size,
                           "sha256": digest.hexdigest()})  # fmt: skip
        manifest = {"report": report_id, "part": part.number, "of": part.of, "files": listed}
        into.writestr(zipfile.ZipInfo(MANIFEST, when), json.dumps(manifest, indent=1))
    yield pipe.taken()


def _checked(one: Packed, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces of a file that is no program, whatever it is called."""
    head = b""
    for piece in pieces:
        head += piece
        if len(head) < len(checking.MAGIC):
            continue
        if head.startswith(checking.MAGIC):
            raise ReportNotReady(f"{one.evidence} is a program, which is refused.", "Leave it out.")
        yield head
        yield from pieces
        return
    yield head


class _Pipe:
    """What a ZIP is written to: its pieces are taken as they come."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes, /) -> int:
        self._data += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""

    def taken(self) -> bytes:
        found = bytes(self._data)
        self._data.clear()
        return found

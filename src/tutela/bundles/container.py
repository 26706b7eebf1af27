"""The container of a bundle: the plainest tar, made in one way only. Pure.

Regular files of known names, one after another, nothing else; each header is what this module
would write for the name and size that it tells. So there is no room for paths, links, doubles,
sparse files or anything that one program sees and another does not, and no byte that may differ.
Any program that knows tar (ustar, IEEE Std 1003.1) opens it.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tutela.bundles.errors import BundleDamaged, BundleRefused

BLOCK = 512
END = bytes(2 * BLOCK)
LARGEST = 8 << 30
"""Bytes of a part from which on a ustar header cannot say how many."""

MOST = 120_000
"""Parts of a bundle: files of a case, with room."""

MANIFEST, SIGNER, CHECKPOINT = "manifest.json", "signer.pub", "checkpoint.json"
AUDIT, CASE, REPORT = "audit.jsonl", "case.json", "report.json"
VICS, PAPER = "vics.json", "summary.pdf"
FILES = "files/"
NAME = re.compile(
    r"(?:manifest|checkpoint|case|report|vics)\.json|signer\.pub|audit\.jsonl|summary\.pdf"
    r"|files/[0-9a-f]{64}",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of `size` bytes, which `pieces` gives."""

    name: str
    size: int
    pieces: Callable[[], Iterator[bytes]]


def whole(name: str, data: bytes) -> Part:
    """A part that is at hand."""
    return Part(name, len(data), lambda: iter((data,)))


def packed(parts: Iterable[Part]) -> Iterator[bytes]:
    """The container of these parts. Raises `BundleRefused`, and `BundleDamaged` if a part is not as
    large as it was said to be."""
    for part in parts:
        yield header(part.name, part.size)
        size = 0
        for piece in part.pieces():
            size += len(piece)
            yield piece
        if size != part.size:
            raise BundleDamaged(f"{part.name} has {size} bytes, and should have {part.size}.")
        yield bytes(-size % BLOCK)
    yield END


def header(name: str, size: int) -> bytes:
    """What stands before a part. Raises `BundleRefused`."""
    if not NAME.fullmatch(name) or not 0 <= size < LARGEST:
        raise BundleRefused(f"A bundle cannot hold {name[:80]!r} of {size} bytes.")
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o400
    return info.tobuf(tarfile.USTAR_FORMAT)


class Unpacking:
    """Takes a container in pieces of any size, and tells of its parts. Raises `BundleDamaged`,
    which says where."""

    def __init__(
        self,
        begin: Callable[[str, int], None],
        take: Callable[[bytes], None],
        end: Callable[[], None],
    ) -> None:
        self._begin, self._take, self._end = begin, take, end
        self._held = bytearray()
        self._left = self._padding = 0
        self._last = ""
        self._seen: set[str] = set()
        self._closed = False

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        while view:
            view = view[self._step(view) :]
        return len(data)

    def flush(self) -> None:
        """All was told."""

    def finish(self) -> None:
        """Nothing more comes."""
        if not self._closed or len(self._held) != len(END):
            where = f" after {self._last}" if self._last else ""
            raise BundleDamaged(f"The bundle was cut off{where}.")

    def _step(self, view: memoryview) -> int:
        """Take some bytes; says how many."""
        if self._left:
            count = min(self._left, len(view))
            self._take(bytes(view[:count]))
            self._left -= count
            if not self._left:
                self._end()
            return count
        if self._padding:
            count = min(self._padding, len(view))
            if any(view[:count]):
                raise BundleDamaged(f"Something stands behind {self._last}, where nothing may.")
            self._padding -= count
            return count
        wanted = len(END) if self._closed else BLOCK
        count = min(wanted - len(self._held), len(view))
        if not count:
            raise BundleDamaged("Something follows the end of the bundle.")
        self._held += view[:count]
        if self._closed:
            if any(self._held):
                raise BundleDamaged(f"What follows {self._last} is not the end of a bundle.")
        elif len(self._held) == BLOCK:
            self._open(bytes(self._held))
        return count

    def _open(self, block: bytes) -> None:
        if not any(block):
            self._closed = True
            return
        self._held.clear()
        where = f"after {self._last}" if self._last else "at its beginning"
        try:
            name = block[:100].rstrip(b"\0").decode("ascii")
            size = int(block[124:135].decode("ascii"), 8)
            if header(name, size) != block:
                raise ValueError
        except (ValueError, BundleRefused):
            raise BundleDamaged(
                f"What stands {where} is no part of a bundle.",
                "It was altered, or made by something else: ask for it again.",
            ) from None
        if name in self._seen:
            raise BundleDamaged(f"{name} is there twice.")
        if len(self._seen) >= MOST:
            raise BundleDamaged(f"There are more than {MOST} parts.")
        self._seen.add(name)
        self._last = name
        self._left, self._padding = size, -size % BLOCK
        self._begin(name, size)
        if not size:
            self._end()

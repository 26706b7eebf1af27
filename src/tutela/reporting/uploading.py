"""A file on its way from the vault to an authority: a form's field, never whole in memory."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Sequence

from tutela.evidence.errors import NotOpened
from tutela.reporting.transcripts import Passed

FIELD = "file"
ESCAPED = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""As browsers write names of files (HTML, "multipart/form-data encoding algorithm")."""


class Upload:
    """A body of `multipart/form-data`: read once, its `length` known before.

    What passes is compared with what was sealed, before the last bytes of the form are given: of a
    file that is another, no whole form ever arrives.
    """

    def __init__(
        self,
        fields: Sequence[tuple[str, str]],
        evidence: str,
        name: str,
        size: int,
        digest: bytes,
        pieces: Iterable[bytes],
    ) -> None:
        """`digest` is the SHA-256 of the `size` bytes that `pieces` must be."""
        self._boundary = f"tutela-{secrets.token_hex(16)}"
        self._evidence, self._name, self._size, self._digest = evidence, name, size, digest
        self._pieces = pieces
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha256 = hashlib.sha256()
        self._passed = 0
        self._head = b"".join(
            self._part(f'name="{field}"') + value.encode() + b"\r\n" for field, value in fields
        )
        called = name.encode("utf-8", "replace").decode().translate(ESCAPED)
        self._head += self._part(
            f'name="{FIELD}"; filename="{called}"', "Content-Type: application/octet-stream\r\n"
        )
        self._tail = f"\r\n--{self._boundary}--\r\n".encode()
        self.length = len(self._head) + size + len(self._tail)
        self.content_type = f"multipart/form-data; boundary={self._boundary}"

    @property
    def md5(self) -> str:
        """Of the bytes that passed, in hex."""
        return self._md5.hexdigest()

    @property
    def passed(self) -> Passed:
        return Passed(self._name, self._passed, self._sha256.hexdigest(), self.md5)

    def __iter__(self) -> Iterator[bytes]:
        """The body. Raises `NotOpened` in place of its last bytes, and what the pieces raise."""
        yield self._head
        for piece in self._pieces:
            self._passed += len(piece)
            if self._passed > self._size:
                raise self._damaged()
            self._md5.update(piece)
            self._sha256.update(piece)
            yield piece
        if self._passed != self._size or self._sha256.digest() != self._digest:
            raise self._damaged()
        yield self._tail

    def _part(self, name: str, more: str = "") -> bytes:
        head = f"--{self._boundary}\r\nContent-Disposition: form-data; {name}\r\n{more}\r\n"
        return head.encode()

    def _damaged(self) -> NotOpened:
        return NotOpened(
            f"The evidence {self._evidence} is not what was sealed.",
            "Restore it from the backup of evidence, and find out who changed it.",
        )

"""Secrets that the database holds, sealed: who has the database alone can use none of them.

AES-256-GCM, a random nonce of 96 bits before the ciphertext. What is sealed is bound to what it is
of, so that a row changed or swapped behind our back opens nothing.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tutela.errors import TutelaError

KEY = 32
NONCE = 12
MOST = 1024
"""Bytes of a key file that are read: none is near that."""


class SealingError(TutelaError):
    """A key that secrets are sealed with is gone, wrong or open to others; or a secret that it does
    not open."""

    exit_code = 3


class Sealing:
    """Seals secrets and opens them."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._digests = hmac.digest(key, b"tutela keyed digests", "sha256")

    @classmethod
    def make(cls, path: Path) -> Self:
        """A new key in a new file of mode 0600. Raises `SealingError` if there is one already."""
        key = secrets.token_bytes(KEY)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(file, "wb") as opened:
                opened.write(base64.b64encode(key) + b"\n")
                opened.flush()
                os.fsync(opened.fileno())
        except OSError as error:
            raise SealingError(
                f"The key {path} could not be written: {error.strerror}.",
                "Choose a folder of the service's user with the setting keys.",
            ) from error
        return cls(key)

    @classmethod
    def load(cls, path: Path, lost: str = "") -> Self:
        """The key of a file; `lost` says what to do if there is no backup. Raises `SealingError`,
        also if others than its owner can read the file."""
        try:
            with path.open("rb") as opened:
                mode, text = os.fstat(opened.fileno()).st_mode, opened.read(MOST)
        except OSError as error:
            raise SealingError(
                f"The key {path} cannot be read: {error.strerror}.",
                f"Restore it from its backup. {lost}".strip(),
            ) from None
        if mode & 0o077:
            raise SealingError(
                f"Others than its owner can read the key {path}.", f"Run: chmod 600 {path}"
            )
        try:
            key = base64.b64decode(text.strip(), validate=True)
        except binascii.Error:
            key = b""
        if len(key) != KEY:
            raise SealingError(f"{path} holds no key to seal with.", "Restore it from its backup.")
        return cls(key)

    def seal(self, data: bytes, bound: bytes) -> bytes:
        """`bound` says what it is of, and must be given again to open it."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._cipher.encrypt(nonce, data, bound)

    def opened(self, sealed: bytes, bound: bytes) -> bytes:
        """Raises `SealingError`."""
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], bound)
        except (InvalidTag, ValueError):
            raise SealingError("A sealed secret cannot be opened with this key.") from None

    def digest(self, data: bytes) -> bytes:
        """32 bytes that nobody without the key can tell from random ones, or compute."""
        return hmac.digest(self._digests, data, "sha256")

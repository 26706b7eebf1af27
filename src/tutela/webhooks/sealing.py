"""Secrets of endpoints, sealed: who has the database alone cannot sign in our name.

AES-256-GCM, a random nonce of 96 bits before the ciphertext; bound to the endpoint's number and
URL, so that a row changed behind our back opens nothing and signs for nobody else.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tutela.webhooks.errors import SealingError
from tutela.webhooks.models import Endpoint

KEY = 32
NONCE = 12
MOST = 1024
"""Bytes of a key file that are read: none is near that."""


class Sealing:
    """Seals secrets and opens them."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

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
    def load(cls, path: Path) -> Self:
        """Raises `SealingError`, also if others than its owner can read the file."""
        try:
            with path.open("rb") as opened:
                mode, text = os.fstat(opened.fileno()).st_mode, opened.read(MOST)
        except OSError as error:
            raise SealingError(
                f"The key {path} cannot be read: {error.strerror}.",
                "Restore it from its backup. If it is lost: tutela init makes another, and"
                " tutela webhook rotate a new secret for each endpoint.",
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
            raise SealingError(f"{path} holds no key of webhooks.", "Restore it from its backup.")
        return cls(key)

    def seal(self, secret: bytes, endpoint: Endpoint) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._cipher.encrypt(nonce, secret, _bound(endpoint))

    def opened(self, sealed: bytes, endpoint: Endpoint) -> bytes:
        """Raises `SealingError`."""
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], _bound(endpoint))
        except (InvalidTag, ValueError):
            raise SealingError(
                f"The secret of the endpoint {endpoint.name} cannot be opened.",
                "Restore the key of webhooks, or make a new secret: tutela webhook rotate"
                f" {endpoint.name}",
            ) from None


def _bound(endpoint: Endpoint) -> bytes:
    return f"tutela webhook {endpoint.id} {endpoint.private:d} {endpoint.url}".encode()

"""Signed statements: DSSE v1 envelopes, Ed25519, canonical JSON (RFC 8785).

One format for all that is signed: audit checkpoints, evidence bundles, published changes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tutela.errors import TutelaError

PEM = serialization.Encoding.PEM
MOST = 1 << 20
"""Bytes of a key file or an envelope that are read: none is near that."""


class SignatureError(TutelaError):
    """A key that cannot be used, or a statement that its signer did not make."""

    exit_code = 3


class PublicKey:
    """Tells whether a statement is its owner's."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.id = hashlib.sha256(raw).hexdigest()

    @classmethod
    def load(cls, path: Path) -> PublicKey:
        """Raises `SignatureError`."""
        try:
            key = serialization.load_pem_public_key(_read(path))
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PublicKey):
            raise SignatureError(f"{path} holds no Ed25519 public key.")
        return cls(key)

    def opened(self, envelope: bytes, kind: str) -> Any:
        """What an envelope of this payload type says. Raises `SignatureError`."""
        try:
            outer = json.loads(envelope)
            payload = base64.b64decode(outer["payload"], validate=True)
            given = outer["payloadType"]
            signatures = [base64.b64decode(s["sig"], validate=True) for s in outer["signatures"]]
        except (ValueError, KeyError, TypeError, binascii.Error, RecursionError):
            raise SignatureError("It is not a DSSE envelope.") from None
        if given != kind:
            raise SignatureError("It is a statement of another type.")
        if not any(self._made(signature, encoded(kind, payload)) for signature in signatures):
            raise SignatureError(f"It is not signed with the key {self.id[:16]}.")
        return json.loads(payload)

    def _made(self, signature: bytes, data: bytes) -> bool:
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """Signs statements."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key())

    @classmethod
    def make(cls, path: Path) -> SigningKey:
        """A new key in a new file of mode 0600, its public half beside it with the ending `.pub`.

        Raises `SignatureError` if there is one already.
        """
        key = Ed25519PrivateKey.generate()
        secret = key.private_bytes(
            PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for place, text, mode in ((path, secret, 0o600), (public_half(path), public, 0o644)):
                file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
                with os.fdopen(file, "wb") as opened:
                    opened.write(text)
                    opened.flush()
                    os.fsync(opened.fileno())
        except OSError as error:
            raise SignatureError(
                f"The key {path} could not be written: {error.strerror}.",
                "Choose a folder of the service's user with the setting keys.",
            ) from error
        return cls(key)

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """Raises `SignatureError`, also if others than its owner can read the file."""
        text = _read(path)
        if path.stat().st_mode & 0o077:
            raise SignatureError(
                f"Others than its owner can read the key {path}.", f"Run: chmod 600 {path}"
            )
        try:
            key = serialization.load_pem_private_key(text, None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise SignatureError(f"{path} holds no Ed25519 key.")
        return cls(key)

    def envelope(self, statement: Any, kind: str) -> bytes:
        """The statement in an envelope: one line of JSON."""
        payload = rfc8785.dumps(statement)
        signature = self._key.sign(encoded(kind, payload))
        return rfc8785.dumps({
            "payloadType": kind,
            "payload": base64.b64encode(payload).decode(),
            "signatures": [
                {"keyid": self.public.id, "sig": base64.b64encode(signature).decode()}
            ],
        })  # fmt: skip


def public_half(path: Path) -> Path:
    """Where the public half of a key is."""
    return path.with_name(f"{path.name}.pub")


def encoded(kind: str, payload: bytes) -> bytes:
    """What is signed: the pre-authentication encoding of DSSE v1."""
    name = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST)
    except OSError as error:
        raise SignatureError(
            f"The key {path} cannot be read: {error.strerror}.", "Restore it, or run: tutela init"
        ) from error

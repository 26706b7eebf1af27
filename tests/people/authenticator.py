"""An authenticator made of code: makes passkeys and signs challenges as a device does (WebAuthn
level 3, 6 and 7), and can be copied."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import secrets
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import encode_cbor

UP, UV, AT = 1, 4, 64


class Authenticator:
    """One device with one passkey."""

    def __init__(self, origin: str = "http://localhost:8377", *, counts: bool = True) -> None:
        self.origin = origin
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential = secrets.token_bytes(16)
        self.counts, self.counter = counts, 0
        self.handle = b""
        self.verifies = True

    def copied(self) -> Authenticator:
        return copy.copy(self)

    def make(self, options: str) -> str:
        """What a browser gives for `create`."""
        asked = json.loads(options)
        self.handle = _decoded(asked["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = encode_cbor({
            1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")
        })  # fmt: skip
        attested = bytes(16) + struct.pack(">H", len(self.credential)) + self.credential + public
        data = self._data(asked["rp"]["id"], AT) + attested
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        return self._given({
            "clientDataJSON": _encoded(self._client("webauthn.create", asked["challenge"])),
            "attestationObject": _encoded(attestation),
        })  # fmt: skip

    def sign(self, options: str) -> str:
        """What a browser gives for `get`."""
        asked = json.loads(options)
        client = self._client("webauthn.get", asked["challenge"])
        data = self._data(asked["rpId"], 0)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._given({
            "clientDataJSON": _encoded(client), "authenticatorData": _encoded(data),
            "signature": _encoded(signed), "userHandle": _encoded(self.handle),
        })  # fmt: skip

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({
            "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False
        }).encode()  # fmt: skip

    def _data(self, host: str, flags: int) -> bytes:
        self.counter += self.counts
        flags |= UP | (UV if self.verifies else 0)
        return hashlib.sha256(host.encode()).digest() + struct.pack(">BI", flags, self.counter)

    def _given(self, response: dict[str, str]) -> str:
        name = _encoded(self.credential)
        return json.dumps({
            "id": name, "rawId": name, "type": "public-key", "response": response,
            "clientExtensionResults": {}, "authenticatorAttachment": "platform",
        })  # fmt: skip


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

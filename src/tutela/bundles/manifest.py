"""The manifest of a bundle: what is in it, signed. Pure."""

from __future__ import annotations

import base64
import json
from typing import Any

import rfc8785
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tutela.bundles.errors import BundleDamaged, BundleRefused
from tutela.signatures import PublicKey, SignatureError

KIND = "application/vnd.tutela.bundle+json"
FORMAT = 1


def opened(envelope: bytes, key: PublicKey) -> dict[str, Any]:
    """What a signed manifest says. Raises `BundleDamaged` unless the key made each byte of it,
    `BundleRefused` for one of another version."""
    try:
        said = key.opened(envelope, KIND)
        again = json.loads(envelope)
        signature = base64.b64decode(again["signatures"][0]["sig"])
        exact = rfc8785.dumps({
            "payloadType": KIND,
            "payload": base64.b64encode(base64.b64decode(again["payload"])).decode(),
            "signatures": [{"keyid": key.id, "sig": base64.b64encode(signature).decode()}],
        })  # fmt: skip
    except SignatureError as error:
        raise BundleDamaged(f"manifest.json: {error.what}") from None
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise BundleDamaged("manifest.json is no manifest.") from None
    if exact != envelope:
        raise BundleDamaged("manifest.json was altered beside what is signed.")
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        found = said.get("format") if isinstance(said, dict) else None
        raise BundleRefused(
            f"The bundle is of format {str(found)[:20]}, and this program reads format {FORMAT}.",
            "Read it with the version of Tutela that it was made with, or a later one.",
        )
    return said


def public_key(text: bytes) -> PublicKey:
    """The key of a PEM text. Raises `BundleDamaged`."""
    try:
        key = serialization.load_pem_public_key(text)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise BundleDamaged("signer.pub holds no Ed25519 public key.")
    return PublicKey(key)

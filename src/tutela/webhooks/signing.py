"""The signature of Standard Webhooks 1.0 (standardwebhooks.com): HMAC-SHA256."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

SECRET = 32
"""Bytes: the specification wants 24 to 64."""


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET)


def shown(secret: bytes) -> str:
    """A secret as its receiver is given it."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def headers(message: str, now: datetime, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """What goes with a body: signed with each of the keys, so that one can be replaced."""
    at = str(int(now.timestamp()))
    signed = f"{message}.{at}.".encode() + body
    marks = [base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys]
    return {
        "webhook-id": message,
        "webhook-timestamp": at,
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
        "content-type": "application/json",
    }

"""A stand-in for Arachnid Shield's interface, version 1: its check of PDQ values. NOT theirs."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from tutela.testing.hash_sharing.stand import (
    INSTEAD,
    PASSWORD,
    USER,
    Reply,
    Request,
    Stand,
)

CLASSES = frozenset({"csam", "harmful-abusive-material", "no-known-match"})
MATCHES = frozenset({"exact", "near", None})
MOST = 1_000
"""Values of one request."""


class Arachnid(Stand):
    """The server. `known`: class and kind of match by PDQ value, in hexadecimal."""

    TITLE = "Arachnid Shield"
    MISBEHAVIOURS = INSTEAD | {
        "misses-as-null": "a value that is not known is `null`",
        "schema-changed": "the results stand under another name",
    }

    def __init__(self, *, user: str = USER, password: str = PASSWORD, **how: Any) -> None:
        self.user, self.password = user, password
        self.known: dict[str, tuple[str, str | None]] = {}
        super().__init__(**how)

    def put(self, value: str, classification: str, match: str | None = "near") -> None:
        """Know a value."""
        assert classification in CLASSES and match in MATCHES
        self.known[value] = (classification, match)

    def admits(self, request: Request) -> bool:
        return request.basic(self.user, self.password)

    def refusal(self, status: int) -> Reply:
        return Reply(status, json.dumps({"detail": f"status {status}"}).encode())

    def answer(self, request: Request) -> Reply:
        if (request.method, request.path) != ("POST", "/v1/pdq/"):
            return self.refusal(404)
        try:
            given = json.loads(request.body)["hashes"]
            values = {text: base64.b64decode(text, validate=True).hex() for text in given}
            fits = 0 < len(values) <= MOST and all(len(one) == 64 for one in values.values())
        except (ValueError, KeyError, TypeError, binascii.Error):
            fits = False
        if not fits:
            return self.refusal(400)
        as_null = self.meets("misses-as-null")
        found = {text: self._found(value, as_null) for text, value in values.items()}
        name = "results" if self.meets("schema-changed") else "scanned_hashes"
        return Reply(200, json.dumps({name: found}).encode())

    def _found(self, value: str, as_null: bool) -> dict[str, Any] | None:
        if value not in self.known:
            if as_null:
                return None
            return {
                "classification": "no-known-match", "match_type": None,
                "near_match_details": None,
            }  # fmt: skip
        classification, match = self.known[value]
        near = {"timestamp": 0.0, "classification": classification} if match == "near" else None
        return {
            "classification": classification, "match_type": match, "near_match_details": near,
        }  # fmt: skip

"""A stand-in for the PhotoDNA Cloud Service's check of edge hashes. NOT theirs: it compares
nothing, but knows what it is told."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from typing import Any

from tutela.testing.hash_sharing.stand import INSTEAD, PASSWORD, Reply, Request, Stand

BYTES = 924
MOST = 5
"""Values of one request."""


class PhotoDna(Stand):
    """The server. `known`: the edge hashes that it says are matches, in hexadecimal."""

    TITLE = "the PhotoDNA Cloud Service"
    MISBEHAVIOURS = INSTEAD | {
        "not-compared": "a result has the code 3002, and is no match",
        "schema-changed": "the results stand under another name",
    }

    def __init__(self, *, key: str = PASSWORD, **how: Any) -> None:
        self.key = key
        self.known: set[str] = set()
        super().__init__(**how)

    def put(self, value: str) -> None:
        """Know a value."""
        assert len(bytes.fromhex(value)) == BYTES
        self.known.add(value)

    def admits(self, request: Request) -> bool:
        given = request.headers.get("ocp-apim-subscription-key", "")
        return hmac.compare_digest(given.encode(), self.key.encode())

    def refusal(self, status: int) -> Reply:
        said = {"statusCode": status, "message": f"status {status}"}
        return Reply(status, json.dumps(said).encode())

    def answer(self, request: Request) -> Reply:
        if (request.method, request.path) != ("POST", "/photodna/v1.0/MatchHash"):
            return self.refusal(404)
        try:
            given = json.loads(request.body)
            forms = {one["DataRepresentation"] for one in given}
            values = [base64.b64decode(one["Value"], validate=True) for one in given]
            fits = forms == {"PreHashV2"} and len(values) <= MOST
        except (ValueError, KeyError, TypeError, binascii.Error):
            fits = False
        if not fits:
            return self.refusal(400)
        code = 3002 if self.meets("not-compared") else 3000
        results = [self._result(code if len(one) == BYTES else 3002, one.hex()) for one in values]
        name = "Results" if self.meets("schema-changed") else "MatchResults"
        return Reply(200, json.dumps({"TrackingId": "RAIN_1", name: results}).encode())

    def _result(self, code: int, value: str) -> dict[str, Any]:
        match = code == 3000 and value in self.known
        flag = {
            "AdvancedInfo": [{"Key": "MatchId", "Value": "1"}], "Source": "Test",
            "Violations": [], "MatchDistance": 179,
        }  # fmt: skip
        return {
            "Status": {"Code": code, "Description": "OK" if code == 3000 else "Invalid",
                       "Exception": None},
            "ContentId": None, "IsMatch": match, "TrackingId": "RAIN_1",
            "MatchDetails": {"AdvancedInfo": [], "MatchFlags": [flag] if match else []},
        }  # fmt: skip

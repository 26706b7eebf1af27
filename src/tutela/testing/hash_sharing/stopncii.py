"""A stand-in for StopNCII's interface, version 1. It is NOT theirs."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tutela.testing.hash_sharing.stand import INSTEAD, Reply, Request, Stand

FUNCTION_KEY, SUBSCRIPTION_KEY = "hail", "thunder"
GONE = frozenset({"Withdrawn", "Deleted"})
STATUSES = frozenset({"Unknown", "Received", "Active"}) | GONE
FEEDBACK = frozenset({
    "Unknown", "None", "QualityUnknown", "PendingReview", "Blocked", "NotBlocked", "Withdrawn",
    "Deleted",
})  # fmt: skip
LARGEST_PAGE = 800


@dataclass(frozen=True, slots=True)
class Record:
    """What it says of one value."""

    type: str
    value: str
    status: str
    at: int


class StopNcii(Stand):
    """The server, with its records in memory. Records of one second come with one token each."""

    TITLE = "StopNCII"
    PREFIX = "/v1"
    MISBEHAVIOURS = INSTEAD | {
        "endless": "the page leads to itself",
        "stale": "a token is not known any more: status 400",
        "schema-changed": "the records stand under another name",
    }

    def __init__(
        self, *, function_key: str = FUNCTION_KEY, subscription_key: str = SUBSCRIPTION_KEY,
        **how: Any,
    ) -> None:  # fmt: skip
        self.keys = {
            "x-functions-key": function_key, "ocp-apim-subscription-key": subscription_key,
        }  # fmt: skip
        self.records: dict[tuple[str, str], Record] = {}
        self.feedback: list[dict[str, Any]] = []
        self._pages: dict[str, tuple[list[tuple[str, str]], int]] = {}
        """By token: what a fetch is given, and from where on."""
        self._keys: list[tuple[str, str]] = []
        super().__init__(**how)

    def put(self, value: str, status: str = "Active", kind: str = "ImagePDQ") -> None:
        """Say something of a value, now."""
        with self.lock:
            at = int(self.clock().timestamp())
            if (kind, value) not in self.records:
                self._keys.append((kind, value))
            self.records[kind, value] = Record(kind, value, status, at)

    def held(self) -> set[tuple[str, str]]:
        """Types and values that are not withdrawn or deleted."""
        with self.lock:
            return {key for key, one in self.records.items() if one.status not in GONE}

    def traffic(self, count: int) -> None:
        """Make so many random changes."""
        with self.lock:
            for _ in range(count):
                if self.random.random() < 0.7 or not self.records:
                    self.put(self.random.randbytes(32).hex())
                else:
                    kind, value = self.random.choice(self._keys)
                    self.put(value, self.random.choice(sorted(STATUSES)), kind)

    def admits(self, request: Request) -> bool:
        return all(
            hmac.compare_digest(request.headers.get(name, "").encode(), key.encode())
            for name, key in self.keys.items()
        )

    def answer(self, request: Request) -> Reply:
        if (request.method, request.path) == ("GET", "/v1/FetchHashes"):
            return self._page(request)
        if (request.method, request.path) == ("POST", "/v1/SubmitFeedback"):
            return self._told(request.body)
        return Reply(404)

    def _page(self, request: Request) -> Reply:
        try:
            start = int(request.query["startTimestamp"])
            size = min(LARGEST_PAGE, int(request.query.get("pageSize", "800")))
        except (KeyError, ValueError):
            return Reply(400)
        token = request.query.get("nextPageToken")
        if token is None:
            found = sorted(
                (key for key, one in self.records.items() if one.at >= start),
                key=lambda key: self.records[key].at,
            )
            waiting, first = found, 0
        elif token in self._pages and not self.meets("stale"):
            waiting, first = self._pages[token]
        else:
            return Reply(400)
        shown, after = waiting[first : first + size], first + size
        more = after < len(waiting)
        following = f"{start}-{self.random.randbytes(8).hex()}" if more else None
        if following is not None:
            self._pages[following] = waiting, after
        if self.meets("endless"):
            following = token or "again"
            self._pages[following] = waiting, first
        records = [_record(self.records[key]) for key in shown]
        name = "records" if self.meets("schema-changed") else "hashRecords"
        said = {
            "count": len(records), "nextPageToken": following,
            "nextSetTimestamp": int(self.clock().timestamp()),
            "hasMoreRecords": following is not None, name: records,
        }  # fmt: skip
        return Reply(200, json.dumps(said).encode())

    def _told(self, body: bytes) -> Reply:
        try:
            given = json.loads(body)
            rows: Sequence[dict[str, Any]] = given["hashFeedbacks"]
            fits = given["count"] == len(rows) and all(
                set(row) == {"hashValue", "tags", "feedbackValue"}
                and row["feedbackValue"] in FEEDBACK
                for row in rows
            )
        except (ValueError, KeyError, TypeError):
            fits = False
        if not fits:
            return Reply(400)
        self.feedback += rows
        return Reply(200, b"{}")


def _record(one: Record) -> dict[str, Any]:
    return {
        "lastModtimestamp": one.at, "signalType": one.type, "hashValue": one.value,
        "hashStatus": one.status, "caseNumbers": {"1": one.status}, "CSPFeedbacks": [],
    }  # fmt: skip

"""A stand-in for NCMEC's hash sharing, version 2. It is NOT NCMEC's."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from tutela.testing.hash_sharing import ncmec_xml as xml
from tutela.testing.hash_sharing.ncmec_xml import Kept
from tutela.testing.hash_sharing.stand import INSTEAD, PASSWORD, USER, Reply, Request, Stand

XML = "application/xml;charset=UTF-8"
SIZE = 1000
"""Entries of a page."""

REMEMBERED = 64
"""Ranges whose order is known: a `next` link of an older one leads nowhere."""

MEMBERS = {"42": "A club of cyclists", "43": "A weather station", "44": "A library"}
REASONS = {
    "01234567-0000-4000-8000-000000000001": "Not as it says",
    "01234567-0000-4000-8000-000000000002": "Another reason",
}
TYPES = frozenset({"MD5", "SHA1", "PDNA", "PDQ", "NETCLEAN", "VIDENTIFIER", "TMK_PDQF"})
FEEDBACK = re.compile(r"/v2/entries/([^/]+)/([^/]+)/([A-Z0-9_]+)/feedback")
BINARY = {"md5": 16, "sha1": 20, "pdq": 32}


@dataclass(frozen=True, slots=True)
class Said:
    """Feedback that came in; `reason` is a GUID, empty for an affirmation."""

    member: str
    id: str
    type: str
    reason: str


class Ncmec(Stand):
    """The server, with its entries in memory.

    `clock` plus `skew` is its time; stamps are of the zone `offset` from UTC, and still marked
    `Z`. `wrapped`: reasons stand in an element of the root, rather than in it. `repages`: each page
    is cut from what the range has then, so that entries move between pages.
    """

    TITLE = "NCMEC's hash sharing"
    MISBEHAVIOURS = INSTEAD | {
        "doctype": "the page has a `<!DOCTYPE` whose entities grow",
        "schema-changed": "the page has a part that no version 2 has",
        "namespace-changed": "the page is of another namespace",
        "repeated": "the page begins with the last entry of the one before",
        "endless": "the page leads to itself",
        "stale": "a `next` link is not known any more: status 404",
    }

    def __init__(
        self, *, user: str = USER, password: str = PASSWORD, size: int = SIZE,
        skew: timedelta = timedelta(), offset: timedelta = timedelta(), wrapped: bool = True,
        repages: bool = False, **how: Any,
    ) -> None:  # fmt: skip
        self.user, self.password, self.size, self.wrapped = user, password, size, wrapped
        self.skew, self.offset, self.repages = skew, offset, repages
        self.names = dict(MEMBERS)
        self.entries: dict[str, Kept] = {}
        self.feedback: list[Said] = []
        self._orders: dict[tuple[str, str], list[str]] = {}
        self._keys: list[str] = []
        super().__init__(**how)

    def put(
        self, member: str, number: str, *, media: str = "image", classification: str = "",
        wrong: Mapping[str, Sequence[str]] | None = None, **prints: str,
    ) -> None:  # fmt: skip
        """Add an entry, or change one; stamped now."""
        self._keep(Kept(member, number, self._now(), media, prints, classification, wrong or {}))

    def delete(self, member: str, number: str) -> None:
        """Leave a tombstone of an entry."""
        with self.lock:
            old = self.entries[f"{member}/{number}"]
            self._keep(replace(old, prints=None, at=self._now()))

    def delete_all(self) -> None:
        """Leave a tombstone of each."""
        with self.lock:
            for one in list(self.entries.values()):
                if one.prints is not None:
                    self.delete(one.member, one.id)

    def held(self) -> set[tuple[str, str]]:
        """Types and values that some member lists now."""
        with self.lock:
            return {pair for one in self.entries.values() for pair in (one.prints or {}).items()}

    def snapshot(self) -> dict[str, Kept]:
        """What `roll_back` takes."""
        with self.lock:
            return dict(self.entries)

    def roll_back(self, before: Mapping[str, Kept]) -> None:
        """Be as it was, stamps and all."""
        with self.lock:
            self.entries = dict(before)
            self._keys = [*before]
            self._orders.clear()

    def traffic(self, count: int) -> None:
        """Make so many random changes: new entries, changed ones, and deletions."""
        with self.lock:
            for _ in range(count):
                chance = self.random.random()
                alive = chance < 0.4 and self.entries
                if not alive:
                    number, member = str(len(self.entries) + 1), self.random.choice([*self.names])
                    self._keep(Kept(member, number, self._now(), self._media(), self.prints()))
                    continue
                old = self.entries[self.random.choice(self._keys)]
                if chance < 0.15 and old.prints is not None:
                    self.delete(old.member, old.id)
                else:
                    self._keep(replace(old, at=self._now(), prints=self.prints()))

    def _media(self) -> str:
        return "video" if self.random.random() < 0.1 else "image"

    def prints(self) -> dict[str, str]:
        """Random values of each type."""
        return {name: self.random.randbytes(size).hex() for name, size in BINARY.items()}

    def _now(self) -> datetime:
        return self.clock().astimezone(UTC) + self.skew + self.offset

    def _keep(self, one: Kept) -> None:
        with self.lock:
            if one.key not in self.entries:
                self._keys.append(one.key)
            self.entries[one.key] = one

    def admits(self, request: Request) -> bool:
        return request.basic(self.user, self.password)

    def answer(self, request: Request) -> Reply:
        get, path = request.method == "GET", request.path
        if get and path == "/v2/status":
            return Reply(200, xml.status(self.user, self.names), XML)
        if get and path == "/v2/members":
            return Reply(200, xml.members(self.names), XML)
        if get and path == "/v2/entries":
            return self._page(request)
        kind = path.removeprefix("/v2/feedback/").removesuffix("/reasons")
        if get and path == f"/v2/feedback/{kind}/reasons" and kind in TYPES:
            return Reply(200, xml.reasons(kind, REASONS, wrapped=self.wrapped), XML)
        found = FEEDBACK.fullmatch(path)
        if request.method == "PUT" and found:
            return self._told(request, *found.groups())
        return Reply(404, kind=XML)

    def _page(self, request: Request) -> Reply:
        query = request.query
        given = (query.get("from", ""), query.get("to", ""))
        try:
            start, end = (datetime.fromisoformat(text).astimezone(UTC) for text in given)
            first = int(query.get("start", "1"))
        except ValueError:
            return Reply(400, kind=XML)
        if first < 1 or end < start:
            return Reply(400, kind=XML)
        if first == 1 or self.repages:
            order = self._ordered(given, start, end)
        elif given in self._orders and not self.meets("stale"):
            order = self._orders[given]
        else:
            return Reply(404, kind=XML)
        shown = order[first - 1 : first - 1 + self.size]
        if first > 1 and self.meets("repeated"):
            shown = [order[first - 2], *shown]
        entries = [self.entries[key] for key in shown if key in self.entries]
        link = ""
        if first - 1 + self.size < len(order):
            link = self._link(given, first + self.size, len(order))
        if self.meets("endless"):
            link = self._link(given, max(first, 2), len(order))
        return Reply(200, self._spoiled(xml.page(entries, link, self.names)), XML)

    def _ordered(self, given: tuple[str, str], start: datetime, end: datetime) -> list[str]:
        """Keys of a range, in an order that has nothing to do with time."""
        found = [key for key, one in self.entries.items() if start <= one.at <= end]
        found.sort(key=lambda key: hashlib.blake2b(key.encode(), digest_size=8).digest())
        if len(self._orders) >= REMEMBERED:
            del self._orders[next(iter(self._orders))]
        self._orders[given] = found
        return found

    def _link(self, given: tuple[str, str], start: int, most: int) -> str:
        first, last = (quote(text, safe="") for text in given)
        return f"/v2/entries?from={first}&to={last}&start={start}&size={self.size}&max={most}"

    def _spoiled(self, body: bytes) -> bytes:
        if self.meets("doctype"):
            head, _, rest = body.partition(b"?>")
            body = head + b"?>" + xml.DOCTYPE.encode() + rest.replace(b"</q", b"&d;</q")
        if self.meets("schema-changed"):
            body = body.replace(b"</queryResult>", b"<sounds count='0'/></queryResult>")
        if self.meets("namespace-changed"):
            body = body.replace(b"/hashsharing/v2", b"/hashsharing/v3")
        return body

    def _told(self, request: Request, member: str, number: str, kind: str) -> Reply:
        body = request.body
        guids = re.findall(rb"<(?:\w+:)?guid>([^<]*)</", body)
        negative, positive = b"negative>" in body, b"affirmative/>" in body
        fits = xml.NAMESPACE.encode() in body and negative != positive
        known = all(guid.decode("utf-8", "replace") in REASONS for guid in guids)
        if not fits or bool(guids) != negative or not known or kind not in TYPES:
            return Reply(400, kind=XML)
        one = self.entries.get(f"{member}/{number}")
        if one is None or one.prints is None:
            return Reply(404, kind=XML)
        self.feedback.append(Said(member, number, kind, guids[0].decode() if guids else ""))
        return Reply(200, kind=XML)

    def refusal(self, status: int) -> Reply:
        return Reply(status, kind=XML)

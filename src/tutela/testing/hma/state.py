"""What the stand-in keeps, and how it finds what is near: as HMA does, be it right or not."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from typing import Any

FARTHEST = 31
"""Bits between two PDQ values that match."""

BANK_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
PDQ, MD5 = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{32}")
TYPES = {"pdq": "photo", "video_md5": "video"}
"""Signal types, and the content type of each."""

ON = 1
"""Of a content instead of a time; 0: off for ever."""


@dataclass
class Held:
    """A content: signals of one thing in one bank."""

    id: int
    bank: str
    signals: dict[str, str]
    note: str = ""
    metadata: dict[str, Any] | None = None
    disable_until_ts: int = ON
    collab: dict[str, list[str]] = field(default_factory=dict)

    def is_on(self, now: float) -> bool:
        return self.disable_until_ts == ON or 0 < self.disable_until_ts <= now


@dataclass
class Connection:
    """An exchange; its bank has the same name."""

    name: str
    api: str
    config: dict[str, Any]
    enabled: bool = True


class State:
    """Banks by name, contents by the one counter of all, and the index, which lags behind."""

    def __init__(self) -> None:
        self.banks: dict[str, float] = {}
        self.contents: dict[int, Held] = {}
        self.exchanges: dict[str, Connection] = {}
        self.last = 0
        self.index: dict[str, list[tuple[str, int]]] | None = None
        """Values and contents of each type, as of the last rebuild; None before the first."""

    def put(self, bank: str, signals: dict[str, str], **more: Any) -> Held:
        self.last += 1
        made = self.contents[self.last] = Held(self.last, bank, dict(signals), **more)
        return made

    def drop_bank(self, name: str) -> None:
        self.banks.pop(name, None)
        self.contents = {n: one for n, one in self.contents.items() if one.bank != name}

    def rebuild(self, now: float) -> None:
        """What is off is not in the index."""
        self.index = {
            kind: [
                (one.signals[kind], one.id)
                for one in self.contents.values()
                if kind in one.signals and one.is_on(now)
            ]
            for kind in TYPES
        }

    def near(self, kind: str, value: str) -> list[tuple[int, str]]:
        """Contents and distances, the newest first. An index of one PDQ value finds nothing."""
        rows = (self.index or {}).get(kind, [])
        if kind == "pdq" and len(rows) == 1:
            return []
        found = []
        for other, number in reversed(rows):
            if kind != "pdq":
                if other == value:
                    found.append((number, "-"))
            elif (apart := (int(other, 16) ^ int(value, 16)).bit_count()) <= FARTHEST:
                found.append((number, str(apart)))
        return found

    def lookup(
        self, kind: str, value: str, banks: set[str] | None, seed: str | None, now: float
    ) -> dict[str, list[dict[str, Any]]]:
        """As `/m/lookup` answers: one draw for all banks."""
        drawn = random.Random(seed).random()  # noqa: S311 - HMA's own draw
        made: dict[str, list[dict[str, Any]]] = {}
        for number, apart in self.near(kind, value):
            one = self.contents.get(number)
            if one is None or not one.is_on(now) or not self.banks[one.bank] >= drawn:
                continue
            if banks is None or one.bank in banks:
                row = {"bank_content_id": number, "distance": apart}
                made.setdefault(one.bank, []).append(row)
        return made


def valid(kind: str, given: Any) -> str | None:
    """A value in the form that HMA keeps; None if it is none."""
    if not isinstance(given, str):
        return None
    text = given.strip().lower() if kind == "video_md5" else given
    return text if (PDQ if kind == "pdq" else MD5).fullmatch(text) else None


def written(value: Any) -> bytes:
    """JSON as HMA writes it. A ratio that is no number comes as `NaN`, which is no JSON."""
    return (json.dumps(value, sort_keys=True) + "\n").encode()

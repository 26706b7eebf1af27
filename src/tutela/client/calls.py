"""Requests and answers without a socket, the same for both clients; and when to ask again."""

from __future__ import annotations

import base64
import json
import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from tutela.client import models
from tutela.client.errors import Problem, Refused, Unreachable
from tutela.client.models import Bank, LookedUp, Page, ReportTaken, Screened, Signal

BASE = "/api/v1"
AGAIN = frozenset({429, 502, 503, 504})
"""Answers after which the same may be asked again: nothing was decided."""

FIRST, LONGEST = 0.1, 5.0
"""Seconds before the first repetition, twice as long each time, and before any."""

Answer = TypeVar("Answer")
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call(Generic[Answer]):
    """One request, and how its answer is read. Without content, the caller sends a body."""

    method: str
    path: str
    read: Callable[[Mapping[str, Any]], Answer]
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    query: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waits:
    """How long to wait before asking again, while `patience` lasts."""

    patience: float

    def next(self, attempt: int, spent: float, after: str | None) -> float | None:
        """Seconds, or None where it is to be given up. `after` is the service's `Retry-After`."""
        wait = min(FIRST * 2**attempt, LONGEST) * random.uniform(0.5, 1)  # noqa: S311 - no secret
        if after is not None and after.isdigit():
            wait = max(wait, float(after))
        return wait if spent + wait < self.patience else None


def screen(facts: Facts | None, idempotency_key: str | None) -> Call[Screened]:
    """Without the bytes, which come in pieces. Each has an idempotency key, so that one whose
    answer was lost can be asked again."""
    headers = {
        "content-type": "application/octet-stream",
        "idempotency-key": idempotency_key or secrets.token_urlsafe(18),
    }
    if facts:
        encoded = base64.urlsafe_b64encode(_json(facts))
        headers["tutela-facts"] = encoded.decode().rstrip("=")
    return Call("POST", f"{BASE}/screen", models.screened, headers)


def screen_signals(
    signals: Sequence[Signal], facts: Facts | None, idempotency_key: str | None
) -> Call[Screened]:
    headers = _JSON | {"idempotency-key": idempotency_key or secrets.token_urlsafe(18)}
    return Call("POST", f"{BASE}/screen", models.screened, headers, _signals(signals, facts))


def lookup(signals: Sequence[Signal], facts: Facts | None) -> Call[LookedUp]:
    return Call("POST", f"{BASE}/lookup", models.looked_up, _JSON, _signals(signals, facts))


def item(item_id: str) -> Call[Screened]:
    return Call("GET", f"{BASE}/items/{_segment(item_id)}", models.screened)


def report(about: str, given: Mapping[str, Any], idempotency_key: str | None) -> Call[ReportTaken]:
    headers = _JSON | {"idempotency-key": idempotency_key or secrets.token_urlsafe(18)}
    content = _json({"about": about, **given})
    return Call("POST", f"{BASE}/reports", ReportTaken.of, headers, content)


def banks(after: str | None, limit: int) -> Call[Page[Bank]]:
    query = {"limit": str(limit)} | ({} if after is None else {"after": after})
    return Call("GET", f"{BASE}/banks", models.page(Bank.of), query=query)


def answered(call: Call[Answer], status: int, body: bytes, request_id: str) -> Answer:
    """What the service says. Raises `Refused`, or `Unreachable` if it is not Tutela that speaks."""
    try:
        told = json.loads(body)
        if status < 300:
            return call.read(told)
        kind, title, detail, hint, number = (
            str(told.get(name, "")) for name in ("type", "title", "detail", "hint", "request_id")
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        if status >= 400:
            raise Refused(
                status, "", "", "The answer is no problem document.", "", request_id
            ) from None
        raise Unreachable(f"What answered with {status} is no service of Tutela.") from None
    raise Refused(status, kind, title, detail, hint, number or request_id)


def given_up(error: Exception | None, attempts: int) -> Problem:
    kind = type(error).__name__ if error is not None else "no answer"
    return Unreachable(f"The service gave no answer in {attempts} attempts: {kind}.")


_JSON = {"content-type": "application/json"}


def _signals(signals: Sequence[Signal], facts: Facts | None) -> bytes:
    return _json({"signals": [one.told() for one in signals], "facts": dict(facts or {})})


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _segment(text: str) -> str:
    if not text or not all(c.isalnum() or c in "_-" for c in text):
        raise ValueError(f"{text!r} is no id of an item")
    return text

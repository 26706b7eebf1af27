"""Requests that come again: the same key and `Idempotency-Key` get the same answer for a day.

Kept are a keyed digest of the two, one of the request, the verdict and the policy; the item's id
follows from them. What matched is written with its record, what did not, with the counts.
"""

from __future__ import annotations

import base64
import hmac
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Table, delete

from tutela.errors import TutelaError
from tutela.screening.models import Answer
from tutela.storage import Session, bulk

KEPT = timedelta(hours=24)
"""As the contract has it."""


class KeyReused(TutelaError):
    """An idempotency key that came before, with another request."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a request that may come again is known by."""

    digest: bytes
    asked: bytes


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was answered, and when."""

    verdict: str
    policy_version: str
    at: datetime


class Answers:
    """Answers of the last day. Those that were not written yet are held in memory."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._waiting: dict[bytes, tuple[Ticket, Earlier]] = {}
        self._lock = threading.Lock()

    def ticket(self, key: str, given: str, asked: bytes) -> Ticket:
        """Of a key of this service, the `Idempotency-Key` and all that was asked."""
        return Ticket(self._keyed(f"key {key} {given}".encode()), self._keyed(b"asked " + asked))

    def item_id(self, ticket: Ticket, at: datetime) -> str:
        """The id of the item that was answered then."""
        moment = at.astimezone(UTC).isoformat().encode()
        return item_id(self._keyed(b"item " + ticket.digest + moment))

    def earlier(self, session: Session, ticket: Ticket, now: datetime) -> Earlier | None:
        """What was answered before. Raises `KeyReused` if something else was asked."""
        with self._lock:
            held = self._waiting.get(ticket.digest)
        if held is not None:
            asked, found = held[0].asked, held[1]
        else:
            row = session.get(Answer, ticket.digest)
            if row is None:
                return None
            asked, found = row.asked, Earlier(row.verdict, row.policy_version, row.at)
        if found.at <= now - KEPT:
            return None
        _require_same(asked, ticket)
        return found

    def hold(self, ticket: Ticket, answer: Earlier) -> Earlier:
        """Remember an answer, to be written with the next counts; gives the one that is remembered,
        which is another's if the same request was answered meanwhile. Raises `KeyReused`."""
        with self._lock:
            held = self._waiting.get(ticket.digest)
            if held is None or held[1].at <= answer.at - KEPT:
                self._waiting[ticket.digest] = ticket, answer
                return answer
        _require_same(held[0].asked, ticket)
        return held[1]

    def waiting(self) -> list[tuple[Ticket, Earlier]]:
        with self._lock:
            return list(self._waiting.values())

    def written(self, answers: list[tuple[Ticket, Earlier]]) -> None:
        """These are in the database now."""
        with self._lock:
            for ticket, _ in answers:
                self._waiting.pop(ticket.digest, None)

    def _keyed(self, data: bytes) -> bytes:
        return hmac.digest(self._secret, data, "sha256")


def _require_same(asked: bytes, ticket: Ticket) -> None:
    if not hmac.compare_digest(asked, ticket.asked):
        raise KeyReused(
            "This Idempotency-Key came before with another request.",
            "Give each request a key of its own, and send it again only with the same bytes.",
        )


def remember(session: Session, ticket: Ticket, answer: Earlier) -> None:
    """Write an answer. At the flush the database refuses it with `IntegrityError` if the same
    request was answered meanwhile."""
    session.execute(
        delete(Answer).where(Answer.digest == ticket.digest, Answer.at <= answer.at - KEPT)
    )
    session.add(
        Answer(
            digest=ticket.digest,
            asked=ticket.asked,
            at=answer.at,
            verdict=answer.verdict,
            policy_version=answer.policy_version,
        )
    )


def remember_all(session: Session, answers: list[tuple[Ticket, Earlier]]) -> None:
    """Write those that are not there yet."""
    table = Answer.__table__
    assert isinstance(table, Table)  # noqa: S101 - as every model's is
    for ticket, answer in answers:
        session.execute(
            delete(Answer).where(Answer.digest == ticket.digest, Answer.at <= answer.at - KEPT)
        )
    rows = [(t.digest, t.asked, a.at, a.verdict, a.policy_version) for t, a in answers]
    columns = ("digest", "asked", "at", "verdict", "policy_version")
    bulk.upsert(session, table, columns, rows, "ON CONFLICT (digest) DO NOTHING")


def purge(session: Session, now: datetime) -> int:
    """Delete what is older than a day; says how many."""
    return len(
        session.execute(
            delete(Answer).where(Answer.at <= now - KEPT).returning(Answer.digest)
        ).all()
    )


def item_id(random: bytes) -> str:
    """An item's id of random bytes, 16 or more."""
    return "itm_" + base64.b32encode(random[:16]).decode().rstrip("=").lower()

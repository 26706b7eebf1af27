"""Writes an item that matched, with all that belongs to it, in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import rfc8785
from sqlalchemy import insert, select

from tutela import events, evidence, webhooks
from tutela.evidence.sealing import Sealed
from tutela.matching import Match
from tutela.policy import Verdict
from tutela.policy.models import PUBLIC_REASONS
from tutela.screening.answers import Earlier, Ticket, remember
from tutela.screening.judging import Given
from tutela.screening.models import Decided, Item, ItemMatch, ItemSignal
from tutela.screening.results import Screened
from tutela.storage import Session

DECIDED = "item.decided"
"""The webhook, and the event, of a verdict that is not plain allow."""


@dataclass(frozen=True, slots=True)
class ItemDecided:
    """An item was blocked or is to be looked at. Who opens a case for it sets `Decided.case_id`."""

    at: datetime
    item_id: str
    verdict: str
    test: bool
    given: Given


@dataclass(frozen=True, slots=True)
class ItemRecorded:
    """An item that matched was recorded, with a case or without. `media`: picture or other."""

    at: datetime
    item_id: str
    test: bool
    media: str
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller is told. `matches` and `explanation` only with the right to them."""

    item_id: str
    verdict: Verdict
    public_reason: str
    policy_version: str
    case_id: str | None = None
    evidence: str = "none"
    test: bool = False
    matches: tuple[Mapping[str, Any], ...] = ()
    explanation: str = ""
    repeated: bool = False

    @classmethod
    def of(cls, item_id: str, screened: Screened) -> Answer:
        """Of what was screened now; case and evidence are not known yet."""
        decision = screened.decision
        return cls(
            item_id, decision.verdict, decision.public_reason, decision.version,
            test=screened.test,
            matches=tuple(_shown(row) for row in _rows(item_id, screened) if not row["vetoed"]),
            explanation=decision.explanation,
        )  # fmt: skip

    @classmethod
    def repeated_of(cls, item_id: str, verdict: Verdict, version: str) -> Answer:
        """Of what matched nothing, and was answered before."""
        return cls(item_id, verdict, PUBLIC_REASONS[verdict], version, repeated=True)


@dataclass(frozen=True, slots=True)
class Record:
    """All that is written of an item. `evidence` is sealed, failed or none."""

    item_id: str
    at: datetime
    key_id: int | None
    door: str
    given: Given
    raw: Mapping[str, Any]
    screened: Screened
    evidence: str
    sealed: Sealed | None
    keep_until: datetime | None
    ticket: Ticket | None = field(default=None)


def write(session: Session, record: Record) -> str | None:
    """Write item, signals, matches, decision, case and webhook; gives the case's id, if one was
    opened. Raises `IntegrityError` if the same request was recorded meanwhile."""
    screened, decision = record.screened, record.screened.decision
    session.add(
        Item(
            id=record.item_id, at=record.at, key_id=record.key_id, door=record.door,
            test=screened.test, external_id=record.given.item_id,
            creator_id=record.given.creator_id, channel=record.given.channel,
            size=screened.facts.file.size, given=rfc8785.dumps(dict(record.raw)).decode(),
        )
    )  # fmt: skip
    if record.ticket is not None:
        remember(session, record.ticket, Earlier(decision.verdict, decision.version, record.at))
    file = record.sealed and evidence.record(session, record.at, record.sealed, record.keep_until)
    session.flush()
    signals = [
        {
            "item_id": record.item_id, "type": signal.type, "value": signal.value,
            "variant": signal.variant, "frame": signal.frame, "quality": signal.quality,
        }
        for signal in screened.fingerprint.signals
    ]  # fmt: skip
    for model, rows in ((ItemSignal, signals), (ItemMatch, _rows(record.item_id, screened))):
        if rows:
            session.execute(insert(model), rows)
    decided = Decided(
        item_id=record.item_id, at=record.at, verdict=str(decision.verdict), rule=decision.rule,
        explanation=decision.explanation, public_reason=decision.public_reason,
        policy_version=decision.version, facts=screened.facts.dumps(),
        background=json.dumps([asdict(would) for would in decision.background]),
        evidence=record.evidence, evidence_id=file.id if file else None, case_id=None,
    )  # fmt: skip
    session.add(decided)
    session.flush()
    if not screened.test:
        events.record(
            session, record.at, DECIDED, record.item_id, verdict=str(decision.verdict),
            rule=decision.rule, channel=record.given.channel, evidence=record.evidence,
        )  # fmt: skip
    if "case" in decision.actions:
        events.emit(
            session,
            ItemDecided(
                record.at, record.item_id, str(decision.verdict), screened.test, record.given
            ),
        )
    events.emit(session, ItemRecorded(
        record.at, record.item_id, screened.test,
        "picture" if screened.fingerprint.picture else "other", screened.matches,
    ))  # fmt: skip
    if "notify" in decision.actions:
        webhooks.enqueue(session, record.at, DECIDED, _told(record, decided))
    return decided.case_id


def read(session: Session, item_id: str) -> Answer | None:
    """What was answered about an item that is recorded."""
    decided = session.get(Decided, item_id)
    if decided is None:
        return None
    item = session.get_one(Item, item_id)
    rows = session.scalars(
        select(ItemMatch)
        .where(ItemMatch.item_id == item_id, ItemMatch.vetoed.is_(False))
        .order_by(ItemMatch.id)
    )
    names = [column.name for column in ItemMatch.__table__.columns]
    shown = tuple(_shown({name: getattr(row, name) for name in names}) for row in rows)
    return Answer(
        item_id, Verdict(decided.verdict), decided.public_reason, decided.policy_version,
        decided.case_id, decided.evidence, item.test, shown, decided.explanation, repeated=True,
    )  # fmt: skip


def _told(record: Record, decided: Decided) -> dict[str, Any]:
    """What the platform's own service is told: nothing of what matched, or of who will know."""
    return {
        "item_id": record.item_id,
        "item": record.given.item_id,
        "creator": record.given.creator_id,
        "verdict": decided.verdict,
        "public_reason": decided.public_reason,
        "policy_version": decided.policy_version,
        "case_id": decided.case_id,
        "evidence": decided.evidence,
        "test": record.screened.test,
    }


def _rows(item_id: str, screened: Screened) -> list[dict[str, Any]]:
    return [
        {
            "item_id": item_id, "bank": match.owner, "type": match.signal.type,
            "value": match.known.value,
            "item_value": match.signal.value, "distance": match.distance,
            "variant": match.signal.variant, "quality": match.signal.quality,
            "known_quality": match.known.quality, "labels": " ".join(match.labels),
            "source": match.source, "purpose": match.purpose, "strength": match.strength,
            "vetoed": vetoed, "disputed": match.disputed, "seed": match.seed,
        }
        for vetoed, matches in ((False, screened.matches), (True, screened.vetoed))
        for match in matches
    ]  # fmt: skip


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A match as an answer shows it."""
    return {
        "bank": row["bank"], "signal_type": row["type"], "value": row["value"],
        "distance": row["distance"], "variant": row["variant"], "quality": row["quality"],
        "labels": row["labels"].split(), "source": row["source"], "purpose": row["purpose"],
        "strength": row["strength"], "disputed": row["disputed"], "seed": row["seed"],
    }  # fmt: skip

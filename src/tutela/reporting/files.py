"""Items as files of a report: what records say of each, and nothing that was typed in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from tutela.cases.alerts import NOTICE
from tutela.cases.alerts import REPORT as USER_REPORT
from tutela.cases.models import Alert
from tutela.decisions import items
from tutela.decisions.models import Decision
from tutela.evidence.models import File as Sealed
from tutela.evidence.models import Intent
from tutela.people import callers
from tutela.policy.facts import Facts
from tutela.reporting import facts, given
from tutela.reporting.facts import File, Seen
from tutela.screening.models import Decided, Item, ItemMatch, ItemSignal
from tutela.storage import Session
from tutela.views import service as views
from tutela.views.models import View

MOST_SEEN = 20
"""Views of one file: whoever saw all of it comes first."""

HASHES = ("md5", "sha1", "sha256", "pdq")
"""Types of signals that go along, made from the bytes as they were uploaded."""

IS_GONE = "Its bytes are kept no more."
EXACT = "It is exactly a file of a vetted list of known files."
NEAR = "It is nearly a file of a vetted list of known files."
AGAIN = "It is like a file that was confirmed here before."
BY_USER, BY_NOTICE, BY_POLICY = (
    "A user of the service reported it.", "Someone outside the service gave notice of it.",
    "The service's own rules found it.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Posted:
    """An item with what is known of it."""

    item: Item
    decided: Decided | None
    said: Facts

    @property
    def at(self) -> datetime | None:
        """When it was uploaded, where the platform said so."""
        return given.time(self.said.item, "created_at")


def file_of(session: Session, item_id: str) -> File:
    """An item as a file of a report."""
    item = session.get_one(Item, item_id)
    alert = session.scalar(
        select(Alert)
        .where(Alert.item_id == item_id, Alert.kind.in_((USER_REPORT, NOTICE)))
        .order_by(Alert.id)
        .limit(1)
    )
    return file(session, of(item, session.get(Decided, item_id)), by(alert) if alert else "")


def of(item: Item, decided: Decided | None) -> Posted:
    try:
        said = Facts.loads(decided.facts) if decided else Facts()
    except ValueError:  # of an older version
        said = Facts()
    return Posted(item, decided, said)


def by(alert: Alert) -> str:
    return BY_NOTICE if alert.kind == NOTICE else BY_USER


def file(session: Session, one: Posted, found_by: str) -> File:
    item, said = one.item, one.said
    sealed = one.decided and one.decided.evidence_id
    stored = session.get(Sealed, sealed) if sealed else None
    kept = stored is not None and stored.deleted_at is None
    decision = session.scalar(
        select(Decision).where(Decision.item_id == item.id, Decision.undone_at.is_(None))
    )
    graded = json.loads(decision.grades) if decision is not None else {}
    more = [f"Item {item.external_id} of the service."] if item.external_id else []
    if stored is not None and not kept:
        more.append(IS_GONE)
    return File(
        evidence=stored.id if stored is not None and kept else "",
        item=item.id,
        name=item.id,
        original_name=given.text(said.item, "name"),
        size=stored.size if stored is not None else item.size or 0,
        uploaded_at=one.at,
        url=given.text(said.item, "url"),
        public=given.PUBLIC.get(item.channel),
        seen=_seen(session, item.id),
        hashes=_hashes(session, item.id),
        grades=tuple(sorted(graded.items())),
        capture=given.upload(said.item),
        devices=given.devices(said.item),
        details=given.details(said.item),
        found_by=_found_by(session, item.id) or found_by or BY_POLICY,
        more=" ".join(more),
    )


def _hashes(session: Session, item_id: str) -> tuple[tuple[str, str], ...]:
    """One of each type: of a film, that of its first frame."""
    rows = session.execute(
        select(ItemSignal.type, ItemSignal.value)
        .where(
            ItemSignal.item_id == item_id, ItemSignal.variant == "plain",
            ItemSignal.type.in_(HASHES),
        )
        .order_by(func.coalesce(ItemSignal.frame, 0), ItemSignal.id)
    )  # fmt: skip
    first: dict[str, str] = {}
    for kind, value in rows:
        first.setdefault(kind, value)
    return tuple((kind, first[kind]) for kind in HASHES if kind in first)


def _seen(session: Session, item_id: str) -> tuple[Seen, ...]:
    """What people were shown of it: not keys, not what was asked for and never came, not what was
    only written into a file."""
    rows = session.scalars(
        select(View)
        .outerjoin(Intent, Intent.id == View.intent_id)
        .where(
            View.item_id == item_id, View.file_id.is_not(None), View.rendering != views.EXPORT,
            View.actor.startswith(callers.PERSON),
            or_(Intent.id.is_(None), Intent.used_at.is_not(None)),
        )
        .order_by(View.at, View.id)
    ).all()  # fmt: skip
    made = [Seen(one.actor, one.at, one.rendering, one.whole, one.seconds) for one in rows]
    made.sort(key=lambda one: not (one.whole and one.rendering in facts.WHOLE))
    return tuple(made[:MOST_SEEN])


def _found_by(session: Session, item_id: str) -> str:
    """How it was detected: never by which list."""
    rows = session.execute(
        select(ItemMatch.strength, ItemMatch.source)
        .where(
            ItemMatch.item_id == item_id, ItemMatch.vetoed.is_(False),
            ItemMatch.purpose.in_(items.REPORTABLE),
        )
        .distinct()
    ).all()  # fmt: skip
    vetted = {strength for strength, source in rows if source != items.OWN}
    if "exact" in vetted:
        return EXACT
    if vetted:
        return NEAR
    return AGAIN if rows else ""

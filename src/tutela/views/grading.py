"""What is known of how hard an item is to look at: by the banks that it matched, and by people."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from tutela import events
from tutela.events.models import Event
from tutela.screening.models import ItemMatch
from tutela.storage import Session
from tutela.views import exposure

GRADED_WORST = "item.graded-worst"
"""What the record of events says of an item that a person gave one of the worst grades."""

PAGE = 500
"""Items that one query names: a file may have very many copies."""


def is_worst(session: Session, item_id: str) -> bool:
    """Whether an item is of the worst grades, as a bank that it matched or someone here says."""
    return bool(worst_of(session, [item_id]))


def worst_of(session: Session, item_ids: Collection[str]) -> set[str]:
    """Those of these items that are of the worst grades."""
    worst = exposure.options_of(session).worst
    return labelled(session, item_ids, worst) | marked_worst(session, item_ids)


def mark_worst(session: Session, now: datetime, item_ids: Collection[str]) -> None:
    """Someone gave these items one of the worst grades: whatever becomes of what they decided,
    nobody is shown them unprepared."""
    names = sorted(set(item_ids))
    for begin in range(0, len(names), PAGE):
        some = names[begin : begin + PAGE]
        for item_id in sorted(set(some) - marked_worst(session, some)):
            events.record(session, now, GRADED_WORST, item_id)
    session.flush()


def marked_worst(session: Session, item_ids: Collection[str]) -> set[str]:
    """Those of these items that someone here gave one of the worst grades."""
    return set(
        session.scalars(
            select(Event.subject).where(
                Event.subject.in_(sorted(item_ids)), Event.kind == GRADED_WORST
            )
        )
    )


def labelled(session: Session, item_ids: Collection[str], codes: Collection[str]) -> set[str]:
    """Those of these items that a bank which they matched gives one of these codes."""
    if not codes:
        return set()
    labels = session.execute(
        select(ItemMatch.item_id, ItemMatch.labels).where(
            ItemMatch.item_id.in_(sorted(item_ids)), ItemMatch.vetoed.is_(False)
        )
    )
    wanted = set(codes)
    return {item for item, text in labels if wanted & set(text.split())}

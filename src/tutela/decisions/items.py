"""What is known of the items of a case to who decides about them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, or_, select

from tutela.banks.models import Purpose
from tutela.cases.models import Alert, Case
from tutela.decisions.errors import DecisionRefused
from tutela.decisions.models import Decision
from tutela.decisions.told import CONFIRMED, UNSETTLED
from tutela.evidence.models import File, Intent
from tutela.people import knowing
from tutela.people.permissions import Caller
from tutela.screening.models import Decided, Item, ItemMatch, ItemSignal
from tutela.storage import Session
from tutela.views import service as views
from tutela.views.models import View

REPORTABLE = tuple(str(one) for one in Purpose if one.reportable)
OWN = "own"
"""The source of banks that nobody but this installation vouches for."""

MOST_ALIKE = 200
"""Copies of one file that are decided about together, in a second and a half; the rest, with the
next of them."""


@dataclass(frozen=True, slots=True)
class Known:
    """An item, as who decides about it must know it."""

    item: Item
    verdict: str
    sealed: bool
    """Its bytes are kept, so that it can be looked at."""
    exact: bool
    """A vetted bank has this very file."""
    vetted: bool
    """A vetted bank has something near it."""
    looked: bool
    """Who decides looked at it, in some rendering."""

    @property
    def releases(self) -> bool:
        """Whether it is no match has to be said by who may release."""
        return self.vetted or self.verdict == "block"

    @property
    def unseen(self) -> bool:
        """Whether it can and must be looked at before it is judged."""
        return self.sealed and not self.exact and not self.looked


def undecided(
    session: Session, case_id: str, after: str = "", limit: int = 50
) -> Sequence[tuple[Item, Decision | None]]:
    """Items of a case that are still to be decided about, in the order of their ids; beside each,
    what left it open."""
    return listed(session, case_id, after, limit, only_open=True)


def listed(
    session: Session, case_id: str, after: str = "", limit: int = 50, *, only_open: bool = False
) -> Sequence[tuple[Item, Decision | None]]:
    """Items of a case in the order of their ids; beside each, the decision that stands."""
    standing = and_(Decision.item_id == Item.id, Decision.undone_at.is_(None))
    query = (
        select(Item, Decision)
        .outerjoin(Decision, standing)
        .where(Item.id.in_(_of(case_id)), Item.id > after)
        .order_by(Item.id)
        .limit(limit)
    )
    if only_open:
        query = query.where(_open())
    return [(item, decision) for item, decision in session.execute(query)]


def count_undecided(session: Session, case_id: str) -> int:
    """How many items of a case are still to be decided about."""
    standing = and_(Decision.item_id == Item.id, Decision.undone_at.is_(None))
    query = (
        select(func.count())
        .select_from(Item)
        .outerjoin(Decision, standing)
        .where(Item.id.in_(_of(case_id)), _open())
    )
    return session.scalar(query) or 0


def named(session: Session, case_id: str, names: Sequence[str]) -> list[str]:
    """Ids of items of a case by what they are called: our id, or the platform's own where one item
    has it. What is on the case by neither name stays as it is. Raises `DecisionRefused` where
    several are called so."""
    rows = session.execute(
        select(Item.id, Item.external_id).where(
            Item.id.in_(_of(case_id)), Item.external_id.in_(sorted(set(names)))
        )
    ).all()
    by_name: dict[str, list[str]] = {}
    for item_id, name in rows:
        by_name.setdefault(str(name), []).append(item_id)
    own = on_case(session, case_id, names)
    found = []
    for name in names:
        called = [name] if name in own else by_name.get(name, [name])
        if len(called) > 1:
            raise DecisionRefused(
                f"{len(called)} items of this case are called {name[:64]!r}.",
                f"Name them by our id: {', '.join(sorted(called)[:5])}.",
            )
        found += called
    return found


def _of(case_id: str) -> Select[Any]:
    return select(Alert.item_id).where(
        Alert.case_id == case_id, Alert.detached_at.is_(None), Alert.item_id.is_not(None)
    )


def _open() -> ColumnElement[bool]:
    return or_(Decision.id.is_(None), Decision.conclusion.in_(sorted(UNSETTLED)))


def on_case(session: Session, case_id: str, item_ids: Collection[str]) -> set[str]:
    """Those of these items that are on a case."""
    return set(
        session.scalars(
            select(Alert.item_id).where(
                Alert.case_id == case_id, Alert.detached_at.is_(None),
                Alert.item_id.in_(sorted(item_ids)),
            )
        )
    )  # fmt: skip


def alike(
    session: Session, now: datetime, caller: Caller, item_ids: Collection[str]
) -> dict[str, str]:
    """Other items with the very same bytes that nobody decided about, on open cases that the caller
    needs to know of and nobody else works on now; with the case of each."""
    hashes = _hashes(session, item_ids)
    if not hashes:
        return {}
    rows = session.execute(
        select(ItemSignal.item_id, Alert.case_id)
        .join(Alert, Alert.item_id == ItemSignal.item_id)
        .join(Case, Case.id == Alert.case_id)
        .where(
            ItemSignal.type == "sha256", ItemSignal.variant == "plain",
            ItemSignal.value.in_(hashes),
            ItemSignal.item_id.not_in(sorted(item_ids)),
            Alert.detached_at.is_(None), Case.closed_at.is_(None),
            knowing.visible(caller, Case.queue, Case.id),
            or_(
                Case.locked_by.is_(None), Case.locked_until.is_(None), Case.locked_until <= now,
                Case.locked_by == caller.human,
            ),
            or_(Case.assigned_to.is_(None), Case.assigned_to == caller.human),
            not_(exists().where(
                Decision.item_id == ItemSignal.item_id, Decision.undone_at.is_(None)
            )),
        )
        .order_by(ItemSignal.item_id)
        .limit(MOST_ALIKE)
    )  # fmt: skip
    return {row.item_id: row.case_id for row in rows}


def confirmed_alike(
    session: Session, item_ids: Collection[str], *, lock: bool = False
) -> Sequence[Decision]:
    """Decisions that stand and confirm other items with the very same bytes."""
    hashes = _hashes(session, item_ids)
    if not hashes:
        return []
    query = (
        select(Decision)
        .where(
            Decision.undone_at.is_(None), Decision.conclusion == CONFIRMED,
            Decision.item_id.not_in(sorted(item_ids)),
            exists().where(
                ItemSignal.item_id == Decision.item_id, ItemSignal.type == "sha256",
                ItemSignal.variant == "plain", ItemSignal.value.in_(hashes),
            ),
        )
        .order_by(Decision.item_id)
    )  # fmt: skip
    return session.scalars(query.with_for_update() if lock else query).all()


def copies(session: Session, item_id: str) -> set[str]:
    """The item and all others with the very same bytes."""
    alike = select(ItemSignal.item_id).where(
        ItemSignal.type == "sha256", ItemSignal.variant == "plain",
        ItemSignal.value.in_(_hashes(session, [item_id])),
    )  # fmt: skip
    return {item_id, *session.scalars(alike)}


def _hashes(session: Session, item_ids: Collection[str]) -> list[str]:
    """What the bytes of items are told by, as they were handed in."""
    found = session.scalars(
        select(ItemSignal.value).where(
            ItemSignal.item_id.in_(sorted(item_ids)), ItemSignal.type == "sha256",
            ItemSignal.variant == "plain",
        )
    )  # fmt: skip
    return sorted(set(found))


def known(session: Session, caller: Caller, item_ids: Sequence[str]) -> dict[str, Known]:
    """What must be known of items, by their ids; of copies of one file one look is enough."""
    rows = session.execute(
        select(Item, Decided.verdict, File.id)
        .select_from(Item)
        .join(Decided, Decided.item_id == Item.id)
        .outerjoin(File, and_(File.id == Decided.evidence_id, File.deleted_at.is_(None)))
        .where(Item.id.in_(sorted(item_ids)))
    ).all()
    matched = session.execute(
        select(ItemMatch.item_id, ItemMatch.strength).where(
            ItemMatch.item_id.in_(sorted(item_ids)), ItemMatch.vetoed.is_(False),
            ItemMatch.purpose.in_(REPORTABLE), ItemMatch.source != OWN,
        )
    ).all()  # fmt: skip
    vetted = {row.item_id for row in matched}
    exact = {row.item_id for row in matched if row.strength == "exact"}
    looked = set(
        session.scalars(
            select(View.item_id)
            .outerjoin(Intent, Intent.id == View.intent_id)
            .where(
                View.item_id.in_(sorted(item_ids)), View.actor == caller.human,
                View.file_id.is_not(None), View.rendering.not_in(views.UNSEEN),
                or_(Intent.id.is_(None), Intent.used_at.is_not(None)),  # it was not just asked for
            )
        )
    )  # fmt: skip
    return {
        item.id: Known(
            item, verdict, file is not None, item.id in exact, item.id in vetted, item.id in looked
        )
        for item, verdict, file in rows
    }  # fmt: skip


def purpose_of(session: Session, item_id: str) -> str:
    """What purpose a bank has that takes the item: that of what it matched, a survivor's request
    before all others, since what is in such a bank makes nobody a suspect."""
    found = set(
        session.scalars(
            select(ItemMatch.purpose)
            .where(ItemMatch.item_id == item_id, ItemMatch.vetoed.is_(False))
            .distinct()
        )
    )
    for purpose in (Purpose.SURVIVOR_REQUEST, Purpose.KNOWN_CSEA, Purpose.ADULT_INTIMATE):
        if str(purpose) in found:
            return str(purpose)
    return str(Purpose.KNOWN_CSEA)

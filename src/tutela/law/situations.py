"""A case as laws see it, from records. What is not known stays so: nothing here is guessed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from tutela import events
from tutela.cases.alerts import MATCH, NOTICE
from tutela.cases.models import Alert, Case
from tutela.decisions.items import OWN, REPORTABLE
from tutela.decisions.models import Decision
from tutela.decisions.told import CONFIRMED, NO_MATCH
from tutela.law.options import Options
from tutela.law.signing import last_reviews
from tutela.law.told import ReportsAsked
from tutela.packs import Linked, Situation
from tutela.packs.situations import ADULT
from tutela.packs.vocabulary import CHANNELS, PRIORITIES
from tutela.policy.countries import COUNTRIES
from tutela.screening.models import Decided, Item, ItemMatch
from tutela.storage import Session

EXACT = "exact"


@dataclass(frozen=True, slots=True)
class _Confirmed:
    """By whom, when first, and of which items; `by` None: nobody said yet."""

    by: str | None
    at: datetime | None
    items: frozenset[str]
    grades: Mapping[str, str]


def of_case(session: Session, case: Case, options: Options) -> Situation:
    """The situation of a case, for `tutela.packs.duties`."""
    session.flush()
    rows = session.execute(
        select(Alert, Item.channel, Decided.facts)
        .outerjoin(Item, Item.id == Alert.item_id)
        .outerjoin(Decided, Decided.item_id == Item.id)
        .where(Alert.case_id == case.id, Alert.detached_at.is_(None))
        .order_by(Alert.at, Alert.id)
    ).all()
    alerts = [alert for alert, _, _ in rows]
    found = _confirmed(session, case, alerts)
    concerned = [
        (channel, _facts(facts or "{}"))
        for alert, channel, facts in rows
        if channel is not None and (not found.items or alert.item_id in found.items)
    ]
    asked = ReportsAsked(case.id)
    events.emit(session, asked)
    notices = [alert for alert in alerts if alert.kind == NOTICE]
    incident = asked.incident or ("media" if found.items else None)
    return Situation(
        service=replace(options.service, last_reviews=last_reviews(session)),
        at=found.at or case.opened_at,
        incident=incident,
        grades=found.grades,
        confirmed=found.by,
        found_by=("own-system" if alerts[0].kind == MATCH else "told") if alerts else None,
        channel=_channel(channel for channel, _ in concerned),
        linked=Linked(
            upload=_countries(given for _, facts in concerned for given in _places(facts, "item")),
            user=_countries(given for _, facts in concerned for given in _places(facts, "creator")),
        ),
        danger=True if case.danger or asked.danger else None,
        priority=asked.priority if str(asked.priority) in PRIORITIES else None,
        reported=dict(asked.filed),
        notice=None if notices else "none",
        noticed_at=notices[0].at if notices else None,
        age=min(
            (one.child_age for one in alerts if one.child_age is not None), default=None
        ) if _is_child(alerts) else None,
    )  # fmt: skip


def _confirmed(session: Session, case: Case, alerts: Sequence[Alert]) -> _Confirmed:
    """What people decided counts before what hashes say. Aware is who confirmed first, be it a
    person or a list that was vetted: the earlier of both breaks no duty."""
    ids = {alert.item_id for alert in alerts if alert.item_id}
    of_case = (Decision.case_id == case.id) & Decision.item_id.is_(None)
    decisions = session.scalars(
        select(Decision)
        .where(of_case | Decision.item_id.in_(sorted(ids)), Decision.undone_at.is_(None))
        .order_by(Decision.at, Decision.id)
    ).all()
    matches = session.execute(
        select(ItemMatch.item_id, ItemMatch.purpose, ItemMatch.strength, ItemMatch.source)
        .where(ItemMatch.item_id.in_(sorted(ids)), ItemMatch.vetoed.is_(False))
        .distinct()
    ).all()
    other = {one.item_id for one in matches} - {
        one.item_id for one in matches if one.purpose in REPORTABLE
    }  # of a purpose that no authority is told of
    refuted = {one.item_id for one in decisions if one.conclusion == NO_MATCH}
    persons = [
        one for one in decisions if one.conclusion == CONFIRMED and one.item_id not in other
    ]  # fmt: skip
    exact = {
        one.item_id
        for one in matches
        if one.strength == EXACT and one.purpose in REPORTABLE and one.source != OWN
    } - refuted
    moments = [one.at for one in persons]
    moments += [alert.at for alert in alerts if alert.item_id in exact]
    by = "person" if persons else "hash" if exact else None
    if by is None and ids and ids <= refuted:
        by = "no"
    items = {one.item_id for one in persons if one.item_id} | exact
    return _Confirmed(
        by, min(moments, default=None), frozenset(items),
        _agreed(json.loads(one.grades or "{}") for one in persons),
    )  # fmt: skip


def _agreed(grades: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Grades that all who graded agree in: of others, nothing is known of the whole."""
    found: dict[str, set[str]] = {}
    for one in grades:
        for fact, value in one.items():
            found.setdefault(fact, set()).add(str(value))
    return {fact: next(iter(values)) for fact, values in found.items() if len(values) == 1}


def _channel(channels: Iterable[str | None]) -> str | None:
    """Where it was posted, if that is one place."""
    found = set(channels)
    one = found.pop() if len(found) == 1 else None
    return one if one in CHANNELS else None


def _facts(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _places(facts: dict[str, Any], of: str) -> Iterator[Any]:
    """Countries that the platform named under `item` or `creator`: of a place, of addresses."""
    under = facts.get(of)
    if not isinstance(under, dict):
        return
    yield under.get("country")
    for name in ("place", "address", "addresses"):
        entry = under.get(name)
        for one in entry if isinstance(entry, list) else (entry,):
            if isinstance(one, dict):
                yield one.get("country")


def _countries(given: Iterable[Any]) -> frozenset[str] | None:
    found = frozenset(one for one in given if isinstance(one, str) and one in COUNTRIES)
    return found or None


def _is_child(alerts: Sequence[Alert]) -> bool:
    return any(one.child_age is not None and one.child_age < ADULT for one in alerts)

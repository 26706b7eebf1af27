"""How well matching does: of what each bank matched, how much people found to be what it says.

What is counted is an item's nearest match with a bank by one type: an item that two banks match
counts with each. Nothing is pooled over banks or types, since these are the same items.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from tutela.decisions.appeals import OVERTURNED, UPHELD
from tutela.decisions.models import Appeal, Decision
from tutela.decisions.told import CONFIRMED, NO_MATCH
from tutela.records import estimators, seconds
from tutela.records.estimators import Drawn, Pooled
from tutela.records.intervals import Interval, wilson
from tutela.records.models import Sample
from tutela.records.sampling import WIDTH
from tutela.screening.models import ItemSignal
from tutela.storage import Session

BY = ("media", "month")
"""By what else rows can be split."""

MOST = 5_000
"""Rows of one record: past so many, nobody reads it; ask for a shorter time."""


@dataclass(frozen=True, slots=True)
class Row:
    """A bank, a type and a bucket of distances. `reviewed` of `matches` people decided about;
    `overturned` of these they found to be no match; `viewed`: who decided saw the original whole.
    Appeals are of decisions that confirmed: `appeals_right` says that the one who appealed was."""

    bank: str
    source: str
    type: str
    bucket: int
    media: str
    month: str
    matches: int
    files: int
    reviewed: int
    confirmed: int
    overturned: int
    undecided: int
    viewed: int
    appeals: int
    appeals_right: int
    drawn: int
    precision: Interval | None

    @property
    def distances(self) -> str:
        return distances(self.bucket)


@dataclass(frozen=True, slots=True)
class Strata:
    """All buckets of a bank and a type together, by the weights of the draw."""

    bank: str
    type: str
    matches: int
    pooled: Pooled


@dataclass(frozen=True, slots=True)
class Performance:
    """The record of a time. `more`: there are more rows than were read."""

    since: datetime | None
    until: datetime | None
    rows: Sequence[Row]
    pooled: Sequence[Strata]
    second: seconds.Agreement
    more: bool = False
    notes: tuple[str, ...] = field(default=(
        "Counted are items that were recorded, since policy blocked them or wanted a person to see"
        " them; not what a policy let pass.",
        "Intervals are Wilson's, at 95 %. They say how far chance alone may lead astray, and take"
        " each match as one draw: many copies of one file are not, which files says.",
        "The precision of a row is that of what people decided about. Where that is not all, it"
        " holds for the rest only if nothing but the draw chose it.",
        "Precision over several buckets is weighted by one over the probability with which each"
        " match was drawn; over banks or types there is none, since they match the same items.",
    ))  # fmt: skip


def distances(bucket: int) -> str:
    """A bucket in words."""
    return "0" if bucket == 0 else f"{bucket} to {bucket + WIDTH - 1}"


def record(
    session: Session,
    since: datetime | None = None,
    until: datetime | None = None,
    by: Collection[str] = (),
) -> Performance:
    """What is known of items recorded from `since` on and before `until`. Raises ValueError for a
    `by` that is none."""
    if wrong := set(by) - set(BY):
        raise ValueError(f"there is no {min(wrong)!r} to split by: {', '.join(BY)}")
    which = _which(since, until)
    groups = [Sample.bank, Sample.type, Sample.bucket, *(getattr(Sample, one) for one in by)]
    rows = _rows(session, which, groups, by)
    return Performance(
        since, until, rows[:MOST], _strata(session, which),
        seconds.agreement(session, since, until), len(rows) > MOST,
    )  # fmt: skip


def _which(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if since is not None:
        found.append(Sample.at >= since)
    if until is not None:
        found.append(Sample.at < until)
    return found


_STANDS = and_(Decision.item_id == Sample.item_id, Decision.undone_at.is_(None))


def _sum(condition: ColumnElement[bool]) -> Any:
    return func.sum(case((condition, 1), else_=0))


def _rows(
    session: Session, which: list[ColumnElement[bool]], groups: list[Any], by: Collection[str]
) -> list[Row]:
    settled = Decision.conclusion.in_((CONFIRMED, NO_MATCH))
    counted = session.execute(
        select(
            *groups, func.max(Sample.source), func.count(), _sum(settled),
            _sum(Decision.conclusion == CONFIRMED),
            _sum(and_(settled, Decision.viewed.is_(True))), _sum(Sample.drawn.is_(True)),
        )
        .select_from(Sample)
        .outerjoin(Decision, _STANDS)
        .where(*which)
        .group_by(*groups)
        .order_by(*groups)
        .limit(MOST + 1)
    ).all()  # fmt: skip
    files = _by_group(session.execute(
        select(*groups, func.count(ItemSignal.value.distinct()))
        .select_from(Sample)
        .join(ItemSignal, and_(
            ItemSignal.item_id == Sample.item_id, ItemSignal.type == "sha256",
            ItemSignal.variant == "plain",
        ))
        .where(*which)
        .group_by(*groups)
    ).all(), len(groups))  # fmt: skip
    appeals = _by_group(session.execute(
        select(
            *groups, _sum(Appeal.outcome.in_((UPHELD, OVERTURNED))),
            _sum(Appeal.outcome == OVERTURNED),
        )
        .select_from(Sample)
        .join(Decision, Decision.item_id == Sample.item_id)
        .join(Appeal, Appeal.decision_id == Decision.id)
        .where(*which)
        .group_by(*groups)
    ).all(), len(groups))  # fmt: skip
    names = ("bank", "type", "bucket", *by)
    found = []
    for row in counted:
        place, values = tuple(row[: len(names)]), row[len(names) :]
        source, matches, reviewed, confirmed, viewed, drawn = values
        heard, right = appeals.get(place, (0, 0))
        at = {"media": "", "month": ""} | dict(zip(names, place, strict=True))
        found.append(Row(
            **at, source=source, matches=matches, files=files.get(place, (0,))[0],
            reviewed=reviewed, confirmed=confirmed, overturned=reviewed - confirmed,
            undecided=matches - reviewed, viewed=viewed, appeals=heard, appeals_right=right,
            drawn=drawn, precision=wilson(confirmed, reviewed),
        ))  # fmt: skip
    return found


def _by_group(rows: Iterable[Any], width: int) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Counts by the names before them, of which there are `width`."""
    return {tuple(row[:width]): tuple(row[width:]) for row in rows}


def _strata(session: Session, which: list[ColumnElement[bool]]) -> list[Strata]:
    """Banks and types, each pooled over its buckets by the weights of the draw."""
    rows = session.execute(
        select(
            Sample.bank, Sample.type, Sample.probability, func.count(),
            _sum(Sample.drawn.is_(True)),
            _sum(and_(Sample.drawn.is_(True), Decision.conclusion == CONFIRMED)),
            _sum(and_(Sample.drawn.is_(True), Decision.conclusion == NO_MATCH)),
        )
        .select_from(Sample)
        .outerjoin(Decision, _STANDS)
        .where(*which)
        .group_by(Sample.bank, Sample.type, Sample.probability)
        .order_by(Sample.bank, Sample.type, Sample.probability)
    ).all()  # fmt: skip
    parts: dict[tuple[str, str], list[Drawn]] = defaultdict(list)
    matches: dict[tuple[str, str], int] = defaultdict(int)
    for bank, kind, probability, count, drawn, confirmed, rejected in rows:
        matches[bank, kind] += count
        parts[bank, kind].append(Drawn(probability, drawn, confirmed, rejected))
    return [
        Strata(bank, kind, matches[bank, kind], estimators.pooled(parts[bank, kind]))
        for bank, kind in parts
    ]

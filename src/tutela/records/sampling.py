"""Draws matches for people, when an item is recorded: by a design, with a probability that is kept.

The draw is a keyed digest of the item's id: the same whenever it is reckoned, and nobody without
the key knows it beforehand. All matches of one item share it, so that what one bank drew others
draw too: the fewest items are looked at.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from datetime import timedelta

from sqlalchemy import delete, func, insert, select, tuple_

from tutela import events
from tutela.banks.models import Bank, Purpose
from tutela.decisions.models import Decision
from tutela.decisions.told import CONFIRMED, NO_MATCH
from tutela.matching import Match
from tutela.records.intervals import needed
from tutela.records.models import Sample, Source, Stratum
from tutela.records.options import IN_SESSION, Options
from tutela.screening.judging import Given
from tutela.screening.models import Decided, Item
from tutela.screening.recording import ItemDecided, ItemRecorded
from tutela.signals.registry import signal_type
from tutela.storage import Database, Session

KEY = "records.key"
"""Where a session holds what gives the key of the draw (`Database.info`). Without one, all is
drawn."""

FIRST_SEEN, OUTER, NEW_SOURCE, UNKNOWN_RATE, RANDOM = (
    "first-seen", "outer", "new-source", "unknown-rate", "random",
)  # fmt: skip

WIDTH = 8
"""Distances in a bucket, after 0: a quarter of what PDQ is usually matched to."""

WINDOW = timedelta(days=30)
"""For how long matches are counted to know how many come in a month."""

MOST = 200
"""Items put on cases at a time: the rest the next time."""

SETTLED = (CONFIRMED, NO_MATCH)
NOT_DRAWN = frozenset({str(Purpose.TEST), str(Purpose.NEVER_MATCH)})


def options_of(session: Session) -> Options:
    """The settings of records that a session carries."""
    found = session.info.get(IN_SESSION)
    return found if isinstance(found, Options) else Options()


def draw(session: Session, told: ItemRecorded) -> None:
    """Write down each bank and type that matched an item, and whether people are to look."""
    nearest = _nearest(told.matches)
    if told.test or not nearest:
        return
    options, banks = options_of(session), sorted({bank for bank, _ in nearest})
    known = {place: _known(match) for place, match in nearest.items()}
    seen = {
        (row.bank, row.known)
        for row in session.execute(
            select(Sample.bank, Sample.known).where(
                tuple_(Sample.bank, Sample.known).in_(
                    sorted((bank, digest) for (bank, _), digest in known.items())
                )
            )
        )
    }
    distances = {
        row.name: row.distance
        for row in session.execute(select(Bank.name, Bank.distance).where(Bank.name.in_(banks)))
    }
    sources = sorted({match.source for match in nearest.values()})
    reviewed = {
        row.source: row.reviewed
        for row in session.scalars(select(Source).where(Source.source.in_(sources)))
    }
    expected = {
        (row.bank, row.type, row.bucket): row.expected
        for row in session.scalars(select(Stratum).where(Stratum.bank.in_(banks)))
    }
    first, second = _lots(session, told.item_id)
    rows = []
    for (bank, kind), match in sorted(nearest.items()):
        design, probability = _design(
            options, match, distances.get(bank), (bank, known[bank, kind]) in seen,
            reviewed.get(match.source, 0), expected.get((bank, kind, bucket(match.distance))),
        )  # fmt: skip
        drawn = first < probability
        rows.append({
            "at": told.at, "item_id": told.item_id, "bank": bank, "source": match.source,
            "type": kind, "bucket": bucket(match.distance), "media": told.media,
            "month": f"{told.at:%Y-%m}", "known": known[bank, kind], "design": design,
            "probability": probability, "drawn": drawn,
            "second": drawn and second * 100 < options.second_percent,
        })  # fmt: skip
    session.execute(insert(Sample), rows)


def bucket(distance: int) -> int:
    """The least distance of the bucket that a distance is in: 0, 1 to 8, 9 to 16, and so on."""
    return 0 if distance <= 0 else (distance - 1) // WIDTH * WIDTH + 1


def probability(options: Options, expected: int) -> float:
    """With which one of so many matches in a month is drawn."""
    wanted = max(options.least, needed(expected, options.margin / 100))
    return 1.0 if expected <= wanted else wanted / expected


def reckon(database: Database) -> None:
    """Count anew what the next draws need: matches of the last 30 days, and how many of each source
    people decided about."""
    with database.writing() as session:
        now = database.now()
        strata = session.execute(
            select(Sample.bank, Sample.type, Sample.bucket, func.count())
            .where(Sample.at > now - WINDOW)
            .group_by(Sample.bank, Sample.type, Sample.bucket)
        ).all()
        sources = session.execute(
            select(Sample.source, func.count())
            .join(Decision, Decision.item_id == Sample.item_id)
            .where(Decision.undone_at.is_(None), Decision.conclusion.in_(SETTLED))
            .group_by(Sample.source)
        ).all()
        session.execute(delete(Stratum))
        session.execute(delete(Source))
        for bank, kind, least, count in strata:
            session.add(Stratum(bank=bank, type=kind, bucket=least, expected=count,
                                reckoned_at=now))  # fmt: skip
        for source, count in sources:
            session.add(Source(source=source, reviewed=count, reckoned_at=now))


def hand_out(database: Database) -> int:
    """Put what was drawn and is on no case onto one, where there are bytes to look at; says how
    many items. Policy may block without opening a case: then nobody would look."""
    with database.writing() as session:
        now = database.now()
        waiting = session.execute(
            select(Item, Decided)
            .join(Decided, Decided.item_id == Item.id)
            .where(
                Item.id.in_(
                    select(Sample.item_id).where(Sample.drawn, Sample.at > now - WINDOW)
                ),
                Decided.case_id.is_(None), Decided.evidence_id.is_not(None),
            )
            .order_by(Item.id)
            .limit(MOST)
        ).all()  # fmt: skip
        for item, decided in waiting:
            given = Given(
                {"id": item.external_id} if item.external_id else {},
                {"id": item.creator_id} if item.creator_id else {}, {}, item.channel,
            )  # fmt: skip
            events.emit(session, ItemDecided(now, item.id, decided.verdict, item.test, given))
        return len(waiting)


def _design(
    options: Options, match: Match, distance: int | None, seen: bool, reviewed: int,
    expected: int | None,
) -> tuple[str, float]:  # fmt: skip
    """Why a match is drawn, and with which probability."""
    if not seen:
        return FIRST_SEEN, 1.0
    widest = signal_type(match.signal.type).match_distance if distance is None else distance
    if match.distance * 3 > widest * 2:
        return OUTER, 1.0
    if reviewed < options.new_source:
        return NEW_SOURCE, 1.0
    if expected is None:
        return UNKNOWN_RATE, 1.0
    return RANDOM, probability(options, expected)


def _nearest(matches: Iterable[Match]) -> dict[tuple[str, str], Match]:
    found: dict[tuple[str, str], Match] = {}
    for match in matches:
        place = match.owner, match.signal.type
        if match.purpose not in NOT_DRAWN and (
            place not in found or match.distance < found[place].distance
        ):
            found[place] = match
    return found


def _known(match: Match) -> bytes:
    return hashlib.sha256(f"{match.signal.type}:{match.known.value}".encode()).digest()[:16]


def _lots(session: Session, item_id: str) -> tuple[float, float]:
    """Two numbers from 0 to below 1 that are this item's."""
    key: Callable[[], bytes] | None = session.info.get(KEY)
    if key is None:
        return 0.0, 0.0
    digest = hmac.digest(key(), b"tutela sample " + item_id.encode(), "sha256")
    return _share(digest[:6]), _share(digest[6:12])


def _share(digest: bytes) -> float:
    return int.from_bytes(digest) / float(1 << (8 * len(digest)))

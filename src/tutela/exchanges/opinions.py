"""Second opinions of partners on values of items which a case is about, and of no others.

What is to be asked is written down when a case is opened, or someone reports an item that is
recorded here. The worker asks, up to a call's worth at a time. An opinion is for the people who
work on the case; nothing is decided by it.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from tutela.banks.models import Purpose
from tutela.cases.alerts import ItemReported
from tutela.errors import TutelaError
from tutela.exchanges import advisers, fetching, options, outcomes, partners
from tutela.exchanges.advisers import Adviser, Second
from tutela.exchanges.asking import Asker, Later, SecretsRefused
from tutela.exchanges.errors import Unreadable
from tutela.exchanges.models import Asked, Exchange, Run
from tutela.screening.models import Item, ItemMatch, ItemSignal
from tutela.screening.recording import ItemDecided
from tutela.storage import Session, StorageError

WAITING, GIVEN, REFUSED = "waiting", "given", "refused"

PLAIN = "plain"
"""The variant that is asked about: others are made here, to find what was turned or mirrored."""

LEAST_QUALITY = 50
"""Of a PDQ value: below, pictures have too little in them to be told apart."""

MOST_VALUES = 10
"""Of one item: frames of a film are much the same."""

MOST_TRIES = 5
"""Answers on one value that are none; then nothing more is asked about it."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Said:
    """What a partner says of an item, for who works on its case. `found` and `at` are of its last
    answer; `state` says whether it is being asked, anew or for the first time."""

    exchange: str
    partner: str
    type: str
    state: str
    found: str
    match: str
    at: datetime | None


def note(session: Session, told: ItemDecided | ItemReported) -> None:
    """Write down what is to be asked about an item that a case is about now."""
    rows = session.scalars(
        select(Exchange).where(Exchange.advises, Exchange.left_at.is_(None)).order_by(Exchange.id)
    ).all()
    if not rows:
        return
    item = session.get_one(Item, told.item_id)
    purposes = set(
        session.scalars(
            select(ItemMatch.purpose)
            .where(ItemMatch.item_id == item.id, ItemMatch.vetoed.is_(False))
            .distinct()
        )
    )
    for row in rows:
        adviser = advisers.named(row.partner)
        if adviser is not None and _concerns(item, purposes, row):
            for kind, value in _values(session, item.id, adviser.advises):
                _write(session, told.at, row.id, kind, value)
    session.flush()


def _concerns(item: Item, purposes: Collection[str], row: Exchange) -> bool:
    """Whether an item is any of a partner's business: not that which adults ask to have stopped,
    and of a test nothing, but at a test server."""
    if item.test or (purposes and set(purposes) <= {Purpose.TEST}):
        return bool(json.loads(row.config).get("url"))
    return not purposes or any(Purpose(one).reportable for one in purposes if one in set(Purpose))


def _values(session: Session, item_id: str, kinds: Collection[str]) -> list[tuple[str, str]]:
    rows = session.execute(
        select(ItemSignal.type, ItemSignal.value)
        .where(
            ItemSignal.item_id == item_id, ItemSignal.type.in_(sorted(kinds)),
            ItemSignal.variant == PLAIN,
            func.coalesce(ItemSignal.quality, LEAST_QUALITY) >= LEAST_QUALITY,
        )
        .order_by(ItemSignal.id)
    )  # fmt: skip
    return list(dict.fromkeys((row.type, row.value) for row in rows))[:MOST_VALUES]


def _write(session: Session, now: datetime, exchange_id: int, kind: str, value: str) -> None:
    """Have it asked, unless it waits, or what was said of it still holds."""
    is_sqlite = session.connection().dialect.name == "sqlite"
    insert: Any = (sqlite if is_sqlite else postgresql).insert(Asked)
    chosen = cast(options.Options, session.info[options.IN_SESSION])
    old = now - timedelta(days=chosen.opinion_days)
    session.execute(  # two items of one picture may come at once
        insert.values(
            exchange_id=exchange_id, type=kind, value=value, state=WAITING, found="", match="",
            due_at=now, asked_at=None, said_at=None, attempts=0, error="",
        ).on_conflict_do_update(
            index_elements=["type", "value", "exchange_id"],
            set_={"state": WAITING, "due_at": now, "attempts": 0, "error": ""},
            where=(Asked.state != WAITING) & (Asked.asked_at <= old),
        )
    )  # fmt: skip


def due(session: Session, now: datetime, limit: int = 100) -> Sequence[str]:
    """Ids of exchanges that something is to be asked of now."""
    found = session.scalars(
        select(Exchange.id)
        .join(Asked, Asked.exchange_id == Exchange.id)
        .where(
            *fetching.free(now), Exchange.advises, Exchange.due_at <= now,
            Asked.state == WAITING, Asked.due_at <= now,
        )
        .distinct()
        .order_by(Exchange.id)
        .limit(limit)
    )  # fmt: skip
    return [str(one) for one in found]


def ask(parts: fetching.Parts, exchange_id: int) -> str | None:
    """Ask once, if something is to be asked; gives how it ended, None if it was not ours to ask.
    That it is asked is written down before: whoever is killed in between asks again, later."""
    with parts.database.writing() as session:
        now = parts.database.now()
        row = session.scalar(
            select(Exchange)
            .where(
                Exchange.id == exchange_id, *fetching.free(now), Exchange.advises,
                Exchange.due_at <= now,
            )
            .with_for_update()
        )  # fmt: skip
        adviser = advisers.named(row.partner) if row is not None else None
        waiting = _waiting(session, now, row, adviser) if row and adviser else []
        if row is None or adviser is None or not waiting:
            return None
        for one in waiting:
            one.asked_at = now
        row.turn, row.busy_until = row.turn + 1, now + fetching.LEASE
        run = Run(
            exchange_id=row.id, started_at=now, ended_at=None, pages=1, received=0, added=0,
            removed=0, rejected=0, faults="{}", outcome="", error="",
        )  # fmt: skip
        session.add(run)
        session.flush()
        turn = _Turn(parts, row, run.id, {one.value: one.id for one in waiting}, waiting[0].type)
    parts.after_step("written")
    return turn.run(adviser)


def of_items(session: Session, ids: Collection[str]) -> dict[str, list[Said]]:
    """What partners say of items, of each item by exchange."""
    found: dict[str, list[Said]] = defaultdict(list)
    rows = session.execute(
        select(ItemSignal.item_id, Exchange.name, Exchange.partner, Asked)
        .join(Asked, (Asked.type == ItemSignal.type) & (Asked.value == ItemSignal.value))
        .join(Exchange, Exchange.id == Asked.exchange_id)
        .where(ItemSignal.item_id.in_(sorted(ids)), ItemSignal.variant == PLAIN)
        .order_by(ItemSignal.item_id, Exchange.name, Asked.id)
    )
    for item_id, name, partner, one in rows:
        said = Said(name, partner, one.type, one.state, one.found, one.match, one.said_at)
        if said not in found[item_id]:
            found[item_id].append(said)
    return found


def counted(session: Session, row: Exchange) -> dict[str, int]:
    """How many values wait, were refused, or what was said of them."""
    rows = session.execute(
        select(Asked.state, Asked.found, func.count())
        .where(Asked.exchange_id == row.id)
        .group_by(Asked.state, Asked.found)
    )
    counts: dict[str, int] = defaultdict(int)
    for state, found, count in rows:
        counts[found if state == GIVEN else state] += count
    return dict(sorted(counts.items()))


def _waiting(session: Session, now: datetime, row: Exchange, adviser: Adviser) -> list[Asked]:
    """What is asked in one call: of one type, and after a failure one value alone, so that what is
    wrong with one holds up no others for long."""
    waiting = session.scalars(
        select(Asked)
        .where(Asked.exchange_id == row.id, Asked.state == WAITING, Asked.due_at <= now)
        .order_by(Asked.attempts, Asked.due_at, Asked.id)
        .limit(1 if row.failures else adviser.most)
        .with_for_update()
    ).all()
    return [one for one in waiting if one.type == waiting[0].type]


class _Turn:
    """One call of one exchange, about `values`: each with the number of its row."""

    def __init__(
        self, parts: fetching.Parts, row: Exchange, run: int, values: dict[str, int], kind: str
    ) -> None:
        self.parts, self.row, self.run_id, self.values, self.kind = parts, row, run, values, kind
        self.turn, self.sealed_at, self.failures = row.turn, row.sealed_at, row.failures

    def run(self, adviser: Adviser) -> str | None:
        try:
            said = self._spoken(adviser)
            if missing := set(self.values) - set(said):
                raise Unreadable(f"The partner leaves out {len(missing)} of what it was asked.")
        except StorageError:
            raise
        except SecretsRefused as error:
            return self._settle("refused", error.what)
        except Later as error:
            return self._settle("failed", error.what, asked=error.seconds)
        except TutelaError as error:
            return self._settle("failed", str(error), wrong=True)
        except Exception as error:  # whatever a module does must not end the others
            log.exception("the partner's module of %s failed", self.row.name)
            why = f"The partner's module failed: {type(error).__name__}."
            return self._settle("failed", why, wrong=True)
        return self._settle("complete", said=said)

    def _spoken(self, adviser: Adviser) -> dict[str, Second]:
        """Make the calls that ask."""
        parts, row = self.parts, self.row
        setup = fetching.setup_of(parts, row)
        asker = Asker(
            parts.outbound, partners.named(row.partner).hosts(setup), (), rate=parts.options.rate,
            seconds=parts.options.call_seconds, before=lambda: None, now=parts.database.now,
            sleep=parts.sleep, monotonic=parts.monotonic,
        )  # fmt: skip
        generator = adviser.advise(setup, self.kind, list(self.values))
        try:
            call = next(generator)
            while True:
                reply = asker.ask(call)
                parts.after_step("asked")
                call = generator.send(reply)
        except StopIteration as end:
            return dict(end.value)

    def _settle(
        self,
        outcome: str,
        why: str = "",
        *,
        said: dict[str, Second] | None = None,
        asked: float = 0,
        wrong: bool = False,
    ) -> str | None:
        """Write down what came of it. None if another took over meanwhile."""
        said = said or {}
        with self.parts.database.writing() as session:
            now = self.parts.database.now()
            row = session.get_one(Exchange, self.row.id, with_for_update=True)
            if row.turn != self.turn or row.left_at is not None:
                return None
            run = session.get_one(Run, self.run_id)
            run.outcome, run.ended_at, run.received = outcome, now, len(said)
            row.busy_until = None
            row.received += len(said)
            for value, number in self.values.items():
                one = session.get_one(Asked, number)
                if value in said:
                    one.state, one.found, one.match = (
                        GIVEN,
                        str(said[value].found),
                        said[value].match,
                    )
                    one.said_at, one.error = now, ""
                elif wrong:
                    one.attempts += 1
                    one.error = why[: outcomes.LONGEST]
                    one.state = REFUSED if one.attempts >= MOST_TRIES else WAITING
            if outcome == "complete":
                outcomes.complete(session, now, row)
            elif outcome == "refused":
                outcomes.refused(session, now, row, why, self.sealed_at)
            else:
                wait = outcomes.patience(self.failures, asked, self.parts.options.retry_most)
                outcomes.failed(session, now, row, why, wait, at_once=wrong)
            run.error = row.error
        return outcome

"""Fetches from a partner: drives its generator, and stores each page together with its checkpoint.

Who fetches holds a `turn`, a number that only grows, for as long as `busy_until`: each later write
is made only if it is still that one's. Whoever is killed leaves the last page that was stored, and
the next run goes on from its checkpoint.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import or_, select

from tutela.banks import changes
from tutela.banks.values import keyer_of
from tutela.errors import TutelaError
from tutela.exchanges import outcomes, partners, secrets, storing
from tutela.exchanges.asking import Asker, Later, SecretsRefused
from tutela.exchanges.errors import ExchangeRefused, Loop, TooManyGone, Unreadable
from tutela.exchanges.models import Exchange, Filled, Run
from tutela.exchanges.options import Options
from tutela.exchanges.partners import Call, Page, Partner, Setup
from tutela.outbound import Outbound
from tutela.sealing import Sealing
from tutela.storage import Database, Session, StorageError, bulk

LEASE = timedelta(minutes=10)
"""How long a run may be silent before another takes its place: longer than any call."""

MOST_ENTRIES = 50_000
"""Of one page: they are in memory, and in one transaction."""

MOST_CALLS = 1_000
"""Without a page: then none will come."""

ANALYSED = frozenset({1, 10, 100})
"""Pages of an exchange after which the database looks at what it has."""

MOST_FAULTS = 20
"""Kinds of faults that a run remembers."""

WORKER = "worker"
log = logging.getLogger(__name__)


class Fenced(Exception):
    """Another run took over."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What fetching takes. One for a process; any thread may use it."""

    database: Database
    outbound: Outbound
    sealing: Callable[[], Sealing]
    options: Options
    sleep: Callable[[float], object] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    after_step: Callable[[str], object] = lambda _: None
    """Told of each step that was made: tests die here."""


def due(session: Session, now: datetime, limit: int = 100) -> Sequence[str]:
    """Ids of exchanges to be fetched from now, the one that waited longest first."""
    found = session.scalars(
        select(Exchange.id).where(*free(now), Exchange.due_at <= now, Exchange.advises.is_(False))
        .order_by(Exchange.due_at, Exchange.id).limit(limit)
    )  # fmt: skip
    return [str(one) for one in found]


def fetch(
    parts: Parts, exchange_id: int, actor: str = WORKER, *, at_once: bool = False
) -> str | None:
    """Make one run, if it is due, or may be made `at_once`; gives its outcome, None if it was not
    ours to make."""
    with parts.database.writing() as session:
        now = parts.database.now()
        when = [] if at_once else [Exchange.due_at <= now]
        row = session.scalar(
            select(Exchange)
            .where(
                Exchange.id == exchange_id, *free(now), *when, Exchange.advises.is_(False)
            )
            .with_for_update()
        )  # fmt: skip
        if row is None:
            return None
        turn = _Turn(parts, row, _begun(session, now, row), actor)
    parts.after_step("begun")
    try:
        return turn.run()
    except Fenced:
        log.warning("the fetch of %s was taken over", turn.name)
        return None


def free(now: datetime) -> list[Any]:
    """Of exchanges that nobody asks now, and that may be."""
    return [
        Exchange.left_at.is_(None), Exchange.paused.is_(False), Exchange.held == "",
        Exchange.refused_at.is_(None),
        or_(Exchange.busy_until.is_(None), Exchange.busy_until <= now),
    ]  # fmt: skip


def _begun(session: Session, now: datetime, row: Exchange) -> int:
    """Begin a run, and a fetch if none is under way; gives the run's number."""
    row.turn += 1
    row.busy_until = now + LEASE
    if row.began_at is None:
        _begin(now, row)
    run = Run(
        exchange_id=row.id, started_at=now, ended_at=None, pages=0, received=0, added=0, removed=0,
        rejected=0, faults="{}", outcome="", error="",
    )  # fmt: skip
    session.add(run)
    session.flush()
    return run.id


def _begin(now: datetime, row: Exchange) -> None:
    row.began_at, row.began_pages = now, row.pages
    lasts = partners.named(row.partner).checkpoint_lasts if _installed(row) else None
    if lasts is not None and row.checkpoint_at is not None and row.checkpoint_at + lasts < now:
        row.checkpoint = row.checkpoint_at = None
    row.whole = row.checkpoint is None


def _installed(row: Exchange) -> bool:
    return row.partner in partners.installed()


class _Turn:
    """One run of one exchange."""

    def __init__(self, parts: Parts, row: Exchange, number: int, actor: str) -> None:
        self.parts, self.database, self.options = parts, parts.database, parts.options
        self.id, self.name, self.turn, self.number = row.id, row.name, row.turn, number
        self.partner_name, self.actor = row.partner, actor
        self.row, self.sealed_at = row, row.sealed_at
        self.checkpoint = None if row.checkpoint is None else json.loads(row.checkpoint)
        self.faults: Counter[str] = Counter()
        self.seen: set[bytes] = set()
        self.begun = _digest(row.checkpoint) if row.checkpoint is not None else b""
        self.until = parts.monotonic() + self.options.run_seconds

    def run(self) -> str:
        try:
            return self._driven()
        except (Fenced, StorageError):
            raise
        except TooManyGone as error:
            why, count = error.what, error.count
            return self._end("held", lambda s, now, row: outcomes.held(s, now, row, why, count))
        except SecretsRefused as error:
            why = error.what
            return self._end(
                "refused", lambda s, now, row: outcomes.refused(s, now, row, why, self.sealed_at)
            )
        except Later as error:
            why, wait = error.what, self._wait(error.seconds)
            return self._end("failed", lambda s, now, row: outcomes.failed(s, now, row, why, wait))
        except TutelaError as error:
            why, wait = str(error), self._wait(0)
            return self._end(
                "failed", lambda s, now, row: outcomes.failed(s, now, row, why, wait, at_once=True)
            )
        except Exception as error:  # whatever a module does must not end the others
            log.exception("the partner's module of %s failed", self.name)
            why, wait = f"The partner's module failed: {type(error).__name__}.", self._wait(0)
            return self._end(
                "failed", lambda s, now, row: outcomes.failed(s, now, row, why, wait, at_once=True)
            )

    def _driven(self) -> str:
        partner = partners.named(self.partner_name)
        setup = setup_of(self.parts, self.row)
        asker = Asker(
            self.parts.outbound, partner.hosts(setup), folders(partner, setup),
            rate=self.options.rate, seconds=self.options.call_seconds, before=self._hold,
            now=self.database.now, sleep=self.parts.sleep, monotonic=self.parts.monotonic,
        )  # fmt: skip
        generator = partner.fetch(setup, self.checkpoint, self.database.now())
        calls = pages = 0
        try:
            step = next(generator, None)
            while step is not None:
                if isinstance(step, Call):
                    calls += 1
                    if calls > MOST_CALLS:
                        raise Loop(f"After {MOST_CALLS} calls there is still no page.")
                    reply = asker.ask(step)
                    self.parts.after_step("asked")
                    step = _sent(generator, reply)
                    continue
                calls, pages = 0, pages + 1
                if self._stored(step):
                    return "complete"
                self.parts.after_step("stored")
                if self.parts.monotonic() > self.until:
                    return self._end("more", outcomes.more)
                step = _sent(generator, None)
        finally:
            generator.close()
        if not pages:
            raise Unreadable("The partner's module ended without a page.")
        return self._end("more", outcomes.more)

    def _hold(self) -> None:
        """Stay the one who fetches, for as long as a call may take."""
        with self.database.writing() as session:
            row = self._mine(session)
            row.busy_until = self.database.now() + LEASE

    def _stored(self, page: Page) -> bool:
        """Store a page with its checkpoint; says whether the fetch is complete."""
        checkpoint = _written(page)
        self._require_new(page, checkpoint)
        with self.database.writing() as session:
            now = self.database.now()
            changes.locked(session)
            row = self._mine(session)
            row.pages += 1
            if row.pages - row.began_pages > self.options.pages:
                raise Loop(
                    f"The partner has more than {self.options.pages} pages.",
                    "See whether it is well; the limit is the setting exchanges.pages.",
                )
            stored = storing.store(
                session, now, self.actor, row, _banks(session, row.id), page.entries,
                self.options.deletions,
            )  # fmt: skip
            self._count(session, row, stored, page.rejected)
            row.busy_until = now + LEASE
            swept = page.complete and (page.replaces or row.whole)
            if swept:
                storing.require_few(row, storing.missing(session, row), self.options.deletions)
            else:
                row.checkpoint, row.checkpoint_at = checkpoint, now
                if page.complete:
                    self._complete(session, now, row)
        if row.pages in ANALYSED:
            with self.database.writing() as session:
                bulk.analyse(session, "banks_signal", "exchanges_entry")
        if swept:
            self._swept(checkpoint)
        return page.complete

    def _swept(self, checkpoint: str) -> None:
        """Remove what a whole list no longer has, part by part; only then the fetch is complete."""
        after, going = "", True
        while going:
            with self.database.writing() as session:
                now = self.database.now()
                changes.locked(session)
                row = self._mine(session)
                after, removed = storing.sweep(session, now, self.actor, row, after)
                session.get_one(Run, self.number).removed += removed
                row.busy_until = now + LEASE
                going = after != ""
                if not going:
                    row.checkpoint, row.checkpoint_at = checkpoint, now
                    self._complete(session, now, row)
            self.parts.after_step("swept")

    def _complete(self, session: Session, now: datetime, row: Exchange) -> None:
        run = session.get_one(Run, self.number)
        run.outcome, run.ended_at = "complete", now
        outcomes.complete(session, now, row)

    def _count(
        self, session: Session, row: Exchange, stored: storing.Stored, rejected: Sequence[str]
    ) -> None:
        given = Counter(fault[:200] for fault in rejected)
        row.rejected += len(rejected)
        row.received += len(rejected)
        self.faults.update(stored.faults)
        self.faults.update(given)
        run = session.get_one(Run, self.number)
        run.pages += 1
        run.received += stored.received + len(rejected)
        run.added += stored.added
        run.removed += stored.removed
        run.rejected += sum(stored.faults.values()) + len(rejected)
        run.faults = json.dumps(dict(self.faults.most_common(MOST_FAULTS)))

    def _require_new(self, page: Page, checkpoint: str) -> None:
        """Raises `Loop` if this page leads where the run has been, `Unreadable` if it is too
        large."""
        if len(page.entries) > MOST_ENTRIES:
            raise Unreadable(f"A page has more than {MOST_ENTRIES} entries.")
        digest = _digest(checkpoint)
        if page.complete or digest == self.begun:
            return
        if digest in self.seen:
            raise Loop("The partner's pages lead where they have been: they would never end.")
        self.seen.add(digest)

    def _wait(self, asked: float) -> timedelta:
        """How long the partner is left alone after a failure."""
        with self.database.reading() as session:
            failures = session.get_one(Exchange, self.id).failures
        return outcomes.patience(failures, asked, self.options.retry_most)

    def _end(self, outcome: str, do: Callable[[Session, datetime, Exchange], object]) -> str:
        with self.database.writing() as session:
            now = self.database.now()
            row = self._mine(session)
            run = session.get_one(Run, self.number)
            do(session, now, row)
            run.outcome, run.ended_at = outcome, now
            run.error = "" if outcome == "more" else row.error or row.held
            row.busy_until = None
        return outcome

    def _mine(self, session: Session) -> Exchange:
        """The row, ours until the session ends. Raises `Fenced`."""
        row = session.get(Exchange, self.id, with_for_update=True, populate_existing=True)
        if row is None or row.turn != self.turn or row.left_at is not None:
            raise Fenced
        return row


def setup_of(parts: Parts, row: Exchange) -> Setup:
    """What an operator chose for an exchange, with its secrets. Raises `SealingError`."""
    return Setup(
        json.loads(row.config), secrets.opened(parts.sealing, row.name, row.sealed),
        keyer_of(parts.database),
    )  # fmt: skip


def folders(partner: Partner, setup: Setup) -> list[Path]:
    """Where a partner's files may be, as an operator chose."""
    return [
        Path(setup.config[field.name]) for field in partner.fields
        if field.kind == "path" and setup.config.get(field.name)
    ]  # fmt: skip


def _banks(session: Session, exchange_id: int) -> dict[str, int]:
    rows = session.execute(
        select(Filled.role, Filled.bank_id).where(Filled.exchange_id == exchange_id)
    )
    return {row.role: row.bank_id for row in rows}


def _sent(generator: partners.Fetching, reply: partners.Reply | None) -> Call | Page | None:
    try:
        return generator.send(reply)
    except StopIteration:
        return None


def _written(page: Page) -> str:
    try:
        return json.dumps(page.checkpoint, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        raise Unreadable("A checkpoint is no JSON.") from None


def _digest(checkpoint: str) -> bytes:
    return hashlib.blake2b(checkpoint.encode(), digest_size=16).digest()


def require_free(row: Exchange) -> None:
    """Raises `ExchangeRefused` that says why nothing can be fetched now."""
    if row.left_at is not None:
        raise ExchangeRefused(f"{row.name} was left.", "Add it anew, under another name.")
    if row.held:
        raise ExchangeRefused(
            f"{row.name} is held: {row.held}", f"Then: tutela exchange release {row.name}"
        )
    if row.refused_at is not None:
        raise ExchangeRefused(
            f"The partner of {row.name} refuses its secrets.",
            f"Set others: tutela exchange secrets {row.name}",
        )
    if row.paused:
        raise ExchangeRefused(f"{row.name} is paused.", f"Run: tutela exchange resume {row.name}")

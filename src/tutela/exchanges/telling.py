"""Tells partners what was found of their entries: that they are right, or that they are not.

What a decision says of an entry is written down when it is decided. It is told once a second person
agrees, or when the time for appeals is over; if the decision is undone before, it is not.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from tutela.banks.models import Bank, BankedSignal, Origin
from tutela.banks.values import unpacked
from tutela.decisions import effects
from tutela.decisions.models import Appeal, Decision
from tutela.decisions.service import human_of
from tutela.decisions.told import CONFIRMED, NO_MATCH, AppealSettled, Decided, Undone
from tutela.errors import TutelaError
from tutela.exchanges import fetching, outcomes, partners
from tutela.exchanges.asking import Asker, Later, SecretsRefused
from tutela.exchanges.models import Exchange, Filled, Held, Told
from tutela.exchanges.partners import Feedback, Opinion
from tutela.screening.models import ItemMatch
from tutela.storage import Session, StorageError

WAITING, TOLD, REFUSED, WITHDRAWN = "waiting", "told", "refused", "withdrawn"
OPINIONS = {CONFIRMED: Opinion.POSITIVE, NO_MATCH: Opinion.NEGATIVE}

MOST_OWNERS = 100
"""Entries of one value that are spoken of: a value that more have needs no more word of it."""

MOST_TRIES = 30
"""Of one feedback, over a day; then it counts as refused."""

UPHELD = "upheld"
log = logging.getLogger(__name__)


def note(session: Session, told: Decided) -> None:
    """Write down what a decision says of the entries that an item matched."""
    opinion = OPINIONS.get(told.conclusion)
    if opinion is None or told.test or told.item_id is None:
        return
    matches = session.execute(
        select(ItemMatch.bank, ItemMatch.type, ItemMatch.value)
        .where(ItemMatch.item_id == told.item_id, ItemMatch.vetoed.is_(False))
        .distinct()
    ).all()
    due = told.at + effects.options_of(session).appeal
    for match in sorted(matches, key=tuple):
        for exchange_id, key in _entries(session, match.bank, match.type, match.value):
            _write(session, told, exchange_id, key, match.type, match.value, opinion, due)
    session.flush()


def _write(
    session: Session,
    told: Decided,
    exchange_id: int,
    key: str,
    kind: str,
    value: str,
    opinion: Opinion,
    due: datetime,
) -> None:
    stored = bytes.fromhex(value)
    waiting = session.scalars(
        select(Told).where(
            Told.exchange_id == exchange_id, Told.key == key, Told.type == kind,
            Told.value == stored, Told.opinion == str(opinion), Told.state == WAITING,
        )
        .with_for_update()
    ).all()  # fmt: skip
    human = human_of(session, told.actor)
    other = next((one for one in waiting if human_of(session, one.by) != human), None)
    if other is not None:  # two people came to the same, each by themselves
        other.second, other.due_at = other.second or told.actor, min(other.due_at, told.at)
    session.add(
        Told(
            exchange_id=exchange_id, key=key, type=kind, value=stored, opinion=str(opinion),
            reason="", decision=told.decision_id, by=told.actor,
            second=other.by if other is not None else "", at=told.at,
            due_at=told.at if other is not None else due, state=WAITING, attempts=0, error="",
            told_at=None,
        )
    )  # fmt: skip


def withdraw(session: Session, told: Undone) -> None:
    """What was decided is taken back: what was not told yet is not told."""
    _take_back(session, told.decision_id, "The decision was undone.")


def doubt(session: Session, decision_id: str) -> None:
    """A second person concluded otherwise than a decision: what it says is not told."""
    _take_back(session, decision_id, "A second person concluded otherwise.")


def settle(session: Session, told: AppealSettled) -> None:
    """A second person upheld what an appeal was about: it is told."""
    appeal = session.get(Appeal, told.appeal_id)
    if appeal is not None and told.outcome == UPHELD and appeal.decided_by:
        agree(session, told.at, appeal.decision_id, appeal.decided_by)


def agree(session: Session, now: datetime, decision_id: str, actor: str) -> int:
    """A second person agrees with a decision: what it says is told now; gives how much that is."""
    decision = session.get(Decision, decision_id)
    if decision is None or decision.undone_at is not None:
        return 0
    if human_of(session, decision.actor) == human_of(session, actor):
        return 0
    rows = [one for one in _of(session, decision_id) if not one.second]
    for one in rows:
        one.second, one.due_at = actor, now
    session.flush()
    return len(rows)


def due(session: Session, now: datetime, limit: int = 100) -> Sequence[str]:
    """Numbers of what is to be told now, the oldest first."""
    found = session.scalars(
        select(Told.id)
        .join(Exchange, Exchange.id == Told.exchange_id)
        .where(
            Told.state == WAITING, Told.due_at <= now, Exchange.left_at.is_(None),
            Exchange.paused.is_(False), Exchange.refused_at.is_(None),
        )
        .order_by(Told.due_at, Told.id)
        .limit(limit)
    )  # fmt: skip
    return [str(one) for one in found]


def tell(parts: fetching.Parts, number: int) -> str | None:
    """Tell one, if it is due; gives how it stands then. That it is tried is written down before:
    whoever is killed in between tells it twice, which partners allow."""
    database = parts.database
    with database.writing() as session:
        now = database.now()
        one = session.get(Told, number, with_for_update=True)
        if one is None or one.state != WAITING or one.due_at > now:
            return None
        exchange = session.get_one(Exchange, one.exchange_id)
        if exchange.left_at is not None or exchange.paused or exchange.refused_at is not None:
            return None
        if not _stands(session, one):
            one.state, one.error = WITHDRAWN, "The partner withdrew the entry."
            return WITHDRAWN
        one.attempts += 1
        one.due_at = now + timedelta(seconds=min(30 * 2.0 ** min(one.attempts, 20), 3600))
    parts.after_step("written")
    why = refused = ""
    try:
        _spoken(parts, exchange, one)
    except StorageError:
        raise
    except SecretsRefused as error:
        refused = error.what
    except Later as error:
        why = error.what
        if one.attempts < MOST_TRIES:
            return _settle(parts, number, WAITING, why)
    except TutelaError as error:
        why = error.what
    except Exception as error:  # whatever a module does must not end the others
        log.exception("the partner's module of %s failed", exchange.name)
        why = f"The partner's module failed: {type(error).__name__}."
    if refused:
        with database.writing() as session:
            row = session.get_one(Exchange, exchange.id, with_for_update=True)
            outcomes.refused(session, database.now(), row, refused, exchange.sealed_at)
        return _settle(parts, number, WAITING, refused)
    return _settle(parts, number, REFUSED if why else TOLD, why)


def listed(session: Session, row: Exchange, before: int = 0, limit: int = 100) -> Sequence[Told]:
    """What a partner was told, or will be, the last first."""
    query = select(Told).where(Told.exchange_id == row.id).order_by(Told.id.desc()).limit(limit)
    return session.scalars(query.where(Told.id < before) if before else query).all()


def counted(session: Session, row: Exchange) -> dict[str, int]:
    """How much of it stands how."""
    rows = session.execute(
        select(Told.state, func.count()).where(Told.exchange_id == row.id).group_by(Told.state)
    )
    return {row[0]: row[1] for row in rows}


def _spoken(parts: fetching.Parts, exchange: Exchange, one: Told) -> None:
    """Make the calls that tell it."""
    partner = partners.named(exchange.partner)
    setup = fetching.setup_of(parts, exchange)
    asker = Asker(
        parts.outbound, partner.hosts(setup), (), rate=parts.options.rate,
        seconds=parts.options.call_seconds, before=lambda: None, now=parts.database.now,
        sleep=parts.sleep, monotonic=parts.monotonic,
    )  # fmt: skip
    feedback = Feedback(
        one.key, one.type, unpacked(one.value), Opinion(one.opinion), one.reason
    )  # fmt: skip
    generator = partner.tell(setup, feedback)
    call = next(generator, None)
    while call is not None:
        reply = asker.ask(call)
        parts.after_step("told")
        try:
            call = generator.send(reply)
        except StopIteration:
            return


def _settle(parts: fetching.Parts, number: int, state: str, why: str) -> str:
    with parts.database.writing() as session:
        now = parts.database.now()
        one = session.get_one(Told, number, with_for_update=True)
        one.error = why[: outcomes.LONGEST]
        if one.state == WITHDRAWN and state == WAITING:
            return WITHDRAWN
        one.state = state
        if state == TOLD:
            one.told_at = now
            exchange = session.get_one(Exchange, one.exchange_id, with_for_update=True)
            exchange.told += 1
    return state


def _take_back(session: Session, decision_id: str, why: str) -> None:
    for one in _of(session, decision_id):
        one.state, one.error = WITHDRAWN, why
    session.flush()


def _of(session: Session, decision_id: str) -> Sequence[Told]:
    return session.scalars(
        select(Told)
        .where(Told.decision == decision_id, Told.state == WAITING)
        .order_by(Told.id)
        .with_for_update()
    ).all()


def _entries(session: Session, bank: str, kind: str, value: str) -> Sequence[tuple[int, str]]:
    """Exchange and key of the entries that put a value into a bank, of partners that can be
    told."""
    found = session.execute(
        select(Exchange.id, Exchange.partner, Held.key)
        .join(Filled, Filled.exchange_id == Exchange.id)
        .join(Bank, Bank.id == Filled.bank_id)
        .join(BankedSignal, BankedSignal.bank_id == Bank.id)
        .join(Origin, Origin.id == BankedSignal.origin_id)
        .join(
            Held,
            (Held.exchange_id == Exchange.id)
            & (Held.external_id == BankedSignal.external_id)
            & (Held.member == Origin.member)
            & (Held.bank_id == Bank.id),
        )
        .where(
            Bank.name == bank, BankedSignal.type == kind,
            BankedSignal.value == bytes.fromhex(value), Exchange.left_at.is_(None),
        )
        .order_by(Exchange.id, Held.key)
        .limit(MOST_OWNERS)
    )  # fmt: skip
    return [(row.id, row.key) for row in found if _hears(row.partner)]


def _hears(name: str) -> bool:
    """Whether a partner can be told. A module that cannot be loaded must not undo a decision."""
    try:
        return partners.named(name).feedback
    except Exception as error:
        log.error("the partner %s cannot be loaded: %s", name, type(error).__name__)
        return False


def _stands(session: Session, one: Told) -> bool:
    """Whether the partner still lists the entry."""
    held = session.get(Held, (one.exchange_id, one.key))
    return held is not None and held.signals != "[]"

"""What is done with exchanges as a whole: added, listed, paused, let go on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select

from tutela import alarms, audit
from tutela.banks import changes
from tutela.banks import service as banks
from tutela.banks.models import Bank, BankedSignal
from tutela.banks.service import Licence
from tutela.exchanges import fetching, outcomes, partners
from tutela.exchanges.advisers import Adviser
from tutela.exchanges.errors import ExchangeRefused, NoSuchExchange, NotConfigured
from tutela.exchanges.models import Exchange, Filled, Run
from tutela.exchanges.outcomes import subject
from tutela.exchanges.partners import Field, Partner, Setup
from tutela.storage import Session

NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,63}")
LEAST, MOST = 10, 7 * 86_400
"""Seconds between fetches: less would be a burden, more would be no exchange."""

LONGEST = 2_000
"""Letters of a setting of a partner."""


def add(
    session: Session,
    now: datetime,
    actor: str,
    name: str,
    partner: str,
    given: Mapping[str, str],
    every: int | None = None,
    main: str = "",
) -> Exchange:
    """A new exchange, and the banks that it fills. It is fetched from when its secrets are set, if
    it needs any. The bank of the role `main` is called as the exchange, even if there are others.
    Raises `NoSuchPartner`, `NotConfigured`, `ExchangeRefused`, `BankError`."""
    if not NAME.fullmatch(name):
        raise ExchangeRefused(
            f"{name[:64]!r} cannot be the name of an exchange.",
            "Use up to 64 of a-z, 0-9, dash and underscore.",
        )
    found = partners.named(partner)
    config = checked(found, given)
    found.hosts(Setup(config))
    every = int(found.every.total_seconds()) if every is None else every
    if not LEAST <= every <= MOST:
        raise ExchangeRefused(f"An exchange is fetched from every {LEAST} to {MOST} seconds.", "")
    changes.locked(session)
    if session.scalar(select(Exchange.id).where(Exchange.name == name)) is not None:
        raise ExchangeRefused(f"There is, or was, an exchange {name}.", "Choose another name.")
    needs = any(one.kind == "secret" and one.required for one in found.fields)
    row = Exchange(
        name=name, partner=found.name, config=json.dumps(config, sort_keys=True), sealed=None,
        sealed_at=None, refused_at=None, every=every, paused=False, held="", held_count=0,
        allowed=0, checkpoint=None, checkpoint_at=None, began_at=None, began_pages=0, whole=False,
        shares=False, advises=isinstance(found, Adviser), turn=0, busy_until=None,
        due_at=None if needs else now, complete_at=None,
        failures=0, error="", entries=0, pages=0, deleted=0, received=0, rejected=0, told=0,
        created_at=now, left_at=None, left="",
    )  # fmt: skip
    session.add(row)
    session.flush()
    wanted = [config[one.name] for one in found.fields if one.kind == "role"]
    used = [role for role in found.roles if not wanted or role.name in wanted]
    for role in used:
        alone = len(used) == 1 or role.name == main
        bank = banks.create(
            session, now, actor, name if alone else f"{name}-{role.name}",
            str(role.purpose), source=found.name, note=f"Filled by the exchange {name}.",
            licence=Licence(role.licence, delete_on_leaving=role.delete_on_leaving),
        )  # fmt: skip
        session.add(Filled(exchange_id=row.id, role=role.name, bank_id=bank.id))
    session.flush()
    audit.append(session, now, actor, "exchange.add", subject(row), partner=found.name, every=every)
    return row


def checked(partner: Partner, given: Mapping[str, str]) -> dict[str, str]:
    """Settings of a partner without secrets, with defaults. Raises `NotConfigured`."""
    fields = {one.name: one for one in partner.fields if one.kind != "secret"}
    unknown = sorted(set(given) - set(fields))
    if unknown:
        secret = any(one.name in unknown for one in partner.fields)
        raise NotConfigured(
            f"{partner.name} has no such setting: {', '.join(unknown)[:200]}.",
            "Secrets are set with: tutela exchange secrets NAME"
            if secret
            else f"It has: {', '.join(fields) or 'none'}.",
        )
    return {name: _value(one, given.get(name, "") or one.default) for name, one in fields.items()}


def _value(one: Field, text: str) -> str:
    if not text and one.required:
        raise NotConfigured(f"The setting {one.name} is missing.", one.what)
    if len(text) > LONGEST or not text.isprintable():
        raise NotConfigured(f"The setting {one.name} is no line of text.", one.what)
    if text and one.choices and text not in one.choices:
        raise NotConfigured(
            f"The setting {one.name} cannot be {text[:40]!r}.", f"It is {', '.join(one.choices)}."
        )
    if text and one.kind == "number" and not (text.isascii() and text.isdigit()):
        raise NotConfigured(f"The setting {one.name} is not a whole number.", one.what)
    return text


def get(session: Session, name: str, *, lock: bool = False) -> Exchange:
    """The exchange of this name, be it left. Raises `NoSuchExchange`."""
    query = select(Exchange).where(Exchange.name == name)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NoSuchExchange(name[:64])
    return row


def listed(session: Session, after: str = "", limit: int = 100) -> Sequence[Exchange]:
    """Exchanges by name, those after one."""
    return session.scalars(
        select(Exchange).where(Exchange.name > after).order_by(Exchange.name).limit(limit)
    ).all()


def runs(session: Session, row: Exchange, before: int = 0, limit: int = 20) -> Sequence[Run]:
    """What came of the attempts to fetch, the last first."""
    query = select(Run).where(Run.exchange_id == row.id).order_by(Run.id.desc()).limit(limit)
    return session.scalars(query.where(Run.id < before) if before else query).all()


def filled(session: Session, row: Exchange) -> list[tuple[str, Bank]]:
    """The banks that an exchange fills, each with its role."""
    found = session.execute(
        select(Filled.role, Bank)
        .join(Bank, Bank.id == Filled.bank_id)
        .where(Filled.exchange_id == row.id)
        .order_by(Filled.role)
    )
    return [(role, bank) for role, bank in found]


def filling(session: Session, bank: Bank) -> Exchange | None:
    """The exchange that fills a bank, if one does."""
    return session.scalar(
        select(Exchange)
        .join(Filled, Filled.exchange_id == Exchange.id)
        .where(Filled.bank_id == bank.id, Exchange.left_at.is_(None))
        .limit(1)
    )


def types_of(session: Session, bank: Bank) -> dict[str, int]:
    """How many signals of each type a bank has. Reads all of them: 0.3 s for a million."""
    rows = session.execute(
        select(BankedSignal.type, func.count())
        .where(BankedSignal.bank_id == bank.id)
        .group_by(BankedSignal.type)
        .order_by(BankedSignal.type)
    )
    return {row[0]: row[1] for row in rows}


def pause(session: Session, now: datetime, actor: str, name: str) -> Exchange:
    """Fetch nothing until it is resumed; a run that is under way ends with its page."""
    row = _open(session, name)
    row.paused = True
    row.turn, row.busy_until = row.turn + 1, None
    audit.append(session, now, actor, "exchange.pause", subject(row))
    return row


def resume(session: Session, now: datetime, actor: str, name: str) -> Exchange:
    """Fetch again."""
    row = _open(session, name)
    row.paused = False
    audit.append(session, now, actor, "exchange.resume", subject(row))
    return row


def ask(session: Session, now: datetime, actor: str, name: str, *, anew: bool = False) -> Exchange:
    """Have it fetched now; `anew`: all from the start, and what is not listed any more goes. Raises
    `ExchangeRefused` that says why nothing can be fetched."""
    row = _open(session, name)
    if row.advises:
        raise ExchangeRefused(
            f"From {name} nothing is fetched: it is asked about what is reviewed here.", ""
        )
    fetching.require_free(row)
    fields = partners.named(row.partner).fields
    if row.sealed is None and any(one.kind == "secret" and one.required for one in fields):
        raise ExchangeRefused(f"{name} has no secrets yet.", f"Run: tutela exchange secrets {name}")
    row.due_at = now
    if anew:
        row.turn, row.busy_until = row.turn + 1, None
        row.checkpoint = row.checkpoint_at = row.began_at = None
    audit.append(session, now, actor, "exchange.fetch", subject(row), anew=anew)
    return row


def release(session: Session, now: datetime, actor: str, name: str, count: int) -> Exchange:
    """Let the deletions pass that it is held for. The caller has seen to the second person. Raises
    `ExchangeRefused` if it is not held for so many."""
    row = _open(session, name)
    if not row.held or row.held_count != count:
        raise ExchangeRefused(f"{name} is not held for {count} deletions.", "Look at it again.")
    row.allowed, row.held, row.held_count, row.due_at = count, "", 0, now
    alarms.clear(session, now, outcomes.HELD, subject(row))
    audit.append(session, now, actor, "exchange.release", subject(row), entries=count)
    return row


def _open(session: Session, name: str) -> Exchange:
    row = get(session, name, lock=True)
    if row.left_at is not None:
        raise ExchangeRefused(f"{name} was left.", "Add it anew, under another name.")
    return row

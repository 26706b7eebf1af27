"""Items of a few accounts in a database, and what stands about them, told from its rows."""

from __future__ import annotations

import base64
import hashlib
import itertools
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from tutela.app import wired
from tutela.banks.models import Bank, BankedSignal
from tutela.cases import alerts, work
from tutela.cases.alerts import Received
from tutela.cases.models import Case
from tutela.decisions import appeals, service, strikes
from tutela.decisions.models import Appeal, Decision, Dispute, Effect, Strike
from tutela.events import emit
from tutela.events.service import BUS
from tutela.people.permissions import Caller, Permission
from tutela.screening.judging import Given
from tutela.screening.models import Decided, Item, ItemMatch, ItemSignal
from tutela.screening.recording import ItemDecided
from tutela.storage import Database, Session

ANN, BOB = (Caller(f"person:{name}", frozenset(Permission)) for name in ("ann", "bob"))
START = datetime.fromisoformat("2031-05-01T12:00:00+00:00")
numbers = itertools.count()


def name(kind: str) -> str:
    return f"{kind}_" + base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def add(database: Database, now: datetime, account: str | None, purpose: str = "known-csea",
        data: str = "", external: str = "") -> str:  # fmt: skip
    """An item that a partner's bank has exactly, with an alert on its case; of whose bytes nothing
    is kept. `data`: what it was, if it has copies."""
    item = name("itm")
    digest = hashlib.sha256((data or item).encode()).hexdigest()
    given = Given({"id": external or f"post-{next(numbers)}"}, {"id": account} if account else {})
    with database.writing() as session:
        session.add(Item(
            id=item, at=now, key_id=None, door="raw", test=False,
            external_id=given.item_id, creator_id=account, channel="public", size=7,
            given="{}",
        ))  # fmt: skip
        session.flush()
        session.add(ItemSignal(
            item_id=item, type="sha256", value=digest, variant="plain", frame=None,
            quality=None,
        ))  # fmt: skip
        session.add(ItemMatch(
            item_id=item, bank="partner-list", type="sha256", value=digest, item_value=digest,
            distance=0, variant="plain", quality=None, known_quality=None, labels="",
            source="partner", purpose=purpose, strength="exact", vetoed=False,
        ))  # fmt: skip
        session.add(Decided(
            item_id=item, at=now, verdict="block", rule="same-file", explanation="",
            public_reason="", policy_version="", facts="{}", background="[]", evidence="none",
            evidence_id=None, case_id=None,
        ))  # fmt: skip
        session.flush()
        emit(session, ItemDecided(now, item, "block", False, given))
    return item


class World:
    """Six items: two of one account, two of another of which one matched a survivor's request, one
    of a third account, and one of nobody."""

    def __init__(self, database: Database) -> None:
        self.database, self.now = database, START
        database.now = lambda: self.now
        database.info[BUS] = wired()
        self.items = {
            self.add(account, purpose): account
            for account, purpose in (
                ("anna", "known-csea"), ("anna", "known-csea"), ("sue", "known-csea"),
                ("sue", "survivor-request"), ("carl", "known-csea"), (None, "known-csea"),
            )
        }  # fmt: skip

    def add(self, account: str | None, purpose: str) -> str:
        return add(self.database, self.now, account, purpose)

    def later(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    def report(self, account: str, age: int | None) -> None:
        with self.database.writing() as session:
            alerts.report(session, self.now, Received(
                "account", account, account=account, text="A flat, to let.", subject_age=age
            ))  # fmt: skip

    def decide(self, item: str, conclusion: str, who: Caller) -> str:
        with self.database.writing() as session:
            case_id = session.get_one(Decided, item).case_id
            assert case_id is not None
            case = work.take_over(session, self.now, who, case_id, "its turn")
            (one,) = service.decide(
                session, self.now, who, case, [item], conclusion, "So it is.", agreed=True
            )
            return one.id

    def undo(self, decision: str, who: Caller) -> None:
        with self.database.writing() as session:
            service.undo(session, self.now, who, decision, "A slip.")

    def appeal(self, item: str) -> str:
        with self.database.writing() as session:
            return appeals.hand_in(session, self.now, item, "It is a bicycle.", "someone").id

    def settle(self, appeal: str, outcome: str, who: Caller) -> None:
        with self.database.writing() as session:
            appeals.settle(session, self.now, who, appeal, outcome, "Looked.", agreed=True)

    def latest(self, item: str) -> Decision | None:
        with self.database.reading() as session:
            return service.latest(session, item)

    def stands(self) -> dict[str, Any]:
        """All that decisions left standing, by the decision."""
        with self.database.reading() as session:
            return {
                "decisions": _all(session, select(Decision.item_id, Decision.conclusion).where(
                    Decision.undone_at.is_(None)
                )),
                "banked": _all(session, select(BankedSignal.external_id, Bank.name).join(
                    Bank, Bank.id == BankedSignal.bank_id
                ).where(Bank.source == "own", Bank.name.startswith("confirmed"))),
                "strikes": _all(session, select(Strike.account, Strike.decision_id).where(
                    Strike.ended_at.is_(None)
                )),
                "disputed": _all(session, select(Dispute.decision_id, Dispute.value).where(
                    Dispute.withdrawn_at.is_(None)
                )),
                "drafts": _all(session, select(Effect.decision_id, Effect.kind).where(
                    Effect.kind == "draft", Effect.undone_at.is_(None)
                )),
                "states": _all(session, select(Bank.name, Bank.state).where(
                    Bank.signals > 0, Bank.name.startswith("confirmed")
                )),
                "weights": {
                    (account, strikes.weight(session, self.now, account))
                    for account in ("anna", "sue", "carl")
                },
            }  # fmt: skip

    def children(self) -> Collection[str]:
        with self.database.reading() as session:
            return session.scalars(
                select(Case.subject).where(Case.subject_kind == "account", Case.role == "child")
            ).all()

    def waiting(self) -> list[str]:
        with self.database.reading() as session:
            return list(session.scalars(select(Appeal.id).where(Appeal.decided_at.is_(None))))


def _all(session: Session, query: Any) -> set[tuple[Any, ...]]:
    return {tuple(row) for row in session.execute(query)}

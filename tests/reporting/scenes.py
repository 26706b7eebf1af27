"""Accounts with pictures of bicycles, and people who decide about them: drafts follow."""

from __future__ import annotations

import hashlib
import itertools
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from decisions.world import name
from sqlalchemy import select

from tutela import evidence
from tutela.app import wired
from tutela.cases import alerts, work
from tutela.cases.alerts import Received
from tutela.cases.models import Alert, Case, Step
from tutela.decisions import service as deciding
from tutela.events import emit
from tutela.events.service import BUS
from tutela.evidence import clocks
from tutela.evidence.models import File, Purpose
from tutela.evidence.sealing import Sealed
from tutela.people.permissions import Caller, Permission
from tutela.policy.facts import Facts
from tutela.reporting import drafting, facts, register
from tutela.reporting.models import Report, State
from tutela.reporting.options import IN_SESSION, Options
from tutela.screening.judging import Given
from tutela.screening.models import Decided, Item, ItemMatch, ItemSignal
from tutela.screening.recording import ItemDecided
from tutela.storage import Database
from tutela.views.models import View

ANN, BOB = (Caller(f"person:{who}", frozenset(Permission)) for who in ("ann", "bob"))
START = datetime(2031, 5, 1, 12, tzinfo=UTC)
numbers = itertools.count()


class Scene:
    """A service called Bikes, by a clock that a test moves."""

    def __init__(self, database: Database) -> None:
        self.database, self.now = database, START
        database.now = lambda: self.now
        database.info[BUS] = wired()
        self.options = Options(platform="Bikes")
        self.set()

    def set(self, **changed: Any) -> None:
        self.options = replace(self.options, **changed)
        self.database.info[IN_SESSION] = self.options

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def item(
        self, account: str = "anna", item: dict | None = None, creator: dict | None = None, *,
        sealed: bool = True, purpose: str = "known-csea", strength: str = "exact",
        source: str = "partner", test: bool = False, channel: str = "public",
    ) -> str:  # fmt: skip
        """An item of an account that a bank has, with an alert on the account's case."""
        made, number = name("itm"), next(numbers)
        said = Facts(
            item={"id": f"post-{number}", **(item or {})},
            creator={"id": account, **(creator or {})}, channel=channel,
        )  # fmt: skip
        given = Given(said.item, said.creator if account else {})
        digest = hashlib.sha256(made.encode())
        with self.database.writing() as session:
            file = None
            if sealed:
                file = evidence.record(
                    session, self.now, Sealed(made, 700 + number, 900, digest.digest(), "f" * 16)
                )
            session.add(Item(
                id=made, at=self.now, key_id=None, door="raw", test=test,
                external_id=given.item_id, creator_id=account or None, channel=channel,
                size=700 + number, given="{}",
            ))  # fmt: skip
            session.flush()
            for kind, value in (("md5", made[:8]), ("sha256", digest.hexdigest()), ("pdq", "0f")):
                session.add(ItemSignal(
                    item_id=made, type=kind, value=value, variant="plain", frame=None,
                    quality=None,
                ))  # fmt: skip
            session.add(ItemMatch(
                item_id=made, bank="partner-list", type="sha256", value=digest.hexdigest(),
                item_value=digest.hexdigest(), distance=0, variant="plain", quality=None,
                known_quality=None, labels="", source=source, purpose=purpose,
                strength=strength, vetoed=False,
            ))  # fmt: skip
            session.add(Decided(
                item_id=made, at=self.now, verdict="block", rule="same-file", explanation="",
                public_reason="", policy_version="", facts=said.dumps(), background="[]",
                evidence="sealed" if sealed else "none", evidence_id=file and file.id,
                case_id=None,
            ))  # fmt: skip
            session.flush()
            emit(session, ItemDecided(self.now, made, "block", test, given))
        return made

    def report(self, account: str = "anna", **more: Any) -> None:
        """A report of a user about an account."""
        what = {"about": "account", "about_id": account, "account": account, **more}
        with self.database.writing() as session:
            alerts.report(session, self.now, Received(**what))

    def case(self, account: str = "anna") -> str:
        with self.database.reading() as session:
            return session.scalars(
                select(Case.id).where(Case.subject == account).order_by(Case.opened_at.desc())
            ).first()  # fmt: skip

    def decide(self, *items: str, case: str = "", conclusion: str = "confirmed") -> list[str]:
        """Ids of decisions about items or, without any, about the case."""
        with self.database.writing() as session:
            case = case or session.scalars(
                select(Alert.case_id).where(Alert.item_id == items[0])
            ).first()  # fmt: skip
            held = work.take_over(session, self.now, ANN, case, "its turn")
            made = deciding.decide(
                session, self.now, ANN, held, items, conclusion, "So it is.", agreed=True
            )
            return [one.id for one in made]

    def confirmed(self, account: str = "anna", **more: Any) -> tuple[str, str]:
        """An item that was confirmed, and the decision."""
        item = self.item(account, **more)
        return item, self.decide(item)[0]

    def undo(self, decision: str) -> None:
        with self.database.writing() as session:
            deciding.undo(session, self.now, ANN, decision, "A slip.")

    def look(self, item: str, rendering: str, *, whole: bool = True, actor: str = ANN.actor,
             asked_only: bool = False) -> None:  # fmt: skip
        with self.database.writing() as session:
            file = session.get_one(File, session.get_one(Decided, item).evidence_id)
            intent = evidence.intend(session, self.now, actor, file, Purpose.VIEW, "view", "")
            intent.used_at = None if asked_only else self.now
            session.add(View(
                id=f"vw_{secrets.token_hex(8)}", at=self.now, actor=actor,
                case_id=session.get_one(Decided, item).case_id, item_id=item, file_id=file.id,
                intent_id=intent.id, rendering=rendering, whole=whole, seconds=4.0, ended_at=None,
            ))  # fmt: skip

    def draft(self, account: str = "anna", **more: Any) -> str:
        """A draft that a person asked for."""
        with self.database.writing() as session:
            case = session.get_one(Case, self.case(account))
            return drafting.draft(session, self.now, ANN.actor, case, "ncmec", **more).id

    def reports(self, account: str = "anna") -> list[Report]:
        with self.database.reading() as session:
            return [*session.scalars(
                select(Report).join(Case, Case.id == Report.case_id)
                .where(Case.subject == account).order_by(Report.made_at, Report.id)
            )]  # fmt: skip

    def row(self, name: str) -> Report:
        with self.database.reading() as session:
            return register.found(session, ANN, name)

    def content(self, name: str = "", account: str = "anna") -> facts.Report:
        """Of the report of a name, or of the account's last."""
        row = self.row(name) if name else self.reports(account)[-1]
        return facts.Report.from_json(row.content)

    def file(self, remote: str = "4564654", account: str = "anna") -> str:
        """The account's open report arrives at the authority."""
        with self.database.writing() as session:
            found = session.scalars(
                select(Report).join(Case, Case.id == Report.case_id)
                .where(Case.subject == account, Report.state == State.DRAFT)
            ).one()  # fmt: skip
            found.state, found.remote_id, found.filed_at = State.FILED, remote, self.now
            found.receipt = f'{{"id":"{remote}","files":[],"opened":1}}'
            clocks.end(session, self.now, drafting.DRAFT, found.id)
            drafting.filed(session, self.now, found)
            return found.id

    def kept(self, item: str) -> list[str]:
        """Kinds of the clocks that run on an item's evidence."""
        with self.database.reading() as session:
            file = session.get_one(Decided, item).evidence_id
            return [one.kind for one in clocks.running(session, self.now, file)]

    def evidence(self, item: str) -> str:
        with self.database.reading() as session:
            return session.get_one(Decided, item).evidence_id

    def purge(self, item: str) -> None:
        with self.database.writing() as session:
            file = session.get_one(File, session.get_one(Decided, item).evidence_id)
            file.deleted_at = self.now

    def steps(self, account: str = "anna") -> list[str]:
        with self.database.reading() as session:
            query = select(Step.what).where(Step.case_id == self.case(account)).order_by(Step.id)
            return [*session.scalars(query)]

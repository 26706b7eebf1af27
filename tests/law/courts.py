"""A service of a country, with cases on which people decide, by a clock that a test moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reporting.scenes import Scene
from sqlalchemy import select

from tutela.alarms.models import Alarm
from tutela.audit.models import Entry
from tutela.cases.models import Case
from tutela.law import service, signing
from tutela.law.library import library
from tutela.law.options import IN_SESSION, Options
from tutela.packs import Outcome
from tutela.people.permissions import Caller, Permission
from tutela.reporting.models import Report, State
from tutela.storage import Database

ADA = Caller("person:ada", frozenset(Permission))
US = {"established": "US", "kinds": ("electronic-communication",), "under": ("none",)}
UK = {"established": "GB", "kinds": ("user-to-user",), "under": ("none",)}


class Court(Scene):
    """Its law is that of the US until `law` says otherwise."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.law_options = Options()
        self.law(**US)

    def law(self, **changed: Any) -> None:
        self.law_options = replace(self.law_options, **changed)
        self.database.info[IN_SESSION] = self.law_options

    def row(self, account: str = "anna") -> Case:
        with self.database.reading() as session:
            return session.get_one(Case, self.case(account))

    def said(self, account: str = "anna") -> Outcome:
        with self.database.writing() as session:
            return service.outcome(session, session.get_one(Case, self.case(account)), self.now)

    def file(self, account: str = "anna", authority: str = "ncmec") -> None:
        """Have the open report of an account be filed, as far as rows say."""
        with self.database.writing() as session:
            report = session.scalars(
                select(Report).where(
                    Report.case_id == self.case(account), Report.authority == authority,
                    Report.state == State.DRAFT,
                )
            ).one()  # fmt: skip
            report.state, report.filed_at, report.receipt = State.FILED, self.now, "{}"

    def drafts(self, account: str = "anna") -> list[str]:
        """Authorities for which there is a draft."""
        with self.database.reading() as session:
            return [*session.scalars(
                select(Report.authority).where(
                    Report.case_id == self.case(account), Report.state == State.DRAFT
                )
            )]  # fmt: skip

    def sounding(self) -> list[tuple[str, str]]:
        with self.database.reading() as session:
            rows = session.execute(
                select(Alarm.kind, Alarm.subject).where(Alarm.closed_at.is_(None))
            )
            return [(one.kind, one.subject) for one in rows]

    def sign(self, pack: str, rule: str, note: str = "Read it.", who: Caller = ADA) -> None:
        with self.database.writing() as session:
            signing.sign(session, self.now, who, pack, rule, note)

    def sign_all(self) -> None:
        """All rules that wait for it."""
        with self.database.writing() as session:
            for one in signing.unsigned(session, library(self.law_options)):
                signing.sign(session, self.now, ADA, one.pack, one.id, "Read it.")

    def logged(self, action: str) -> list[str]:
        with self.database.reading() as session:
            return [*session.scalars(select(Entry.subject).where(Entry.action == action))]

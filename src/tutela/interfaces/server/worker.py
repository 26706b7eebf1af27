"""The worker role: clocks, deliveries, purges, and the index that all processes map."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from functools import cache

from tutela import evidence, webhooks
from tutela.app import App
from tutela.banks import known_contents
from tutela.banks import service as banks
from tutela.decisions import closing, own_bank
from tutela.exchanges import fetching, opinions, outcomes, telling
from tutela.interfaces import records
from tutela.interfaces.server import child
from tutela.interfaces.server.failing import told
from tutela.jobs import Chore, Duty, Worker
from tutela.law import deadlines, watching
from tutela.outbound import Outbound
from tutela.people import approvals, challenges, invitations, sessions
from tutela.preservation import service as preservation
from tutela.records import sampling
from tutela.reporting import driving, lawful
from tutela.reporting import sending as reports
from tutela.reporting.driving import Parts
from tutela.reporting.pacing import Pace
from tutela.screening import answers
from tutela.views import service as views

CUT_OFF = 3


def run() -> int:
    child.begin("worker")
    stop = child.stopping()
    with App.open() as app, app.index() as index:
        index.start(builds=True)
        records.note_settings(app)
        left = Worker(app.database, chores(app), duties(app), app.settings.jobs).run(stop)
        if left:
            os._exit(CUT_OFF)  # their threads cannot be stopped; the next worker does them again
    return 0


def chores(app: App) -> list[Chore]:
    """What is done by the clock."""
    database = app.database

    def forget_answers() -> None:
        with database.writing() as session:
            answers.purge(session, database.now())

    def forget_deliveries() -> None:
        with database.writing() as session:
            webhooks.purge(session, database.now(), app.settings.webhooks)

    def purge_banks() -> None:
        banks.purge(database)

    def expire_confirmed() -> None:
        own_bank.expire(database)

    def close_appeals() -> None:
        closing.close(database, preservation.keeps)

    def purge_evidence() -> None:
        preservation.tend(database)  # first: what it covers must not go
        evidence.purge(database, app.store())

    def sweep_evidence() -> None:
        evidence.sweep(database, app.store())

    def tell_of_reviews() -> None:
        with database.writing() as session:
            approvals.tell_overdue(session, database.now())

    def forget_sessions() -> None:
        with database.writing() as session:
            now = database.now()
            sessions.purge(session, now)
            challenges.purge(session, now)
            invitations.purge(session, now)

    def end_views() -> None:
        with database.writing() as session:
            views.end_stale(session, database.now())

    def sound_overdue() -> None:
        deadlines.sound_overdue(database)
        lawful.sound_overdue(database)
        watching.sound_packs(database)

    def sound_stale() -> None:
        outcomes.sound_stale(database)

    def reckon_samples() -> None:
        sampling.reckon(database)
        sampling.hand_out(database)

    def sign() -> None:
        app.sign_log()

    return [
        Chore("audit.sign", timedelta(minutes=5), sign),
        Chore("banks.purge", timedelta(minutes=1), purge_banks),
        Chore("decisions.expire", timedelta(hours=1), expire_confirmed),
        Chore("decisions.close", timedelta(hours=1), close_appeals),
        Chore("evidence.purge", timedelta(minutes=10), purge_evidence),
        Chore("evidence.sweep", timedelta(hours=1), sweep_evidence),
        Chore("exchanges.stale", timedelta(minutes=10), sound_stale),
        Chore("law.overdue", timedelta(minutes=10), sound_overdue),
        Chore("people.reviews", timedelta(hours=1), tell_of_reviews),
        Chore("people.forget", timedelta(minutes=10), forget_sessions),
        Chore("records.samples", timedelta(hours=1), reckon_samples),
        Chore("screening.forget-answers", timedelta(minutes=10), forget_answers),
        Chore("views.end", timedelta(minutes=10), end_views),
        Chore("webhooks.purge", timedelta(hours=1), forget_deliveries),
    ]


def duties(app: App) -> list[Duty]:
    """What is done when it is due, however often processes are killed."""
    outbound, sealing = Outbound(app.settings.outbound), app.webhook_sealing()
    options = app.settings.webhooks

    @cache
    def parts() -> Parts:
        chosen = app.settings.reporting
        return Parts(
            app.database, outbound, app.reporting_sealing(), app.sealer(), app.vault_socket,
            chosen, Pace(chosen.rate),
        )  # fmt: skip

    def put_back(number: str) -> None:
        known_contents.put_back(app.database, int(number))

    def deliver(number: str) -> None:
        webhooks.deliver(app.database, outbound, sealing, int(number), options)

    fetches = app.fetching(outbound)

    def fetch(number: str) -> None:
        fetching.fetch(fetches, int(number))

    def tell(number: str) -> None:
        telling.tell(fetches, int(number))

    def ask(number: str) -> None:
        opinions.ask(fetches, int(number))

    def report(name: str) -> None:
        driving.drain(parts(), name)

    return [
        Duty("banks.put-back", known_contents.due, put_back, concurrency=1),
        Duty("exchanges.ask", opinions.due, ask, concurrency=1),
        Duty("exchanges.fetch", fetching.due, fetch, concurrency=app.settings.exchanges.parallel),
        Duty("exchanges.tell", telling.due, tell, concurrency=1),
        Duty("reporting.send", reports.due, report, concurrency=app.settings.reporting.parallel),
        Duty(
            "webhooks.deliver",
            lambda session, now, limit: [
                str(number) for number in webhooks.due(session, now, options, limit)
            ],
            deliver,
            concurrency=8,
        ),
    ]


if __name__ == "__main__":
    sys.exit(told(run))

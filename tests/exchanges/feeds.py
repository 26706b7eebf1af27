"""A partner whose pages a test says, and a desk that fetches from it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from tutela.banks import changes, roots
from tutela.banks.models import Bank, BankedSignal, Purpose
from tutela.exchanges import fetching, partners, service
from tutela.exchanges.models import Exchange, Run
from tutela.exchanges.options import Options
from tutela.exchanges.partners import (
    Entry,
    Feedback,
    Fetching,
    Field,
    Listed,
    Page,
    Role,
    Setup,
    Telling,
)
from tutela.outbound import Outbound
from tutela.sealing import Sealing
from tutela.storage import Database

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Script = Callable[[Mapping[str, Any] | None], Fetching]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def entry(
    key: str, *values: str, at: datetime | None = None, kind: str = "sha256", **more: Any
) -> Entry:
    """An entry with digests of texts."""
    return Entry(key, at, tuple(Listed(kind, sha256(one)) for one in values), **more)


def gone(key: str, at: datetime | None = None, **more: Any) -> Entry:
    return Entry(key, at, None, **more)


class Feed:
    """A partner whose pages are what a test puts into `script`."""

    name = "feed"
    title = "A feed of tests"
    fields: tuple[Field, ...] = (Field("token", "A token.", "secret", required=False),)
    roles = (Role("known", Purpose.KNOWN_CSEA), Role("survivor", Purpose.SURVIVOR_REQUEST))
    every = timedelta(hours=1)
    stale_after = timedelta(days=1)
    checkpoint_lasts: timedelta | None = None
    feedback = True

    def __init__(self) -> None:
        self.script: Script = lambda checkpoint: iter(())
        self.told: list[Feedback] = []
        self.setups: list[Setup] = []
        self.named_hosts: tuple[str, ...] = ()

    def hosts(self, setup: Setup) -> tuple[str, ...]:
        return self.named_hosts

    def fetch(self, setup: Setup, checkpoint: Mapping[str, Any] | None, now: datetime) -> Fetching:
        self.setups.append(setup)
        return (yield from self.script(checkpoint))

    def tell(self, setup: Setup, feedback: Feedback) -> Telling:
        self.told.append(feedback)
        yield from ()

    def pages(self, *pages: Sequence[Entry], replaces: bool = False) -> None:
        """Give these pages, from where the checkpoint says; the last is complete."""

        def script(checkpoint: Mapping[str, Any] | None) -> Fetching:
            start = (checkpoint or {}).get("page", 0)
            for number in range(start, len(pages)):
                last = number == len(pages) - 1
                yield Page(
                    pages[number], {"page": number + 1}, complete=last,
                    replaces=replaces and last,
                )  # fmt: skip
            if start >= len(pages):
                yield Page((), {"page": start}, complete=True, replaces=replaces)

        self.script = script

    def polls(self, *entries: Entry, replaces: bool = False) -> None:
        """Give one page, whatever the checkpoint."""

        def script(checkpoint: Mapping[str, Any] | None) -> Fetching:
            yield Page(entries, {"poll": 1}, complete=True, replaces=replaces)

        self.script = script


class Desk:
    """An exchange on a database, whose clock and sleep are the test's."""

    def __init__(self, database: Database, partner: Feed, options: Options | None = None) -> None:
        self.database, self.partner = database, partner
        self.at = START
        database.now = lambda: self.at  # type: ignore[method-assign] # its clock is injected
        self.slept: list[float] = []
        self.dies_after: dict[str, int] = {}
        self.options = options or Options()
        self.sealing = Sealing(b"k" * 32)
        self.parts = fetching.Parts(
            database, Outbound(), lambda: self.sealing, self.options, sleep=self._sleep,
            monotonic=lambda: 0.0, after_step=self._step,
        )  # fmt: skip
        with database.writing() as session:
            self.id = service.add(session, self.at, "test", "ours", partner.name, {}).id

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)

    def _step(self, name: str) -> None:
        if name in self.dies_after:
            self.dies_after[name] -= 1
            if not self.dies_after[name]:
                del self.dies_after[name]
                raise Killed(name)

    def fetch(self, *, after: timedelta = timedelta()) -> str | None:
        self.at += after
        return fetching.fetch(self.parts, self.id, at_once=True)

    def row(self) -> Exchange:
        with self.database.reading() as session:
            return session.get_one(Exchange, self.id)

    def run(self) -> Run:
        """The last one."""
        with self.database.reading() as session:
            return service.runs(session, session.get_one(Exchange, self.id))[0]

    def bank(self, role: str = "known") -> Bank:
        with self.database.reading() as session:
            return dict(service.filled(session, session.get_one(Exchange, self.id)))[role]

    def values(self, role: str = "known") -> set[str]:
        """What the bank of a role holds; proves that count and root are of just that."""
        with self.database.reading() as session:
            row = session.get_one(Exchange, self.id)
            bank = dict(service.filled(session, row))[role]
            rows = session.scalars(select(BankedSignal).where(BankedSignal.bank_id == bank.id))
            found = [one.value.hex() for one in rows]
            assert bank.signals == len(found)
            assert changes.recomputed_root(session, bank) == roots.root(bank.state)
        return set(found)


class Killed(BaseException):
    """The process ended here."""


def known_as(monkeypatch: Any, *others: Any) -> None:
    """Have partners that are not installed."""
    by_name = {one.name: one for one in others}
    real, listed = partners.named, partners.installed
    monkeypatch.setattr(partners, "named", lambda name: by_name.get(name) or real(name))
    monkeypatch.setattr(partners, "installed", lambda: sorted({*listed(), *by_name}))

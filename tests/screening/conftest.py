"""A desk of an installation, with its banks, evidence folder and policy, on both databases."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyrage
import pytest
from conftest import fresh_postgres
from PIL import Image
from sqlalchemy import func, select

from tutela.alarms.models import Alarm
from tutela.app import App
from tutela.banks import changes, service
from tutela.banks.changes import From, New
from tutela.cases.models import Case
from tutela.decoding import DecoderPool, fingerprint
from tutela.events.models import Event
from tutela.evidence import identities
from tutela.evidence.models import File
from tutela.people import keys
from tutela.policy import presets
from tutela.running import Running
from tutela.screening import policies
from tutela.screening.desk import Caller
from tutela.screening.models import Decided, Item
from tutela.screening.received import Received
from tutela.screening.recording import Answer
from tutela.settings import Settings
from tutela.storage import Base, Database
from tutela.webhooks import endpoints

POLICY = presets.render("small-forum", "GB")
START = datetime(2031, 5, 1, 12, 30, tzinfo=UTC)
PUBLIC = {"item": {"channel": "public"}}


def picture(seed: int, form: str = "PNG", side: int = 256, **how: Any) -> bytes:
    """Soft patches of colour; no two seeds look alike."""
    small = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), np.uint8)
    stored = io.BytesIO()
    Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC).save(stored, form, **how)
    return stored.getvalue()


class Office:
    """A desk, and what a test asks of what is behind it."""

    def __init__(self, app: App, pool: DecoderPool, key: int) -> None:
        self.app, self.pool = app, pool
        self.database: Database = app.database
        self.caller = Caller("platform", key)
        self.running = Running(app, builds=True)
        self.running.index.make_ready()
        self.running.upkeep()
        self.desk = self.running.desk
        (self.identity,) = identities.read(app.identity)

    @property
    def now(self) -> datetime:
        return self.database.now()

    def later(self, **time: float) -> None:
        at = self.now + timedelta(**time)
        self.database.now = lambda: at

    def apply(self, text: str) -> None:
        with self.database.writing() as session:
            policies.apply(session, self.now, "shell:ann", text)
        self.running.upkeep()

    def bank(self, name: str, *files: bytes, purpose: str = "known-csea", types: str = "", **more):
        """A bank of these files: all their plain signals, or those of some types."""
        with self.database.writing() as session:
            bank = service.create(session, self.now, "shell:ann", name, purpose, **more).id
            for number, data in enumerate(files):
                found = fingerprint(io.BytesIO(data), self.pool).signals
                changes.add(session, self.now, "shell:ann", bank, [
                    New(s.type, bytes.fromhex(s.value), From(), f"f{number}", s.quality)
                    for s in found
                    if s.variant == "plain" and (not types or s.type in types.split())
                ])  # fmt: skip
        self.running.index.make_ready()
        return bank

    def endpoint(self, name: str, url: str = "https://platform.example/hook") -> None:
        with self.database.writing() as session:
            endpoints.add(
                session, self.now, "shell:ann", self.app.webhook_sealing(), name, url, ["*"]
            )

    def received(self, data: bytes, spool_over: int = 64 << 20) -> Received:
        made = Received(self.pool, self.running.sealer, spool_over)
        for at in range(0, len(data), 100_000):
            made.feed(data[at : at + 100_000])
        return made

    def screen(
        self, data: bytes, raw: Any = PUBLIC, key: str | None = None, spool_over: int = 64 << 20
    ) -> Answer:
        accepted = self.desk.accept(self.caller, "raw", raw, key)
        return self.desk.screen(accepted, self.received(data, spool_over))

    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        with self.database.reading() as session:
            return {
                name: session.scalar(select(func.count()).select_from(table)) or 0
                for name, table in Base.metadata.tables.items()
            }

    @contextmanager
    def change(self) -> Iterator[dict[str, int]]:
        """By how many rows each table grew in the block, those that did."""
        before, grown = self.rows(), {}
        yield grown
        grown |= {n: count - before[n] for n, count in self.rows().items() if count != before[n]}

    def files(self) -> set[Path]:
        """What lies in the data directory, but for the database, its log and the index."""
        return {
            path
            for path in self.app.data.rglob("*")
            if path.is_file() and path.relative_to(self.app.data).parts[0] in ("evidence", "spool")
        }

    def one(self, model: Any, *where: Any) -> Any:
        with self.database.reading() as session:
            return session.scalars(select(model).where(*where)).one()

    def all(self, model: Any, *where: Any) -> list[Any]:
        with self.database.reading() as session:
            return list(session.scalars(select(model).where(*where)).all())

    def decided(self, answer: Answer) -> Decided:
        return self.one(Decided, Decided.item_id == answer.item_id)

    def item(self, answer: Answer) -> Item:
        return self.one(Item, Item.id == answer.item_id)

    def case(self, answer: Answer) -> Case:
        return self.one(Case, Case.id == answer.case_id)

    def events(self, subject: str | None) -> list[str]:
        return [event.kind for event in self.all(Event, Event.subject == subject)]

    def opened(self, answer: Answer) -> bytes:
        """The bytes of an item's evidence."""
        file = self.one(File, File.id == self.decided(answer).evidence_id)
        with self.app.store().open(file.name) as sealed:
            data: bytes = pyrage.decrypt(sealed.read(), [self.identity])
        assert (hashlib.sha256(data).digest(), len(data)) == (file.digest, file.size)
        return data

    def alarms(self, *, only_open: bool = True) -> set[tuple[str, str]]:
        rows = self.all(Alarm, *([Alarm.closed_at.is_(None)] if only_open else []))
        return {(alarm.kind, alarm.subject) for alarm in rows}

    def ready(self, name: str) -> bool:
        (found,) = [check for check in self.running.checks() if check.name == name]
        return found.ready


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[App, int]]:
    folder = tmp_path_factory.mktemp("desk")
    if request.param == "sqlite":
        yield from _installed("", folder)
        return
    with fresh_postgres() as url:
        yield from _installed(url, folder)


def _installed(url: str, folder: Path) -> Iterator[tuple[App, int]]:
    chosen = Settings(data=str(folder / "data"), keys=str(folder / "keys"), database_url=url)
    with App(chosen) as app:
        app.set_up()
        app.database.now = lambda: START
        with app.database.writing() as session:
            key, _ = keys.create(session, START, "shell:ann", "platform", ["screen"])
        yield app, key.id


@pytest.fixture
def office(installation: tuple[App, int], pool: DecoderPool) -> Iterator[Office]:
    """A desk a month after the one before, under the policy of a preset."""
    app, key = installation
    at = app.database.now() + timedelta(days=30)
    app.database.now = lambda: at
    with app.database.writing() as session:
        applied = policies.current(session)
        if applied is None or applied.text != POLICY:
            policies.apply(session, at, "shell:ann", POLICY)
    made = Office(app, pool, key)
    yield made
    made.running.close()

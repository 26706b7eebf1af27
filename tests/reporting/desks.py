"""An installation that sends reports to a test server, by a clock that a test moves."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evidence.vaults import listening
from sqlalchemy import select

from tutela import alarms, evidence
from tutela.audit.models import Entry
from tutela.cases.models import Case, Step
from tutela.evidence import clocks, identities
from tutela.evidence.opening import Compared, decrypt
from tutela.evidence.sealing import Sealer
from tutela.evidence.store import FolderStore
from tutela.law import options as law
from tutela.law.options import IN_SESSION as LAW
from tutela.outbound import Options as Limits
from tutela.outbound import Outbound
from tutela.people.permissions import Caller, Permission
from tutela.reporting import credentials, driving, sending
from tutela.reporting.driving import Parts
from tutela.reporting.facts import Account, File, Incident, Party, Reporter
from tutela.reporting.facts import Report as Facts
from tutela.reporting.models import Exchange, Report, State
from tutela.reporting.options import IN_SESSION, Options
from tutela.reporting.outcomes import DRAFT
from tutela.reporting.pacing import Pace
from tutela.sealing import Sealing
from tutela.storage import Database
from tutela.testing.cybertipline import Server

BEGAN = datetime(2031, 5, 1, 12, tzinfo=UTC)
ANN = Caller("person:ann", frozenset(map(str, Permission)))
REPORTER = Reporter("Tess", "Sato", "trust@example.org", "+1 555 0100")
BICYCLE = b"A bicycle leans on a wall in the rain. " * 3000


class Desk:
    """Its database's clock is `now`; `options` can be replaced before `parts` are asked for."""

    def __init__(self, database: Database, server: Server, folder: Path) -> None:
        self.now = BEGAN
        database.now = lambda: self.now
        server.clock = server.kept._clock = lambda: self.now
        self.database, self.server = database, server
        self.folder = folder
        identity = folder / "evidence.identity"
        identities.make(identity)
        self.held = identities.read(identity)
        self.store = FolderStore(folder / "evidence")
        self.sealer = Sealer([identities.recipient(identity)], self.store, folder / "spool")
        self.sealing = Sealing.make(folder / "reporting.key")
        self.outbound = Outbound(Limits(connect_seconds=2, read_seconds=2))
        self.vault = folder / "vault.sock"
        self.set(Options(
            test_urls=(f"ncmec={server.url}",), rate=0, reporter=REPORTER, call_seconds=3,
        ))  # fmt: skip
        database.info[LAW] = law.Options(packs=())  # whose rules nobody need sign
        self.steps: list[str] = []
        self.vaults = ExitStack()
        self.sign_in()

    def set(self, options: Options) -> None:
        self.options = options
        self.database.info[IN_SESSION] = options

    def sign_in(self, password: str = "rain", environment: str = "test") -> None:
        with self.database.writing() as session:
            credentials.put(
                session, self.now, ANN, self.sealing, "ncmec", environment, "bicycle", password
            )

    def open_vault(self) -> None:
        self.vaults.enter_context(
            listening(self.database, self.store, self.held, self.vault, lambda: self.sealer)
        )

    def close_vault(self) -> None:
        self.vaults.close()

    def parts(self, after_step: Callable[[str], object] | None = None, **other: object) -> Parts:
        made = {
            "database": self.database, "outbound": self.outbound, "sealing": self.sealing,
            "sealer": self.sealer, "vault": self.vault, "options": self.options,
            "pace": Pace(self.options.rate), "after_step": after_step or self.steps.append,
        }  # fmt: skip
        return Parts(**made | other)

    def case(self, *, rank: int = 12_000, danger: bool = False, test: bool = False) -> str:
        name = f"case_{secrets.token_hex(8)}"
        with self.database.writing() as session:
            session.add(Case(
                id=name, subject_kind="account", subject=f"bicycles-{name}", queue="default",
                test=test, opened_at=self.now, rank=rank, danger=danger,
            ))  # fmt: skip
        return name

    def file(self, number: int = 0, data: bytes = BICYCLE) -> File:
        """A sealed file, as a report has it."""
        sealed = self.sealer.seal(data + str(number).encode())
        with self.database.writing() as session:
            row = evidence.record(session, self.now, sealed)
        return File(row.id, f"itm_{number}", f"bicycle{number}.jpg", size=row.size)

    def draft(self, files: int = 1, case: str = "", **of_case: object) -> str:
        """A report that was not sent, with some files."""
        case = case or self.case(**of_case)
        content = Facts(
            Incident.MEDIA, self.now - timedelta(hours=1), self.now,
            subject=Party(Account(id="bicycles")),
            files=tuple(self.file(number) for number in range(files)),
        )  # fmt: skip
        return self.put(content, case)

    def put(self, content: Facts, case: str) -> str:
        name = f"rpt_{secrets.token_hex(8)}"
        with self.database.writing() as session:
            session.add(Report(
                id=name, case_id=case, authority="ncmec", environment="", state=State.DRAFT,
                test=session.get_one(Case, case).test, made_at=self.now, made_by="worker",
                content=content.to_json(), version=1, queued_by="", rank=0, danger=False,
                progress="", turn=0, tries=0, last_error="", remote_id="", receipt="",
            ))  # fmt: skip
            session.flush()
            for file in content.files:
                clocks.start(session, self.now, file.evidence, DRAFT, name, "a draft is kept", None)
        return name

    def queue(self, name: str = "", files: int = 1, **of_case: object) -> str:
        name = name or self.draft(files, **of_case)
        with self.database.writing() as session:
            sending.queue(session, self.now, ANN.actor, name, 1)
        return name

    def due(self) -> list[str]:
        with self.database.reading() as session:
            return [*sending.due(session, self.now)]

    def send(self, name: str, after_step: Callable[[str], object] | None = None) -> State | None:
        return driving.send(self.parts(after_step), name)

    def run(self) -> list[State | None]:
        return [self.send(name) for name in self.due()]

    def finish(self, name: str, most: int = 60) -> Report:
        """Try again and again, as time passes, until it rests."""
        for _ in range(most):
            self.send(name)
            if self.report(name).state != State.QUEUED:
                break
            self.later(minutes=6)
        return self.report(name)

    def report(self, name: str) -> Report:
        with self.database.reading() as session:
            return session.get_one(Report, name)

    def exchanges(self, name: str) -> list[Exchange]:
        with self.database.reading() as session:
            query = select(Exchange).where(Exchange.report_id == name).order_by(Exchange.number)
            return [*session.scalars(query)]

    def calls(self, name: str) -> list[str]:
        return [one.call for one in self.exchanges(name)]

    def transcripts(self, name: str) -> list[dict]:
        return [json.loads(self.unsealed(one.evidence_id)) for one in self.exchanges(name)
                if one.evidence_id]  # fmt: skip

    def unsealed(self, evidence_id: str) -> bytes:
        with self.database.reading() as session:
            row = evidence.found(session, evidence_id)
        into = _Kept(row)
        with self.store.open(row.name) as sealed:
            decrypt(row.id, sealed, into, self.held)
        return bytes(into.data)

    def alarms(self) -> dict[str, int]:
        with self.database.reading() as session:
            return alarms.counted(session)

    def audited(self, action: str) -> list[Entry]:
        with self.database.reading() as session:
            return [*session.scalars(select(Entry).where(Entry.action == action))]

    def steps_of(self, case: str) -> list[str]:
        with self.database.reading() as session:
            query = select(Step.what).where(Step.case_id == case).order_by(Step.id)
            return [*session.scalars(query)]

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)


class _Kept(Compared):
    """All bytes of a file, in memory."""

    def __init__(self, file: object) -> None:
        super().__init__(file)
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return super().write(data)

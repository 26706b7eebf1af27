"""Puts the parts together: where the settings say they are, and who hears of what."""

from __future__ import annotations

import getpass
import hmac
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select

from tutela import (
    alarms,
    cases,
    decisions,
    exchanges,
    law,
    records,
    reporting,
    sealing,
    settings,
    webhooks,
)
from tutela.alarms import AlarmSounded
from tutela.audit import checkpoints
from tutela.audit.models import Head
from tutela.audit.service import Fact
from tutela.banks import made_picture, values
from tutela.banks.live import BankIndex
from tutela.banks.search import BankSearch
from tutela.cases import options as case_options
from tutela.decisions import options as decision_options
from tutela.errors import TutelaError
from tutela.events.service import BUS, Bus
from tutela.evidence import identities, recipients
from tutela.evidence.sealing import Sealer
from tutela.evidence.store import Store, open_store
from tutela.exchanges import fetching
from tutela.exchanges import options as exchange_options
from tutela.jobs import ChoreFailed, ChoreWorksAgain, DutyFailed
from tutela.law import copies
from tutela.law import options as law_options
from tutela.outbound import Outbound
from tutela.people import approvals, callers, roles, secret_files, sessions
from tutela.people.approvals import AloneSettled, AskedAlone, Reviewed, ReviewOverdue
from tutela.people.errors import SecondPersonNeeded
from tutela.people.passkeys import PasskeyCloned
from tutela.people.permissions import Caller, Permission
from tutela.people.signing_in import SigningIn
from tutela.policy import Policy, presets
from tutela.preservation import options as preservation_options
from tutela.preservation.told import FilesAsked
from tutela.records import options as record_options
from tutela.records import sampling
from tutela.reporting import options as reporting_options
from tutela.reporting import register
from tutela.screening import policies
from tutela.screening.recording import ItemDecided
from tutela.settings import Settings
from tutela.signals.urls import LISTED, Keyer
from tutela.signatures import PublicKey, SigningKey, public_half
from tutela.storage import Database, Session, schema
from tutela.views import options as views_options
from tutela.webhooks import Sealing

Done = TypeVar("Done")


class App:
    """One installation: its database, files and keys."""

    def __init__(self, chosen: Settings) -> None:
        self.settings = chosen
        own = settings.own_folder
        self.data = Path(chosen.data or own("XDG_DATA_HOME", "~/.local/share")).absolute()
        self.keys = Path(chosen.keys or own("XDG_CONFIG_HOME", "~/.config") / "keys").absolute()
        self.database = (
            Database(chosen.database_url) if chosen.database_url else Database.in_folder(self.data)
        )
        self.database.info[BUS] = wired()
        self.database.info[approvals.IN_SESSION] = chosen.people
        self.database.info[case_options.IN_SESSION] = chosen.cases
        self.caller = callers.shell(f"{callers.SHELL}{getpass.getuser()}")
        self.database.info[sessions.IN_SESSION] = chosen.console
        self.database.info[views_options.IN_SESSION] = chosen.views
        self.database.info[decision_options.IN_SESSION] = chosen.decisions
        self.database.info[exchange_options.IN_SESSION] = chosen.exchanges
        self.database.info[preservation_options.IN_SESSION] = chosen.preservation
        self.database.info[law_options.IN_SESSION] = chosen.law
        if chosen.law.folder:
            copies.keep_in(chosen.law.folder, self.data / "packs")
        self.database.info[reporting_options.IN_SESSION] = chosen.reporting
        self.database.info[values.IN_SESSION] = self.keyer = Keyer(self._lists_secret)
        self.database.info[record_options.IN_SESSION] = chosen.records
        self.database.info[sampling.KEY] = self.draw_secret
        self._draws = b""
        self._logged = 0

    @classmethod
    def open(cls, chosen: Settings | None = None) -> App:
        """The installation that the settings name. Raises `NotSetUp` if there is none."""
        app = cls(chosen or settings.load())
        schema.require(app.database)
        app._logged = app._entries()
        return app

    @property
    def checkpoints(self) -> Path:
        return self.data / "checkpoints"

    @property
    def audit_key(self) -> Path:
        return self.keys / "audit.key"

    @property
    def webhook_key(self) -> Path:
        return self.keys / "webhooks.key"

    @property
    def people_key(self) -> Path:
        """Who has this file and the database has the secrets of authenticator apps."""
        return self.keys / "people.key"

    @property
    def reporting_key(self) -> Path:
        """Who has this file and the database can report in our name."""
        return self.keys / "reporting.key"

    @property
    def exchanges_key(self) -> Path:
        """Who has this file and the database has our secrets at partners."""
        return self.keys / "exchanges.key"

    @property
    def answers_key(self) -> Path:
        return self.keys / "answers.key"

    @property
    def lists_key(self) -> Path:
        """What addresses and words of lists are keyed with: who has this file and the database can
        try whether one is listed."""
        return self.keys / "lists.key"

    @property
    def identity(self) -> Path:
        """Who has this file can open what is sealed: only the vault reads it."""
        return self.keys / "evidence.identity"

    @property
    def run_folder(self) -> Path:
        """Locks and sockets of what runs."""
        return self.data / "run"

    @property
    def vault_socket(self) -> Path:
        return self.run_folder / "vault.sock"

    @property
    def actor(self) -> str:
        """Who acts, as the audit log names them: the user of this shell, unless a key does."""
        return self.caller.actor

    def set_up(self) -> list[Path]:
        """Make what is missing of an installation; gives the keys that were made, which must be
        backed up. Raises `TutelaError`."""
        if self.keys.resolve().is_relative_to(self.data.resolve()):
            raise TutelaError(
                f"The keys {self.keys} would lie in the data directory {self.data}.",
                "Choose another folder with the setting keys: who has the data must not sign.",
            )
        try:
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise TutelaError(
                f"The data directory {self.data} cannot be made: {error.strerror}.",
                "Choose another with the setting data.",
            ) from None
        schema.upgrade(self.database)
        made = []
        if not self.audit_key.exists():
            if checkpoints.files(self.checkpoints) or public_half(self.audit_key).exists():
                raise TutelaError(
                    f"The key {self.audit_key} is gone, and checkpoints are signed with it.",
                    "Restore it from its backup; or move its public half and the folder"
                    f" {self.checkpoints} away, and keep both.",
                )
            SigningKey.make(self.audit_key)
            made.append(self.audit_key)
        if not self.webhook_key.exists():
            Sealing.make(self.webhook_key)
            made.append(self.webhook_key)
        if not self.people_key.exists():
            sealing.Sealing.make(self.people_key)
            made.append(self.people_key)
        if not self.reporting_key.exists():
            sealing.Sealing.make(self.reporting_key)
            made.append(self.reporting_key)
        if not self.exchanges_key.exists():
            sealing.Sealing.make(self.exchanges_key)
            made.append(self.exchanges_key)
        if not self.answers_key.exists():
            secret_files.make(self.answers_key)
        if not self.lists_key.exists():
            secret_files.make(self.lists_key)
            made.append(self.lists_key)
        if not recipients.listed(self.data):
            if not self.identity.exists():
                identities.make(self.identity)
                made.append(self.identity)
            recipients.add(self.data, identities.recipient(self.identity))
        with self.database.writing() as session:
            made_picture.ensure(session, self.database.now(), self.actor)
            roles.ensure(session, self.database.now(), self.actor)
        return made

    def policy(self) -> Policy:
        """The policy in force or, before one was applied, that which presets start from."""
        with self.database.reading() as session:
            row = policies.current(session)
        return policies.loaded(row) if row else presets.default()

    def answers_secret(self) -> bytes:
        """What digests of requests that may come again are keyed with."""
        return secret_files.load(self.answers_key)

    def draw_secret(self) -> bytes:
        """What draws of samples are keyed with: nobody knows beforehand which match is drawn."""
        if not self._draws:
            key = self.answers_secret()
            self._draws = hmac.digest(key, b"tutela draws of samples", "sha256")
        return self._draws

    def _lists_secret(self) -> bytes:
        return secret_files.load(self.lists_key)

    def webhook_sealing(self) -> Sealing:
        return Sealing.load(self.webhook_key)

    def people_sealing(self) -> sealing.Sealing:
        """What secrets of people are sealed with."""
        return sealing.Sealing.load(
            self.people_key,
            "If it is lost: tutela init makes another, and everyone with an authenticator app sets"
            " it up anew, let in by another administrator.",
        )

    def reporting_sealing(self) -> sealing.Sealing:
        """What credentials of authorities are sealed with."""
        return sealing.Sealing.load(
            self.reporting_key,
            "If it is lost: tutela init makes another; then set those of each authority anew, with"
            " tutela report credentials set.",
        )

    def exchanges_sealing(self) -> sealing.Sealing:
        """What our secrets at partners are sealed with."""
        return sealing.Sealing.load(
            self.exchanges_key,
            "If it is lost: tutela init makes another; then set those of each exchange anew, with"
            " tutela exchange secrets.",
        )

    def fetching(self, outbound: Outbound | None = None) -> fetching.Parts:
        """What fetching from partners takes. One for a process."""
        outbound = outbound or Outbound(self.settings.outbound)
        return fetching.Parts(
            self.database, outbound, self.exchanges_sealing, self.settings.exchanges
        )

    def signing_in(self) -> SigningIn:
        """How people sign in here. One for a process."""
        return SigningIn(self.database, self.people_sealing(), self.settings.oidc)

    def store(self) -> Store:
        """Where sealed files are."""
        return open_store(self.settings.evidence.url, self.data / "evidence")

    def recipients(self) -> list[str]:
        """Who can open what is sealed. Raises `EvidenceError` if nobody could, or in production
        only one."""
        return recipients.required(self.data, production=self.settings.evidence.production)

    def sealer(self) -> Sealer:
        """Seals for those who are recipients now."""
        sealer = Sealer(self.recipients(), self.store(), self.data / "spool")
        sealer.sweep_spool()
        return sealer

    def index(self) -> BankIndex:
        """What is known, to be searched in this process."""
        return BankIndex(self.database, self.data / "index", [*self.bankable_types(), *LISTED])

    def search(self) -> BankSearch:
        """The banks, ready to be searched: built first, if they must be."""
        index = self.index()
        index.make_ready()
        return BankSearch(index, self.database)

    def bankable_types(self) -> list[str]:
        """Signal types that files are hashed to here and that banks take."""
        from tutela.banks.errors import BankError
        from tutela.banks.values import bankable

        found = []
        for name in self.settings.signals.types:
            try:
                found.append(bankable(name).name)
            except BankError:
                continue
        return found

    def with_two(
        self,
        caller: Caller,
        permission: Permission,
        act: str,
        subject: str,
        facts: Mapping[str, Fact],
        do: Callable[[Session, str], Done],
        *,
        why: str = "",
        danger: bool = False,
    ) -> Done:
        """Do what takes two people, in one transaction, if another who has the permission approved
        just this; where there is danger, at once.

        `do` is given the session and the actor. Raises `SecondPersonNeeded` if nobody did yet,
        `KeyRefused`, `ApprovalRefused`, and what `do` raises: then the approval still stands.
        """
        with self.database.writing() as session:
            request, now = approvals.requested(
                session, self.database.now(), caller, permission, act, subject, facts, why, danger
            )
            if now:
                return do(session, caller.actor)
        raise SecondPersonNeeded(request.id, f"{act} of {subject}", request.usable_at)

    def sign_log(self) -> Path | None:
        """Write a checkpoint of the log, if it has grown since the last."""
        return checkpoints.write(self.database, self.checkpoints, SigningKey.load(self.audit_key))

    def public_key(self) -> PublicKey:
        """What checkpoints are checked with."""
        return PublicKey.load(public_half(self.audit_key))

    def close(self) -> None:
        """Sign what was logged since this was opened, and let go of the database."""
        try:
            if self._entries() != self._logged:
                self.sign_log()
        finally:
            self.database.close()

    def __enter__(self) -> App:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with suppress(TutelaError) if kind else nullcontext():  # the first fault is the one to tell
            self.close()

    def _entries(self) -> int:
        self.database.require_file()  # to look must not make one
        with self.database.reading() as session:
            return session.scalar(select(Head.number)) or 0


def wired() -> Bus:
    """Who hears of what: rooms on the left tell, rooms on the right do."""
    bus = Bus()
    bus.on(ItemDecided, cases.put_alert)
    bus.on(AlarmSounded, webhooks.tell_alarm)
    bus.on(ChoreFailed, _sound_chore)
    bus.on(ChoreWorksAgain, _clear_chore)
    bus.on(DutyFailed, _sound_duty)
    bus.on(PasskeyCloned, _sound_cloned)
    bus.on(AskedAlone, _sound_alone)
    bus.on(AloneSettled, _clear_alone)
    bus.on(ReviewOverdue, _sound_review)
    bus.on(Reviewed, _clear_review)
    bus.on(FilesAsked, _said_to_authorities)
    law.wire(bus)  # before: who reports asks what it reckoned
    decisions.wire(bus)
    exchanges.wire(bus)
    reporting.wire(bus)
    records.wire(bus)
    return bus


def _said_to_authorities(session: Session, told: FilesAsked) -> None:
    """What was said of a case to authorities, and what they said, is kept with the case."""
    told.found.update(register.evidence_of(session, told.case_id))


CHORE, DUTY = "worker.chore", "worker.duty"
ALONE, REVIEW = "approval.alone", "approval.review-overdue"


def _sound_chore(session: Session, told: ChoreFailed) -> None:
    alarms.sound(session, told.at, CHORE, told.name, f"{told.name} failed: {told.reason}")


def _clear_chore(session: Session, told: ChoreWorksAgain) -> None:
    alarms.clear(session, told.at, CHORE, told.name)


def _sound_duty(session: Session, told: DutyFailed) -> None:
    alarms.sound(session, told.at, DUTY, told.name, f"{told.name} failed: {told.reason}")


def _sound_alone(session: Session, told: AskedAlone) -> None:
    alarms.sound(
        session, told.at, ALONE, f"approval:{told.number}",
        f"{told.act} of {told.subject}, which should take two people, was asked for by one, who can"
        f" do it from {told.usable_at:%Y-%m-%d %H:%M} UTC on. To stop it: tutela approve"
        f" {told.number} --refuse",
    )  # fmt: skip


def _clear_alone(session: Session, told: AloneSettled) -> None:
    alarms.clear(session, told.at, ALONE, f"approval:{told.number}")


def _sound_review(session: Session, told: ReviewOverdue) -> None:
    alarms.sound(
        session, told.at, REVIEW, f"approval:{told.number}",
        f"{told.act} of {told.subject} was done at once because of danger, and nobody reviewed it"
        f" for a day: tutela approve {told.number} --review",
    )  # fmt: skip


def _clear_review(session: Session, told: Reviewed) -> None:
    alarms.clear(session, told.at, REVIEW, f"approval:{told.number}")


def _sound_cloned(session: Session, told: PasskeyCloned) -> None:
    text = "There seem to be two of a passkey, which was stopped: see the audit log."
    alarms.sound(session, told.at, "passkey.cloned", f"passkey:{told.number}", text)

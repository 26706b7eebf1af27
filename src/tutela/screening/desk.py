"""Where items come in and answers go out: decide, seal, record, answer.

In this order: bytes are sealed before the transaction that says so, and that is committed before
the answer. A crash between leaves a sealed file that nothing names, which the sweep removes; never
a record of a file that is not there, and never an answer without its record.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import rfc8785
from sqlalchemy.exc import IntegrityError

from tutela import alarms
from tutela.decoding import Fingerprint
from tutela.evidence.errors import SealingFailed
from tutela.evidence.sealing import Sealed
from tutela.policy import Channel, Policy, Verdict
from tutela.screening import given as facts
from tutela.screening import recording
from tutela.screening.answers import Answers, Earlier, Ticket, item_id
from tutela.screening.counting import Counts
from tutela.screening.judging import Given
from tutela.screening.options import Options
from tutela.screening.probing import Probing
from tutela.screening.received import Received
from tutela.screening.recording import Answer, Record
from tutela.screening.results import Screened
from tutela.screening.service import Screener
from tutela.storage import Database, Session

SEALING = "evidence.sealing"
PROBING = "screening.probing"
ATTEMPTS = 3
"""Of the transaction: another may open the same subject's case at the same moment."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends an item: a key of this service, or this program itself."""

    name: str
    key_id: int | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request whose facts were read and whose channel may be screened."""

    caller: Caller
    door: str
    given: Given
    channel: Channel
    raw: Mapping[str, Any]
    idempotency: str | None


class Desk:
    """Screens items and records what matched. Safe to use from many threads."""

    def __init__(
        self,
        database: Database,
        screener: Screener,
        answers: Answers,
        counts: Counts,
        options: Options | None = None,
        failing: Callable[[str], None] = lambda _: None,
        require_fresh: Callable[[], None] = lambda: None,
    ) -> None:
        """`failing` is told why evidence could not be sealed. `require_fresh` raises if what is
        known here is too old to decide by."""
        self.database = database
        self.screener = screener
        self.answers = answers
        self.counts = counts
        self.options = options or Options()
        self.probing = Probing(self.options)
        self.failing = failing
        self.require_fresh = require_fresh

    def accept(
        self, caller: Caller, door: str, raw: Any, idempotency: str | None = None
    ) -> Accepted:
        """Read what came with an item. Raises `FactsRefused` or `ChannelRefused`."""
        self.require_fresh()
        policy: Policy = self.screener.policy()
        what = facts.given(policy, raw)
        channel = facts.permitted(policy, what, self.database.now().date())
        return Accepted(caller, door, what, channel, raw, idempotency)

    def screen(self, request: Accepted, received: Received) -> Answer:
        """Screen bytes that have all come. Raises `DecodingError`, `IndexNotReady`,
        `StorageError`, and `KeyReused`; whatever happens, the bytes are let go of."""
        try:
            began = time.perf_counter()
            return self._answer(request, received.finish(), received, began)
        finally:
            received.drop()

    def screen_signals(self, request: Accepted, found: Fingerprint) -> Answer:
        """Screen signals that were made elsewhere. Raises as `screen` does."""
        return self._answer(request, found, None, time.perf_counter())

    def _answer(
        self, request: Accepted, found: Fingerprint, received: Received | None, began: float
    ) -> Answer:
        ticket = self._ticket(request, found)
        if ticket is not None and (earlier := self._earlier(ticket)) is not None:
            return earlier
        screened = self.screener.judge(found, request.given, began)
        now = self.database.now()
        if not screened.decision.actions:
            return self._let_go(request, screened, ticket, now)
        sealed, failure = self._sealed(request, screened, received)
        return self._record(request, screened, ticket, sealed, failure, now)

    def _let_go(
        self, request: Accepted, screened: Screened, ticket: Ticket | None, now: datetime
    ) -> Answer:
        """Nothing is kept but a count, and what a repeated request is told."""
        decision = screened.decision
        probed = self._probed(request, screened, now)
        if probed:
            with self.database.writing() as session:
                self._sound(session, now, None, probed, request)
        name = item_id(secrets.token_bytes(16))
        if ticket is not None:
            mine = Earlier(decision.verdict, decision.version, now)
            held = self.answers.hold(ticket, mine)
            name = self.answers.item_id(ticket, held.at)
            if held is not mine:  # it was answered meanwhile
                return Answer.repeated_of(name, Verdict(held.verdict), held.policy_version)
        self._count(request, screened, now)
        return Answer.of(name, screened)

    def _record(
        self,
        request: Accepted,
        screened: Screened,
        ticket: Ticket | None,
        sealed: Sealed | None,
        failure: SealingFailed | None,
        now: datetime,
    ) -> Answer:
        name = item_id(secrets.token_bytes(16))
        if ticket is not None:
            name = self.answers.item_id(ticket, now)
        state = "failed" if failure else "sealed" if sealed else "none"
        record = Record(
            name, now, request.caller.key_id, request.door, request.given, request.raw, screened,
            state, sealed, self._keep_until(request, screened, now), ticket,
        )  # fmt: skip
        probed = self._probed(request, screened, now)
        for attempt in range(ATTEMPTS):
            try:
                with self.database.writing() as session:
                    case = recording.write(session, record)
                    self._sound(session, now, failure, probed, request)
                break
            except IntegrityError:
                if ticket is not None and (earlier := self._earlier(ticket)) is not None:
                    return earlier  # it was answered meanwhile; the sweep removes our sealed file
                if attempt + 1 == ATTEMPTS:
                    raise
        self._count(request, screened, now)
        if failure is not None:
            self.failing(failure.what)
        return replace(Answer.of(name, screened), case_id=case, evidence=state)

    def _sealed(
        self, request: Accepted, screened: Screened, received: Received | None
    ) -> tuple[Sealed | None, SealingFailed | None]:
        wanted = "keep" in screened.decision.actions and request.channel.keep
        if received is None or not wanted:
            return None, None
        try:
            return received.seal(), None
        except SealingFailed as error:
            return None, error

    def _keep_until(self, request: Accepted, screened: Screened, now: datetime) -> datetime | None:
        """Until when bytes may be kept that nobody decided about."""
        if screened.test:
            return now + timedelta(days=self.options.test_days)
        period = request.channel.keep_for
        return period.after(now) if period else None

    def _probed(self, request: Accepted, screened: Screened, now: datetime) -> list[str]:
        if screened.test:
            return []
        return self.probing.suspected(
            now, screened.matches, key=request.caller.name, creator=request.given.creator_id
        )

    def _sound(
        self,
        session: Session,
        now: datetime,
        failure: SealingFailed | None,
        probed: list[str],
        request: Accepted,
    ) -> None:
        if failure is not None:
            alarms.sound(
                session, now, SEALING, "store", f"Evidence could not be sealed: {failure.what}"
            )
        for kind in probed:
            sound_probing(session, now, kind, request.caller.name)

    def _count(self, request: Accepted, screened: Screened, now: datetime) -> None:
        banks = tuple({match.owner for match in screened.matches if match.purpose != "test"})
        outcome = "test" if screened.test else str(screened.decision.verdict)
        self.counts.item(now, outcome, request.given.channel, banks)

    def _ticket(self, request: Accepted, found: Fingerprint) -> Ticket | None:
        if request.idempotency is None:
            return None
        asked = hashlib.sha256(rfc8785.dumps(dict(request.raw)))
        asked.update(f"{request.door} {found.size}".encode())
        whole = [signal for signal in found.signals if signal.frame is None]
        of_bytes = bool(whole) and request.door != "signals"
        for signal in whole if of_bytes else found.signals:  # a decoder may fail on the same bytes
            asked.update(
                f" {signal.type} {signal.value} {signal.variant} {signal.quality}".encode()
            )
        return self.answers.ticket(request.caller.name, request.idempotency, asked.digest())

    def _earlier(self, ticket: Ticket) -> Answer | None:
        """The answer that was given before, as it was given then."""
        with self.database.reading() as session:
            earlier = self.answers.earlier(session, ticket, self.database.now())
            if earlier is None:
                return None
            name = self.answers.item_id(ticket, earlier.at)
            recorded = recording.read(session, name)
        if recorded is not None:
            return recorded
        return Answer.repeated_of(name, Verdict(earlier.verdict), earlier.policy_version)


def sound_probing(session: Session, now: datetime, kind: str, key: str) -> None:
    """Tell that many altered copies of one known picture come from one key, or from one creator
    through it."""
    alarms.sound(
        session, now, PROBING, f"{kind} of {key}" if kind == "creator" else key,
        f"Many altered copies of one known picture come from one {kind}.",
    )  # fmt: skip

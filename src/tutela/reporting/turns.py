"""One worker's turn at one report: each state is written down before a call and after it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from tutela import alarms, evidence
from tutela.errors import TutelaError
from tutela.evidence import client
from tutela.evidence.errors import IntentRefused, NoSuchEvidence, NotOpened, SealingFailed
from tutela.evidence.models import File, Purpose
from tutela.evidence.sealing import Sealed
from tutela.reporting import (
    authorities,
    credentials,
    gathering,
    outcomes,
    reaching,
    register,
    schemas,
    sending,
    speaking,
    transcripts,
)
from tutela.reporting.authorities import (
    Answer,
    Authority,
    Call,
    Enclosure,
    End,
    Ended,
    Lost,
    Paper,
    Wait,
)
from tutela.reporting.errors import NoSuchAuthority, NotConfigured
from tutela.reporting.facts import Report as Facts
from tutela.reporting.models import Exchange, Report, State
from tutela.reporting.speaking import Line, Said
from tutela.reporting.uploading import Upload
from tutela.sealing import SealingError
from tutela.storage import Session

if TYPE_CHECKING:
    from tutela.reporting.driving import Parts

log = logging.getLogger(__name__)


class Fenced(Exception):
    """Another sends this report now, or it was taken out of the queue."""


class Turn:
    """One worker's go at one report. `progress` is what the row holds."""

    def __init__(self, parts: Parts, row: Report) -> None:
        self.parts, self.options = parts, parts.options
        self.database = parts.database
        self.id, self.turn, self.progress = row.id, row.turn, row.progress
        self.name, self.environment, self.queued_by = row.authority, row.environment, row.queued_by
        self.case_id, self.content = row.case_id, Facts.from_json(row.content)
        self.tries, self.stuck = row.tries, ""
        self.schema: bytes | None = None
        self.signed: datetime | None = None

    def run(self) -> State:
        """Until it is at rest. Raises `Fenced`."""
        try:
            authority = authorities.named(self.name)
            line = self._line(authority)
        except (NoSuchAuthority, NotConfigured) as refused:
            return self._halt(str(refused))
        except SealingError as error:
            return self._closed(Wait(str(error)))
        if line is None:
            return self._closed(Wait(f"There are no credentials for {self.name}."))
        state = self._schema(authority, line)
        return state or self._sent(authority, line)

    def _sent(self, authority: Authority, line: Line) -> State:
        paper = self._paper(authority)
        self._begin(authority, paper)
        while True:
            found = authority.next(self.progress, paper, self.database.now())
            if isinstance(found, Call):
                try:
                    if wrong := self._wrong(authority, paper, found):
                        return self._halt(wrong)
                except TutelaError as silent:
                    return self._rest(Wait(silent.what))
                try:
                    state = self._call(authority, line, paper, found)
                except (IntentRefused, NoSuchEvidence):  # the file was purged just now
                    paper = self._paper(authority)
                    continue
                if state is not None:
                    return state
            else:
                return self._stop(authority, found)

    def give_back(self, why: str) -> None:
        """Let go of the report, as it was last written down. Raises `Fenced`."""
        self._rest(Wait(why))

    def _wrong(self, authority: Authority, paper: Paper, call: Call) -> str:
        """Why a call is not made that begins a report there, or files it; empty: it is. Before one
        is begun the vault is asked, or an open one would be left there at each try. Raises
        `TutelaError` if that is silent."""
        state = self.progress
        begins = call.name == "submit" or not authority.remote(state)
        files = not authority.may_be_filed(state) and authority.may_be_filed(
            authority.calling(state, call, self.database.now())
        )
        if not begins and not files:
            return ""
        with self.database.reading() as session:
            lost = sending.otherwise(session, self.case_id, self.content)
        if lost or not begins:
            return lost
        wrong = sending.faults(authority, self._left(), self.options, self.schema)
        if not wrong and any(one.evidence and not one.missing for one in paper.enclosures):
            client.ping(self.parts.vault)
        return wrong

    def _line(self, authority: Authority) -> Line | None:
        """How to speak to it; None without credentials. Raises `NotConfigured` if it may not be
        spoken to."""
        with self.database.reading() as session:
            row = session.get_one(Report, self.id)
            why = sending.not_allowed(session, row, self.options)
            if why:
                raise NotConfigured(why)
            address, private = speaking.address(authority, self.environment, self.options)
            try:
                user, password = credentials.opened(
                    session, self.parts.sealing, self.name, self.environment
                )
                self.signed = credentials.set_at(session, self.name, self.environment)
            except NotConfigured:
                return None
        return Line(self.parts.outbound, self.options, address, private, user, password)

    def _begin(self, authority: Authority, paper: Paper) -> None:
        """The first state, or that of going on: whose credentials were refused comes here once they
        were set anew."""
        if not self.progress:
            self.progress = authority.submit(
                self.content, self.options.reporter, self.schema, resume=self.options.resume
            )
            return
        found = authority.next(self.progress, paper, self.database.now())
        if isinstance(found, Ended) and found.credentials:
            self.progress = authority.again(self.progress, self.database.now())

    def _schema(self, authority: Authority, line: Line) -> State | None:
        """See which schema is served, where that is not known lately."""
        with self.database.reading() as session:
            known = schemas.latest(session, self.name, self.environment)
            old = schemas.is_old(known, self.database.now(), self.options)
            self.stuck = register.stuck(session, self.id) if self.tries else ""
        self.schema = known.document if known else None
        call = authority.schema_call
        if call is None or not old:
            return None
        self.parts.pace.wait(self.name)
        with self.database.writing() as session:
            number = self._written(session, self._mine(session), call, line)
        said = line.say(call, largest=schemas.LARGEST)
        with self.database.writing() as session:
            now, row = self.database.now(), self._mine(session)
            wait = self._served(session, now, authority, said)
            self._exchanged(session, now, number, said.answer, wait, None)
            if isinstance(wait, Wait):
                if self.schema is None:
                    outcomes.rest(session, now, row, wait, self.options)
                    return State(row.state)
            elif wait is not None:
                outcomes.ended(session, now, row, authority, wait, self.options, self.signed)
                return State(row.state)
            else:
                reaching.answered(session, now, self.name, self.environment)
            return None  # if need be with the one that was served before

    def _served(
        self, session: Session, now: datetime, authority: Authority, said: Said
    ) -> Wait | Ended | None:
        answer = said.answer
        if isinstance(answer, Lost):
            return Wait(answer.why, down=True)
        if answer.status == 401:
            return Ended(End.HALTED, "The schema was answered 401.", credentials=True)
        if answer.status != 200 or not answer.body:
            return Wait(f"The schema was answered {answer.status}.", down=True)
        if self.schema != answer.body:
            wrong = authority.check(self.content, self.options.reporter, answer.body)
            if any(fault.path == "schema" for fault in wrong):
                schemas.unusable(session, now, self.name, self.environment)
                return Wait("The schema that it serves cannot be used.", down=True)
        schemas.served(session, now, outcomes.WORKER, self.name, self.environment, answer.body)
        self.schema = answer.body
        return None

    def _left(self) -> Facts:
        """The report without the bytes of files that were purged."""
        ids = [one.evidence for one in self.content.files if one.evidence]
        if not ids:
            return self.content
        with self.database.reading() as session:
            here = set(session.scalars(
                select(File.id).where(File.id.in_(ids), File.deleted_at.is_(None))
            ))  # fmt: skip
        gone = [one for one in ids if one not in here]
        return gathering.without(self.content, gone) if gone else self.content

    def _paper(self, authority: Authority) -> Paper:
        return authority.draft(self._left(), self.options.reporter, self.schema)

    def _call(self, authority: Authority, line: Line, paper: Paper, call: Call) -> State | None:
        """Make a call; None: there is another. Raises `IntentRefused` or `NoSuchEvidence`, with
        nothing done, of a file that is gone."""
        self.parts.pace.wait(self.name)
        with self.database.writing() as session:
            now, row = self.database.now(), self._mine(session)
            number, file = self._written(session, row, call, line), None
            if call.file is not None:
                file = evidence.found(session, call.file.evidence)
                intent = evidence.intend(
                    session, now, self.queued_by, file, Purpose.UPLOAD, f"report {self.id}"
                ).id
            progress = authority.calling(self.progress, call, now)
            row.progress, row.remote_id = progress, authority.remote(progress)
        self.progress = progress
        self.parts.after_step(f"{call.name} written")
        upload = None
        try:
            if file is not None and call.file is not None:
                upload = self._upload(call, call.file, file, intent)
            said = line.say(call, upload)
        except NotOpened as damaged:
            return self._unread(authority, call, number, damaged, halts=True)
        except TutelaError as error:  # the vault is silent: no fault of the authority's
            return self._unread(authority, call, number, error, halts=False)
        self.parts.after_step(f"{call.name} answered")
        sealed = self._sealed(call, said, upload)
        self.parts.after_step(f"{call.name} sealed")
        with self.database.writing() as session:
            state = self._kept(session, authority, paper, call, said, number, sealed)
        self.parts.after_step(f"{call.name} kept")
        return state

    def _kept(
        self,
        session: Session,
        authority: Authority,
        paper: Paper,
        call: Call,
        said: Said,
        number: int,
        sealed: Sealed | None,
    ) -> State | None:
        """Write down what came of a call, and what follows."""
        now, row = self.database.now(), self._mine(session)
        self.progress, wait = authority.after(self.progress, call, said.answer, now)
        row.progress, row.remote_id = self.progress, authority.remote(self.progress)
        found = transcripts.traced(wait or authority.next(self.progress, paper, now), said.answer)
        self._exchanged(
            session, now, number, said.answer, None if isinstance(found, Call) else found, sealed
        )
        if isinstance(said.answer, Answer) and not (isinstance(wait, Wait) and wait.down):
            reaching.answered(session, now, self.name, self.environment)
            if not wait and self.stuck in ("", call.name):  # what it waited for last is over
                row.tries, self.stuck = 0, ""
                alarms.clear(session, now, outcomes.WAITING, self.id)
        if isinstance(found, Wait):
            outcomes.rest(session, now, row, found, self.options)
        elif isinstance(found, Ended):
            outcomes.ended(session, now, row, authority, found, self.options, self.signed)
        else:
            return None
        return State(row.state)

    def _upload(self, call: Call, enclosed: Enclosure, file: File, intent: str) -> Upload:
        """The body of a form with a file. Its first piece is had before anybody is called: a vault
        that is down is no reason to open a connection."""
        pieces = client.opened(self.parts.vault, intent)
        first = next(pieces, b"")

        def all_() -> Iterator[bytes]:
            yield first
            yield from pieces

        return Upload(call.fields, file.id, enclosed.name, file.size, file.digest, all_())

    def _unread(
        self, authority: Authority, call: Call, number: int, error: TutelaError, *, halts: bool
    ) -> State:
        """A file could not be read here: no whole call was made."""
        with self.database.writing() as session:
            now, row = self.database.now(), self._mine(session)
            lost = Lost(error.what, sent=False)
            row.progress, _ = authority.after(self.progress, call, lost, now)
            self._exchanged(session, now, number, lost, Wait(error.what), None)
            if halts:
                outcomes.halted(session, now, row, error.what)
            else:
                outcomes.rest(session, now, row, Wait(error.what), self.options)
            return State(row.state)

    def _sealed(self, call: Call, said: Said, upload: Upload | None) -> Sealed | None:
        """The transcript, stored. One that cannot be sealed must not lose what came of the call."""
        answer = said.answer
        if isinstance(answer, Lost) and not answer.sent:
            return None
        text = transcripts.written(
            call, said.headers, said.body, upload.passed if upload else None,
            answer if isinstance(answer, Answer) else None,
        )  # fmt: skip
        try:
            return self.parts.sealer.seal(text)
        except SealingFailed as failed:
            log.error("a transcript of the report %s could not be sealed: %s", self.id, failed)
            return None

    def _written(self, session: Session, row: Report, call: Call, line: Line) -> int:
        """Write down that a call is made, and hold the report for as long as it may take."""
        now = self.database.now()
        row.sending_until = now + self.options.lease + timedelta(seconds=line.seconds(call))
        last = session.scalar(
            select(func.max(Exchange.number)).where(Exchange.report_id == self.id)
        )
        one = Exchange(
            report_id=self.id, number=(last or 0) + 1, turn=self.turn, call=call.name, at=now,
            answered_at=None, status=None, request_id="", why="", evidence_id=None,
        )  # fmt: skip
        session.add(one)
        session.flush()
        return one.id

    def _exchanged(
        self,
        session: Session,
        now: datetime,
        number: int,
        answer: Answer | Lost,
        found: Wait | Ended | None,
        sealed: Sealed | None,
    ) -> None:
        """Write down what came of a call."""
        one = session.get_one(Exchange, number)
        one.answered_at = now
        if isinstance(answer, Answer):
            one.status, one.request_id = answer.status, transcripts.request_id(answer)
        one.why = "" if found is None else found.why[: outcomes.LONGEST]
        if sealed is not None:
            one.evidence_id = evidence.record(session, now, sealed).id
        session.flush()

    def _stop(self, authority: Authority, found: Wait | Ended) -> State:
        """Nothing is to be called."""

        def settle(session: Session, now: datetime, row: Report) -> None:
            row.progress = self.progress
            if isinstance(found, Wait):
                outcomes.rest(session, now, row, found, self.options)
            else:
                outcomes.ended(session, now, row, authority, found, self.options, self.signed)

        return self._settle(settle)

    def _halt(self, why: str) -> State:
        return self._settle(lambda session, now, row: outcomes.halted(session, now, row, why))

    def _rest(self, wait: Wait) -> State:
        return self._settle(
            lambda session, now, row: outcomes.rest(session, now, row, wait, self.options)
        )

    def _closed(self, wait: Wait) -> State:
        """Without credentials that can be opened: somebody is told."""

        def settle(session: Session, now: datetime, row: Report) -> None:
            outcomes.rest(session, now, row, wait, self.options)
            credentials.closed(session, now, self.name, self.environment, wait.why)

        return self._settle(settle)

    def _settle(self, do: Callable[[Session, datetime, Report], None]) -> State:
        with self.database.writing() as session:
            row = self._mine(session)
            do(session, self.database.now(), row)
            return State(row.state)

    def _mine(self, session: Session) -> Report:
        """The row, ours until the session ends. Raises `Fenced`."""
        row = session.get(Report, self.id, with_for_update=True, populate_existing=True)
        if row is None or row.turn != self.turn or row.state != State.QUEUED:
            raise Fenced
        return row

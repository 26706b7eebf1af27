"""Sends one report so that at most one is ever filed, whatever is lost: a state machine, pure.

The authority knows no key by which a call may be repeated, and does not say where a report stands
(A.2). What is certain: an open report that nobody finishes expires by itself; `/finish` and
`/retract` of a finished one say so (5102). Hence: only the report whose id was written down is ever
finished, and another is begun only once that one is known to be gone. `state` is JSON.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Self

from tutela.reporting.authorities import (
    RESUME,
    Answer,
    Call,
    Enclosure,
    End,
    Ended,
    Lost,
    Paper,
    Receipt,
    Wait,
)
from tutela.reporting.cybertipline import replies
from tutela.reporting.cybertipline.enclosing import detailed
from tutela.reporting.cybertipline.errors import ReplyUnreadable
from tutela.reporting.cybertipline.replies import Kind, Reply
from tutela.reporting.errors import CannotWithdraw

XML = {"Content-Type": "text/xml; charset=utf-8"}
MOST_RESTARTS = 3
"""Times that a report is begun again because nobody knows whether a file arrived, or because what
arrived was another; then the one goes on as it is, and the other is halted."""

LONGEST_WAIT = 3600
"""Seconds that the other side can ask to be waited for."""

NOT_SERVED = frozenset({429, 503})
"""Statuses that say that a request was not carried out; after another 5xx nobody knows."""


class Phase(StrEnum):
    """What was called last, or is to be."""

    OPENING = "opening"
    UPLOADING = "uploading"
    DESCRIBING = "describing"
    FINISHING = "finishing"
    RETRACTING = "retracting"


PHASES = {
    "submit": Phase.OPENING,
    "upload": Phase.UPLOADING,
    "fileinfo": Phase.DESCRIBING,
    "finish": Phase.FINISHING,
    "retract": Phase.RETRACTING,
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that is there. `asked`: calls with its details that may have been acted on."""

    evidence: str
    id: str
    md5: str
    asked: int = 0
    described: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """The state. `unsure`: a call was written down, and nobody knows its outcome; `finishing`: it
    may be finished, for all that is known."""

    resume: float
    phase: Phase = Phase.OPENING
    id: str = ""
    files: tuple[Sent, ...] = ()
    changed_at: datetime | None = None
    opened: int = 0
    """Reports that were begun there, and of which an id came back."""
    unsure: bool = False
    finishing: bool = False
    restarts: int = 0
    mismatches: int = 0
    withdrawing: bool = False
    end: str = ""
    ended_at: datetime | None = None
    why: str = ""
    credentials: bool = False

    @classmethod
    def of(cls, state: str) -> Self:
        found = json.loads(state)
        for name in ("changed_at", "ended_at"):
            found[name] = found[name] and datetime.fromisoformat(found[name])
        found["files"] = tuple(Sent(**one) for one in found["files"])
        return cls(**found | {"phase": Phase(found["phase"])})

    def to_json(self) -> str:
        found = asdict(self)
        for name in ("changed_at", "ended_at"):
            found[name] = found[name] and found[name].isoformat()
        return json.dumps(found, separators=(",", ":"))


def submit(resume: timedelta = RESUME) -> str:
    """The first state."""
    return Progress(resume.total_seconds()).to_json()


def next(  # noqa: A001 - as the contract has it
    state: str, paper: Paper, now: datetime
) -> Call | Wait | Ended:
    """What is to be done."""
    at = _settled(Progress.of(state), now)
    if at.end:
        return Ended(End(at.end), at.why, at.credentials)
    report = (("id", at.id),)
    if at.phase is Phase.OPENING:
        return Call("submit", "POST", "/submit", XML, paper.body)
    if at.phase is Phase.RETRACTING:
        return Call("retract", "POST", "/retract", fields=report)
    if at.phase is not Phase.FINISHING:
        told = _to_describe(at, paper)
        if told is not None:
            sent, enclosure = told
            body = detailed(enclosure.details, at.id, sent.id)
            return Call("fileinfo", "POST", "/fileinfo", XML, body, about=sent.evidence)
        there = {sent.evidence for sent in at.files}
        for one in paper.enclosures:
            if one.evidence and not one.missing and one.evidence not in there:
                return Call(
                    "upload", "POST", "/upload", fields=report, file=one, about=one.evidence
                )
    return Call("finish", "POST", "/finish", fields=report)


def calling(state: str, call: Call, now: datetime) -> str:
    """The state while a call is made. Read again, it says that nobody knows what came of it."""
    at = _settled(Progress.of(state), now)
    if call.name == "finish":
        at = replace(at, finishing=True)
    if call.name == "fileinfo":
        at = _asked(at, call.about, 1)
    return replace(at, phase=PHASES[call.name], unsure=True).to_json()


def after(state: str, call: Call, answer: Answer | Lost, now: datetime) -> tuple[str, Wait | None]:
    """The state after a call, and whether to wait before the next."""
    found, wait = _after(Progress.of(state), call, answer, now)
    return found.to_json(), wait


def welcomed(answer: Answer) -> Wait | Ended | None:
    """What the answer to `/status` says: None, that it knows us."""
    try:
        reply = replies.reply(answer.status, answer.headers, answer.body)
    except ReplyUnreadable:
        return Wait(f"The answer to status could not be read ({answer.status}).")
    call = Call("status", "GET", "/status")
    if reply.kind is Kind.CREDENTIALS:
        return Ended(End.HALTED, _said(call, reply), credentials=True)
    return None if reply.kind is Kind.OK else Wait(_said(call, reply))


def receipt(state: str, now: datetime) -> Receipt:
    """Of a report that is filed."""
    at = Progress.of(state)
    files = tuple((sent.evidence, sent.id) for sent in at.files)
    return Receipt(at.id, at.ended_at or now, files, max(at.opened, 1))


def remote(state: str) -> str:
    """The id of the report that is open, or was filed; empty: there is none."""
    return Progress.of(state).id


def may_be_filed(state: str) -> bool:
    """Whether it was asked to finish, and nobody knows what came of that."""
    at = Progress.of(state)
    return at.finishing and at.end not in (End.FILED, End.WITHDRAWN)


def again(state: str, now: datetime) -> str:  # noqa: ARG001 - as the contract has it
    """Go on after it was halted, by this or by who drives it: with what is open, if only the
    credentials were refused. What may be filed is asked for again: until then it stays what it is.
    Else the paper may be another now, and what is open is taken back."""
    at = Progress.of(state)
    if at.end in (End.FILED, End.WITHDRAWN):
        return state
    on = replace(at, end="", why="", credentials=False, ended_at=None)
    if at.credentials:
        return on.to_json()
    if at.finishing and not at.withdrawing:
        return replace(on, phase=Phase.FINISHING).to_json()
    on = replace(on, restarts=0, mismatches=0)
    return (_retracting(on) if on.id else on).to_json()


def withdraw(state: str, now: datetime) -> str:
    """Take back what is open. What was never named to us expires by itself. Raises
    `CannotWithdraw`."""
    at = Progress.of(state)
    if at.end == End.FILED:
        raise CannotWithdraw(
            f"The authority has filed this report as {at.id}.", "Tell it more with a supplement."
        )
    if not at.id or at.end == End.WITHDRAWN:
        return _ended(at, End.WITHDRAWN, now).to_json()
    on = replace(at, end="", why="", credentials=False, ended_at=None, withdrawing=True)
    return _retracting(on).to_json()


def _settled(at: Progress, now: datetime) -> Progress:
    """What a state means for who reads it now."""
    if at.end or not at.id or at.phase in (Phase.FINISHING, Phase.RETRACTING):
        return at  # whether a report was finished only finishing or retracting it can tell
    if at.phase is Phase.UPLOADING and at.unsure:
        if at.restarts < MOST_RESTARTS:
            return _retracting(replace(at, restarts=at.restarts + 1))
        # It seems that no answer about this file ever comes: that the report has it twice is better
        # than that nobody gets the report.
        at = replace(at, unsure=False)
    age = now - (at.changed_at or now)
    return _retracting(at) if age.total_seconds() > at.resume else at


def _to_describe(at: Progress, paper: Paper) -> tuple[Sent, Enclosure] | None:
    """A file that is there without its details. Of one that is gone here meanwhile there are
    none."""
    details = {one.evidence: one for one in paper.enclosures if one.evidence and one.details}
    for sent in at.files:
        if not sent.described and sent.evidence in details:
            return sent, details[sent.evidence]
    return None


def _after(
    at: Progress, call: Call, answer: Answer | Lost, now: datetime
) -> tuple[Progress, Wait | None]:
    if isinstance(answer, Lost):
        return at if answer.sent else _undone(at, call), Wait(answer.why, down=True)
    try:
        reply = replies.reply(answer.status, answer.headers, answer.body)
    except ReplyUnreadable:
        return at, Wait(f"The answer to {call.name} could not be read ({answer.status}).")
    if reply.kind is Kind.TEMPORARY:
        known = reply.code is not None or reply.status in NOT_SERVED
        wait = Wait(
            _said(call, reply), reply.code is None, _seconds(answer.headers.get("retry-after"), now)
        )
        return _undone(at, call) if known else at, wait
    if at.id and call.name != "submit" and reply.report_id not in (None, int(at.id)):
        return at, Wait(f"The answer to {call.name} was about another report.")
    return _by_kind(at, call, reply, answer.md5, now)


def _by_kind(
    at: Progress, call: Call, reply: Reply, md5: str, now: datetime
) -> tuple[Progress, Wait | None]:
    kind, name = reply.kind, call.name
    if kind is Kind.OK:
        return _done(at, call, reply, md5, now)
    if kind is Kind.CREDENTIALS:
        return _halted(_undone(at, call), _said(call, reply), now, credentials=True), None
    if kind is Kind.FINISHED and name != "submit":
        return _ended(at, End.FILED, now), None
    if kind in (Kind.GONE, Kind.RETRACTED) and name != "submit":
        return _gone(at, now)
    if name == "fileinfo" and kind in (Kind.DOCUMENT, Kind.NO_FILE):
        return _not_described(at, call, reply, now)
    if kind is Kind.DOCUMENT:
        at = _undone(at, call)
        if name == "finish":
            at = replace(at, phase=Phase.UPLOADING, finishing=False)  # known not to be finished
    return _halted(at, _said(call, reply), now), None


def _done(
    at: Progress, call: Call, reply: Reply, md5: str, now: datetime
) -> tuple[Progress, Wait | None]:
    on = replace(at, unsure=False, changed_at=now, phase=Phase.UPLOADING)
    match call.name:
        case "submit" if reply.report_id is not None:
            found = str(reply.report_id)
            return replace(on, id=found, files=(), opened=at.opened + 1), None
        case "upload" if reply.file_id:
            if not md5 or (reply.hash or "").lower() != md5.lower():
                return _mismatched(at, now)
            return replace(on, files=(*at.files, Sent(call.about, reply.file_id, md5))), None
        case "fileinfo":
            on = _described(on, call.about)
        case "finish":
            on = _ended(at, End.FILED, now)
        case "retract":
            return _gone(at, now)
        case _:
            return at, Wait(f"The answer to {call.name} named no id.")
    return on, None


def _mismatched(at: Progress, now: datetime) -> tuple[Progress, Wait | None]:
    """What arrived is not what was sent."""
    at = replace(at, mismatches=at.mismatches + 1, unsure=False)
    if at.mismatches >= MOST_RESTARTS:
        why = f"What arrived of a file was another {MOST_RESTARTS} times, by its MD5."
        return _halted(at, why, now), None
    return _retracting(at), None


def _not_described(
    at: Progress, call: Call, reply: Reply, now: datetime
) -> tuple[Progress, Wait | None]:
    """Details were refused. If they may have arrived before, that may be why."""
    sent = _sent(at, call.about)
    if reply.kind is Kind.DOCUMENT and (sent is None or sent.asked < 2):
        return _halted(_undone(at, call), _said(call, reply), now), None
    if at.restarts < MOST_RESTARTS:
        return _retracting(replace(at, restarts=at.restarts + 1)), None
    if reply.kind is Kind.DOCUMENT:
        return _described(replace(at, unsure=False, phase=Phase.UPLOADING), call.about), None
    return _halted(at, _said(call, reply), now), None


def _gone(at: Progress, now: datetime) -> tuple[Progress, Wait | None]:
    """The report that was open is no more, and was not finished."""
    if at.withdrawing:
        return _ended(at, End.WITHDRAWN, now), None
    on = replace(
        at, phase=Phase.OPENING, id="", files=(), changed_at=None, unsure=False, finishing=False
    )
    often = at.opened > MOST_RESTARTS
    return on, Wait(f"The report was begun there {at.opened} times.") if often else None


def _undone(at: Progress, call: Call) -> Progress:
    """The call is known to have done nothing."""
    if call.name == "fileinfo":
        at = _asked(at, call.about, -1)
    return replace(at, unsure=False)


def _retracting(at: Progress) -> Progress:
    return replace(at, phase=Phase.RETRACTING, unsure=False)


def _ended(at: Progress, end: End, now: datetime) -> Progress:
    return replace(at, end=str(end), ended_at=now, unsure=False, why="", credentials=False)


def _halted(at: Progress, why: str, now: datetime, *, credentials: bool = False) -> Progress:
    return replace(at, end=str(End.HALTED), ended_at=now, why=why, credentials=credentials)


def _sent(at: Progress, evidence: str) -> Sent | None:
    return {sent.evidence: sent for sent in at.files}.get(evidence)


def _asked(at: Progress, evidence: str, more: int) -> Progress:
    return replace(at, files=tuple(
        replace(sent, asked=sent.asked + more) if sent.evidence == evidence else sent
        for sent in at.files
    ))  # fmt: skip


def _described(at: Progress, evidence: str) -> Progress:
    return replace(at, files=tuple(
        replace(sent, described=True) if sent.evidence == evidence else sent for sent in at.files
    ))  # fmt: skip


def _said(call: Call, reply: Reply) -> str:
    """Without the description: it may repeat what was reported."""
    code = "" if reply.code is None else f" with code {reply.code}"
    return f"{call.name} was answered {reply.status}{code}."


def _seconds(text: str | None, now: datetime) -> int:
    """What `Retry-After` asks for, within reason; 0: nothing."""
    text = (text or "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0, min(int((until - now).total_seconds()), LONGEST_WAIT))

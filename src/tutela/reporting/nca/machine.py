"""Sends one report to an interface so that at most one is filed, whatever is lost. Pure.

The reference is ours, drawn before the first call and kept in the state: whoever submits twice with
it gets what the first time gave. Files go first, then the report that names them. `state` is JSON.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

from tutela.reporting.authorities import (
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
from tutela.reporting.errors import CannotWithdraw
from tutela.reporting.nca import hours

JSON = {"Content-Type": "application/json"}
LONGEST_WAIT = 3600
OK, CREATED, UNAUTHORIZED, NOT_FOUND, TOO_MANY, SERVER = 200, 201, 401, 404, 429, 500
BAD, UNPROCESSABLE = 400, 422
LONGEST = 64
"""Characters of what an answer names: as a reference in a row."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The state. `asked`: the report was submitted, and nobody knows what came of it."""

    reference: str
    urn: str = ""
    files: tuple[tuple[str, str], ...] = ()
    asked: bool = False
    submits: int = 0
    withdrawing: bool = False
    end: str = ""
    at: str = ""
    why: str = ""
    credentials: bool = False

    @classmethod
    def of(cls, state: str) -> Self:
        found = json.loads(state)
        return cls(**found | {"files": tuple((a, b) for a, b in found["files"])})

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))


def submit() -> str:
    """The first state."""
    return Progress(secrets.token_hex(16)).to_json()


def next(  # noqa: A001 - as the contract has it
    state: str, paper: Paper, now: datetime
) -> Call | Wait | Ended:
    """What is to be done."""
    at = Progress.of(state)
    if at.end:
        return Ended(End(at.end), at.why, at.credentials)
    if at.withdrawing:
        return Call("status", "GET", f"/reports/{at.reference}")
    there = {evidence for evidence, _ in at.files}
    for one in paper.enclosures:
        if _goes(one) and one.evidence not in there:
            fields = (("reference", at.reference), ("evidence", one.evidence))
            return Call("upload", "POST", "/files", fields=fields, file=one, about=one.evidence)
    document = json.loads(paper.body)
    if not at.asked and hours.needs_call(_priority(document), now) and not _called(document):
        return Ended(
            End.HALTED,
            "It is out of hours, and nobody said that the call was acknowledged: call, then answer"
            " call_acknowledged=yes.",
        )
    body = document | {
        "reference": at.reference,
        "files": [given for evidence, given in at.files if evidence in _wanted(paper)],
    }
    return Call("submit", "POST", "/reports", JSON, json.dumps(body, sort_keys=True).encode())


def calling(state: str, call: Call) -> str:
    """The state while a call is made."""
    at = Progress.of(state)
    if call.name == "submit":
        at = replace(at, asked=True, submits=at.submits + 1)
    return at.to_json()


def after(state: str, call: Call, answer: Answer | Lost, now: datetime) -> tuple[str, Wait | None]:
    """The state after a call, and whether to wait before the next."""
    at = Progress.of(state)
    if isinstance(answer, Lost):
        return at.to_json(), Wait(answer.why, down=True)
    found, wait = _after(at, call, answer, now)
    return found.to_json(), wait


def _after(at: Progress, call: Call, answer: Answer, now: datetime) -> tuple[Progress, Wait | None]:
    status = answer.status
    if status == UNAUTHORIZED:
        return _halted(at, "It refuses who asks.", credentials=True), None
    if status == TOO_MANY or status >= SERVER:
        asked = answer.headers.get("Retry-After", "").strip()
        seconds = int(asked[:6]) if asked.isascii() and asked.isdigit() else 0
        return at, Wait(f"It was answered {status}.", True, min(seconds, LONGEST_WAIT))
    if status in (OK, CREATED):
        done = _done(at, call, _read(answer.body), now)
        return done or at, None if done else Wait("Its answer cannot be read.", down=True)
    if call.name == "status" and status == NOT_FOUND:
        return replace(at, end=str(End.WITHDRAWN), asked=False), None
    if call.name == "submit" and status in (BAD, UNPROCESSABLE):
        at = replace(at, asked=False)  # what it has under our reference, it gives: there is nothing
    code = str(_read(answer.body).get("code", ""))[:LONGEST]
    return _halted(at, f"It was refused with {status} {code}".strip() + "."), None


def _done(at: Progress, call: Call, said: dict[str, Any], now: datetime) -> Progress | None:
    """The state after a call that was carried out; None if its answer does not say so."""
    if call.name == "upload":
        file = said.get("file")
        known = isinstance(file, str) and file
        return replace(at, files=(*at.files, (call.about, str(file)[:LONGEST]))) if known else None
    urn = said.get("urn")
    if not (
        isinstance(urn, str) and 0 < len(urn) <= LONGEST and urn.isascii() and urn.isprintable()
    ):
        return None
    received = _time(said.get("received_at"), now)
    return replace(at, urn=urn, asked=False, end=str(End.FILED), at=received, why="")


def receipt(state: str, now: datetime) -> Receipt:
    """Of a report that is filed."""
    at = Progress.of(state)
    when = datetime.fromisoformat(at.at) if at.at else now
    return Receipt(at.urn, when, at.files)


def remote(state: str) -> str:
    """The agency's reference; where nobody knows yet whether it gave one, ours, by which to ask."""
    at = Progress.of(state)
    return at.urn or (at.reference if at.asked else "")


def may_be_filed(state: str) -> bool:
    """Whether it was submitted, and nobody knows what came of that."""
    at = Progress.of(state)
    return at.asked and at.end not in (End.FILED, End.WITHDRAWN)


def again(state: str) -> str:
    """Go on after it halted. The reference stays: so does that there is one report at most."""
    at = Progress.of(state)
    if at.end != End.HALTED:
        return state
    return replace(at, end="", why="", credentials=False).to_json()


def withdraw(state: str) -> str:
    """Take back what is not filed: there it is only known whether it was. Raises
    `CannotWithdraw`."""
    at = Progress.of(state)
    if at.end == End.FILED:
        raise CannotWithdraw(
            f"The agency has this report as {at.urn}, for good.", "Correct it with a supplement."
        )
    on = replace(at, end="", why="", credentials=False)
    if not at.asked:
        return replace(on, end=str(End.WITHDRAWN)).to_json()
    return replace(on, withdrawing=True).to_json()


def _halted(at: Progress, why: str, *, credentials: bool = False) -> Progress:
    return replace(at, end=str(End.HALTED), why=why, credentials=credentials)


def _goes(one: Enclosure) -> bool:
    return bool(one.evidence) and not one.missing


def _wanted(paper: Paper) -> set[str]:
    return {one.evidence for one in paper.enclosures if _goes(one)}


def _priority(document: dict[str, Any]) -> int | None:
    said = _field(document, "priority")
    return int(said) if said.isascii() and said.isdigit() else None


def _called(document: dict[str, Any]) -> bool:
    return _field(document, "call_acknowledged") == "yes"


def _field(document: dict[str, Any], name: str) -> str:
    for section in document["sections"]:
        for group in section["groups"]:
            if name in group["fields"]:
                return str(group["fields"][name].get("value", ""))
    return ""


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _time(text: object, now: datetime) -> str:
    """When it says that it received the report; one that it cannot have is as of now."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else now
    except ValueError:
        found = now
    known = found if found.utcoffset() is not None else now
    return known.astimezone(UTC).isoformat()

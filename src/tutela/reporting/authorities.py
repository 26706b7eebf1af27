"""The contract of an authority: draft -> check -> submit -> receipt -> supplement -> withdraw.

An authority is a module that does no I/O: it turns the internal report into its paper, says what is
wrong with it, and is a state machine that says which call comes next and is told what came of it.
Who drives it (`tutela.reporting.sending`) writes each state down before the call and after the
answer, so that a process may die anywhere. Authorities are found by the entry-point group
`tutela.authorities`; `tutela.testing.authority_contract` holds what each must keep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.metadata import entry_points
from typing import Protocol, runtime_checkable

from tutela.reporting.errors import NoSuchAuthority
from tutela.reporting.facts import Report, Reporter

GROUP = "tutela.authorities"
RESUME = timedelta(minutes=30)
"""Since its last change within which an open report is gone on with, where nobody says other."""


class Environment(StrEnum):
    """Where reports go: to the authority's test server unless the operator wrote the other word."""

    TEST = "test"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a paper, for whoever can mend it."""

    path: str
    what: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """What an authority cannot take of a report, as it is."""

    path: str
    what: str
    """cut, replaced, dropped or clamped."""
    count: int = 0
    """Of characters, where some went."""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file of a paper: its bytes come from the vault while they are sent."""

    evidence: str
    """ev_…; empty: it goes no more, for `missing`."""
    name: str
    size: int = 0
    missing: str = ""
    details: bytes = b""
    """What is told of the file beside its bytes, complete but for what the authority gives: ids."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What would be sent."""

    body: bytes
    enclosures: tuple[Enclosure, ...] = ()
    cuts: tuple[Cut, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A request that is to be made next."""

    name: str
    """As in the record of calls: submit, upload, finish …"""
    method: str
    path: str
    """Below the authority's address."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    fields: tuple[tuple[str, str], ...] = ()
    """Of a form, where `body` is empty."""
    file: Enclosure | None = None
    """Sent as the form's field `file`: its bytes are never in the record of calls."""
    about: str = ""
    """The file that it is about, ev_…; empty: it is about the report."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    md5: str = ""
    """Of the file that was sent, as it was read; hex."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Nothing readable came back. `sent`: the other side may have acted on it."""

    why: str
    sent: bool = True


class End(StrEnum):
    """How a machine came to rest."""

    FILED = "filed"
    WITHDRAWN = "withdrawn"
    HALTED = "halted"
    """A person must mend something: the paper, the credentials."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be done now: try again later."""

    why: str
    down: bool = False
    """The whole authority does not answer, not just this report."""
    seconds: int = 0
    """That the other side asked for; 0: as the driver thinks."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The machine is at rest."""

    end: End
    why: str = ""
    credentials: bool = False
    """The other side refuses who asks, not what was asked."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the authority gave for a report."""

    id: str
    """As the authority counts its reports."""
    at: datetime
    files: tuple[tuple[str, str], ...] = ()
    """Evidence id, and the file's id at the authority."""
    opened: int = 1
    """How often the report was begun there; all but the last were taken back or expired."""


@dataclass(frozen=True, slots=True)
class Line:
    """A field of a form. `state`: value, data_not_held or not_applicable; empty: not said yet."""

    path: str
    title: str
    state: str
    value: str = ""
    reason: str = ""
    meaning: str = ""
    """Of a value that is a code: what the form calls it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form as a person fills it in: titles with their lines, and what to know besides."""

    sections: tuple[tuple[str, tuple[Line, ...]], ...]
    notes: tuple[str, ...]


class Authority(Protocol):
    """One authority. `state` is text that only it reads: JSON, no secrets, no content."""

    name: str
    """As in settings, commands and paths."""
    title: str
    addresses: Mapping[Environment, str]
    """Where it is: base URLs without a slash at the end."""
    own_schema: str
    """SHA-256 of the published schema that its papers were made for, hex; empty: it has none."""
    schema_call: Call | None
    """How the schema that it serves is asked for; None: it serves none."""
    status_call: Call | None
    """How it is asked whether it knows us; None: it cannot be."""
    by_hand: bool
    """It has no published interface: a person files there, and records what it gave
    (`tutela.reporting.handing`); calls are made to test servers of one's own only."""
    covers: tuple[str, ...]
    """Authorities whose reports of the same files make one here needless, as the law has it."""

    def welcomed(self, answer: Answer) -> Wait | Ended | None:
        """What the answer to `status_call` says: None, that it knows us."""

    def choices(self) -> Mapping[str, Mapping[str, str]]:
        """Of each field with codes (`incident`, `flags`, `marks` …): our code, and what the
        authority calls it. Codes that it does not know are missing."""

    def draft(self, report: Report, reporter: Reporter, schema: bytes | None = None) -> Paper:
        """The paper of a report: the same for the same values. With the schema that the server
        serves, what is newer than ours is used where that has it. Never raises for odd text."""

    def check(
        self, report: Report, reporter: Reporter, schema: bytes | None = None
    ) -> Sequence[Fault]:
        """What is wrong with the paper of a report, also by the served schema; empty: nothing."""

    def submit(
        self,
        report: Report,
        reporter: Reporter,
        schema: bytes | None = None,
        *,
        resume: timedelta = RESUME,
    ) -> str:
        """The first state of sending a report. What is open there and was not changed for longer
        than `resume` is taken back and begun again."""

    def next(self, state: str, paper: Paper, now: datetime) -> Call | Wait | Ended:
        """What is to be done. May be asked any number of times."""

    def calling(self, state: str, call: Call, now: datetime) -> str:
        """The state that is written down before a call is made: if it is ever read again, nobody
        knows what came of the call."""

    def after(
        self, state: str, call: Call, answer: Answer | Lost, now: datetime
    ) -> tuple[str, Wait | None]:
        """The state after a call, and whether to wait before the next."""

    def receipt(self, state: str, now: datetime) -> Receipt:
        """Of a state that ended as filed."""

    def remote(self, state: str) -> str:
        """The authority's id of the report that is open or filed; empty before."""

    def supplement(self, report: Report, earlier: Receipt) -> Report:
        """A report that adds to one that was filed: how, the authority says."""

    def may_be_filed(self, state: str) -> bool:
        """Whether the call that files was made, and nobody knows what came of it: until that is
        known, nobody may change what it says."""

    def again(self, state: str, now: datetime) -> str:
        """The state of going on after it halted, once a person mended why. What is open there and
        may be of another paper is taken back first; what may be filed is asked for again."""

    def withdraw(self, state: str, now: datetime) -> str:
        """The state of taking back what is not filed yet. Raises `CannotWithdraw` if it was."""


@runtime_checkable
class Asking(Protocol):
    """An authority with a form that asks more of people than a report has (`Report.answers`)."""

    def title_of(self, field: str) -> str:
        """What it calls a field that a person may answer; empty: there is none of this name."""

    def wrong(self, field: str, text: str) -> str:
        """What is wrong with an answer; empty: nothing."""

    def declared(self, report: Report, who: str) -> Report:
        """The report, as this person declares it to be complete."""

    def undeclared(self, report: Report) -> Report:
        """The report without such a declaration."""

    def sheet(self, report: Report, reporter: Reporter, now: datetime) -> Sheet:
        """What a person copies into the form, in its order."""


@cache
def all_() -> Mapping[str, Authority]:
    """Every authority that is installed, by its name."""
    found = {point.name: point.load()() for point in entry_points(group=GROUP)}
    return dict(sorted(found.items()))


def is_by_hand(authority: Authority, environment: str, own: Mapping[str, str]) -> bool:
    """Whether a person files there; `own` are test servers of one's own."""
    there = environment == Environment.TEST and authority.name in own
    return authority.by_hand and not there


def named(name: str) -> Authority:
    """Raises `NoSuchAuthority`."""
    try:
        return all_()[name]
    except KeyError:
        raise NoSuchAuthority(
            f"There is no authority {name[:40]!r}.", f"There are {', '.join(all_()) or 'none'}."
        ) from None

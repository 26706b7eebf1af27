"""The contract of a partner: what is asked of it, and what its answers mean.

A partner is a module that does no I/O and has no clock. What it fetches it says as a generator: it
yields a `Call`, is sent the `Reply`, and yields a `Page` for what is to be stored; the driver
(`tutela.exchanges.fetching`) makes the calls, and commits each page together with its checkpoint.
After a crash the generator is made anew from the last checkpoint, so a page may come twice.
Partners are found by the entry-point group `tutela.exchanges`;
`tutela.testing.exchange_contract` holds what each must keep.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Protocol, TypeAlias, runtime_checkable

from tutela.banks.models import Purpose
from tutela.exchanges.errors import NoSuchPartner
from tutela.signals.urls import Keyer

GROUP = "tutela.exchanges"


class Opinion(StrEnum):
    """What a member says of a value that it lists."""

    POSITIVE = "positive"
    SEED = "seed"
    """Not checked: for a person to look at."""
    NEGATIVE = "negative"
    """It does not belong there."""


@dataclass(frozen=True, slots=True)
class Field:
    """A setting of a partner: forms and commands are made from it."""

    name: str
    what: str
    kind: str = "text"
    """text, url, number, choice, path, role or secret; a secret is sealed and never shown. With one
    of kind role, whose choices are roles, only that bank is made."""
    required: bool = True
    default: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A bank that a partner fills. A purpose is never mixed: entries of another go to another."""

    name: str
    purpose: Purpose
    licence: str = ""
    delete_on_leaving: bool = True


@dataclass(frozen=True, slots=True)
class Setup:
    """What an operator chose for one exchange; `secrets` are opened. `keyer` makes digests of what
    may not be kept in clear, addresses and words: also in keys of entries."""

    config: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    keyer: Keyer | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the partner: GET, POST, PUT or DELETE, to a host that `Partner.hosts` names, or
    nowhere.

    For partners whose lists are files: READ gives up to `largest` bytes of one from `offset` on,
    with headers `size` and `modified` (ns); LIST a folder's files as JSON, [name, size, modified] …
    in order. Only at or under what a field of kind `path` says.
    """

    method: str
    url: str = field(repr=False)
    """Some partners want the token in it: nothing shows it."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    largest: int = 64 * 1024 * 1024
    """Bytes of the reply."""
    also: frozenset[int] = frozenset()
    """Statuses besides 2xx that the partner reads."""
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: 2xx, or what the call's `also` names. 401 and 403, 429 and 5xx never reach a
    partner: the driver halts, or waits and asks again. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Listed:
    """A value of an entry, in the canonical form of its signal type."""

    type: str
    value: str
    quality: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a partner says of one entry. All that it said of the same key before is replaced."""

    key: str
    """Unique at the partner, at most 300 letters; for NCMEC `member/id`."""
    at: datetime | None
    """When the partner changed it. What is older than what is held is passed over; None: as it
    comes."""
    signals: tuple[Listed, ...] | None
    """None: deleted."""
    role: str = "known"
    member: str = ""
    external_id: str = ""
    """The partner's id of the file: exact hashes of one id are of one file. Empty: the key."""
    labels: tuple[str, ...] = ()
    opinion: Opinion = Opinion.POSITIVE
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What has no place elsewhere, kept as it came."""


@dataclass(frozen=True, slots=True)
class Page:
    """Entries to store, and from where to go on if nothing else is stored after it.

    `rejected` are faults of entries that could not be read, in words that echo no value.
    `complete`: what the partner had when the fetch began is all here now. `replaces`, with
    `complete`: it is a whole list, and what was not in it since the fetch began is gone. A
    checkpoint that comes twice in one run is a loop, unless it is that which the run began with.
    """

    entries: Sequence[Entry]
    checkpoint: Mapping[str, Any]
    complete: bool = False
    replaces: bool = False
    rejected: tuple[str, ...] = ()


Fetching: TypeAlias = Generator[Call | Page, Reply | None, None]
"""Sent a `Reply` after a `Call`, None after a `Page`."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What we tell a partner of an entry: that it is right, or that it is not."""

    key: str
    type: str
    value: str
    opinion: Opinion
    reason: str = ""


Telling: TypeAlias = Generator[Call, Reply, None]
"""The calls that tell it; ends when the partner has it. Raises `Unreadable` if it refuses."""


@runtime_checkable
class Partner(Protocol):
    """A programme that lists are fetched from."""

    name: str
    """As in commands: ncmec."""
    title: str
    fields: tuple[Field, ...]
    roles: tuple[Role, ...]
    every: timedelta
    """Between two fetches, unless the operator chose otherwise."""
    stale_after: timedelta
    """Without a complete fetch: an alarm sounds."""
    checkpoint_lasts: timedelta | None
    """Older ones are dropped and all is fetched anew; None: they never grow old."""
    feedback: bool
    """Whether it can be told."""

    def hosts(self, setup: Setup) -> tuple[str, ...]:
        """Hosts that are spoken to, as settings `outbound.hosts` writes them. Raises
        `NotConfigured`."""
        ...

    def fetch(self, setup: Setup, checkpoint: Mapping[str, Any] | None, now: datetime) -> Fetching:
        """From a checkpoint, or from the start. Raises `Unreadable` if an answer is none."""
        ...

    def tell(self, setup: Setup, feedback: Feedback) -> Telling:
        """Only if `feedback`; each may be told twice."""
        ...


@cache
def named(name: str) -> Partner:
    """The partner of this name. Raises `NoSuchPartner`."""
    for entry in entry_points(group=GROUP, name=name):
        found: Partner = entry.load()()
        return found
    raise NoSuchPartner(name, installed())


def installed() -> list[str]:
    """Names of all partners, sorted, without loading them."""
    return sorted({entry.name for entry in entry_points(group=GROUP)})

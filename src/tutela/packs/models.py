"""What a law pack is: what a jurisdiction demands, as data that a lawyer can read and sign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo
from enum import StrEnum

from tutela.packs.clocks import Term
from tutela.policy.periods import Period

When = Mapping[str, tuple[str, ...]]
"""A rule holds if each of these facts has one of its values."""


class Status(StrEnum):
    """Drafts can be read. They set no clock, choose no recipient and send nothing."""

    IN_FORCE = "in-force"
    DRAFT = "draft"


class Marker(StrEnum):
    """How well the source of a rule is known."""

    VERIFIED = "V"
    SECOND_HAND = "2nd"
    MEMORY = "M"
    INFERRED = "I"

    @property
    def words(self) -> str:
        return MARKERS[self]


MARKERS = {
    Marker.VERIFIED: "checked against the text itself",
    Marker.SECOND_HAND: "as others read it",
    Marker.MEMORY: "from memory",
    Marker.INFERRED: "inferred",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What all rules have. `pack`: where it was written; `from_` and `until`: its first and last
    day; `digest`: the SHA-256 of what it says, by which a person signs it."""

    pack: str
    id: str
    why: str
    source: str
    marker: Marker
    verified: bool
    reviewed: date
    when: When
    from_: date | None
    until: date | None
    notes: tuple[str, ...]
    digest: str
    zone: tzinfo
    line: int
    column: int

    @property
    def thing(self) -> tuple[str, ...]:
        """Its kind, and what it is a rule of: of two that hold at once, one must go."""
        return ("rule", self.id)

    @property
    def kind(self) -> str:
        return self.thing[0]

    def in_force(self, on: date) -> bool:
        return (not self.from_ or self.from_ <= on) and (not self.until or on <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRule(Rule):
    """Who is told, with what, when. `must`: a duty, not only a right. `terms`: by priority, or one
    under an empty name. `of`: countries of which those concerned are told."""

    to: str
    must: bool
    terms: Mapping[str, Term]
    needed: tuple[str, ...]
    where_held: tuple[str, ...]
    unless_reported: tuple[str, ...]
    of: str

    @property
    def thing(self) -> tuple[str, ...]:
        return ("report", self.to, "must" if self.must else "may")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRule(Rule):
    """Who may lawfully be given files. `ground`: why; `country`: where they are; `leaving`: why
    files may leave another country to them, empty if the pack knows no such ground."""

    to: str
    ground: str
    country: str
    leaving: str

    @property
    def thing(self) -> tuple[str, ...]:
        return ("content", self.to)


class Side(StrEnum):
    """Which way a period binds."""

    AT_LEAST = "at least"
    AT_MOST = "at most"
    ELSEWHERE = "elsewhere"


AT_ONCE = "at-once"
"""In place of a period: nothing may be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRule(Rule):
    """What of a report is kept. `since`: filed or aware. `period`: None for at once, or if another
    law says how long, which `elsewhere` names."""

    to: str
    what: str
    side: Side
    period: Period | None
    since: str
    elsewhere: str

    @property
    def thing(self) -> tuple[str, ...]:
        return ("keep", self.to, self.what, self.side)


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisRule(Rule):
    """On which basis a service may do something. `grants` is False of what only says what the law
    leaves open."""

    of: str
    legal_basis: str
    grants: bool

    @property
    def thing(self) -> tuple[str, ...]:
        return ("basis", self.of, "grants" if self.grants else "says")


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRule(Rule):
    """Where people find help (`support`), or whom they call (`emergency`)."""

    sort: str
    country: str
    route: str

    @property
    def thing(self) -> tuple[str, ...]:
        return (self.sort, self.country, self.route)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakedownRule(Rule):
    """By when something is removed."""

    of: str
    term: Term

    @property
    def thing(self) -> tuple[str, ...]:
        return ("takedown", self.of)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRule(Rule):
    """What is looked at again, and how often."""

    of: str
    every: Period

    @property
    def thing(self) -> tuple[str, ...]:
        return ("review", self.of)


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was checked. `rules`: its own, and those of what it extends."""

    name: str
    title: str
    version: str
    status: Status
    from_: date
    until: date | None
    reviewed: date
    countries: tuple[str, ...]
    zone: tzinfo
    extends: str
    rules: tuple[Rule, ...]
    place: str = field(default="", compare=False)

    @property
    def is_draft(self) -> bool:
        return self.status is Status.DRAFT

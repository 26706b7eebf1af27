"""What laws say of a situation. Pure values; nothing here is resolved that packs leave open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tutela.packs.models import Marker, Rule, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What all parts of an outcome have: which rule says it, why, and how well it is known.
    `signed`: who signed an unverified rule, empty if nobody did."""

    pack: str
    rule: str
    why: str
    source: str
    marker: Marker
    verified: bool
    signed: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether production may act on it."""
        return self.verified or bool(self.signed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty(Said):
    """Who is to be told. `must` is False of what may be told. `term` is the law's, `due` the moment
    that it gives; where the law names no moment, `exact` is False, and `due` is that of becoming
    aware, or later by `target`, which the caller set itself for such words. `countries`: whose
    authority it is, where each country has one. `because`: the facts for which the rule holds."""

    to: str
    must: bool
    term: str
    due: datetime
    exact: bool
    target: str
    needed: tuple[str, ...]
    where_held: tuple[str, ...]
    countries: tuple[str, ...]
    because: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep(Said):
    """A clock on what one authority is told. `until`: None while the moment it counts from is not
    known, or if another law says how long."""

    to: str
    what: str
    side: Side
    term: str
    since: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver(Said):
    """Who may be given files, and on which ground; everyone else gets hashes, metadata, grades."""

    to: str
    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis(Said):
    """A legal basis that is in force, or (`grants` False) what the law leaves open."""

    of: str
    legal_basis: str
    grants: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal(Said):
    """By when something is to be removed. See `Duty` for `term` and what follows."""

    of: str
    term: str
    due: datetime
    exact: bool
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Said):
    """What is to be looked at again. `due`: None if it is not known when it last was."""

    of: str
    every: str
    due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Said):
    """Where people find help, or whom they call in an emergency."""

    sort: str
    country: str
    route: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """What must not be done, or not be relied on. `what`: report, files, basis, deletion or pack;
    `subject`: to whom, or for what."""

    pack: str
    rule: str
    what: str
    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A fact that is not known, and the rules (of which packs) that wait for it."""

    fact: str
    question: str
    rules: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two rules that cannot both be followed, or not without a choice. A person chooses."""

    sort: str
    rules: tuple[tuple[str, str], ...]
    what: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What a draft would say. To be read: no clock, no recipient."""

    pack: str
    rule: str
    kind: str
    why: str
    source: str
    asks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that packs say of a situation."""

    duties: tuple[Duty, ...] = ()
    keeps: tuple[Keep, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    bases: tuple[Basis, ...] = ()
    removals: tuple[Removal, ...] = ()
    reviews: tuple[Review, ...] = ()
    routes: tuple[Route, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    asks: tuple[Ask, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    drafts: tuple[Draft, ...] = ()


def rule_key(rule: Rule) -> tuple[str, str]:
    """Its pack and its id."""
    return (rule.pack, rule.id)

"""What a policy is, and how it decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

from tutela.policy.conditions import Condition
from tutela.policy.errors import ChannelRefused
from tutela.policy.facts import Facts, Found
from tutela.policy.periods import Period
from tutela.policy.vocabulary import Kind, View


class Verdict(StrEnum):
    """What a policy says of an item."""

    ALLOW = "allow"
    REVIEW = "review"
    BLOCK = "block"


Action = Literal["keep", "case", "notify"]
"""`keep` seals the bytes, `case` opens an alert on a case, `notify` sends the webhook."""

ACTIONS: frozenset[str] = frozenset({"keep", "case", "notify"})
KEEP = frozenset({"keep"})

PUBLIC_REASONS: Mapping[Verdict, str] = {
    Verdict.ALLOW: "",
    Verdict.REVIEW: "This upload is not available yet.",
    Verdict.BLOCK: "This upload was not accepted.",
}
"""What an uploader may be shown where a rule says nothing else: it must tell nothing of why."""

NO_RULE = "No rule holds."


class State(StrEnum):
    """Drafts are only checked; rules in the background are asked, and what they would have done is
    recorded; live ones decide."""

    DRAFT = "draft"
    BACKGROUND = "background"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Rule:
    """`why` is the plain sentence of the explanation, for operators; `public_reason` is for who
    uploaded, empty for the usual one."""

    name: str
    state: State
    when: Condition
    verdict: Verdict
    actions: frozenset[str]
    why: str
    public_reason: str = ""


@dataclass(frozen=True, slots=True)
class Channel:
    """Where items come from that may be screened, on which legal basis, from when to when (the last
    day included). `keep`: whether bytes may be kept, and for how long before a decision."""

    name: str
    legal_basis: str
    from_: date | None = None
    until: date | None = None
    keep: bool = False
    keep_for: Period | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """What the platform calls a role, as a path of keys, and of what kind it is."""

    path: tuple[str, ...]
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Surge:
    """A bank surges at `factor` times its mean of 7 days, as a share of what is screened, and at
    `least` items in this hour and the one before."""

    factor: int = 10
    least: int = 20


@dataclass(frozen=True, slots=True)
class Would:
    """What a rule in the background would have decided."""

    rule: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Decision:
    """`rule` is empty if none held. `match` is the index of the match that decided, if one did."""

    verdict: Verdict
    rule: str
    explanation: str
    actions: frozenset[str]
    version: str
    background: tuple[Would, ...] = ()
    match: int | None = None
    public_reason: str = ""


@dataclass(frozen=True, slots=True)
class _Held:
    """A rule holds: for which match, and whether it was made milder because of it."""

    rule: Rule
    verdict: Verdict
    match: int | None
    milder: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that was checked. `version` is that of what it says, not of how it is written."""

    version: str
    text: str
    rules: tuple[Rule, ...]
    channels: Mapping[str, Channel]
    fields: Mapping[str, Field] = field(default_factory=dict)
    surge: Surge = Surge()

    def channel(self, name: str, on: date) -> Channel:
        """The channel, if it may be screened on this day. Raises `ChannelRefused`."""
        found = self.channels.get(name)
        if found is None:
            raise ChannelRefused(f"The policy does not list the channel {name}.")
        if found.from_ and on < found.from_:
            raise ChannelRefused(f"The legal basis of the channel {name} begins on {found.from_}.")
        if found.until and on > found.until:
            raise ChannelRefused(f"The legal basis of the channel {name} ended on {found.until}.")
        return found

    def decide(self, case: Facts) -> Decision:
        """The decision on an item: the first live rule that holds decides. Never raises.

        A match that may only make a person look never blocks: a rule that blocks must hold without
        such matches. Holds it only with them, it reviews, unless the next rule that holds blocks
        without them.
        """
        free = tuple(match for match in case.matches if not match.held)
        whole = View(case, case.matches)
        calm = whole if len(free) == len(case.matches) else View(case, free)
        found: _Held | None = None
        background = []
        decided = False
        for rule in self.rules:
            if rule.state is State.DRAFT or (decided and rule.state is State.LIVE):
                continue
            held = _held(rule, whole, calm)
            if held is None:
                continue
            if rule.state is State.BACKGROUND:
                background.append(Would(rule.name, held.verdict))
            elif found is None:
                found, decided = held, not held.milder
            else:
                found = held if held.verdict is Verdict.BLOCK else found
                decided = not held.milder
        return self._decision(case, found, tuple(background))

    def _decision(self, case: Facts, held: _Held | None, background: tuple[Would, ...]) -> Decision:
        if held is None:
            nothing: frozenset[str] = frozenset()
            return Decision(Verdict.ALLOW, "", NO_RULE, nothing, self.version, background)
        rule = held.rule
        explanation = f"Rule {rule.name}: {rule.why}"
        if held.match is not None:
            match = case.matches[held.match]
            explanation += f" {_described(match)}"
            if held.milder:
                explanation += f" {_why_milder(match)}"
        channel = self.channels.get(case.channel)
        may_keep = case.matches and channel is not None and channel.keep
        actions = rule.actions if may_keep else rule.actions - KEEP
        reason = "" if held.milder else rule.public_reason
        return Decision(
            held.verdict, rule.name, explanation, actions, self.version, background, held.match,
            reason or PUBLIC_REASONS[held.verdict],
        )  # fmt: skip


def _held(rule: Rule, whole: View, calm: View) -> _Held | None:
    if rule.verdict is not Verdict.BLOCK or calm is whole:
        found = _holds(rule.when, whole)
        return _Held(rule, rule.verdict, _index(found, whole)) if found else None
    if found := _holds(rule.when, calm):
        return _Held(rule, rule.verdict, _index(found, whole))
    if found := _holds(rule.when, whole):
        return _Held(rule, Verdict.REVIEW, _index(found, whole), milder=True)
    return None


def _holds(when: Condition, view: View) -> tuple[Found | None] | None:
    """The match for which a condition holds, in a tuple of one, or None if it does not hold."""
    if when.of_match:
        for match in view.matches:
            if when.holds(view, match):
                return (match,)
        return None
    if not when.holds(view, None):
        return None
    return (view.matches[0] if when.of_matches and view.matches else None,)


def _index(found: tuple[Found | None], whole: View) -> int | None:
    (match,) = found
    if match is None:
        return None
    return next(number for number, other in enumerate(whole.matches) if other is match)


def _described(match: Found) -> str:
    how = f"{match.strength}, {match.type}"
    if match.disputed:
        how += ", disputed"
    if match.strength == "near":
        how += f", distance {match.distance}, {match.variant}"
    return f"({how}; bank {match.bank})" if match.bank else f"({how})"


def _why_milder(match: Found) -> str:
    if match.surging:
        return f"The bank {match.bank} matches far more often than it did: a person must look."
    if match.seed:
        return f"The bank {match.bank} has it from nobody who checked it: a person must look."
    return f"The bank {match.bank} asks for so wide a distance that a person must look."

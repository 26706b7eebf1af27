"""What a policy would have decided of what was decided before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from tutela.policy.errors import ChannelRefused
from tutela.policy.facts import Facts
from tutela.policy.models import Policy

REFUSED = "refused"
"""What stands in place of a verdict where a channel may not be screened."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision as it was recorded: of which item, on which day, by which facts and rule."""

    item: str
    on: date
    facts: Facts
    verdict: str
    rule: str


@dataclass(frozen=True, slots=True)
class Change:
    """What was decided, and what would be. `explanation` is that of the policy replayed."""

    item: str
    verdict: str
    rule: str
    new_verdict: str
    new_rule: str
    explanation: str

    @property
    def of_verdict(self) -> bool:
        return self.verdict != self.new_verdict


def replay(policy: Policy, recorded: Iterable[Recorded]) -> Iterator[Change]:
    """What would change, in the order of what was recorded: verdicts, and rules behind them."""
    for old in recorded:
        try:
            policy.channel(old.facts.channel, old.on)
        except ChannelRefused as refused:
            yield Change(old.item, old.verdict, old.rule, REFUSED, "", refused.reason)
            continue
        new = policy.decide(old.facts)
        if (old.verdict, old.rule) != (new.verdict, new.rule):
            yield Change(
                old.item, old.verdict, old.rule, str(new.verdict), new.rule, new.explanation
            )

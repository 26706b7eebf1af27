"""Where packs contradict one another, or ask for a choice. Shown to a person, never resolved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from tutela.packs.models import ReportRule, Side
from tutela.packs.outcomes import Conflict, Keep, Outcome, rule_key
from tutela.packs.situations import Situation


def conflicts(
    found: Outcome, situation: Situation, rules: Iterable[ReportRule]
) -> tuple[Conflict, ...]:
    """All conflicts of an outcome. `rules`: the report rules that hold."""
    return (*_periods(found), *_duplicates(found, rules), *_danger(found, situation))


def _periods(found: Outcome) -> Iterator[Conflict]:
    """What one rule wants kept and another wants gone. While a moment is not known, it may be any:
    then two rules for the same thing are shown too."""
    for least in found.keeps:
        for most in found.keeps:
            if (least.side, most.side) != (Side.AT_LEAST, Side.AT_MOST):
                continue
            if least.what == most.what and _later(least.until, most.until):
                yield Conflict(
                    "keep",
                    ((least.pack, least.rule), (most.pack, most.rule)),
                    f"{_named(least)} wants {least.what} kept {_span(least)}; {_named(most)} wants"
                    f" it gone {_span(most)}.",
                )


def _later(least: datetime | None, most: datetime | None) -> bool:
    return least is None or most is None or least > most


def _span(keep: Keep) -> str:
    if keep.until is None:
        return f"{keep.term} from when it is {keep.since}"
    return f"{keep.term}, {'until' if keep.side is Side.AT_LEAST else 'by'} {keep.until:%Y-%m-%d}"


def _named(keep: Keep) -> str:
    return f"{keep.pack}/{keep.rule}"


def _duplicates(found: Outcome, rules: Iterable[ReportRule]) -> Iterator[Conflict]:
    """Two duties, of which one falls away once the other is done."""
    owed = {(one.pack, one.rule) for one in found.duties}
    for rule in rules:
        for other in found.duties:
            if rule_key(rule) in owed and other.must and other.to in rule.unless_reported:
                yield Conflict(
                    "duplicate",
                    (rule_key(rule), (other.pack, other.rule)),
                    f"Both {rule.to} and {other.to} are to be told, and {rule.to} is not to be told"
                    f" of what {other.to} was: choose who is told, and when.",
                )


def _danger(found: Outcome, situation: Situation) -> Iterator[Conflict]:
    if situation.danger and situation.priority in (2, 3) and found.duties:
        yield Conflict(
            "danger",
            tuple((one.pack, one.rule) for one in found.duties),
            f"A child may be in danger now, and the priority given is {situation.priority}: it is"
            " counted as 1 until a person says otherwise.",
        )

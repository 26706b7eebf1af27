"""Reads what the platform says of an item: facts from outside, not to be trusted."""

from __future__ import annotations

import re
from datetime import date
from math import isfinite
from typing import Any

from tutela.policy import Channel, FactsRefused, Policy, map_facts
from tutela.policy.vocabulary import ROLES, Kind
from tutela.screening.judging import Given

LONGEST_ID = 256
"""Characters of an id: it is kept in an index."""

DEEPEST = 16
"""Levels of facts in facts."""

LARGEST = 2**53 - 1
"""What canonical JSON takes: programs that read a larger number make another of it (RFC 8785)."""

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""What a database cannot store."""

NOTHING = Given()


def given(policy: Policy, raw: Any) -> Given:
    """The facts of an item. Raises `FactsRefused` that names the fact."""
    if not isinstance(raw, dict):
        raise FactsRefused("The facts are not a JSON object.", "See docs/api.md.")
    if not raw:
        return NOTHING
    _check(raw)
    mapped = map_facts(policy, raw)
    for role, kind in ROLES.items():
        group, name = role.split(".")
        value = mapped[group].get(name)
        if value is not None and kind is Kind.TEXT and not isinstance(value, str):
            raise FactsRefused(f"The fact {role} is not a text.", "Send it in quotes, or not.")
    for role in ("item.id", "creator.id"):
        group, name = role.split(".")
        if len(mapped[group].get(name) or "") > LONGEST_ID:
            raise FactsRefused(f"The fact {role} is longer than {LONGEST_ID} characters.")
    return Given(mapped["item"], mapped["creator"], mapped["extra"], mapped["channel"])


def permitted(policy: Policy, what: Given, on: date) -> Channel:
    """The item's channel, if it may be screened. Raises `ChannelRefused`."""
    return policy.channel(what.channel, on)


def _check(raw: dict[str, Any]) -> None:
    todo: list[tuple[Any, int]] = [(raw, 1)]
    while todo:
        value, depth = todo.pop()
        if depth > DEEPEST:
            raise FactsRefused(f"The facts are nested deeper than {DEEPEST}.", "Send them flat.")
        if isinstance(value, dict):
            todo += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            todo += [(part, depth + 1) for part in value]
        elif isinstance(value, str) and UNSTORABLE.search(value):
            raise FactsRefused(
                "The facts hold a zero character or half of a surrogate pair.", "Send valid text."
            )
        elif isinstance(value, float) and not isfinite(value):
            raise FactsRefused("The facts hold a number that is not finite.", "Send a text.")
        elif isinstance(value, int) and abs(value) > LARGEST:
            raise FactsRefused(f"The facts hold a number past {LARGEST}.", "Send a text.")

"""Into which queue a case goes: rules in the order of their positions, the first that fits. Pure.

A rule is a JSON object that says what an alert must be; a case is in the first queue whose rule one
of its alerts fits, so that more alerts only move it forward.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from tutela.cases.errors import CaseRefused

GENERAL = "general"
"""Where a case waits that no rule sends elsewhere."""

ESCALATED = "escalated"
"""Where a case waits that someone escalated."""

BUILT_IN = (GENERAL, ESCALATED)


@dataclass(frozen=True, slots=True)
class Told:
    """What rules may ask of an alert."""

    kind: str
    """match, report or notice."""

    about: str = "item"
    codes: frozenset[str] = frozenset()
    """What it is said to be, and the labels of what matched: neutral codes."""

    purposes: frozenset[str] = frozenset()
    """Of the banks that matched."""

    channel: str = "unknown"
    role: str = "unknown"
    danger: bool = False
    test: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """What an alert must be; what is not said may be anything. Of each list, one must fit."""

    kinds: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    danger: bool | None = None
    test: bool | None = None

    def fits(self, told: Told) -> bool:
        lists = (
            (self.kinds, {told.kind}), (self.about, {told.about}), (self.codes, told.codes),
            (self.purposes, told.purposes), (self.channels, {told.channel}),
            (self.roles, {told.role}),
        )  # fmt: skip
        return (
            all(not wanted or not set(wanted).isdisjoint(is_) for wanted, is_ in lists)
            and self.danger in (None, told.danger)
            and self.test in (None, told.test)
        )


FLAGS = ("danger", "test")


def rule(text: str) -> Rule | None:
    """The rule that a text says; None of an empty one: only people move cases there. Raises
    `CaseRefused` that names what is wrong."""
    if not text.strip():
        return None
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise CaseRefused(f"The rule is not JSON: {error}.", "See docs/cases.md.") from None
    if not isinstance(raw, dict):
        raise CaseRefused("The rule is not a JSON object.", "See docs/cases.md.")
    names = [one.name for one in fields(Rule)]
    for name, value in raw.items():
        if name not in names:
            raise CaseRefused(
                f"The rule asks for {name[:40]!r}.", f"It may ask for {', '.join(names)}."
            )
        if name in FLAGS:
            if not isinstance(value, bool):
                raise CaseRefused(f"{name} is not true or false.", "See docs/cases.md.")
        elif not _texts(value):
            raise CaseRefused(f"{name} is not a list of texts.", "See docs/cases.md.")
    values: Mapping[str, Any] = {
        name: value if name in FLAGS else tuple(value) for name, value in raw.items()
    }
    return Rule(**values)


def first(rules: Iterable[tuple[str, Rule | None]], told: Told) -> str:
    """The first queue whose rule fits, of queues in order."""
    return next((name for name, one in rules if one is not None and one.fits(told)), GENERAL)


def sooner(order: Iterable[str], one: str, other: str) -> str:
    """Which of two queues comes first; those that have no place in the order come last."""
    places = {name: place for place, name in enumerate(order)}
    return min(one, other, key=lambda name: places.get(name, len(places)))


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)

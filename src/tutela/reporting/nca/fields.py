"""A field of the form, and how one is made of what is known. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tutela.reporting.nca.answers import Answer, State

NONE = Answer()
"""Nothing is known, and nobody said that it is not held."""


@dataclass(frozen=True, slots=True)
class Field:
    """`own`: known from settings, records or an act of its own, never from an answer."""

    name: str
    title: str
    answer: Answer
    own: bool = False


def held(value: str, *, applies: bool = True) -> Answer:
    """What is known; of what does not apply, that."""
    if value.strip():
        return Answer(State.VALUE, value)
    return NONE if applies else Answer(State.NOT_APPLICABLE)


def yes(said: bool | None) -> Answer:
    return NONE if said is None else Answer(State.VALUE, "yes" if said else "no")


def joined(texts: Iterable[str], with_: str = "\n") -> str:
    return with_.join(one for one in texts if one.strip())

"""Every name that a condition may use, of what kind it is, and which values it can have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any

from tutela.policy.facts import Facts, Found
from tutela.signals.variants import VARIANTS

CHANNELS = ("public", "private-message", "private-storage", "unknown")
"""Where an item was posted, as far as the platform says."""

PURPOSES = ("known-csea", "survivor-request", "adult-intimate", "test")
"""Of banks whose matches count; a test compares. Those of never-match veto before policy."""

CAUSES = (
    "empty", "not_a_picture", "unsupported_format", "damaged", "too_small", "too_many_bytes",
    "too_many_pixels", "no_signal", "out_of_memory", "out_of_time", "decoder_died",
)  # fmt: skip
"""Why a file gave no picture signal (tutela.decoding); a test compares."""

NOTES = ("partial", "sampled", "cut_short", "low_quality")
"""What is to know of a file (tutela.decoding); a test compares."""


class Kind(StrEnum):
    """What a value is."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes-no"
    TEXTS = "texts"

    @property
    def words(self) -> str:
        return WORDS[self]


WORDS = {
    Kind.TEXT: "a text",
    Kind.NUMBER: "a number",
    Kind.YES_NO: "true or false",
    Kind.TEXTS: "a list of texts",
}


class View:
    """The facts of one item as conditions see them: all matches, or only those that may block."""

    __slots__ = ("channel", "creator", "extra", "file", "item", "matches", "sources")

    def __init__(self, case: Facts, matches: tuple[Found, ...]) -> None:
        self.matches = matches
        self.sources = independent(matches)
        self.item = case.item
        self.creator = case.creator
        self.extra = case.extra
        self.channel = case.channel
        self.file = case.file


Read = Callable[[View, Any], Any]
"""Gives a value from the facts and the match in question; None for what is not known."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name in conditions. `values`: all that it can be, where that is known."""

    kind: Kind
    read: Read
    of_match: bool = False
    of_matches: bool = False
    values: tuple[str, ...] = ()


def independent(matches: tuple[Found, ...]) -> int:
    """How many sources know the item: members of one source count, each match of them once."""
    members: dict[str, int] = {}
    for match in matches:
        members[match.source] = max(members.get(match.source, 0), match.members)
    return sum(members.values())


def of_match(name: str, kind: Kind, *values: str) -> Name:
    get = attrgetter(name)
    return Name(kind, lambda _, match: get(match), of_match=True, of_matches=True, values=values)


def of_file(name: str, kind: Kind, *values: str) -> Name:
    get = attrgetter(name)
    return Name(kind, lambda view, _: get(view.file), values=values)


def of_facts(role: str, kind: Kind) -> Name:
    """What the platform says of an item, if it is of this kind: facts come from outside."""
    group, name = role.split(".")
    get, fits = attrgetter(group), FITS[kind]

    def read(view: View, _: Any) -> Any:
        value = get(view).get(name)
        return value if fits(value) else None

    return Name(kind, read, values=CHANNELS if role == "item.channel" else ())


def _is_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(text, str) for text in value)


FITS: Mapping[Kind, Callable[[Any], bool]] = {
    Kind.TEXT: lambda value: isinstance(value, str),
    Kind.NUMBER: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    Kind.YES_NO: lambda value: isinstance(value, bool),
    Kind.TEXTS: _is_texts,
}

ROLES: Mapping[str, Kind] = {
    "item.id": Kind.TEXT,
    "item.type": Kind.TEXT,
    "item.url": Kind.TEXT,
    "item.channel": Kind.TEXT,
    "item.created_at": Kind.TEXT,
    "creator.id": Kind.TEXT,
}
"""What every platform may say of an item. Other names under item, creator and extra are declared
in the policy, under fields."""

NAMES: Mapping[str, Name] = {
    "match.type": of_match("type", Kind.TEXT),
    "match.distance": of_match("distance", Kind.NUMBER),
    "match.quality": of_match("quality", Kind.NUMBER),
    "match.known_quality": of_match("known_quality", Kind.NUMBER),
    "match.least_quality": of_match("least_quality", Kind.NUMBER),
    "match.variant": of_match("variant", Kind.TEXT, *VARIANTS),
    "match.bank": of_match("bank", Kind.TEXT),
    "match.purpose": of_match("purpose", Kind.TEXT, *PURPOSES),
    "match.source": of_match("source", Kind.TEXT),
    "match.labels": of_match("labels", Kind.TEXTS),
    "match.members": of_match("members", Kind.NUMBER),
    "match.disputed": of_match("disputed", Kind.YES_NO),
    "match.seed": of_match("seed", Kind.YES_NO),
    "match.strength": of_match("strength", Kind.TEXT, "exact", "weak", "near"),
    "match.only_review": of_match("only_review", Kind.YES_NO),
    "match.surging": of_match("surging", Kind.YES_NO),
    "any match": Name(Kind.YES_NO, lambda view, _: bool(view.matches), of_matches=True),
    "matches": Name(Kind.NUMBER, lambda view, _: len(view.matches), of_matches=True),
    "sources": Name(Kind.NUMBER, lambda view, _: view.sources, of_matches=True),
    "channel": Name(Kind.TEXT, lambda view, _: view.channel, values=CHANNELS),
    "file.size": of_file("size", Kind.NUMBER),
    "file.format": of_file("format", Kind.TEXT),
    "file.undecodable": of_file("undecodable", Kind.TEXT, *CAUSES),
    "file.notes": of_file("notes", Kind.TEXTS, *NOTES),
}


def names(declared: Mapping[str, Kind]) -> dict[str, Name]:
    """All names of a policy that declares these fields."""
    return {
        **NAMES,
        **{role: of_facts(role, kind) for role, kind in {**ROLES, **declared}.items()},
    }

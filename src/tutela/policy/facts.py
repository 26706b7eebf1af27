"""What a policy decides by: the facts of one item, as they are recorded with the decision."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

Strength = Literal["exact", "weak", "near"]


@dataclass(frozen=True, slots=True)
class Found:
    """A match, as policies see it.

    `strength`: exact if every cryptographic hash that the source gives agrees, weak if only one
    that can be forged does, near for everything else. `members` is how many members of the source
    say that it belongs there, independently. `disputed`: another says that it does not. `seed`:
    none has checked it, so a person must look. `only_review`: the bank asks for so wide a distance
    that a person must look. `surging`: the bank matches far more often than it did.
    """

    type: str
    distance: int
    quality: int | None = None
    known_quality: int | None = None
    variant: str = "plain"
    bank: str = ""
    purpose: str = ""
    source: str = ""
    labels: tuple[str, ...] = ()
    members: int = 1
    strength: Strength = "near"
    only_review: bool = False
    surging: bool = False
    disputed: bool = False
    seed: bool = False

    @property
    def least_quality(self) -> int | None:
        """The smaller quality of both pictures. Lists often give none; then that of the item."""
        if self.quality is None or self.known_quality is None:
            return self.quality
        return min(self.quality, self.known_quality)

    @property
    def held(self) -> bool:
        """Whether it can at most make a person look."""
        return self.surging or self.only_review or self.seed


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What came of the file itself: `undecodable` and `notes` are those of decoding."""

    size: int | None = None
    format: str | None = None
    undecodable: str | None = None
    notes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a policy may know of one item. `matches` nearest first."""

    matches: tuple[Found, ...] = ()
    item: Mapping[str, Any] = field(default_factory=dict)
    creator: Mapping[str, Any] = field(default_factory=dict)
    channel: str = "unknown"
    extra: Mapping[str, Any] = field(default_factory=dict)
    file: FileFacts = FileFacts()

    def dumps(self) -> str:
        """Canonical JSON: equal facts give equal texts. Raises ValueError for what is not JSON."""
        made = {
            "matches": [asdict(match) for match in self.matches],
            "item": self.item,
            "creator": self.creator,
            "channel": self.channel,
            "extra": self.extra,
            "file": asdict(self.file) | {"notes": sorted(self.file.notes)},
        }
        try:
            return json.dumps(made, sort_keys=True, separators=(",", ":"), allow_nan=False)
        except (TypeError, RecursionError) as error:
            raise ValueError(f"facts that are not JSON: {error}") from None

    @classmethod
    def loads(cls, text: str) -> Facts:
        """What `dumps` wrote. Raises ValueError for anything else."""
        try:
            return cls.of(json.loads(text))
        except RecursionError:
            raise ValueError("facts that are nested too deeply") from None

    @classmethod
    def of(cls, made: Any) -> Facts:
        """The same, from the object that JSON gave. Raises ValueError."""
        given = _members(cls, made)
        for name in ("item", "creator", "extra"):
            if not isinstance(given.get(name, {}), dict):
                raise ValueError(f"{name} is not an object")
        matches = _of_type(given.pop("matches", []), list, "matches")
        file = _members(FileFacts, given.pop("file", {}))
        file["notes"] = frozenset(_texts(file.get("notes", []), "notes"))
        return cls(
            matches=tuple(_found(match) for match in matches),
            file=_checked(FileFacts, file),
            **(given | {"channel": _of_type(given.get("channel", "unknown"), str, "channel")}),
        )


def _found(made: Any) -> Found:
    given = _members(Found, made)
    given["labels"] = _texts(given.get("labels", []), "labels")
    if given.get("strength", "near") not in ("exact", "weak", "near"):
        raise ValueError("strength is not one of exact, weak, near")
    found: Found = _checked(Found, given)
    return found


def _checked(kind: Any, given: dict[str, Any]) -> Any:
    """An object of a dataclass, each value of the type that its field names."""
    for part in fields(kind):
        if part.name in given:
            value, wanted = given[part.name], str(part.type)
            if wanted in PLAIN and type(value) not in PLAIN[wanted]:
                raise ValueError(f"{part.name} is not {wanted}")
    try:
        return kind(**given)
    except TypeError:
        raise ValueError("a match lacks its type or distance") from None


PLAIN: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "int | None": (int, type(None)),
    "str | None": (str, type(None)),
}
"""Types by the words that fields name them with."""


def _members(kind: Any, made: Any) -> dict[str, Any]:
    given = dict(_of_type(made, dict, "this"))
    unknown = set(given) - {part.name for part in fields(kind)}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    return given


def _texts(made: Any, name: str) -> tuple[str, ...]:
    if not all(isinstance(text, str) for text in _of_type(made, list, name)):
        raise ValueError(f"{name} holds what is not a text")
    return tuple(made)


def _of_type(made: Any, kind: type, name: str) -> Any:
    if not isinstance(made, kind):
        raise ValueError(f"{name} is not of type {kind.__name__}")
    return made

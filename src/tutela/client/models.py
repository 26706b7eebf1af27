"""What the service answers, as the OpenAPI description has it. Members that this version does not
know are left out, so that a newer service can be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Generic, Literal, Self, TypeVar

Verdict = Literal["allow", "review", "block"]
Each = TypeVar("Each")


class _Answer:
    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """From the object that JSON gave. Raises `TypeError` if members are missing."""
        known = {part.name for part in fields(cls)}  # type: ignore[arg-type] # all are dataclasses
        return cls(**{name: value for name, value in told.items() if name in known})


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal that was made elsewhere."""

    type: str
    value: str
    quality: int | None = None

    def told(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class Match(_Answer):
    """A bank that has a value near one of the item's signals."""

    bank: str
    signal_type: str
    value: str
    distance: int
    variant: str
    quality: int | None
    labels: tuple[str, ...]
    source: str
    purpose: str
    strength: str
    disputed: bool = False
    seed: bool = False


def _matches(told: Mapping[str, Any]) -> dict[str, Any]:
    found = told.get("matches", [])
    made = tuple(Match.of({**one, "labels": tuple(one.get("labels", ()))}) for one in found)
    return {**told, "matches": made}


@dataclass(frozen=True, slots=True)
class LookedUp(_Answer):
    """What policy says of signals. `matches` and `explanation` take the scope `match:detail`."""

    verdict: Verdict
    policy_version: str
    test: bool
    matches: tuple[Match, ...] = ()
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Screened(_Answer):
    """What policy says of an item, and what became of it. Whatever is not `allowed` is to be held
    back; `public_reason` is all that its uploader may be shown."""

    item_id: str
    verdict: Verdict
    public_reason: str
    policy_version: str
    case_id: str | None
    evidence: Literal["sealed", "failed", "none"]
    test: bool
    matches: tuple[Match, ...] = ()
    explanation: str = ""

    @property
    def allowed(self) -> bool:
        return self.verdict == "allow"


@dataclass(frozen=True, slots=True)
class ReportTaken(_Answer):
    """That a report of a user was taken, and on which case it is."""

    alert: int
    case_id: str


@dataclass(frozen=True, slots=True)
class Bank(_Answer):
    """A bank. `on` says whether it matches now."""

    name: str
    purpose: str
    source: str
    signals: int
    on: bool
    note: str
    distance: int | None
    licence: str
    version: int
    root: str


@dataclass(frozen=True, slots=True)
class Page(Generic[Each]):
    """One page of a list; `next` is what `after` is for the page that follows, or None."""

    items: tuple[Each, ...]
    next: str | None


def screened(told: Mapping[str, Any]) -> Screened:
    made = Screened.of(_matches(told))
    if made.verdict not in ("allow", "review", "block"):
        raise TypeError(f"{made.verdict!r} is no verdict")
    return made


def looked_up(told: Mapping[str, Any]) -> LookedUp:
    return LookedUp.of(_matches(told))


def page(of: Callable[[Mapping[str, Any]], Each]) -> Callable[[Mapping[str, Any]], Page[Each]]:
    """What reads a list of these."""
    return lambda told: Page(tuple(of(one) for one in told["items"]), told["next"])

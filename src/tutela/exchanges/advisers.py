"""The contract of a partner that lists nothing, but says what it knows of a value.

It stands among the partners, is added, signed in at, paused and left as they are, and fills no
bank. Nobody asks it but about items which a case is about: a value tells it that somebody has the
picture.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeAlias, runtime_checkable

from tutela.exchanges import partners
from tutela.exchanges.errors import ExchangeRefused
from tutela.exchanges.partners import (
    Call,
    Feedback,
    Fetching,
    Reply,
    Role,
    Setup,
    Telling,
)

log = logging.getLogger(__name__)


class Found(StrEnum):
    """What it says of a value, in words of ours."""

    LISTED = "listed"
    HARMFUL = "harmful"
    """Not of the first kind, and not to be shown either."""
    UNKNOWN = "unknown"
    """It knows none like it: that says nothing of the picture."""


@dataclass(frozen=True, slots=True)
class Second:
    """Its opinion of a value. `match`: `exact`, `near`, or empty."""

    found: Found
    match: str = ""


Advising: TypeAlias = Generator[Call, Reply, dict[str, Second]]
"""The calls that ask; returns an opinion of every value, or raises `Unreadable`."""


@runtime_checkable
class Adviser(Protocol):
    """A partner that is asked, besides what `partners.Partner` says."""

    advises: frozenset[str]
    """Signal types that it is asked about."""
    most: int
    """Values of one call."""

    def advise(self, setup: Setup, kind: str, values: Sequence[str]) -> Advising:
        """What it says of up to `most` values of one type; each may be asked twice."""
        ...


class Advises:
    """What a partner does that is only asked: it has no list, and hears of nothing."""

    roles: tuple[Role, ...] = ()
    stale_after = timedelta(days=3650)
    checkpoint_lasts: timedelta | None = None
    feedback = False

    def fetch(self, setup: Setup, checkpoint: Mapping[str, Any] | None, now: datetime) -> Fetching:
        """There is nothing to fetch."""
        raise ExchangeRefused("It has no list: it is asked about what is reviewed here.", "")
        yield

    def tell(self, setup: Setup, feedback: Feedback) -> Telling:
        """It hears of nothing."""
        raise ExchangeRefused("It takes no feedback.", "")
        yield


def named(name: str) -> Adviser | None:
    """The adviser of this name; None: the partner is none, or its module cannot be loaded, which
    must undo nothing of whoever asks."""
    try:
        found = partners.named(name)
    except Exception as error:
        log.error("the partner %s cannot be loaded: %s", name, type(error).__name__)
        return None
    return found if isinstance(found, Adviser) else None

"""What a worker is given to do, by name, and what it tells others of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tutela.storage import Session

NAME = re.compile(r"[a-z][a-z0-9_.-]{2,63}")


@dataclass(frozen=True, slots=True)
class Chore:
    """Clock work: done when the worker starts, and then each time that `every` has passed.

    One chore runs at a time. It may be cut off and done again at any point; one that raises is
    done again at its next time.
    """

    name: str
    every: timedelta
    do: Callable[[], None]

    def __post_init__(self) -> None:
        _require_name(self.name)
        if self.every < timedelta(seconds=1):
            raise ValueError(f"the chore {self.name} would never rest")


@dataclass(frozen=True, slots=True)
class Duty:
    """Durable work on ids that are due: on each of them once at a time, whatever is killed.

    `due` gives up to `limit` ids, the most urgent first, cheaply: it is asked every second. `do`
    is given one, in a thread, and commits that it is no longer due, or due later, before it
    returns. A run that was cut off, even right after that, is done again: so `do` looks first
    whether its id still is due, and does to the other side only what may be done twice. If it
    raises, it is done again later and later, up to an hour.
    """

    name: str
    due: Callable[[Session, datetime, int], Sequence[str]]
    do: Callable[[str], None]
    concurrency: int = 4

    def __post_init__(self) -> None:
        _require_name(self.name)
        if not 1 <= self.concurrency <= 64:
            raise ValueError("concurrency must be between 1 and 64")


@dataclass(frozen=True, slots=True)
class ChoreFailed:
    """A chore raised; told each time. `reason` is fit for a log."""

    name: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ChoreWorksAgain:
    """A chore that failed in this worker came to its end."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DutyFailed:
    """A duty raised on an id, or where `subject` is empty, when asked what is due."""

    name: str
    subject: str
    reason: str
    at: datetime


def _require_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of a chore or duty")

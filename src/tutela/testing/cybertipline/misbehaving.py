"""How the server misbehaves, on demand or at random."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from tutela.errors import TutelaError

XML = frozenset({"status", "submit", "upload", "fileinfo", "finish", "retract"})
"""What is answered with a document that says a code."""

EVERY = XML | {"xsd"}
CHANGING = XML - {"status"}


class UnknownMisbehaviour(TutelaError):
    """A name that is not in the table, or a rate that is none."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """One way to misbehave: what happens, and at which operations.

    `after`: only once what was asked for has been done; else instead of doing it. `lasting`: from
    then on, until the server is told to behave.
    """

    what: str
    where: frozenset[str]
    after: bool = False
    lasting: bool = False


def _reset_after(operation: str, done: str) -> Misbehaviour:
    return Misbehaviour(
        f"{done}, and the connection is reset instead of a reply", frozenset({operation}), True
    )


MISBEHAVIOURS: dict[str, Misbehaviour] = {
    "server-error": Misbehaviour("code 1000; nothing is done", XML),
    "unknown-code": Misbehaviour("code 7777, which is in no list; nothing is done", XML),
    "unavailable": Misbehaviour("status 503 with `Retry-After`; nothing is done", EVERY),
    "too-many": Misbehaviour("status 429 with `Retry-After`; nothing is done", EVERY),
    "redirect": Misbehaviour("status 307 to another host; nothing is done", EVERY),
    "revoked": Misbehaviour(
        "status 401 with an empty body, from this request on", EVERY, lasting=True
    ),
    "reset-before-reading": Misbehaviour(
        "the connection is reset before the body is read; nothing is done", EVERY
    ),
    "slow-upload": Misbehaviour(
        "before each 64 kB that are read there is a pause of 0.3 seconds, up to 100 times",
        frozenset({"upload"}),
    ),
    "schema-changed": Misbehaviour(
        "the schema has one more optional element, from this request on",
        frozenset({"xsd"}), lasting=True,
    ),
    "reset-after-submit": _reset_after("submit", "the report is opened"),
    "reset-after-upload": _reset_after("upload", "the file is kept"),
    "reset-after-fileinfo": _reset_after("fileinfo", "the details are kept"),
    "reset-after-finish": _reset_after("finish", "the report is filed"),
    "reset-after-retract": _reset_after("retract", "the report is cancelled"),
    "slow-reply": Misbehaviour("it is done; the reply comes 30 seconds later", EVERY, True),
    "truncated": Misbehaviour("it is done; the reply's XML ends in its middle", EVERY, True),
    "empty": Misbehaviour("it is done; the reply is status 200 and nothing else", EVERY, True),
    "endless": Misbehaviour("it is done; the reply goes on up to 1 GB", EVERY, True),
    "doctype": Misbehaviour(
        "it is done; the reply has a `<!DOCTYPE` whose entities grow past 1 GB", XML, True
    ),
    "wrong-md5": Misbehaviour(
        "the file is kept; the reply's MD5 is that of another", frozenset({"upload"}), True
    ),
    "wrong-report-id": Misbehaviour(
        "it is done; the reply names another report", CHANGING - {"submit"}, True
    ),
    "duplicate-request-id": Misbehaviour(
        "it is done; the reply has the `Request-ID` of the one before", EVERY, True
    ),
}  # fmt: skip
"""All of them by name. Of several that a request could meet, the first demanded one happens; else
each has its chance, in this order."""


@dataclass(slots=True)
class _Demand:
    name: str
    times: int
    skip: int


class Plan:
    """Which request meets which misbehaviour. Any thread may call."""

    def __init__(self, rates: Mapping[str, float], seed: int) -> None:
        """`rates`: how likely each is, 0 to 1, at a request that could meet it. Raises
        `UnknownMisbehaviour`."""
        for name, rate in rates.items():
            _known(name)
            if not 0 <= rate <= 1:
                raise UnknownMisbehaviour(
                    f"The rate of {name} is {rate}.", "Give a number from 0 to 1."
                )
        self._rates = {name: rates[name] for name in MISBEHAVIOURS if rates.get(name)}
        self._random = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self._demands: list[_Demand] = []
        self._lasting: list[str] = []
        self._lock = threading.Lock()

    def demand(self, name: str, times: int, after: int) -> None:
        """Have the next `times` requests that can meet it do so, but for the first `after` of
        them. Raises `UnknownMisbehaviour`."""
        _known(name)
        with self._lock:
            self._demands.append(_Demand(name, times, after))

    def behave(self) -> None:
        """No more of what was demanded, nor of what lasts; nor at random."""
        with self._lock:
            self._demands.clear()
            self._lasting.clear()
            self._rates.clear()

    def chosen(self, operation: str, *, after: bool) -> str:
        """What this request meets before, or after, it is done; empty: nothing."""
        with self._lock:
            found = self._demanded(operation, after) or self._drawn(operation, after)
            if found and MISBEHAVIOURS[found].lasting and found not in self._lasting:
                self._lasting.append(found)
            return found

    def lasts(self, name: str) -> bool:
        """Whether a lasting one has begun."""
        with self._lock:
            return name in self._lasting

    def _demanded(self, operation: str, after: bool) -> str:
        for name in self._lasting:
            if _meets(name, operation, after):
                return name
        for demand in self._demands:
            if not _meets(demand.name, operation, after):
                continue
            if demand.skip:
                demand.skip -= 1
                continue
            demand.times -= 1
            if demand.times <= 0:
                self._demands.remove(demand)
            return demand.name
        return ""

    def _drawn(self, operation: str, after: bool) -> str:
        for name, rate in self._rates.items():
            if _meets(name, operation, after) and self._random.random() < rate:
                return name
        return ""


def _meets(name: str, operation: str, after: bool) -> bool:
    found = MISBEHAVIOURS[name]
    return found.after == after and operation in found.where


def _known(name: str) -> None:
    if name not in MISBEHAVIOURS:
        raise UnknownMisbehaviour(
            f"There is no misbehaviour {name}.", f"There are: {', '.join(MISBEHAVIOURS)}."
        )

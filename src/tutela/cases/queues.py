"""Queues: where cases wait, in what order rules are asked, what is not offered there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select

from tutela import audit
from tutela.cases import routing
from tutela.cases.errors import CaseRefused, NoSuchQueue
from tutela.cases.models import Case, Queue
from tutela.cases.routing import BUILT_IN
from tutela.people import callers, knowing
from tutela.people.models import Need
from tutela.people.permissions import Caller
from tutela.storage import Session

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
LONGEST_NOTE = 1_000
ACTIONS = (
    "skip", "assign", "escalate", "comment", "move", "close", "reopen", "detach", "role", "hold",
    "view", "original", "without-viewing", "confirmed", "no-match", "cannot-tell", "bulk",
)  # fmt: skip
"""What a queue can hide on its cases' pages."""

TWO_FOR = ("release", "confirm", "worst", "report")
"""What a queue can make take two people: releasing a match with a vetted bank, confirming one,
revealing the worst grade, sending a report."""


USUAL_TWO = frozenset({"release"})
"""What takes two people in a queue that was never set."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a queue is, as pages and routes need it."""

    name: str
    note: str = ""
    position: int = 0
    rule: str = ""
    hidden: frozenset[str] = frozenset()
    two_for: frozenset[str] = USUAL_TWO


def kept(session: Session, name: str) -> Kept:
    """A queue; one that was never set has no rule and hides nothing."""
    row = session.get(Queue, name)
    return Kept(name) if row is None else _kept(row)


def listed(session: Session) -> Sequence[Kept]:
    """All queues in order, with those built in."""
    rows = session.scalars(select(Queue).order_by(Queue.position, Queue.name)).all()
    names = {row.name for row in rows}
    return [*map(_kept, rows), *(Kept(name) for name in BUILT_IN if name not in names)]


def in_use(session: Session) -> list[str]:
    """The names of all queues, also of such as only a case still names."""
    names = [one.name for one in listed(session)]
    at = select(Case.queue).where(Case.closed_at.is_(None)).order_by(Case.queue).limit(1)
    found = session.scalar(at)
    while found is not None:  # one step of the index for each queue, however many cases are there
        if found not in names:
            names.append(found)
        found = session.scalar(at.where(Case.queue > found))
    return names


def put(
    session: Session,
    now: datetime,
    by: Caller,
    name: str,
    *,
    note: str = "",
    position: int = 0,
    rule: str = "",
    hidden: Iterable[str] = (),
    two_for: Iterable[str] = (),
) -> Kept:
    """Make a queue, or change it. Cases that wait are not moved. Raises `CaseRefused`."""
    if not NAME.fullmatch(name):
        raise CaseRefused(
            f"{name[:80]!r} cannot be the name of a queue.",
            "Use up to 64 of a-z, 0-9, dot, dash and underscore.",
        )
    if len(note) > LONGEST_NOTE:
        raise CaseRefused(f"The note is longer than {LONGEST_NOTE} characters.", "Shorten it.")
    if not -1_000_000 <= position <= 1_000_000:
        raise CaseRefused("The position is not one.", "Use a number to a million.")
    routing.rule(rule)
    words = _words(hidden, ACTIONS, "hide"), _words(two_for, TWO_FOR, "make take two")
    row = session.scalar(select(Queue).where(Queue.name == name).with_for_update())
    if row is None:
        row = Queue(name=name)
        session.add(row)
    row.note, row.position, row.rule = note, position, rule.strip()
    row.hidden, row.two_for = words
    session.flush()
    audit.append(
        session, now, by.actor, "queue.set", f"queue:{name}", position=position, rule=row.rule,
        hidden=row.hidden, two_for=row.two_for,
    )  # fmt: skip
    return _kept(row)


def remove(session: Session, now: datetime, by: Caller, name: str) -> None:
    """Remove a queue in which nothing waits. Raises `NoSuchQueue`, `CaseRefused`."""
    row = session.scalar(select(Queue).where(Queue.name == name).with_for_update())
    if row is None:
        raise NoSuchQueue(f"There is no queue {name[:80]!r} to remove.", "Run: tutela queue list")
    if session.scalar(select(exists().where(Case.queue == name, Case.closed_at.is_(None)))):
        raise CaseRefused(f"Cases wait in the queue {name}.", "Move them first.")
    session.delete(row)
    session.flush()
    audit.append(session, now, by.actor, "queue.remove", f"queue:{name}")


def require(session: Session, name: str) -> None:
    """Raises `NoSuchQueue` if there is none of this name."""
    if name not in BUILT_IN and session.get(Queue, name) is None:
        raise NoSuchQueue(f"There is no queue {name[:80]!r}.", "Choose one of those listed.")


def only_named(session: Session, caller: Caller, queue: str) -> list[str] | None:
    """Of a queue that the caller does not see as a whole, the cases that they are named for; None
    of one that they see. It only narrows a search: `knowing.visible` still decides."""
    if caller.actor.startswith(callers.SHELL):
        return None
    said = session.execute(
        select(Need.actor, Need.allowed).where(Need.kind == knowing.QUEUE, Need.subject == queue)
    ).all()
    who = {caller.actor, caller.human}
    walled = any(not allowed and actor in who for actor, allowed in said)
    named = {actor for actor, allowed in said if allowed}
    if not walled and (not named or named & who):
        return None
    if walled:
        return []
    return list(
        session.scalars(
            select(Need.subject).where(
                Need.kind == knowing.CASE, Need.allowed.is_(True), Need.actor.in_(who)
            )
        )
    )


def _kept(row: Queue) -> Kept:
    return Kept(
        row.name, row.note, row.position, row.rule, frozenset(row.hidden.split()),
        frozenset(row.two_for.split()),
    )  # fmt: skip


def _words(given: Iterable[str], known: Sequence[str], what: str) -> str:
    words = sorted(set(given))
    for word in words:
        if word not in known:
            raise CaseRefused(
                f"A queue cannot {what} {word[:40]!r}.", f"It can: {', '.join(known)}."
            )
    return " ".join(words)

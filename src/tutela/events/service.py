"""Typed events: one room tells those on its right, in the same transaction, without knowing them.

The package that emits an event defines its type, a frozen dataclass. `tutela.app` says who handles
it: a handler that raises undoes the act that it was told of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import rfc8785

from tutela.events.models import Event
from tutela.storage import Session

Told = TypeVar("Told")
Fact = str | int | float | bool | None

BUS = "bus"
"""Where a session holds the bus of its database (`Database.info`)."""


class Bus:
    """Who handles which type of event."""

    def __init__(self) -> None:
        self._handlers: dict[type, list[Callable[[Session, Any], None]]] = defaultdict(list)

    def on(self, kind: type[Told], handler: Callable[[Session, Told], None]) -> None:
        """From now on, `handler` is called with events of just this type, in the order wired."""
        self._handlers[kind].append(handler)

    def tell(self, session: Session, event: object) -> None:
        for handler in self._handlers[type(event)]:
            handler(session, event)


def emit(session: Session, event: object) -> None:
    """Tell who is wired to hear it. Where nothing is wired, nobody is told."""
    bus: Bus | None = session.info.get(BUS)
    if bus is not None:
        bus.tell(session, event)


def record(session: Session, at: datetime, kind: str, subject: str, **facts: Fact) -> None:
    """Append what happened to the record that figures are made from: `kind` is `noun.verb`."""
    session.add(Event(at=at, kind=kind, subject=subject, facts=rfc8785.dumps(facts).decode()))

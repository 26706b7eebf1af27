"""Connections to partners that fill banks with lists, and that are told what came of them."""

from __future__ import annotations

from tutela.cases.alerts import ItemReported
from tutela.decisions.told import AppealSettled, Decided, Undone
from tutela.events import Bus
from tutela.screening.recording import ItemDecided

__all__ = ["wire"]


def wire(bus: Bus) -> None:
    """Partners hear of what is decided about what they list, and are asked about what a case is
    about."""
    from tutela.exchanges import opinions, telling

    bus.on(Decided, telling.note)
    bus.on(Undone, telling.withdraw)
    bus.on(AppealSettled, telling.settle)
    bus.on(ItemDecided, opinions.note)
    bus.on(ItemReported, opinions.note)

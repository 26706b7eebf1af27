"""Connections to partners that fill banks with lists, and that are told what came of them."""

from __future__ import annotations

from tutela.decisions.told import AppealSettled, Decided, Undone
from tutela.events import Bus

__all__ = ["wire"]


def wire(bus: Bus) -> None:
    """Partners hear of what is decided about what they list."""
    from tutela.exchanges import telling

    bus.on(Decided, telling.note)
    bus.on(Undone, telling.withdraw)
    bus.on(AppealSettled, telling.settle)

"""What an operator must be able to show of itself, filled from its own settings and records."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutela.events import Bus

__all__ = ["wire"]


def wire(bus: Bus) -> None:
    """Matches are drawn for people when they are recorded."""
    from tutela.records import sampling  # not above: settings need this room's options alone
    from tutela.screening.recording import ItemRecorded

    bus.on(ItemRecorded, sampling.draw)

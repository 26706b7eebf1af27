"""Law packs in use: what the law says of a case, by when, and who signed which rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutela.events import Bus

__all__ = ["wire"]


def wire(bus: Bus) -> None:
    """When due times are reckoned anew: what changes a duty changes them."""
    from tutela.decisions.told import Decided, Undone
    from tutela.law import deadlines  # not above: settings need this room's options alone
    from tutela.screening.recording import ItemDecided

    bus.on(ItemDecided, deadlines.came)
    bus.on(Decided, deadlines.decided)
    bus.on(Undone, deadlines.undone)

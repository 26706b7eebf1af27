"""Reports to authorities: drafted when something is confirmed, completed by people, sent once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutela.events import Bus

__all__ = ["wire"]


def wire(bus: Bus) -> None:
    """Who drafts when something is confirmed, and takes it out again."""
    from tutela.decisions.told import Decided, ReportDue, ReportNotDue, Undone
    from tutela.law.told import ReportsAsked
    from tutela.reporting import (  # not above: settings need this room's options alone
        correcting,
        drafting,
        lawful,
    )

    bus.on(ReportDue, drafting.ask)
    bus.on(ReportNotDue, drafting.unask)
    bus.on(Decided, correcting.decided)
    bus.on(Undone, correcting.undone)
    bus.on(ReportsAsked, lawful.answer)

"""Decisions: what people concluded, with reasons, what followed from it, and the way back."""

from __future__ import annotations

from tutela.decisions import appeals, disputes, marking, own_bank, strikes, telling
from tutela.decisions.told import AppealSettled, Decided, Undone
from tutela.events import Bus
from tutela.screening.recording import ItemDecided

__all__ = ["wire"]


def wire(bus: Bus) -> None:
    """Who does what when something is decided; what is taken back, in the other order."""
    bus.on(Decided, marking.mark)
    bus.on(Decided, own_bank.add)
    bus.on(Decided, strikes.give)
    bus.on(Decided, disputes.record)
    bus.on(Decided, telling.ask_report)
    bus.on(Decided, telling.tell)
    bus.on(Decided, appeals.answer)
    bus.on(Undone, telling.unask_report)
    bus.on(Undone, disputes.withdraw)
    bus.on(Undone, strikes.take_back)
    bus.on(Undone, own_bank.take_out)
    bus.on(Undone, telling.tell_undone)
    bus.on(Undone, appeals.answer_undone)
    bus.on(AppealSettled, telling.tell_appeal)
    bus.on(ItemDecided, strikes.spare)

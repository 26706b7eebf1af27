"""What can go wrong with cases."""

from __future__ import annotations

from datetime import datetime

from tutela.errors import TutelaError


class NoSuchCase(TutelaError):
    """There is no case of this id."""


class NoSuchQueue(TutelaError):
    """There is no queue of this name."""


class CaseRefused(TutelaError):
    """What was asked cannot be done with this case."""


class ReportRefused(TutelaError):
    """A report that cannot be taken as it is."""


class NotHeld(TutelaError):
    """A case that the caller does not work on now."""

    def __init__(self, case_id: str) -> None:
        super().__init__(
            f"The case {case_id} is not yours now: it was not taken, or too long ago.",
            "Take it, look at what changed, and do it again.",
        )


class CaseTaken(NotHeld):
    """A case that someone else works on."""

    def __init__(self, case_id: str, by: str, until: datetime | None) -> None:
        till = f" until {until:%H:%M} UTC" if until else ""
        TutelaError.__init__(
            self, f"{by} works on the case {case_id}{till}.", "Take another, or take it over."
        )
        self.by = by

"""What can go wrong with decisions and appeals."""

from __future__ import annotations

from datetime import datetime

from tutela.errors import TutelaError


class DecisionRefused(TutelaError):
    """A decision that cannot be made, or taken back, as it is."""


class TakesTwo(DecisionRefused):
    """A decision that another person must agree to first."""

    def __init__(self, act: str) -> None:
        super().__init__(
            f"This takes two people: {act}.", "Ask for it; someone else then agrees to it."
        )
        self.act = act


class DecidedAlready(DecisionRefused):
    """Someone else decided about the item."""

    def __init__(self, item_id: str, by: str, conclusion: str, at: datetime) -> None:
        super().__init__(
            f"{by} decided about {item_id} already: {conclusion},"
            f" {at:%Y-%m-%d %H:%M:%S} UTC. Nothing of yours was recorded.",
            "Look at what stands there now.",
        )
        self.by = by


class NoSuchDecision(TutelaError):
    """There is no decision of this id."""


class AppealRefused(TutelaError):
    """An appeal that cannot be taken or decided. What it says may be shown to who appeals."""


class NothingStands(AppealRefused):
    """An appeal about something that no decision stands against."""


class NoSuchAppeal(TutelaError):
    """There is no appeal of this id."""


class GradesRefused(TutelaError):
    """Grades that are not those of the data file, or a data file that cannot be read."""

    exit_code = 2

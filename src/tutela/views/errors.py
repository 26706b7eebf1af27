"""What can go wrong with views."""

from __future__ import annotations

from datetime import datetime

from tutela.errors import TutelaError


class ViewRefused(TutelaError):
    """What is not shown, for a reason that no reason of the viewer's changes."""


class LimitReached(TutelaError):
    """A limit on exposure: nothing more is shown to this person until then, or it is with a reason
    that is recorded."""

    def __init__(self, limit: str, until: datetime | None, what: str, hint: str) -> None:
        super().__init__(what, hint)
        self.limit = limit
        self.until = until

"""What can go wrong with records."""

from __future__ import annotations

from tutela.errors import TutelaError


class RecordRefused(TutelaError):
    """What was asked of the records cannot be done."""

"""What can go wrong with cases."""

from __future__ import annotations

from tutela.errors import TutelaError


class NoSuchCase(TutelaError):
    """There is no case of this id."""

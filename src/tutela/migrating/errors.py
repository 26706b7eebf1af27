"""What can be wrong with a move from HMA."""

from __future__ import annotations

from tutela.errors import TutelaError


class MigrationError(TutelaError):
    """It cannot be read, or what it says cannot be used."""

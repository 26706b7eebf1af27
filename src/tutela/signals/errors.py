"""What can be wrong with a signal."""

from __future__ import annotations

from tutela.errors import TutelaError


class SignalError(TutelaError):
    """A value that is not a signal of its type, or a type that does not exist."""

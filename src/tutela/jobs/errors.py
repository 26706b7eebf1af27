"""What ends a run of durable work."""

from __future__ import annotations

from tutela.errors import TutelaError


class RunFailed(TutelaError):
    """A duty raised. Of why, only the kind of the error is kept in the database."""

    exit_code = 3


def reason(error: Exception) -> str:
    """What may be logged of an error: what a `TutelaError` says, else only its kind."""
    return error.what if isinstance(error, TutelaError) else type(error).__name__

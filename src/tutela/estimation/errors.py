"""What keeps a table from being estimated from."""

from __future__ import annotations

from tutela.errors import TutelaError


class BadTable(TutelaError):
    """A table that says nothing, or not what it should: where, and how to write it."""

    exit_code = 2


class NoFigures(TutelaError):
    """The extra `figures` is not installed."""

    exit_code = 3

    def __init__(self) -> None:
        super().__init__(
            "Estimates need SciPy, which is not installed.",
            "Install Tutela with its extra: pip install 'tutela[figures]'.",
        )


class NoEstimate(TutelaError):
    """No model can be fitted to these counts."""

"""The one error base: what happened, to what, and what to do now."""

from __future__ import annotations


class TutelaError(Exception):
    """An error that a person can act on.

    ``what`` says what happened and to what; ``hint`` says what to do now. Neither ever holds
    content of a file.
    """

    exit_code = 1
    """What a command that ends so gives its caller: 1 refused, 2 used wrongly, 3 broken."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what} {self.hint}".strip()

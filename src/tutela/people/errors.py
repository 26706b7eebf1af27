"""What can go wrong with who acts."""

from __future__ import annotations

from tutela.errors import TutelaError


class KeyRefused(TutelaError):
    """A key that is not one, was revoked, or may not do this."""


class SecondPersonNeeded(TutelaError):
    """An act that another person must approve first. Nothing was done."""

    def __init__(self, number: int, what: str) -> None:
        super().__init__(
            f"This takes two people: {what} waits for the approval {number}.",
            f"Someone else, with a key of their own, runs: tutela approve {number}. "
            "Then repeat this command.",
        )
        self.number = number

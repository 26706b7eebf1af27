"""What can go wrong: the service says no, or does not answer. Neither is a verdict."""

from __future__ import annotations

from dataclasses import dataclass


class Problem(Exception):
    """Base of both: nothing was decided."""


@dataclass
class Refused(Problem):
    """The service answered with an error, as `application/problem+json` has it."""

    status: int
    type: str
    title: str
    detail: str
    hint: str
    request_id: str

    def __str__(self) -> str:
        return f"{self.status} {self.type}: {self.detail} {self.hint}".strip()


class Unreachable(Problem):
    """The service gave no answer, however often it was asked, in the time that was given."""

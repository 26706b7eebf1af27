"""What can go wrong with who acts."""

from __future__ import annotations

from datetime import datetime

from tutela.errors import TutelaError
from tutela.people.permissions import Caller, Permission


class KeyRefused(TutelaError):
    """A key that is not one, was revoked, or may not do this."""


class NotPermitted(KeyRefused):
    """Someone who asks lacks a permission."""

    def __init__(self, caller: Caller, permission: Permission) -> None:
        super().__init__(
            f"{caller.actor} lacks the permission {permission}: to {permission.what}.",
            "Use a key that has it, or ask an administrator. Why it is so, an administrator sees"
            f" with: tutela access explain {caller.actor} {permission}",
        )
        self.permission = permission


class SecondPersonNeeded(TutelaError):
    """An act that another person must approve first. Nothing was done."""

    def __init__(self, number: int, what: str, usable_at: datetime | None = None) -> None:
        alone = f" Or do it alone from {usable_at:%Y-%m-%d %H:%M} UTC on." if usable_at else ""
        super().__init__(
            f"This takes two people: {what} waits for the approval {number}.",
            f"Someone else, with a key of their own, runs: tutela approve {number}. "
            f"Then repeat this command.{alone}",
        )
        self.number = number
        self.usable_at = usable_at


class ApprovalRefused(TutelaError):
    """What someone asked for, another person refused."""


class NoSuchRole(TutelaError):
    """A role that is not there."""

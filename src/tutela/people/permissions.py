"""What someone may do. Keys and people share these; none includes another."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """One thing that someone may do. A key's scopes are these, and so is what roles are made of."""

    what: str

    def __new__(cls, name: str, what: str) -> Permission:
        made = str.__new__(cls, name)
        made._value_ = name
        made.what = what
        return made

    SCREEN = "screen", "send uploads to be decided"
    LOOKUP = "lookup", "ask whether signals are known"
    MATCH_DETAIL = "match:detail", "see which bank matched, and how nearly"
    BANKS_READ = "banks:read", "see banks and what is in them"
    BANKS_WRITE = "banks:write", "change banks and what is in them"
    INTAKE = "intake", "hand in reports of users"
    CASES = "cases", "see cases and work on them"
    MEDIA = "media", "open restricted media"
    GRADE = "grade", "grade media"
    REPORTS = "reports", "make reports and send them to authorities"
    RELEASE = "release", "release from quarantine"
    EXPORT = "export", "take lists, logs and evidence out"
    POLICY = "policy", "change the policy"
    AUDIT = "audit", "read and verify the audit log"
    METRICS = "metrics", "read the metrics"
    ADMIN = "admin", "administer people, roles, keys, alarms and webhooks"


BY_NAME = {str(one): one for one in Permission}

RESTRICTED = frozenset({
    Permission.MEDIA, Permission.GRADE, Permission.REPORTS, Permission.RELEASE, Permission.EXPORT,
    Permission.ADMIN, Permission.AUDIT,
})  # fmt: skip
"""What one person does not give to themselves: another must agree."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, be it a key, a person or the shell of the service's user."""

    actor: str
    """As in the audit log: `key:NAME`, `person:NAME` or `shell:USER`."""

    permissions: frozenset[str]
    principal: str = ""
    """The person behind a key that a person made for themselves; empty: the actor itself."""

    roles: tuple[str, ...] = ()

    @property
    def human(self) -> str:
        """Who is behind this: two callers of one human are not two people."""
        return self.principal or self.actor

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

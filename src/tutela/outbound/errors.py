"""What can go wrong outside."""

from __future__ import annotations

from enum import StrEnum

from tutela.errors import TutelaError


class Reason(StrEnum):
    """Why a request was not made, or why its reply was not taken."""

    URL = "url"
    NOT_LISTED = "not-listed"
    ADDRESS = "address"
    UNRESOLVED = "unresolved"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMEOUT = "timeout"
    TOO_LARGE = "too-large"
    REDIRECTED = "redirected"
    STATUS = "status"
    BROKEN = "broken"


REFUSED = frozenset({Reason.URL, Reason.NOT_LISTED, Reason.ADDRESS, Reason.REDIRECTED})
"""Reasons that are ours: nothing was sent there."""


class OutboundError(TutelaError):
    """A request that was refused, or that failed. It names the host at most: paths hold secrets."""

    def __init__(self, reason: Reason, what: str, hint: str = "") -> None:
        super().__init__(what, hint)
        self.reason = reason
        self.sent = False
        """Something of the request may have arrived."""
        self.exit_code = 1 if reason in REFUSED else 3

"""What reporting refuses, and what fails."""

from __future__ import annotations

from tutela.errors import TutelaError


class ReportingError(TutelaError):
    """Reporting cannot go on: something is broken or missing."""

    exit_code = 3


class NoSuchAuthority(TutelaError):
    """No module of this name is installed."""


class NoSuchReport(TutelaError):
    """No report of this id, or one that the caller need not know of."""


class ReportNotReady(TutelaError):
    """A draft that cannot be sent as it is, or a report that cannot be changed any more."""


class EditRefused(TutelaError):
    """What was written into a report is not as it must be."""


class ReportChanged(TutelaError):
    """Someone else changed it meanwhile."""


class CannotWithdraw(TutelaError):
    """What was filed stays filed."""


class NotConfigured(TutelaError):
    """No credentials, or nobody allowed production."""

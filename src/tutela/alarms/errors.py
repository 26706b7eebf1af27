"""What can go wrong with alarms."""

from __future__ import annotations

from tutela.errors import TutelaError


class NoSuchAlarm(TutelaError):
    """There is no open alarm of this number."""

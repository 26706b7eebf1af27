"""What preservation refuses."""

from __future__ import annotations

from tutela.errors import TutelaError


class NoSuchRequest(TutelaError):
    """No request of this id, or one of a case that the caller need not know of."""


class RequestRefused(TutelaError):
    """A request that cannot be recorded, ended or carried out as it is."""

"""A client of a Tutela service, for other people's programs: sync and async, typed, retrying.

It needs the extra `client`, and uses nothing else of this package.
"""

from __future__ import annotations

from tutela.client.asynchronous import AsyncTutela
from tutela.client.errors import Problem, Refused, Unreachable
from tutela.client.models import Bank, LookedUp, Match, Page, ReportTaken, Screened, Signal
from tutela.client.synchronous import Tutela

__all__ = [
    "AsyncTutela", "Bank", "LookedUp", "Match", "Page", "Problem", "Refused", "ReportTaken",
    "Screened", "Signal", "Tutela", "Unreachable",
]  # fmt: skip

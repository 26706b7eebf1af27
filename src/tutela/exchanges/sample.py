"""A list that is made here, to see an exchange at work: ten digests of sentences, of no file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tutela.banks.models import Purpose
from tutela.exchanges.errors import ExchangeRefused
from tutela.exchanges.partners import (
    Entry,
    Feedback,
    Fetching,
    Field,
    Listed,
    Page,
    Role,
    Setup,
    Telling,
)

COUNT = 10


def text(number: int) -> bytes:
    """What an entry is the SHA-256 of: a file of just this matches."""
    return f"tutela sample {number}".encode()


class Sample:
    """Ten values for trying."""

    name = "sample"
    title = "A sample, to try"
    fields: tuple[Field, ...] = ()
    roles = (Role("test", Purpose.TEST),)
    every = timedelta(hours=1)
    stale_after = timedelta(days=1)
    checkpoint_lasts: timedelta | None = None
    feedback = False

    def hosts(self, setup: Setup) -> tuple[str, ...]:
        """None: it is made here."""
        return ()

    def fetch(self, setup: Setup, checkpoint: Mapping[str, Any] | None, now: datetime) -> Fetching:
        """All of it, each time."""
        entries = [
            Entry(
                f"sample/{number}", None,
                (Listed("sha256", hashlib.sha256(text(number)).hexdigest()),), "test",
            )
            for number in range(COUNT)
        ]  # fmt: skip
        yield Page(entries, {"entries": COUNT}, complete=True, replaces=True)

    def tell(self, setup: Setup, feedback: Feedback) -> Telling:
        """There is nobody to tell."""
        raise ExchangeRefused("The sample cannot be told.", "")
        yield

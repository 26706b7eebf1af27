"""A partner's module against a test server, without sockets and without a database."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tutela.exchanges.errors import Loop
from tutela.exchanges.partners import Call, Entry, Page, Partner, Reply, Setup
from tutela.testing.hash_sharing.stand import Request, Stand

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Ended(Exception):
    """The driver would end the run here."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Clock:
    """What time it is, for the server and for us."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **how: float) -> None:
        self.at += timedelta(**how)


class Store:
    """What the driver keeps, in memory: entries by key, and the checkpoint."""

    def __init__(self, partner: Partner, server: Stand, setup: Setup, clock: Clock) -> None:
        self.partner, self.server, self.setup, self.clock = partner, server, setup, clock
        self.entries: dict[str, Entry] = {}
        self.checkpoint: Mapping[str, Any] | None = None
        self.rejected: list[str] = []
        self.pages: list[Page] = []
        self.between: Callable[[], object] = lambda: None
        """Called after each page that was stored: tests die here, or change the server."""

    def fetch(self) -> None:
        """One run, to its end. Raises what the module raises, and `Ended`."""
        generator = self.partner.fetch(self.setup, self.checkpoint, self.clock())
        seen = set()
        step = next(generator, None)
        while step is not None:
            if isinstance(step, Call):
                step = generator.send(self._asked(step))
                continue
            self._store(step)
            if step.complete:
                return
            digest = json.dumps(step.checkpoint, sort_keys=True)
            if digest in seen:
                raise Loop("the same checkpoint twice")
            seen.add(digest)
            self.between()
            step = next(generator, None)

    def tell(self, feedback: Any) -> None:
        generator = self.partner.tell(self.setup, feedback)
        step = next(generator, None)
        while step is not None:
            try:
                step = generator.send(self._asked(step))
            except StopIteration:
                return

    def held(self) -> set[tuple[str, str]]:
        """Types and values that some entry has now."""
        return {
            (one.type, one.value) for entry in self.entries.values() for one in entry.signals or ()
        }

    def _asked(self, call: Call) -> Reply:
        base, parts = urlsplit(self.server.url), urlsplit(call.url)
        assert (parts.scheme, parts.netloc) == (base.scheme, base.netloc)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in call.headers.items()}
        path = parts.path
        found = self.server.reply(Request(call.method, path, query, headers, call.body))
        status = found.status if found else 0
        self.server.calls.append((call.method, f"{path}?{parts.query}", status))
        if found is None or not (200 <= status < 300 or status in call.also):
            raise Ended(status)
        return Reply(found.status, {}, found.body)

    def _store(self, page: Page) -> None:
        for entry in page.entries:
            old = self.entries.get(entry.key)
            if old and old.at and entry.at and entry.at < old.at:
                continue
            self.entries[entry.key] = entry
        self.rejected += page.rejected
        self.pages.append(page)
        self.checkpoint = json.loads(json.dumps(page.checkpoint))

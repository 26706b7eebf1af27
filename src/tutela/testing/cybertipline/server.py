"""The server as tests hold it: what it has, and how it is made to misbehave."""

from __future__ import annotations

import base64
import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from tutela.errors import TutelaError
from tutela.testing.cybertipline.documents import Documents, changed
from tutela.testing.cybertipline.handling import BASE, INSPECTION, Listener, Request
from tutela.testing.cybertipline.journal import Journal, text_of
from tutela.testing.cybertipline.misbehaving import Plan
from tutela.testing.cybertipline.reports import Report, Reports, State

USER, PASSWORD = "bicycle", "rain"
SLOW = 30.0
"""Seconds that a slow reply is late, and a slow upload takes longer."""


def system_clock() -> datetime:
    return datetime.now(UTC)


class Server:
    """Listens on the loopback address until the block ends.

    `clock` says when reports expire; `faults` how likely each misbehaviour is, drawn with `seed`;
    `schema` is what is served and checked by, None that of `tutela.reporting.cybertipline.schema`;
    `data` a journal to go on from, and to write; `slow` the seconds that slowness takes.
    `inspect` serves `/_reports` too. Raises `TutelaError`.
    """

    def __init__(
        self, *, clock: Callable[[], datetime] = system_clock,
        faults: Mapping[str, float] | None = None, seed: int = 0, schema: bytes | None = None,
        user: str = USER, password: str = PASSWORD, host: str = "127.0.0.1", port: int = 0,
        data: Path | None = None, inspect: bool = False, slow: float = SLOW,
    ) -> None:  # fmt: skip
        self.plan = Plan(faults or {}, seed)
        self.documents = Documents(published() if schema is None else schema)
        self.clock, self.user, self.inspect, self.slow = clock, user, inspect, slow
        self.closed = threading.Event()
        self._basic = base64.b64encode(f"{user}:{password}".encode())
        self._lock = threading.Lock()
        self._last_id, self._schema_changed = "", False
        self._journal = Journal(data)
        try:
            self.kept = Reports(clock, self._journal)
            self._requests = [
                Request(**event["request"] | {"at": datetime.fromisoformat(event["at"])})
                for event in self._journal.events
                if event["event"] == "request"
            ]
            self._listener = Listener(self, host, port)
        except OSError as error:
            self._journal.close()
            raise TutelaError(
                f"{host} port {port} cannot be listened on: {error.strerror}.",
                "Choose another port, or stop what has it.",
            ) from None
        self.port: int = self._listener.server_address[1]
        self._name = f"[{host}]" if ":" in host else host

    @property
    def url(self) -> str:
        """The base of all its addresses, as a client is configured with."""
        return f"http://{self._name}:{self.port}{BASE}"

    @property
    def inspection(self) -> str:
        """Where its state is, if `inspect` was asked for."""
        return self.url.removesuffix(BASE) + INSPECTION

    @property
    def reports(self) -> list[Report]:
        """All, in the order in which they were opened."""
        return self.kept.all()

    @property
    def finished(self) -> list[Report]:
        return [report for report in self.reports if report.state is State.FINISHED]

    @property
    def orphans(self) -> list[Report]:
        """Reports that are still open."""
        return [report for report in self.reports if report.state is State.OPEN]

    @property
    def requests(self) -> list[Request]:
        """All that reached it, but for those of `/_reports`."""
        with self._lock:
            return list(self._requests)

    def misbehave(self, name: str, times: int = 1, after: int = 0) -> None:
        """Have the next `times` requests that can meet a misbehaviour do so, but for the first
        `after` of them. Raises `UnknownMisbehaviour`."""
        self.plan.demand(name, times, after)

    def behave(self) -> None:
        """No misbehaviour from now on; a schema that has changed stays as it is."""
        self.plan.behave()

    def __enter__(self) -> Self:
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        self._listener.shutdown()
        self._listener.server_close()
        self._listener.hang_up()
        self._journal.close()

    def record(self) -> dict[str, Any]:
        """Reports and requests, as JSON can hold them."""
        return {
            "reports": [_record(report) for report in self.reports],
            "requests": [asdict(r) | {"at": r.at.isoformat()} for r in self.requests],
        }

    def admits(self, authorization: str) -> bool:
        kind, _, given = authorization.partition(" ")
        return kind.lower() == "basic" and hmac.compare_digest(
            given.strip().encode("utf-8", "replace"), self._basic
        )

    def note(self, request: Request) -> None:
        """Keep a request, before it is answered: who was answered finds it here."""
        with self._lock:
            self._requests.append(request)
            self._last_id = request.request_id or self._last_id
            at = request.at.isoformat()
            self._journal.write(
                {"event": "request", "at": at, "request": asdict(request) | {"at": at}}
            )

    def request_id(self, *, again: bool) -> str:
        """A fresh one, or that of the reply before."""
        with self._lock:
            return self._last_id if again and self._last_id else uuid4().hex

    def change_schema(self) -> None:
        """Serve, and check by, a schema with one more optional element; once."""
        with self._lock:
            if not self._schema_changed:
                self.documents = Documents(changed(self.documents.schema))
                self._schema_changed = True


def published() -> bytes:
    """The schema that Tutela makes of its own models; it is equivalent to the authority's."""
    from tutela.reporting.cybertipline import schema

    return schema.document()


def _record(report: Report) -> dict[str, Any]:
    found = asdict(report) | {"xml": text_of(report.xml), "expires_at": report.expires_at}
    for file in found["files"]:
        file["details"] = None if file["details"] is None else text_of(file["details"])
        file["received_at"] = file["received_at"].isoformat()
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in found.items()}

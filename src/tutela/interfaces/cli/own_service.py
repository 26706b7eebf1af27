"""The service of this data directory, asked as its clients ask it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tutela.app import App
from tutela.errors import TutelaError
from tutela.interfaces.server import supervisor
from tutela.outbound import Hosts, Outbound, Reply
from tutela.people import keys
from tutela.people.permissions import Permission

BOUNDARY = "bicycle-weather-boundary"


class NotServed(TutelaError):
    """No service runs on the data directory, or it gives no answer that can be used."""


@dataclass(frozen=True, slots=True)
class OwnService:
    """Where it listens, and a key for it."""

    host: str
    port: int
    secret: str
    outbound: Outbound

    @property
    def base(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def get(self, path: str) -> Reply:
        return self.outbound.fetch(self.base + path, headers=self._headers({}), hosts=self._hosts())

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        return self.outbound.post(
            self.base + path, body, self._headers(headers), hosts=self._hosts()
        )

    def screen(self, data: bytes, facts: Mapping[str, Any]) -> dict[str, Any]:
        """What is answered to a form with a file and facts. Raises `NotServed`."""
        return answer(self.post("/api/v1/screen", *form(data, facts)))

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        return {"authorization": f"Bearer {self.secret}", **more}

    def _hosts(self) -> Hosts:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return Hosts.of([f"private:{host}:{self.port}"])


def answer(reply: Reply) -> dict[str, Any]:
    """The object of a reply that is well. Raises `NotServed` that says what it was instead."""
    try:
        found = json.loads(reply.body)
    except ValueError:
        raise NotServed(f"The service answered {reply.status}, and no JSON.") from None
    if reply.status != 200:
        raise NotServed(
            f"The service answered {reply.status}: {found.get('detail', '')}",
            str(found.get("hint", "")),
        )
    made: dict[str, Any] = found
    return made


def form(data: bytes, facts: Mapping[str, Any]) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a form."""
    parts = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="facts"\r\n\r\n'
        f"{json.dumps(dict(facts))}\r\n"
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n\r\n'
    )
    body = parts.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()
    return body, {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


@contextmanager
def running(app: App, *scopes: Permission) -> Iterator[OwnService]:
    """The service that runs here, with a key of these scopes that is revoked when the block ends.
    Raises `NotServed`."""
    where = supervisor.address(app.run_folder)
    if where is None:
        raise NotServed(f"No service runs on {app.data}.", "Run: tutela serve")
    name = f"self-{secrets.token_hex(6)}"
    with app.database.writing() as session:
        _, secret = keys.create(session, app.database.now(), app.caller, name, scopes)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(where[0], where[0])  # noqa: S104 - compared
    try:
        yield OwnService(host, where[1], secret, Outbound(app.settings.outbound))
    finally:
        with app.database.writing() as session:
            keys.revoke(session, app.database.now(), app.actor, name)

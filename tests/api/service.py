"""A service on a free port: the real application on an installation of its own."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3
import uvicorn

from tutela.app import App
from tutela.audit.service import entries
from tutela.cases.options import Options as Cases
from tutela.interfaces.api.app import create
from tutela.people import keys
from tutela.people.permissions import Permission
from tutela.policy import presets
from tutela.running import Running
from tutela.screening import policies
from tutela.settings import Decoding, Imports, Service, Settings

CHUNK = 50
"""Signals of a list in one transaction: so that an interrupted one has something stored."""


class Reply:
    """What came back."""

    def __init__(self, given: urllib3.BaseHTTPResponse) -> None:
        self.status, self.headers, self.data = given.status, given.headers, given.data

    @property
    def json(self) -> Any:
        return json.loads(self.data)


class Desk:
    """A running service, and who asks it."""

    def __init__(self, running: Running, port: int) -> None:
        self.running, self.app, self.port = running, running.app, port
        self.database = running.app.database
        self.http = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=8, timeout=60)
        self.keys: dict[str, str] = {}
        for name, *scopes in (
            ("ann", Permission.BANKS_WRITE, Permission.BANKS_READ, Permission.EXPORT),
            ("bob", Permission.BANKS_WRITE, Permission.EXPORT), ("all", *Permission),
            ("reader", Permission.BANKS_READ), ("platform", Permission.SCREEN, Permission.LOOKUP),
            ("detail", Permission.SCREEN, Permission.LOOKUP, Permission.MATCH_DETAIL),
            ("clerk", Permission.CASES), ("admin", Permission.ADMIN), ("desk", Permission.INTAKE),
            ("senior", Permission.CASES, Permission.RELEASE),
        ):  # fmt: skip
            with self.database.writing() as session:
                made = keys.create(session, self.database.now(), "shell:test", name, scopes)
            self.keys[name] = made[1]

    def call(
        self,
        who: str | None,
        method: str,
        path: str,
        given: Any = None,
        *,
        body: bytes | None = None,
        **headers: str,
    ) -> Reply:
        """The answer to who has this key; `given` goes as JSON."""
        if given is not None:
            body = json.dumps(given).encode()
            headers["content-type"] = "application/json"
        if who is not None:
            headers["authorization"] = f"Bearer {self.keys[who]}"
        # each on a connection of its own: one that idles is cut by the service while we send
        named = {"connection": "close"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        reply = Reply(
            self.http.request(method, f"/api/v1{path}", body=body, headers=named, retries=False)
        )
        if reply.status >= 400:
            told = reply.json
            assert reply.headers["content-type"] == "application/problem+json"
            assert told["status"] == reply.status and told["detail"] and told["title"]
            assert told["request_id"] == reply.headers["x-request-id"]
            assert told["type"].startswith("tutela:")
            assert (reply.status == 401) == ("www-authenticate" in reply.headers)
        return reply

    def ok(self, who: str, method: str, path: str, given: Any = None, **more: Any) -> Any:
        reply = self.call(who, method, path, given, **more)
        assert reply.status in (200, 201), (reply.status, reply.data)
        return reply.json

    def refused(self, status: int, who: str | None, method: str, path: str, given: Any = None,
                **more: Any) -> dict[str, Any]:  # fmt: skip
        reply = self.call(who, method, path, given, **more)
        assert reply.status == status, (reply.status, reply.data)
        return reply.json

    def bank(self, name: str, purpose: str = "known-csea", **more: Any) -> str:
        self.ok("ann", "POST", "/banks", {"name": name, "purpose": purpose, **more})
        return name

    def line(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def acts(self, subject: str) -> list[tuple[str, str]]:
        """Who did what to a subject, in order."""
        with self.database.reading() as session:
            return [(one.actor, one.action) for one in entries(session) if one.subject == subject]


@contextmanager
def serving(url: str, folder: Path, **more: Any) -> Iterator[Desk]:
    """A service of an installation in a folder; `more` are settings."""
    chosen = Settings(
        data=str(folder / "data"), keys=str(folder / "keys"), database_url=url,
        service=Service(port=0, idle_seconds=5), imports=Imports(chunk=CHUNK),
        decoding=Decoding(processes=1), cases=Cases(notices=True), **more,
    )  # fmt: skip
    with App(chosen) as app:
        app.set_up()
        text = presets.render("small-forum", "DE")
        with app.database.writing() as session:
            policies.apply(session, app.database.now(), "shell:test", text)
        with Running(app, builds=True) as running:
            server = uvicorn.Server(
                uvicorn.Config(
                    create(running),
                    host="127.0.0.1",
                    port=0,
                    http="httptools",
                    loop="asyncio",
                    log_config=None,
                    access_log=False,
                    server_header=False,
                    timeout_graceful_shutdown=2,
                )
            )
            # as `server.logs` has it: others set loggers up anew in this process
            logging.getLogger("uvicorn.access").disabled = True
            thread = threading.Thread(target=server.run, name="web")
            thread.start()
            try:
                until(lambda: server.started)
                until(lambda: running.index.readiness().ready)
                port = server.servers[0].sockets[0].getsockname()[1]
                yield Desk(running, port)
            finally:
                server.should_exit = True
                thread.join()


def until(holds: Any, seconds: float = 30) -> None:
    """Wait until it does."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.02)

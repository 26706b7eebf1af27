"""The web role of an installation, in threads of the test: what it answers to bytes on a socket."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tutela.app import App
from tutela.banks import changes, service
from tutela.banks.changes import New
from tutela.interfaces.server import listening, web
from tutela.people import keys
from tutela.policy import presets
from tutela.running import Running
from tutela.screening import policies
from tutela.screening.options import Options
from tutela.settings import Decoding, Service, Settings
from tutela.storage import Session

MARK = b"a bicycle that nobody must find on a disk "
KNOWN = MARK * 40_000
OTHER = b"rain on the road to the sea " * 30_000
SPOOL_OVER = 100_000


class Reply:
    """What came back on a socket. What was refused is a problem, with the request's id."""

    def __init__(self, data: bytes) -> None:
        head, _, self.body = data.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1])
        self.headers = dict(line.lower().split(": ", 1) for line in rest)
        if self.status >= 400:
            told = self.json
            assert self.headers["content-type"] == "application/problem+json", data
            assert told["request_id"] == self.headers["x-request-id"]
            assert told["status"] == self.status and told["detail"] and told["title"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        return str(self.json["type"]).removeprefix("tutela:")


class Line:
    """A connection, byte by byte."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reply(self) -> Reply:
        """The next reply, or all that comes before the other side closes."""
        data = b""
        while True:
            head, end, body = data.partition(b"\r\n\r\n")
            if end:
                length = next(
                    int(line.split(b":")[1])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length")
                )
                if len(body) >= length:
                    return Reply(data)
            part = self.socket.recv(65536)
            assert part, f"closed after {data!r}"
            data += part

    def closed(self) -> bool:
        """Whether the other side closes, within the patience of this socket."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True

    def close(self) -> None:
        self.socket.close()


class Door:
    """A server, and how to ask it."""

    def __init__(self, running: Running, port: int, secrets: dict[str, str]) -> None:
        self.running, self.port, self.secrets = running, port, secrets

    @contextmanager
    def line(self) -> Iterator[Line]:
        made = Line(self.port)
        try:
            yield made
        finally:
            made.close()

    def head(
        self, length: int | None, who: str | None = "platform", path: str = "screen", **more: str
    ) -> bytes:
        """What comes before a body of so many bytes; None: before chunks."""
        named = {"host": "here", **{name.replace("_", "-"): text for name, text in more.items()}}
        if who is not None:
            named["authorization"] = f"Bearer {self.secrets.get(who, who)}"
        if length is None:
            named["transfer-encoding"] = "chunked"
        else:
            named["content-length"] = str(length)
        lines = "".join(f"{name}: {text}\r\n" for name, text in named.items())
        return f"POST /api/v1/{path} HTTP/1.1\r\n{lines}\r\n".encode()

    def ask(
        self, body: bytes, who: str | None = "platform", path: str = "screen", **more: str
    ) -> Reply:
        with self.line() as line:
            line.send(self.head(len(body), who, path, **more) + body)
            return line.reply()

    def json(self, value: Any, path: str = "screen", who: str = "platform", **more: str) -> Reply:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.ask(body, who, path, content_type="application/json", **more)

    def form(self, *parts: tuple[str, bytes], end: bool = True, **more: str) -> Reply:
        """A form of parts, each with its headers."""
        body = b"".join(b"--weather\r\n" + h.encode() + b"\r\n\r\n" + b + b"\r\n" for h, b in parts)
        body += b"--weather--\r\n" if end else b""
        return self.ask(body, content_type="multipart/form-data; boundary=weather", **more)

    @property
    def files(self) -> list[Path]:
        """Of evidence, sealed or while it comes."""
        data = self.running.app.data
        found = [*(data / "evidence").rglob("*"), *(data / "spool").rglob("*")]
        return sorted(path for path in found if path.is_file())


def digest_bank(session: Session, now: datetime) -> None:
    """A bank that knows one file."""
    bank = service.create(session, now, "shell:ann", "lanes", "known-csea")
    changes.add(session, now, "shell:ann", bank.id, [New("sha256", hashlib.sha256(KNOWN).digest())])


def named(name: str, *more: str) -> str:
    return "\r\n".join([f'content-disposition: form-data; name="{name}"', *more])


def facts(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@contextmanager
def installed(folder: Path) -> Iterator[tuple[Running, dict[str, str]]]:
    """An installation whose bank knows one file, and keys for it."""
    chosen = Settings(
        data=str(folder / "data"), keys=str(folder / "keys"), decoding=Decoding(processes=1),
        screening=Options(spool_over=SPOOL_OVER),
    )  # fmt: skip
    secrets = {}
    with App(chosen) as app:
        app.set_up()
        now = app.database.now()
        with app.database.writing() as session:
            policies.apply(session, now, "shell:ann", presets.render("small-forum", "GB"))
            digest_bank(session, now)
            for name, scopes, rate in (
                ("platform", "screen lookup", None), ("detail", "screen lookup match:detail", None),
                ("reader", "banks:read", None), ("slow", "screen lookup", 1),
            ):  # fmt: skip
                _, secrets[name] = keys.create(
                    session, now, "shell:ann", name, scopes.split(), rate
                )
        with Running(app, builds=True) as running:
            running.index.make_ready()
            yield running, secrets


@contextmanager
def opened(running: Running, secrets: dict[str, str], chosen: Settings) -> Iterator[Door]:
    """A server of these settings in front of what runs."""
    app, before = running.app, running.app.settings
    app.settings = chosen
    stop, door = threading.Event(), listening.listen(chosen.service)
    thread = threading.Thread(target=web.serve, args=(running, door, 1, stop))
    thread.start()
    try:
        yield Door(running, door.getsockname()[1], secrets)
    finally:
        stop.set()
        thread.join()
        door.close()
        app.settings = before


def with_service(running: Running, **more: int) -> Settings:
    given = {"idle_seconds": 1, "stop_seconds": 1, **more}
    return replace(running.app.settings, service=Service(port=0, **given))

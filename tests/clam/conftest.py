"""The clamd door of an installation, in a thread of the test."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from server.doors import installed

from tutela.app import App
from tutela.interfaces.clamd import listening
from tutela.interfaces.server import clamd
from tutela.people import keys
from tutela.running import Running
from tutela.settings import Clamd, Service


def make_key(app: App, name: str, scope: str = "screen") -> None:
    with app.database.writing() as session:
        keys.create(session, app.database.now(), "shell:ann", name, [scope])


def revoke_key(app: App, name: str) -> None:
    with app.database.writing() as session:
        keys.revoke(session, app.database.now(), "shell:ann", name)


class Line:
    """A connection to the door, byte by byte."""

    def __init__(self, place: Any) -> None:
        family = socket.AF_INET if isinstance(place, tuple) else socket.AF_UNIX
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(20)
        self.socket.connect(place)

    def send(self, *parts: bytes) -> None:
        self.socket.sendall(b"".join(parts))

    def reply(self, end: bytes = b"\n") -> bytes:
        """The next reply without its end, or what came before the other side closed."""
        data = b""
        while not data.endswith(end):
            part = self.socket.recv(1)
            if not part:
                break
            data += part
        return data.removesuffix(end)

    def closed(self) -> bool:
        """Whether the other side ends, within the patience of this socket."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True


class Opened:
    """A door that is open."""

    def __init__(self, running: Running, place: tuple[str, int], path: str) -> None:
        self.running, self.place, self.path = running, place, path

    @contextmanager
    def line(self, *, unix: bool = False) -> Iterator[Line]:
        made = Line(self.path if unix else self.place)
        try:
            yield made
        finally:
            made.socket.close()

    def ask(self, data: bytes, piece: int = 1 << 16) -> str:
        """What is said of these bytes, sent as a stream of such pieces."""
        with self.line() as line:
            line.send(b"nINSTREAM\n", *chunks(data, piece))
            return line.reply().decode()

    @property
    def files(self) -> list[Path]:
        """Of evidence, sealed or while it comes."""
        data = self.running.app.data
        found = [*(data / "evidence").rglob("*"), *(data / "spool").rglob("*")]
        return sorted(path for path in found if path.is_file())


def chunks(data: bytes, piece: int) -> list[bytes]:
    cut = [data[at : at + piece] for at in range(0, len(data), piece)]
    return [part for each in cut for part in (len(each).to_bytes(4), each)] + [bytes(4)]


@contextmanager
def opened(running: Running, limits: dict[str, int] | None = None, **more: Any) -> Iterator[Opened]:
    """A door with these settings."""
    app, before = running.app, running.app.settings
    path = str(app.data / "clamd.sock")
    chosen = Clamd(listen="127.0.0.1:0", socket=path, **more)
    service = Service(**{"stop_seconds": 1, **(limits or {})})
    app.settings = replace(before, clamd=chosen, service=service)
    stop, sockets = threading.Event(), listening.listen(chosen)
    thread = threading.Thread(target=clamd.serve, args=(running, sockets, stop))
    thread.start()
    try:
        yield Opened(running, sockets[0].getsockname(), path)
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()
        listening.close(sockets, chosen)
        assert not Path(path).exists()
        app.settings = before


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with installed(tmp_path_factory.mktemp("clamd")) as (made, _):
        make_key(made.app, "clamd")
        yield made


@pytest.fixture(scope="module")
def door(running: Running) -> Iterator[Opened]:
    with opened(running, {"body_seconds": 30}, max_stream=64 << 20, idle_seconds=20) as made:
        yield made


@pytest.fixture(scope="session")
def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port

"""Starts the roles, restarts what dies, and stops all in order."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tutela.app import App
from tutela.errors import TutelaError
from tutela.evidence.opening import VARIABLE, conceal
from tutela.interfaces.clamd import acting
from tutela.interfaces.clamd import listening as clamd
from tutela.interfaces.server import child, listening, logs

ROLES = ("vault", "worker", "web", "clamd")
SECRETS = (VARIABLE,)
"""Variables that hold an age identity: only the vault gets them."""

WATCHED = 0.2
"""Seconds between looks at who died."""

SOONEST, LATEST = 0.2, 10.0
"""Seconds before a role that died is started again; each time twice as long, until it lives."""

LIVES = 30.0
"""Seconds after which a role that was started again is well."""

ADDRESS = "server.json"
METRICS = "PROMETHEUS_MULTIPROC_DIR"
log = logging.getLogger(__name__)


class Refused(TutelaError):
    """The service may not start here, or not so."""


@dataclass
class Role:
    """One process of the service."""

    name: str
    environment: dict[str, str]
    descriptors: tuple[int, ...]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0
    wait: float = field(default=SOONEST)

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"tutela.interfaces.server.{self.name}"],
            env=self.environment,
            pass_fds=self.descriptors,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # ^C in the terminal is for the supervisor to pass on
        )

    def look(self) -> None:
        """Start it again if it died and its time has come."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.due:
                try:
                    self.start()
                except OSError as error:  # the system has no room for a process just now
                    log.error("the role %s cannot be started: %s", self.name, error.strerror)
                    self._wait(now)
            return
        code = self.process.poll()
        if code is None:
            return
        if now - self.started > LIVES:
            self.wait = SOONEST
        log.error("the role %s ended with %s; it is started again", self.name, code)
        for left in Path(self.environment.get(METRICS, os.devnull)).glob(
            f"gauge_live*_{self.process.pid}.db"
        ):
            left.unlink(missing_ok=True)  # what it had in work is in work no more
        self.process = None
        self._wait(now)

    def _wait(self, now: float) -> None:
        self.due = now + self.wait
        self.wait = min(self.wait * 2, LATEST)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def gone(self, seconds: float) -> None:
        """Wait for it, and end it if it does not end."""
        if self.process is None:
            return
        try:
            self.process.wait(max(seconds, 0.1))
        except subprocess.TimeoutExpired:
            log.error("the role %s did not stop in time, and is killed", self.name)
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def only_one(app: App, roles: tuple[str, ...]) -> Iterator[None]:
    """Hold the data directory for these roles. Raises `Refused` if another server does."""
    app.run_folder.mkdir(mode=0o700, exist_ok=True)
    held: list[IO[str]] = []
    try:
        for role in roles:
            lock: IO[str] = (app.run_folder / f"{role}.lock").open("a")
            held.append(lock)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Refused(
                    f"Another server runs the role {role} on the data directory {app.data}.",
                    "Stop it first, or give this one a data directory of its own.",
                ) from None
        yield
    finally:
        for lock in held:
            lock.close()


def require(app: App) -> None:
    """Raises `Refused` if the service may not be started so."""
    if app.settings.service.workers > 1 and app.database.is_sqlite:
        raise Refused(
            f"{app.settings.service.workers} web processes cannot write to one SQLite database.",
            "Set database_url to a Postgres database, or --workers 1.",
        )
    app.recipients()  # there must be someone who can open what is sealed
    if app.settings.clamd.on:
        with app.database.reading() as session:
            acting.holder(session, app.settings.clamd.key)


def run(app: App) -> int:
    """Serve until SIGTERM or SIGINT."""
    logs.begin("supervisor")
    if any(name in os.environ for name in SECRETS):
        conceal()  # its environment holds what the other roles must not read
    require(app)
    with only_one(app, ROLES):
        chosen = app.settings.service
        try:
            opened = listening.listen(chosen)
        except OSError as error:
            raise Refused(
                f"{chosen.host} port {chosen.port} cannot be listened on: {error.strerror}.",
                "Choose others with service.host and service.port.",
            ) from None
        read, write = os.pipe()  # the write end closes with this process, however it ends
        os.set_inheritable(read, True)
        doors: list[socket.socket] = []
        try:
            doors += clamd.listen(app.settings.clamd)
            return _supervise(app, opened, doors, read)
        finally:
            opened.close()
            clamd.close(doors, app.settings.clamd)
            os.close(read)
            os.close(write)
            (app.run_folder / ADDRESS).unlink(missing_ok=True)


def _supervise(app: App, opened: socket.socket, doors: list[socket.socket], lifeline: int) -> int:
    stop = child.stopping()
    host, port = opened.getsockname()[:2]
    roles = _roles(app, opened, doors, lifeline)
    for role in roles:
        role.start()
    address = app.run_folder / ADDRESS
    address.write_text(json.dumps({"host": host, "port": port, "pid": os.getpid()}))
    for door in doors:
        log.info("speaking clamd's protocol on %s", door.getsockname())
    shown = f"[{host}]" if ":" in host else host
    log.info("serving on http://%s:%s", shown, port)
    while not stop.wait(WATCHED):
        for role in roles:
            role.look()
    log.info("stopping")
    until = time.monotonic() + app.settings.service.stop_seconds + 5
    for kind in ("clamd", "web", "worker", "vault"):  # who asks stops before who answers
        chosen = [role for role in roles if role.name == kind]
        for role in chosen:
            role.stop()
        for role in chosen:
            role.gone(until - time.monotonic())
    return 0


def _roles(
    app: App, opened: socket.socket, doors: list[socket.socket], lifeline: int
) -> list[Role]:
    metrics = app.run_folder / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(mode=0o700)
    held = {**os.environ, child.LIFELINE: str(lifeline)}
    plain = {name: value for name, value in held.items() if name not in SECRETS}
    workers = app.settings.service.workers
    for_web = plain | {
        listening.SOCKET: str(opened.fileno()),
        METRICS: str(metrics),
        "TUTELA_SERVICE__WORKERS": str(workers),
    }
    numbers = [each.fileno() for each in doors]
    for_clamd = plain | {METRICS: str(metrics), clamd.SOCKETS: " ".join(map(str, numbers))}
    return [
        Role("vault", held, (lifeline,)),
        Role("worker", plain, (lifeline,)),
        *(Role("web", for_web, (lifeline, opened.fileno())) for _ in range(workers)),
        *([Role("clamd", for_clamd, (lifeline, *numbers))] if doors else []),
    ]


def address(run_folder: Path) -> tuple[str, int] | None:
    """Where the service of a data directory listens, if it runs."""
    try:
        found = json.loads((run_folder / ADDRESS).read_text())
        os.kill(int(found["pid"]), 0)
        return str(found["host"]), int(found["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return None

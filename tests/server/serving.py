"""`tutela serve` as operators run it: its processes, and who asks them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import commands
import urllib3

from server.doors import KNOWN, digest_bank
from tutela.app import App
from tutela.interfaces.server import supervisor
from tutela.people import keys
from tutela.policy import presets
from tutela.screening import policies
from tutela.settings import Settings

PATIENCE = 60.0


def until(holds: Callable[[], Any], what: str = "it did not come to be") -> Any:
    """What it gives, once that is true."""
    end = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < end, what
        time.sleep(0.05)
    return found


class Service:
    """An installation, and its service while that runs."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder, self.url = folder, url
        self.data, self.keys = folder / "data", folder / "keys"
        self.http = urllib3.PoolManager(timeout=20, retries=False, maxsize=4)
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / "log"
        self.python = sys.executable
        self.secrets: dict[str, str] = {}
        (folder / "home").mkdir()
        with self.app() as app:
            app.set_up()
            with app.database.writing() as session:
                digest_bank(session, app.database.now())
        self.policy = presets.render("small-forum", "GB")
        self.apply(self.policy)
        for name, *scopes in (
            ("platform", "screen", "lookup"), ("watch", "metrics"), ("gone", "screen"),
        ):  # fmt: skip
            self.secrets[name] = self.key(name, *scopes)

    def app(self) -> App:
        return App(Settings(data=str(self.data), keys=str(self.keys), database_url=self.url))

    def apply(self, text: str) -> None:
        with self.app() as app, app.database.writing() as session:
            policies.apply(session, app.database.now(), "shell:ann", text)

    def revoke(self, name: str) -> None:
        with self.app() as app, app.database.writing() as session:
            keys.revoke(session, app.database.now(), "shell:ann", name)

    def key(self, name: str, *scopes: str) -> str:
        with self.app() as app, app.database.writing() as session:
            return keys.create(session, app.database.now(), "shell:ann", name, scopes)[1]

    def environment(self, **more: str) -> dict[str, str]:
        own = {k: v for k, v in os.environ.items() if not k.startswith("TUTELA_")}
        home = str(self.folder / "home")
        return own | {
            "HOME": home, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home,
            "TUTELA_DATA": str(self.data), "TUTELA_KEYS": str(self.keys),
            "TUTELA_DATABASE_URL": self.url, "TUTELA_SERVICE__PORT": "0",
            "TUTELA_DECODING__PROCESSES": "1", "TUTELA_JOBS__LEASE": "3",
        } | more  # fmt: skip

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        ran = commands.run(
            arguments, self.environment(**environment), folder=self.folder, seconds=PATIENCE
        )
        out, err = ran.stdout.decode(), ran.stderr.decode()
        return subprocess.CompletedProcess(ran.args, ran.returncode, out, err)

    def refused(self, *arguments: str, **environment: str) -> str:
        """The one line in which a command says why it does not do it."""
        ran = self.run(*arguments, **environment)
        assert ran.returncode == 1 or "recipient" in ran.stderr, (ran.returncode, ran.stderr)
        (line,) = [line for line in ran.stderr.splitlines() if not line.startswith("{")]
        return line

    def start(self, *arguments: str, **environment: str) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.python, "-m", "tutela", "serve", *arguments], stdout=log, stderr=log,
                env=self.environment(**environment), cwd=self.folder, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        self.until_ready()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def port(self) -> int:
        found = supervisor.address(self.data / "run")
        assert found is not None
        return found[1]

    def get(self, path: str, who: str = "watch") -> tuple[int, Any]:
        return self._asked("GET", path, who, None)

    def screen(self, data: bytes = KNOWN, who: str = "platform") -> tuple[int, Any]:
        return self._asked("POST", "/api/v1/screen", who, data)

    def verdict(self, data: bytes = KNOWN) -> str | None:
        status, told = self.screen(data)
        return told["verdict"] if status == 200 else None

    def _asked(self, method: str, path: str, who: str, body: bytes | None) -> tuple[int, Any]:
        """Status and answer; 0 where nobody answered."""
        try:
            reply = self.http.request(
                method, f"http://127.0.0.1:{self.port}{path}", body=body,
                headers={"authorization": f"Bearer {self.secrets[who]}", "connection": "close"},
            )  # fmt: skip
        except (urllib3.exceptions.HTTPError, AssertionError):
            return 0, None
        if reply.status >= 400 and path != "/healthz/ready":
            assert reply.headers["content-type"] == "application/problem+json", reply.data
        text = reply.headers.get("content-type", "")
        return reply.status, json.loads(reply.data) if "json" in text else reply.data.decode()

    def measured(self, name: str) -> float:
        """The sum of a metric over its labels."""
        _, text = self.get("/metrics")
        lines = [line.rpartition(" ") for line in text.splitlines() if line.startswith(name)]
        return sum(float(number) for _, _, number in lines)

    def missing(self) -> set[str]:
        """What readiness names."""
        _, told = self.get("/healthz/ready")
        if told is None:
            return {"web"}
        return {name for name, check in told["checks"].items() if not check["ready"]}

    def until_ready(self) -> None:
        until(lambda: self.get("/healthz/ready")[0] == 200, f"{self.missing()} {self.said()}")

    def said(self) -> str:
        return self.log.read_text()[-3000:]

    def roles(self, name: str) -> list[int]:
        return [pid for pid in children(self.pid) if f"server.{name}" in command(pid)]

    def everyone(self) -> list[int]:
        """All processes of the service but the supervisor."""
        return descendants(self.pid)

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        if self.process is not None:
            left = self.everyone()
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
                try:
                    self.process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
            for pid in left:
                if alive(pid):
                    os.kill(pid, signal.SIGKILL)
        self.http.clear()


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def environ(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def children(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                after = path.joinpath("stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(after[1]) == pid and after[0] != "Z":
                found.append(int(path.name))
    return sorted(found)


def descendants(pid: int) -> list[int]:
    return [one for child in children(pid) for one in (child, *descendants(child))]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def service(folder: Path, url: str = "") -> Iterator[Service]:
    made = Service(folder, url)
    try:
        yield made
    finally:
        made.close()

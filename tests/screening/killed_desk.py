"""A desk that is killed: `python -m screening.killed_desk SETTINGS` forks for each line on standard
input, `{"kill": n, "door": …, "key": …}`, a process that screens one file and is killed before its
n-th write; 0 lets it live. Written is what came of it: whether it was killed, and what it answered.

Types of bytes only, so that no decoder has to be started each time.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from tutela.app import App
from tutela.decoding.options import Options as Signals
from tutela.running import Running
from tutela.screening.desk import Caller
from tutela.screening.options import Options
from tutela.screening.received import Received
from tutela.settings import Decoding, Settings

FILE = b"a bicycle in the rain " * 4000
WRITES = ("write", "fsync", "link", "rename", "replace", "mkdir", "unlink")


def settings(data: str, keys: str, url: str) -> Settings:
    return Settings(
        data=data, keys=keys, database_url=url, signals=Signals(types=("md5", "sha1", "sha256")),
        decoding=Decoding(processes=1),
    )  # fmt: skip


class Killer:
    """Kills this process before the n-th write."""

    def __init__(self, kill: int) -> None:
        self.left = kill
        self.armed = False
        self._lock = threading.Lock()

    def count(self, *_: Any) -> None:
        with self._lock:
            if not self.armed:
                return
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()  # it is dead before this returns

    def watch(self) -> None:
        for name in WRITES:
            setattr(os, name, self._counted(getattr(os, name)))
        for place in ("before_cursor_execute", "commit"):
            event.listen(Engine, place, self.count)

    def _counted(self, plain: Any) -> Any:
        def counted(*arguments: Any, **named: Any) -> Any:
            self.count()
            return plain(*arguments, **named)

        return counted


def screen(chosen: Settings, order: dict[str, Any], killer: Killer) -> None:
    running = Running(App.open(chosen), builds=True)  # without its threads: they write too
    running.index.make_ready()
    running.upkeep()
    facts = {"item": {"channel": "public", "id": order["key"]}, "creator": {"id": order["key"]}}
    spool_over = 1000 if order["door"] == "spool" else Options().spool_over
    killer.armed = True
    request = running.desk.accept(Caller("platform"), "raw", facts, order["key"])
    received = Received(running.pool, running.sealer, spool_over)
    for at in range(0, len(FILE), 40_000):
        received.feed(FILE[at : at + 40_000])
    answer = running.desk.screen(request, received)
    told = {name: getattr(answer, name) for name in ("item_id", "evidence", "case_id")}
    os.write(order["pipe"], json.dumps(told).encode())
    os._exit(0)


def main() -> None:
    chosen = settings(*json.loads(sys.argv[1]))
    with App.open(chosen) as app, Running(app, builds=True):
        pass  # all is imported now
    for line in sys.stdin:
        order = json.loads(line)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            killer = Killer(order["kill"])
            killer.watch()
            screen(chosen, order | {"pipe": write}, killer)
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            said = pipe.read()
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print(
            json.dumps({
                "killed": killed, "failed": not killed and status != 0,
                "answer": json.loads(said) if said else None,
            }),
            flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()

"""The clamd role: uploads of whatever has a ClamAV hook, decided as all others are."""

from __future__ import annotations

import asyncio
import resource
import socket
import sys
import threading

import anyio.to_thread
import uvloop

from tutela.app import App
from tutela.interfaces.clamd import listening
from tutela.interfaces.clamd.door import Door
from tutela.interfaces.clamd.listening import CannotListen
from tutela.interfaces.clamd.serving import Serving
from tutela.interfaces.server import child
from tutela.interfaces.server.failing import told
from tutela.interfaces.server.web import SWITCH
from tutela.running import Running

SPARE_THREADS = 16
"""Threads beside those that wait for a decoder: for the database and the disk."""

OWN_FILES = 512
"""Descriptors that the role has beside its connections: database, index, decoders."""


def run() -> int:
    child.begin("clamd")
    stop = child.stopping()
    with App.open() as app:
        options = app.settings.clamd
        opened = listening.given() or listening.listen(options)
        if not opened:
            raise CannotListen(
                "The clamd door has no place to listen.", "Set clamd.listen or clamd.socket."
            )
        allow_files(options.connections + OWN_FILES)
        with Running(app, builds=False) as running:
            serve(running, opened, stop)
    return 0


def serve(running: Running, opened: list[socket.socket], stop: threading.Event) -> None:
    """Answer until `stop` is set; then streams in work end first."""
    running.pool.start(running.pool.size)
    sys.setswitchinterval(SWITCH)
    door = Door(running)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serving(door, opened, stop))


async def _serving(door: Door, opened: list[socket.socket], stop: threading.Event) -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    limiter.total_tokens = door.running.pool.size * 2 + SPARE_THREADS
    loop, ends = asyncio.get_running_loop(), asyncio.Event()

    def wait() -> None:
        stop.wait()
        loop.call_soon_threadsafe(ends.set)

    threading.Thread(target=wait, name="stop", daemon=True).start()
    serving = Serving(door)
    await serving.start(opened)
    await ends.wait()
    await serving.stop(door.limits.stop_seconds)


def allow_files(wanted: int) -> None:
    """Have the system give this process so many descriptors, as far as it may have them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


if __name__ == "__main__":
    sys.exit(told(run))

"""The web role: one process of the API, on a socket that the supervisor opened or on its own."""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading

import uvicorn

from tutela.app import App
from tutela.interfaces.api.app import create
from tutela.interfaces.server import child
from tutela.interfaces.server.connections import Connection
from tutela.interfaces.server.failing import told
from tutela.interfaces.server.listening import SOCKET, listen
from tutela.running import Running

SWITCH = 0.001
"""Seconds that a thread computes before another may. Five thousandths, the default, are what each
lookup would wait behind an upload."""


def run() -> int:
    child.begin("web")
    stop = child.stopping()
    with App.open() as app:
        given = os.environ.pop(SOCKET, None)
        opened = socket.socket(fileno=int(given)) if given else listen(app.settings.service)
        processes = app.settings.service.workers if given else 1
        with Running(app, builds=False) as running:
            serve(running, opened, processes, stop)
    return 0


def serve(running: Running, opened: socket.socket, processes: int, stop: threading.Event) -> None:
    """Answer until `stop` is set; then requests in work end first."""
    running.pool.start(running.pool.size)
    sys.setswitchinterval(SWITCH)
    gc.collect()
    gc.freeze()  # what is there now stays: to look through it again and again makes requests wait
    config = uvicorn.Config(
        create(running, processes),
        http=Connection,
        loop="uvloop",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=running.app.settings.service.stop_seconds,
        timeout_keep_alive=running.app.settings.service.idle_seconds,
    )
    server = uvicorn.Server(config)

    def end() -> None:  # uvicorn's own handlers come late, and raise the signal again at the end
        stop.wait()
        server.should_exit = True

    threading.Thread(target=end, name="stop", daemon=True).start()
    server.run(sockets=[opened])


if __name__ == "__main__":
    sys.exit(told(run))

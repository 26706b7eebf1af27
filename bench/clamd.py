"""The clamd door under load: files a second with INSTREAM, the client on the same processors.

A real `tutela serve` with the bank of the service's benchmark; the clients are connections of one
process, each a session that sends one file after another as `clamdscan --stream` does.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench import service
from bench.record import Goal, Record
from tutela.app import App
from tutela.people import keys
from tutela.settings import Settings

TITLE = "the clamd door, with its load on the same processors"
HOW = (
    "files a second with INSTREAM in sessions, median of three. No peer here: clamd looks for"
    " other things"
)
CONNECTIONS = 8
SECONDS = 10
RUNS = 3
GOAL = Goal(250, "least", "ours")
PIECE = 128 << 10
"""Bytes of a chunk: what clamdscan sends at a time."""


def run() -> Iterator[Record]:
    yield from measured(service.BANKED, SECONDS, RUNS)


def measured(banked: int, seconds: int, runs: int) -> Iterator[Record]:
    with tempfile.TemporaryDirectory(prefix="tutela-bench-") as place:
        chosen = Settings(data=f"{place}/data", keys=f"{place}/keys")
        path = f"{place}/clamd.sock"
        with App(chosen) as app:
            app.set_up()
            uploads, _, same = service.prepared(app, Path(place), banked)
            with app.database.writing() as session:
                keys.create(session, app.database.now(), "bench", "clamd", ["screen"], service.RATE)
            with service.serving(app, TUTELA_CLAMD__SOCKET=f'"{path}"'):
                told = {
                    "path": path, "seconds": seconds, "files": [str(u.path) for u in uploads],
                    "matches": [u.matches for u in uploads],
                }  # fmt: skip
                ready(path)
                rates = [loaded(told) for _ in range(runs)]
        right = all(answered for _, answered in rates)
        each = [rate for rate, _ in rates]
        more: dict[str, Any] = {
            "runs": [round(rate, 1) for rate in each], "banked": banked, "connections": CONNECTIONS,
        }  # fmt: skip
        yield Record(
            "clamd/files", median(each), "a second", same_answer=same and right, goal=GOAL,
            more=more,
        )  # fmt: skip


def ready(path: str) -> None:
    """Wait until the door answers."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(60)
        line.connect(path)
        line.sendall(b"nPING\n")
        assert line.recv(64) == b"PONG\n"


def loaded(told: dict[str, Any]) -> tuple[float, bool]:
    """Files a second of a client in a process of its own, and whether all answers were right."""
    ran = subprocess.run(
        [sys.executable, "-c", "from bench import clamd; clamd.client()"],
        input=json.dumps(told), capture_output=True, text=True, check=True,
    )  # fmt: skip
    rate, right = json.loads(ran.stdout)
    return rate, right


def client() -> None:
    """What `loaded` runs."""
    told = json.load(sys.stdin)
    print(json.dumps(asyncio.run(_client(told))))


async def _client(told: dict[str, Any]) -> tuple[float, bool]:
    bodies = [_framed(Path(name).read_bytes()) for name in told["files"]]
    began = time.perf_counter()
    until = began + told["seconds"]
    done, right = 0, True

    async def one(turn: int) -> None:
        nonlocal done, right
        reader, writer = await asyncio.open_unix_connection(told["path"])
        writer.write(b"zIDSESSION\0")
        while time.perf_counter() < until:
            which = turn % len(bodies)
            turn += 1
            writer.write(bodies[which])
            said = await reader.readuntil(b"\0")
            ended = b" FOUND\0" if told["matches"][which] else b": OK\0"
            right &= said.endswith(ended)
            done += 1
        writer.write(b"zEND\0")
        writer.close()

    await asyncio.gather(*(one(at * 13) for at in range(CONNECTIONS)))
    return done / (time.perf_counter() - began), right


def _framed(data: bytes) -> bytes:
    cut = [data[at : at + PIECE] for at in range(0, len(data), PIECE)]
    parts = [part for each in cut for part in (len(each).to_bytes(4), each)]
    return b"".join([b"zINSTREAM\0", *parts, bytes(4)])

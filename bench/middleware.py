"""What the ASGI middleware adds to an upload: a form with a picture of 512 pixels, one at a time.

The application runs in this process and reads its body; the middleware asks a real `tutela serve`
on the same machine. With it and without it take turns; what is added is the difference.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench import service
from bench.record import Goal, Record
from tutela.app import App
from tutela.client import AsyncTutela
from tutela.client.asgi import ScreenUploads
from tutela.people import keys
from tutela.settings import Settings

TITLE = "what the ASGI middleware adds to an upload"
HOW = "p50 of the difference, a form with one picture of 512 pixels, one at a time. No peer here"
BANKED = 100_000
ROUNDS = 3
GOAL = Goal(10, "most", "ours")
PIECE = 64 << 10
"""Bytes of a body that a server gives an application at a time."""


def run() -> Iterator[Record]:
    yield from measured(BANKED, ROUNDS)


def measured(banked: int, rounds: int) -> Iterator[Record]:
    with tempfile.TemporaryDirectory(prefix="tutela-bench-") as place:
        with App(Settings(data=f"{place}/data", keys=f"{place}/keys")) as app:
            app.set_up()
            uploads, _, same = service.prepared(app, Path(place), banked)
            with app.database.writing() as session:
                _, secret = keys.create(
                    session, app.database.now(), "bench", "bench", ["screen"], service.RATE
                )
            bodies = [_form(one.path.read_bytes()) for one in uploads]
            with service.serving(app) as base:
                added, statuses = asyncio.run(_timed(f"http://{base}", secret, bodies, rounds))
        expected = [422 if one.matches else 200 for one in uploads] * (rounds + 1)
        more = {"uploads": len(added), "banked": banked, "p99": round(_at(added, 0.99), 2)}
        yield Record(
            "middleware/added", median(added), "ms p50", same_answer=same and statuses == expected,
            goal=GOAL, more=more,
        )  # fmt: skip


async def _timed(
    url: str, secret: str, bodies: list[bytes], rounds: int
) -> tuple[list[float], list[int]]:
    """What was added to each, in ms; and what was answered to each, also while it warmed up."""
    added: list[float] = []
    statuses: list[int] = []
    async with AsyncTutela(url, secret) as tutela:
        screened = ScreenUploads(_application, tutela)
        for turn in range(rounds + 1):
            for body in bodies:
                without, _ = await _once(_application, body)
                taken, status = await _once(screened, body)
                statuses.append(status)
                if turn:
                    added.append((taken - without) * 1000)
    return added, statuses


async def _application(_scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"stored"})


async def _once(app: Any, body: bytes) -> tuple[float, int]:
    left = [body[at : at + PIECE] for at in range(0, len(body), PIECE)][::-1]
    status = 0

    async def receive() -> Any:
        return {"type": "http.request", "body": left.pop(), "more_body": bool(left)}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    scope = {"type": "http", "headers": [(b"content-type", b"multipart/form-data; boundary=w")]}
    began = time.perf_counter()
    await app(scope, receive, send)
    return time.perf_counter() - began, status


def _form(data: bytes) -> bytes:
    head = b'--w\r\ncontent-disposition: form-data; name="f"; filename="a.jpg"\r\n\r\n'
    return head + data + b"\r\n--w--\r\n"


def _at(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]

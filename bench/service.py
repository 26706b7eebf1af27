"""The service under load: uploads and lookups a second, and how long the slowest wait.

A real `tutela serve` on this machine, with a bank of a million hashes and decoders for every
processor; the load comes from wrk on the same processors. One upload in a hundred is a photograph
that is banked, so it is sealed and recorded before its answer. Latency is that of requests sent at
fixed times, at half the rate that wrk reached, counted from when each was due: waiting behind
others counts too.
"""

from __future__ import annotations

import asyncio
import io
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from bench.record import Goal, Record
from tutela.app import App
from tutela.banks import changes, service
from tutela.banks.changes import New
from tutela.banks.models import Purpose
from tutela.decoding import DecoderPool, fingerprint
from tutela.interfaces.server import supervisor
from tutela.people import keys
from tutela.policy import presets
from tutela.screening import Screener, policies
from tutela.settings import Settings
from tutela.testing import photographs

TITLE = "the service, with its load on the same processors"
HOW = (
    "requests a second by wrk, median of three; p99 from the time each request was due."
    " No peer here: HMA reached 18-50 uploads and 65-119 lookups a second on such a machine"
)
BANKED = 1_000_000
SIDE = 512
FILES = 100
"""Different uploads, of which one is banked."""

SECONDS = 10
RUNS = 3
CONNECTIONS = 8
UPLOADS = Goal(300, "least", "ours")
LOOKUPS = Goal(4000, "least", "ours")
P99 = Goal(25, "most", "ours")
STARTS = 300.0
RATE = 1 << 20
"""A second, for the key: what limits it is measured, not the limit."""

LUA = """
local files = {}
local paths = {%s}
for i, path in ipairs(paths) do
  local f = io.open(path, "rb"); files[i] = f:read("*a"); f:close()
end
local n = 0
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer %s"
wrk.headers["Content-Type"] = "%s"
function request()
  n = n %% #files + 1
  return wrk.format(nil, nil, nil, files[n])
end
function done(summary, latency, requests)
  io.write(string.format("RESULT %%d %%d %%d %%d\\n", summary.requests, summary.duration,
    summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write
    + summary.errors.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Request:
    """One request that is sent again and again, and whether it must match."""

    path: Path
    matches: bool


def run() -> Iterator[Record]:
    yield from measured(BANKED, SECONDS, RUNS)


def measured(banked: int, seconds: int, runs: int) -> Iterator[Record]:
    if shutil.which("wrk") is None:
        for what, goal in (("uploads", UPLOADS), ("lookups", LOOKUPS)):
            more = {"note": "wrk is not installed"}
            yield Record(f"service/{what}", math.nan, "a second", goal=goal, more=more)
        return
    with tempfile.TemporaryDirectory(prefix="tutela-bench-") as place:
        chosen = Settings(data=f"{place}/data", keys=f"{place}/keys")
        with App(chosen) as app:
            app.set_up()
            uploads, lookups, same = prepared(app, Path(place), banked)
            with app.database.writing() as session:
                _, secret = keys.create(
                    session, app.database.now(), "bench", "bench", ["screen", "lookup"], RATE
                )
            with serving(app) as base:
                answered = all(verdicts_are(base, secret, kind, some) for kind, some in (
                    ("screen", uploads), ("lookup", lookups)))  # fmt: skip
                for kind, some, goal in (
                    ("screen", uploads, UPLOADS),
                    ("lookup", lookups, LOOKUPS),
                ):
                    name = "uploads" if kind == "screen" else "lookups"
                    rates = [
                        loaded(base, secret, kind, some, seconds, Path(place)) for _ in range(runs)
                    ]
                    rate = median(rates)
                    more: dict[str, Any] = {
                        "runs": [round(r, 1) for r in rates],
                        "banked": banked,
                        "connections": CONNECTIONS,
                    }
                    yield Record(
                        f"service/{name}",
                        rate,
                        "a second",
                        same_answer=same and answered,
                        goal=goal,
                        more=more,
                    )
                    half = min(rate, goal.value) / 2
                    slow = [paced(base, secret, kind, some, half, seconds) for _ in range(runs)]
                    p99 = sorted(slow, key=lambda found: found[1])[runs // 2]
                    yield Record(
                        f"service/{name}, p99 at {half:.0f} a second", p99[1], "ms", goal=P99,
                        more={"p50_ms": round(p99[0], 2), "max_ms": round(p99[2], 1),
                              "runs": [round(found[1], 1) for found in slow]},
                    )  # fmt: skip
                yield Record("service/memory", memory(app), "MB in all", more={"processes": "all"})


def prepared(app: App, place: Path, banked: int) -> tuple[list[Request], list[Request], bool]:
    """Bank random values and one photograph; gives the uploads and the lookups to send, and whether
    the parts themselves say of each what they should."""
    rng = np.random.default_rng(banked)
    now = app.database.now()
    with app.database.writing() as session:
        policies.apply(session, now, "bench", presets.render("image-host", "GB"))
        number = service.create(session, now, "bench", "bench", Purpose.TEST).id
    for start in range(0, banked, 20_000):
        values = rng.integers(0, 256, (min(20_000, banked - start), 32), np.uint8)
        with app.database.writing() as session:
            new = [New("pdq", value.tobytes()) for value in values]
            changes.add(session, now, "bench", number, new)
    uploads, lookups = [], []
    with DecoderPool(app.settings.signals, app.settings.decoding.limits) as pool:
        first = None
        for index, data in enumerate(pictures()):
            found = fingerprint(io.BytesIO(data), pool)
            plain = next(s for s in found.signals if s.type == "pdq" and s.variant == "plain")
            if first is None:
                first = plain
                with app.database.writing() as session:
                    new = [New("pdq", bytes.fromhex(plain.value), quality=plain.quality)]
                    changes.add(session, now, "bench", number, new)
            upload, lookup = place / f"{index}.jpg", place / f"{index}.json"
            upload.write_bytes(data)
            signal_ = {"type": "pdq", "value": plain.value, "quality": plain.quality}
            lookup.write_text(json.dumps({"signals": [signal_]}))
            uploads.append(Request(upload, index == 0))
            lookups.append(Request(lookup, index == 0))
        screener = Screener(pool, app.search(), app.policy)
        same = all(
            bool(screener.screen(io.BytesIO(one.path.read_bytes())).matches) == one.matches
            for one in uploads
        )
    return uploads, lookups, same


def pictures() -> Iterator[bytes]:
    """Photographs of 512 pixels as JPEG, each with an edit that makes it another."""
    files = photographs.find()
    for index in range(FILES):
        with Image.open(files[index % len(files)]) as opened:
            picture = opened.convert("RGB")
        turn = index // len(files)
        if turn:  # another part of the same photograph
            width, height = picture.size
            at = (turn * 37) % max(1, width // 3), (turn * 53) % max(1, height // 3)
            picture = picture.crop((*at, at[0] + width // 2, at[1] + height // 2))
        stored = io.BytesIO()
        picture.resize((SIDE, SIDE)).save(stored, "JPEG", quality=85)
        yield stored.getvalue()


@contextmanager
def serving(app: App, **more: str) -> Iterator[str]:
    """`tutela serve` on an installation, with more in its environment; gives its base URL once it
    is ready."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TUTELA_")} | {
        "TUTELA_DATA": app.settings.data,
        "TUTELA_KEYS": app.settings.keys,
        "TUTELA_DATABASE_URL": app.settings.database_url,
        "TUTELA_SERVICE__PORT": "0",
        **more,
    }
    log = Path(app.settings.data, "serve.log")
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "tutela", "serve"],
            env=environment,
            stdout=written,
            stderr=written,
        )
    try:
        until = time.monotonic() + STARTS
        while time.monotonic() < until:
            where = supervisor.address(app.run_folder)
            if where and asyncio.run(_got(*where, b"GET /healthz/ready HTTP/1.1")) == 200:
                yield f"{where[0]}:{where[1]}"
                return
            if process.poll() is not None:
                break
            time.sleep(0.2)
        raise AssertionError(log.read_text())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def loaded(
    base: str, secret: str, kind: str, some: list[Request], seconds: int, place: Path
) -> float:
    """Requests a second that were answered with 200, by wrk."""
    script = place / f"{kind}.lua"
    paths = ", ".join(f'"{one.path}"' for one in some)
    script.write_text(LUA % (paths, secret, _type(kind)))
    ran = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script),
         f"http://{base}/api/v1/{kind}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    line = next(line for line in ran.stdout.splitlines() if line.startswith("RESULT"))
    requests, microseconds, refused, broken = map(int, line.split()[1:])
    assert not refused and not broken, ran.stdout
    return requests / (microseconds / 1e6)


def paced(
    base: str, secret: str, kind: str, some: list[Request], rate: float, seconds: int
) -> tuple[float, float, float]:
    """p50, p99 and the longest of requests sent at fixed times, in ms, by a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", "from bench import service; service.pace()"],
        input=json.dumps({
            "base": base, "secret": secret, "kind": kind, "rate": rate, "seconds": seconds,
            "files": [str(one.path) for one in some],
        }),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    p50, p99, longest = json.loads(ran.stdout)
    return p50, p99, longest


def pace() -> None:
    """What `paced` runs."""
    told = json.load(sys.stdin)
    times = asyncio.run(_pace(told))
    p50, p99 = np.percentile(times, (50, 99))
    print(json.dumps([p50, p99, max(times)]))


async def _pace(told: dict[str, Any]) -> list[float]:
    host, port = told["base"].rsplit(":", 1)
    bodies = [Path(name).read_bytes() for name in told["files"]]
    heads = [_head(told["kind"], told["secret"], len(body)) for body in bodies]
    lines: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    times: list[float] = []
    count = int(told["rate"] * told["seconds"])
    begin = time.perf_counter() + 0.5

    async def one(number: int, due: float) -> None:
        try:
            reader, writer = lines.get_nowait()
        except asyncio.QueueEmpty:
            reader, writer = await asyncio.open_connection(host, int(port))
        which = number % len(bodies)
        writer.write(heads[which] + bodies[which])
        assert await _answered(reader) == 200
        times.append((time.perf_counter() - due) * 1000)
        lines.put_nowait((reader, writer))

    tasks = set()
    for number in range(count):
        due = begin + number / told["rate"]
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(one(number, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    assert len(times) == count
    return times


def verdicts_are(base: str, secret: str, kind: str, some: list[Request]) -> bool:
    """Whether the service says of each what it must: so that what is fast is also right."""
    host, port = base.rsplit(":", 1)

    async def asked() -> bool:
        reader, writer = await asyncio.open_connection(host, int(port))
        for one in some:
            body = one.path.read_bytes()
            writer.write(_head(kind, secret, len(body)) + body)
            answer: dict[str, Any] = {}
            assert await _answered(reader, answer) == 200
            if (answer["verdict"] != "allow") != one.matches:
                return False
        writer.close()
        return True

    return asyncio.run(asked())


async def _got(host: str, port: int, line: bytes) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(line + b"\r\nHost: x\r\n\r\n")
    status = await _answered(reader)
    writer.close()
    return status


async def _answered(reader: asyncio.StreamReader, into: dict[str, Any] | None = None) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line[15:])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    )
    body = await reader.readexactly(length)
    if into is not None:
        into.update(json.loads(body))
    return int(head[9:12])


def _head(kind: str, secret: str, length: int) -> bytes:
    return (
        f"POST /api/v1/{kind} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\n"
        f"Content-Type: {_type(kind)}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def _type(kind: str) -> str:
    return "image/jpeg" if kind == "screen" else "application/json"


def memory(app: App) -> float:
    """MB of memory of the service's processes, shared pages once (proportional set size)."""
    where = json.loads((app.run_folder / supervisor.ADDRESS).read_text())
    total, todo = 0, [int(where["pid"])]
    while todo:
        number = todo.pop()
        for line in Path(f"/proc/{number}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
        for task in Path(f"/proc/{number}/task").iterdir():
            todo += map(int, (task / "children").read_text().split())
    return total / 1024

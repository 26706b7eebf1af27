"""HMA's routes under load, beside the service's own API: the same hashes and files, in turn.

A real `tutela serve` with the bank of the service's benchmark. HMA's clients send a hash in the
URL and a file in a form; ours send JSON and bytes. Both are asked about each hash and each file
beforehand, and must agree which is known.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import Request as Asked
from urllib.request import urlopen

from bench import service
from bench.record import Goal, Record
from tutela.app import App
from tutela.people import keys
from tutela.settings import Settings

TITLE = "HMA's routes, beside the service's own, with the load on the same processors"
HOW = "requests a second by wrk, in turn with our own API as the peer, median of three"
SECONDS = 5
RUNS = 3
GOAL = Goal(0.9, "least", "ratio")
"""Of the rate of our own API."""

BOUNDARY = "tutela-bench"
SCOPES = ("screen", "lookup", "match:detail")
LUA = """
local sent = {}
%s
local n = 0
function request()
  n = n %% #sent + 1
  return sent[n]
end
function init()
  for i, one in ipairs(plan) do
    local body = nil
    if one[3] then local f = io.open(one[3], "rb"); body = f:read("*a"); f:close() end
    sent[i] = wrk.format(one[1], one[2], headers, body)
  end
end
function done(summary, latency, requests)
  io.write(string.format("RESULT %%d %%d %%d %%d\\n", summary.requests, summary.duration,
    summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write
    + summary.errors.timeout))
end
"""
Plan = list[tuple[str, str, Path | None]]
"""Method, path and body of requests that are sent in turn."""


def run() -> Iterator[Record]:
    yield from measured(service.BANKED, SECONDS, RUNS)


def measured(banked: int, seconds: int, runs: int) -> Iterator[Record]:
    if shutil.which("wrk") is None:
        for what in ("lookups", "uploads"):
            more: dict[str, Any] = {"note": "wrk is not installed"}
            yield Record(f"hma/{what}", math.nan, "a second", goal=GOAL, more=more)
        return
    with tempfile.TemporaryDirectory(prefix="tutela-bench-") as place:
        chosen = Settings(data=f"{place}/data", keys=f"{place}/keys")
        with App(chosen) as app:
            app.set_up()
            uploads, lookups, same = service.prepared(app, Path(place), banked)
            with app.database.writing() as session:
                now = app.database.now()
                _, secret = keys.create(session, now, "bench", "bench", SCOPES, service.RATE)
            with service.serving(app) as base:
                yield from _compared(
                    "lookups", base, secret, ("application/json", _posted("lookup", lookups)),
                    ("text/plain", _asked(lookups)), lookups, same=same, seconds=seconds, runs=runs,
                )  # fmt: skip
                yield from _compared(
                    "uploads", base, secret, ("image/jpeg", _posted("screen", uploads)),
                    (f"multipart/form-data; boundary={BOUNDARY}", _forms(uploads)), uploads,
                    same=same, seconds=seconds, runs=runs,
                )  # fmt: skip


def _compared(
    what: str,
    base: str,
    secret: str,
    own: tuple[str, Plan],
    hma: tuple[str, Plan],
    wanted: list[service.Request],
    *,
    same: bool,
    seconds: int,
    runs: int,
) -> Iterator[Record]:
    """Both in turn, so that what else the machine does is shared."""
    agree = all(
        found == one.matches
        for kind, plan in (own, hma)
        for found, one in zip(_known(base, secret, kind, plan), wanted, strict=True)
    )
    rates: dict[str, list[float]] = {"own": [], "hma": []}
    for _ in range(runs):
        for name, (kind, plan) in (("own", own), ("hma", hma)):
            rates[name].append(loaded(base, secret, kind, plan, seconds))
    ours, peer = median(rates["hma"]), median(rates["own"])
    more = {name: [round(rate, 1) for rate in each] for name, each in rates.items()}
    yield Record(
        f"hma/{what}", ours, "a second", peer, ours / peer, same_answer=same and agree, goal=GOAL,
        more=more,
    )  # fmt: skip


def _posted(route: str, some: list[service.Request]) -> Plan:
    return [("POST", f"/api/v1/{route}", one.path) for one in some]


def _asked(some: list[service.Request]) -> Plan:
    made: Plan = []
    for one in some:
        (signal,) = json.loads(one.path.read_text())["signals"]
        path = f"/hma/m/lookup?signal_type={signal['type']}&signal={signal['value']}"
        made.append(("GET", path, None))
    return made


def _forms(some: list[service.Request]) -> Plan:
    made: Plan = []
    for one in some:
        form = one.path.with_suffix(".form")
        form.write_bytes(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n'
            f"Content-Type: image/jpeg\r\n\r\n".encode()
            + one.path.read_bytes() + f"\r\n--{BOUNDARY}--\r\n".encode()
        )  # fmt: skip
        made.append(("POST", "/hma/m/lookup", form))
    return made


def _known(base: str, secret: str, kind: str, plan: Plan) -> Iterator[bool]:
    """Of each request, whether the answer is that something is known."""
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": kind}
    for method, path, body in plan:
        data = body.read_bytes() if body else None
        asked = Asked(f"http://{base}{path}", data, headers, method=method)
        with urlopen(asked, timeout=60) as reply:
            said = json.load(reply)
        if path.startswith("/api/"):
            yield said["verdict"] != "allow"
        else:
            yield bool(said.get("pdq", said) if body else said)


def loaded(base: str, secret: str, kind: str, plan: Plan, seconds: int) -> float:
    """Requests a second that were answered with 200, by wrk."""
    lines = ", ".join(
        f'{{"{method}", "{path}"{f", {json.dumps(str(body))}" if body else ""}}}'
        for method, path, body in plan
    )
    headers = f'{{["Authorization"] = "Bearer {secret}", ["Content-Type"] = "{kind}"}}'
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LUA % f"local plan = {{{lines}}}\nlocal headers = {headers}")
        script.flush()
        ran = subprocess.run(
            ["wrk", "-t1", f"-c{service.CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s",
             script.name, f"http://{base}"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    line = next(line for line in ran.stdout.splitlines() if line.startswith("RESULT"))
    requests, microseconds, refused, broken = map(int, line.split()[1:])
    assert not refused and not broken, ran.stdout
    return requests / (microseconds / 1e6)

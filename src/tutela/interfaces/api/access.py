"""Who asks: a key in `Authorization: Bearer`, what it may do, and how often."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from tutela.interfaces.api.problems import Problem
from tutela.people import callers, keys, refusals
from tutela.people.errors import KeyRefused, NotPermitted
from tutela.people.permissions import Caller, Permission
from tutela.storage import Database

FRESH = 0.8
"""Seconds that what is known of a key is used: one revoked opens nothing a second later."""

HELD = 10_000
"""Keys held at a time, wrong ones too."""

BURST = 2
"""Seconds' worth of requests that a key may send at once."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A key that is valid."""

    id: int
    name: str
    caller: Caller
    rate: int | None

    def may(self, permission: Permission) -> bool:
        return self.caller.may(permission)


class KeyRing:
    """The keys that are valid, looked up in the database at most once in `FRESH` seconds each."""

    def __init__(self, database: Database, processes: int) -> None:
        """`processes` share the rate of a key evenly, as the system shares their requests."""
        self.database = database
        self.processes = processes
        self._held: OrderedDict[bytes, tuple[float, Holder | None]] = OrderedDict()
        self._rates: OrderedDict[tuple[int, str], tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    async def holder(self, request: Request, permission: Permission | None) -> Holder:
        """Who asks, if they may; with None, whoever has a key. Raises `Problem` 401,
        `NotPermitted` or `StorageError`."""
        secret = bearer(request)
        digest = keys.digest(secret)
        held = self._held.get(digest)
        if held is None or held[0] <= time.monotonic():
            found = await run_in_threadpool(self._look_up, secret)
            with self._lock:
                self._held[digest] = held = (time.monotonic() + FRESH, found)
                self._held.move_to_end(digest)
                while len(self._held) > HELD:
                    self._held.popitem(last=False)
        if held[1] is None:
            raise unauthorized("This key is not valid.")
        holder = held[1]
        if permission is not None and not holder.may(permission):
            await run_in_threadpool(self.tell, holder, permission, request)
            raise NotPermitted(holder.caller, permission)
        return holder

    def tell(self, holder: Holder, permission: Permission, request: Request) -> None:
        """Have the log say that someone was refused. The place is the route, not its ids."""
        path = request.scope["path"]
        for name, value in request.path_params.items():
            path = path.replace(f"/{value}", f"/{{{name}}}", 1)
        refusals.tell(self.database, holder.caller, permission, f"{request.method} {path}")

    def spend(self, holder: Holder, what: str, rate: int) -> None:
        """Take one request from what a key may send. Raises `Problem` 429."""
        each = (holder.rate or rate) / self.processes
        now = time.monotonic()
        with self._lock:
            left, at = self._rates.get((holder.id, what), (max(1.0, each * BURST), now))
            left = min(max(1.0, each * BURST), left + (now - at) * each)
            self._rates[holder.id, what] = (left - 1 if left >= 1 else left), now
        if left < 1:
            wait = max(1, round((1 - left) / each))
            raise Problem(
                429, "too-many-requests",
                f"The key {holder.name} sends more than {holder.rate or rate} a second.",
                "Send it again later, or ask an administrator for a higher rate.",
                {"retry-after": str(wait)},
            )  # fmt: skip

    def _look_up(self, secret: str) -> Holder | None:
        with self.database.reading() as session:
            try:
                key = keys.known(session, secret)
            except KeyRefused:
                return None
            return Holder(key.id, key.name, callers.of_key(session, key), key.rate)


def bearer(request: Request) -> str:
    """The secret that a request brings. Raises `Problem` 401."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        raise unauthorized("This needs a key.")
    return secret.strip()


def unauthorized(what: str) -> Problem:
    return Problem(
        401, "key-needed", what,
        "Send Authorization: Bearer KEY; tutela key create makes one.",
        {"www-authenticate": "Bearer"},
    )  # fmt: skip

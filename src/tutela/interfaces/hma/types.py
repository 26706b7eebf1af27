"""HMA's signal types and content types, and of how many lookups each signal type is asked for."""

from __future__ import annotations

import re
import time
from typing import Any

from sqlalchemy import func, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tutela import audit
from tutela.banks.models import BankedSignal, Clock, Share
from tutela.interfaces.api.access import Holder
from tutela.interfaces.api.screening import Doors
from tutela.interfaces.hma.answers import Refused, answer
from tutela.interfaces.hma.bodies import an_object
from tutela.signals import Signal

TYPES = {"pdq": "pdq", "video_md5": "md5"}
"""HMA's signal types, and what they are called here."""

NAMES = {own: name for name, own in TYPES.items()}
CONTENTS = {"photo": ("pdq",), "video": ("video_md5",)}
"""HMA's content types, and the signal types of each."""

PDQ, MD5 = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-fA-F]{32}")
INVALID = {"pdq": "invalid PDQ hash", "video_md5": "invalid MD5 hash"}
FRESH = 1.0
"""Seconds that what was read of the ratios is used."""


def value(name: str, given: Any) -> str | None:
    """A value of one of HMA's types in its one form; None if it is none."""
    if not isinstance(given, str):
        return None
    if name == "video_md5":
        given = given.strip().lower()
    return given if (PDQ if name == "pdq" else MD5).fullmatch(given) else None


class Types:
    """The signal types of this installation, as HMA's clients see them."""

    def __init__(self, doors: Doors) -> None:
        self.doors, self.running = doors, doors.running
        self._ratios: dict[str, float] = {}
        self._until = 0.0

    def ratio(self, name: str) -> float:
        """Of how many lookups a type is asked for; 0 if it is not matched here at all."""
        own = TYPES[name]
        if own not in self.running.index.types:
            return 0.0
        return self._ratios.get(own, 1.0)

    async def refresh(self) -> None:
        """Read the ratios again, if they are not fresh."""
        if self._until <= time.monotonic():
            await run_in_threadpool(self._read)

    def _read(self) -> None:
        with self.running.app.database.reading() as session:
            self._ratios = {row.type: row.ratio for row in session.scalars(select(Share))}
        self._until = time.monotonic() + FRESH

    def of_content(self, content: str) -> list[str]:
        """Types that files of a content type are hashed to."""
        return [one for one in CONTENTS[content] if self.ratio(one)]

    def signal(self, name: str, given: Any, before: str = "invalid signal") -> Signal:
        """A signal that a client sent. Raises `Refused`."""
        if name not in TYPES:
            raise Refused(f"No such SignalType '{name[:64]}'")
        if not self.ratio(name):
            raise Refused(f"SignalType '{name}' is not enabled")
        text = value(name, given)
        if text is None:
            raise Refused(f"{before}: {INVALID[name]}")
        return Signal(TYPES[name], text, frame=0 if name == "pdq" else None)

    async def listed(self, _: Request, __: Holder) -> Response:
        return answer([{"name": name, "enabled_ratio": self.ratio(name)} for name in TYPES])

    async def contents(self, _: Request, __: Holder) -> Response:
        return answer([{"name": name, "enabled": True} for name in CONTENTS])

    async def change(self, request: Request, holder: Holder) -> Response:
        """Have a type asked for less often, or not at all: by HMA's clients, and by nobody else."""
        name = request.path_params["name"]
        given = await an_object(request, self.doors.limits)
        if name not in TYPES:
            raise Refused(f"No such signal type '{name[:64]}'", 404)
        ratio = given.get("enabled_ratio")
        if not isinstance(ratio, int | float) or isinstance(ratio, bool) or not 0 <= ratio <= 1:
            raise Refused("enabled_ratio must be a number from 0 to 1")
        if TYPES[name] not in self.running.index.types:
            raise Refused(f"SignalType '{name}' is not enabled")
        await run_in_threadpool(self._change, name, float(ratio), holder.caller.actor)
        return answer({"name": name, "enabled_ratio": float(ratio)})

    def _change(self, name: str, ratio: float, actor: str) -> None:
        database, own = self.running.app.database, TYPES[name]
        with database.writing() as session:
            now = database.now()
            row = session.get(Share, own)
            before = 1.0 if row is None else row.ratio
            session.merge(Share(type=own, ratio=ratio, changed_at=now))
            audit.append(
                session, now, actor, "hma.signal-type", f"signal-type:{own}",
                ratio_before=before, ratio=ratio,
            )  # fmt: skip
        self._read()

    async def index_status(self, request: Request, _: Holder) -> Response:
        return answer({
            name: {"built_to": built, "present": ready, "size": size}
            for name, (ready, size, _, built, _) in (await self._sizes(request)).items()
        })  # fmt: skip

    async def index(self, request: Request, _: Holder) -> Response:
        return answer({
            name: {
                "db_size": total, "index_size": size, "index_out_of_date": size < total,
                "newest_db_item": newest, "index_built_to": built,
            }
            for name, (_, size, total, built, newest) in (await self._sizes(request)).items()
        })  # fmt: skip

    async def _sizes(self, request: Request) -> dict[str, tuple[bool, int, int, int, int]]:
        """Of each type that is asked about: whether it is ready; how many signals the index and the
        database have; and the time of the newest in each, or -1. Raises `Refused`."""
        chosen = request.query_params.get("signal_type")
        if chosen is not None and chosen not in TYPES:
            raise Refused(f"No such signal type '{chosen[:64]}'")
        return await run_in_threadpool(self._counted, [chosen] if chosen else [*TYPES])

    def _counted(self, names: list[str]) -> dict[str, tuple[bool, int, int, int, int]]:
        readiness, made = self.running.index.readiness(), {}
        with self.running.app.database.reading() as session:
            newest_change = session.scalar(select(Clock.number)) or 0
            for name in names:
                query = select(func.count(), func.max(BankedSignal.first_seen)).where(
                    BankedSignal.type == TYPES[name]
                )
                total, newest = session.execute(query).one()
                size, built = total, newest
                if readiness.through < newest_change:
                    query = query.where(BankedSignal.id <= readiness.through)
                    size, built = session.execute(query).one()
                times = [int(at.timestamp()) if at else -1 for at in (built, newest)]
                made[name] = (readiness.ready, size, total, times[0], times[1])
        return made

"""What HMA's clients ask to have hashed, looked up and compared."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tutela.interfaces.api.access import Holder
from tutela.interfaces.api.screening import Doors
from tutela.interfaces.hma import hashing
from tutela.interfaces.hma.answers import Refused, answer, required, yes
from tutela.interfaces.hma.bodies import an_object
from tutela.interfaces.hma.matching import Asked, Found, search
from tutela.interfaces.hma.types import TYPES, Types
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Permission
from tutela.screening.given import NOTHING
from tutela.signals import Signal


class Lookups:
    """Answers as HMA does."""

    def __init__(self, doors: Doors, types: Types) -> None:
        self.doors, self.types, self.running = doors, types, doors.running

    async def hash_url(self, request: Request, _: Holder) -> Response:
        required(request.query_params, "url")
        found = await hashing.of_url(self.doors, self.types, request.query_params)
        return answer(found.values)

    async def hash_file(self, request: Request, _: Holder) -> Response:
        return answer((await hashing.of_upload(self.doors, self.types, request)).values)

    async def lookup(self, request: Request, holder: Holder) -> Response:
        query = request.query_params
        bypass = yes(query, "bypass_coinflip")
        name = query.get("signal_type", "")
        if query.get("url"):
            _needs(holder, Permission.SCREEN)
            hashed = await hashing.of_url(self.doors, self.types, query)
            found = await self._all(hashed.values, request, holder, bypass=bypass)
            return answer(found.get(name, {}) if name else found)
        if not (query.get("signal") and name):
            raise Refused("Either url or both signal and signal_type are required")
        found = await self._all({name: query["signal"]}, request, holder, bypass=bypass)
        return answer(found[name])

    async def lookup_file(self, request: Request, holder: Holder) -> Response:
        bypass = yes(request.query_params, "bypass_coinflip")
        hashed = await hashing.of_upload(self.doors, self.types, request)
        return answer(await self._all(hashed.values, request, holder, bypass=bypass))

    async def _all(
        self, hashes: dict[str, str], request: Request, holder: Holder, *, bypass: bool
    ) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """Of each type, what is near in each bank."""
        query = request.query_params
        _needs(holder, Permission.MATCH_DETAIL)
        if bypass:
            _needs(holder, Permission.BANKS_READ)
        asked = Asked.of(query.get("banks", ""), query.get("seed"), bypass=bypass)
        made: dict[str, dict[str, list[dict[str, Any]]]] = {name: {} for name in hashes}
        given = {n: self.types.signal(n, value) for n, value in hashes.items() if value}
        for name, one in given.items():
            ratio = self.types.ratio(name)
            if ratio < 1 and ratio < asked.drawn():
                continue
            for found in await self._near(one, asked):
                made[name].setdefault(found.bank, []).append(_shown(name, found))
            if self.doors.beside is not None and not bypass:
                self.doors.beside.offer("lookup", name, one.value, made[name], query)
        now = self.running.app.database.now()
        self.running.counts.item(now, "lookup", NOTHING.channel)
        return made

    async def raw_lookup(self, request: Request, holder: Holder) -> Response:
        query = request.query_params
        value, name = required(query, "signal"), required(query, "signal_type")
        distance = yes(query, "include_distance")
        _needs(holder, Permission.MATCH_DETAIL)
        asked = Asked.of(query.get("banks", ""), None, every=True)
        one = self.types.signal(name, value)
        found = await self._near(one, asked)
        if self.doors.beside is not None:
            rows = {"": [_shown(name, one) for one in found]}
            self.doors.beside.offer("raw_lookup", name, one.value, rows, query)
        shown = [_shown(name, one) if distance else one.number for one in found]
        return answer({"matches": shown})

    async def _near(self, one: Signal, asked: Asked) -> list[Found]:
        """What is near a signal; in a thread only if something is."""
        proposed = self.running.search.propose([one])
        if not proposed.near:
            return []
        return await run_in_threadpool(search, self.running, proposed, asked)

    async def compare(self, request: Request, _: Holder) -> Response:
        given = await an_object(request, self.doors.limits)
        made = {}
        for name, values in given.items():
            if name not in TYPES:
                raise Refused(f"No such SignalType '{name[:64]}'")
            if not isinstance(values, list):
                raise Refused(f"Comparison hashes for {name} was not a list")
            if len(values) != 2:
                raise Refused("Comparison hash list length must be exactly 2")
            before = f"Invalid {name} hash"
            one, other = (self.types.signal(name, value, before) for value in values)
            kind = self.running.index.types[TYPES[name]]
            apart = kind.distance(one.value, other.value)
            made[name] = [apart <= kind.match_distance, {"distance": apart}]
        return answer(made)


def _needs(holder: Holder, permission: Permission) -> None:
    if not holder.may(permission):
        raise NotPermitted(holder.caller, permission)


def _shown(name: str, found: Found) -> dict[str, Any]:
    distance = "-" if name == "video_md5" else str(found.distance)
    return {"bank_content_id": found.number, "distance": distance}

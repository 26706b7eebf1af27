"""The routes of HMA that are answered, and what each needs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import func, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tutela import __version__
from tutela.banks.models import Bank, BankedSignal
from tutela.interfaces.api import bodies
from tutela.interfaces.api.access import Holder
from tutela.interfaces.api.problems import Problem
from tutela.interfaces.api.screening import Doors
from tutela.interfaces.hma import hashing
from tutela.interfaces.hma.answers import Refused, answer, refusal, required, yes
from tutela.interfaces.hma.keys import BASE
from tutela.interfaces.hma.matching import CONTENTS, TYPES, Asked, Found, search, shown_name, signal
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Permission
from tutela.screening.given import NOTHING

PAGE = 1000
"""Banks read at a time."""

Answering = Callable[[Request, Holder], Awaitable[Response]]


def routes(doors: Doors) -> list[Route]:
    """All of them. Each says what it needs in its endpoint's attribute `permission`."""
    hma = Hma(doors)
    return [_route(doors, method, path, do, needs) for method, path, do, needs in (
        ("GET", "/", hma.home, Permission.LOOKUP),
        ("GET", "/status", hma.status, Permission.LOOKUP),
        ("GET", "/status/live", hma.live, Permission.LOOKUP),
        ("GET", "/site-map", hma.site_map, Permission.LOOKUP),
        ("GET", "/openapi/openapi.json", hma.described, Permission.LOOKUP),
        ("GET", "/h/hash", hma.hash_url, Permission.SCREEN),
        ("POST", "/h/hash", hma.hash_file, Permission.SCREEN),
        ("GET", "/m/lookup", hma.lookup, Permission.LOOKUP),
        ("POST", "/m/lookup", hma.lookup_file, Permission.SCREEN),
        ("GET", "/m/raw_lookup", hma.raw_lookup, Permission.LOOKUP),
        ("GET", "/m/index/status", hma.index_status, Permission.LOOKUP),
        ("POST", "/m/compare", hma.compare, Permission.LOOKUP),
        ("GET", "/c/banks", hma.banks, Permission.BANKS_READ),
        ("GET", "/c/bank/{bank}", hma.bank, Permission.BANKS_READ),
        ("GET", "/c/signal_type", hma.signal_types, Permission.LOOKUP),
        ("GET", "/c/content_type", hma.content_types, Permission.LOOKUP),
    )]  # fmt: skip


def as_message(problem: Response) -> Response:
    """What no route took, in HMA's shape."""
    told = json.loads(bytes(problem.body))
    made = answer({"message": told["detail"], "details": told["type"]}, problem.status_code)
    if "allow" in problem.headers:
        made.headers["allow"] = problem.headers["allow"]
    return made


def _route(doors: Doors, method: str, path: str, do: Answering, needs: Permission) -> Route:
    what = "lookup" if needs is Permission.LOOKUP else "screen"

    async def endpoint(request: Request) -> Response:
        try:
            holder = await doors.keyring.holder(request, needs)
            if path.startswith(("/h/", "/m/")):
                rate = doors.limits.lookup_rate if what == "lookup" else doors.limits.screen_rate
                doors.keyring.spend(holder, what, rate)
            return await do(request, holder)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # the API's own handler would answer in another shape
            return refusal(error)

    endpoint.permission = needs  # type: ignore[attr-defined] # functions take any
    return Route(f"{BASE}{path}", endpoint, methods=[method], include_in_schema=False)


class Hma:
    """Answers as HMA does."""

    def __init__(self, doors: Doors) -> None:
        self.doors, self.running = doors, doors.running

    async def home(self, _: Request, __: Holder) -> Response:
        return Response(None, 302, {"location": "status"})

    async def status(self, _: Request, __: Holder) -> Response:
        ready = self.running.index.readiness().ready
        text = "I-AM-ALIVE" if ready else "INDEX-NOT-LOADED"
        return PlainTextResponse(text, 200 if ready else 503, media_type="text/html")

    async def live(self, _: Request, __: Holder) -> Response:
        return PlainTextResponse("I-AM-ALIVE", media_type="text/html")

    async def site_map(self, _: Request, __: Holder) -> Response:
        paths = {route.path.removeprefix(BASE) for route in routes(self.doors)}
        return answer(sorted(path.replace("{bank}", "<bank_name>") for path in paths))

    async def described(self, _: Request, __: Holder) -> Response:
        paths: dict[str, Any] = {}
        for route in routes(self.doors):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                path = paths.setdefault(route.path.removeprefix(BASE), {})
                path[method.lower()] = {"responses": {
                    "200": {"description": "As HMA answers."},
                    "4XX": {"description": "Refused: a message says why."},
                }}  # fmt: skip
        info = {"title": "Open Media Match API", "version": __version__}
        return answer({"openapi": "3.1.0", "info": info, "paths": paths})

    async def hash_url(self, request: Request, _: Holder) -> Response:
        required(request.query_params, "url")
        return answer(await hashing.of_url(self.doors, request.query_params))

    async def hash_file(self, request: Request, _: Holder) -> Response:
        return answer(await hashing.of_upload(self.doors, request))

    async def lookup(self, request: Request, holder: Holder) -> Response:
        query = request.query_params
        bypass = yes(query, "bypass_coinflip")
        name = query.get("signal_type", "")
        if query.get("url"):
            _needs(holder, Permission.SCREEN)
            hashes = await hashing.of_url(self.doors, query)
            found = await self._all(hashes, request, holder, bypass=bypass)
            return answer(found.get(name, {}) if name else found)
        if not (query.get("signal") and name):
            raise Refused("Either url or both signal and signal_type are required")
        found = await self._all({name: query["signal"]}, request, holder, bypass=bypass)
        return answer(found[name])

    async def lookup_file(self, request: Request, holder: Holder) -> Response:
        bypass = yes(request.query_params, "bypass_coinflip")
        hashes = await hashing.of_upload(self.doors, request)
        return answer(await self._all(hashes, request, holder, bypass=bypass))

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
        given = {name: signal(self.running, name, value) for name, value in hashes.items() if value}
        for name, one in given.items():
            for found in await run_in_threadpool(search, self.running, [one], asked):
                made[name].setdefault(found.bank, []).append(_shown(name, found))
        now = self.running.app.database.now()
        self.running.counts.item(now, "lookup", NOTHING.channel)
        return made

    async def raw_lookup(self, request: Request, holder: Holder) -> Response:
        query = request.query_params
        value, name = required(query, "signal"), required(query, "signal_type")
        distance = yes(query, "include_distance")
        _needs(holder, Permission.MATCH_DETAIL)
        asked = Asked.of(query.get("banks", ""), None, every=True)
        one = signal(self.running, name, value)
        found = await run_in_threadpool(search, self.running, [one], asked)
        shown = [_shown(name, one) if distance else one.number for one in found]
        return answer({"matches": shown})

    async def index_status(self, request: Request, _: Holder) -> Response:
        chosen = request.query_params.get("signal_type")
        if chosen is not None and chosen not in TYPES:
            raise Refused(f"No such signal type '{chosen[:64]}'")
        names = [chosen] if chosen else [*TYPES]
        return answer(await run_in_threadpool(self._sizes, names))

    def _sizes(self, names: list[str]) -> dict[str, Any]:
        ready, made = self.running.index.readiness().ready, {}
        with self.running.app.database.reading() as session:
            for name in names:
                size, newest = session.execute(
                    select(func.count(), func.max(BankedSignal.first_seen))
                    .where(BankedSignal.type == TYPES[name])
                ).one()  # fmt: skip
                built = int(newest.timestamp()) if newest else -1
                made[name] = {"built_to": built, "present": ready, "size": size}
        return made

    async def compare(self, request: Request, _: Holder) -> Response:
        given = await self._json(request)
        if not isinstance(given, dict):
            raise Refused("Request input was not a dict")
        made = {}
        for name, values in given.items():
            if name not in TYPES:
                raise Refused(f"No such SignalType '{name[:64]}'")
            if not isinstance(values, list):
                raise Refused(f"Comparison hashes for {name} was not a list")
            if len(values) != 2:
                raise Refused("Comparison hash list length must be exactly 2")
            texts = [value if isinstance(value, str) else "" for value in values]
            one, other = (signal(self.running, name, t, f"Invalid {name} hash") for t in texts)
            kind = self.running.index.types[TYPES[name]]
            apart = kind.distance(one.value, other.value)
            made[name] = [apart <= kind.match_distance, {"distance": apart}]
        return answer(made)

    async def _json(self, request: Request) -> Any:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not (
            kind.startswith("application/") and kind.endswith("+json")
        ):
            raise Refused(
                "Did not attempt to load JSON data because the request Content-Type was not"
                " 'application/json'.", 415,
            )  # fmt: skip
        data = await bodies.whole(request, self.doors.limits, bodies.FED)
        try:
            return bodies.json_of(data, "The body")
        except Problem:
            raise Refused(
                "The browser (or proxy) sent a request that this server could not understand."
            ) from None

    async def banks(self, _: Request, __: Holder) -> Response:
        return answer(await run_in_threadpool(self._banks))

    async def bank(self, request: Request, _: Holder) -> Response:
        name = request.path_params["bank"]
        for one in await run_in_threadpool(self._banks, name):
            return answer(one)
        raise Refused(f"bank '{name[:255]}' not found", 404)

    def _banks(self, name: str | None = None) -> list[dict[str, Any]]:
        """Banks by age, or the one of a name: what is off is asked of no item."""
        query = select(Bank).where(Bank.deleted_at.is_(None)).order_by(Bank.id)
        if name is not None:
            if name != name.upper() or "\0" in name:
                return []
            query = query.where(Bank.name == name.lower())
        with self.running.app.database.reading() as session:
            return [
                {"name": shown_name(bank), "matching_enabled_ratio": bank.rollout}
                for bank in session.scalars(query.execution_options(yield_per=PAGE))
            ]

    async def signal_types(self, _: Request, __: Holder) -> Response:
        there = self.running.index.types
        return answer([
            {"name": name, "enabled_ratio": 1.0 if own in there else 0.0}
            for name, own in TYPES.items()
        ])  # fmt: skip

    async def content_types(self, _: Request, __: Holder) -> Response:
        return answer([{"name": name, "enabled": True} for name in CONTENTS])


def _needs(holder: Holder, permission: Permission) -> None:
    if not holder.may(permission):
        raise NotPermitted(holder.caller, permission)


def _shown(name: str, found: Found) -> dict[str, Any]:
    distance = "-" if name == "video_md5" else str(found.distance)
    return {"bank_content_id": found.number, "distance": distance}

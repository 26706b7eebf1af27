"""The routes of HMA that are answered, and what each needs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import reduce
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tutela.interfaces.api.access import Holder
from tutela.interfaces.api.screening import Doors
from tutela.interfaces.hma.answers import answer, refusal
from tutela.interfaces.hma.banks import Banks
from tutela.interfaces.hma.contents import Contents
from tutela.interfaces.hma.descriptions import described
from tutela.interfaces.hma.exchanges import Exchanges
from tutela.interfaces.hma.keys import BASE
from tutela.interfaces.hma.lookups import Lookups
from tutela.interfaces.hma.types import Types
from tutela.people.permissions import Permission

Answering = Callable[[Request, Holder], Awaitable[Response]]
LOOKUP, SCREEN, ADMIN = Permission.LOOKUP, Permission.SCREEN, Permission.ADMIN
READ, WRITE = Permission.BANKS_READ, Permission.BANKS_WRITE
BANK, CONTENT = "/c/bank/{bank}", "/c/bank/{bank}/content/{number:int}"
API, EXCHANGE = "/c/exchanges/api/{api}", "/c/exchange/{name}"
NOTATION = (("{bank}", "<bank_name>"), ("{number:int}", "<int:content_id>"),
            ("{api}", "<api_name>"), ("{name}", "<name>"))  # fmt: skip
"""How the site map writes what stands in a path."""


class Row(NamedTuple):
    """A route: its method and path, what answers it, and what it needs."""

    method: str
    path: str
    do: Answering
    needs: Permission


def routes(doors: Doors) -> list[Route]:
    """All of them. Each says what it needs in its endpoint's attribute `permission`."""
    types = Types(doors)
    rows = _rows(doors, types)
    methods: dict[str, list[str]] = {}
    for row in rows:
        methods.setdefault(row.path, []).append(row.method)
    least = {row.path: row.needs for row in reversed(rows)}
    asked = [Row("OPTIONS", path, _options(methods[path]), least[path]) for path in methods]
    return [_route(doors, types, row) for row in (*rows, *asked)]


async def told(_: Request, error: Exception) -> Response:
    """What a client is told of an error."""
    return refusal(error)


def hot(
    made: list[Route],
) -> dict[str, tuple[Callable[[Request], Awaitable[Response]], Permission]]:
    """Of routes, those that must be fast, by method and path, with what each needs."""
    return {
        f"{method} {route.path}": (route.endpoint, route.endpoint.permission)  # type: ignore[attr-defined]
        for route in made
        for method in ("GET", "POST")
        if route.path == f"{BASE}/m/lookup" and method in (route.methods or ())
    }


def as_message(problem: Response) -> Response:
    """What no route took, in HMA's shape."""
    told = json.loads(bytes(problem.body))
    made = answer({"message": told["detail"], "details": told["type"]}, problem.status_code)
    if "allow" in problem.headers:
        made.headers["allow"] = problem.headers["allow"]
    return made


def _rows(doors: Doors, types: Types) -> list[Row]:
    service, lookups, banks = Service(doors), Lookups(doors, types), Banks(doors)
    contents, exchanges = Contents(doors, types), Exchanges(doors)
    made = [Row(*row) for row in (
        ("GET", "/", service.home, LOOKUP),
        ("GET", "/status", service.status, LOOKUP),
        ("GET", "/status/live", service.live, LOOKUP),
        ("GET", "/site-map", service.site_map, LOOKUP),
        ("GET", "/openapi/openapi.json", service.described, LOOKUP),
        ("GET", "/h/hash", lookups.hash_url, SCREEN),
        ("POST", "/h/hash", lookups.hash_file, SCREEN),
        ("GET", "/m/lookup", lookups.lookup, LOOKUP),
        ("POST", "/m/lookup", lookups.lookup_file, SCREEN),
        ("GET", "/m/raw_lookup", lookups.raw_lookup, LOOKUP),
        ("GET", "/m/index/status", types.index_status, LOOKUP),
        ("POST", "/m/compare", lookups.compare, LOOKUP),
        ("GET", "/c/banks", banks.listed, READ),
        ("POST", "/c/banks", banks.create, WRITE),
        ("GET", BANK, banks.one, READ),
        ("PUT", BANK, banks.change, WRITE),
        ("DELETE", BANK, banks.delete, WRITE),
        ("POST", f"{BANK}/content", contents.add, WRITE),
        ("POST", f"{BANK}/signal", contents.add_signals, WRITE),
        ("GET", CONTENT, contents.one, READ),
        ("PUT", CONTENT, contents.change, WRITE),
        ("DELETE", CONTENT, contents.remove, WRITE),
        ("GET", "/c/exchanges/apis", exchanges.apis, READ),
        ("GET", API, exchanges.api, READ),
        ("POST", API, exchanges.admit, ADMIN),
        ("GET", f"{API}/schema", exchanges.schema, READ),
        ("GET", "/c/exchanges", exchanges.listed, READ),
        ("POST", "/c/exchanges", exchanges.add, ADMIN),
        ("GET", EXCHANGE, exchanges.one, READ),
        ("GET", f"{EXCHANGE}/status", exchanges.status, READ),
        ("PUT", EXCHANGE, exchanges.change, WRITE),
        ("DELETE", EXCHANGE, exchanges.end, ADMIN),
        ("GET", "/c/signal_type", types.listed, LOOKUP),
        ("GET", "/c/signal_type/index", types.index, LOOKUP),
        ("PUT", "/c/signal_type/{name}", types.change, WRITE),
        ("GET", "/c/content_type", types.contents, LOOKUP),
    )]  # fmt: skip
    service.paths = sorted({row.path for row in made})
    return made


def _route(doors: Doors, types: Types, row: Row) -> Route:
    hashes = row.path.startswith(("/h/", "/m/")) or row.path.endswith("/content")
    what = "lookup" if row.needs is LOOKUP else "screen"

    async def endpoint(request: Request) -> Response:
        try:
            holder = await doors.keyring.holder(request, row.needs)
            if hashes:
                rate = doors.limits.lookup_rate if what == "lookup" else doors.limits.screen_rate
                doors.keyring.spend(holder, what, rate)
            await types.refresh()
            return await row.do(request, holder)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # the API's own handler would answer in another shape
            return refusal(error)

    endpoint.permission = row.needs  # type: ignore[attr-defined] # functions take any
    return Route(f"{BASE}{row.path}", endpoint, methods=[row.method], include_in_schema=False)


def _options(methods: list[str]) -> Answering:
    """What says which methods a path has."""
    also = ["HEAD"] if "GET" in methods else []
    allow = ", ".join(sorted([*methods, *also, "OPTIONS"]))

    async def options(_: Request, __: Holder) -> Response:
        return Response(headers={"allow": allow})

    return options


class Service:
    """Whether it is there, and what it answers."""

    def __init__(self, doors: Doors) -> None:
        self.running = doors.running
        self.paths: list[str] = []

    async def home(self, _: Request, __: Holder) -> Response:
        return Response(None, 302, {"location": "status"})

    async def status(self, _: Request, __: Holder) -> Response:
        ready = self.running.index.readiness().ready
        text = "I-AM-ALIVE" if ready else "INDEX-NOT-LOADED"
        return PlainTextResponse(text, 200 if ready else 503, media_type="text/html")

    async def live(self, _: Request, __: Holder) -> Response:
        return PlainTextResponse("I-AM-ALIVE", media_type="text/html")

    async def site_map(self, _: Request, __: Holder) -> Response:
        shown = []
        for path in self.paths:
            shown.append(reduce(lambda text, pair: text.replace(*pair), NOTATION, path))
        return answer(sorted(shown))

    async def described(self, _: Request, __: Holder) -> Response:
        return answer(described())

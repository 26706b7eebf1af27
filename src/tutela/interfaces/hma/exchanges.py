"""Exchanges with partners, as HMA's clients see, add, pause and end them.

HMA has credentials for each API and one bank for each exchange. Here each exchange has its own
secrets, and those that are added so share what was set for their API; and a partner whose entries
are of several purposes fills a bank for each, of which the first is called as the exchange.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tutela.exchanges import service, shared
from tutela.exchanges.errors import ExchangeError
from tutela.exchanges.models import Exchange, Run
from tutela.interfaces import exchanges as acts
from tutela.interfaces.api.access import Holder
from tutela.interfaces.api.screening import Doors
from tutela.interfaces.hma import apis, banks
from tutela.interfaces.hma.answers import Refused, answer
from tutela.interfaces.hma.apis import APIS, Api, Unparsed
from tutela.interfaces.hma.bodies import an_object, anything, checked
from tutela.outbound import OutboundError
from tutela.outbound.hosts import Hosts, Target
from tutela.people.errors import SecondPersonNeeded
from tutela.storage import Session

NAME = re.compile(r"[A-Z0-9_]+")
FETCHED = ("complete", "more")
"""Outcomes of runs that were no failure."""


class ExchangeChange(BaseModel):
    """What of an exchange is to be another."""

    enabled: bool | None = None


class Exchanges:
    """Answers as HMA does."""

    def __init__(self, doors: Doors) -> None:
        self.doors, self.app = doors, doors.running.app

    async def apis(self, _: Request, __: Holder) -> Response:
        return answer(apis.installed())

    async def api(self, request: Request, _: Holder) -> Response:
        api = _api(request)
        return answer(await run_in_threadpool(self._admission_of, api))

    async def schema(self, request: Request, _: Holder) -> Response:
        name = request.path_params["api"]
        if name not in apis.installed():
            raise Refused(f"Exchange API '{name[:64]}' not found", 404)
        api = APIS[name]
        return answer({
            "config_schema": {"fields": [*api.fields]},
            "credentials_schema": {"fields": [*api.credentials]} if api.credentials else None,
        })  # fmt: skip

    async def admit(self, request: Request, holder: Holder) -> Response:
        """Say how to sign in at a partner, for all exchanges that are added by these routes."""
        api = _api(request)
        given = await anything(request, self.doors.limits)
        if not isinstance(given, dict):
            raise Refused("this endpoint expects a json object payload")
        said = given.get("credential_json")
        if said is not None:
            if not isinstance(said, dict):
                raise Refused("credential_json must be a json object")
            await run_in_threadpool(self._admit, api, said, holder.caller.actor)
        return answer(await run_in_threadpool(self._admission_of, api))

    async def listed(self, _: Request, __: Holder) -> Response:
        return answer(await run_in_threadpool(self._listed))

    async def add(self, request: Request, holder: Holder) -> Response:
        given = await an_object(request, self.doors.limits)
        bank, api, said = given.get("bank"), given.get("api"), given.get("api_json", {})
        if bank is None or bank == "":
            raise Refused("bank is required")
        if not isinstance(bank, str) or not NAME.fullmatch(bank):
            raise Refused("Field `bank` must match /^[A-Z0-9_]+$/")
        if not isinstance(said, dict):
            raise Refused("Field `api_json` must be object")
        if api is None or api == "":
            raise Refused("Field `api_type` is required")
        if not isinstance(api, str) or api not in apis.installed():
            raise Refused(f"No such exchange type '{str(api)[:64]}'")
        name = banks.own_name(bank)
        await run_in_threadpool(self._add, bank, name, APIS[api], said, holder.caller.actor)
        return answer({"message": "Created successfully"}, 201)

    async def one(self, request: Request, _: Holder) -> Response:
        return answer(await run_in_threadpool(self._shown, request.path_params["name"]))

    async def status(self, request: Request, _: Holder) -> Response:
        return answer(await run_in_threadpool(self._status, request.path_params["name"]))

    async def change(self, request: Request, holder: Holder) -> Response:
        given = await checked(request, self.doors.limits, ExchangeChange)
        name = request.path_params["name"]
        await run_in_threadpool(self._change, name, given, holder.caller.actor)
        return answer(await run_in_threadpool(self._shown, name))

    async def end(self, request: Request, holder: Holder) -> Response:
        """Leave a programme. It takes two people, as by the command."""
        name = request.path_params["name"]
        why = request.query_params.get("why", "")[:1000]
        await run_in_threadpool(self._end, name, holder, why)
        return answer({"message": "Exchange deleted"})

    def _admission_of(self, api: Api) -> dict[str, bool]:
        with self.app.database.reading() as session:
            return {
                "supports_authentification": bool(api.credentials),
                "has_set_authentification": shared.are_set(session, api.partner),
            }

    def _admit(self, api: Api, said: dict[str, Any], actor: str) -> None:
        if not api.credentials:
            raise Refused(f"Exchange API '{api.name}' takes no credentials")
        with self.app.database.writing() as session:
            now = self.app.database.now()
            if not said:
                shared.clear(session, now, actor, api.partner)
                return
            try:
                config, kept = api.admission(apis.credentials(api, said))
                self._require_listed(config.get("url", ""))
                sealing = self.app.exchanges_sealing()
                shared.put(session, now, actor, sealing, api.partner, config, kept)
                for row in shared.sharing(session, api.partner):
                    self._require_allowed(row)
            except (Unparsed, ExchangeError) as error:
                raise Refused(f"Failed to parse `credential_json` - {_told(error)}") from None

    def _add(self, bank: str, name: str, api: Api, said: dict[str, Any], actor: str) -> None:
        on = said.get("enabled", True)
        if not isinstance(on, bool):
            raise Refused('Failed to parse `api_json` - wrong value type for field "enabled"')
        with self.app.database.writing() as session:
            now = self.app.database.now()
            banks.require_free(session, bank, "Bank already exists")
            if session.scalar(select(Exchange.id).where(Exchange.name == name)) is not None:
                raise Refused("Bank already exists", 403)  # or was: its statement names it
            try:
                config = api.config(said)
                row = service.add(session, now, actor, name, api.partner, config, main=api.main)
                shared.join(session, now, actor, self.app.exchanges_sealing(), row)
                self._require_allowed(row)
            except (Unparsed, ExchangeError) as error:
                raise Refused(f"Failed to parse `api_json` - {_told(error)}") from None
            if not on:
                service.pause(session, now, actor, name)

    def _require_allowed(self, row: Exchange) -> None:
        """Raises `Unparsed` for production, unless an operator wrote that word."""
        test = apis.is_test(row.partner, json.loads(row.config))
        if not test and self.app.settings.hma.environment != "production":
            raise Unparsed("only test systems may be spoken to: see the setting hma.environment")

    def _require_listed(self, url: str) -> None:
        """Raises `Unparsed` for a test server that no operator named."""
        if url:
            try:
                Hosts.of(self.app.settings.outbound.hosts).private_allowed(Target.of(url))
            except OutboundError:
                raise Unparsed("base_url_override is not in the setting outbound.hosts") from None

    def _listed(self) -> list[str]:
        with self.app.database.reading() as session:
            names = session.scalars(
                select(Exchange.name).where(Exchange.left_at.is_(None)).order_by(Exchange.id)
            )
            return [name.upper() for name in names]

    def _shown(self, name: str) -> dict[str, Any]:
        with self.app.database.reading() as session:
            row = _required(session, name)
            api = apis.BY_PARTNER.get(row.partner)
            return {
                **apis.shown(row.partner, json.loads(row.config)), "name": row.name.upper(),
                "api": api.name if api else row.partner, "enabled": not row.paused,
            }  # fmt: skip

    def _status(self, name: str) -> dict[str, Any]:
        with self.app.database.reading() as session:
            row, now = _required(session, name), self.app.database.now()
            running = row.busy_until is not None and row.busy_until > now
            began = session.scalar(
                select(Run.started_at)
                .where(Run.exchange_id == row.id, Run.ended_at.is_(None))
                .order_by(Run.id.desc()).limit(1)
            )  # fmt: skip
            last = session.scalar(
                select(Run)
                .where(Run.exchange_id == row.id, Run.ended_at.is_not(None))
                .order_by(Run.id.desc()).limit(1)
            )  # fmt: skip
            well = None if last is None else last.outcome in FETCHED
            return {
                "checkpoint_ts": _ts(row.checkpoint_at),
                "running_fetch_start_ts": _ts(began or now) if running else None,
                "last_fetch_complete_ts": _ts(last.ended_at) if last else None,
                "last_fetch_succeeded": well,
                "up_to_date": bool(well and row.complete_at and not row.began_at and not row.held),
                "fetched_items": row.entries,
            }

    def _change(self, name: str, given: ExchangeChange, actor: str) -> None:
        with self.app.database.writing() as session:
            row, now = _required(session, name), self.app.database.now()
            if given.enabled is None or given.enabled == (not row.paused):
                return
            change = service.resume if given.enabled else service.pause
            change(session, now, actor, row.name)

    def _end(self, name: str, holder: Holder, why: str) -> None:
        with self.app.database.reading() as session:
            row = _find(session, name)
        if row is None:
            return
        try:
            acts.end(self.app, holder.caller, row.name, why)
        except SecondPersonNeeded as error:
            raise Refused(
                f"This takes two people: someone else, with a key of their own, approves the"
                f" request {error.number}; then send this again.", 409,
            ) from None  # fmt: skip


def _api(request: Request) -> Api:
    """The API that a path names. Raises `Refused`."""
    name = request.path_params["api"]
    if name not in apis.installed():
        raise Refused(f"no such Exchange API '{name[:64]}'")
    return APIS[name]


def _find(session: Session, name: str) -> Exchange | None:
    if name != name.upper() or "\0" in name:
        return None
    return session.scalar(
        select(Exchange).where(Exchange.name == name.lower(), Exchange.left_at.is_(None))
    )


def _required(session: Session, name: str) -> Exchange:
    """The exchange that HMA's clients call so. Raises `Refused` 404."""
    row = _find(session, name)
    if row is None:
        raise Refused(f"Exchange '{name[:255]}' not found", 404)
    return row


def _told(error: Unparsed | ExchangeError) -> str:
    return str(error.what if isinstance(error, ExchangeError) else error)


def _ts(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())

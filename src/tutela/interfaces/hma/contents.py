"""Contents of banks, as HMA's clients add, see, switch off and remove them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tutela import __version__
from tutela.banks import changes, known_contents
from tutela.banks.changes import From, New
from tutela.banks.models import Bank, BankedSignal, Content
from tutela.exchanges import service as exchanges
from tutela.exchanges.models import Held
from tutela.interfaces.api.access import Holder
from tutela.interfaces.api.json_bodies import MOST_NUMBER
from tutela.interfaces.api.screening import Doors
from tutela.interfaces.hma import banks, hashing
from tutela.interfaces.hma.answers import Refused, answer
from tutela.interfaces.hma.bodies import an_object, is_json
from tutela.interfaces.hma.saying import WANTED, facts_of, facts_shown, note_of
from tutela.interfaces.hma.types import INVALID, NAMES, TYPES, Types, value
from tutela.storage import Session

ON, FOR_EVER = 1, 0
"""What HMA says of a content instead of a time."""

FARTHEST = timedelta(days=5 * 365)
NO_FILE = "Neither `url` nor multipart file upload was received"
MOST_KEYS = 10
"""Of a partner's entries of one signal, keys that are shown."""


class Contents:
    """Answers as HMA does."""

    def __init__(self, doors: Doors, types: Types) -> None:
        self.doors, self.types, self.app = doors, types, doors.running.app

    async def add(self, request: Request, holder: Holder) -> Response:
        """Hash a file, sent or named by its URL, and bank its hashes."""
        name, query = request.path_params["bank"], request.query_params
        await run_in_threadpool(self._require_fillable, name)
        if query.get("url"):
            hashed = await hashing.of_url(self.doors, self.types, query)
            said: dict[str, Any] = {}
            if is_json(request):
                said = await an_object(request, self.doors.limits)
            said = {**query, **said}
        else:
            try:
                hashed = await hashing.of_upload(self.doors, self.types, request, WANTED)
            except Refused as error:
                raise Refused(NO_FILE) if error.what == hashing.NO_FILE else error from None
            said = {**query, **hashed.fields}
        facts, note = facts_of(said), note_of(said.get("note"))
        return answer(await run_in_threadpool(
            self._add, name, hashed, facts, note, holder.caller.actor,
            f"tutela {__version__}",
        ))  # fmt: skip

    async def add_signals(self, request: Request, holder: Holder) -> Response:
        """Bank hashes that were made elsewhere, as one content."""
        name = request.path_params["bank"]
        await run_in_threadpool(self._require_fillable, name)
        given = await an_object(request, self.doors.limits)
        note = note_of(given.pop("note", None))
        for kind in given:
            if kind not in TYPES or not self.types.ratio(kind):
                raise Refused(f"No such signal type {kind[:64]}")
        hashed = hashing.Hashed(
            {kind: value(kind, one) or "" for kind, one in given.items()}, dict.fromkeys(given)
        )
        return answer(await run_in_threadpool(
            self._add, name, hashed, {}, note, holder.caller.actor, ""
        ))  # fmt: skip

    async def one(self, request: Request, _: Holder) -> Response:
        name, number = _place(request)
        with_signals = request.query_params.get("include_signals", "").lower() == "true"
        with_facts = request.query_params.get("include_metadata", "true").lower() == "true"
        shown = await run_in_threadpool(self._shown, name, number)
        for left, key in ((with_signals, "signals"), (with_facts, "metadata")):
            if not left:
                shown.pop(key, None)
        return answer(shown)

    async def change(self, request: Request, holder: Holder) -> Response:
        name, number = _place(request)
        given = await an_object(request, self.doors.limits)
        changed = await run_in_threadpool(self._change, name, number, given, holder.caller.actor)
        return answer(changed)

    async def remove(self, request: Request, holder: Holder) -> Response:
        name, number = _place(request)
        done = await run_in_threadpool(self._remove, name, number, holder.caller.actor)
        return answer({"deleted": done})

    def _require_fillable(self, name: str) -> None:
        with self.app.database.reading() as session:
            banks.fillable(session, name)

    def _add(
        self, name: str, hashed: hashing.Hashed, facts: dict[str, Any], note: str, actor: str,
        hashed_by: str,
    ) -> dict[str, Any]:  # fmt: skip
        if not hashed.values:
            raise Refused("No signals given")
        for kind, text in hashed.values.items():
            if not text:
                raise Refused(f"Invalid {kind} signal: {INVALID[kind]}")
        new = [
            New(TYPES[kind], bytes.fromhex(text), From(hashed_by=hashed_by),
                quality=hashed.qualities[kind])
            for kind, text in hashed.values.items()
        ]  # fmt: skip
        with self.app.database.writing() as session:
            bank = banks.fillable(session, name)
            made = known_contents.add(
                session, self.app.database.now(), actor, bank, new, note=note, facts=facts
            )
            return {"id": made.id, "signals": hashed.values}

    def _shown(self, name: str, number: int) -> dict[str, Any]:
        with self.app.database.reading() as session:
            bank = banks.required(session, name)
            content = known_contents.find(session, bank, number)
            if content is None:
                return _alone(session, bank, _lone(session, bank, number))
            made: dict[str, Any] = {
                "id": content.id, "bank": banks.shown(bank), "disable_until_ts": _ts(content),
                "original_media_uri": None, "signals": _values(session, content),
            }  # fmt: skip
            if content.note:
                made["note"] = content.note
            facts = facts_shown(content.facts)
            if facts is not None:
                keys = ("collab", "content_id", "content_uri", "json")
                made["metadata"] = {key: facts.get(key) for key in keys}
            return made

    def _change(
        self, name: str, number: int, given: Mapping[str, Any], actor: str
    ) -> dict[str, Any]:
        now = self.app.database.now()
        with self.app.database.writing() as session:
            changes.locked(session)
            bank = banks.required(session, name)
            content = known_contents.find(session, bank, number, lock=True)
            if content is None:
                _lone(session, bank, number)
            if "disable_until_ts" in given:
                at = _asked(given["disable_until_ts"], now)
            if "note" in given:
                note = note_of(given["note"])
            banks.fillable(session, name)
            if content is None:
                raise Refused(f"content '{number}' was not added here: it is removed or stays", 403)
            if "note" in given:
                known_contents.describe(session, now, actor, bank, content, note)
            if "disable_until_ts" in given:
                _switch(session, now, actor, content, at)
            return {
                "id": content.id, "bank": banks.shown(bank), "disable_until_ts": _ts(content),
                "note": content.note or None, "original_media_uri": None, "collab_metadata": {},
                "user_metadata": facts_shown(content.facts),
            }  # fmt: skip

    def _remove(self, name: str, number: int, actor: str) -> int:
        now = self.app.database.now()
        with self.app.database.writing() as session:
            changes.locked(session)
            bank = banks.required(session, name)
            content = known_contents.find(session, bank, number, lock=True)
            lone = None if content is not None else _signal(session, bank, number)
            if content is None and lone is None:
                return 0
            banks.fillable(session, name)
            if content is not None:
                known_contents.remove(session, now, actor, content)
            else:
                changes.remove(session, now, actor, bank.id, [number])
            return 1


def _place(request: Request) -> tuple[str, int]:
    """The bank and the number that a path names; a number too large for the database is none."""
    return request.path_params["bank"], min(request.path_params["number"], MOST_NUMBER)


def _signal(session: Session, bank: Bank, number: int) -> BankedSignal | None:
    """A signal that is of no content: HMA's clients know it by its own number."""
    if known_contents.of_signals(session, [number]):
        return None
    return session.scalar(
        select(BankedSignal).where(
            BankedSignal.id == number, BankedSignal.bank_id == bank.id,
            BankedSignal.type.in_([*NAMES]),
        )
    )  # fmt: skip


def _lone(session: Session, bank: Bank, number: int) -> BankedSignal:
    """Likewise. Raises `Refused`."""
    found = _signal(session, bank, number)
    if found is None:
        raise Refused(f"content '{number}' not found", 404)
    return found


def _alone(session: Session, bank: Bank, one: BankedSignal) -> dict[str, Any]:
    """A signal that is of no content, in the shape of one."""
    made: dict[str, Any] = {
        "id": one.id, "bank": banks.shown(bank), "disable_until_ts": ON,
        "original_media_uri": None, "signals": {NAMES[one.type]: one.value.hex()},
    }  # fmt: skip
    row, collab = exchanges.filling(session, bank), None
    if row is not None:
        keys = session.scalars(
            select(Held.key)
            .where(Held.exchange_id == row.id, Held.external_id == one.external_id)
            .order_by(Held.key)
            .limit(MOST_KEYS)
        )
        collab = {row.name.upper(): [*keys]}
    if collab or one.external_id:
        made["metadata"] = {
            "collab": collab, "content_id": one.external_id or None, "content_uri": None,
            "json": None,
        }  # fmt: skip
    return made


def _values(session: Session, content: Content) -> dict[str, str]:
    there = known_contents.values(session, content)
    return {NAMES.get(kind, kind): text for kind, text in there.items()}


def _ts(content: Content) -> int:
    if content.until is not None:
        return int(content.until.timestamp())
    return FOR_EVER if content.off else ON


def _asked(given: Any, now: datetime) -> int:
    """A number of seconds that a client sent. Raises `Refused`."""
    negative = Refused("disable_until_ts must be a non-negative integer")
    if isinstance(given, str):
        text = given.strip()
        if not text.lstrip("+-").isdecimal() or len(text) > 20:
            raise Refused(f"Invalid int: '{given[:64]}'")
        given = int(text)
    if type(given) not in (int, float) or not math.isfinite(given) or given < 0:
        raise negative
    at = int(given)
    if at > (now + FARTHEST).timestamp():
        raise Refused("disable_until_ts must be less than 5 years in the future")
    return at


def _switch(session: Session, now: datetime, actor: str, content: Content, at: int) -> None:
    """Do what a client means by a number of seconds."""
    if at == FOR_EVER:
        known_contents.switch_off(session, now, actor, content, None)
    elif at == ON:
        known_contents.switch_on(session, now, actor, content)
    elif (until := datetime.fromtimestamp(at, UTC)) > now:
        known_contents.switch_off(session, now, actor, content, until)
    else:
        known_contents.switch_on(session, now, actor, content, until)

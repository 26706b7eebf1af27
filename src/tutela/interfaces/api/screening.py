"""`POST /screen` and `POST /lookup`: the two routes that must be fast."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tutela.decoding import Fingerprint
from tutela.interfaces.api import bodies, metrics, signals
from tutela.interfaces.api.access import Holder, KeyRing
from tutela.interfaces.api.bodies import Feeder, Memory
from tutela.interfaces.api.multipart import Form
from tutela.interfaces.api.problems import Problem
from tutela.migrating.beside import Beside
from tutela.outbound import Outbound, OutboundError
from tutela.people.permissions import Permission
from tutela.running import Running
from tutela.screening.desk import Accepted, Caller, sound_probing
from tutela.screening.given import NOTHING
from tutela.screening.received import Received
from tutela.screening.recording import Answer
from tutela.screening.results import Screened
from tutela.settings import Service
from tutela.signals import Signal

LONGEST_KEY = 255
"""Characters of an Idempotency-Key."""

LONGEST_SIGNAL = 512
"""Bytes of a signal in JSON, with room for a value of twice the bits of SHA-256."""

FEW = 4
"""Signals that are searched for faster than a thread is asked to: microseconds each."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What the routes share in one process."""

    running: Running
    keyring: KeyRing
    limits: Service
    memory: Memory
    outbound: Outbound | None
    beside: Beside | None = None
    in_vain: dict[tuple[str, bool], tuple[str, Response]] = field(default_factory=dict)

    async def screen(self, request: Request) -> Response:
        """Screen the bytes, form, signals or URL of a request."""
        holder = await self.keyring.holder(request, Permission.SCREEN)
        self.keyring.spend(holder, "screen", self.limits.screen_rate)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        caller = Caller(holder.name, holder.id)
        with metrics.in_work.track_inprogress():
            if kind == "application/json":
                answer = await self._json(request, caller)
            elif kind == "multipart/form-data":
                answer = await self._form(request, caller)
            elif kind.startswith("multipart/") or kind == "application/x-www-form-urlencoded":
                raise Problem(  # its bytes would be screened, and not those of the file in it
                    415, "type-refused", f"Bodies of the type {kind[:64]} are not taken.",
                    "Send the file's bytes with its own type, or multipart/form-data, or JSON.",
                )  # fmt: skip
            else:
                answer = await self._raw(request, caller)
        return Json(shown(answer, holder))

    async def lookup(self, request: Request) -> Response:
        """What policy would say of signals. Nothing is kept but a count."""
        holder = await self.keyring.holder(request, Permission.LOOKUP)
        self.keyring.spend(holder, "lookup", self.limits.lookup_rate)
        began = time.perf_counter()
        body = await self._object(request)
        running = self.running
        desk = running.desk
        found, raw = signals.fingerprint(body, running.index.types, desk.options.max_signals)
        accepted = desk.accept(Caller(holder.name, holder.id), "lookup", raw)
        asked: Sequence[Signal] = found.signals
        if accepted.given != NOTHING:
            asked = [*asked, *await run_in_threadpool(running.listed.signals, accepted.given)]
        propose = running.search.propose
        if len(asked) <= FEW:
            proposed = propose(asked)
        else:
            proposed = await run_in_threadpool(propose, asked)
        if not proposed.near and accepted.given == NOTHING:
            return self._looked_up_in_vain(holder, found, began)
        matches = await run_in_threadpool(running.search.confirm, proposed) if proposed.near else []
        screened = running.screener.decide(matches, found, accepted.given, began)
        now = running.app.database.now()
        running.counts.item(now, "lookup", accepted.given.channel)
        if matches and not screened.test:
            suspected = desk.probing.suspected(
                now, screened.matches, key=holder.name, creator=accepted.given.creator_id
            )
            if suspected:
                await run_in_threadpool(self._sound, suspected, holder.name)
        metrics.looked_up(str(screened.decision.verdict), time.perf_counter() - began)
        return Json(looked_up(screened, holder))

    def _looked_up_in_vain(self, holder: Holder, found: Fingerprint, began: float) -> Response:
        """The answer where nothing is near and nothing is said of the item: each policy has one,
        and most lookups get it."""
        running = self.running
        policy = running.screener.policy()
        key = policy.version, holder.may(Permission.MATCH_DETAIL)
        if key not in self.in_vain:
            for old in [old for old in self.in_vain if old[0] != policy.version]:
                del self.in_vain[old]
            screened = running.screener.decide([], found, NOTHING, began)
            self.in_vain[key] = str(screened.decision.verdict), Json(looked_up(screened, holder))
        verdict, answer = self.in_vain[key]
        running.counts.item(running.app.database.now(), "lookup", NOTHING.channel)
        metrics.looked_up(verdict, time.perf_counter() - began)
        return answer

    async def _raw(self, request: Request, caller: Caller) -> Answer:
        """All bytes of the body are the file."""
        raw = bodies.header_facts(request, self.running.desk.options.max_facts)
        accepted = self._accepted(caller, "raw", raw, request)
        with self._received() as holding:
            async for chunk in bodies.chunks(request, self.limits):
                await holding.feeder.add(chunk)
            await holding.feeder.end()
            return await self._screened(accepted, holding.received)

    async def _form(self, request: Request, caller: Caller) -> Answer:
        options = self.running.desk.options
        form = Form(request.headers["content-type"], options.max_facts)
        with self._received() as holding:
            await form.read(bodies.chunks(request, self.limits), holding.feeder)
            raw = bodies.facts_of(bytes(form.facts), options.max_facts)
            accepted = self._accepted(caller, "multipart", raw, request)
            return await self._screened(accepted, holding.received)

    async def _json(self, request: Request, caller: Caller) -> Answer:
        body = await self._object(request)
        if isinstance(body, dict) and "url" in body:
            return await self._url(request, caller, body)
        began = time.perf_counter()
        desk = self.running.desk
        types = self.running.index.types
        found, raw = signals.fingerprint(body, types, desk.options.max_signals)
        accepted = self._accepted(caller, "signals", raw, request)
        answer = await run_in_threadpool(desk.screen_signals, accepted, found)
        return self._measured(answer, "signals", began)

    async def _object(self, request: Request) -> Any:
        """A body of signals or a URL, and facts."""
        options = self.running.desk.options
        most = options.max_facts + options.max_signals * LONGEST_SIGNAL
        data = await bodies.whole(request, self.limits, most)
        body = bodies.json_of(data, "The body")
        bodies.facts_in(body, len(data), options.max_facts)
        return body

    async def _url(self, request: Request, caller: Caller, body: dict[str, Any]) -> Answer:
        """Fetch the file, if its host is listed, and screen that."""
        url = body["url"]
        if self.outbound is None or set(body) - {"url", "facts"} or not isinstance(url, str):
            raise Problem(
                422, "url-refused", "URLs are not fetched here."
                if self.outbound is None else "A URL comes with facts, and nothing else.",
                "Send the bytes, or list the host in outbound.hosts.",
            )  # fmt: skip
        accepted = self._accepted(caller, "url", body.get("facts", {}), request)
        with self._received() as holding:

            def sink(chunk: bytes) -> None:
                holding.flow(len(chunk))
                holding.received.feed(chunk)

            await run_in_threadpool(partial(self._fetch, url, sink))
            return await self._screened(accepted, holding.received)

    def _fetch(self, url: str, sink: bodies.Feed) -> None:
        assert self.outbound is not None  # noqa: S101 - it was looked at
        try:
            self.outbound.stream(url, sink, largest=self.limits.max_body)
        except OutboundError as error:
            raise Problem(422, "url-not-fetched", error.what, "Send the bytes instead.") from None

    async def _screened(self, accepted: Accepted, received: Received) -> Answer:
        if received.size == 0:
            raise Problem(400, "empty", "The file has no bytes.", "Send the file's bytes.")
        began = time.perf_counter()
        answer = await run_in_threadpool(self.running.desk.screen, accepted, received)
        return self._measured(answer, accepted.door, began)

    def _measured(self, answer: Answer, door: str, began: float) -> Answer:
        metrics.seconds.labels(door).observe(time.perf_counter() - began)
        if not answer.repeated:
            test = "yes" if answer.test else "no"
            metrics.screened.labels(door, answer.verdict, test).inc()
            if answer.evidence != "none":
                metrics.evidence.labels(answer.evidence).inc()
        return answer

    def _accepted(self, caller: Caller, door: str, raw: Any, request: Request) -> Accepted:
        given = request.headers.get("idempotency-key")
        if given is not None and not 1 <= len(given) <= LONGEST_KEY:
            raise Problem(
                400, "idempotency-key-refused",
                f"An Idempotency-Key has 1 to {LONGEST_KEY} characters.",
            )  # fmt: skip
        return self.running.desk.accept(caller, door, raw, given)

    def _received(self) -> Holding:
        running = self.running
        received = Received(running.pool, running.sealer, running.desk.options.spool_over)
        return Holding(received, self.memory)

    def _sound(self, suspected: list[str], key: str) -> None:
        database = self.running.app.database
        with database.writing() as session:
            for kind in suspected:
                sound_probing(session, database.now(), kind, key)


class Holding:
    """An upload and what of the memory it holds, given back when the block ends."""

    def __init__(self, received: Received, memory: Memory) -> None:
        self.received = received
        self.memory = memory
        self.feeder = Feeder(received.feed, self.flow)
        self._taken = 0

    def flow(self, count: int) -> None:
        """Take memory for the next bytes; past what is held of a file, nothing more is taken."""
        if self._taken <= self.received.most_in_memory:
            self.memory.take(count)
            self._taken += count

    def __enter__(self) -> Holding:
        return self

    def __exit__(self, *_: object) -> None:
        self.received.drop()
        self.memory.give(self._taken)


ENCODER = json.JSONEncoder(separators=(",", ":"))


class Json(Response):
    """An object, without what Starlette's own works out anew for each answer."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.status_code, self.background = 200, None
        self.body = ENCODER.encode(value).encode()
        self.raw_headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(self.body)).encode()),
        ]


LOOKED_UP = ("verdict", "policy_version", "test", "matches", "explanation")
"""What a lookup is told."""


def looked_up(screened: Screened, holder: Holder) -> dict[str, Any]:
    """What a lookup is told."""
    whole = shown(Answer.of("", screened), holder)
    return {name: whole[name] for name in LOOKED_UP if name in whole}


def shown(answer: Answer, holder: Holder) -> dict[str, Any]:
    """An answer as its caller may see it."""
    made: dict[str, Any] = {
        "item_id": answer.item_id,
        "verdict": str(answer.verdict),
        "public_reason": answer.public_reason,
        "policy_version": answer.policy_version,
        "case_id": answer.case_id,
        "evidence": answer.evidence,
        "test": answer.test,
    }
    if holder.may(Permission.MATCH_DETAIL):
        made["matches"] = list(answer.matches)
        made["explanation"] = answer.explanation
    return made

"""Answers HMA's requests. Files are not hashed here: contents come as signals."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tutela.testing.hash_sharing.stand import INSTEAD, Reply, Request, Stand
from tutela.testing.hma.state import BANK_NAME, TYPES, Connection, Held, State, valid, written

APIS = ("sample", "infinite_random", "fb_threatexchange", "ncmec", "stop_ncii")
WITHOUT_SECRETS = frozenset({"sample", "infinite_random"})
FIVE_YEARS = 5 * 365 * 86_400
NOT_READY = "index not yet ready"
INTERNAL = (
    "The server encountered an internal error and was unable to complete your request. Either the"
    " server is overloaded or there is an error in the application."
)
Answer = Callable[["Hma", Request, "re.Match[str]"], Reply]


class Refused(Exception):
    """A message with a status."""

    def __init__(self, what: str, status: int = 400) -> None:
        super().__init__(what)
        self.status = status


class Hma(Stand):
    """The server, with all it has in memory. `lags`: the index is as it was at `rebuild`."""

    TITLE = "HMA"
    MISBEHAVIOURS = INSTEAD | {
        "index-not-loaded": "a lookup is answered 503, as just after a start",
        "unsorted": "matches come in another order, as HMA's database gives them",
    }

    def __init__(self, *, lags: bool = False, **how: Any) -> None:
        self.state, self.lags = State(), lags
        super().__init__(**how)
        if not lags:
            self.rebuild()

    def bank(self, name: str, ratio: float = 1.0) -> None:
        """Make a bank."""
        with self.lock:
            self.state.banks[name] = ratio

    def put(self, bank: str, signals: dict[str, str], **more: Any) -> int:
        """Add a content; gives its id. `more`: note, metadata, disable_until_ts, collab."""
        with self.lock:
            made = self.state.put(bank, signals, **more)
            self._changed()
            return made.id

    def connect(self, name: str, api: str, **config: Any) -> None:
        """Add an exchange, and its bank."""
        with self.lock:
            self.state.exchanges[name] = Connection(name, api, config)
            self.state.banks[name] = 1.0

    def remove(self, number: int) -> bool:
        """Take a content away; its id is never given again."""
        with self.lock:
            there = self.state.contents.pop(number, None) is not None
            self._changed()
            return there

    def rebuild(self) -> None:
        """Bring the index up to date."""
        with self.lock:
            self.state.rebuild(self._now())

    def traffic(self, count: int) -> None:
        """Add so many random contents."""
        with self.lock:
            self.state.banks.setdefault("BICYCLES", 1.0)
            for _ in range(count):
                self.state.put("BICYCLES", {"pdq": self.random.randbytes(32).hex()})
            self._changed()

    def admits(self, request: Request) -> bool:
        return True

    def answer(self, request: Request) -> Reply:
        path = "/" + request.path.lstrip("/")  # two slashes are one to it, at the beginning
        allowed = set()
        for method, pattern, do in ROUTES:
            found = re.fullmatch(pattern, path)
            if found is None:
                continue
            allowed.add(method)
            if method == request.method:
                try:
                    return do(self, request, found)
                except Refused as error:
                    return Reply(error.status, written({"message": str(error)}))
        status, title = (405, "Method Not Allowed") if allowed else (404, "Not Found")
        page = f"<!doctype html>\n<html lang=en>\n<title>{status} {title}</title>\n"
        headers = {"Allow": ", ".join(sorted(allowed))} if allowed else {}
        return Reply(status, page.encode(), "text/html; charset=utf-8", headers)

    def _now(self) -> float:
        return self.clock().timestamp()

    def _changed(self) -> None:
        if not self.lags:
            self.state.rebuild(self._now())

    def shown(self, name: str) -> dict[str, Any]:
        return {"name": name, "matching_enabled_ratio": self.state.banks[name]}

    def require_bank(self, name: str) -> str:
        if name not in self.state.banks:
            raise Refused(f"bank '{name}' not found", 404)
        return name

    def content(self, found: re.Match[str]) -> Held:
        """Whichever bank it is in: that in the path need only exist."""
        self.require_bank(found[1])
        one = self.state.contents.get(int(found[2]))
        if one is None:
            raise Refused(f"content '{int(found[2])}' not found", 404)
        return one

    def _status(self, _: Request, __: re.Match[str]) -> Reply:
        ready = self.state.index is not None
        text = b"I-AM-ALIVE" if ready else b"INDEX-NOT-LOADED"
        return Reply(200 if ready else 503, text, "text/html; charset=utf-8")

    def _live(self, _: Request, __: re.Match[str]) -> Reply:
        return Reply(200, b"I-AM-ALIVE", "text/html; charset=utf-8")

    def _asked(self, request: Request) -> tuple[str, str]:
        kind, given = request.query.get("signal_type", ""), request.query.get("signal", "")
        if not (kind and given):
            raise Refused("Either url or both signal and signal_type are required")
        if kind not in TYPES:
            raise Refused(f"No such SignalType '{kind}'")
        value = valid(kind, given)
        if value is None:
            raise Refused("invalid signal: invalid PDQ hash")
        if self.state.index is None or self.meets("index-not-loaded"):
            raise Refused(NOT_READY, 503)
        return kind, value

    def _lookup(self, request: Request, _: re.Match[str]) -> Reply:
        """`bypass_coinflip` does nothing here, though HMA's documentation says that it does."""
        kind, value = self._asked(request)
        names = request.query.get("banks", "")
        banks = set(names.split(",")) if names else None
        found = self.state.lookup(kind, value, banks, request.query.get("seed"), self._now())
        if self.meets("unsorted"):
            found = {name: rows[::-1] for name, rows in found.items()}
        return Reply(200, written(found))

    def _raw(self, request: Request, _: re.Match[str]) -> Reply:
        kind, value = self._asked(request)
        names = request.query.get("banks", "")
        found = [
            {"bank_content_id": number, "distance": apart}
            for number, apart in self.state.near(kind, value)
            if number in self.state.contents
            and (not names or self.state.contents[number].bank in names.split(","))
        ]
        if request.query.get("include_distance", "false").lower() not in ("true", "1", "yes"):
            return Reply(200, written({"matches": [row["bank_content_id"] for row in found]}))
        return Reply(200, written({"matches": found}))

    def _index(self, _: Request, __: re.Match[str]) -> Reply:
        there, at = self.state.index, int(self._now())
        return Reply(200, written({
            kind: {
                "present": bool(there is not None), "size": len((there or {}).get(kind, [])),
                "built_to": at if there and there[kind] else -1,
            }
            for kind in TYPES
        }))  # fmt: skip

    def _sizes(self, _: Request, __: re.Match[str]) -> Reply:
        made = {}
        for kind in TYPES:
            size = len((self.state.index or {}).get(kind, []))
            total = sum(kind in one.signals for one in self.state.contents.values())
            made[kind] = {
                "db_size": total, "index_size": size, "index_out_of_date": size != total,
                "newest_db_item": int(self._now()) if total else -1,
                "index_built_to": int(self._now()) if size else -1,
            }  # fmt: skip
        return Reply(200, written(made))

    def _banks(self, _: Request, __: re.Match[str]) -> Reply:
        return Reply(200, written([self.shown(name) for name in self.state.banks]))

    def _new_bank(self, request: Request, _: re.Match[str]) -> Reply:
        given = _object(request)
        name, ratio = given.get("name"), given.get("enabled_ratio", 1.0)
        if not isinstance(name, str):
            fault = {"type": "missing", "loc": ["name"], "msg": "Field required", "input": given,
                     "url": "https://errors.pydantic.dev/2.14/v/missing"}  # fmt: skip
            return Reply(422, written([fault]))
        if not BANK_NAME.fullmatch(name):
            raise Refused("Bank names must be UPPER_WITH_UNDERSCORE")
        if name in self.state.banks:
            raise Refused("Bank already exists", 403)
        self.state.banks[name] = float(ratio)  # not checked: 5, -1 and NaN too
        return Reply(201, written(self.shown(name)))

    def _bank(self, _: Request, found: re.Match[str]) -> Reply:
        return Reply(200, written(self.shown(self.require_bank(found[1]))))

    def _drop_bank(self, _: Request, found: re.Match[str]) -> Reply:
        self.state.drop_bank(found[1])
        self._changed()
        return Reply(200, written({"message": "Done"}))

    def _add(self, request: Request, found: re.Match[str]) -> Reply:
        self.require_bank(found[1])
        given = _object(request)
        note, signals = given.pop("note", "") or "", {}
        for kind, text in given.items():
            if kind not in TYPES:
                raise Refused(f"No such signal type {kind}")
            value = valid(kind, text)
            if value is None:
                raise Refused(f"Invalid {kind} signal: invalid PDQ hash")
            signals[kind] = value
        if not signals:
            raise Refused("No signals given")
        one = self.state.put(found[1], signals, note=note)
        self._changed()
        return Reply(200, written({"id": one.id, "signals": one.signals}))

    def _content(self, request: Request, found: re.Match[str]) -> Reply:
        one = self.content(found)
        made: dict[str, Any] = {
            "id": one.id, "bank": self.shown(one.bank), "disable_until_ts": one.disable_until_ts,
            "original_media_uri": None,
        }  # fmt: skip
        if request.query.get("include_signals", "").lower() == "true":
            made["signals"] = one.signals
        if one.note:
            made["note"] = one.note
        if one.metadata or one.collab:
            said = one.metadata or {}
            made["metadata"] = {
                "collab": one.collab or None,
                **{key: said.get(key) for key in ("content_id", "content_uri", "json")},
            }
        return Reply(200, written(made))

    def _change(self, request: Request, found: re.Match[str]) -> Reply:
        one, given = self.content(found), _object(request)
        if "disable_until_ts" in given:
            if given["disable_until_ts"] is None:
                raise Refused(INTERNAL, 500)
            at = int(given["disable_until_ts"])
            if at < 0:
                raise Refused("disable_until_ts must be a non-negative integer")
            if at > self._now() + FIVE_YEARS:
                raise Refused("disable_until_ts must be less than 5 years in the future")
            one.disable_until_ts = at
        if "note" in given:
            one.note = given["note"] or ""
        return Reply(200, written({
            "id": one.id, "bank": self.shown(one.bank), "disable_until_ts": one.disable_until_ts,
            "note": one.note or None, "original_media_uri": None, "collab_metadata": one.collab,
            "user_metadata": one.metadata,
        }))  # fmt: skip

    def _drop(self, _: Request, found: re.Match[str]) -> Reply:
        self.require_bank(found[1])
        return Reply(200, written({"deleted": int(self.remove(int(found[2])))}))

    def _apis(self, _: Request, __: re.Match[str]) -> Reply:
        return Reply(200, written([*APIS]))

    def _api(self, _: Request, found: re.Match[str]) -> Reply:
        if found[1] not in APIS:
            raise Refused(f"no such Exchange API '{found[1]}'")
        takes = found[1] not in WITHOUT_SECRETS
        said = {"supports_authentification": takes, "has_set_authentification": takes}
        return Reply(200, written(said))

    def _exchanges(self, _: Request, __: re.Match[str]) -> Reply:
        return Reply(200, written([*self.state.exchanges]))

    def _exchange(self, _: Request, found: re.Match[str]) -> Reply:
        one = self._connection(found[1])
        shown = one.config | {"name": one.name, "api": one.api, "enabled": one.enabled}
        return Reply(200, json.dumps(shown, indent=2).encode())

    def _fetched(self, _: Request, found: re.Match[str]) -> Reply:
        name = self._connection(found[1]).name
        count = sum(name in one.collab for one in self.state.contents.values())
        return Reply(200, written({
            "checkpoint_ts": None, "running_fetch_start_ts": None,
            "last_fetch_complete_ts": int(self._now()), "last_fetch_succeeded": True,
            "up_to_date": True, "fetched_items": count,
        }))  # fmt: skip

    def _connection(self, name: str) -> Connection:
        if name not in self.state.exchanges:
            raise Refused(f"Exchange '{name}' not found", 404)
        return self.state.exchanges[name]

    def _types(self, _: Request, __: re.Match[str]) -> Reply:
        return Reply(200, written([{"name": kind, "enabled_ratio": 1.0} for kind in TYPES]))


def _object(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind != "application/json":
        raise Refused(
            "Did not attempt to load JSON data because the request Content-Type was not"
            " 'application/json'.", 415,
        )  # fmt: skip
    try:
        given = json.loads(request.body)
    except ValueError:
        raise Refused(
            "The browser (or proxy) sent a request that this server could not understand."
        ) from None
    if not isinstance(given, dict):
        raise Refused(INTERNAL, 500)
    return given


BANK, NUMBER = "/c/bank/([^/]+)", "/content/([0-9]+)"
ROUTES: tuple[tuple[str, str, Answer], ...] = (
    ("GET", "/status", Hma._status),
    ("GET", "/status/live", Hma._live),
    ("GET", "/m/lookup", Hma._lookup),
    ("GET", "/m/raw_lookup", Hma._raw),
    ("GET", "/m/index/status", Hma._index),
    ("GET", "/c/banks", Hma._banks),
    ("POST", "/c/banks", Hma._new_bank),
    ("GET", BANK, Hma._bank),
    ("DELETE", BANK, Hma._drop_bank),
    ("POST", f"{BANK}/signal", Hma._add),
    ("GET", f"{BANK}{NUMBER}", Hma._content),
    ("PUT", f"{BANK}{NUMBER}", Hma._change),
    ("DELETE", f"{BANK}{NUMBER}", Hma._drop),
    ("GET", "/c/exchanges/apis", Hma._apis),
    ("GET", "/c/exchanges/api/([^/]+)", Hma._api),
    ("GET", "/c/exchanges", Hma._exchanges),
    ("GET", "/c/exchange/([^/]+)", Hma._exchange),
    ("GET", "/c/exchange/([^/]+)/status", Hma._fetched),
    ("GET", "/c/signal_type", Hma._types),
    ("GET", "/c/signal_type/index", Hma._sizes),
)

"""Reads an HMA by its routes.

No route lists contents. Their ids come from one counter of all banks, and the bank in a path need
only exist, as the answer names the one that a content is in: so they are found by asking for each
id, from the first on, until none is there any more.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from tutela.exchanges.asking import Asker, Later
from tutela.exchanges.partners import Call
from tutela.migrating.errors import MigrationError
from tutela.migrating.sources import OldBank, OldContent, OldExchange
from tutela.outbound import Outbound, OutboundError, Reason, Target

GAP = 1_000
"""Ids in a row without a content after which there are taken to be none: HMA never gives an id
again, so that whoever deleted many left as many out."""

RATE = 200
"""Requests a second, at most: whoever moves is still served by that HMA."""

TRIES = 3
"""Of a request whose answer is no JSON: it may have been cut short."""

LARGEST = 16 << 20
SECONDS = 30


class Hma:
    """Asks the HMA at a URL, and nobody else. Raises `TutelaError` if that is none."""

    def __init__(
        self,
        outbound: Outbound,
        url: str,
        now: Callable[[], datetime],
        *,
        private: bool = False,
        gap: int = GAP,
        rate: int = RATE,
        each_bank: bool = False,
        seconds: int = SECONDS,
    ) -> None:
        target = Target.of(url.rstrip("/"))
        host = f"[{target.host}]" if ":" in target.host else target.host
        entry = f"{'private:' if private else ''}{host}:{target.port}"
        self._base = target.url.rstrip("/")
        self._gap, self._each_bank = gap, each_bank
        self._asker = Asker(
            outbound, [entry], (), rate=rate, seconds=seconds, before=lambda: None, now=now
        )
        self._names: list[str] = []

    def banks(self) -> list[OldBank]:
        found = self._json("/c/banks")
        filled = {one.name for one in self.exchanges()}
        made = []
        for one in found if isinstance(found, list) else ():
            name, ratio = one.get("name"), one.get("matching_enabled_ratio")
            if not isinstance(name, str) or type(ratio) not in (int, float):
                raise MigrationError("A bank of that HMA has no name or no ratio.", WRONG)
            made.append(OldBank(name, float(ratio), name if name in filled else ""))
        self._names = [bank.name for bank in made]
        return made

    def exchanges(self) -> list[OldExchange]:
        names = self._json("/c/exchanges")
        made = []
        for name in names if isinstance(names, list) else ():
            one = self._json(f"/c/exchange/{quote(str(name), safe='')}")
            if not isinstance(one, dict) or not isinstance(one.get("api"), str):
                raise MigrationError("An exchange of that HMA has no api.", WRONG)
            rest = {k: v for k, v in one.items() if k not in ("name", "api", "enabled")}
            made.append(OldExchange(str(name), one["api"], one.get("enabled") is True, rest))
        return made

    def contents(
        self, is_known: Callable[[int], bool], tell: Callable[[int], object]
    ) -> Iterator[OldContent]:
        number = missed = 0
        while missed < self._gap and self._names:
            number += 1
            tell(number)
            if is_known(number):
                missed = 0
                continue
            found = self._content(number)
            missed = missed + 1 if found is None else 0
            if found is not None:
                yield found

    def sizes(self) -> Counter[str]:
        made: Counter[str] = Counter()
        for path, key in (("/m/index/status", "size"), ("/c/signal_type/index", "db_size")):
            found = self._json(path)
            for kind, said in found.items() if isinstance(found, dict) else ():
                size = said.get(key) if isinstance(said, dict) else None
                made[kind] = max(made[kind], size if type(size) is int else 0)
        return made

    def lookup(self, kind: str, value: str, **more: str) -> dict[str, list[tuple[int, str]]]:
        """Banks, and their contents and distances, near a value."""
        query = urlencode({"signal": value, "signal_type": kind, **more})
        return rows_of(self._json(f"/m/lookup?{query}"))

    def _content(self, number: int) -> OldContent | None:
        names = self._names if self._each_bank else self._names[:1]
        for name in names:
            path = f"/c/bank/{quote(name, safe='')}/content/{number}"
            said = self._json(f"{path}?include_signals=true&include_metadata=true", missing=True)
            if said is None:
                continue
            bank = said.get("bank") if isinstance(said, dict) else None
            if not isinstance(bank, dict) or not isinstance(bank.get("name"), str):
                raise MigrationError(f"Content {number} of that HMA has no bank.", WRONG)
            return OldContent.of(
                number, bank["name"], said.get("signals"), said.get("note"),
                said.get("metadata"), said.get("disable_until_ts"),
            )  # fmt: skip
        return None

    def _json(self, path: str, *, missing: bool = False) -> Any:
        call = Call(
            "GET", self._base + path, {"Accept": "application/json"}, largest=LARGEST,
            also=frozenset({404}) if missing else frozenset(),
        )  # fmt: skip
        for _ in range(TRIES):
            try:
                reply = self._asker.ask(call)
            except OutboundError as error:
                if error.reason is not Reason.ADDRESS:
                    raise
                raise MigrationError(error.what, "If that is where it is: --private.") from None
            except Later as error:
                raise MigrationError(
                    error.what, "When it answers again, run the same command."
                ) from None
            if reply.status == 404:
                return None
            try:
                return json.loads(reply.body)
            except (ValueError, RecursionError):
                continue
        raise MigrationError("What answers there is no JSON.", WRONG)


WRONG = "See that the URL is the base of an HMA 2: its /c/banks lists banks."


def rows_of(said: Any) -> dict[str, list[tuple[int, str]]]:
    """Of each bank, contents and their distances, of a lookup. Raises `MigrationError`."""
    made: dict[str, list[tuple[int, str]]] = {}
    try:
        for bank, rows in said.items():
            made[bank] = [(int(row["bank_content_id"]), str(row["distance"])) for row in rows]
    except (AttributeError, TypeError, KeyError, ValueError):
        raise MigrationError("A lookup there is not answered as HMA does.", WRONG) from None
    return made

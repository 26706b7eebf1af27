"""A second opinion of Arachnid Shield, version 1, on PDQ values: never on bytes.

Does no I/O: `asked` gives the call, `read` what its reply says. Who asks (`opinions`) sees to it
that only items are asked about which were matched or reported here: a value tells a partner that
somebody has the picture.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from tutela.exchanges import standins
from tutela.exchanges.advisers import Advises, Advising, Found, Second
from tutela.exchanges.errors import Unreadable
from tutela.exchanges.partners import Call, Field, Reply, Setup

BASE = "https://shield.projectarachnid.com"
MOST = 100
"""Values of one call."""

LARGEST = 2**20
REFUSALS = frozenset({400, 404, 422})
"""Statuses whose body says why."""

MOST_TOLD = 200
"""Letters of what it says when it refuses."""

HINT = "See whether the partner is well; if its format has changed, Tutela must learn it first."


CLASSES = {
    "csam": Found.LISTED,
    "harmful-abusive-material": Found.HARMFUL,
    "no-known-match": Found.UNKNOWN,
}
MATCHES = frozenset({"exact", "near"})


class Arachnid(Advises):
    """See `tutela.exchanges.advisers.Adviser`."""

    name = "arachnid"
    title = "Arachnid Shield, a second opinion on PDQ values"
    fields = (
        standins.ENVIRONMENT,
        Field("user", "The user name that it gave."),
        Field("password", "The password that it gave.", "secret"),
        standins.FIELD,
    )  # fmt: skip
    every = timedelta(seconds=30)
    """Between two calls: what comes meanwhile is asked in one."""
    advises = frozenset({"pdq"})
    most = MOST

    def hosts(self, setup: Setup) -> tuple[str, ...]:
        """Its own, only where production is written; else that of a test server."""
        return standins.whom(setup, "shield.projectarachnid.com:443")

    def advise(self, setup: Setup, kind: str, values: Sequence[str]) -> Advising:
        """One call for all."""
        self.hosts(setup)
        base = setup.config.get("url", "").rstrip("/") or BASE
        user, password = setup.config.get("user", ""), setup.secrets.get("password", "")
        reply = yield asked(values, user, password, base)
        return read(reply, values)


def asked(values: Sequence[str], user: str, password: str, base: str = BASE) -> Call:
    """The call that asks about up to `MOST` PDQ values, in hexadecimal. Raises `ValueError`."""
    if not 0 < len(set(values)) <= MOST or not all(len(one) == 64 for one in values):
        raise ValueError(f"1 to {MOST} PDQ values")
    basic = base64.b64encode(f"{user}:{password}".encode()).decode()
    headers = {
        "Authorization": f"Basic {basic}", "Content-Type": "application/json",
        "Accept": "application/json",
    }  # fmt: skip
    body = json.dumps({"hashes": [_coded(one) for one in dict.fromkeys(values)]}).encode()
    return Call("POST", f"{base}/v1/pdq/", headers, body, LARGEST, REFUSALS)


def read(reply: Reply, values: Sequence[str]) -> dict[str, Second]:
    """What it says of each value that was asked about. One that it does not answer for is no
    `UNKNOWN`: all are answered, or it is no answer. Raises `Unreadable`."""
    try:
        said = json.loads(reply.body)
    except (ValueError, RecursionError):
        raise Unreadable("The partner's answer is no JSON, or was cut off.", HINT) from None
    if reply.status in REFUSALS:
        raise Unreadable(f"The partner refuses: {_detail(said)}", "")
    scanned = said.get("scanned_hashes") if isinstance(said, dict) else None
    if not isinstance(scanned, dict):
        raise Unreadable("The partner's answer is no second opinion.", HINT)
    found = {}
    for value in values:
        coded = _coded(value)
        if coded not in scanned:
            raise Unreadable("The partner leaves out what it was asked about.", HINT)
        found[value] = _second(scanned[coded])
    return found


def _second(said: Any) -> Second:
    if said is None:  # how it also says that it knows none
        return Second(Found.UNKNOWN)
    if not isinstance(said, Mapping):
        raise Unreadable("The partner's opinion is none.", HINT)
    kind, match = said.get("classification"), said.get("match_type")
    if not isinstance(kind, str) or kind not in CLASSES:
        raise Unreadable("The partner's opinion is of no class that is known.", HINT)
    if match is not None and (not isinstance(match, str) or match not in MATCHES):
        raise Unreadable("The partner's opinion is of no match that is known.", HINT)
    return Second(CLASSES[kind], match or "")


def _detail(said: Any) -> str:
    text = said.get("detail") if isinstance(said, dict) else None
    if not isinstance(text, str):
        return "it does not say why."
    return "".join(one for one in text if one.isprintable())[:MOST_TOLD]


def _coded(value: str) -> str:
    return base64.b64encode(bytes.fromhex(value)).decode()

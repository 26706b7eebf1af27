"""A second opinion of Microsoft's PhotoDNA Cloud Service on edge hashes: never on bytes.

An edge hash (`PreHashV2`) is made by Microsoft's licensed software, so by a package of whoever has
the licence: a signal type of the name `photodna-edge`. Does no I/O, as `arachnid`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import timedelta

from tutela.exchanges import standins
from tutela.exchanges.advisers import Advises, Advising, Found, Second
from tutela.exchanges.errors import Unreadable
from tutela.exchanges.partners import Call, Field, Reply, Setup

HOST = "api.microsoftmoderator.com"
PATH = "/photodna/v1.0/MatchHash?enhance=false"
EDGE = "photodna-edge"
FORM = "PreHashV2"
EVALUATED = 3000
"""The only code that means that a value was compared; any other is no clean result."""

MOST = 5
LARGEST = 2**20
HINT = "See whether the partner is well; if its format has changed, Tutela must learn it first."


class PhotoDnaCloud(Advises):
    """See `tutela.exchanges.advisers.Adviser`."""

    name = "photodna-cloud"
    title = "PhotoDNA Cloud Service, a second opinion on edge hashes"
    fields = (
        standins.ENVIRONMENT,
        Field("subscription_key", "The key of the subscription.", "secret"),
        standins.FIELD,
    )
    every = timedelta(seconds=30)
    """Between two turns: what comes meanwhile is asked in one."""
    advises = frozenset({EDGE})
    most = MOST

    def hosts(self, setup: Setup) -> tuple[str, ...]:
        """Its own, only where production is written; else that of a test server."""
        return standins.whom(setup, f"{HOST}:443")

    def advise(self, setup: Setup, kind: str, values: Sequence[str]) -> Advising:
        """A call for each: an answer does not say of which value of a call it is."""
        self.hosts(setup)
        base = setup.config.get("url", "").rstrip("/") or f"https://{HOST}"
        found = {}
        for value in dict.fromkeys(values):
            found[value] = read((yield asked(value, setup.secrets["subscription_key"], base)))
        return found


def asked(value: str, key: str, base: str) -> Call:
    """The call that asks about one edge hash, in hexadecimal."""
    headers = {
        "Ocp-Apim-Subscription-Key": key, "Content-Type": "application/json",
        "Accept": "application/json", "Cache-Control": "no-cache",
    }  # fmt: skip
    coded = base64.b64encode(bytes.fromhex(value)).decode()
    body = json.dumps([{"DataRepresentation": FORM, "Value": coded}]).encode()
    return Call("POST", base + PATH, headers, body, LARGEST)


def read(reply: Reply) -> Second:
    """What it says of the one value. What was not compared is no `UNKNOWN`. Raises `Unreadable`."""
    try:
        said = json.loads(reply.body)
    except (ValueError, RecursionError):
        raise Unreadable("The partner's answer is no JSON, or was cut off.", HINT) from None
    results = said.get("MatchResults") if isinstance(said, dict) else None
    if not isinstance(results, list) or len(results) != 1 or not isinstance(results[0], dict):
        raise Unreadable("The partner's answer is not of one value.", HINT)
    status, is_match = results[0].get("Status"), results[0].get("IsMatch")
    code = status.get("Code") if isinstance(status, dict) else None
    if type(code) is not int:
        raise Unreadable("The partner's answer has no code.", HINT)
    if code != EVALUATED:
        raise Unreadable(f"The partner did not compare the value: code {code}.", "")
    if not isinstance(is_match, bool):
        raise Unreadable("The partner's opinion is none.", HINT)
    return Second(Found.LISTED, "near") if is_match else Second(Found.UNKNOWN)

"""StopNCII, version 1: values of intimate pictures of adults, who asked that they be stopped.

Nothing of it ever meets what is kept for the protection of children: its bank is of the purpose
adult-intimate, and of none other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import quote

from tutela.banks.models import Purpose
from tutela.exchanges import standins
from tutela.exchanges.errors import Loop, NotConfigured, Unreadable
from tutela.exchanges.partners import (
    Call,
    Entry,
    Feedback,
    Fetching,
    Field,
    Listed,
    Opinion,
    Page,
    Reply,
    Role,
    Setup,
    Telling,
)
from tutela.signals.urls import Keyer

BASE = "https://api.stopncii.org/v1"
PAGE = 800
FIRST = 10
"""The stamp from which all is fetched."""

OVERLAP = 60
"""Seconds that are read again: records of the second at which the last fetch ended."""

AHEAD = timedelta(days=1)
"""How far its stamps may be before our clock: one beyond would hide all that comes until then."""

STATUSES = frozenset({"Unknown", "Received", "Active"})
GONE = frozenset({"Withdrawn", "Deleted"})
TYPES = {"ImagePDQ": "pdq", "VideoMD5": "md5", "URL": "url"}
"""What else there is keeps its name, and is counted as what banks do not take."""

CLEAR = frozenset({"URL", "Text"})
"""Types whose values are no digests."""

MOST_STALE = 3
"""Times that a list is begun anew in one fetch because its pages are no longer known."""

NUMBERS = ("start", "then", "turn", "stale")
"""Of a checkpoint: from when is read; from when next, once it was read again; how often it was."""

LARGEST = 16 * 2**20
ROLE = "adult"
HINT = "See whether the partner is well; if its format has changed, Tutela must learn it first."


class StopNcii:
    """See `tutela.exchanges.partners.Partner`."""

    name = "stopncii"
    title = "StopNCII"
    fields = (
        Field("function_key", "The key of its function FetchHashes.", "secret"),
        Field("subscription_key", "The key of the subscription.", "secret"),
        Field(
            "feedback_key", "The key of its function SubmitFeedback; else that of FetchHashes.",
            "secret", required=False,
        ),
        standins.FIELD,
    )  # fmt: skip
    roles = (Role(ROLE, Purpose.ADULT_INTIMATE, "StopNCII: partners only"),)
    every = timedelta(hours=1)
    stale_after = timedelta(days=2)
    checkpoint_lasts: timedelta | None = timedelta(days=30)
    feedback = True

    def hosts(self, setup: Setup) -> tuple[str, ...]:
        """Its own, or that of a test server."""
        url = setup.config.get("url", "")
        return (standins.host(url),) if url else ("api.stopncii.org:443",)

    def fetch(self, setup: Setup, checkpoint: Mapping[str, Any] | None, now: datetime) -> Fetching:
        """Pages of what changed since a stamp. If there are several, or a run ended between two,
        they are read once more before the stamp moves: where a record changes meanwhile, those
        behind it move up, and one passes from a page to come to one that was read."""
        base, headers = _base(setup), _headers(setup, "function_key")
        try:
            before = {name: int((checkpoint or {}).get(name, -1)) for name in NUMBERS}
            token = str((checkpoint or {}).get("token", ""))
        except (TypeError, ValueError):
            raise Unreadable("The checkpoint is none of this partner.", "Fetch all anew.") from None
        start, then = max(before["start"], FIRST), before["then"]
        turn, stale = max(before["turn"], 0), max(before["stale"], 0)
        whole, pages = not token, 0
        while True:
            url = f"{base}/FetchHashes?startTimestamp={start}&pageSize={PAGE}"
            if token:
                url += f"&nextPageToken={quote(token, safe='')}"
            also = frozenset({400, 404, 410}) if token else frozenset[int]()
            call = Call("GET", url, headers, largest=LARGEST, also=also)
            reply = cast(Reply, (yield call))
            if reply.status in also:
                stale += 1
                if stale > MOST_STALE:
                    raise Unreadable("The partner does not know its own next page.", "")
                token, whole, pages = "", True, 0
                continue
            pages += 1
            entries, rejected, said = _page(reply.body, setup.keyer)
            state = {"start": start, "then": then, "turn": turn, "stale": stale}
            following = said.get("nextPageToken")
            if said.get("hasMoreRecords"):
                if not isinstance(following, str) or not 0 < len(following) <= 2_000:
                    raise Unreadable("The partner has more, and says not where.", HINT)
                if following == token:
                    raise Loop("The partner's pages lead to themselves: they would never end.")
                token = following
                yield Page(entries, {**state, "token": token}, rejected=rejected)
                continue
            after = _next(said, start, now)
            then = after if then < 0 else min(then, after)
            if whole and (pages == 1 or before["then"] >= 0 or turn):
                yield Page(entries, {"start": then}, complete=True, rejected=rejected)
                return
            turn += 1
            yield Page(entries, {**state, "then": then, "turn": turn}, rejected=rejected)
            token, whole, pages = "", True, 0

    def tell(self, setup: Setup, feedback: Feedback) -> Telling:
        """That what it lists was blocked, or was not."""
        if feedback.opinion is Opinion.SEED:
            return
        if feedback.type not in ("pdq", "md5"):
            raise Unreadable("Of such a signal the partner takes no feedback.", "")
        word = "Blocked" if feedback.opinion is Opinion.POSITIVE else "NotBlocked"
        tags = [feedback.reason] if feedback.reason else []
        row = {"hashValue": feedback.value, "tags": tags, "feedbackValue": word}
        body = json.dumps({"count": 1, "hashFeedbacks": [row]}).encode()
        name = "feedback_key" if setup.secrets.get("feedback_key") else "function_key"
        headers = {**_headers(setup, name), "Content-Type": "application/json"}
        yield Call("POST", f"{_base(setup)}/SubmitFeedback", headers, body)


def _base(setup: Setup) -> str:
    return setup.config.get("url", "").rstrip("/") or BASE


def _headers(setup: Setup, name: str) -> dict[str, str]:
    key, subscription = setup.secrets.get(name, ""), setup.secrets.get("subscription_key", "")
    if not key or not subscription:
        raise NotConfigured("The keys of StopNCII are missing.", "It needs two (docs/lists.md).")
    return {
        "x-functions-key": key, "Ocp-Apim-Subscription-Key": subscription,
        "Accept": "application/json",
    }  # fmt: skip


def _page(
    body: bytes, keyer: Keyer | None
) -> tuple[tuple[Entry, ...], tuple[str, ...], dict[str, Any]]:
    """Entries, why others are none, and what the page says besides. Raises `Unreadable`."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("The partner's answer is no JSON, or was cut off.", HINT) from None
    records = said.get("hashRecords") if isinstance(said, dict) else None
    if not isinstance(records, list) or not isinstance(said.get("hasMoreRecords"), bool):
        raise Unreadable("The partner's answer is no page of records.", HINT)
    entries, rejected = [], []
    for one in records:
        found = _entry(one, keyer)
        if isinstance(found, Entry):
            entries.append(found)
        else:
            rejected.append(found)
    if rejected and not entries:
        raise Unreadable(f"All records of a page are unreadable: {rejected[0]}.", HINT)
    return tuple(entries), tuple(rejected), said


def _entry(one: Any, keyer: Keyer | None) -> Entry | str:
    """An entry, or why it is none."""
    if not isinstance(one, dict):
        return "records that are none"
    kind, value, status = (one.get(name) for name in ("signalType", "hashValue", "hashStatus"))
    at = one.get("lastModtimestamp")
    if not isinstance(kind, str) or not isinstance(value, str) or not kind or not value:
        return "records without a type and a value"
    if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at < 1 << 35:
        return "records without a time"
    if not isinstance(status, str) or status not in STATUSES | GONE:
        return "records whose status is not known"
    given = _words(one.get("caseNumbers"))
    gone = status in GONE or bool(given and given <= GONE)
    key = _key(kind, value, keyer)
    listed = (Listed(TYPES.get(kind, kind[:32]), value),)
    return Entry(
        key, datetime.fromtimestamp(at, UTC), None if gone else listed, ROLE
    )  # fmt: skip


def _key(kind: str, value: str, keyer: Keyer | None) -> str:
    """Which record it is: of an address or a text, nobody can try whether it is one."""
    if keyer is not None and kind in CLEAR:
        return keyer.digest("stopncii", f"{kind}\0{value}").hex()
    text = f"{kind}\0{value}".encode("utf-8", "replace")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def _words(cases: Any) -> frozenset[str]:
    """The statuses of the cases of a record, if they are words."""
    words = list(cases.values()) if isinstance(cases, dict) else []
    return frozenset(words) if all(isinstance(one, str) for one in words) else frozenset()


def _next(said: Mapping[str, Any], start: int, now: datetime) -> int:
    """From when the next fetch asks. Raises `Unreadable`."""
    after = said.get("nextSetTimestamp")
    if not isinstance(after, int) or isinstance(after, bool) or after < 0:
        raise Unreadable("The partner says not from when to ask next.", HINT)
    if after > (now + AHEAD).timestamp():
        raise Unreadable(
            "The partner's stamps are of the future.", "See whether its clock is right."
        )
    return max(FIRST, min(start, after), after - OVERLAP)

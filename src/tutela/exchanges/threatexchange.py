"""Meta's ThreatExchange: values that the members of a privacy group share (Graph API, v21.0).

Our own calls, not those of the package `threatexchange`: its client goes to the network by itself,
past the one door, and puts the token into addresses that it may log. Here the token is only in the
call that is about to be made: neither a checkpoint nor an entry has it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from tutela.banks.lists import LABEL, MOST_LABELS
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

BASE = "https://graph.facebook.com/v21.0"
HOST = "graph.facebook.com:443"
FIELDS = (
    "id,indicator,type,last_updated,should_delete,descriptors{id,reactions,owner{id},tags,status}"
)
PAGE = 500
OVERLAP = 3600
"""Seconds that are read again each time: what was written down late, or by another clock."""

TYPES = {
    "HASH_PDQ": "pdq", "HASH_MD5": "md5", "HASH_SHA1": "sha1", "HASH_SHA256": "sha256",
    "HASH_VIDEO_MD5": "md5", "URI": "url",
}  # fmt: skip
"""What else there is keeps its name, and is counted as what banks do not take."""

OPINIONS = {
    "MALICIOUS": Opinion.POSITIVE,
    "NON_MALICIOUS": Opinion.NEGATIVE,
}
"""Of a descriptor by its status; what is suspicious or unknown is a seed."""

SUFFIX = {Opinion.POSITIVE: "", Opinion.SEED: "/seed", Opinion.NEGATIVE: "/negative"}
DISAGREE = "DISAGREE_WITH_TAGS"
HELPFUL = "HELPFUL"
LARGEST = 16 * 2**20
LONGEST_MEMBER = 128
MOST_DESCRIPTORS = 100
HINT = "See whether the partner is well; if its format has changed, Tutela must learn it first."


class ThreatExchange:
    """See `tutela.exchanges.partners.Partner`."""

    name = "threatexchange"
    title = "Meta ThreatExchange"
    fields = (
        Field("privacy_group", "The number of the privacy group.", "number", required=True),
        Field("access_token", "APP|SECRET, as Meta gave them.", "secret"),
        standins.FIELD,
    )
    roles = (Role("known", Purpose.KNOWN_CSEA, "ThreatExchange: as the privacy group agreed"),)
    every = timedelta(hours=1)
    stale_after = timedelta(days=1)
    checkpoint_lasts: timedelta | None = timedelta(days=85)
    """Deletions are told of for 90 days."""
    feedback = True

    def hosts(self, setup: Setup) -> tuple[str, ...]:
        """Graph's, or that of a test server."""
        url = setup.config.get("url", "")
        return (standins.host(url),) if url else (HOST,)

    def fetch(self, setup: Setup, checkpoint: Mapping[str, Any] | None, now: datetime) -> Fetching:
        """Updates since a time, page by page."""
        try:
            start = int((checkpoint or {}).get("start", 0))
            query = str((checkpoint or {}).get("next", ""))
            end = int((checkpoint or {}).get("end", 0)) if query else int(now.timestamp()) - 5
        except (TypeError, ValueError):
            raise Unreadable("The checkpoint is none of this partner.", "Fetch all anew.") from None
        base = _base(setup)
        address = f"{base}/{setup.config['privacy_group']}/threat_updates/"
        first = urlencode({"start_time": start, "stop_time": end, "limit": PAGE, "fields": FIELDS})
        while True:
            url = f"{address}?{query or first}&access_token={_token(setup)}"
            call = Call("GET", url, {"Accept": "application/json"}, largest=LARGEST)
            reply = cast(Reply, (yield call))
            entries, rejected, link = _page(reply.body)
            if not link:
                after = max(0, end - OVERLAP)
                yield Page(entries, {"start": after}, complete=True, rejected=rejected)
                return
            following = _query(link, address)
            if following == query:
                raise Loop("The partner's pages lead to themselves: they would never end.")
            query = following
            state = {"start": start, "end": end, "next": query}
            yield Page(entries, state, rejected=rejected)

    def tell(self, setup: Setup, feedback: Feedback) -> Telling:
        """A reaction to each descriptor of an entry."""
        if feedback.opinion is Opinion.SEED:
            return
        reaction = HELPFUL if feedback.opinion is Opinion.POSITIVE else DISAGREE
        base, token = _base(setup), _token(setup)
        number = quote(feedback.key.partition("/")[0], safe="")
        asked = urlencode({"fields": "descriptors{id}"})
        reply = yield Call("GET", f"{base}/{number}?{asked}&access_token={token}")
        found = _object(reply.body)
        for one in _descriptors(found):
            identity = one.get("id")
            if not isinstance(identity, str) or not identity.isdigit():
                raise Unreadable("The partner's descriptor has no id.", HINT)
            yield Call(
                "POST", f"{base}/{identity}",
                {"Content-Type": "application/x-www-form-urlencoded"},
                f"reactions={reaction}&access_token={token}".encode(),
            )  # fmt: skip


def _base(setup: Setup) -> str:
    return setup.config.get("url", "").rstrip("/") or BASE


def _token(setup: Setup) -> str:
    token = setup.secrets.get("access_token", "")
    if not token:
        raise NotConfigured("The access token of ThreatExchange is missing.", "docs/lists.md")
    return quote(token, safe="")


def _query(link: str, address: str) -> str:
    """The query of the next page, without the token. Raises `Unreadable` if it leads elsewhere."""
    try:
        parts, ours = urlsplit(link), urlsplit(address)
        same = (parts.scheme, parts.netloc, parts.path.rstrip("/")) == (
            ours.scheme, ours.netloc, ours.path.rstrip("/"),
        )  # fmt: skip
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        same, pairs = False, []
    if not same or len(link) > 8_000:
        raise Unreadable("The partner's next page is at another address.", HINT)
    return urlencode([(name, value) for name, value in pairs if name != "access_token"])


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("The partner's answer is no JSON, or was cut off.", HINT) from None
    if not isinstance(found, dict):
        raise Unreadable("The partner's answer is no JSON object.", HINT)
    return found


def _page(body: bytes) -> tuple[tuple[Entry, ...], tuple[str, ...], str]:
    """Entries, why others are none, and the link to the next page. Raises `Unreadable`."""
    said = _object(body)
    rows, paging = said.get("data"), said.get("paging", {})
    if not isinstance(rows, list) or not isinstance(paging, dict):
        raise Unreadable("The partner's answer is no page of updates.", HINT)
    entries: list[Entry] = []
    rejected = []
    for row in rows:
        found = _entries(row)
        if isinstance(found, str):
            rejected.append(found)
        else:
            entries += found
    if rejected and not entries:
        raise Unreadable(f"All updates of a page are unreadable: {rejected[0]}.", HINT)
    link = paging.get("next", "")
    return tuple(entries), tuple(rejected), link if isinstance(link, str) else "?"


def _entries(row: Any) -> list[Entry] | str:
    """What an update says: one entry for each opinion that there may be, so that one which nobody
    holds any more goes. Or why it is none."""
    if not isinstance(row, dict):
        return "updates that are none"
    number, kind, value = (row.get(name) for name in ("id", "type", "indicator"))
    at = row.get("last_updated")
    if not isinstance(number, str) or not number.isdigit() or len(number) > 64:
        return "updates without an id"
    if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at < 1 << 35:
        return "updates without a time"
    when = datetime.fromtimestamp(at, UTC)
    by_opinion: dict[Opinion, list[dict[str, Any]]] = {one: [] for one in SUFFIX}
    if row.get("should_delete") is not True:
        for one in _descriptors(row):
            by_opinion[_opinion(one)].append(one)
    if any(by_opinion.values()) and not (isinstance(kind, str) and isinstance(value, str)):
        return "updates without a type and a value"
    entries = []
    for opinion, given in by_opinion.items():
        signals = (Listed(TYPES.get(str(kind), str(kind)[:32]), str(value)),) if given else None
        entries.append(Entry(
            number + SUFFIX[opinion], when, signals, "known", _owners(given),
            number + SUFFIX[opinion], _labels(given), opinion,
        ))  # fmt: skip
    return entries


def _descriptors(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What members say of it, be it a list or in `data` of an object."""
    given = row.get("descriptors")
    found = given.get("data") if isinstance(given, dict) else given
    rows = found if isinstance(found, list) else []
    return [one for one in rows[:MOST_DESCRIPTORS] if isinstance(one, dict)]


def _opinion(one: Mapping[str, Any]) -> Opinion:
    """What its owner says; where others only disagree, it is for a person to look at."""
    said = OPINIONS.get(str(one.get("status")), Opinion.SEED)
    reactions = one.get("reactions")
    words = json.dumps(reactions) if isinstance(reactions, list | dict) else str(reactions)
    disagreed = DISAGREE in words and HELPFUL not in words
    return Opinion.SEED if disagreed and said is Opinion.POSITIVE else said


def _owners(given: list[dict[str, Any]]) -> str:
    """Ids of the members, joined: an entry has one member, and its origin is all of them."""
    owners = (one.get("owner") for one in given)
    ids = sorted({str(one.get("id", "")) for one in owners if isinstance(one, dict)} - {""})
    joined = "+".join(ids)
    return joined if len(joined) <= LONGEST_MEMBER else f"{len(ids)} members"


def _labels(given: list[dict[str, Any]]) -> tuple[str, ...]:
    found = set()
    for one in given:
        tags = one.get("tags")
        rows = tags.get("data") if isinstance(tags, dict) else tags
        for tag in rows if isinstance(rows, list) else []:
            text = tag.get("text") if isinstance(tag, dict) else tag
            if isinstance(text, str) and LABEL.fullmatch(text):
                found.add(text)
    return tuple(sorted(found)[:MOST_LABELS])

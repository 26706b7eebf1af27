"""NCMEC's hash sharing as a partner."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from tutela.banks.models import Purpose
from tutela.exchanges import standins
from tutela.exchanges.errors import NotConfigured, Unreadable
from tutela.exchanges.ncmec import bases, pages, telling, windows
from tutela.exchanges.ncmec.parsing import LARGEST
from tutela.exchanges.partners import (
    Call,
    Feedback,
    Fetching,
    Field,
    Page,
    Reply,
    Role,
    Setup,
    Telling,
)

GONE = frozenset({400, 404, 410})
"""A `next` link that the server no longer knows: its range is read anew."""

OVERLAP = 26
"""Hours that are read again each time: an entry is found also if the clocks are an hour apart, and
if a stamp is the local time of any place, marked as UTC (at most 14 hours off). What is the same as
before costs a look at its row."""

FRESH = timedelta(minutes=5)
"""How old the end of what was read may be: a range that took longer is followed by another."""

LEAST_OVERLAP, MOST_OVERLAP = 1, 24 * 30
MEMBERS = re.compile(r"[A-Za-z0-9_.-]{1,64}( *, *[A-Za-z0-9_.-]{1,64})*")


class Ncmec:
    """See `tutela.exchanges.partners.Partner`."""

    name = "ncmec"
    title = "NCMEC hash sharing"
    fields = (
        Field(
            "audience", "Which of its lists.", "choice", default="industry",
            choices=tuple(bases.BASES),
        ),
        Field(
            "environment", "Its test system, or production.", "choice", default=bases.TEST,
            choices=(bases.TEST, bases.PRODUCTION),
        ),
        Field("user", "The user name that it gave.", required=True),
        Field("password", "The password that it gave.", "secret"),
        Field(
            "survivor_members",
            "Ids of members, with commas between, whose entries survivors asked for.",
            required=False,
        ),
        Field(
            "only_members",
            "Ids of members, with commas between, whose entries alone are taken; empty: of all.",
            required=False,
        ),
        Field(
            "overlap", "Hours that are read again each time.", "number", default=str(OVERLAP),
        ),
        Field(
            "feedback_reason", "Name or GUID of the reason for saying that an entry is wrong.",
            required=False,
        ),
        standins.FIELD,
    )  # fmt: skip
    roles = (
        Role("known", Purpose.KNOWN_CSEA, "NCMEC hash sharing: members only"),
        Role("survivor", Purpose.SURVIVOR_REQUEST, "NCMEC hash sharing: members only"),
    )
    every = timedelta(hours=1)
    stale_after = timedelta(days=1)
    checkpoint_lasts: timedelta | None = None
    feedback = True

    def hosts(self, setup: Setup) -> tuple[str, ...]:
        """The one of the audience. Looks at all settings."""
        _overlap(setup)
        _survivors(setup)
        _members(setup, "only_members")
        return (bases.host(setup.config),)

    def fetch(self, setup: Setup, checkpoint: Mapping[str, Any] | None, now: datetime) -> Fetching:
        """Ranges of time, one after the other, each to its end."""
        base, headers = bases.base(setup.config), _headers(setup)
        overlap, survivors = _overlap(setup), _survivors(setup)
        only = _members(setup, "only_members")
        label = _label(setup)
        window = windows.following(checkpoint, now, overlap)
        while True:
            also = GONE if window.next else frozenset[int]()
            call = Call("GET", base + window.path, headers, largest=LARGEST, also=also)
            reply = cast(Reply, (yield call))
            smaller = window.smaller
            if reply.status in GONE:
                if smaller is None:
                    raise Unreadable("The partner does not know its own next page.", "")
                window = smaller
                continue
            page = pages.read(reply.body, survivors, label)
            entries = [one for one in page.entries if not only or one.member in only]
            count = len(page.entries) + len(page.rejected)
            link = page.next
            if smaller and not window.next and windows.number(link, "max") > windows.LARGEST:
                window = smaller
                continue
            if link:
                window = window.followed(link, count)
                yield Page(entries, window.checkpoint, rejected=page.rejected)
                continue
            if again := window.missed(count):
                window = again
                yield Page(entries, window.checkpoint, rejected=page.rejected)
                continue
            done = window.done
            complete = window.live and window.end > now - FRESH
            yield Page(entries, done, complete=complete, rejected=page.rejected)
            if complete:
                return
            window = windows.following(done, now, overlap)

    def tell(self, setup: Setup, feedback: Feedback) -> Telling:
        """Affirm an entry, or say why it is wrong."""
        reason = setup.config.get("feedback_reason", "")
        base = bases.base(setup.config)
        yield from telling.tell(base, _headers(setup), feedback, reason)


def _headers(setup: Setup) -> dict[str, str]:
    pair = f"{setup.config.get('user', '')}:{setup.secrets.get('password', '')}"
    basic = base64.b64encode(pair.encode()).decode()
    return {"Authorization": f"Basic {basic}", "Accept": "application/xml"}


def _overlap(setup: Setup) -> timedelta:
    text = setup.config.get("overlap") or str(OVERLAP)
    hours = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not LEAST_OVERLAP <= hours <= MOST_OVERLAP:
        raise NotConfigured(
            f"The setting overlap must be {LEAST_OVERLAP} to {MOST_OVERLAP} hours.",
            f"Where nothing speaks against it, leave it at {OVERLAP}.",
        )
    return timedelta(hours=hours)


def _survivors(setup: Setup) -> frozenset[str]:
    return _members(setup, "survivor_members")


def _members(setup: Setup, name: str) -> frozenset[str]:
    text = setup.config.get(name, "").strip()
    if text and not MEMBERS.fullmatch(text):
        raise NotConfigured(f"The setting {name} is no list of ids.", "As in: 42, 43")
    return frozenset(one.strip() for one in text.split(",") if one.strip())


def _label(setup: Setup) -> str:
    """What tells entries of other lists from those of the first."""
    audience = setup.config.get("audience", "")
    words = [one for one in ("generative", "exploitative") if one in audience]
    return "-".join(words)

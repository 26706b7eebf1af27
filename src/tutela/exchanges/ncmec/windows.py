"""Which part of time is asked for next.

Entries of a range of time come in no order: only when the whole range has been read is it sure that
nothing before its end is missing. So a checkpoint either says up to where everything was read, or
the range that is being read and the `next` link in it, which holds for that range alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import parse_qs, quote, urlsplit

from tutela.exchanges.errors import Loop, Unreadable
from tutela.exchanges.ncmec.pages import stamp

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""Before any entry."""

MARGIN = timedelta(seconds=5)
"""Before now: what is just being written down may not yet be in what is read."""

BORDER = timedelta(seconds=1)
"""By which ranges overlap: whether their ends are part of them is not said."""

LARGEST = 400_000
"""Entries of one range: more are asked for in smaller ranges, so that little is read again when a
`next` link is no longer known."""

LONGEST = 2_000
"""Letters of a link."""

SHRINK = 4
SMALLEST = timedelta(seconds=2)
MOST_PAGES = 10_000
"""Of one range: at a thousand entries a page some ten million with one stamp. More never end."""


AGAIN = 2
"""Times that a range is read once more because entries left it meanwhile: what is missed each time
would have to stand at a border between pages each time."""


@dataclass(frozen=True, slots=True)
class Window:
    """A range of time that is being read. `live`: it ended at what was now. `read`: entries that
    came of it; `most`: how many the partner says that it has, the most that it said; `again`: how
    often it was read before."""

    start: datetime
    end: datetime
    live: bool
    next: str = ""
    pages: int = 0
    read: int = 0
    most: int = 0
    again: int = 0

    @property
    def path(self) -> str:
        """What is asked for."""
        if self.next:
            return self.next
        return f"/v2/entries?from={_quoted(self.start)}&to={_quoted(self.end)}"

    @property
    def checkpoint(self) -> dict[str, Any]:
        """To go on in this range."""
        return {
            "from": written(self.start), "to": written(self.end), "live": self.live,
            "next": self.next, "pages": self.pages, "read": self.read, "most": self.most,
            "again": self.again,
        }  # fmt: skip

    @property
    def done(self) -> dict[str, Any]:
        """To go on after it."""
        width = int((self.end - self.start).total_seconds())
        return {"done": written(self.end), "live": self.live, "width": width}

    def followed(self, link: str, count: int = 0) -> Self:
        """The same at its next page, after one of so many entries. Raises `Unreadable` if the link
        leads elsewhere, `Loop` if it leads nowhere new."""
        try:
            parts = urlsplit(link)
        except ValueError:
            raise Unreadable("The partner's next page has no address.", "") from None
        query = parse_qs(parts.query)
        start, end = (stamp((query.get(name) or [""])[0]) for name in ("from", "to"))
        readable = link.isascii() and link.isprintable() and len(link) <= LONGEST
        if not readable or parts.scheme or parts.netloc or parts.path != "/v2/entries":
            raise Unreadable("The partner's next page is at another address.", "")
        if (start, end) != (self.start, self.end):
            raise Unreadable("The partner's next page is of another range.", "")
        before = number(self.next, "start")
        if link == self.next or (self.next and number(link, "start") <= before):
            raise Loop("The partner's pages lead where they have been: they would never end.")
        if self.pages >= MOST_PAGES:
            raise Loop(f"A range of the partner's entries has more than {MOST_PAGES} pages.")
        most = max(self.most, number(link, "max"))
        return replace(self, next=link, pages=self.pages + 1, read=self.read + count, most=most)

    def missed(self, count: int) -> Self | None:
        """The same from its start, if its pages gave fewer entries than it had, the last of them
        `count`: where one leaves a range that is being read, because it changed, those behind it
        move up, and one passes from a page to come to one that was read. None: they gave all, or it
        was read often enough."""
        if self.read + count >= self.most or self.again >= AGAIN:
            return None
        return replace(self, next="", pages=0, read=0, most=0, again=self.again + 1)

    @property
    def smaller(self) -> Self | None:
        """Its first part, to be read from its start; None if it is small enough."""
        width = (self.end - self.start) / SHRINK
        if width < SMALLEST:
            return None
        end = (self.start + width).replace(microsecond=0)
        return replace(self, end=end, live=False, next="", pages=0, read=0, most=0, again=0)


def following(checkpoint: Mapping[str, Any] | None, now: datetime, overlap: timedelta) -> Window:
    """The range to read from a checkpoint. Raises `Unreadable` if it is none."""
    target = (now - MARGIN).replace(microsecond=0)
    if checkpoint is None:
        return Window(BEGINNING, target, live=True)
    try:
        live = bool(checkpoint["live"])
        if "done" not in checkpoint:
            start, end = _read(checkpoint["from"]), _read(checkpoint["to"])
            counts = {name: int(checkpoint.get(name, 0)) for name in ("read", "most", "again")}
            pages = int(checkpoint["pages"])
            return Window(start, end, live, str(checkpoint["next"]), pages, **counts)
        done, width = _read(checkpoint["done"]), timedelta(seconds=int(checkpoint["width"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        raise Unreadable("The checkpoint is none of this partner.", "Fetch all anew.") from None
    start = max(BEGINNING, done - (overlap if live else BORDER))
    target = max(target, start + SMALLEST)
    if live:
        return Window(start, target, live=True)
    end = start + max(width, SMALLEST) * SHRINK
    return Window(start, min(end, target), live=end >= target)


def number(link: str, name: str) -> int:
    """A number of a link's query; 0: it has none."""
    found = (parse_qs(urlsplit(link).query).get(name) or ["0"])[0]
    return int(found) if found.isascii() and found.isdigit() and len(found) < 16 else 0


def written(at: datetime) -> str:
    """A time as the partner reads it: in UTC, whatever the zone of this machine."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _quoted(at: datetime) -> str:
    return quote(written(at), safe="")


def _read(text: Any) -> datetime:
    found = stamp(str(text))
    if found is None:
        raise ValueError(text)
    return found

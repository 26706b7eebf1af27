"""Lists in a file that someone puts there: whole lists, read again when they changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tutela.banks.changes import New
from tutela.banks.lists import LineReader, ListFormat, form_of
from tutela.banks.models import Purpose
from tutela.banks.values import unpacked
from tutela.errors import TutelaError
from tutela.exchanges import files
from tutela.exchanges.errors import NotConfigured, Unreadable
from tutela.exchanges.files import PIECE, OfFiles
from tutela.exchanges.partners import (
    Entry,
    Fetching,
    Field,
    Listed,
    Page,
    Reply,
    Role,
    Setup,
)

ROLES = (
    Role("known", Purpose.KNOWN_CSEA),
    Role("survivor", Purpose.SURVIVOR_REQUEST),
    Role("adult", Purpose.ADULT_INTIMATE),
    Role("harmless", Purpose.NEVER_MATCH),
    Role("test", Purpose.TEST),
)


class Local(OfFiles):
    """A file on this machine."""

    name = "local"
    title = "A list in a file on this machine"
    fields = (
        Field("path", "The file: UTF-8, a value a line, or CSV.", "path"),
        Field("role", "What the list is for.", "role", choices=tuple(one.name for one in ROLES)),
        Field("type", "Signal type of values whose line does not say.", required=False),
        Field("format", "How lines are read.", "choice", default="plain", choices=("plain", "csv")),
        Field("map", "Columns of a CSV, FIELD=COLUMN, with commas between them.", required=False),
    )
    roles = ROLES
    every = timedelta(minutes=5)
    stale_after = timedelta(days=7)

    def hosts(self, setup: Setup) -> tuple[str, ...]:
        """None. Raises `NotConfigured`."""
        try:
            form = _form(setup)
            if form.plain:
                LineReader(form)
        except TutelaError as error:
            raise NotConfigured(error.what, error.hint) from None
        return ()

    def fetch(self, setup: Setup, checkpoint: Mapping[str, Any] | None, now: datetime) -> Fetching:
        """The list from its start, or from where a run ended, if it is still the same file."""
        path, form, role = setup.config["path"], _form(setup), setup.config["role"]
        first = yield from files.read(path, 0, PIECE)
        state = _state(first)
        if not int(state["size"]):
            raise Unreadable("The list is empty.", "An empty file empties no bank: write a list.")
        before = dict(checkpoint or {})
        if before == state:
            yield Page((), state, complete=True)
            return
        goes_on = {name: before.get(name) for name in state} == state
        torn = bool(before.get("torn")) or ("at" in before and not goes_on)
        at = int(before["at"]) if goes_on else 0
        some = bool(before.get("some")) if goes_on else False
        reader, start, _ = files.opened(form, first.body, setup.keyer)
        at = max(at, start)

        def made(line: str) -> list[Entry]:
            return [_entry(one, role) for one in reader.read(line)]

        while True:
            reply = yield from files.read(path, at, PIECE)
            torn = torn or _state(reply) != state
            body, last = reply.body, len(reply.body) < PIECE
            cut = len(body) if last else body.rfind(b"\n") + 1
            if not cut and not last:
                raise Unreadable(f"A line of the list is longer than {PIECE} bytes.")
            entries, rejected = files.entries(body[:cut].splitlines(), "lines", made)
            at, some = at + cut, some or bool(entries)
            if last:
                files.require_some("signals", some)
                break
            more = {**state, "at": at, "some": some, **({"torn": True} if torn else {})}
            yield Page(entries, more, rejected=rejected)
        # what was written while it was read is read again the next time
        done = {} if torn else state
        yield Page(entries, done, complete=True, replaces=True, rejected=rejected)


def _form(setup: Setup) -> ListFormat:
    kind = setup.config.get("type", "")
    is_csv = setup.config.get("format") == "csv"
    return form_of(kind or None, files.pairs(setup, "map"), csv=is_csv)


def _state(reply: Reply) -> dict[str, str]:
    return {name: reply.headers[name] for name in ("modified", "size")}


def _entry(new: New, role: str) -> Entry:
    value = unpacked(new.value)
    parts = "\0".join((new.type, value, new.origin.member, new.external_id))
    key = hashlib.blake2b(parts.encode(), digest_size=16).hexdigest()
    listed = Listed(new.type, value, new.quality)
    return Entry(
        key, None, (listed,), role, new.origin.member, new.external_id, tuple(new.labels.split())
    )

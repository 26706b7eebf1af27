"""VICS hash sets in a file that someone puts there: whole sets of any size, read again when they
changed. What a record says besides its hashes is kept, whatever its version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from tutela.banks import vics
from tutela.banks.errors import BankError
from tutela.banks.lists import Rejected
from tutela.banks.models import Purpose
from tutela.banks.values import unpacked
from tutela.banks.vics import PAUSE, MediaReader, Records
from tutela.exchanges import files
from tutela.exchanges.errors import NotConfigured, Unreadable
from tutela.exchanges.files import OfFiles
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

AHEAD = vics.LARGEST + 2 * vics.BLOCK
"""Bytes read before the next record is asked for: so much one may take."""

PIECE = 4 << 20
PAGE = 10_000
"""Records of a page."""

ROLES = (
    Role("known", Purpose.KNOWN_CSEA),
    Role("survivor", Purpose.SURVIVOR_REQUEST),
    Role("harmless", Purpose.NEVER_MATCH),
    Role("test", Purpose.TEST),
)


class _Fed:
    """A stream of what was read ahead."""

    def __init__(self) -> None:
        self.held = bytearray()
        self.ended = False

    def read(self, size: int) -> bytes:
        if not self.held and not self.ended:
            raise Unreadable(f"A record of the hash set is longer than {vics.LARGEST} bytes.")
        data = bytes(self.held[:size])
        del self.held[:size]
        return data


class Vics(OfFiles):
    """A file on this machine."""

    name = "vics"
    title = "A VICS hash set in a file on this machine"
    fields = (
        Field("path", "The file: JSON, of version 1.1 to 2.0.", "path"),
        Field("role", "What the set is for.", "role", choices=tuple(one.name for one in ROLES)),
        Field("map", "Categories that are taken, NUMBER=LABEL, with commas between them."),
    )
    roles = ROLES
    every = timedelta(hours=1)
    stale_after = timedelta(days=7)

    def hosts(self, setup: Setup) -> tuple[str, ...]:
        """None. Raises `NotConfigured`."""
        try:
            _media(setup)
        except BankError as error:
            raise NotConfigured(error.what, error.hint) from None
        return ()

    def fetch(self, setup: Setup, checkpoint: Mapping[str, Any] | None, now: datetime) -> Fetching:
        """The set from its start; records that a run stored before are passed over, if it is still
        the same file."""
        path, role, media = setup.config["path"], setup.config["role"], _media(setup)
        first = yield from files.read(path, 0, 1)
        state = _state(first, setup)
        before = dict(checkpoint or {})
        if before == state:
            yield Page((), state, complete=True)
            return
        same = {name: before.get(name) for name in state} == state
        done = int(before.get("count", 0)) if same else 0
        fed, torn, at = _Fed(), bool(before.get("torn")) or ("count" in before and not same), 0
        records = Records(cast(Any, fed))
        entries: list[Entry] = []
        rejected: list[str] = []
        while True:
            while not fed.ended and len(fed.held) < AHEAD:
                reply = yield from files.read(path, at, PIECE)
                torn = torn or _state(reply, setup) != state
                fed.held += reply.body
                at += len(reply.body)
                fed.ended = len(reply.body) < PIECE
            try:
                record = records.step()
            except BankError as error:
                raise Unreadable(error.what, error.hint) from None
            if record is None:
                break
            if record is PAUSE or records.count <= done:
                continue
            try:
                entries += _entries(media, record, role)
            except Rejected as error:
                rejected.append(f"records: {error}")
            if records.count % PAGE == 0:
                more = {**state, "count": records.count, **({"torn": True} if torn else {})}
                yield Page(entries, more, rejected=tuple(rejected))
                entries, rejected = [], []
        files.require_some("records", records.count > 0)
        rejected += [f"{kind} values that are none" for kind in media.faults]
        yield Page(
            entries, {} if torn else state, complete=True, replaces=True, rejected=tuple(rejected)
        )


def _media(setup: Setup) -> MediaReader:
    return MediaReader(vics.categories_of(files.pairs(setup, "map")))


def _state(reply: Reply, setup: Setup) -> dict[str, str]:
    """What the file is, and what is taken of it."""
    state = {name: reply.headers[name] for name in ("modified", "size")}
    return {**state, "map": setup.config.get("map", "")}


def _entries(media: MediaReader, record: Any, role: str) -> list[Entry]:
    """One entry, or none if its category is not taken. Its key is the MD5: identities of media
    repeat within a set. Raises `Rejected`."""
    found = media.values(record)
    if found is None:
        return []
    md5, coded, values = found
    listed = tuple(Listed(kind, unpacked(value)) for kind, value in values)
    extra = vics.rest(record)
    return [Entry(md5.hex(), None, listed, role, labels=tuple(coded.split()), extra=extra)]

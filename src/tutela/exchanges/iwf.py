"""Lists of hashes, addresses and words that a member of a hotline's programme puts into a folder.

Their columns are not public: `map` says them. Of each kind the newest file counts, and is the whole
list. A list that was there and is missing ends the fetch: nothing is removed then.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, cast

from tutela.banks.changes import New
from tutela.banks.lists import LineReader, ListFormat, form_of
from tutela.banks.models import Purpose
from tutela.banks.values import unpacked
from tutela.errors import TutelaError
from tutela.exchanges import files, iwf_columns
from tutela.exchanges.errors import NotConfigured, Unreadable
from tutela.exchanges.files import PIECE, OfFiles
from tutela.exchanges.partners import (
    Call,
    Entry,
    Fetching,
    Field,
    Listed,
    Page,
    Reply,
    Role,
    Setup,
)
from tutela.signals.urls import EXACT, HOST, KEYWORD, PREFIX

HASHES, ADDRESSES, WORDS = "hashes", "addresses", "words"
KINDS = (HASHES, ADDRESSES, WORDS)
KNOWN, SURVIVOR = "known", "survivor"
MOST_COLUMNS = 128 * 1024
"""Bytes of a file of columns: a page, by far."""


class Iwf(OfFiles):
    """Files of a programme, in a folder on this machine."""

    name = "iwf"
    title = "Lists of hashes, addresses and keywords in a folder, as the IWF's members have them"
    fields = (
        Field("folder", "Where the files are put, whole, under a new name or by rename.", "path"),
        Field(HASHES, "Names of files with hashes, CSV.", required=False, default="*hash*"),
        Field("map", "Their columns, FIELD=COLUMN, with commas between them.", required=False),
        Field(
            "survivor", "What marks entries that a child reported, COLUMN=VALUE: they have a bank"
            " of their own.", required=False,
        ),
        Field(ADDRESSES, "Names of files with addresses.", required=False, default="*url*"),
        Field(
            "address_type", "What a line of these is, or of a CSV without a column type.", "choice",
            required=False, default=EXACT, choices=(EXACT, PREFIX, HOST),
        ),
        Field("address_map", "Their columns, if they are CSV.", required=False),
        Field(WORDS, "Names of files with keywords.", required=False, default="*keyword*"),
        Field("word_map", "Their columns, if they are CSV.", required=False),
        Field(
            "columns", "A YAML file that says all of these columns: examples/list-columns.yaml.",
            "path", required=False,
        ),
    )  # fmt: skip
    roles = (
        Role(KNOWN, Purpose.KNOWN_CSEA),
        Role(SURVIVOR, Purpose.SURVIVOR_REQUEST),
        Role(ADDRESSES, Purpose.KNOWN_CSEA),
        Role(WORDS, Purpose.KNOWN_CSEA),
    )
    every = timedelta(minutes=15)
    stale_after = timedelta(days=2)

    def hosts(self, setup: Setup) -> tuple[str, ...]:
        """None. Raises `NotConfigured`."""
        try:
            for kind in KINDS:
                _form(setup, kind)
            _survivor(setup)
        except TutelaError as error:
            raise NotConfigured(error.what, error.hint) from None
        return ()

    def fetch(self, setup: Setup, checkpoint: Mapping[str, Any] | None, now: datetime) -> Fetching:
        """All lists, if one of them changed; from where a run ended, if none did since."""
        setup = yield from _with_columns(setup)
        found = yield from _listed(setup)
        before = dict(checkpoint or {})
        state = {"files": found, "settings": _settings(setup)}
        gone = sorted(set(before.get("files", {})) - set(found))
        if not found or gone:
            raise Unreadable(
                f"There is no list of {' and '.join(gone or KINDS)} any more."
                if gone else "There is no list in the folder.",
                "Put the whole list there. What it gave stays until then.",
            )  # fmt: skip
        if before == state:
            yield Page((), state, complete=True)
            return
        same = {name: before.get(name) for name in state} == state
        at = dict(before.get("at", {})) if same else {}
        some = set(before.get("some", ())) if same else set()
        torn = bool(before.get("torn")) or ("at" in before and not same)
        last: tuple[list[Entry], tuple[str, ...]] = ([], ())
        for kind, (name, size, modified) in found.items():
            lists = _List(setup, kind, name)
            offset = int(at.get(kind, 0))
            while offset < size or not size:
                if last[0] or last[1]:
                    more: dict[str, Any] = {**state, "at": at, "some": sorted(some)}
                    if torn:
                        more["torn"] = True
                    yield Page(last[0], more, rejected=last[1])
                if not lists.is_open:
                    first = yield from files.read(lists.path, 0, PIECE)
                    start = lists.opened(first.body)
                    offset = max(offset, start)
                reply = yield from files.read(lists.path, offset, PIECE)
                state_now = (int(reply.headers["size"]), int(reply.headers["modified"]))
                torn = torn or state_now != (size, modified)
                ended = len(reply.body) < PIECE
                cut = len(reply.body) if ended else reply.body.rfind(b"\n") + 1
                if not cut and not ended:
                    raise Unreadable(f"A line of a list is longer than {PIECE} bytes.")
                last = lists.entries(reply.body[:cut].splitlines())
                some |= {kind} if last[0] else set()
                offset += cut
                at = {**at, kind: size if ended else offset}
                if ended:
                    files.require_some(kind, kind in some)
                    break
        done = {} if torn else state
        yield Page(last[0], done, complete=True, replaces=True, rejected=last[1])


@dataclass(slots=True)
class _List:
    """A list in a file, line by line."""

    setup: Setup
    kind: str
    name: str
    reader: LineReader | None = None
    marked: int = -1
    marks: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return f"{self.setup.config['folder'].rstrip('/')}/{self.name}"

    @property
    def is_open(self) -> bool:
        return self.reader is not None

    def opened(self, first: bytes) -> int:
        """Where its lines begin. Raises `Unreadable`."""
        if not first.strip():
            raise Unreadable(f"The list of {self.kind} is empty.", "An empty file empties no bank.")
        form = _form(self.setup, self.kind)
        try:
            self.reader, start, header = files.opened(form, first, self.setup.keyer)
        except TutelaError as error:
            raise Unreadable(f"The list of {self.kind}: {error.what}", error.hint) from None
        if self.kind == HASHES and (chosen := _survivor(self.setup)):
            column, self.marks = chosen
            names = [one.strip().lower() for one in next(csv.reader((header,)), [])]
            if column not in names:
                raise Unreadable(
                    "The list of hashes has no column that marks what a child reported.",
                    "See the field survivor: nothing is read into the wrong bank.",
                )
            self.marked = names.index(column)
        return start

    def entries(self, lines: Sequence[bytes]) -> tuple[list[Entry], tuple[str, ...]]:
        return files.entries(lines, self.kind, self._entry)

    def _entry(self, text: str) -> Iterator[Entry]:
        assert self.reader is not None  # noqa: S101 - it was opened
        found = self.reader.read(text)
        if not found:
            return
        role = self.kind
        if self.kind == HASHES:
            role = SURVIVOR if self._is_survivor(text) else KNOWN
        first = found[0]
        yield Entry(
            _key(self.kind, found), None,
            tuple(Listed(one.type, unpacked(one.value), one.quality) for one in found), role,
            first.origin.member, first.external_id, tuple(first.labels.split()),
        )  # fmt: skip

    def _is_survivor(self, text: str) -> bool:
        if self.marked < 0:
            return False
        cells = next(csv.reader((text,)), [])
        return len(cells) > self.marked and cells[self.marked].strip().lower() in self.marks


def _key(kind: str, found: Sequence[New]) -> str:
    """Of an entry: of its id and first value, since lists repeat an id for each hash. Values of
    addresses and words are keyed already."""
    first = found[0]
    parts = "\0".join((kind, first.origin.member, first.external_id, first.type))
    return hashlib.blake2b(parts.encode() + first.value, digest_size=16).hexdigest()


def _with_columns(setup: Setup) -> Generator[Call | Page, Reply | None, Setup]:
    """The settings, with those of a file of columns in the place of others. Raises `Unreadable`."""
    path = setup.config.get("columns", "")
    if not path:
        return setup
    reply = yield from files.read(path, 0, MOST_COLUMNS)
    chosen = {**setup.config, **iwf_columns.read(reply.body)}
    setup = Setup(chosen, setup.secrets, setup.keyer)
    try:
        for kind in KINDS:
            _form(setup, kind)
    except TutelaError as error:
        raise Unreadable(f"The file of columns: {error.what}", error.hint) from None
    return setup


def _listed(
    setup: Setup,
) -> Generator[Call | Page, Reply | None, dict[str, list[Any]]]:
    """Of each kind the newest file: name, size and when it was changed."""
    reply = yield Call("LIST", setup.config["folder"])
    files = json.loads(cast(Reply, reply).body)
    found = {}
    for kind in KINDS:
        pattern = setup.config.get(kind, "").lower()
        fitting = [file for file in files if pattern and fnmatchcase(file[0].lower(), pattern)]
        if fitting:
            found[kind] = max(fitting, key=lambda file: (file[2], file[0]))
    return found


def _form(setup: Setup, kind: str) -> ListFormat:
    """How the lines of a list are read. Raises `ListRefused`."""
    name = {HASHES: "map", ADDRESSES: "address_map", WORDS: "word_map"}[kind]
    pairs = files.pairs(setup, name)
    types = {ADDRESSES: setup.config.get("address_type") or EXACT, WORDS: KEYWORD}
    is_csv = kind == HASHES or bool(pairs)
    return form_of(types.get(kind), pairs, csv=is_csv)


def _survivor(setup: Setup) -> tuple[str, tuple[str, ...]] | None:
    """The column that marks what a child reported, and its values. Raises `NotConfigured`."""
    text = setup.config.get("survivor", "")
    if not text.strip():
        return None
    column, equals, values = text.partition("=")
    marks = tuple(one.strip().lower() for one in values.split("|") if one.strip())
    if not equals or not column.strip() or not marks:
        raise NotConfigured("survivor is not COLUMN=VALUE.", "Several values: COLUMN=yes|true")
    return column.strip().lower(), marks


def _settings(setup: Setup) -> str:
    """Of what was chosen: if that changes, all is read anew."""
    chosen = json.dumps(dict(setup.config), sort_keys=True)
    return hashlib.sha256(chosen.encode()).hexdigest()[:16]

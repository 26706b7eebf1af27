"""`tutela migrate compare` and `differences`"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import select

from tutela.app import App
from tutela.banks.models import Bank
from tutela.banks.search import owners
from tutela.banks.service import get
from tutela.errors import TutelaError
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.interfaces.cli.migrate import checked_name
from tutela.interfaces.hma.matching import Asked, search
from tutela.migrating import comparing
from tutela.migrating.hma import Hma
from tutela.migrating.models import CopiedBank
from tutela.migrating.sources import TYPES, VALUES
from tutela.outbound import Outbound
from tutela.running import Running
from tutela.signals import Signal

NAMES = {own: name for name, own in TYPES.items()}
SEED = "336"
"""With it HMA draws 0.00006: each bank takes part whose ratio is not 0, in both alike."""

PAGE = 1_000
LONGEST_LINE = 256


def compare(
    url: str, file: Path | None, banks: Sequence[str], name: str, *, private: bool, rate: int,
    as_json: bool,
) -> int:  # fmt: skip
    checked_name(name)
    if file is not None and banks:
        raise TutelaError("Values are of a file or of banks.", "Leave out --file or --bank.")
    asked = unlike = 0
    with opened() as app, _searching(app) as running:
        there = Hma(
            Outbound(app.settings.outbound), url, app.database.now, private=private, rate=rate
        )
        for kind, value in _of_file(file) if file else _of_banks(app, banks, name):
            asked += 1
            ours = _here(running, kind, value)
            theirs = there.lookup(kind, value, seed=SEED)
            with app.database.reading() as session:
                found = comparing.unlike(session, name, ours, theirs)
            unlike += bool(found)
            for one in found:
                told = {"signal_type": kind, "value": value} | asdict(one)
                if as_json:
                    output.line(told)
                else:
                    print(" ".join(f"{k}={v}" for k, v in told.items() if v is not None))
    output.complain(f"{asked:,} values were asked for; {unlike:,} are not answered alike.")
    return 1 if unlike else 0


@contextmanager
def _searching(app: App) -> Iterator[Running]:
    """What answers lookups here, with the index up to date."""
    running = Running(app, builds=True)
    try:
        running.index.make_ready()
        yield running
    finally:
        running.close()


def _here(running: Running, kind: str, value: str) -> dict[str, list[tuple[int, str]]]:
    own = TYPES[kind]
    if own not in running.index.types:
        raise TutelaError(f"{own} is not matched here.", "See the setting signals.types.")
    proposed = running.search.propose([Signal(own, value, frame=0 if own == "pdq" else None)])
    made: dict[str, list[tuple[int, str]]] = {}
    if proposed.near:
        for one in search(running, proposed, Asked.of("", SEED)):
            apart = str(one.distance) if own == "pdq" else "-"
            made.setdefault(one.bank, []).append((one.number, apart))
    return made


def _of_file(path: Path) -> Iterator[tuple[str, str]]:
    """HMA's type and a value of each line: `value`, or `type value`. Raises `TutelaError`."""
    try:
        with sys.stdin if str(path) == "-" else path.open() as lines:
            for number, line in enumerate(lines, 1):
                words = line[:LONGEST_LINE].lower().replace(",", " ").split()
                if not words:
                    continue
                value = words[-1]
                given = words[0] if len(words) == 2 else "pdq" if len(value) == 64 else "md5"
                kind = NAMES.get(given, given)
                if kind not in VALUES or not VALUES[kind].fullmatch(value) or len(words) > 2:
                    raise TutelaError(
                        f"Line {number} of {output.printable(path)} is no value.",
                        "Write a PDQ or MD5 value, with its type before it or without.",
                    )
                yield kind, value
    except (OSError, UnicodeDecodeError):
        raise TutelaError(f"The file {output.printable(path)} cannot be read.") from None


def _of_banks(app: App, names: Sequence[str], source: str) -> Iterator[tuple[str, str]]:
    """The values of banks, each once; without names, of all that were copied."""
    with app.database.reading() as session:
        if names:
            numbers = [get(session, name.lower()).id for name in names]
        else:
            query = select(CopiedBank.bank_id).where(CopiedBank.source == source)
            numbers = list(session.scalars(query.order_by(CopiedBank.bank_id)))
    if not numbers:
        raise TutelaError(f"Nothing was copied from {source}.", "Name a --bank, or a --file.")
    seen: set[tuple[str, str]] = set()
    for number in numbers:
        after = 0
        while True:
            with app.database.reading() as session:
                bank = session.get_one(Bank, number)
                page = owners(session, bank=bank, after=after, limit=PAGE)
            for one in page:
                after = one.number
                key = (one.type, one.value)
                if one.type in NAMES and key not in seen:
                    seen.add(key)
                    yield NAMES[one.type], one.value
            if not page:
                break


def differences(after: int, limit: int, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        page = [
            {
                "number": row.id, "at": row.at.isoformat(), "route": row.route,
                "signal_type": row.signal_type, "value": row.value,
                "found": json.loads(row.found),
            }
            for row in comparing.listed(session, after, limit + 1)
        ]  # fmt: skip
    for row in page[:limit]:
        if as_json:
            output.line(row)
            continue
        at, said = row["at"][:19], f"{row['signal_type']} {row['value']}"
        print(f"{row['number']} {at} {row['route']} {said}")
        for one in row["found"]:
            print("  " + " ".join(f"{k}={v}" for k, v in one.items() if v not in (None, "")))
    if len(page) > limit:
        output.complain(f"There are more: --after {page[limit - 1]['number']}")

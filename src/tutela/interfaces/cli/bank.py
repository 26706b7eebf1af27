"""`tutela bank …`"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from rich.text import Text

from tutela.banks import changes, export_formats, exporting, roots, service
from tutela.banks.lists import time_of
from tutela.banks.models import Bank
from tutela.banks.removing import remove_value
from tutela.banks.search import Owner, owners
from tutela.banks.service import Licence
from tutela.banks.values import bankable, packed
from tutela.errors import TutelaError
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.people.permissions import Permission
from tutela.screening.service import Learner
from tutela.signals import Signal

PAGE = 1000


def create(name: str, purpose: str, *, licence: Licence, **values: Any) -> None:
    with opened() as app, app.database.writing() as session:
        service.create(
            session, app.database.now(), app.actor, name, purpose, licence=licence, **values
        )
    print(f"The bank {name} is made. Fill it with: tutela bank import {name} FILE")


def list_banks(
    purpose: str | None, containing: str, after: str, limit: int, *, as_json: bool
) -> None:
    with opened() as app, app.database.reading() as session:
        now = app.database.now()
        banks = service.listed(
            session, purpose=purpose, containing=containing, after=after, limit=limit + 1
        )
        more = len(banks) > limit
        if as_json:
            for bank in banks[:limit]:
                output.line(record(bank, now))
            return
        table = output.table(
            "bank", "purpose", "source", "signals", "state", "note", numbers=("signals",)
        )
        for bank in banks[:limit]:
            note = Text(output.printable(bank.note.split("\n")[0][:60]))
            state, source = state_of(bank, now), Text(output.printable(bank.source))
            table.add_row(bank.name, str(bank.purpose), source, f"{bank.signals:,}", state, note)
    output.console().print(table)
    if more:
        print(f"\nThere are more: tutela bank list --after {banks[limit - 1].name}")


def show(name: str, *, verify: bool, as_json: bool) -> int:
    with opened() as app, app.database.reading() as session:
        bank = service.get(session, name)
        shown = record(bank, app.database.now())
        whole = True
        if verify:
            whole = changes.recomputed_root(session, bank) == shown["root"]
            shown["verified"] = whole
    if as_json:
        output.line(shown)
    else:
        table = output.table("", "")
        table.show_header = False
        for field, value in shown.items():
            table.add_row(field, Text(output.printable(str("" if value is None else value))))
        output.console().print(table)
    if not whole:
        output.complain(
            "the signals in the database are not those of its root: they were changed behind the"
            " bank's back. Restore a backup, and run: tutela audit verify"
        )
    return 0 if whole else 3


def show_signals(name: str, after: int, limit: int, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        page = owners(session, bank=service.get(session, name), after=after, limit=limit + 1)
    _show_owners(page, limit, as_json=as_json)


def find(
    value: str, name: str, distance: int | None, after: int, limit: int, *, as_json: bool
) -> int:
    with opened() as app:
        kind = bankable(name)
        stored = packed(kind, value, app.keyer)
        search = app.search()
        if kind.name not in search.index.types:
            output.complain(
                f"{kind.name} is not among signals.types: only this very value was looked for."
            )
        matches = search.search([Signal(kind.name, stored.hex())], distance)
        if as_json:
            for match in matches:
                output.line({
                    "bank": match.owner, "purpose": match.purpose, "value": match.known.value,
                    "distance": match.distance, "labels": match.labels, "source": match.source,
                    "owners": match.owners, "members": match.members,
                })  # fmt: skip
        else:
            table = output.table(
                "bank", "purpose", "distance", "owners", "members", "labels", "value",
                numbers=("distance", "owners", "members"),
            )  # fmt: skip
            for match in matches:
                table.add_row(
                    match.owner, match.purpose, str(match.distance), str(match.owners),
                    str(match.members), " ".join(match.labels), match.known.value,
                )  # fmt: skip
            output.console().print(table)
        with app.database.reading() as session:
            page = owners(session, type=kind.name, value=stored, after=after, limit=limit + 1)
    if page:
        if not as_json:
            print("\nOwners of this very value:")
        _show_owners(page, limit, as_json=as_json)
    return 0 if matches or page else 1


def add(name: str, files: list[Path], labels: str) -> int:
    from tutela.banks.filling import BankFiller
    from tutela.banks.lists import Rejected
    from tutela.banks.lists import labels as codes
    from tutela.decoding import DecoderPool
    from tutela.decoding.pool import processors
    from tutela.screening import learn

    failed = False
    try:
        given = codes(labels)
    except Rejected as error:
        raise TutelaError(f"--labels: {error}.") from None
    with opened() as app:
        chosen = app.settings
        size = chosen.decoding.processes or processors()
        with (
            DecoderPool(chosen.signals, chosen.decoding.limits, size) as pool,
            BankFiller(app.database, app.actor, name, given) as bank,
        ):
            for some in _files(files):
                for left in learn(some, pool, _Printable(bank)):
                    failed |= left.unreadable
                    output.complain(f"{output.printable(left.path)}: {left.why}")
        print(f"{bank.added} signals were added to {name}; {bank.known} were there.")
    return 1 if failed else 0


class _Printable:
    """Names files as they can be stored: their names may have any bytes."""

    def __init__(self, bank: Learner) -> None:
        self._bank = bank

    def add(self, signal: Signal, owner: str) -> None:
        self._bank.add(signal, output.printable(owner))


def _files(given: list[Path]) -> Iterator[list[Path]]:
    from tutela.screening.files import regular_files

    def complain(name: str, why: str) -> None:
        output.complain(f"{output.printable(name)}: {why}")

    some: list[Path] = []
    for path in chain.from_iterable(
        regular_files(path, complain) if path.is_dir() else (path,) for path in given
    ):
        some.append(path)
        if len(some) == PAGE:
            yield some
            some = []
    yield some


def export(name: str, file: Path, key_file: Path | None, why: str, format_: str) -> None:
    form = export_formats.named(format_)
    with opened(key_file) as app:
        if file.exists():
            raise TutelaError(f"{output.printable(file)} is there already.", "Choose another name.")
        with app.database.reading() as session:
            exporting.require(service.get(session, name))
        if not os.access(file.parent, os.W_OK | os.X_OK):  # before the approval is used up
            raise TutelaError(f"{output.printable(file.parent)} is no folder to write to.")
        bank = app.with_two(
            app.caller,
            Permission.EXPORT,
            "bank.export",
            f"bank:{name}",
            {},
            lambda session, actor: exporting.log(session, app.database.now(), actor, name),
            why=why,
        )
        try:
            count = exporting.write(app.database, bank, file, form=form)
        except OSError as error:
            raise TutelaError(
                f"{output.printable(file)} cannot be written: {error.strerror}.",
                "The approval is used up: ask for another.",
            ) from None
    print(f"{count:,} signals of {name} were written to {output.printable(file)}.")
    if form.left_out:
        output.complain(
            f"{form.left_out:,} signals of types that {format_} does not have were not."
        )


def change(
    name: str, values: Mapping[str, Any], key_file: Path | None, why: str, *, danger: bool
) -> None:
    new = dict(values)
    if new.get("distance") == -1:
        new["distance"] = None
    if not new:
        raise TutelaError("Nothing is to be changed.", "See tutela bank change --help.")
    service.checked(new)
    with opened(key_file) as app:
        now = app.database.now()
        with app.database.reading() as session:
            service.get(session, name)
        if service.TAKES_TWO.isdisjoint(new):
            with app.database.writing() as session:
                service.change(session, now, app.actor, name, new)
        else:
            app.with_two(
                app.caller,
                Permission.BANKS_WRITE,
                "bank.change",
                f"bank:{name}",
                new,
                lambda session, actor: service.change(session, now, actor, name, new),
                why=why,
                danger=danger,
            )
    print(f"The bank {name} is changed.")


def remove(name: str, value: str, type_name: str) -> None:
    with opened() as app:
        removed = remove_value(app.database, app.actor, name, type_name, value)
    print(f"{removed} signals were removed from {name}.")


def disable(name: str, until: str | None) -> None:
    from tutela.banks.lists import Rejected

    if until is not None and not until.strip():
        raise TutelaError("--until names no time.", "Leave it out to disable the bank for good.")
    try:
        at = time_of(until)
    except Rejected as error:
        raise TutelaError(f"--until: {error}.") from None
    with opened() as app, app.database.writing() as session:
        service.disable(session, app.database.now(), app.actor, name, at)
    print(f"Nothing matches in {name}" + (f" until {at:%Y-%m-%d %H:%M} UTC." if at else "."))


def enable(name: str) -> None:
    with opened() as app, app.database.writing() as session:
        service.enable(session, app.database.now(), app.actor, name)
    print(f"The bank {name} matches again.")


def delete(name: str, *, yes: bool) -> None:
    with opened() as app:
        with app.database.reading() as session:
            count = service.get(session, name).signals
        confirm(f"Delete the bank {name} with {count:,} signals?", yes=yes)
        with app.database.writing() as session:
            service.mark_deleted(session, app.database.now(), app.actor, name)
        removed = service.purge(app.database)
    print(f"The bank {name} is deleted, with {removed:,} signals.")


def leave(source: str, *, yes: bool) -> None:
    with opened() as app:
        confirm(f"Leave {source}, and delete what its licences say?", yes=yes)
        with app.database.writing() as session:
            deleted, kept = service.leave(session, app.database.now(), app.actor, source)
        service.purge(app.database)
    print(f"Deleted: {', '.join(deleted) or 'none'}. Disabled: {', '.join(kept) or 'none'}.")


def record(bank: Bank, now: datetime) -> dict[str, Any]:
    """Everything a program may want to know of a bank: docs/commands.md."""
    return {
        "bank": bank.name, "purpose": str(bank.purpose), "source": bank.source,
        "signals": bank.signals, "state": state_of(bank, now), "distance": bank.distance,
        "rollout": bank.rollout, "licence": bank.licence, "may_export": bank.may_export,
        "may_publish": bank.may_publish, "may_seed": bank.may_seed,
        "delete_on_leaving": bank.delete_on_leaving, "version": bank.version,
        "root": roots.root(bank.state), "created_at": bank.created_at.isoformat(),
        "changed_at": bank.changed_at.isoformat(), "note": bank.note,
    }  # fmt: skip


def state_of(bank: Bank, now: datetime) -> str:
    if service.is_on(bank, now):
        return "on"
    until = bank.disabled_until
    return f"off until {until:%Y-%m-%d %H:%M} UTC" if until else "off"


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if a person says so, or said so before."""
    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise TutelaError("Nobody is there to be asked.", "Say --yes if it is meant.")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise TutelaError("Nothing was done.")


def _show_owners(page: list[Owner], limit: int, *, as_json: bool) -> None:
    shown = page[:limit]
    if as_json:
        for owner in shown:
            times = {
                "first_seen": owner.first_seen.isoformat(),
                "last_seen": owner.last_seen.isoformat(),
            }
            output.line(asdict(owner) | times)
        return
    table = output.table(
        "number", "bank", "type", "value", "quality", "labels", "member", "external id",
        "hashed by", "last seen", numbers=("number", "quality"),
    )  # fmt: skip
    for owner in shown:
        table.add_row(
            str(owner.number), owner.bank, owner.type, owner.value,
            "" if owner.quality is None else str(owner.quality), " ".join(owner.labels),
            Text(output.printable(owner.member)), Text(output.printable(owner.external_id)),
            Text(output.printable(owner.hashed_by)), f"{owner.last_seen:%Y-%m-%d}",
        )  # fmt: skip
    output.console().print(table)
    if len(page) > limit:
        print(f"\nThere are more: --after {shown[-1].number}")

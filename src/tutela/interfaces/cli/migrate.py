"""`tutela migrate hma` and `ids`"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from sqlalchemy import select

from tutela.app import App
from tutela.errors import TutelaError
from tutela.exchanges import service, shared
from tutela.exchanges.errors import ExchangeRefused, NotConfigured
from tutela.exchanges.models import Exchange
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.interfaces.hma import apis
from tutela.migrating import comparing
from tutela.migrating.copying import Copier, Report
from tutela.migrating.hma import Hma
from tutela.migrating.hma_database import HmaDatabase
from tutela.migrating.sources import OldExchange, Source
from tutela.outbound import Outbound
from tutela.storage import Session

TELL_EVERY = 5.0
"""Seconds between two lines of how far it came."""

LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class How:
    """Where an HMA is, and how it is read."""

    url: str | None
    database: str | None
    name: str
    private: bool
    gap: int
    rate: int
    each_bank: bool

    @contextmanager
    def opened(self, app: App) -> Iterator[Source]:
        """It, to be read. Raises `TutelaError`."""
        if (self.url is None) == (self.database is None):
            raise TutelaError("Name one HMA.", "Give the base of its routes, or --database URL.")
        if self.database is not None:
            with HmaDatabase(self.database) as found:
                yield found
            return
        outbound = Outbound(app.settings.outbound)
        yield Hma(
            outbound, self.url or "", app.database.now, private=self.private, gap=self.gap,
            rate=self.rate, each_bank=self.each_bank,
        )  # fmt: skip


def copy(
    how: How, purposes: Sequence[str], join: Sequence[str], *, dry: bool, as_json: bool
) -> int:
    checked_name(how.name)
    chosen = dict(map(_pair, purposes))
    with opened() as app, how.opened(app) as source:
        copier = Copier(
            app.database, app.actor, source, how.name, chosen, app.settings.hma.purpose, join,
            _connecting(app), dry=dry,
        )  # fmt: skip
        try:
            copier.run(_telling() if not as_json else lambda _: None)
        except TutelaError as error:
            if not dry and copier.report.reached:
                output.complain(
                    f"It came to content {copier.report.reached:,}; what was copied stays, and the"
                    " same command goes on."
                )
            raise error
    _show(copier.report, dry=dry, as_json=as_json)
    return 0 if copier.report.complete else 1


def checked_name(name: str) -> None:
    """Raises `TutelaError` unless an HMA can be called so."""
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise TutelaError("--name is no name.", f"It has up to {LONGEST_NAME} letters.")


def ids(name: str, after: int, *, as_json: bool) -> None:
    checked_name(name)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if not as_json:
        writer.writerow(("old", "new", "bank"))
    with opened() as app:
        while True:
            with app.database.reading() as session:
                page = comparing.pairs(session, name, after)
            for row in page:
                if as_json:
                    output.line(dict(row))
                else:
                    writer.writerow(row.values())
            if not page:
                return
            after = int(page[-1]["old"])


def _pair(given: str) -> tuple[str, str]:
    bank, equals, purpose = given.partition("=")
    if not equals:
        raise TutelaError(
            f"--purpose {output.printable(given[:64])} names no purpose.", "Write BANK=PURPOSE."
        )
    return bank, purpose


def _telling() -> Callable[[int], object]:
    due = time.monotonic() + TELL_EVERY

    def tell(number: int) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + TELL_EVERY
            output.complain(f"content {number:,} …")

    return tell


def _connecting(app: App) -> Callable[[Session, OldExchange], None]:
    """What makes an exchange here as HMA's routes would, from what one there says of itself."""

    def connect(session: Session, one: OldExchange) -> None:
        if one.api not in apis.installed():
            raise NotConfigured(
                f"Its API {one.api[:64]} is none of a partner here.",
                "Its bank is copied as one that people fill.",
            )
        api, now, name = apis.APIS[one.api], app.database.now(), one.name.lower()
        there = session.scalar(select(Exchange.id).where(Exchange.name == name))
        if there is not None:
            raise ExchangeRefused(f"There is, or was, an exchange {name} here.")
        try:
            config = api.config(one.config)
        except apis.Unparsed as error:
            raise NotConfigured(f"Its configuration cannot be used: {error}.") from None
        row = service.add(session, now, app.actor, name, api.partner, config, main=api.main)
        if app.settings.hma.environment != "production" and not apis.is_test(api.partner, config):
            raise NotConfigured(
                "It speaks to a system in production.",
                "Write that word in the setting hma.environment, and run this again.",
            )
        shared.join(session, now, app.actor, app.exchanges_sealing(), row)
        if not one.enabled:
            service.pause(session, now, app.actor, name)

    return connect


def _show(report: Report, *, dry: bool, as_json: bool) -> None:
    if as_json:
        for told in report.banks.values():
            output.line(asdict(told))
        for name, what in report.exchanges.items():
            output.line({"exchange": name, "what": what})
        for left in report.left.values():
            output.line(asdict(left))
        for kind, size in report.missing.items():
            output.line({"signal_type": kind, "missing": size})
        return
    table = output.table(
        "there", "here", "purpose", "copied", "known", "left", "why",
        numbers=("copied", "known", "left"),
    )  # fmt: skip
    for told in report.banks.values():
        table.add_row(
            output.printable(told.name), told.own_name, told.purpose, f"{told.copied:,}",
            f"{told.known:,}", f"{told.left:,}", output.printable(told.why),
        )  # fmt: skip
    output.console().print(table)
    for name, what in report.exchanges.items():
        print(f"Exchange {output.printable(name)}: {output.printable(what)}")
        if what == "copied":
            print(f"  No credentials were read: tutela exchange secrets {name.lower()}")
    for left in report.left.values():
        some = ", ".join(map(str, left.examples))
        print(f"{left.count:,} contents: {output.printable(left.why)} ({some})")
    for kind, size in report.missing.items():
        print(
            f"{size:,} signals of {output.printable(kind)} that it has were not found: run this"
            " again with a larger --gap, or from its --database."
        )
    if dry:
        print("Nothing was written.")

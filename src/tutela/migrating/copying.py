"""Copies what an HMA holds. What was copied before is passed over, so that the same run again goes
on where it ended, and adds what came since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import select

from tutela import audit
from tutela.banks import changes, known_contents, service
from tutela.banks.changes import From, New
from tutela.banks.models import Bank
from tutela.errors import TutelaError
from tutela.migrating.models import CopiedBank, CopiedContent
from tutela.migrating.sources import (
    FOR_EVER,
    ON,
    TYPES,
    OldBank,
    OldContent,
    OldExchange,
    Source,
)
from tutela.storage import Database, Session

BATCH = 500
"""Contents in one transaction: what a crash repeats, and for how long others wait to write."""

EXAMPLES = 5
"""Ids that a report names of contents that were left for the same reason."""

Connect = Callable[[Session, OldExchange], None]
"""Makes an exchange here. Raises `TutelaError` that says why it cannot be."""


@dataclass
class Told:
    """What became of one bank there."""

    name: str
    own_name: str = ""
    purpose: str = ""
    copied: int = 0
    known: int = 0
    left: int = 0
    why: str = ""
    """Why nothing of it is copied; empty: it is."""


@dataclass
class Left:
    """Contents that were not copied, or not wholly, for one reason."""

    why: str
    count: int = 0
    examples: list[int] = field(default_factory=list)


@dataclass
class Report:
    """What a run came to."""

    banks: dict[str, Told] = field(default_factory=dict)
    left: dict[str, Left] = field(default_factory=dict)
    exchanges: dict[str, str] = field(default_factory=dict)
    """What became of each: copied, known, or why it was not."""
    missing: dict[str, int] = field(default_factory=dict)
    """Signals of each type that it says it has, and that were not found."""
    reached: int = 0
    """The last id that was looked at."""

    @property
    def complete(self) -> bool:
        """Whether all is here, or known to be for others to fetch."""
        return not self.missing

    def leave(self, one: OldContent, why: str) -> None:
        found = self.left.setdefault(why, Left(why))
        found.count += 1
        if len(found.examples) < EXAMPLES:
            found.examples.append(one.number)


class Copier:
    """Copies one HMA, which `name` is for. `dry`: says what would be done, and writes nothing."""

    def __init__(
        self,
        database: Database,
        actor: str,
        source: Source,
        name: str,
        purposes: Mapping[str, str],
        otherwise: str,
        join: Iterable[str],
        connect: Connect,
        *,
        dry: bool = False,
    ) -> None:
        self.database, self.actor, self.source, self.name = database, actor, source, name
        self._purposes, self._otherwise = purposes, otherwise
        self._join, self._connect, self._dry = frozenset(join), connect, dry
        self._banks: dict[str, int] = {}
        self._filled: dict[str, str] = {}
        self.report = Report()

    def run(self, tell: Callable[[int], object] = lambda _: None) -> Report:
        """All of it. Raises `TutelaError`; what was copied until then stays."""
        for purpose in (*self._purposes.values(), self._otherwise):
            service.checked({"purpose": purpose})
        banks, exchanges = self.source.banks(), self.source.exchanges()
        unknown = sorted({*self._purposes, *self._join} - {bank.name for bank in banks})
        if unknown:
            raise TutelaError(
                f"There is no bank {unknown[0][:64]!r} at that HMA.",
                f"It has: {', '.join(sorted(bank.name for bank in banks))[:500] or 'none'}.",
            )
        for one in exchanges:
            self._exchange(one)
        for bank in banks:
            self._bank(bank)
        self._contents(tell)
        if not self._dry:
            with self.database.writing() as session:
                told = self.report.banks.values()
                audit.append(
                    session, self.database.now(), self.actor, "migrate.hma", f"hma:{self.name}",
                    copied=sum(one.copied for one in told), known=sum(one.known for one in told),
                    left=sum(one.left for one in told),
                    missing=sum(self.report.missing.values()),
                )  # fmt: skip
        return self.report

    def _exchange(self, one: OldExchange) -> None:
        try:
            with self.database.writing() as session:
                done = session.get(CopiedBank, (self.name, one.name)) is not None
                if not done:
                    self._connect(session, one)
                    bank = service.get(session, one.name.lower())
                    session.add(CopiedBank(source=self.name, name=one.name, bank_id=bank.id))
                if self._dry:
                    raise _Dry
        except _Dry:
            pass
        except TutelaError as error:
            self.report.exchanges[one.name] = " ".join(filter(None, (error.what, error.hint)))
            return
        self.report.exchanges[one.name] = "known" if done else "copied"
        self._filled[one.name] = one.name

    def _bank(self, bank: OldBank) -> None:
        told = self.report.banks[bank.name] = Told(bank.name, bank.own_name or "")
        if bank.exchange in self._filled:
            told.why = "the exchange of that name fetches its contents anew"
            return
        if bank.own_name is None:
            told.why = "a bank here cannot have this name: rename it there"
            return
        with self.database.writing() as session:
            now = self.database.now()
            changes.locked(session)
            row = session.get(CopiedBank, (self.name, bank.name))
            if row is not None:
                found = session.get_one(Bank, row.bank_id)
                if found.deleted_at is not None:
                    told.why = "the bank that it became was deleted here"
                    return
            else:
                there = session.scalar(
                    select(Bank).where(Bank.name == bank.own_name, Bank.deleted_at.is_(None))
                )
                if there is not None and bank.name not in self._join:
                    told.why = (
                        f"there is a bank {bank.own_name} already: --join {bank.name} adds to it"
                    )
                    return
                if there is not None and self._purposes.get(bank.name, there.purpose) != (
                    there.purpose
                ):
                    told.why = f"the bank {bank.own_name} here has the purpose {there.purpose}"
                    return
                if there is None:
                    purpose = self._purposes.get(bank.name, self._otherwise)
                    if self._dry:
                        told.purpose = purpose
                        self._banks[bank.name] = 0
                        return
                    there = service.create(
                        session, now, self.actor, bank.own_name, purpose, rollout=bank.rollout,
                        note=f"Copied from the bank {bank.name} of {self.name}.",
                    )  # fmt: skip
                if not self._dry:
                    session.add(CopiedBank(source=self.name, name=bank.name, bank_id=there.id))
                found = there
            told.own_name, told.purpose = found.name, str(found.purpose)
            self._banks[bank.name] = found.id

    def _contents(self, tell: Callable[[int], object]) -> None:
        done, seen = self._done()
        waiting: list[OldContent] = []

        def looked(number: int) -> None:
            self.report.reached = number
            tell(number)

        try:
            for one in self.source.contents(done.__contains__, looked):
                seen.update(one.kinds)
                if self._taken(one):
                    waiting.append(one)
                if len(waiting) >= BATCH:
                    self._store(waiting)
                    waiting = []
        finally:  # also where it stopped answering: none is asked for twice
            self._store(waiting)
        for kind, size in sorted(self.source.sizes().items()):
            if size > seen[kind]:
                self.report.missing[kind] = size - seen[kind]

    def _taken(self, one: OldContent) -> bool:
        """Whether a content is copied; the report says what of it is not."""
        for why in one.faults:
            self.report.leave(one, why)
        told = self.report.banks.get(one.bank)
        if told is None:
            self.report.leave(one, "its bank was made after the run began")
        elif told.why:
            told.left += 1
            if one.disable_until != ON:
                self.report.leave(one, f"it is switched off in {one.bank}, which is not copied")
        elif not one.signals:
            told.left += 1
            self.report.leave(one, "it has no signal that can be kept")
        else:
            return True
        return False

    def _store(self, some: list[OldContent]) -> None:
        """Write contents, and what each became, in one transaction."""
        if not some:
            return
        if not self._dry:
            with self.database.writing() as session:
                changes.locked(session)
                now = self.database.now()
                for bank in dict.fromkeys(one.bank for one in some):
                    self._add(session, now, bank, [one for one in some if one.bank == bank])
        for one in some:
            self.report.banks[one.bank].copied += 1

    def _add(self, session: Session, now: datetime, name: str, some: list[OldContent]) -> None:
        bank = session.get_one(Bank, self._banks[name])
        made = known_contents.add_all(
            session, now, self.actor, bank, [(_signals(one), one.note, one.facts) for one in some]
        )
        for one, content in zip(some, made, strict=True):
            session.add(
                CopiedContent(
                    source=self.name, old=one.number, new=content.id, bank_id=bank.id,
                    kinds=" ".join(one.kinds)[:255],
                )
            )  # fmt: skip
            if one.disable_until == FOR_EVER:
                known_contents.switch_off(session, now, self.actor, content, None)
            elif one.disable_until != ON:
                until = datetime.fromtimestamp(one.disable_until, UTC)
                if until > now:
                    known_contents.switch_off(session, now, self.actor, content, until)
                else:
                    known_contents.switch_on(session, now, self.actor, content, until)

    def _done(self) -> tuple[set[int], Counter[str]]:
        """Ids that were copied before, and how many signals of each type those have there."""
        query = (
            select(CopiedContent.old, CopiedContent.kinds, CopiedBank.name)
            .join(
                CopiedBank,
                (CopiedBank.source == CopiedContent.source)
                & (CopiedBank.bank_id == CopiedContent.bank_id),
            )
            .where(CopiedContent.source == self.name)
        )
        made: set[int] = set()
        seen: Counter[str] = Counter()
        with self.database.reading() as session:
            for old, kinds, name in session.execute(query.execution_options(yield_per=10_000)):
                made.add(old)
                seen.update(kinds.split())
                if name in self.report.banks:
                    self.report.banks[name].known += 1
        return made, seen


def _signals(one: OldContent) -> list[New]:
    return [
        New(TYPES[kind], bytes.fromhex(text), From(hashed_by="HMA"))
        for kind, text in one.signals.items()
    ]


class _Dry(Exception):
    """Takes a transaction back."""

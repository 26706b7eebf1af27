"""From signals to the items of banks near them, each with its own number, as HMA tells them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from tutela.banks import service
from tutela.banks.models import Bank, BankedSignal, ContentSignal
from tutela.banks.search import BATCH, Proposed, item_of, share_of
from tutela.banks.values import limit
from tutela.matching import Match
from tutela.matching.vetoes import divided
from tutela.running import Running
from tutela.signals import Signal
from tutela.storage import Session


@dataclass(frozen=True, slots=True)
class Asked:
    """Which banks are asked. `share` is HMA's draw: banks of a lesser ratio are passed over; None:
    the item decides, as it does in the service's own API."""

    banks: frozenset[str] | None = None
    share: float | None = None
    every: bool = False
    """Also banks that are off or are asked of a share of items alone."""

    @classmethod
    def of(
        cls, banks: str, seed: str | None, *, bypass: bool = False, every: bool = False
    ) -> Asked:
        names = frozenset(banks.split(",")) if banks else None
        drawn = None if seed is None else random.Random(seed).random()  # noqa: S311 - no secret
        return cls(names, 0.0 if bypass else drawn, every)

    def drawn(self) -> float:
        """The draw that a signal type must reach: a new one, where no seed says it."""
        return random.random() if self.share is None else self.share  # noqa: S311 - no secret


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """An item of a bank."""

    distance: int
    number: int
    bank: str


def shown_name(bank: Bank) -> str:
    """A bank's name as HMA's rule has it."""
    return bank.name.upper()


def search(running: Running, proposed: Proposed, asked: Asked) -> list[Found]:
    """Items of banks near the signals of which this was proposed, nearest first. Raises
    `StorageError`."""
    item, now = item_of(proposed.signals), running.app.database.now()
    matches: list[Match] = []
    found: dict[int, list[Found]] = {}
    with running.app.database.reading() as session:
        owners = _owners(session, {(one.type, value) for one, value, _ in proposed.near})
        for one, value, apart in proposed.near:
            kind = running.index.types[one.type]
            for bank, numbers in owners[one.type, value]:
                if apart > limit(kind, bank.distance) or not _takes_part(
                    bank, service.is_on(bank, now), item, asked
                ):
                    continue
                match = Match(
                    one, apart, bank.name, Signal(one.type, value.hex()),
                    purpose=str(bank.purpose), vetoes=bank.purpose.vetoes,
                )  # fmt: skip
                matches.append(match)
                found[id(match)] = [Found(apart, number, shown_name(bank)) for number in numbers]
    counted, _ = divided(matches)
    named = [one for match in counted for one in found[id(match)]]
    return sorted({one for one in named if asked.banks is None or one.bank in asked.banks})


def _takes_part(bank: Bank, on: bool, item: bytes, asked: Asked) -> bool:
    if bank.purpose.vetoes:
        return on
    if asked.every:
        return True
    if asked.share is None:
        return on and share_of(item, bank.salt) < bank.rollout
    return on and bank.rollout >= asked.share


def _owners(
    session: Session, wanted: Iterable[tuple[str, bytes]]
) -> dict[tuple[str, bytes], list[tuple[Bank, list[int]]]]:
    """Of each type and value, the banks that have it, with the numbers of its contents there, and
    of its owners that are of no content."""
    values: dict[str, list[bytes]] = defaultdict(list)
    for name, value in sorted(wanted):
        values[name].append(value)
    numbers: dict[tuple[str, bytes, Bank], list[int]] = defaultdict(list)
    for name, some in values.items():
        for at in range(0, len(some), BATCH):
            rows = session.execute(
                select(
                    func.coalesce(ContentSignal.content_id, BankedSignal.id),
                    BankedSignal.value,
                    Bank,
                )
                .join(Bank, Bank.id == BankedSignal.bank_id)
                .outerjoin(ContentSignal, ContentSignal.number == BankedSignal.id)
                .where(
                    BankedSignal.type == name,
                    BankedSignal.value.in_(some[at : at + BATCH]),
                    BankedSignal.opinion >= 0,
                    Bank.deleted_at.is_(None),
                )
                .order_by(BankedSignal.id)
            )
            for number, value, bank in rows:
                numbers[name, value, bank].append(number)
    made: dict[tuple[str, bytes], list[tuple[Bank, list[int]]]] = defaultdict(list)
    for (name, value, bank), some_numbers in numbers.items():
        made[name, value].append((bank, some_numbers))
    return made

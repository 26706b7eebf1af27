"""Banks, as HMA's clients see, make, change and delete them."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tutela.banks import service
from tutela.banks.models import Bank
from tutela.banks.service import TEST
from tutela.exchanges import service as exchanges
from tutela.interfaces.api.access import Holder
from tutela.interfaces.api.screening import Doors
from tutela.interfaces.hma.answers import Refused, answer
from tutela.interfaces.hma.bodies import Ratio, checked
from tutela.interfaces.hma.matching import shown_name
from tutela.screening import policies
from tutela.storage import Session

NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
LONGEST_NAME = 64
PAGE = 1000
"""Banks read at a time."""

BAD_NAME = "Bank names must be UPPER_WITH_UNDERSCORE"


class NewBank(BaseModel):
    """A bank to be made."""

    name: str
    enabled_ratio: Ratio | None = None
    enabled: bool | None = None


class BankChange(BaseModel):
    """What of a bank is to be another."""

    name: str | None = None
    enabled_ratio: Ratio | None = None
    enabled: bool | None = None


class Banks:
    """Answers as HMA does."""

    def __init__(self, doors: Doors) -> None:
        self.doors, self.app = doors, doors.running.app

    async def listed(self, _: Request, __: Holder) -> Response:
        return answer(await run_in_threadpool(self._listed))

    async def one(self, request: Request, _: Holder) -> Response:
        return answer(await run_in_threadpool(self._one, request.path_params["bank"]))

    async def create(self, request: Request, holder: Holder) -> Response:
        given = await checked(request, self.doors.limits, NewBank)
        made = await run_in_threadpool(self._create, given, holder.caller.actor)
        return answer(made, 201)

    async def change(self, request: Request, holder: Holder) -> Response:
        given = await checked(request, self.doors.limits, BankChange)
        name = request.path_params["bank"]
        return answer(await run_in_threadpool(self._change, name, given, holder.caller.actor))

    async def delete(self, request: Request, holder: Holder) -> Response:
        name = request.path_params["bank"]
        await run_in_threadpool(self._delete, name, holder.caller.actor)
        return answer({"message": "Done"})

    def _listed(self) -> list[dict[str, Any]]:
        """Banks by age: what is off is asked of no item."""
        query = select(Bank).where(Bank.deleted_at.is_(None)).order_by(Bank.id)
        with self.app.database.reading() as session:
            found = session.scalars(query.execution_options(yield_per=PAGE))
            return [shown(bank) for bank in found]

    def _one(self, name: str) -> dict[str, Any]:
        with self.app.database.reading() as session:
            return shown(required(session, name))

    def _create(self, given: NewBank, actor: str) -> dict[str, Any]:
        ratio = _ratio(given.enabled_ratio, given.enabled)
        name = own_name(given.name)
        with self.app.database.writing() as session:
            require_free(session, given.name, "Bank already exists")
            bank = service.create(
                session, self.app.database.now(), actor, name, self.app.settings.hma.purpose,
                note="Made by a client of HMA's routes.",
                rollout=1.0 if ratio is None else ratio,
            )  # fmt: skip
            return shown(bank)

    def _change(self, name: str, given: BankChange, actor: str) -> dict[str, Any]:
        ratio, now = _ratio(given.enabled_ratio, given.enabled), self.app.database.now()
        with self.app.database.writing() as session:
            bank = find(session, name)
            if bank is None:
                raise Refused("Bank not found", 404)
            if given.name is not None and own_name(given.name) != bank.name:
                require_free(session, given.name, "Bank name already exists")
                require_not_filled(session, bank)
                _require_unsaid(session, bank)
                bank = service.rename(session, now, actor, bank.name, own_name(given.name))
            if ratio is not None:
                bank = service.change(session, now, actor, bank.name, {"rollout": ratio})
            return shown(bank)

    def _delete(self, name: str, actor: str) -> None:
        with self.app.database.writing() as session:
            bank = find(session, name)
            if bank is not None:
                require_not_filled(session, bank)
                service.mark_deleted(session, self.app.database.now(), actor, bank.name)


def shown(bank: Bank) -> dict[str, Any]:
    """A bank in HMA's shape."""
    return {"name": shown_name(bank), "matching_enabled_ratio": bank.rollout}


def own_name(name: str) -> str:
    """What a bank or exchange of HMA's clients is called here. Raises `Refused`."""
    if not NAME.fullmatch(name):
        raise Refused(BAD_NAME)
    if len(name) > LONGEST_NAME:
        raise Refused(f"{BAD_NAME} and have at most {LONGEST_NAME} characters")
    return name.lower()


def find(session: Session, name: str) -> Bank | None:
    """The bank that HMA's clients call so."""
    if name != name.upper() or "\0" in name:
        return None
    return session.scalar(select(Bank).where(Bank.name == name.lower(), Bank.deleted_at.is_(None)))


def required(session: Session, name: str) -> Bank:
    """Likewise. Raises `Refused` 404."""
    bank = find(session, name)
    if bank is None:
        raise Refused(f"bank '{name[:255]}' not found", 404)
    return bank


def fillable(session: Session, name: str) -> Bank:
    """A bank into which and out of which HMA's clients may move contents. Raises `Refused`."""
    bank = required(session, name)
    if bank.name == TEST:
        raise Refused(f"bank '{name}' stays as it is", 403)
    require_not_filled(session, bank)
    return bank


def require_free(session: Session, name: str, otherwise: str) -> None:
    """Raises `Refused` if there is a bank of this name."""
    if find(session, name) is not None:
        raise Refused(otherwise, 403)


def require_not_filled(session: Session, bank: Bank) -> None:
    """Raises `Refused` for a bank whose contents are a partner's to change."""
    row = exchanges.filling(session, bank)
    if row is not None:
        raise Refused(
            f"bank '{shown_name(bank)}' is filled by the exchange {row.name.upper()}", 403
        )


def _require_unsaid(session: Session, bank: Bank) -> None:
    """Raises `Refused` for a bank that the policy speaks of: under another name its rules would
    hold for it no more."""
    policy = policies.current(session)
    word = rf"(?<![\w.-]){re.escape(bank.name)}(?![\w.-])"
    if policy is not None and "match.bank" in policy.text and re.search(word, policy.text):
        raise Refused(f"the policy names the bank '{shown_name(bank)}': change it first", 403)


def _ratio(ratio: float | None, enabled: bool | None) -> float | None:
    if ratio is None and enabled is not None:
        return 1.0 if enabled else 0.0
    return ratio

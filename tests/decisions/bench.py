"""People who decide about pictures of coloured patches."""

from __future__ import annotations

import base64
import itertools
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from screening.conftest import Office, picture
from sqlalchemy import select

from tutela.banks.models import Bank
from tutela.cases import work
from tutela.cases.models import Case
from tutela.decisions import appeals, service, strikes
from tutela.decisions.models import Decision
from tutela.people.permissions import Caller, Permission
from tutela.screening.models import Decided
from tutela.views.models import View
from tutela.webhooks import endpoints
from tutela.webhooks.models import Delivery

P = Permission
ANN = Caller("person:ann", frozenset({P.CASES, P.GRADE, P.RELEASE}))
BOB = Caller("person:bob", frozenset({P.CASES, P.GRADE, P.RELEASE}))
CAT = Caller("person:cat", frozenset({P.CASES}))
seeds = itertools.count(1000)


class Bench:
    """What tests of decisions do again and again."""

    def __init__(self, office: Office) -> None:
        self.office, self.database = office, office.database

    def known(self, source: str = "partner", purpose: str = "known-csea", **more: Any) -> bytes:
        """A picture that a bank has."""
        data = picture(next(seeds))
        self.office.bank(f"b{secrets.token_hex(4)}", data, purpose=purpose, source=source, **more)
        return data

    def upload(self, data: bytes, creator: str = "", **item: Any) -> str:
        """The item of an upload that matched."""
        raw: dict[str, Any] = {"item": {"channel": "public", **item}}
        if creator:
            raw["creator"] = {"id": creator}
        return self.office.screen(data, raw).item_id

    def matched(self, creator: str = "", **more: Any) -> str:
        """An item that a bank has, whose case Ann works on and at which she looked."""
        item = self.upload(self.known(**more), creator or f"user-{secrets.token_hex(4)}")
        self.take(item)
        self.look(item)
        return item

    def case_id(self, item: str) -> str:
        with self.database.reading() as session:
            found = session.get_one(Decided, item).case_id
            assert found is not None
            return found

    def take(self, item: str, who: Caller = ANN) -> str:
        case_id = self.case_id(item)
        with self.database.writing() as session:
            work.take_over(session, self.office.now, who, case_id, "test")
        return case_id

    def look(self, item: str, who: Caller = ANN, intent: str | None = None) -> None:
        with self.database.writing() as session:
            file = session.get_one(Decided, item).evidence_id
            session.add(View(
                id="vw_" + base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower(),
                at=self.office.now, actor=who.human, case_id=self.case_id(item), item_id=item,
                file_id=file, intent_id=intent, rendering="stylised", whole=True, seconds=2.0,
                ended_at=None,
            ))  # fmt: skip

    def decide(
        self, item: str | None, conclusion: str, who: Caller = ANN, *, case: str = "",
        agreed: bool = True, **more: Any,
    ) -> list[Decision]:  # fmt: skip
        with self.database.writing() as session:
            row = session.get_one(Case, case or self.case_id(item or ""))
            return service.decide(
                session, self.office.now, who, row, [item] if item else [], conclusion,
                "It is as it is.", agreed=agreed, **more,
            )  # fmt: skip

    def undo(self, decision: str, who: Caller = ANN) -> None:
        with self.database.writing() as session:
            service.undo(session, self.office.now, who, decision, "A slip.")

    def appeal(self, item: str, text: str = "It is my bicycle.", by: str = "user-1") -> str:
        with self.database.writing() as session:
            return appeals.hand_in(session, self.office.now, item, text, by).id

    def settle(self, appeal: str, outcome: str, who: Caller = BOB, *, agreed: bool = True) -> None:
        with self.database.writing() as session:
            appeals.settle(
                session, self.office.now, who, appeal, outcome, "Seen again.", agreed=agreed
            )

    def latest(self, item: str) -> str | None:
        with self.database.reading() as session:
            found = service.latest(session, item)
            return found and found.conclusion

    def weight(self, account: str) -> int:
        with self.database.reading() as session:
            return strikes.weight(session, self.office.now, account)

    def bank(self, name: str = "confirmed") -> tuple[int, bytes]:
        """How much a bank has, and its state."""
        with self.database.reading() as session:
            found = session.scalar(select(Bank).where(Bank.name == name))
            return (0, b"") if found is None else (found.signals, found.state)

    @contextmanager
    def messages(self) -> Iterator[list[dict[str, Any]]]:
        """What endpoints are told in the block, each message once."""
        name = f"hook-{secrets.token_hex(4)}"
        self.office.endpoint(name)
        with self.database.reading() as session:
            last = session.scalar(select(Delivery.id).order_by(Delivery.id.desc()).limit(1)) or 0
        told: list[dict[str, Any]] = []
        yield told
        with self.database.writing() as session:
            number = endpoints.named(session, name).id
            rows = session.scalars(
                select(Delivery)
                .where(Delivery.id > last, Delivery.endpoint_id == number)
                .order_by(Delivery.id)
            )
            told += [json.loads(row.body) for row in rows]
            endpoints.disable(session, self.office.now, "shell:test", name)

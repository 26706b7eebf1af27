"""How reports come in: each once, and from strangers no more than people can read."""

from __future__ import annotations

import ipaddress
import threading
from collections import deque
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from tutela import alarms
from tutela.cases import alerts
from tutela.cases.alerts import Received
from tutela.cases.models import Alert
from tutela.screening.answers import Answers, Earlier, Ticket, remember
from tutela.storage import Session

HOUR = timedelta(hours=1)
WATCHED = 20_000
"""Addresses remembered at a time, in each process: a flood must not fill the memory."""

TAKEN, FLOOD = "report", "notices.flood"


def once(
    session: Session, now: datetime, answers: Answers, ticket: Ticket | None, what: Received
) -> Alert:
    """Take a report; one that came before under the same ticket is that of then. Raises
    `ReportRefused`, and `KeyReused` if something else came under it."""
    if ticket is None:
        return alerts.report(session, now, what)
    earlier = answers.earlier(session, ticket, now)
    if earlier is None:
        try:
            with session.begin_nested():
                alert = alerts.report(session, now, what)
                remember(session, ticket, Earlier(TAKEN, str(alert.id), now))
                session.flush()
            return alert
        except IntegrityError:  # the same came at the same moment
            earlier = answers.earlier(session, ticket, now)
            if earlier is None:
                raise
    return session.get_one(Alert, int(earlier.policy_version))


def sound_flood(session: Session, now: datetime) -> None:
    """Say that notices are turned away: whoever writes now is not heard."""
    alarms.sound(
        session, now, FLOOD, "notices", "More notices came in an hour than cases.notices_all: the"
        " rest is told to come later.",
    )  # fmt: skip


class Limits:
    """How many notices came in the last hour, from each address and from all."""

    def __init__(self, each: int, everyone: int) -> None:
        self.each, self.everyone = each, everyone
        self._all: deque[datetime] = deque()
        self._by: dict[str, deque[datetime]] = {}
        self._told: datetime | None = None
        self._lock = threading.Lock()

    def spend(self, address: str, now: datetime) -> bool:
        """Whether one more may come from an address; it is counted if so. With no address, only all
        together are limited."""
        with self._lock:
            source = network(address)
            mine = self._by.setdefault(source, deque())
            for times in (mine, self._all):
                while times and times[0] <= now - HOUR:
                    times.popleft()
            if (source and len(mine) >= self.each) or len(self._all) >= self.everyone:
                if not mine:
                    del self._by[source]
                return False
            mine.append(now)
            self._all.append(now)
            if len(self._by) > WATCHED:
                self._forget(now)
            return True

    def flooded(self, now: datetime) -> bool:
        """Whether all together were too many, which is to be told once an hour."""
        with self._lock:
            if len(self._all) < self.everyone or (self._told and now < self._told + HOUR):
                return False
            self._told = now
            return True

    def _forget(self, now: datetime) -> None:
        for source in [one for one, times in self._by.items() if times[-1] <= now - HOUR]:
            del self._by[source]
        while len(self._by) > WATCHED:
            del self._by[next(iter(self._by))]


def network(address: str) -> str:
    """Whom an address belongs to: of IPv6, its /64, since one has them all."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)

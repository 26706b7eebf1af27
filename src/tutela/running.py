"""The screening service of one process: everything that it needs, put together and kept going."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from tutela import alarms
from tutela.app import App
from tutela.banks.errors import IndexNotReady
from tutela.banks.search import BankSearch
from tutela.decoding import DecoderPool
from tutela.decoding.pool import processors
from tutela.errors import TutelaError
from tutela.policy import Policy
from tutela.screening import Screener, answers, counting, policies, surging
from tutela.screening.counting import Counts
from tutela.screening.desk import SEALING, Desk
from tutela.screening.listed import Listed
from tutela.screening.policies import NoPolicy
from tutela.storage import Session

log = logging.getLogger(__name__)

UPKEEP = 1.0
"""Seconds between looks at which policy is in force, and writes of counts: what a crash loses."""

OUTDATED = 60.0
"""Seconds without a look at the banks after which nothing is decided any more: who withdrew or
added a value expects that it counts."""

SURGES = 5.0
"""Seconds between looks at how often each bank matches."""

SURGE = "bank.surge"
ACCEPTED = timedelta(hours=24)
"""How long who closed the alarm of a bank that surges has said that it may."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be well for the service to be ready; `why` if it is not."""

    name: str
    ready: bool
    why: str = ""


class Running:
    """Screens with the banks and the policy of an installation. Closing writes what was counted."""

    def __init__(self, app: App, *, builds: bool) -> None:
        """`builds`: whether this process builds the index, rather than waiting for who does."""
        chosen = app.settings
        size = chosen.decoding.processes or processors()
        self.app = app
        self.pool = DecoderPool(chosen.signals, chosen.decoding.limits, size)
        self.index = app.index()
        self.search = BankSearch(self.index, app.database)
        self.counts = Counts()
        self.answers = answers.Answers(app.answers_secret())
        self.sealer = app.sealer()
        self._policy: tuple[int, Policy] | None = None
        self._policy_trouble = ""
        self._surging: frozenset[str] = frozenset()
        self._sealing_trouble: str | None = "It was not tried yet."
        self._builds = builds
        self._stop = threading.Event()
        self._upkeep: threading.Thread | None = None
        self._upkept = -UPKEEP
        self._surges_due = 0.0
        self.listed = Listed(self.index, app.keyer, chosen.screening)
        self.screener = Screener(
            self.pool, self.search, self.policy, surging=lambda: self._surging,
            listed=self.listed.signals,
        )  # fmt: skip
        self.desk = Desk(
            app.database, self.screener, self.answers, self.counts, chosen.screening,
            self._set_sealing, self._require_fresh,
        )  # fmt: skip

    def start(self) -> None:
        """Read the policy, and keep all up to date from now on. Raises `StorageError`; without a
        policy or an index it starts, and says that it is not ready."""
        self._read_policy()
        self.index.start(builds=self._builds)
        self._upkeep = threading.Thread(target=self._keep_up, name="upkeep", daemon=True)
        self._upkeep.start()

    def policy(self) -> Policy:
        """The policy in force. Raises `NoPolicy`."""
        if self._policy is None:
            raise NoPolicy
        return self._policy[1]

    def checks(self) -> list[Check]:
        """What must be well for this process to answer, as it was when last looked at."""
        index = self.index.readiness()
        behind = time.monotonic() - self._upkept > 10 * UPKEEP
        trouble = self._policy_trouble or ("" if self._policy else NoPolicy().what)
        return [
            Check("database", not behind, "It was not reached for some time." if behind else ""),
            Check("index", index.ready, index.why),
            Check("policy", not trouble, trouble),
            Check("evidence", self._sealing_trouble is None, self._sealing_trouble or ""),
        ]

    def flush(self) -> None:
        """Write what was counted and answered. Raises `StorageError`; then nothing is lost."""
        items, banks = self.counts.taken()
        waiting = self.answers.waiting()
        if not (items or banks or waiting):
            return
        try:
            with self.app.database.writing() as session:
                counting.write(session, items, banks)
                answers.remember_all(session, waiting)
        except Exception:
            self.counts.give_back((items, banks))
            raise
        self.answers.written(waiting)

    def close(self) -> None:
        """Finish what is in work, write what was counted, end the decoders."""
        self._stop.set()
        if self._upkeep is not None:
            self._upkeep.join()
        self.index.close()
        self.pool.close()
        self.flush()

    def __enter__(self) -> Running:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def upkeep(self) -> None:
        """Write, read and look at once what is written, read and looked at all the time. Raises
        `TutelaError`."""
        self.flush()
        self._read_policy()
        self._probe()
        if self._policy is not None and time.monotonic() >= self._surges_due:
            self._surges_due = time.monotonic() + SURGES
            self.look_for_surges()
        self._upkept = time.monotonic()

    def _keep_up(self) -> None:
        wait = 0.0
        while not self._stop.wait(wait):
            wait = UPKEEP
            try:
                self.upkeep()
            except TutelaError:
                continue  # readiness says so before long; each is tried again
            except Exception:  # without this thread nothing is counted any more
                log.exception("the upkeep failed by a fault of Tutela")

    def _read_policy(self) -> None:
        with self.app.database.reading() as session:
            row = policies.current(session)
        if row is None or (self._policy is not None and self._policy[0] == row.number):
            return
        try:
            self._policy = row.number, policies.loaded(row)
            self._policy_trouble = ""
        except TutelaError as error:  # the one before it stays in force
            self._policy_trouble = error.what

    def _require_fresh(self) -> None:
        """Raises `IndexNotReady` if a bank may have been changed long ago without this process
        knowing of it."""
        if self.index.behind > OUTDATED:
            raise IndexNotReady(
                f"What is known was last read {self.index.behind:.0f} seconds ago.",
                "See that the database answers.",
            )

    def _set_sealing(self, trouble: str) -> None:
        self._sealing_trouble = trouble

    def _probe(self) -> None:
        """See whether evidence can be sealed again, where it could not be."""
        if self._sealing_trouble is None:
            return
        self._sealing_trouble = self.sealer.probe()
        if self._sealing_trouble is None:
            with self.app.database.writing() as session:
                alarms.clear(session, self.app.database.now(), SEALING, "store")

    def look_for_surges(self) -> None:
        """See which banks match far more often than they did. Raises `StorageError`."""
        now = self.app.database.now()
        with self.app.database.reading() as session:
            found = surging.surging(session, now, self.policy().surge)
            found -= _accepted(session, now)
            sounding = alarms.sounding(session, SURGE)  # also of those who ended since
        self._surging = found
        if found != sounding:
            with self.app.database.writing() as session:
                for bank in sorted(found - sounding):
                    alarms.sound(
                        session, now, SURGE, bank,
                        "The bank matches far more often than it did: what it matches goes to"
                        " review, until its rate is as before or this alarm is closed.",
                    )  # fmt: skip
                for bank in sorted(sounding - found):
                    alarms.clear(session, now, SURGE, bank)


def _accepted(session: Session, now: datetime) -> frozenset[str]:
    """Banks whose surge a person has lately said to be right."""
    return alarms.closed_since(session, SURGE, now - ACCEPTED)

"""Whatever is decided, taken back, appealed and reported, in whatever order: what stands is just
what the decisions that stand led to, and who matched a survivor's request is never struck."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from decisions.world import ANN, BOB, World
from tutela.decisions.errors import AppealRefused, DecidedAlready, DecisionRefused
from tutela.decisions.options import Options
from tutela.storage import Database, schema

WHICH = st.integers(0, 5)
WHO = st.sampled_from([ANN, BOB])
CONCLUSION = st.sampled_from(["confirmed", "no-match", "cannot-tell", "escalated"])
OPEN = ("cannot-tell", "escalated")


@cache
def template() -> Path:
    """An empty database, made once."""
    path = Path(tempfile.mkdtemp()) / "empty.db"
    with Database(f"sqlite:///{path}") as database:
        database.make_folder()
        schema.upgrade(database)
    return path


class Deciding(RuleBasedStateMachine):
    """The model: of each item, the decisions that stand upon one another, the last on top."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(template(), self.folder / "tutela.db")
        self.world = World(Database(f"sqlite:///{self.folder}/tutela.db"))
        self.items = list(self.world.items)
        self.piles: dict[str, list[tuple[str, str, str]]] = {item: [] for item in self.items}
        self.until: dict[str, object] = {}
        self.struck: dict[str, str] = {}
        self.appeals: dict[str, tuple[str, str]] = {}
        self.answered: dict[str, dict[str, tuple[str, str]]] = {}
        self.once: set[str] = set()
        self.settled: set[str] = set()
        self.young: set[str] = {"sue"}

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.database.close()
            shutil.rmtree(self.folder)

    @rule(which=WHICH, conclusion=CONCLUSION, who=WHO)
    def decide(self, which: int, conclusion: str, who) -> None:
        item = self.items[which]
        pile = self.piles[item]
        if pile and pile[-1][1] not in OPEN:
            before = self.world.stands()
            try:
                self.world.decide(item, conclusion, who)
                raise AssertionError("it was decided twice")
            except DecidedAlready as error:
                assert error.by == pile[-1][2]
            assert self.world.stands() == before
            return
        made = self.world.decide(item, conclusion, who)
        pile.append((made, conclusion, who.actor))
        self.until[made] = self.world.now + Options().undo
        if conclusion == "confirmed":
            self.once.add(item)
        if conclusion not in OPEN:  # what waited for the first decision is answered
            self.answered[made] = {a: h for a, h in self.appeals.items() if h[0] == item}
            self.appeals = {a: h for a, h in self.appeals.items() if h[0] != item}
        account = self.world.items[item]
        if conclusion == "confirmed" and account is not None and account not in self.young:
            self.struck[made] = account

    @rule(which=WHICH, conclusion=CONCLUSION, who=WHO)
    def decide_and_take_back(self, which: int, conclusion: str, who) -> None:
        item = self.items[which]
        if self.piles[item] and self.piles[item][-1][1] not in OPEN:
            return
        before, waiting = self.world.stands(), set(self.world.waiting())
        self.world.undo(self.world.decide(item, conclusion, who), who)
        assert self.world.stands() == before and set(self.world.waiting()) == waiting
        if conclusion == "confirmed":
            self.once.add(item)

    @rule(which=WHICH, who=WHO)
    def undo(self, which: int, who) -> None:
        pile = self.piles[self.items[which]]
        if not pile:
            return
        made, _, by = pile[-1]
        try:
            self.world.undo(made, ANN if by == ANN.actor else BOB)
        except DecisionRefused:
            assert self.world.now > self.until[made]
            return
        assert self.world.now <= self.until[made]
        self.gone(self.items[which])

    @rule(which=WHICH)
    def appeal(self, which: int) -> None:
        item = self.items[which]
        pile = self.piles[item]
        confirmed = bool(pile) and pile[-1][1] == "confirmed"
        by_policy = pile[-1][1] in OPEN if pile else item not in self.once
        try:
            made = self.world.appeal(item)
        except AppealRefused:
            assert not by_policy and (not confirmed or pile[-1][0] in self.settled)
            return
        assert by_policy or (confirmed and pile[-1][0] not in self.settled)
        if not pile:
            standing = self.world.latest(item)
            assert standing is not None and standing.actor == "policy"
            pile.append((standing.id, "escalated", "policy"))
            self.until[standing.id] = standing.undo_until
        waits = {held[0] for held in self.appeals.values()}
        assert (made in self.appeals) == (item in waits)
        self.appeals.setdefault(made, (item, pile[-1][0]))

    @rule(number=st.integers(0, 5), overturned=st.booleans(), who=WHO)
    def settle(self, number: int, overturned: bool, who) -> None:
        waiting = self.world.waiting()
        assert set(waiting) == set(self.appeals)
        if not waiting:
            return
        appeal = sorted(waiting)[number % len(waiting)]
        item, decision = self.appeals[appeal]
        outcome = "overturned" if overturned else "upheld"
        try:
            self.world.settle(appeal, outcome, who)
        except AppealRefused:
            assert self.piles[item][-1][2] == who.actor or self.open(item)
            return
        assert self.piles[item][-1][2] != who.actor and not self.open(item)
        del self.appeals[appeal]
        self.settled.add(decision)
        if overturned:
            self.gone(item, forgotten=True)
            made = self.world.latest(item)
            assert made is not None and made.conclusion == "no-match"
            self.piles[item].append((made.id, "no-match", who.actor))
            self.until[made.id] = self.world.now + Options().undo

    @rule(account=st.sampled_from(["anna", "sue", "carl"]), age=st.sampled_from([None, 15, 44]))
    def report(self, account: str, age: int | None) -> None:
        self.world.report(account, age)
        if age == 15:
            self.young.add(account)

    @rule(minutes=st.integers(1, 20))
    def later(self, minutes: int) -> None:
        self.world.later(minutes)

    def gone(self, item: str, *, forgotten: bool = False) -> None:
        made, conclusion, _ = self.piles[item].pop()
        self.struck.pop(made, None)
        answered = self.answered.pop(made, {})
        if not forgotten:
            if conclusion not in OPEN:
                self.appeals = {a: held for a, held in self.appeals.items() if held[1] != made}
            self.appeals |= answered

    def open(self, item: str) -> bool:
        return not self.piles[item] or self.piles[item][-1][1] in OPEN

    @invariant()
    def what_stands_is_what_was_decided(self) -> None:
        if not hasattr(self, "world"):
            return
        told = self.world.stands()
        top = {item: pile[-1] for item, pile in self.piles.items() if pile}
        confirmed = {made for made, what, _ in top.values() if what == "confirmed"}
        released = {made for made, what, _ in top.values() if what == "no-match"}
        assert told["decisions"] == {(item, what) for item, (_, what, _) in top.items()}
        assert {made for made, _ in told["banked"]} == confirmed
        assert {made for made, _ in told["drafts"]} == confirmed
        assert {made for made, _ in told["disputed"]} == released
        assert told["strikes"] == {(account, made) for made, account in self.struck.items()}
        assert dict(told["weights"])["sue"] == 0
        assert set(self.world.children()) >= self.young
        assert all(dict(told["weights"])[account] == 0 for account in self.young)


TestSequences = Deciding.TestCase
TestSequences.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip


def test_one_sequence_on_each_database(database: Database):
    world = World(database)
    first, second, *_ = world.items
    before = world.stands()
    made = world.decide(first, "escalated", ANN)
    better = world.decide(first, "confirmed", BOB)
    world.decide(second, "confirmed", ANN)
    world.settle(world.appeal(second), "overturned", BOB)
    world.later(1)
    world.undo(better, BOB)
    world.undo(made, ANN)
    told = world.stands()
    assert {what for _, what in told["decisions"]} == {"no-match"}
    for part in ("banked", "strikes", "drafts", "states", "weights"):
        assert told[part] == before[part], part

"""A partner hears what two people found, or what nobody appealed; never what was taken back."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from decisions.bench import ANN, BOB, Bench, seeds
from screening.conftest import Office, installation, office, picture
from sqlalchemy import select

from exchanges.feeds import Feed, Killed, known_as
from tutela import alarms
from tutela.decoding import fingerprint
from tutela.exchanges import asking, fetching, outcomes, partners, service, telling
from tutela.exchanges.models import Exchange, Told
from tutela.exchanges.partners import Entry, Listed, Opinion
from tutela.screening import recording

__all__ = ["installation", "office"]
PUBLIC = {"item": {"channel": "public"}, "creator": {"id": "rider"}}


class Programme:
    """An exchange whose list has pictures that people decide about."""

    def __init__(self, office: Office, feed: Feed) -> None:
        self.office, self.feed, self.bench = office, feed, Bench(office)
        self.name = f"x{next(seeds)}"
        self.entries: list[Entry] = []
        self.parts = fetching.Parts(
            office.database, office.app.fetching().outbound, office.app.exchanges_sealing,
            office.app.settings.exchanges, sleep=lambda _: None, monotonic=lambda: 0.0,
            after_step=self._step,
        )  # fmt: skip
        self.dies = ""
        with office.database.writing() as session:
            self.id = service.add(session, office.now, "test", self.name, "feed", {}).id

    def _step(self, name: str) -> None:
        if name == self.dies:
            self.dies = ""
            raise Killed(name)

    def listed(self, *members: str, opinion: Opinion = Opinion.POSITIVE) -> bytes:
        """A picture that members list."""
        data = picture(next(seeds))
        found = fingerprint(io.BytesIO(data), self.office.pool).signals
        values = tuple(Listed(s.type, s.value, s.quality) for s in found if s.variant == "plain")
        number = next(seeds)
        self.entries += [
            Entry(f"{one}/{number}", None, values, "known", one, str(number), opinion=opinion)
            for one in members or ("m1",)
        ]
        self.fetch()
        return data

    def fetch(self) -> None:
        self.feed.polls(*self.entries, replaces=True)
        assert fetching.fetch(self.parts, self.id, at_once=True) == "complete"
        self.office.running.index.make_ready()

    def item(self, data: bytes, *who: Any) -> str:
        item = self.office.screen(data, PUBLIC).item_id
        for one in who or (ANN,):
            self.bench.take(item, one)
            self.bench.look(item, one)
        return item

    def rows(self) -> list[Told]:
        with self.office.database.reading() as session:
            return list(
                session.scalars(
                    select(Told).where(Told.exchange_id == self.id).order_by(Told.id)
                )
            )  # fmt: skip

    def due(self) -> list[str]:
        with self.office.database.reading() as session:
            mine = {str(one.id) for one in self.rows()}
            found = telling.due(session, self.office.now, 10_000)
            return [one for one in found if one in mine]

    def tell_all(self) -> list[str | None]:
        return [telling.tell(self.parts, int(one)) for one in self.due()]


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Feed:
    made = Feed()
    known_as(monkeypatch, made)
    return made


@pytest.fixture
def programme(office: Office, feed: Feed) -> Iterator[Programme]:
    before = office.database.now
    yield Programme(office, feed)
    office.database.now = before


def test_what_is_confirmed_is_told_when_the_time_for_appeals_is_over(programme: Programme) -> None:
    item = programme.item(programme.listed())
    programme.bench.decide(item, "confirmed")
    assert {one.opinion for one in programme.rows()} == {"positive"}
    assert {one.type for one in programme.rows()} >= {"sha256", "pdq"}
    assert programme.due() == []
    programme.office.later(days=3650)
    assert set(programme.tell_all()) == {"told"}
    assert {one.opinion for one in programme.feed.told} == {Opinion.POSITIVE}
    assert programme.tell_all() == []
    with programme.office.database.reading() as session:
        assert session.get_one(Exchange, programme.id).told == len(programme.rows())


def test_an_upheld_appeal_is_a_second_person(programme: Programme) -> None:
    item = programme.item(programme.listed())
    programme.bench.decide(item, "confirmed")
    programme.bench.settle(programme.bench.appeal(item), "upheld", BOB)
    assert {one.second for one in programme.rows()} == {"person:bob"}
    assert set(programme.tell_all()) == {"told"}


def test_two_people_who_find_the_same_of_one_entry_are_two(programme: Programme) -> None:
    data = programme.listed()
    programme.bench.decide(programme.item(data), "no-match")
    assert programme.due() == []
    again = programme.item(data, BOB)
    programme.bench.decide(again, "no-match", BOB)
    assert len(programme.due()) == len(programme.rows())
    assert {one.opinion for one in programme.rows()} == {"negative"}


def test_one_person_twice_is_one(programme: Programme) -> None:
    data = programme.listed()
    programme.bench.decide(programme.item(data), "no-match")
    programme.bench.decide(programme.item(data), "no-match")
    assert programme.due() == []


def test_what_is_taken_back_before_is_not_told(programme: Programme) -> None:
    item = programme.item(programme.listed())
    (decision,) = programme.bench.decide(item, "confirmed")
    programme.bench.undo(decision.id)
    assert {one.state for one in programme.rows()} == {"withdrawn"}
    programme.office.later(days=3650)
    assert programme.due() == []


def test_an_overturned_decision_is_told_the_other_way_round(programme: Programme) -> None:
    item = programme.item(programme.listed())
    programme.bench.decide(item, "confirmed")
    programme.bench.settle(programme.bench.appeal(item), "overturned", BOB)
    programme.office.later(days=3650)
    programme.tell_all()
    assert {one.opinion for one in programme.feed.told} == {Opinion.NEGATIVE}


def test_each_member_that_lists_a_value_hears_of_its_own_entry(programme: Programme) -> None:
    item = programme.item(programme.listed("m1", "m2"))
    programme.bench.decide(item, "confirmed")
    keys = {one.key.split("/")[0] for one in programme.rows()}
    assert keys == {"m1", "m2"}


def test_what_the_partner_withdrew_meanwhile_is_not_told(programme: Programme) -> None:
    item = programme.item(programme.listed())
    programme.bench.decide(item, "confirmed")
    programme.entries.clear()
    programme.fetch()
    programme.office.later(days=3650)
    assert set(programme.tell_all()) == {"withdrawn"}
    assert programme.feed.told == []


def test_who_is_killed_before_the_receipt_tells_again(programme: Programme) -> None:
    item = programme.item(programme.listed())
    programme.bench.decide(item, "confirmed")
    programme.office.later(days=3650)
    number = int(programme.due()[0])
    programme.dies = "written"
    with pytest.raises(Killed):
        telling.tell(programme.parts, number)
    row = next(one for one in programme.rows() if one.id == number)
    assert (row.state, row.attempts) == ("waiting", 1)
    programme.office.later(hours=1)
    assert telling.tell(programme.parts, number) == "told"


def test_a_partner_that_does_not_answer_is_told_later_and_one_that_refuses_never(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = programme.item(programme.listed())
    programme.bench.decide(item, "confirmed")
    programme.office.later(days=3650)
    number = int(programme.due()[0])

    def raising(error: Exception) -> Any:
        def tell(*_: Any) -> Iterator[Any]:
            raise error
            yield

        return tell

    monkeypatch.setattr(programme.feed, "tell", raising(asking.Later("It is down.")))
    assert telling.tell(programme.parts, number) == "waiting"
    assert telling.tell(programme.parts, number) is None
    monkeypatch.setattr(programme.feed, "tell", raising(asking.SecretsRefused("No.")))
    programme.office.later(hours=1)
    assert telling.tell(programme.parts, number) == "waiting"
    assert programme.due() == []
    with programme.office.database.reading() as session:
        sounding = alarms.sounding(session, outcomes.REFUSED)
    assert f"exchange:{programme.name}" in sounding


def test_a_module_that_cannot_be_loaded_undoes_no_decision(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = programme.item(programme.listed())

    def broken(name: str) -> Any:
        raise ImportError

    monkeypatch.setattr(partners, "named", broken)
    programme.bench.decide(item, "confirmed")
    assert programme.bench.latest(item) == "confirmed"
    assert programme.rows() == []


def test_a_fetched_value_that_a_harmless_bank_has_never_matches(programme: Programme) -> None:
    data = programme.listed()
    assert programme.office.screen(data, PUBLIC).verdict == "block"
    programme.office.bank(f"logos-{next(seeds)}", data, purpose="never-match")
    assert programme.office.screen(data, PUBLIC).verdict == "allow"


def test_a_value_that_only_seeds_have_is_reviewed_and_never_blocked(programme: Programme) -> None:
    answer = programme.office.screen(programme.listed(opinion=Opinion.SEED), PUBLIC)
    assert answer.verdict == "review"
    assert "nobody who checked it" in answer.explanation


def test_a_value_whose_owners_all_say_that_it_does_not_belong_matches_nothing(
    programme: Programme,
) -> None:
    data = programme.listed(opinion=Opinion.NEGATIVE)
    assert programme.office.screen(data, PUBLIC).verdict == "allow"


@pytest.mark.parametrize(
    ("opinions", "disputed", "seed"),
    [
        ((Opinion.POSITIVE,), False, False), ((Opinion.SEED,), False, True),
        ((Opinion.POSITIVE, Opinion.NEGATIVE), True, False),
    ],
)  # fmt: skip
def test_an_answer_says_what_else_members_say_of_what_matched(
    programme: Programme, opinions: tuple[Opinion, ...], disputed: bool, seed: bool
) -> None:
    data = picture(next(seeds))
    found = fingerprint(io.BytesIO(data), programme.office.pool).signals
    values = tuple(Listed(s.type, s.value, s.quality) for s in found if s.variant == "plain")
    programme.entries = [
        Entry(f"m{n}/1", None, values, "known", f"m{n}", "1", opinion=opinion)
        for n, opinion in enumerate(opinions)
    ]
    programme.fetch()
    answer = programme.office.screen(data, PUBLIC)
    with programme.office.database.reading() as session:
        again = recording.read(session, answer.item_id)
    for one in (*answer.matches, *(again.matches if again else ())):
        if one["bank"].startswith(programme.name):
            assert (one["disputed"], one["seed"]) == (disputed, seed)
    assert again is not None and len(again.matches) == len(answer.matches) > 0

"""A second opinion is asked for of what a case is about, of nothing else, and once; what it says is
never made up."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from decisions.bench import seeds
from screening.conftest import Office, installation, office, picture

from exchanges.feeds import Killed
from tutela.cases import alerts
from tutela.cases.alerts import Received
from tutela.exchanges import asking, fetching, leaving, opinions, outcomes, secrets, service
from tutela.exchanges.errors import ExchangeRefused, NotConfigured
from tutela.exchanges.models import Asked, Exchange, Run
from tutela.exchanges.options import Options
from tutela.screening.models import ItemSignal
from tutela.testing.hash_sharing import Arachnid
from tutela.testing.hash_sharing.stand import Request

__all__ = ["installation", "office"]
SECRETS = {"password": "rain"}


class Journal(Arachnid):
    """The server, and what it was asked about."""

    def __init__(self, **how: Any) -> None:
        self.asked: list[list[str]] = []
        super().__init__(**how)

    def answer(self, request: Request) -> Any:
        given = json.loads(request.body)["hashes"]
        self.asked.append([base64.b64decode(one).hex() for one in given])
        return super().answer(request)


class Shield:
    """An exchange with it, and an office where things are matched and reported."""

    def __init__(self, office: Office, server: Journal) -> None:
        self.office, self.server, self.database = office, server, office.database
        self.name, self.dies = f"shield{next(seeds)}", ""
        self.slept: list[float] = []
        self.options = office.app.settings.exchanges
        with self.database.writing() as session:
            config = {"url": server.url, "user": "bicycle"}
            row = service.add(session, office.now, "test", self.name, "arachnid", config)
            self.id = row.id
            self.sign_in(session, row)

    def sign_in(self, session: Any, row: Exchange) -> None:
        sealing = self.office.app.exchanges_sealing()
        secrets.put(session, self.office.now, "test", sealing, row, SECRETS)

    def parts(self, **how: Any) -> fetching.Parts:
        return fetching.Parts(
            self.database, how.get("outbound") or self.office.app.fetching().outbound,
            self.office.app.exchanges_sealing, how.get("options", self.options),
            sleep=self.slept.append, monotonic=lambda: 0.0, after_step=self._step,
        )  # fmt: skip

    def _step(self, name: str) -> None:
        if name == self.dies:
            self.dies = ""
            raise Killed(name)

    def ask(self, **how: Any) -> str | None:
        return opinions.ask(self.parts(**how), self.id)

    def due(self) -> bool:
        with self.database.reading() as session:
            return str(self.id) in opinions.due(session, self.office.now)

    def matched(self, purpose: str = "known-csea", **creator: Any) -> tuple[str, str]:
        """An item that a bank has, and its PDQ value."""
        data = picture(next(seeds))
        self.office.bank(f"b{next(seeds)}", data, purpose=purpose)
        raw = {"item": {"channel": "public", "id": f"post-{next(seeds)}"}, **creator}
        item = self.office.screen(data, raw).item_id
        return item, self.value(item)

    def value(self, item: str) -> str:
        return str(
            self.office.one(
                ItemSignal, ItemSignal.item_id == item, ItemSignal.type == "pdq",
                ItemSignal.variant == "plain",
            ).value
        )  # fmt: skip

    def said(self, item: str) -> list[tuple[str, str, str]]:
        with self.database.reading() as session:
            found = opinions.of_items(session, [item]).get(item, [])
            return [(one.state, one.found, one.match) for one in found if one.exchange == self.name]

    def row(self) -> Exchange:
        return self.office.one(Exchange, Exchange.id == self.id)

    def rows(self) -> list[Asked]:
        return self.office.all(Asked, Asked.exchange_id == self.id)


@pytest.fixture
def server() -> Iterator[Journal]:
    with Journal(slow=3.0) as made:
        yield made


@pytest.fixture
def shield(office: Office, server: Journal) -> Iterator[Shield]:
    made = Shield(office, server)
    yield made
    with office.database.writing() as session:  # the next test's office has it no more
        row = session.get_one(Exchange, made.id)
        row.left_at = row.left_at or office.now


def test_what_matched_is_asked_about_in_one_call_and_nothing_else_of_it_is_sent(shield, server):
    one, other, third = (shield.matched() for _ in range(3))
    server.put(one[1], "csam", "exact")
    server.put(other[1], "harmful-abusive-material")
    assert shield.said(one[0]) == [("waiting", "", "")] and shield.due()
    assert shield.ask() == "complete"
    assert [sorted(asked) for asked in server.asked] == [sorted([one[1], other[1], third[1]])]
    assert shield.said(one[0]) == [("given", "listed", "exact")]
    assert shield.said(other[0]) == [("given", "harmful", "near")]
    assert shield.said(third[0]) == [("given", "unknown", "")]
    assert shield.ask() is None and not shield.due() and len(server.asked) == 1


def test_a_miss_that_is_null_is_no_opinion_of_the_picture(shield, server):
    item, _ = shield.matched()
    server.misbehave("misses-as-null")
    assert shield.ask() == "complete"
    assert shield.said(item) == [("given", "unknown", "")]


def test_what_matched_nothing_or_is_none_of_their_business_is_never_asked_about(shield, server):
    shield.office.screen(picture(next(seeds)))
    adult, _ = shield.matched("adult-intimate")
    assert shield.rows() == [] and not shield.due()
    with shield.database.writing() as session:
        alerts.report(session, shield.office.now, Received("item", adult))
    assert shield.ask() is None and server.calls == []


def test_a_test_is_asked_about_at_a_test_server_alone(shield, server):
    item, _ = shield.matched("test")
    assert shield.said(item) == [("waiting", "", "")]
    with shield.database.writing() as session:
        row = session.get_one(Exchange, shield.id)
        row.config = json.dumps({"environment": "production", "user": "bicycle"})
    again, _ = shield.matched("test")
    assert shield.said(again) == []


def test_what_matched_before_is_asked_about_once_somebody_reports_it(office, shield, server):
    item, value = shield.matched()
    later = Shield(office, server)
    assert later.said(item) == []
    with office.database.writing() as session:
        alerts.report(session, office.now, Received("item", item))
    assert later.said(item) == [("waiting", "", "")]
    assert later.ask() == "complete" and server.asked == [[value]]
    with office.database.writing() as session:
        session.get_one(Exchange, later.id).left_at = office.now


def test_one_value_is_asked_about_once_in_a_period(shield, server):
    data = picture(next(seeds))
    shield.office.bank(f"b{next(seeds)}", data)
    for _ in range(3):
        item = shield.office.screen(data, {"item": {"id": f"post-{next(seeds)}"}}).item_id
    assert shield.ask() == "complete"
    assert [len(one) for one in server.asked] == [1]
    again = shield.office.screen(data, {"item": {"id": f"post-{next(seeds)}"}}).item_id
    assert shield.ask() is None and shield.said(again) == [("given", "unknown", "")]
    shield.office.later(days=shield.options.opinion_days + 1)
    server.put(shield.value(item), "csam", "near")
    late = shield.office.screen(data, {"item": {"id": f"post-{next(seeds)}"}}).item_id
    assert shield.said(late) == [("waiting", "unknown", "")], "what was said before still stands"
    assert shield.ask() == "complete"
    assert shield.said(item) == [("given", "listed", "near")]


def test_more_than_a_call_takes_are_asked_about_call_after_call(shield, server):
    with shield.database.writing() as session:
        for number in range(130):
            opinions._write(session, shield.office.now, shield.id, "pdq", f"{number:064x}")
    assert shield.ask() == "complete"
    shield.office.later(minutes=1)
    assert shield.ask() == "complete"
    assert [len(one) for one in server.asked] == [100, 30]
    assert {one.state for one in shield.rows()} == {"given"}


@pytest.mark.parametrize("name", ["too-many", "unavailable"])
def test_who_asks_for_patience_is_asked_again_after_it(shield, server, name):
    item, _ = shield.matched()
    server.misbehave(name)
    assert shield.ask() == "complete" and max(shield.slept) >= 1
    assert shield.said(item) == [("given", "unknown", "")]


def test_a_partner_that_is_away_is_asked_later_and_somebody_hears_of_it(shield, server):
    item, _ = shield.matched()
    server.misbehave("unavailable", times=12)
    for _ in range(3):
        assert shield.ask() == "failed"
        assert shield.ask() is None, "not before it was left alone for a while"
        shield.office.later(hours=2)
    assert (outcomes.FAILING, f"exchange:{shield.name}") in shield.office.alarms()
    assert shield.said(item) == [("waiting", "", "")]
    assert shield.ask() == "complete"
    assert (outcomes.FAILING, f"exchange:{shield.name}") not in shield.office.alarms()


def test_a_slow_answer_is_waited_for_no_longer_than_is_set(shield, server, monkeypatch):
    monkeypatch.setattr(asking, "TRIES", 1)
    item, _ = shield.matched()
    server.misbehave("slow")
    assert shield.ask(options=Options(call_seconds=1, rate=0)) == "failed"
    assert shield.said(item) == [("waiting", "", "")]


def test_wrong_credentials_end_it_with_an_alarm_until_others_are_set(shield, server):
    item, _ = shield.matched()
    server.misbehave("revoked")
    assert shield.ask() == "refused"
    assert (outcomes.REFUSED, f"exchange:{shield.name}") in shield.office.alarms()
    calls = len(server.calls)
    shield.office.later(hours=9)
    assert shield.ask() is None and not shield.due() and len(server.calls) == calls
    server.behave()
    with shield.database.writing() as session:
        shield.sign_in(session, session.get_one(Exchange, shield.id))
    assert shield.ask() == "complete" and shield.said(item) == [("given", "unknown", "")]
    assert (outcomes.REFUSED, f"exchange:{shield.name}") not in shield.office.alarms()


def test_what_it_refuses_is_no_opinion_and_holds_up_nothing_else(shield, server):
    bad, value = shield.matched()
    good, _ = shield.matched()
    real = server.answer
    server.answer = lambda request: (
        server.refusal(400) if _coded(value).encode() in request.body else real(request)
    )
    assert shield.ask() == "failed"
    assert (outcomes.FAILING, f"exchange:{shield.name}") in shield.office.alarms()
    assert "status 400" in shield.row().error
    for _ in range(12):
        shield.office.later(hours=2)
        shield.ask()
    assert shield.said(bad) == [("refused", "", "")], "never that it knows none"
    assert shield.said(good) == [("given", "unknown", "")]
    calls = len(server.calls)
    shield.office.later(hours=2)
    assert shield.ask() is None and len(server.calls) == calls


@pytest.mark.parametrize("name", ["schema-changed", "truncated", "empty"])
def test_an_answer_that_is_none_leaves_the_question_open_with_an_alarm(shield, server, name):
    item, _ = shield.matched()
    server.misbehave(name)
    assert shield.ask() == "failed"
    assert (outcomes.FAILING, f"exchange:{shield.name}") in shield.office.alarms()
    assert shield.said(item) == [("waiting", "", "")]
    assert shield.office.all(Run, Run.exchange_id == shield.id)[0].outcome == "failed"


@pytest.mark.parametrize("step", ["written", "asked"])
def test_who_is_killed_in_between_asks_again(shield, server, step):
    item, _ = shield.matched()
    shield.dies = step
    with pytest.raises(Killed):
        shield.ask()
    assert shield.ask() is None, "another may be at it"
    shield.office.later(minutes=11)
    assert shield.ask() == "complete" and shield.said(item) == [("given", "unknown", "")]


def test_it_is_not_asked_while_paused_nor_fetched_from_and_leaving_forgets(shield, server):
    item, _ = shield.matched()
    with shield.database.writing() as session:
        service.pause(session, shield.office.now, "test", shield.name)
    assert shield.ask() is None and server.calls == []
    with shield.database.writing() as session:
        service.resume(session, shield.office.now, "test", shield.name)
    with shield.database.reading() as session:
        assert str(shield.id) not in fetching.due(session, shield.office.now)
    assert fetching.fetch(shield.parts(), shield.id, at_once=True) is None
    with shield.database.writing() as session, pytest.raises(ExchangeRefused, match="nothing"):
        service.ask(session, shield.office.now, "test", shield.name)
    assert shield.ask() == "complete"
    with shield.database.writing() as session:
        leaving.leave(session, shield.office.now, "test", shield.name)
    assert leaving.finish(shield.database, "test", shield.name)["banks"] == []
    assert shield.rows() == [] and shield.said(item) == []


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({}, "whom to ask"), ({"environment": "test"}, "whom to ask"),
        ({"environment": "production", "url": "http://127.0.0.1:9"}, "not production"),
        ({"url": "bicycle"}, "no address"),
    ],
)  # fmt: skip
def test_nobody_is_asked_whom_nobody_named(office, given, word):
    with office.database.writing() as session, pytest.raises(NotConfigured, match=word):
        service.add(session, office.now, "test", "no", "arachnid", {"user": "bicycle", **given})


def test_nothing_is_written_down_where_nobody_is_asked(office):
    data = picture(next(seeds))
    office.bank(f"b{next(seeds)}", data)
    with office.change() as grown:
        office.screen(data)
    assert "exchanges_opinion" not in grown


def _coded(value: str) -> str:
    return base64.b64encode(bytes.fromhex(value)).decode()

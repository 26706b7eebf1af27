"""What HMA's clients change is changed for all: what they may, and what they may not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from api.service import Desk, serving, until

from hma.asking import H0, ask, near
from tutela.banks.models import Purpose
from tutela.exchanges import fetching, overview, secrets, service
from tutela.exchanges.options import Hma
from tutela.interfaces.server.worker import duties
from tutela.outbound.options import Options as Outbound
from tutela.policy import presets
from tutela.screening import policies
from tutela.settings import Settings, SettingsError, load
from tutela.testing.hash_sharing import StopNcii

KEYS = {"fetch_function_key": "hail", "subscription_key": "thunder"}


@pytest.fixture(scope="module")
def partner() -> Iterator[StopNcii]:
    with StopNcii() as server:
        for bits in (1, 2, 3):
            server.put(near(bits + 128))
        yield server


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, partner: StopNcii) -> Iterator[Desk]:
    hosts = Outbound(hosts=(f"private:{urlsplit(partner.url).netloc}",))
    more: dict[str, Any] = {"outbound": hosts, "hma": Hma(purpose="known-csea")}
    with serving("", tmp_path_factory.mktemp("writing"), **more) as made:
        yield made


def ok(desk: Desk, method: str, path: str, given: Any = None, who: str = "all") -> Any:
    reply = ask(desk, method, path, who, **({} if given is None else {"given": given}))
    assert reply.status in (200, 201), (method, path, reply.data)
    return reply.json


def refused(desk: Desk, status: int, method: str, path: str, given: Any = None, who: str = "all"
            ) -> str:  # fmt: skip
    reply = ask(desk, method, path, who, **({} if given is None else {"given": given}))
    assert reply.status == status, (method, path, reply.data)
    return str(reply.json["message"])


def native(desk: Desk, value: str) -> str:
    """What our own API says of a value: the verdict of a lookup."""
    body = {"signals": [{"type": "pdq", "value": value, "quality": 100}]}
    return str(desk.ok("platform", "POST", "/lookup", body)["verdict"])


def test_a_content_that_is_off_matches_nowhere_at_once_and_comes_back_at_its_time(desk: Desk):
    ok(desk, "POST", "/c/banks", {"name": "ROADS"})
    assert desk.ok("ann", "GET", "/banks/roads")["purpose"] == "known-csea"
    number = ok(desk, "POST", "/c/bank/ROADS/signal", {"pdq": H0})["id"]
    path, lookup = f"/c/bank/ROADS/content/{number}", f"/m/lookup?signal={H0}&signal_type=pdq"
    until(lambda: native(desk, H0) != "allow")
    assert ok(desk, "GET", lookup) == {"ROADS": [{"bank_content_id": number, "distance": "0"}]}
    later = int(desk.database.now().timestamp()) + 3600
    ok(desk, "PUT", path, {"disable_until_ts": later})
    assert native(desk, H0) == "allow" and ok(desk, "GET", lookup) == {}
    assert ok(desk, "GET", f"{path}?include_signals=true")["signals"] == {"pdq": H0}
    (duty,) = (one for one in duties(desk.app) if one.name == "banks.put-back")
    real = desk.database.now
    try:
        desk.database.now = lambda: real() + timedelta(hours=2)  # type: ignore[method-assign]
        with desk.database.reading() as session:
            assert duty.due(session, real(), 10) == []
            assert duty.due(session, desk.database.now(), 10) == [str(number)]
        duty.do(str(number))
    finally:
        desk.database.now = real  # type: ignore[method-assign]
    until(lambda: native(desk, H0) != "allow")
    assert ok(desk, "GET", path)["disable_until_ts"] == later
    assert ok(desk, "GET", lookup) == {"ROADS": [{"bank_content_id": number, "distance": "0"}]}
    acts = {action for _, action in desk.acts("bank:roads")}
    assert acts == {"bank.create", "bank.add", "bank.remove", "bank.content"}
    assert ("worker", "bank.content") in desk.acts("bank:roads")


def test_a_signal_that_came_otherwise_is_shown_and_removed_but_not_switched(desk: Desk):
    desk.bank("lanes", "test")
    given = {"signals": [{"type": "pdq", "value": near(100), "external_id": "r-1"}]}
    desk.ok("ann", "POST", "/banks/lanes/signals", given)
    (signal,) = desk.ok("ann", "GET", "/banks/lanes/signals")["items"]
    path = f"/c/bank/LANES/content/{signal['number']}"
    shown = ok(desk, "GET", f"{path}?include_signals=true")
    assert shown["signals"] == {"pdq": near(100)} and shown["metadata"]["content_id"] == "r-1"
    refused(desk, 403, "PUT", path, {"disable_until_ts": 0})
    assert ok(desk, "DELETE", path) == {"deleted": 1}
    assert desk.ok("ann", "GET", "/banks/lanes/signals")["items"] == []


def test_a_signal_of_a_content_is_no_content_of_its_own(desk: Desk):
    number = ok(desk, "POST", "/c/bank/ROADS/signal", {"pdq": near(60)})["id"]
    refused(desk, 404, "GET", f"/c/bank/ROADS/content/{number + 1}")
    assert ok(desk, "DELETE", f"/c/bank/ROADS/content/{number + 1}") == {"deleted": 0}
    assert ok(desk, "DELETE", f"/c/bank/ROADS/content/{number}") == {"deleted": 1}


def test_the_bank_that_is_always_there_stays(desk: Desk):
    refused(desk, 403, "DELETE", "/c/bank/TUTELA-TEST")
    refused(desk, 403, "PUT", "/c/bank/TUTELA-TEST", {"enabled": False})
    refused(desk, 403, "POST", "/c/bank/TUTELA-TEST/signal", {"pdq": H0})


def test_a_bank_that_the_policy_names_keeps_its_name(desk: Desk):
    ok(desk, "POST", "/c/banks", {"name": "PATHS"})
    text = presets.render("small-forum", "DE")
    with desk.database.reading() as session:
        row = policies.current(session)
    assert row is not None
    with desk.database.writing() as session:
        row = policies.current(session)
        assert row is not None
        row.text = text + "\n# match.bank: paths\n"
    refused(desk, 403, "PUT", "/c/bank/PATHS", {"name": "TRACKS"})
    with desk.database.writing() as session:
        row = policies.current(session)
        assert row is not None
        row.text = text
    assert ok(desk, "PUT", "/c/bank/PATHS", {"name": "TRACKS"})["name"] == "TRACKS"


def test_each_route_needs_its_own_scope(desk: Desk):
    writes = [("POST", "/c/banks"), ("PUT", "/c/bank/ROADS"), ("DELETE", "/c/bank/ROADS"),
              ("POST", "/c/bank/ROADS/signal"), ("POST", "/c/bank/ROADS/content"),
              ("DELETE", "/c/bank/ROADS/content/1"), ("PUT", "/c/signal_type/pdq")]  # fmt: skip
    for method, path in writes:
        assert "banks:write" in refused(desk, 403, method, path, {}, "reader")
    for method, path in (("POST", "/c/exchanges"), ("POST", "/c/exchanges/api/ncmec"),
                         ("DELETE", "/c/exchange/X")):  # fmt: skip
        assert "admin" in refused(desk, 403, method, path, {}, "ann")
    assert ask(desk, "OPTIONS", "/c/banks", None).status == 401


def test_a_signal_type_is_asked_for_less_often_or_not_at_all(desk: Desk):
    lookup = f"/m/lookup?signal={H0}&signal_type=pdq"
    number = ok(desk, "POST", "/c/bank/ROADS/signal", {"pdq": H0})["id"]
    until(lambda: str(number) in str(ok(desk, "GET", lookup)))
    half = {"name": "pdq", "enabled_ratio": 0.25}
    assert ok(desk, "PUT", "/c/signal_type/pdq", {"enabled_ratio": 0.25}) == half
    assert half in ok(desk, "GET", "/c/signal_type")
    taking = [n for n in range(1, 11) if ok(desk, "GET", f"{lookup}&seed={n}")]
    assert taking == [4, 8, 9]
    ok(desk, "PUT", "/c/signal_type/pdq", {"enabled_ratio": 0})
    assert refused(desk, 400, "GET", lookup) == "SignalType 'pdq' is not enabled"
    assert native(desk, H0) != "allow"  # our own screening is as it was
    ok(desk, "PUT", "/c/signal_type/pdq", {"enabled_ratio": 1})
    assert ok(desk, "GET", lookup)
    for wrong in (2, -1, "1", None, True):
        refused(desk, 400, "PUT", "/c/signal_type/pdq", {"enabled_ratio": wrong})
    refused(desk, 404, "PUT", "/c/signal_type/md5", {"enabled_ratio": 1})
    assert [action for _, action in desk.acts("signal-type:pdq")] == ["hma.signal-type"] * 3


def test_production_is_a_word_that_an_operator_writes(desk: Desk, tmp_path: Path):
    for api, config in (
        ("fb_threatexchange", {"privacy_group": 5}), ("stop_ncii", {}),
        ("ncmec", {"environment": "https://report.cybertip.org/hashsharing"}),
    ):  # fmt: skip
        given = {"bank": "PROD", "api": api, "api_json": config}
        assert "hma.environment" in refused(desk, 400, "POST", "/c/exchanges", given)
    refused(desk, 404, "GET", "/c/bank/PROD")
    with pytest.raises(SettingsError, match="environment"):
        load({"XDG_CONFIG_HOME": str(tmp_path), "TUTELA_HMA__ENVIRONMENT": "prod"})
    with pytest.raises(SettingsError, match="purpose"):
        load({"XDG_CONFIG_HOME": str(tmp_path), "TUTELA_HMA__PURPOSE": "never-match"})


def test_where_an_operator_wrote_it_production_is_taken(tmp_path: Path):
    with serving("", tmp_path, hma=Hma(environment="production")) as desk:
        config = {"environment": "https://report.cybertip.org/hashsharing"}
        ok(desk, "POST", "/c/exchanges", {"bank": "PROD", "api": "ncmec", "api_json": config})
        assert ok(desk, "GET", "/c/exchange/PROD")["environment"] == config["environment"]
        names = [one["name"] for one in ok(desk, "GET", "/c/banks")]
        assert names == ["TUTELA-TEST", "PROD", "PROD-SURVIVOR"]
        with desk.database.reading() as session:
            row = service.get(session, "prod")
            assert overview.state(row, desk.database.now()) == "no secrets"
        group = {"privacy_group": "5"}
        given = {"bank": "_FB", "api": "fb_threatexchange", "api_json": group | {"enabled": False}}
        ok(desk, "POST", "/c/exchanges", given)
        shown = {"api": "fb_threatexchange", "enabled": False, "name": "_FB", "privacy_group": 5}
        assert ok(desk, "GET", "/c/exchange/_FB") == shown


def test_an_exchange_is_admitted_fetched_and_ended_by_two(desk: Desk, partner: StopNcii):
    path = "/c/exchanges/api/stop_ncii"
    for wrong in (
        {"subscription_key": "x"},
        {"fetch_function_key": 3, "subscription_key": "x"},
        [],
    ):
        refused(desk, 400, "POST", path, {"credential_json": wrong})
    elsewhere = KEYS | {"base_url_override": "http://127.0.0.1:9"}
    said = refused(desk, 400, "POST", path, {"credential_json": elsewhere})
    assert "outbound.hosts" in said
    assert not ok(desk, "GET", path)["has_set_authentification"]
    refused(desk, 400, "POST", "/c/exchanges/api/sample", {"credential_json": {"a": "b"}})
    given = {"credential_json": KEYS | {"base_url_override": partner.url}}
    assert ok(desk, "POST", path, given)["has_set_authentification"]
    ok(desk, "POST", "/c/exchanges", {"bank": "ADULT", "api": "stop_ncii"})
    with desk.database.reading() as session:
        row = service.get(session, "adult")
        sealing = desk.app.exchanges_sealing
        assert secrets.opened(sealing, row.name, row.sealed)["function_key"] == "hail"
    assert fetching.fetch(desk.app.fetching(), row.id, at_once=True)
    assert ok(desk, "GET", "/c/exchange/ADULT/status")["last_fetch_succeeded"] is True
    assert ok(desk, "GET", "/c/exchange/ADULT") == {
        "api": "stop_ncii", "enabled": True, "name": "ADULT",
    }  # fmt: skip
    refused(desk, 400, "POST", path, {"credential_json": KEYS})  # it would lead to production
    assert not any("hail" in str(one) for one in (ok(desk, "GET", path), ok(
        desk, "GET", "/c/exchange/ADULT")))  # fmt: skip
    for method, more, body in (
        ("DELETE", "", None), ("PUT", "", {"name": "OTHER"}), ("POST", "/signal", {"pdq": H0}),
    ):  # fmt: skip
        assert "exchange ADULT" in refused(desk, 403, method, f"/c/bank/ADULT{more}", body)
    signals = [
        one for one in desk.ok("ann", "GET", "/banks/adult/signals")["items"]
        if one["type"] in ("pdq", "md5")
    ]  # fmt: skip
    content = f"/c/bank/ADULT/content/{signals[0]['number']}"
    assert ok(desk, "GET", content)["metadata"]["collab"]["ADULT"]
    refused(desk, 403, "PUT", content, {"disable_until_ts": 0})
    refused(desk, 403, "DELETE", content)
    assert ok(desk, "PUT", "/c/bank/ADULT", {"enabled_ratio": 0.5})["matching_enabled_ratio"] == 0.5
    said = refused(desk, 409, "DELETE", "/c/exchange/ADULT")
    (number,) = (word.strip(";") for word in said.split() if word.strip(";").isdigit())
    desk.call("admin", "POST", f"/approvals/{number}")
    assert ok(desk, "DELETE", "/c/exchange/ADULT") == {"message": "Exchange deleted"}
    refused(desk, 404, "GET", "/c/exchange/ADULT")
    refused(desk, 404, "GET", "/c/bank/ADULT")
    ended = {"bank": "ADULT", "api": "sample"}
    assert refused(desk, 403, "POST", "/c/exchanges", ended) == "Bank already exists"
    assert not ok(desk, "POST", path, {"credential_json": {}})["has_set_authentification"]


def test_clearing_credentials_stops_those_that_share_them_and_no_others(desk: Desk):
    path, test = "/c/exchanges/api/ncmec", "https://exttest.cybertip.org/hashsharing"
    given = {"bank": "SHARED", "api": "ncmec", "api_json": {"environment": test}}
    ok(desk, "POST", "/c/exchanges", given)
    with desk.database.writing() as session:
        now = desk.database.now()
        own = service.add(session, now, "shell:ann", "own", "ncmec", {"user": "wind"})
        sealing = desk.app.exchanges_sealing()
        secrets.put(session, now, "shell:ann", sealing, own, {"password": "calm"})
    ok(desk, "POST", path, {"credential_json": {"user": "bicycle", "password": "rain"}})

    def found(name: str) -> tuple[str, dict[str, str], bool]:
        with desk.database.reading() as session:
            row = service.get(session, name)
            sealing = desk.app.exchanges_sealing
            kept = secrets.opened(sealing, name, row.sealed)
            return json.loads(row.config)["user"], kept, row.due_at is not None

    assert found("shared") == ("bicycle", {"password": "rain"}, True)
    assert found("own") == ("wind", {"password": "calm"}, True)
    ok(desk, "POST", path, {"credential_json": None})
    assert found("shared")[2]
    ok(desk, "POST", path, {"credential_json": {}})
    assert found("shared")[1:] == ({}, False)
    assert found("own") == ("wind", {"password": "calm"}, True)


def test_the_purpose_of_new_banks_is_one_that_can_lead_to_no_report():
    assert Settings().hma == Hma("test", "test")
    assert not Purpose(Settings().hma.purpose).reportable

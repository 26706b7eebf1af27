"""`tutela webhook …` and `tutela alarm …`, as an operator meets them: processes on an installation
of their own, and a receiver on a real socket."""

from __future__ import annotations

import base64
import shutil
import sqlite3
from pathlib import Path

import pytest
from installation import Installation
from standardwebhooks.webhooks import Webhook

from tutela.testing.receiver import Receiver


@pytest.fixture(scope="session")
def fresh(tmp_path_factory) -> Path:
    """A folder with a new installation, for copies."""
    folder = tmp_path_factory.mktemp("installation")
    Installation(folder).ok("init")
    return folder


@pytest.fixture
def here(fresh, tmp_path) -> Installation:
    shutil.copytree(fresh, tmp_path / "own")
    return Installation(tmp_path / "own")


@pytest.fixture
def receiver():
    with Receiver() as made:
        yield made


def test_an_endpoint_is_added_tested_and_listed(here, receiver):
    ran = here.run("webhook", "add", "bikes", receiver.url("/ok"), "--private")
    secret = ran.stdout.strip()
    assert secret.startswith("whsec_") and len(base64.b64decode(secret[6:])) == 32
    assert "shown this once" in ran.stderr
    assert "took the message" in here.ok("webhook", "test", "bikes")
    (request,) = receiver.received
    assert Webhook(secret).verify(request.body, request.headers)["type"] == "webhook.test"
    (listed,) = here.records("webhook", "list")
    assert (listed["endpoint"], listed["kinds"], listed["private"]) == ("bikes", ["*"], True)
    assert secret not in str(listed) and secret[6:].encode() not in here.database.read_bytes()
    assert here.records("webhook", "deliveries") == [], "of a test nothing is kept"
    log = here.records("audit", "show")
    assert [e["action"] for e in log][-1] == "webhook.add"
    assert receiver.url() not in str(log), "a URL may hold a secret"


def test_what_is_wrong_with_an_endpoint_is_said(here, receiver):
    here.ok("webhook", "add", "bikes", receiver.url("/ok"), "--private")
    receiver.behaviour = "/status=500"
    assert "It answered 500" in here.refused("webhook", "test", "bikes")
    ran = here.run("webhook", "test", "bikes", "--json")
    assert ran.returncode == 1 and '"delivered": false' in ran.stdout
    here.refused("webhook", "test", "cars")
    for url, why in (
        (receiver.url(), "by https only"),
        ("https://ann:pw@bikes.example/", "no user, no password"),
        ("rain", "not a URL"),
    ):
        assert why in here.refused("webhook", "add", "cars", url)
    assert "already" in here.refused("webhook", "add", "bikes", receiver.url(), "--private")
    assert "kind of message" in here.refused(
        "webhook", "add", "cars", receiver.url(), "--private", "--kind", "rain"
    )


def test_a_secret_is_rotated_and_an_endpoint_disabled_and_enabled(here, receiver):
    old = here.ok("webhook", "add", "bikes", receiver.url(), "--private").strip()
    new = here.ok("webhook", "rotate", "bikes").strip()
    assert new != old
    here.ok("webhook", "test", "bikes")
    for secret in (old, new):
        Webhook(secret).verify(receiver.received[0].body, receiver.received[0].headers)
    here.ok("webhook", "disable", "bikes")
    assert here.records("webhook", "list")[0]["disabled_at"]
    assert "enable bikes" in here.refused("webhook", "resend", "--dead", "bikes")
    here.ok("webhook", "enable", "bikes")
    assert here.records("webhook", "list")[0]["disabled_at"] is None
    assert "To be sent once more: 0" in here.ok("webhook", "resend", "--dead", "bikes")


def test_messages_are_listed_and_sent_again(here, receiver):
    here.ok("webhook", "add", "bikes", receiver.url(), "--private")
    with sqlite3.connect(here.database) as opened:
        opened.execute(
            "INSERT INTO webhooks_delivery VALUES (7, 'msg_rain', 1, 'item.decided', '{}', 'dead',"
            " 8, '2031-05-01 12:00:00', NULL, 500, 'It answered 500.', '2031-05-01 12:00:00',"
            " '2031-05-03 12:00:00')"
        )
    (one,) = here.records("webhook", "deliveries", "--state", "dead", "--endpoint", "bikes")
    assert (one["message"], one["tries"], one["last_error"]) == ("msg_rain", 8, "It answered 500.")
    assert here.records("webhook", "deliveries", "--state", "waiting") == []
    assert "answered 500" in here.ok("webhook", "deliveries")
    here.ok("webhook", "resend", "msg_rain")
    (one,) = here.records("webhook", "deliveries")
    assert (one["state"], one["tries"]) == ("waiting", 0)
    here.refused("webhook", "resend", "msg_snow")
    here.refused("webhook", "resend", code=2)
    here.refused("webhook", "resend", "msg_rain", "--dead", "bikes", code=2)
    here.refused("webhook", "deliveries", "--state", "wet", code=2)
    here.refused("webhook", "deliveries", "--endpoint", "cars")


def test_without_its_key_nothing_is_added_or_sent_unsigned(here, receiver):
    here.ok("webhook", "add", "bikes", receiver.url(), "--private")
    (here.keys / "webhooks.key").unlink()
    for command in (("add", "cars", receiver.url(), "--private"), ("test", "bikes")):
        assert "tutela webhook rotate" in here.refused("webhook", *command, code=3)
    here.ok("init")
    assert "rotate bikes" in here.refused("webhook", "test", "bikes")
    assert receiver.connections == 0
    here.ok("webhook", "rotate", "bikes")
    here.ok("webhook", "test", "bikes")


def test_alarms_are_listed_and_closed(here):
    with sqlite3.connect(here.database) as opened:
        opened.execute(
            "INSERT INTO alarms_alarm VALUES (3, 'bank.surge', 'rain', 'It [red]rains.',"
            " '{\"mean\":2}', 5, '2031-05-01 12:00:00', '2031-05-01 13:00:00', NULL, '')"
        )
    (alarm,) = here.records("alarm", "list")
    assert (alarm["alarm"], alarm["kind"], alarm["times"]) == (3, "bank.surge", 5)
    assert "It [red]rains." in here.ok("alarm", "list")
    assert "bank.surge of rain" in here.ok("alarm", "close", "3")
    assert here.records("alarm", "list") == []
    (alarm,) = here.records("alarm", "list", "--closed")
    assert alarm["closed_by"].startswith("shell:")
    assert "No alarm 3 is open" in here.refused("alarm", "close", "3")
    here.refused("alarm", "close", "99")
    assert here.records("audit", "show")[-1]["action"] == "alarm.close"

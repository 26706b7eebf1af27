"""Cases, items, alarms and webhooks over HTTP, as a console or a program of the operator asks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from api.service import Desk, until
from tutela import alarms
from tutela.testing.receiver import Receiver
from tutela.webhooks import Sealing, endpoints
from tutela.webhooks import service as webhooks

numbers = count()


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def fresh() -> str:
    return f"hooks-{next(numbers)}"


def items(desk: Desk, who: str, path: str) -> list[dict[str, Any]]:
    return desk.ok(who, "GET", path)["items"]


@pytest.fixture(scope="module")
def known(desk: Desk) -> str:
    """A value that a bank knows."""
    value = sha("rain")
    desk.bank("known")
    given = {"signals": [{"type": "sha256", "value": value, "labels": ["code-1"]}]}
    desk.ok("ann", "POST", "/banks/known/signals", given)
    wanted = {"type": "sha256", "value": value}
    until(lambda: desk.ok("ann", "POST", "/signals/find", wanted)["matches"])
    return value


def screened(desk: Desk, value: str, creator: str, item: str = "") -> dict[str, Any]:
    return desk.ok("detail", "POST", "/screen", {
        "signals": [{"type": "sha256", "value": value}],
        "facts": {
            "item": {"channel": "public", "id": item or None}, "creator": {"id": creator},
        },
    })  # fmt: skip


def test_items_that_matched_gather_on_the_case_of_their_creator(desk: Desk, known: str):
    answers = [screened(desk, known, "rider", f"post-{n}") for n in range(5)]
    other = screened(desk, known, "walker")
    assert len({answer["case_id"] for answer in answers}) == 1
    path = f"/cases/{answers[0]['case_id']}"
    told = desk.ok("clerk", "GET", path)
    assert told["case"]["subject"] == "rider" and told["case"]["alerts"] == 5
    assert told["case"]["closed_at"] is None and told["alerts"]["next"] is None
    assert [a["item_id"] for a in told["alerts"]["items"]] == [a["item_id"] for a in answers]
    assert known not in str(told)  # no content, and not what matched
    page = desk.ok("clerk", "GET", f"{path}?limit=2")["alerts"]
    rest = desk.ok("clerk", "GET", f"{path}?after={page['next']}")["alerts"]["items"]
    assert [*page["items"], *rest] == told["alerts"]["items"]
    first = desk.ok("clerk", "GET", "/cases?limit=1")
    second = desk.ok("clerk", "GET", f"/cases?after={first['next']}")
    found = {one["case_id"] for one in first["items"] + second["items"]}
    assert {answers[0]["case_id"], other["case_id"]} <= found
    assert all(one["case_id"] != first["next"] for one in second["items"])


def test_who_screens_can_ask_again_what_was_answered(desk: Desk, known: str):
    answer = screened(desk, known, "asker")
    path = f"/items/{answer['item_id']}"
    assert answer["verdict"] == "block" and answer["matches"][0]["bank"] == "known"
    assert desk.ok("detail", "GET", path) == answer
    plain = desk.ok("platform", "GET", path)
    assert plain == {k: v for k, v in answer.items() if k not in ("matches", "explanation")}
    desk.refused(403, "clerk", "GET", path)
    passed = screened(desk, sha("sun"), "asker")
    assert passed["verdict"] == "allow"
    told = desk.refused(404, "platform", "GET", f"/items/{passed['item_id']}")
    assert told["type"] == "tutela:no-such-item"


def test_a_case_that_a_test_opened_is_listed_among_the_closed(desk: Desk):
    desk.bank("trial", "test")
    value = sha("trial")
    desk.ok(
        "ann", "POST", "/banks/trial/signals", {"signals": [{"type": "sha256", "value": value}]}
    )
    wanted = {"type": "sha256", "value": value}
    until(lambda: desk.ok("ann", "POST", "/signals/find", wanted)["matches"])
    answer = screened(desk, value, "tester")
    assert answer["test"]
    cases = {one["case_id"]: one for one in items(desk, "clerk", "/cases?closed=true&limit=1000")}
    assert cases[answer["case_id"]]["closed_why"] == "test"
    assert answer["case_id"] not in {
        c["case_id"] for c in items(desk, "clerk", "/cases?limit=1000")
    }


NOWHERE = "a" * 26


@pytest.mark.parametrize(
    ("status", "who", "method", "path"),
    [
        (404, "clerk", "GET", f"/cases/case_{NOWHERE}"), (422, "clerk", "GET", "/cases/7"),
        (422, "clerk", "GET", "/cases/case_%00"), (422, "clerk", "GET", "/cases?after=garbage"),
        (404, "clerk", "GET", f"/cases?after=case_{NOWHERE}"),
        (422, "clerk", "GET", "/cases?limit=0"),
        (422, "clerk", "GET", "/cases?limit=1001"), (422, "clerk", "GET", "/cases?closed=perhaps"),
        (404, "platform", "GET", f"/items/itm_{NOWHERE}"), (422, "platform", "GET", "/items/itm_7"),
        (403, "platform", "GET", "/cases"), (403, "clerk", "GET", "/alarms"),
        (403, "clerk", "GET", "/webhooks"), (403, "ann", "GET", "/deliveries"),
        (422, "admin", "GET", "/alarms?after=x"), (404, "admin", "POST", "/alarms/999999/close"),
        (404, "admin", "POST", f"/alarms/{2**63 - 1}/close"),
        (422, "admin", "POST", f"/alarms/{2**63}/close"), (422, "admin", "POST", "/alarms/x/close"),
        (404, "admin", "POST", "/webhooks/nowhere/disable"),
        (404, "admin", "POST", "/webhooks/nowhere/enable"),
        (404, "admin", "POST", "/webhooks/nowhere/rotate"),
        (404, "admin", "POST", "/webhooks/nowhere/test"),
        (404, "admin", "POST", "/webhooks/nowhere/resend"),
        (422, "admin", "POST", "/webhooks/Ä/test"), (404, "admin", "GET", "/deliveries?endpoint=x"),
        (422, "admin", "GET", "/deliveries?state=lost"),
        (422, "admin", "GET", "/deliveries?limit=0"),
        (404, "admin", "POST", f"/deliveries/msg_{'0' * 24}/resend"),
        (422, "admin", "POST", "/deliveries/msg_x/resend"),
    ],
)  # fmt: skip
def test_what_is_not_there_or_none_of_theirs_is_refused(
    desk: Desk, status: int, who: str, method: str, path: str
):
    desk.refused(status, who, method, path)


def test_alarms_are_listed_until_they_are_closed(desk: Desk):
    with desk.database.writing() as session:
        numbers = [
            alarms.sound(session, desk.database.now(), "bicycle.wet", f"rain-{n}", "It rains.")
            for n in range(3)
        ]
    page = desk.ok("admin", "GET", f"/alarms?after={numbers[0] - 1}&limit=2")
    assert [one["alarm"] for one in page["items"]] == numbers[:2] and page["next"]
    assert page["items"][0]["text"] == "It rains." and page["items"][0]["closed_by"] is None
    closed = desk.ok("admin", "POST", f"/alarms/{numbers[1]}/close")
    assert closed["closed_by"] == "key:admin" and closed["closed_at"]
    desk.refused(404, "admin", "POST", f"/alarms/{numbers[1]}/close")
    still = [one["alarm"] for one in items(desk, "admin", f"/alarms?after={numbers[0] - 1}")]
    assert still == [numbers[0], numbers[2]]
    every = items(desk, "admin", f"/alarms?closed=true&after={numbers[0] - 1}")
    assert [one["alarm"] for one in every] == numbers
    assert desk.acts(f"alarm:{numbers[1]}") == [("key:admin", "alarm.close")]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


def listening(desk: Desk, receiver: Receiver) -> str:
    """An endpoint on this machine, which only the command can make."""
    name = fresh()
    with desk.database.writing() as session:
        endpoints.add(
            session, desk.database.now(), "shell:test", Sealing.load(desk.app.webhook_key), name,
            receiver.url(), ["item.decided"], private=True,
        )  # fmt: skip
    return name


def test_an_endpoint_is_added_rotated_and_switched(desk: Desk):
    name = fresh()
    made = desk.ok("admin", "POST", "/webhooks", {
        "name": name, "url": "https://hooks.example/in", "kinds": ["alarm.sounded"],
    })  # fmt: skip
    assert made["secret"].startswith("whsec_") and not made["endpoint"]["private"]
    (one,) = [one for one in items(desk, "admin", "/webhooks") if one["name"] == name]
    assert one == made["endpoint"] and "secret" not in one
    rotated = desk.ok("admin", "POST", f"/webhooks/{name}/rotate")
    assert rotated["secret"].startswith("whsec_") and rotated["secret"] != made["secret"]
    with desk.database.writing() as session:
        webhooks.enqueue(session, desk.database.now(), "alarm.sounded", {"number": 7})
    assert desk.ok("admin", "POST", f"/webhooks/{name}/disable") == {"dead": 1}
    desk.refused(409, "admin", "POST", f"/webhooks/{name}/resend")
    assert desk.call("admin", "POST", f"/webhooks/{name}/enable").status == 204
    assert desk.ok("admin", "POST", f"/webhooks/{name}/resend") == {"messages": 1}
    desk.refused(409, "admin", "POST", "/webhooks", {"name": name, "url": "https://x.example/"})
    acts = [f"webhook.{act}" for act in ("add", "rotate", "disable", "enable", "resend")]
    assert desk.acts(f"webhook:{name}") == [("key:admin", act) for act in acts]


@pytest.mark.parametrize(
    ("status", "given"),
    [
        (422, {}), (422, {"name": "x"}), (422, {"name": "X", "url": "https://x.example/"}),
        (422, {"name": "x", "url": "https://x.example/", "private": True}),
        (422, {"name": "x", "url": "https://x.example/", "kinds": []}),
        (422, {"name": "x", "url": "https://x.example/", "kinds": "*"}),
        (422, {"name": "x", "url": "https://x.example/", "kinds": ["rain"]}),
        (422, {"name": "x", "url": "http://127.0.0.1/"}), (422, {"name": "x", "url": "file:///x"}),
        (422, {"name": "x", "url": "https://ann:secret@x.example/"}),
        (422, {"name": "x", "url": "https://\0"}),
        (422, {"name": "x", "url": "https://x.example/" + "x" * 2048}),
    ],
)  # fmt: skip
def test_an_endpoint_that_cannot_be_is_refused(desk: Desk, status: int, given: dict[str, Any]):
    told = desk.refused(status, "admin", "POST", "/webhooks", given)
    assert "secret" not in str(told)
    assert "x" not in {one["name"] for one in items(desk, "admin", "/webhooks")}


def test_messages_are_listed_by_state_and_sent_again(desk: Desk, receiver: Receiver):
    name = listening(desk, receiver)
    for n in range(3):
        with desk.database.writing() as session:
            webhooks.enqueue(session, desk.database.now(), "item.decided", {"number": n})
    path = f"/deliveries?endpoint={name}"
    page = desk.ok("admin", "GET", f"{path}&state=waiting&limit=2")
    rest = desk.ok("admin", "GET", f"{path}&after={page['next']}")
    found = page["items"] + rest["items"]
    assert len({one["message"] for one in found}) == 3 and rest["next"] is None
    assert {one["state"] for one in found} == {"waiting"} and found[0]["kind"] == "item.decided"
    assert not desk.ok("admin", "GET", f"{path}&state=dead")["items"]
    message = found[0]["message"]
    assert desk.ok("admin", "POST", f"/deliveries/{message}/resend") == {"messages": 1}
    desk.ok("admin", "POST", f"/webhooks/{name}/disable")
    assert len(desk.ok("admin", "GET", f"{path}&state=dead")["items"]) == 3


def test_a_test_message_is_sent_at_once(desk: Desk, receiver: Receiver):
    name = listening(desk, receiver)
    done = desk.ok("admin", "POST", f"/webhooks/{name}/test")
    assert done["delivered"] and done["last_status"] == 200 and done["last_error"] is None
    (sent,) = receiver.received
    assert sent.headers["webhook-id"] == done["message"]
    receiver.behaviour = "/status=500"
    done = desk.ok("admin", "POST", f"/webhooks/{name}/test")
    assert not done["delivered"] and done["last_status"] == 500 and done["last_error"]
    assert not desk.ok("admin", "GET", f"/deliveries?endpoint={name}")["items"]  # nothing is kept

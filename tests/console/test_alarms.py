"""Alarms and messages on pages: seen, closed with a reason, sent again."""

from __future__ import annotations

from itertools import count

import pytest
from api.service import Desk
from sqlalchemy import select

from console.visitor import Visitor, signed_in
from tutela import alarms, webhooks
from tutela.audit.models import Entry
from tutela.people.permissions import Permission
from tutela.webhooks import endpoints
from tutela.webhooks.models import Delivery, State

P = Permission
numbers = count()
SCRIPT = "<script>rain</script>"


@pytest.fixture
def admin(desk: Desk) -> Visitor:
    return signed_in(desk, "alma", P.ADMIN)


def sound(desk: Desk, text: str = "The weather turned.") -> int:
    with desk.database.writing() as session:
        subject = f"lake-{next(numbers)}"
        return alarms.sound(session, desk.database.now(), "weather.rain", subject, text, drops=7)


def endpoint(desk: Desk) -> str:
    name = f"hook-{next(numbers)}"
    with desk.database.writing() as session:
        endpoints.add(
            session, desk.database.now(), "shell:test", desk.app.webhook_sealing(), name,
            "https://platform.example/hook", ["webhook.test"],
        )  # fmt: skip
    return name


def message(desk: Desk, name: str, state: State = State.DEAD) -> str:
    with desk.database.writing() as session:
        now = desk.database.now()
        one = webhooks.service.delivery(now, endpoints.named(session, name), "webhook.test", "{}")
        one.state, one.last_error = state, SCRIPT
        session.add(one)
        session.flush()
        return one.message


def state_of(desk: Desk, message: str) -> State:
    with desk.database.reading() as session:
        return session.scalars(select(Delivery.state).where(Delivery.message == message)).one()


def test_open_alarms_are_listed_the_last_first_and_closed_ones_apart(desk: Desk, admin: Visitor):
    first, last = sound(desk, f"early {SCRIPT}"), sound(desk, "late")
    page = admin.get("/console/alarms")
    assert page.text.index(f"/alarms/{last}") < page.text.index(f"/alarms/{first}")
    assert SCRIPT not in page.text and "early" in page.words
    admin.post(f"/console/alarms/{first}/close", {"why": "it dried"})
    assert f'/alarms/{first}"' not in admin.get("/console/alarms").text
    assert f'/alarms/{first}"' in admin.get("/console/alarms?state=closed").text
    both = admin.get("/console/alarms?state=all").text
    assert f'/alarms/{first}"' in both and f'/alarms/{last}"' in both
    admin.get("/console/alarms?state=loud", 404)


def test_alarms_are_paged(desk: Desk, admin: Visitor):
    made = [sound(desk) for _ in range(60)]
    first = admin.get("/console/alarms")
    assert f'/alarms/{made[-1]}"' in first.text and f'/alarms/{made[0]}"' not in first.text
    link = first.text.split('rel="next"')[0].rpartition('href="')[2].split('"')[0]
    assert f'/alarms/{made[0]}"' in admin.get(link.replace("&amp;", "&")).text


def test_an_alarm_is_closed_with_a_reason_that_is_kept(desk: Desk, admin: Visitor):
    number = sound(desk)
    page = admin.get(f"/console/alarms/{number}")
    assert "The weather turned." in page.words and "drops 7" in page.words
    for why in ("", "  ", "x"):
        assert (
            'role="alert"' in admin.post(f"/console/alarms/{number}/close", {"why": why}, 422).text
        )
    admin.post(f"/console/alarms/{number}/close", {"why": "the roof is mended"})
    with desk.database.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.subject == f"alarm:{number}")).one()
    assert (entry.actor, entry.action) == ("person:alma", "alarm.close")
    assert "the roof is mended" in entry.facts
    again = admin.post(f"/console/alarms/{number}/close", {"why": "again"}, 422)
    assert "No alarm" in again.words
    admin.get("/console/alarms/999999", 404)


def test_messages_are_filtered_and_sent_again(desk: Desk, admin: Visitor):
    one, other = endpoint(desk), endpoint(desk)
    dead, done = message(desk, one), message(desk, other, State.DELIVERED)
    page = admin.get(f"/console/messages?state=dead&endpoint={one}")
    assert dead in page.text and done not in page.text and SCRIPT not in page.text
    assert done in admin.get("/console/messages?state=&endpoint=").text
    admin.post(f"/console/messages/{dead}/resend")
    assert state_of(desk, dead) is State.WAITING
    admin.post(f"/console/messages/msg_{'0' * 24}/resend", status=404)
    admin.get("/console/messages?state=lost", 404)
    admin.get("/console/messages?endpoint=nowhere", 404)
    nothing = admin.get(f"/console/messages?state=waiting&endpoint={other}")
    assert "No message fits" in nothing.words


def test_all_dead_messages_of_an_endpoint_are_sent_again(desk: Desk, admin: Visitor):
    name = endpoint(desk)
    dead = [message(desk, name) for _ in range(3)]
    page = admin.post(f"/console/endpoints/{name}/resend")
    assert page.location.endswith("said=messages.resent")
    assert all(state_of(desk, one) is State.WAITING for one in dead)
    again = admin.post(f"/console/endpoints/{name}/resend")
    assert "no dead message" in admin.get(again.location).words


def test_an_endpoint_is_disabled_and_enabled(desk: Desk, admin: Visitor):
    name = endpoint(desk)
    waiting = message(desk, name, State.WAITING)
    admin.post(f"/console/endpoints/{name}/disable")
    assert state_of(desk, waiting) is State.DEAD
    assert "Enable" in admin.get("/console/endpoints").words
    refused = admin.post(f"/console/messages/{waiting}/resend", status=409)
    assert "is disabled" in refused.words
    admin.post(f"/console/endpoints/{name}/enable")
    admin.post(f"/console/messages/{waiting}/resend")


def test_none_of_this_is_for_others(desk: Desk):
    other = signed_in(desk, "rita", P.BANKS_READ, P.CASES)
    number = sound(desk)
    for path in ("alarms", f"alarms/{number}", "messages", "endpoints"):
        other.get(f"/console/{path}", 403)
    name = endpoint(desk)
    for path in (f"alarms/{number}/close", f"messages/{message(desk, name)}/resend",
                 f"endpoints/{name}/resend", f"endpoints/{name}/disable"):  # fmt: skip
        other.post(f"/console/{path}", {"why": "because"}, 403)

"""Acts that take two people, and who is refused what, by the API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Route

from api.service import Desk, until
from tutela.audit.service import entries
from tutela.interfaces.api import app as web
from tutela.people import approvals, callers, knowing, refusals
from tutela.people.options import Options
from tutela.people.permissions import Permission

NUMBERS = iter(range(10_000))
OPEN = {"/healthz/live", "/healthz/ready", "/api/v1/openapi.json"}
"""Routes that anyone may ask."""


@pytest.fixture(autouse=True)
def _forgotten(desk: Desk):
    refusals._last.clear()
    yield
    desk.database.info[approvals.IN_SESSION] = Options()


def asked(desk: Desk, path: str = "") -> tuple[str, int]:
    """A bank whose purpose ann asked to change, and the number of that request."""
    name = desk.bank(f"two-{next(NUMBERS)}")
    path = f"/banks/{name}{path}"
    told = desk.refused(409, "ann", "PATCH", path, {"purpose": "test"})
    return name, told["approval"]


def numbers(desk: Desk, who: str, rest: str = "") -> list[int]:
    return [one["request"] for one in desk.ok(who, "GET", f"/approvals?limit=1000{rest}")["items"]]


def refused(desk: Desk) -> list[tuple[str, str, str]]:
    with desk.database.reading() as session:
        return [
            (one.actor, one.subject, json.loads(one.facts)["permission"])
            for one in entries(session)
            if one.action == "access.refuse"
        ]


def test_each_route_says_what_it_needs(desk: Desk):
    made = web.create(desk.running)
    found: dict[str, Any] = {}
    for route in iter_route_contexts(made.routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            calls = [one.call for one in route.dependant.dependencies]
            said = [call.permission for call in calls if hasattr(call, "permission")]
        elif isinstance(route.original_route, Route) and route.path in (
            "/api/v1/screen", "/api/v1/lookup",
        ):  # fmt: skip
            said = [route.original_route.endpoint.permission]
        else:
            continue
        found[f"{sorted(route.methods or ())} {route.path}"] = (route.path, said)
    assert len(found) > 25
    for name, (path, said) in found.items():
        assert len(said) == (0 if path in OPEN else 1), name
    assert found["['POST'] /api/v1/screen"][1] == [Permission.SCREEN]
    assert found["['POST'] /api/v1/banks/{name}/export"][1] == [Permission.EXPORT]
    assert found["['GET'] /api/v1/cases"][1] == [Permission.CASES]
    assert found["['GET'] /metrics"][1] == [Permission.METRICS]


def test_each_sees_the_requests_that_they_may_approve_or_made(desk: Desk):
    _, number = asked(desk)
    assert number in numbers(desk, "bob") and number in numbers(desk, "ann")
    assert number not in numbers(desk, "platform") and number not in numbers(desk, "admin")
    (shown,) = [o for o in desk.ok("bob", "GET", "/approvals?limit=1000")["items"]
                if o["request"] == number]  # fmt: skip
    assert (shown["permission"], shown["why"], shown["usable_at"]) == ("banks:write", "", None)


def test_who_lacks_the_permission_of_an_act_can_neither_approve_nor_refuse_it(desk: Desk):
    _, number = asked(desk)
    for rest in ("", "/refuse"):
        told = desk.refused(403, "reader", "POST", f"/approvals/{number}{rest}")
        assert "banks:write" in told["detail"]
    assert ("key:reader", "POST /api/v1/approvals/{number}", "banks:write") in refused(desk)
    assert number in numbers(desk, "bob")


def test_what_was_refused_is_not_asked_for_again(desk: Desk):
    name, number = asked(desk)
    assert desk.ok("bob", "POST", f"/approvals/{number}/refuse")["request"] == number
    told = desk.refused(409, "ann", "PATCH", f"/banks/{name}", {"purpose": "test"})
    assert told["type"] == "tutela:approval-refused" and str(number) in told["detail"]
    assert number not in numbers(desk, "bob")


def test_danger_does_not_wait_and_is_reviewed(desk: Desk):
    name = desk.bank(f"two-{next(NUMBERS)}")
    path = f"/banks/{name}?danger=true"
    desk.refused(409, "ann", "PATCH", path, {"purpose": "test"})
    reason = "&why=a%20storm%20is%20coming"
    assert desk.ok("ann", "PATCH", path + reason, {"purpose": "test"})["purpose"] == "test"
    (number,) = numbers(desk, "bob", "&review=true")
    desk.refused(403, "ann", "POST", f"/approvals/{number}/review")
    desk.refused(409, "bob", "POST", f"/approvals/{number}")
    desk.ok("bob", "POST", f"/approvals/{number}/review?agreed=false")
    assert numbers(desk, "bob", "&review=true") == []
    assert desk.acts(f"bank:{name}") == [
        ("key:ann", "bank.create"), ("key:ann", "approval.danger"), ("key:ann", "bank.change"),
        ("key:bob", "approval.review"),
    ]  # fmt: skip


def test_one_person_alone_gives_a_reason_and_an_alarm_sounds(desk: Desk):
    desk.database.info[approvals.IN_SESSION] = Options(alone="delay", alone_hours=5)
    name = desk.bank(f"two-{next(NUMBERS)}")
    path, new = f"/banks/{name}", {"purpose": "test"}
    assert "reason" in desk.refused(409, "ann", "PATCH", path, new)["detail"]
    number = desk.refused(409, "ann", "PATCH", f"{path}?why=alone", new)["approval"]
    subject = f"approval:{number}"
    kinds = {one["subject"]: one["kind"] for one in desk.ok("admin", "GET", "/alarms")["items"]}
    assert kinds[subject] == "approval.alone"
    desk.ok("bob", "POST", f"/approvals/{number}/refuse")
    assert subject not in {o["subject"] for o in desk.ok("admin", "GET", "/alarms")["items"]}


def test_refusals_are_in_the_log_once_with_the_route_and_no_id(desk: Desk):
    name = desk.bank(f"two-{next(NUMBERS)}")
    before = len(refused(desk))
    for _ in range(3):
        desk.refused(403, "reader", "DELETE", f"/banks/{name}")
        told = desk.refused(403, "reader", "POST", "/screen", body=b"x")
    assert "reader lacks the permission screen" in told["detail"]
    assert refused(desk)[before:] == [
        ("key:reader", "DELETE /api/v1/banks/{name}", "banks:write"),
        ("key:reader", "POST /api/v1/screen", "screen"),
    ]


def test_a_case_that_one_need_not_know_of_is_not_there(desk: Desk):
    value = {"type": "sha256", "value": "ab" * 32}
    name = desk.bank(f"two-{next(NUMBERS)}")
    desk.ok("ann", "POST", f"/banks/{name}/signals", {"signals": [value]})
    until(lambda: desk.ok("ann", "POST", "/signals/find", value)["matches"])
    facts = {"item": {"channel": "public"}, "creator": {"id": name}}
    case = desk.ok("platform", "POST", "/screen", {"signals": [value], "facts": facts})["case_id"]
    assert desk.ok("clerk", "GET", f"/cases/{case}")["case"]["case_id"] == case
    with desk.database.writing() as session:
        by = callers.shell("shell:test")
        knowing.name(session, desk.database.now(), by, "case", case, "key:all", True)
    desk.refused(404, "clerk", "GET", f"/cases/{case}")
    listed = [one["case_id"] for one in desk.ok("clerk", "GET", "/cases?limit=1000")["items"]]
    assert case not in listed
    desk.refused(404, "clerk", "GET", f"/cases?after={case}")
    assert desk.ok("all", "GET", f"/cases/{case}")["case"]["case_id"] == case

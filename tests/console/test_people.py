"""People, roles, keys, approvals and access, as pages."""

from __future__ import annotations

import re

import pytest
from api.service import Desk

from console.visitor import Page, Visitor, person, signed_in
from tutela.interfaces.console.people import PersonName
from tutela.people import accounts, approvals
from tutela.people.permissions import Caller, Permission

LINK = re.compile(r'<output id="link"[^>]*>([^<]+)</output>')
HOSTILE = "Ada <img src=x onerror=alert(1)>"


def administrator(desk: Desk, name: str = "chief") -> Visitor:
    visitor = signed_in(desk, name, role="administrator")
    with desk.database.writing() as session:
        someone = accounts.named(session, name)
        someone.password = "set"
    return visitor


def link(page: Page) -> str:
    found = LINK.search(page.text)
    assert found
    return found[1]


def test_someone_is_invited_and_the_link_is_shown_once(desk: Desk) -> None:
    admin = administrator(desk)
    page = admin.post(
        "/console/new-person", [("name", "ida"), ("shown_as", HOSTILE), ("roles", "reviewer")], 200
    )
    shown = link(page)
    assert shown.startswith(f"{admin.origin}/console/welcome/")
    assert HOSTILE not in page.text and page.headers["cache-control"] == "no-store"
    assert "Welcome" in Visitor(desk).get(shown.removeprefix(admin.origin)).words
    page = admin.get("/console/people")
    assert "invited" in page.words and HOSTILE not in page.text
    assert shown not in admin.get("/console/people/ida").text
    admin.post("/console/people/ida/withdraw")
    Visitor(desk).get(shown.removeprefix(admin.origin), 404)
    again = link(admin.post("/console/people/ida/recover", status=200))
    assert again != shown


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "Ida!"}, "cannot stand here"),
        ({"name": "new"}, ""),
        ({"name": "chief"}, "already"),
        ({"name": "ivo", "roles": "king"}, "no role"),
        ({"name": "ivo", "disabled_at": "x"}, "does not belong"),
        ({}, "needed"),
    ],
)
def test_what_cannot_be_is_said_beside_the_form(
    desk: Desk, fields: dict[str, str], said: str
) -> None:
    admin = administrator(desk)
    page = admin.post("/console/new-person", fields, 422 if said else 200)
    assert said in page.words


def test_roles_are_given_and_taken_at_once(desk: Desk) -> None:
    admin, someone = administrator(desk), signed_in(desk, "bob")
    someone.get("/console/audit", 403)
    admin.post("/console/people/bob/roles", [("roles", "auditor"), ("roles", "reviewer")])
    someone.get("/console/audit")
    admin.post("/console/people/bob/roles", {})
    someone.get("/console/audit", 403)


def test_restricted_permissions_for_oneself_take_two(desk: Desk) -> None:
    admin, other = administrator(desk), administrator(desk, "second")
    fields = [("roles", "administrator"), ("roles", "auditor")]
    page = admin.post("/console/people/chief/roles", fields)
    assert page.location.endswith("said=second.asked")
    page = admin.get("/console/people/chief")
    assert "waits for a second person" in page.words
    admin.get("/console/audit", 403)
    number = re.search(r"approvals/([0-9]+)/approve", other.get("/console/approvals").text)
    assert number
    admin.post(f"/console/approvals/{number[1]}/approve", status=403)
    other.post(f"/console/approvals/{number[1]}/approve")
    page = admin.get("/console/people/chief")
    assert "can be done now" in page.words and page.text.count('value="auditor"') == 2
    admin.post("/console/people/chief/roles", fields)
    admin.get("/console/audit")
    admin.post("/console/people/chief/roles", {"roles": "administrator"})


def test_the_last_administrator_is_not_removed(desk: Desk) -> None:
    admin = administrator(desk)
    with desk.database.writing() as session:
        for one in accounts.listed(session, limit=1000):
            if one.name != "chief" and accounts.is_administrator(session, desk.database.now(), one):
                accounts.set_roles(
                    session, desk.database.now(), Caller("shell:test", frozenset()), one.name, []
                )
    page = admin.post("/console/people/chief/roles", {}, 422)
    assert "nobody could administer" in page.words
    page = admin.post("/console/people/chief/disable", status=409)
    assert "nobody could administer" in page.words
    page = admin.post("/console/roles/administrator", {"permissions": "policy"}, 422)
    assert "nobody could administer" in page.words
    admin.get("/console/people")


def test_one_who_is_disabled_is_out_at_once(desk: Desk) -> None:
    admin, someone = administrator(desk), signed_in(desk, "cyn", role="auditor")
    admin.post("/console/people/cyn/disable")
    someone.get("/console/audit", 303)
    assert "disabled" in admin.get("/console/people/cyn").words
    admin.post("/console/people/cyn/enable")
    someone.get("/console/audit", 303)


def test_recovery_ends_sessions_and_nobody_recovers_themselves(desk: Desk) -> None:
    admin, someone = administrator(desk), administrator(desk, "dag")
    link(admin.post("/console/people/dag/recover", status=200))
    someone.get("/console/people", 303)
    assert "own account" in admin.post("/console/people/chief/recover", status=403).words
    admin.post("/console/people/dag/withdraw")


def test_sessions_of_someone_are_ended(desk: Desk) -> None:
    admin, someone = administrator(desk), signed_in(desk, "eva")
    admin.post("/console/people/eva/sessions")
    someone.get("/console/account", 303)


@pytest.mark.parametrize("path", ["/console/people/nobody", "/console/roles/nobody"])
def test_what_is_not_there_is_said(desk: Desk, path: str) -> None:
    admin = administrator(desk)
    assert admin.get(path, 404).headers["content-type"].startswith("text/html")
    admin.get("/console/people/..%2f", 404)
    assert PersonName


def test_a_role_is_made_edited_while_in_use_and_deleted_when_nobody_has_it(desk: Desk) -> None:
    admin = administrator(desk)
    given = [("name", "night"), ("note", HOSTILE), ("permissions", "cases")]
    admin.post("/console/new-role", given)
    assert HOSTILE not in admin.get("/console/roles").text
    someone = signed_in(desk, "fox", role="night")
    someone.get("/console/banks", 403)
    admin.post("/console/roles/night", [("permissions", "cases"), ("permissions", "banks:read")])
    someone.get("/console/banks")
    assert "have the role" in admin.post("/console/roles/night/delete", status=409).words
    admin.post("/console/people/fox/roles", {})
    admin.post("/console/roles/night/delete")
    admin.get("/console/roles/night", 404)
    admin.post("/console/new-role", {"name": "none"}, 422)
    admin.post("/console/new-role", {"name": "odd", "permissions": "fly"}, 422)


def test_a_key_is_made_shown_once_and_revoked(desk: Desk) -> None:
    admin = administrator(desk)
    given = [("name", "forum"), ("scopes", "screen"), ("scopes", "lookup"), ("rate", "5")]
    page = admin.post("/console/new-key", given, 200)
    secret = re.search(r"tut_[A-Za-z0-9_-]+", page.text)
    assert secret
    desk.keys["forum"] = secret[0]
    desk.ok("forum", "POST", "/lookup", {"signals": [{"type": "md5", "value": "0" * 32}]})
    assert secret[0] not in admin.get("/console/keys").text
    admin.post("/console/keys/forum/revoke")
    assert "revoked" in admin.get("/console/keys").words
    page = admin.post("/console/new-key", {"name": "much", "scopes": "export"}, 422)
    assert "may not" in page.words


def test_nobody_sees_or_does_what_is_an_administrators(desk: Desk) -> None:
    someone = signed_in(desk, "gil", role="senior-reviewer")
    for path in ("people", "people/chief", "new-person", "roles", "roles/reviewer", "new-role",
                 "keys", "new-key", "audit"):  # fmt: skip
        someone.get(f"/console/{path}", 403)
    for path in ("new-person", "people/chief/disable", "people/chief/recover", "people/gil/roles",
                 "roles/reviewer", "new-key", "keys/ann/revoke", "audit/verify"):  # fmt: skip
        someone.post(f"/console/{path}", {"roles": "administrator"}, 403)


def asked(desk: Desk, by: str, subject: str, *, danger: bool = False) -> int:
    """A request of someone for an act on a bank."""
    with desk.database.writing() as session:
        caller = accounts.caller(session, accounts.named(session, by))
        return approvals.requested(
            session, desk.database.now(), caller, Permission.BANKS_WRITE, "bank.change", subject,
            {"purpose": "test"}, HOSTILE, danger,
        )[0].id  # fmt: skip


def test_requests_are_seen_by_those_who_may_agree_and_by_who_asked(desk: Desk) -> None:
    ann, bob, eve = (signed_in(desk, name, role="analyst") for name in ("ann", "bo", "hal"))
    person(desk, "ian", role="reviewer")
    stranger = signed_in(desk, "ian")
    number = asked(desk, "ann", "weather")
    assert "Take it back" in ann.get("/console/approvals").words
    assert HOSTILE not in bob.get("/console/approvals").text
    assert "weather" not in stranger.get("/console/approvals").words
    stranger.post(f"/console/approvals/{number}/approve", status=403)
    eve.post(f"/console/approvals/{number}/refuse")
    assert "weather" not in bob.get("/console/approvals").words
    bob.post(f"/console/approvals/{number}/approve", status=409)
    number = asked(desk, "ann", "bicycles")
    page = ann.post(f"/console/approvals/{number}/refuse")
    assert page.location.endswith("said=approval.withdrawn")


def test_what_could_not_wait_is_reviewed_afterwards_by_another(desk: Desk) -> None:
    ann, bob = (signed_in(desk, name, role="analyst") for name in ("ann", "bo"))
    number = asked(desk, "ann", "storms", danger=True)
    assert "To review (1)" in bob.get("/console/approvals").words
    ann.post(f"/console/approvals/{number}/review", {"agreed": "true"}, 403)
    bob.post(f"/console/approvals/{number}/review", {"agreed": "false"})
    assert "Nothing waits" in bob.get("/console/approvals/review").words


def test_access_explains_a_refusal_to_whom_it_concerns(desk: Desk) -> None:
    admin, someone = administrator(desk), signed_in(desk, "jan", role="reviewer")
    someone.get("/console/audit", 403)
    page = someone.get("/console/access?permission=audit")
    assert "person:jan may not read and verify the audit log" in page.words
    assert "auditor" in page.words
    page = someone.get("/console/access?place=/console/audit%3Factor%3Dx")
    assert "may not read and verify the audit log" in page.words
    someone.get("/console/access?actor=person:root", 403)
    page = admin.get("/console/access?actor=person:jan&permission=audit")
    assert 'href="/console/roles/auditor"' in page.text
    assert "There is no person:nobody" in admin.get("/console/access?actor=person:nobody").words
    assert "no" in admin.get("/console/access?actor=key:ann&permission=nonsense").words
    assert "No page at this path" in admin.get("/console/access?place=/nowhere").words

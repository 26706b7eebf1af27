"""Refusals are logged, and can be explained."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from people.standing import SHELL, everyone, key_of, person
from tutela.audit.service import entries
from tutela.people import accounts, keys, knowing, refusals, roles
from tutela.people.permissions import Permission
from tutela.storage import Database


@pytest.fixture(autouse=True)
def _forgotten():
    refusals._last.clear()


def logged(database: Database) -> list[tuple[str, str, str]]:
    with database.reading() as session:
        return [
            (one.actor, one.subject, json.loads(one.facts)["permission"])
            for one in entries(session)
            if one.action == "access.refuse"
        ]


def explained(database: Database, actor: str, permission: str) -> refusals.Explanation:
    with database.reading() as session:
        return refusals.explain(session, actor, Permission(permission))


def test_a_refusal_is_logged_once_a_minute_for_each_who_what_and_where(database):
    ann, bob = everyone(database, ann=("cases",), bob=("cases",)).values()
    begin = database.now()
    for seconds, who, permission, place in (
        (0, ann, "media", "GET /a"), (1, ann, "media", "GET /a"), (2, bob, "media", "GET /a"),
        (3, ann, "grade", "GET /a"), (4, ann, "media", "GET /b"), (59, ann, "media", "GET /a"),
        (60, ann, "media", "GET /a"),
    ):  # fmt: skip
        with database.writing() as session:
            at = begin + timedelta(seconds=seconds)
            refusals.refused(session, at, who, Permission(permission), place)
    assert logged(database) == [
        ("person:ann", "GET /a", "media"), ("person:bob", "GET /a", "media"),
        ("person:ann", "GET /a", "grade"), ("person:ann", "GET /b", "media"),
        ("person:ann", "GET /a", "media"),
    ]  # fmt: skip


def test_a_refusal_in_a_transaction_of_its_own_is_logged_too(database):
    (ann,) = everyone(database, ann=("cases",)).values()
    for _ in range(3):
        refusals.tell(database, ann, Permission.MEDIA, "GET /" + "x" * 1000)
    assert logged(database) == [("person:ann", ("GET /" + "x" * 1000)[:128], "media")]


def test_only_so_many_refusals_are_remembered(database, monkeypatch):
    monkeypatch.setattr(refusals, "HELD", 3)
    (ann,) = everyone(database, ann=("cases",)).values()
    for number in range(10):
        assert refusals.due(database.now(), ann, Permission.MEDIA, f"GET /{number}")
    assert len(refusals._last) == 3


def test_what_a_person_may_is_explained_by_their_roles(database):
    everyone(database, ann=("cases", "grade"), root=("admin", "media"))
    found = explained(database, "person:ann", "grade")
    assert found.may and found.through == ("role of-ann",)
    assert "person:ann may grade media: through role of-ann." in found.sentences
    found = explained(database, "person:ann", "media")
    assert not found.may and found.known and found.roles == ("of-root",)
    assert "Roles that would give it: of-root." in found.sentences
    assert set(found.has) == {"cases", "grade"}


def test_what_a_key_may_is_explained_by_its_scopes_and_its_maker(database):
    everyone(database, eve=("export", "banks:read"), root=("admin",))
    key_of(database, "laptop", "person:eve", "export", "banks:read")
    assert explained(database, "key:laptop", "export").through == ("key laptop",)
    assert "make another" in " ".join(explained(database, "key:laptop", "media").sentences)
    with database.writing() as session:
        accounts.set_roles(session, database.now(), person(session, "root"), "eve", [])
    found = explained(database, "key:laptop", "export")
    assert not found.may and "person:eve, who made the key" in " ".join(found.sentences)


def test_who_is_shut_out_or_unknown_is_explained(database):
    everyone(database, eve=("cases",), root=("admin",))
    key_of(database, "laptop", "shell:root", "cases")
    with database.writing() as session:
        accounts.disable(session, database.now(), person(session, "root"), "eve")
        keys.revoke(session, database.now(), "shell:root", "laptop")
    for actor, said in (
        ("person:eve", "was disabled"), ("key:laptop", "was revoked"),
        ("person:nobody", "There is no"), ("key:x", "There is no"), ("<b>", "There is no"),
    ):  # fmt: skip
        found = explained(database, actor, "cases")
        assert not found.may and not found.known and not found.has
        assert said in found.sentences[0], actor


def test_rules_of_single_queues_and_cases_are_part_of_the_explanation(database):
    everyone(database, ann=("cases",), bob=("cases",))
    with database.writing() as session:
        for kind, subject, actor, allowed in (
            ("queue", "sky", "person:bob", True), ("case", "case_x", "person:ann", False),
        ):  # fmt: skip
            knowing.name(session, database.now(), SHELL, kind, subject, actor, allowed)
    said = " ".join(explained(database, "person:ann", "cases").sentences)
    assert "person:ann is walled off from the case case_x." in said
    assert "The queue sky is seen by those alone" in said
    said = " ".join(explained(database, "person:bob", "cases").sentences)
    assert "person:bob is named for the queue sky." in said and "those alone" not in said


def test_the_shell_may_all_and_it_is_said_why(database):
    found = explained(database, "shell:root", "media")
    assert found.may and "own user" in found.sentences[0]


def test_a_permission_that_no_role_gives_is_said_so(database):
    everyone(database, ann=("cases",))
    with database.writing() as session:
        assert not any("screen" in role.permissions for role in roles.listed(session))
    assert "No role gives it." in explained(database, "person:ann", "screen").sentences

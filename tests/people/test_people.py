"""Keys, and acts that take two of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tutela.errors import TutelaError
from tutela.people import approvals, keys
from tutela.people.errors import KeyRefused
from tutela.people.models import Key
from tutela.storage import Database

ACT = ("bank.change", "bank:roads", {"purpose": "test"})


def made(database: Database, name: str, scope: str = "banks:write") -> tuple[Key, str]:
    with database.writing() as session:
        return keys.create(session, database.now(), "shell:ann", name, [scope])


def test_a_key_opens_what_its_scope_says_and_its_secret_is_not_kept(database):
    _, secret = made(database, "ann")
    with database.reading() as session:
        found = keys.owner(session, secret, keys.Scope.BANKS_WRITE)
        assert found.name == "ann" and secret.encode() not in found.digest
        for wrong, scope in (("tut_x", "banks:write"), ("", "admin"), (secret, "reports")):
            with pytest.raises(KeyRefused):
                keys.owner(session, wrong, keys.Scope(scope))


def test_a_revoked_key_opens_nothing(database):
    _, secret = made(database, "ann", "admin")
    with database.writing() as session:
        keys.revoke(session, database.now(), "shell:ann", "ann")
    with database.reading() as session, pytest.raises(KeyRefused, match="not valid"):
        keys.owner(session, secret, keys.Scope.REPORTS)


@pytest.mark.parametrize("name", ["", "Ann", "a b", "x" * 65, "-a"])
def test_a_bad_name_is_refused(database, name):
    with pytest.raises(TutelaError, match="cannot be the name"):
        made(database, name)


def test_a_name_or_a_scope_that_cannot_be_is_refused(database):
    made(database, "ann")
    with pytest.raises(TutelaError, match="already"):
        made(database, "ann")
    with pytest.raises(TutelaError, match="Scopes are"):
        made(database, "bob", "everything")


def test_one_asks_another_approves_and_it_is_done_once(database):
    ann, bob = made(database, "ann")[0], made(database, "bob")[0]
    now = database.now()
    with database.writing() as session:
        request, approved = approvals.requested(session, now, ann, *ACT)
        assert not approved
    with database.writing() as session:
        assert approvals.requested(session, now, ann, *ACT)[0].id == request.id
        with pytest.raises(KeyRefused, match="asked for this itself"):
            approvals.approve(session, now, ann, request.id)
        approvals.approve(session, now, bob, request.id)
    with database.writing() as session:
        other = approvals.requested(
            session, now, ann, "bank.change", "bank:roads", {"purpose": "x"}
        )
        assert not other[1], "what was approved is this act alone"
        assert not approvals.requested(session, now, bob, *ACT)[1], "and it is ann's"
    with database.writing() as session:
        assert approvals.requested(session, now, ann, *ACT)[1]
    with database.writing() as session:
        assert not approvals.requested(session, now, ann, *ACT)[1], "once"


def test_what_was_not_done_can_still_be_done(database):
    ann, bob = made(database, "ann")[0], made(database, "bob")[0]
    now = database.now()
    with database.writing() as session:
        request, _ = approvals.requested(session, now, ann, *ACT)
        approvals.approve(session, now, bob, request.id)
    with pytest.raises(RuntimeError), database.writing() as session:
        assert approvals.requested(session, now, ann, *ACT)[1]
        raise RuntimeError
    with database.writing() as session:
        assert approvals.requested(session, now, ann, *ACT)[1]


def test_a_request_stands_for_a_day(database):
    ann, bob = made(database, "ann")[0], made(database, "bob")[0]
    now = database.now()
    with database.writing() as session:
        request, _ = approvals.requested(session, now, ann, *ACT)
        assert [name for _, name in approvals.waiting(session, now)] == ["ann"]
        later = now + timedelta(days=1, seconds=1)
        assert not approvals.waiting(session, later)
        with pytest.raises(TutelaError, match="No request"):
            approvals.approve(session, later, bob, request.id)


def test_the_approval_of_a_key_that_was_revoked_does_not_count(database):
    ann, bob = made(database, "ann")[0], made(database, "bob")[0]
    now = database.now()
    with database.writing() as session:
        request, _ = approvals.requested(session, now, ann, *ACT)
        approvals.approve(session, now, bob, request.id)
        keys.revoke(session, now, "shell:ann", "bob")
    with database.writing() as session:
        assert not approvals.requested(session, now, ann, *ACT)[1]

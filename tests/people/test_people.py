"""Keys: what they open, who may make them, and what becomes of them when their maker goes."""

from __future__ import annotations

import pytest

from people.standing import everyone, key_of, person
from tutela.errors import TutelaError
from tutela.people import accounts, callers, keys
from tutela.people.errors import KeyRefused
from tutela.people.models import Key
from tutela.people.permissions import RESTRICTED, Caller, Permission
from tutela.storage import Database


def made(database: Database, name: str, scope: str = "banks:write") -> tuple[Key, str]:
    with database.writing() as session:
        return keys.create(session, database.now(), "shell:ann", name, [scope])


def test_a_key_opens_what_its_scope_says_and_its_secret_is_not_kept(database):
    found, secret = made(database, "ann")
    assert secret.encode() not in found.digest
    with database.reading() as session:
        caller = callers.of_secret(session, secret)
        assert (caller.actor, caller.human) == ("key:ann", "key:ann")
        assert caller.permissions == {"banks:write"}
        for wrong in ("tut_x", ""):
            with pytest.raises(KeyRefused, match="not valid"):
                callers.of_secret(session, wrong)


def test_no_permission_includes_another(database):
    _, secret = made(database, "ann", "admin")
    with database.reading() as session:
        caller = callers.of_secret(session, secret)
    assert [one for one in Permission if caller.may(one)] == [Permission.ADMIN]


def test_a_revoked_key_opens_nothing(database):
    _, secret = made(database, "ann", "admin")
    with database.writing() as session:
        keys.revoke(session, database.now(), "shell:ann", "ann")
    with database.reading() as session:
        assert callers.current(session, "key:ann") is None
        with pytest.raises(KeyRefused, match="not valid"):
            callers.of_secret(session, secret)


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


def test_nobody_makes_a_key_that_may_do_more_than_they(database):
    with database.writing() as session:
        by = Caller("key:x", frozenset({"banks:read"}))
        with pytest.raises(KeyRefused, match="banks:write"):
            keys.create(session, database.now(), by, "more", ["banks:read", "banks:write"])
        made, _ = keys.create(session, database.now(), by, "less", ["banks:read"])
        assert made.made_by == "key:x"


def test_an_administrator_makes_keys_of_programs_but_none_for_what_is_restricted(database):
    with database.writing() as session:
        by = Caller("person:eve", frozenset({"admin"}))
        keys.create(session, database.now(), by, "forum", set(Permission) - RESTRICTED)
        for scope in sorted(RESTRICTED - {"admin"}):
            with pytest.raises(KeyRefused, match=scope):
                keys.create(session, database.now(), by, "more", [scope])


def test_who_makes_a_key_by_name_alone_is_not_believed(database):
    with database.writing() as session, pytest.raises(ValueError, match="caller"):
        keys.create(session, database.now(), "person:eve", "more", ["media"])


def test_whoever_made_a_key_is_behind_it_and_behind_the_keys_made_with_it(database):
    everyone(database, eve=("screen", "lookup", "admin"))
    first = key_of(database, "first", "person:eve", "screen", "admin")
    second = key_of(database, "second", first.actor, "screen")
    assert (first.human, second.human) == ("person:eve", "person:eve")


def test_what_is_restricted_a_key_opens_only_as_long_as_its_maker_may(database):
    everyone(database, eve=("export", "banks:read"), ann=("admin",))
    key = key_of(database, "laptop", "person:eve", "export", "banks:read")
    assert key.permissions == {"export", "banks:read"}
    with database.writing() as session:
        accounts.set_roles(session, database.now(), person(session, "ann"), "eve", [])
    with database.reading() as session:
        assert callers.still(session, key).permissions == {"banks:read"}


def test_the_keys_of_who_was_shut_out_go_on_for_programs_alone(database):
    everyone(database, eve=("screen", "banks:read", "export"), ann=("admin",))
    key = key_of(database, "forum", "person:eve", "screen", "banks:read", "export")
    with database.writing() as session:
        accounts.disable(session, database.now(), person(session, "ann"), "eve")
    with database.reading() as session:
        assert callers.current(session, "person:eve") is None
        assert callers.still(session, key).permissions == {"screen"}


def test_an_actor_who_is_not_there_may_nothing_and_the_shell_may_all(database):
    with database.reading() as session:
        for actor in ("person:nobody", "key:nothing", "nobody", "", "person:"):
            assert callers.current(session, actor) is None, actor
        shell = callers.current(session, "shell:ann")
        assert shell is not None and all(shell.may(one) for one in Permission)

"""Roles, which an operator may edit while they are in use."""

from __future__ import annotations

import json
import threading

import pytest

from people.standing import SHELL, everyone, key_of, person
from tutela.audit.service import entries
from tutela.errors import TutelaError
from tutela.people import accounts, callers, roles
from tutela.people.accounts import LastAdministrator
from tutela.people.errors import KeyRefused, NoSuchRole
from tutela.people.permissions import RESTRICTED, Permission


def test_a_new_installation_has_roles_that_keep_restricted_acts_apart(database):
    with database.writing() as session:
        roles.ensure(session, database.now(), "shell:root")
        found = {role.name: set(role.permissions.split()) for role in roles.listed(session)}
    assert sorted(found) == sorted(roles.BUILT_IN)
    assert found["administrator"] & RESTRICTED == {Permission.ADMIN}
    assert not found["reviewer"] & {"media", "reports", "release", "export", "admin", "audit"}
    assert "audit" not in found["senior-reviewer"] and "media" not in found["auditor"]
    held = set().union(*found.values())
    assert set(Permission) - held == {"screen", "lookup", "intake"}, "which are for programs"


def test_a_built_in_role_that_was_deleted_does_not_come_back(database):
    with database.writing() as session:
        roles.ensure(session, database.now(), "shell:root")
        roles.delete(session, database.now(), SHELL, "analyst")
        roles.change(session, database.now(), SHELL, "auditor", permissions=["audit"])
        roles.ensure(session, database.now(), "shell:root")
        assert "analyst" not in [role.name for role in roles.listed(session)]
        assert roles.named(session, "auditor").permissions == "audit"


def test_a_change_of_a_role_counts_at_once_and_is_logged_with_what_was_before(database):
    ann = everyone(database, ann=("cases", "grade"), root=("admin",))["ann"]
    assert ann.may(Permission.GRADE)
    with database.writing() as session:
        root = person(session, "root")
        roles.change(session, database.now(), root, "of-ann", permissions=["cases", "media"])
    with database.reading() as session:
        assert callers.still(session, ann).permissions == {"cases", "media"}
        entry = list(entries(session))[-1]
    assert (entry.actor, entry.action, entry.subject) == ("person:root", "role.change",
                                                          "role:of-ann")  # fmt: skip
    assert json.loads(entry.facts) == {"before": "cases grade", "after": "cases media"}


def test_a_role_that_someone_has_is_not_deleted(database):
    everyone(database, ann=("cases",))
    with database.writing() as session:
        with pytest.raises(TutelaError, match="1 people have the role"):
            roles.delete(session, database.now(), SHELL, "of-ann")
        accounts.set_roles(session, database.now(), SHELL, "ann", [])
        roles.delete(session, database.now(), SHELL, "of-ann")
        with pytest.raises(NoSuchRole):
            roles.named(session, "of-ann")


@pytest.mark.parametrize(
    ("name", "permissions", "said"),
    [
        ("Ann", ["cases"], "cannot be the name"),
        ("<b>", ["cases"], "cannot be the name"),
        ("ann", ["everything"], "is not a permission"),
        ("of-root", ["cases"], "already"),
    ],
)
def test_a_role_that_cannot_be_is_refused(database, name, permissions, said):
    everyone(database, root=("admin",))
    with pytest.raises(TutelaError, match=said), database.writing() as session:
        roles.create(session, database.now(), SHELL, name, "", permissions)


def test_the_role_of_the_last_administrator_cannot_lose_admin(database):
    everyone(database, root=("admin", "metrics"))
    with pytest.raises(LastAdministrator), database.writing() as session:
        roles.change(session, database.now(), SHELL, "of-root", permissions=["metrics"])
    everyone(database, ann=("admin",))
    with database.writing() as session:
        roles.change(session, database.now(), SHELL, "of-root", permissions=["metrics"])


def test_of_two_last_administrators_who_lose_admin_at_once_one_stays(database):
    everyone(database, root=("admin", "metrics"), ann=("admin", "metrics"))
    both = threading.Barrier(2)
    ended: list[str] = []

    def lose(role: str) -> None:
        both.wait()
        try:
            with database.writing() as session:
                roles.change(session, database.now(), SHELL, role, permissions=["metrics"])
            ended.append("done")
        except LastAdministrator:
            ended.append("refused")

    threads = [threading.Thread(target=lose, args=(f"of-{name}",)) for name in ("root", "ann")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["done", "refused"]


def test_before_there_is_an_administrator_roles_can_be_edited(database):
    with database.writing() as session:
        roles.ensure(session, database.now(), "shell:root")
        roles.change(session, database.now(), SHELL, "administrator", permissions=["metrics"])


def test_nobody_gives_themselves_what_is_restricted_by_editing_their_role(database):
    everyone(database, root=("admin", "metrics"), ann=("admin",))
    key = key_of(database, "laptop", "person:root", "admin")
    with database.writing() as session:
        root, ann = person(session, "root"), person(session, "ann")
        for by in (root, key):
            assert roles.needs_two(session, by, "of-root", ["admin", "media"])
            with pytest.raises(KeyRefused, match="takes two people"):
                roles.change(session, database.now(), by, "of-root", permissions=["admin", "media"])
        assert not roles.needs_two(session, root, "of-root", ["admin", "cases"])
        assert not roles.needs_two(session, root, "of-ann", ["admin", "media"])
        assert not roles.needs_two(session, ann, "of-root", ["admin", "media"])
        roles.change(
            session, database.now(), root, "of-root", permissions=["admin", "media"], agreed=True
        )

"""Acts that take two people."""

from __future__ import annotations

from datetime import timedelta

import pytest

from people.standing import SHELL, everyone, key_of, person
from tutela.audit.service import entries
from tutela.errors import TutelaError
from tutela.events.service import BUS, Bus
from tutela.people import accounts, approvals, keys, roles
from tutela.people.approvals import AloneSettled, AskedAlone, Reviewed, ReviewOverdue
from tutela.people.errors import ApprovalRefused, KeyRefused, NotPermitted
from tutela.people.options import Options
from tutela.people.permissions import Caller, Permission
from tutela.storage import Database

NEEDS = Permission.BANKS_WRITE
ACT = ("bank.change", "bank:roads", {"purpose": "test"})


@pytest.fixture
def two(database) -> tuple[Caller, Caller]:
    return tuple(key_of(database, name, "shell:root", NEEDS) for name in ("ann", "bob"))


def ask(database: Database, caller: Caller, *, later: timedelta = timedelta(), **more):
    """The request, and whether it is to be done now."""
    with database.writing() as session:
        return approvals.requested(session, database.now() + later, caller, NEEDS, *ACT, **more)


def give(database: Database, caller: Caller, number: int, *, later: timedelta = timedelta()):
    with database.writing() as session:
        return approvals.approve(session, database.now() + later, caller, number)


def acts(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(one.actor, one.action) for one in entries(session) if one.action[:8] == "approval"]


def heard(database: Database) -> list[object]:
    """What is told from now on."""
    told: list[object] = []
    bus = database.info[BUS] = Bus()
    for kind in (AskedAlone, AloneSettled, ReviewOverdue, Reviewed):
        bus.on(kind, lambda _, event: told.append(event))
    return told


def test_one_asks_another_approves_and_it_is_done_once(database, two):
    ann, bob = two
    request, done = ask(database, ann)
    assert not done and ask(database, ann)[0].id == request.id
    with pytest.raises(KeyRefused, match="asked for this itself"):
        give(database, ann, request.id)
    give(database, bob, request.id)
    with database.writing() as session:
        other = {"purpose": "x"}
        assert not approvals.requested(
            session, database.now(), ann, NEEDS, *ACT[:2], other
        )[1], "what was approved is this act alone"  # fmt: skip
    assert not ask(database, bob)[1], "and it is ann's"
    assert ask(database, ann)[1]
    assert not ask(database, ann)[1], "once"
    assert acts(database)[:2] == [("key:ann", "approval.ask"), ("key:bob", "approval.give")]


def test_what_was_not_done_can_still_be_done(database, two):
    ann, bob = two
    give(database, bob, ask(database, ann)[0].id)
    with pytest.raises(RuntimeError), database.writing() as session:
        assert approvals.requested(session, database.now(), ann, NEEDS, *ACT)[1]
        raise RuntimeError
    assert ask(database, ann)[1]


def test_a_request_stands_for_a_day(database, two):
    ann, bob = two
    request, _ = ask(database, ann)
    later = timedelta(days=1, seconds=1)
    with database.reading() as session:
        (waits,) = approvals.waiting(session, database.now())
        assert waits.asked_by == "key:ann"
        assert not approvals.waiting(session, database.now() + later)
    with pytest.raises(TutelaError, match="No request"):
        give(database, bob, request.id, later=later)
    give(database, bob, request.id)
    assert not ask(database, ann, later=later)[1], "nor does an approval stand longer"


def test_who_lacks_the_permission_neither_asks_nor_approves(database, two):
    stranger = key_of(database, "eve", "shell:root", "banks:read", "admin")
    with pytest.raises(NotPermitted, match="banks:write"):
        ask(database, stranger)
    number = ask(database, two[0])[0].id
    for decide in (approvals.approve, approvals.refuse):
        with pytest.raises(NotPermitted), database.writing() as session:
            decide(session, database.now(), stranger, number)


def test_the_shell_is_nobody_in_particular(database, two):
    with pytest.raises(KeyRefused, match="each with a key"):
        ask(database, SHELL)
    with pytest.raises(KeyRefused, match="Who approves"):
        give(database, SHELL, ask(database, two[0])[0].id)


def test_two_keys_of_one_person_are_not_two_people(database):
    ann = everyone(database, ann=(NEEDS,))["ann"]
    first, second = (key_of(database, name, "person:ann", NEEDS) for name in ("one", "two"))
    for asker, approver in ((first, second), (second, ann), (ann, first)):
        number = ask(database, asker)[0].id
        with pytest.raises(KeyRefused, match="itself"):
            give(database, approver, number)
    assert ask(database, first)[0].id == ask(database, ann)[0].id, "but they ask for one thing"


def test_the_approval_of_a_key_that_was_revoked_does_not_count(database, two):
    ann, bob = two
    number = ask(database, ann)[0].id
    give(database, bob, number)
    with database.writing() as session:
        keys.revoke(session, database.now(), "shell:ann", "bob")
    request, done = ask(database, ann)
    assert (request.id, done) == (number, False)
    with pytest.raises(KeyRefused, match="can do nothing"):
        give(database, bob, number)


@pytest.mark.parametrize("how", ["disabled", "without the role", "role edited"])
def test_the_approval_of_a_person_who_may_no_longer_does_not_count(database, two, how):
    eve = everyone(database, eve=(NEEDS, "metrics"), root=("admin",))["eve"]
    give(database, eve, ask(database, two[0])[0].id)
    with database.writing() as session:
        now, root = database.now(), person(session, "root")
        if how == "disabled":
            accounts.disable(session, now, root, "eve")
        elif how == "without the role":
            accounts.set_roles(session, now, root, "eve", [])
        else:
            roles.change(session, now, root, "of-eve", permissions=["metrics"])
    assert not ask(database, two[0])[1]
    give(database, two[1], 1)
    assert ask(database, two[0])[1], "another may approve it instead"


def test_who_asked_and_may_no_longer_does_not_get_it_done(database, two):
    eve = everyone(database, eve=(NEEDS,), root=("admin",))["eve"]
    give(database, two[0], ask(database, eve)[0].id)
    with database.writing() as session:
        accounts.set_roles(session, database.now(), person(session, "root"), "eve", [])
    with pytest.raises(NotPermitted):
        ask(database, eve)


def test_what_was_refused_cannot_be_asked_for_again_that_day(database, two):
    ann, bob = two
    number = ask(database, ann)[0].id
    give(database, bob, number)
    with database.writing() as session:
        approvals.refuse(session, database.now(), bob, number)
    with pytest.raises(ApprovalRefused, match=f"request {number}"):
        ask(database, ann)
    with pytest.raises(TutelaError, match="No request"):
        give(database, bob, number)
    assert ask(database, ann, later=timedelta(days=1, seconds=1))[0].id != number
    assert acts(database)[2] == ("key:bob", "approval.refuse")


def test_who_asked_can_take_it_back_and_ask_anew(database, two):
    number = ask(database, two[0])[0].id
    with database.writing() as session:
        approvals.refuse(session, database.now(), two[0], number)
    assert ask(database, two[0], later=timedelta(seconds=1))[0].id != number
    assert acts(database)[1] == ("key:ann", "approval.withdraw")


def test_lists_show_what_one_may_approve_or_asked_for(database, two):
    stranger = key_of(database, "eve", "shell:root", "media")
    mine = ask(database, two[0])[0].id
    with database.writing() as session:
        theirs, _ = approvals.requested(
            session, database.now(), stranger, Permission.MEDIA, "a.b", "c", {}
        )
        now = database.now()
        for caller, seen in ((two[0], [mine]), (two[1], [mine]), (stranger, [theirs.id]),
                             (None, [mine, theirs.id])):  # fmt: skip
            found = approvals.waiting(session, now, caller=caller)
            assert [one.id for one in found] == seen
        assert [one.id for one in approvals.waiting(session, now, mine, 1)] == [theirs.id]


def test_danger_does_not_wait_but_is_reviewed_afterwards(database, two):
    ann, bob = two
    with pytest.raises(TutelaError, match="needs a reason"):
        ask(database, ann, danger=True)
    done, now = ask(database, ann, danger=True, why="A storm is coming.")
    assert now and done.used_at is not None
    told = heard(database)
    with database.writing() as session:
        assert not approvals.waiting(session, database.now())
        assert [one.id for one in approvals.to_review(session, caller=bob)] == [done.id]
        assert approvals.tell_overdue(session, database.now()) == 0
        assert approvals.tell_overdue(session, database.now() + timedelta(days=1, seconds=1)) == 1
    assert [type(one) for one in told] == [ReviewOverdue]
    for wrong, said in ((ann, "itself"), (SHELL, "Who approves")):
        with pytest.raises(KeyRefused, match=said), database.writing() as session:
            approvals.review(session, database.now(), wrong, done.id)
    with database.writing() as session:
        approvals.review(session, database.now(), bob, done.id, agreed=False)
        assert not approvals.to_review(session)
    assert told[1:] == [Reviewed(done.id, told[1].at)]
    with pytest.raises(TutelaError, match="waits for a review"), database.writing() as session:
        approvals.review(session, database.now(), bob, done.id)
    assert acts(database) == [("key:ann", "approval.danger"), ("key:bob", "approval.review")]


def test_nobody_approves_what_was_done_already(database, two):
    done, _ = ask(database, two[0], danger=True, why="A storm is coming.")
    with pytest.raises(TutelaError, match="No request"):
        give(database, two[1], done.id)
    waits = ask(database, two[0])[0].id
    with pytest.raises(TutelaError, match="waits for a review"), database.writing() as session:
        approvals.review(session, database.now(), two[1], waits)


@pytest.mark.parametrize("why", ["x" * 1001, "a\0b"])
def test_a_reason_that_cannot_be_recorded_is_refused(database, two, why):
    with pytest.raises(TutelaError, match="cannot be recorded"):
        ask(database, two[0], danger=True, why=why)


@pytest.fixture
def alone(database) -> Database:
    database.info[approvals.IN_SESSION] = Options(alone="delay", alone_hours=2)
    return database


def test_one_person_alone_gives_a_reason_and_waits(alone, two):
    ann = two[0]
    told = heard(alone)
    with pytest.raises(TutelaError, match="needs a reason"):
        ask(alone, ann)
    request, done = ask(alone, ann, why="Nobody else is here.")
    assert not done and request.mode == "alone"
    assert [type(one) for one in told] == [AskedAlone]
    assert told[0].usable_at == request.usable_at
    assert not ask(alone, ann, later=timedelta(hours=1, minutes=59))[1]
    assert not ask(alone, ann, later=timedelta(hours=27), why="Again.")[1], "it lapsed by then"
    assert ask(alone, ann, later=timedelta(hours=2, seconds=1))[1]
    assert [type(one) for one in told] == [AskedAlone, AskedAlone, AloneSettled]
    assert acts(alone)[-1] == ("key:ann", "approval.alone")


def test_someone_else_can_still_agree_or_refuse_what_one_asks_alone(alone, two):
    ann, bob = two
    told = heard(alone)
    give(alone, bob, ask(alone, ann, why="Nobody else is here.")[0].id)
    assert ask(alone, ann)[1]
    number = ask(alone, ann, why="Once more.")[0].id
    with alone.writing() as session:
        approvals.refuse(session, alone.now(), bob, number)
    assert [type(one) for one in told] == [AskedAlone, AloneSettled] * 2
    with pytest.raises(ApprovalRefused):
        ask(alone, ann, later=timedelta(hours=3))


def test_what_was_asked_alone_needs_another_once_there_are_more(alone, two):
    ask(alone, two[0], why="Nobody else is here.")
    alone.info[approvals.IN_SESSION] = Options()
    assert not ask(alone, two[0], later=timedelta(hours=3))[1]


def test_who_is_alone_reviews_their_own_act_of_danger_after_the_delay(alone, two):
    done, _ = ask(alone, two[0], danger=True, why="A storm is coming.")
    with pytest.raises(KeyRefused, match="itself"), alone.writing() as session:
        approvals.review(session, alone.now(), two[0], done.id)
    with alone.writing() as session:
        approvals.review(session, alone.now() + timedelta(hours=2, seconds=1), two[0], done.id)


def test_a_reviewer_from_outside_approves_whatever_takes_two(database, two):
    trustee = everyone(database, trustee=("metrics",), root=("admin",))["trustee"]
    number = ask(database, two[0])[0].id
    with pytest.raises(NotPermitted):
        give(database, trustee, number)
    database.info[approvals.IN_SESSION] = Options(alone="reviewer", outside_reviewer="trustee")
    with database.reading() as session:
        assert [one.id for one in approvals.waiting(session, database.now(), caller=trustee)]
    give(database, trustee, number)
    assert ask(database, two[0])[1]
    give(database, trustee, ask(database, two[0])[0].id)
    with database.writing() as session:
        accounts.disable(session, database.now(), person(session, "root"), "trustee")
    assert not ask(database, two[0])[1], "one who was shut out approved nothing"

"""Who needs to know of which queue and case."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from people.standing import SHELL, everyone, key_of
from tutela.audit.service import entries
from tutela.cases import service as cases
from tutela.cases.errors import NoSuchCase
from tutela.cases.models import Case
from tutela.errors import TutelaError
from tutela.people import knowing
from tutela.people.permissions import Caller
from tutela.storage import Database

IDS = {name: f"case_{name}" for name in ("rain", "snow", "hail")}


@pytest.fixture
def house(database) -> dict[str, Caller]:
    """Rain and snow are in the queue `sky`, hail is in `hard`."""
    people = everyone(database, ann=("cases",), bob=("cases",))
    people["key"] = key_of(database, "anns", "person:ann", "cases")
    with database.writing() as session:
        for name, queue in (("rain", "sky"), ("snow", "sky"), ("hail", "hard")):
            session.add(
                Case(id=IDS[name], subject_kind="item", subject=name, queue=queue, test=False,
                     opened_at=database.now(), closed_at=None, closed_why=None)
            )  # fmt: skip
    return people


def say(database: Database, kind: str, subject: str, actor: str, allowed: bool = True) -> None:
    with database.writing() as session:
        knowing.name(session, database.now(), SHELL, kind, subject, actor, allowed)


def seen(database: Database, caller: Caller) -> set[str]:
    with database.reading() as session:
        listed = {one.case.subject for one in cases.listed(session, caller)}
        for name, number in IDS.items():
            if name in listed:
                assert cases.summary(session, caller, number).case.subject == name
            else:
                with pytest.raises(NoSuchCase):
                    cases.summary(session, caller, number)
                with pytest.raises(NoSuchCase):
                    cases.listed(session, caller, number)
        assert listed == set(
            session.scalars(
                select(Case.subject).where(knowing.visible(caller, Case.queue, Case.id))
            )
        )
    return listed


ALL = {"rain", "snow", "hail"}


def test_where_nothing_is_said_all_who_see_cases_see_each(database, house):
    assert seen(database, house["ann"]) == ALL


def test_a_queue_with_people_named_is_seen_by_these_alone(database, house):
    say(database, "queue", "sky", "person:ann")
    assert seen(database, house["ann"]) == ALL
    assert seen(database, house["bob"]) == {"hail"}


def test_a_case_with_people_named_is_seen_by_these_alone_and_so_by_these_also(database, house):
    say(database, "queue", "sky", "person:ann")
    say(database, "case", IDS["rain"], "person:bob")
    assert seen(database, house["ann"]) == {"snow", "hail"}
    assert seen(database, house["bob"]) == {"rain", "hail"}


def test_who_is_walled_off_never_sees_it_though_named(database, house):
    say(database, "case", IDS["rain"], "person:ann")
    say(database, "queue", "sky", "person:ann", allowed=False)
    assert seen(database, house["ann"]) == {"hail"}
    say(database, "case", IDS["hail"], "person:bob", allowed=False)
    assert seen(database, house["bob"]) == {"snow"}


def test_what_is_said_of_a_person_holds_for_their_keys(database, house):
    say(database, "queue", "sky", "person:ann", allowed=False)
    assert seen(database, house["key"]) == {"hail"}
    say(database, "queue", "hard", "person:ann")
    assert seen(database, house["key"]) == {"hail"}
    assert seen(database, house["bob"]) == {"rain", "snow"}


def test_what_is_said_of_a_key_holds_for_it_alone(database, house):
    say(database, "queue", "sky", "key:anns", allowed=False)
    assert seen(database, house["key"]) == {"hail"}
    assert seen(database, house["ann"]) == ALL


def test_the_service_s_own_user_has_the_files_and_sees_all(database, house):
    say(database, "queue", "sky", "person:ann")
    assert seen(database, SHELL) == ALL


def test_what_was_said_can_be_taken_back_and_all_is_logged(database, house):
    say(database, "queue", "sky", "person:ann")
    say(database, "queue", "sky", "person:ann", allowed=False)
    with database.writing() as session:
        (one,) = knowing.listed(session, kind="queue", subject="sky")
        assert (one.actor, one.allowed) == ("person:ann", False)
        knowing.forget(session, database.now(), SHELL, "queue", "sky", "person:ann")
        with pytest.raises(TutelaError, match="Nothing is said"):
            knowing.forget(session, database.now(), SHELL, "queue", "sky", "person:ann")
    assert seen(database, house["ann"]) == ALL
    with database.reading() as session:
        acts = [one.action for one in entries(session) if one.subject == "queue:sky"]
    assert acts == ["need.name", "need.wall", "need.forget"]


@pytest.mark.parametrize(
    ("kind", "subject", "actor"),
    [
        ("shelf", "sky", "person:ann"),
        ("queue", "s k y", "person:ann"),
        ("queue", "", "person:ann"),
        ("queue", "sky", "person:nobody"),
        ("queue", "sky", "shell:root"),
        ("queue", "sky", "ann"),
    ],
)
def test_what_cannot_be_said_is_refused(database, house, kind, subject, actor):
    with pytest.raises(TutelaError):
        say(database, kind, subject, actor)

"""`tutela person`, `role`, `access` and `know`, and commands that act as a key."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from installation import Installation

from tutela import settings
from tutela.app import App
from tutela.people import accounts, callers, keys, links


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> Path:
    made = Installation(tmp_path_factory.mktemp("people"))
    made.ok("init")
    return made.folder


@pytest.fixture
def here(fresh, tmp_path) -> Installation:
    shutil.copytree(fresh, tmp_path / "own")
    return Installation(tmp_path / "own")


@pytest.fixture
def ops(here) -> str:
    """A key that administers."""
    return here.key("ops", "admin")


def key_of(here: Installation, person: str, name: str, *scopes: str) -> str:
    """The secret of a key that someone made in the console, who can sign in."""
    with App.open(settings.load(here.environment())) as app, app.database.writing() as session:
        now = app.database.now()
        one = accounts.named(session, person)
        one.password = "set"
        links.void(session, now, one.id)
        maker = callers.current(session, callers.PERSON + person)
        assert maker is not None
        return keys.create(session, now, maker, name, scopes)[1]


def test_a_person_is_invited_shown_listed_and_shut_out(here, ops):
    ran = here.run("person", "invite", "ann", "--shown-as", "Ann [red]", "--role", "reviewer")
    assert re.fullmatch(r"http://localhost:8377/console/welcome/[\w-]{43}\n", ran.stdout)
    (made,) = here.records("person", "invite", "ben")
    assert made["person"] == "ben" and "/console/welcome/" in made["link"]
    first, second = here.records("person", "list")
    assert (first["person"], first["roles"], first["state"]) == ("ann", ["reviewer"], "invited")
    assert (second["person"], second["roles"]) == ("ben", [])
    assert "Ann [red]" in here.ok("person", "list")
    assert [p["person"] for p in here.records("person", "list", "--containing", "RED")] == ["ann"]
    assert [p["person"] for p in here.records("person", "list", "--after", "ann")] == ["ben"]
    assert "--after ann" in here.ok("person", "list", "--limit", "1")
    (shown,) = here.records("person", "show", "ann")
    assert shown["permissions"] == ["banks:read", "cases", "grade", "match:detail"]
    key_of(here, "ann", "anns", "cases")
    (done,) = here.records("person", "disable", "ann", TUTELA_KEY=ops)
    assert done == {"person": "ann", "state": "disabled", "keys": ["anns"]}
    assert here.records("person", "show", "ann")[0]["keys"] == ["anns"]
    assert here.records("person", "enable", "ann") == [{"person": "ann", "state": "on"}]
    assert "Run: tutela person list" in here.refused("person", "show", "nobody")
    assert "no role" in here.refused("person", "invite", "eve", "--role", "king")
    acts = [(e["actor"], e["action"]) for e in here.records("audit", "show")]
    assert ("key:ops", "person.disable") in acts


def test_an_account_is_recovered_by_another_with_a_link(here, ops):
    here.ok("person", "invite", "ann", "--role", "administrator")
    own = key_of(here, "ann", "anns", "admin")
    assert "own account" in here.refused("person", "recover", "ann", TUTELA_KEY=own)
    assert "/console/welcome/" in here.ok("person", "recover", "ann")
    assert here.records("person", "show", "ann")[0]["state"] == "recovering"


def test_roles_are_made_changed_given_and_deleted(here, ops):
    (made,) = here.records(
        "role", "set", "trainee", "--permission", "cases", "--note", "Looks on.", TUTELA_KEY=ops
    )
    assert made == {"role": "trainee", "permissions": ["cases"], "note": "Looks on.", "people": 0}
    assert "changed" in here.ok("role", "set", "trainee", "--permission", "grade")
    (shown,) = here.records("role", "show", "trainee")
    assert (shown["permissions"], shown["note"]) == (["grade"], "Looks on.")
    assert "grade media" in here.ok("role", "show", "trainee")
    here.ok("person", "invite", "ann")
    assert here.records("person", "roles", "ann", "--role", "trainee", TUTELA_KEY=ops) == [
        {"person": "ann", "roles": ["trainee"]}
    ]
    assert "people have the role" in here.refused("role", "delete", "trainee")
    here.ok("person", "roles", "ann")
    assert here.records("role", "delete", "trainee") == [{"role": "trainee", "deleted": True}]
    assert "trainee" not in [r["role"] for r in here.records("role", "list")]
    assert "is not a permission" in here.refused("role", "set", "x", "--permission", "all")


def test_nobody_gives_themselves_what_is_restricted_alone(here):
    for name in ("ann", "ben"):
        here.ok("person", "invite", name, "--role", "administrator")
    ann, ben = (key_of(here, n, f"{n}s", "admin") for n in ("ann", "ben"))
    roles = ("person", "roles", "ann", "--role", "administrator", "--role", "senior-reviewer")
    assert "approval 1" in here.refused(*roles, TUTELA_KEY=ann)
    assert "asked for this itself" in here.refused("approve", "1", TUTELA_KEY=ann)
    here.ok("approve", "1", TUTELA_KEY=ben)
    here.ok(*roles, TUTELA_KEY=ann)
    role = ("role", "set", "administrator", "--permission", "admin", "--permission", "audit")
    assert "approval 2" in here.refused(*role, TUTELA_KEY=ann)
    assert here.records("approve", "2", "--refuse", TUTELA_KEY=ben) == [
        {"request": 2, "refused": True}
    ]
    assert "Someone else refused" in here.refused(*role, TUTELA_KEY=ann)
    here.ok(*role), "who has the files does it"
    assert here.records("person", "show", "ben")[0]["permissions"] == ["admin", "audit"]
    assert "nobody could administer" in here.refused(
        "role", "set", "administrator", "--permission", "cases"
    )


def test_a_command_acts_as_the_key_and_needs_its_permission(here, ops, tmp_path):
    clerk = here.key("clerk", "banks:read")
    refused = here.refused("bank", "create", "rain", "--purpose", "test", TUTELA_KEY=clerk)
    assert "key:clerk lacks the permission banks:write" in refused
    assert here.refused("bank", "change", "nowhere", TUTELA_KEY=clerk) != here.refused(
        "bank", "change", "nowhere"
    ), "who may not is told nothing else"
    here.ok("bank", "list", TUTELA_KEY=clerk)
    assert "not valid" in here.refused("bank", "list", TUTELA_KEY="tut_guessed")
    last = [e for e in here.records("audit", "show") if e["action"] == "access.refuse"]
    assert [(e["actor"], e["subject"], json.loads(e["facts"])) for e in last][:2] == [
        ("key:clerk", "tutela bank create", {"permission": "banks:write"}),
        ("key:clerk", "tutela bank change", {"permission": "banks:write"}),
    ]
    assert "may not" in here.refused("key", "create", "more", "--scope", "media", TUTELA_KEY=ops)
    here.ok("key", "create", "forum", "--scope", "screen", TUTELA_KEY=ops)
    (forum,) = [k for k in here.records("key", "list") if k["key"] == "forum"]
    assert forum["made_by"] == "key:ops"
    (tmp_path / "empty").write_text("")
    assert "is empty" in here.refused("approve", "1", "--key-file", tmp_path / "empty")


def test_a_policy_that_is_applied_with_a_key_takes_two_people(here):
    here.ok("init", "--preset", "small-forum", "--country", "DE")
    policy = here.data / "policy.yaml"
    policy.write_text(policy.read_text() + "\n# read\n")
    ann, ben = here.key("ann", "policy"), here.key("ben", "policy")
    assert "approval 1" in here.refused("policy", "apply", policy, TUTELA_KEY=ann)
    here.ok("approve", "1", TUTELA_KEY=ben)
    here.ok("policy", "apply", policy, TUTELA_KEY=ann)
    assert here.records("policy", "history")[-1]["applied_by"] == "key:ann"
    policy.write_text(policy.read_text() + "\n# read again\n")
    here.ok("policy", "apply", policy), "who has the files applies it alone"


def test_danger_is_acted_on_and_reviewed(here):
    ann, ben = here.key("ann"), here.key("ben")
    here.ok("bank", "create", "rain", "--purpose", "test")
    change = ("bank", "change", "rain", "--purpose", "known-csea", "--danger")
    assert "needs a reason" in here.refused(*change, TUTELA_KEY=ann)
    here.ok(*change, "--why", "A storm is coming.", TUTELA_KEY=ann)
    assert here.records("bank", "show", "rain")[0]["purpose"] == "known-csea"
    (waits,) = here.records("approve", "--review", TUTELA_KEY=ben)
    assert (waits["request"], waits["why"]) == (1, "A storm is coming.")
    assert here.records("approve") == []
    assert here.records("approve", "1", "--review", "--refuse", TUTELA_KEY=ben) == [
        {"request": 1, "reviewed": True, "agreed": False}
    ]
    assert here.records("approve", "--review") == []


def test_one_person_alone_waits_and_an_alarm_sounds(here):
    ann = here.key("ann")
    env = {"TUTELA_KEY": ann, "TUTELA_PEOPLE__ALONE": "delay", "TUTELA_PEOPLE__ALONE_HOURS": "1"}
    here.ok("bank", "create", "rain", "--purpose", "test")
    change = ("bank", "change", "rain", "--may-seed")
    assert "needs a reason" in here.refused(*change, **env)
    ran = here.run(*change, "--why", "Nobody else is here.", **env)  # an alarm is said there, too
    assert ran.returncode == 1 and re.search(r"do it alone from 20[\d: -]+ UTC on", ran.stderr)
    assert "approval.alone" in here.ok("alarm", "list")
    assert here.records("approve")[0]["usable_at"]


def test_it_is_explained_why_someone_may_or_may_not(here, ops):
    here.ok("person", "invite", "ann", "--role", "reviewer")
    here.ok("know", "name", "case", "case_x", "person:ann", "--wall")
    (found,) = here.records("access", "explain", "person:ann", "cases")
    assert found["may"] and found["through"] == ["role reviewer"]
    ran = here.run("access", "explain", "person:ann", "media", TUTELA_KEY=ops)
    assert ran.returncode == 1 and "senior-reviewer" in ran.stdout
    assert "walled off from the case case_x" in ran.stdout
    assert "is not a permission" in here.refused("access", "explain", "person:ann", "all")
    assert here.run("access", "explain", "<b>", "media").returncode == 1


def test_who_needs_to_know_is_said_listed_and_forgotten(here):
    here.ok("person", "invite", "ann")
    (said,) = here.records("know", "name", "queue", "school", "person:ann")
    assert said == {
        "number": 1, "kind": "queue", "subject": "school", "actor": "person:ann", "named": True,
    }  # fmt: skip
    assert "never sees" in here.ok("know", "name", "queue", "school", "person:ann", "--wall")
    (said,) = here.records("know", "list", "--kind", "queue", "--actor", "person:ann")
    assert not said["named"]
    assert here.records("know", "list", "--subject", "other") == []
    assert "walled off" in here.ok("know", "list")
    assert here.records("know", "forget", "queue", "school", "person:ann")[0]["forgotten"]
    assert "Nothing is said" in here.refused("know", "forget", "queue", "school", "person:ann")
    assert "neither a queue" in here.refused("know", "name", "shelf", "x", "person:ann")

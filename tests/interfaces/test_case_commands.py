"""`tutela case`, `tutela queue` and `tutela appeal`."""

from __future__ import annotations

from pathlib import Path

import pytest
from decisions.world import add
from installation import Installation

from tutela import settings
from tutela.app import App
from tutela.cases import alerts
from tutela.cases.alerts import Received
from tutela.decisions import appeals
from tutela.screening.models import Decided, Item


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    made = Installation(tmp_path)
    made.ok("init")
    return made


def reported(here: Installation, account: str, **more) -> str:
    with App.open(settings.load(here.environment())) as app, app.database.writing() as session:
        return alerts.report(
            session, app.database.now(), Received("account", account, **more)
        ).case_id


def test_queues_are_set_listed_and_removed_and_take_what_their_rules_say(here):
    rule = '{"codes": ["C1"]}'
    (made,) = here.records(
        "queue", "set", "calls", "--rule", rule, "--position", "2", "--hide", "skip",
        "--two-for", "worst",
    )  # fmt: skip
    assert made == {
        "queue": "calls", "position": 2, "rule": rule, "note": "", "hidden": ["skip"],
        "two_for": ["release", "worst"],
    }  # fmt: skip
    told = here.ok("queue", "set", "calls", "--no-two-for", "release", "--no-hide", "skip")
    assert "Two people: worst." in told and "One person alone now releases" in told
    (made,) = here.records("queue", "set", "calls", "--two-for", "report", "--note", "hard")
    assert made == {
        "queue": "calls", "position": 2, "rule": rule, "note": "hard", "hidden": [],
        "two_for": ["report", "worst"],
    }  # fmt: skip
    here.refused("queue", "set", "calls", "--no-two-for", "fly")
    names = [one["queue"] for one in here.records("queue", "list")]
    assert names == ["calls", "general", "escalated"] and "calls" in here.ok("queue", "list")
    case = reported(here, "rider [red]", code="C1")
    (told,) = here.records("case", "list", "--queue", "calls")
    assert (told["case"], told["subject"], told["queue"]) == (case, "rider [red]", "calls")
    assert "rider [red]" in here.ok("case", "list")
    assert here.run("queue", "remove", "calls").returncode == 1
    here.ok("case", "move", case, "escalated", "--why", "hard")
    (shown,) = here.records("case", "show", case)
    assert [one["what"] for one in shown["steps"]] == ["moved"]
    assert "moved hard" in here.ok("case", "show", case)
    here.ok("queue", "remove", "calls")
    assert here.records("case", "list", "--queue", "calls") == []


def matched(here: Installation, account: str, data: str = "") -> tuple[str, str]:
    """An item that a partner's bank has exactly, and its case."""
    with App.open(settings.load(here.environment())) as app:
        item = add(app.database, app.database.now(), account, data=data)
        with app.database.reading() as session:
            return item, str(session.get_one(Decided, item).case_id)


def test_a_case_is_decided_by_command_and_taken_with_it(here):
    case = reported(here, "rider")
    (told,) = here.records("case", "decide", case, "--conclusion", "escalated", "--reason", "Hard.")
    assert (told["case"], told["item"], told["conclusion"]) == (case, None, "escalated")
    (shown,) = here.records("case", "show", case)
    assert shown["locked_by"].startswith("shell:")


def test_to_conclude_a_case_says_what_of_it_stays_undecided(here):
    """And that grades are of items."""
    item, case = matched(here, "rider")
    words = ("case", "decide", case, "--conclusion", "escalated", "--reason", "Hard.")
    assert "Grades are of items" in here.refused(*words, "--grade", "made=drawn")
    told = here.ok(*words)
    assert "Only the case is concluded. 1 of its items stay undecided" in told and item in told
    assert f"tutela case show {case}" in told


def test_a_case_lists_its_items_by_both_names_and_they_are_decided_by_either(here):
    item, case = matched(here, "rider")
    with App.open(settings.load(here.environment())) as app, app.database.writing() as session:
        session.get_one(Item, item).external_id = "post [7]"
    assert "post [7]" in here.ok("case", "show", case)
    (one,) = here.records(
        "case", "decide", case, "post [7]", "--conclusion", "confirmed", "--reason", "So it is."
    )
    (shown,) = here.records("case", "show", case)
    assert [(one["item"], one["external_id"], one["conclusion"]) for one in shown["items"]] == [
        (item, "post [7]", "confirmed")
    ]
    assert shown["items"][0]["decision"] == one["decision"]
    assert [one["authority"] for one in shown["drafted"]] == ["ncmec"]
    (shown,) = here.records("case", "show", case, "--after", item)
    assert shown["items"] == []


def test_an_item_is_decided_with_its_grade_and_copies_unless_said_otherwise(here):
    (first, case), (other, _) = (matched(here, name, "bicycle") for name in ("rider", "walker"))
    words = ("case", "decide", case, first, "--conclusion", "confirmed", "--reason", "So it is.")
    assert "made" in here.refused(*words, "--grade", "colour=red", code=2)
    (one,) = here.records(*words, "--only", "--grade", "made=drawn")
    assert (one["item"], one["viewed"]) == (first, False) and one["undo_until"]
    assert "already" in here.refused(*words)
    _, again = matched(here, "rider", "bicycle")
    third, fourth = (matched(here, name, "rain")[0] for name in ("rider", "walker"))
    told = here.ok("case", "decide", again, third, "--conclusion", "confirmed", "--reason", "So.")
    assert third in told and fourth in told and other not in told


def test_what_takes_two_people_is_asked_for_and_done_when_another_agreed(here):
    item, case = matched(here, "rider")
    ann, bob = (here.key(name, "cases", "release") for name in ("ann", "bob"))
    words = ("case", "decide", case, item, "--conclusion", "no-match", "--reason", "A bicycle.")
    assert "approval 1" in here.refused(*words, TUTELA_KEY=ann)
    here.ok("approve", "1", TUTELA_KEY=bob)
    assert f"{item}, no-match" in here.ok(*words, TUTELA_KEY=ann)


def test_appeals_are_listed_and_decided_by_someone_else(here):
    item, case = matched(here, "rider")
    ann, bob = (here.key(name, "cases", "release") for name in ("ann", "bob"))
    here.ok("case", "decide", case, item, "--conclusion", "confirmed", "--reason", "So it is.",
            TUTELA_KEY=ann)  # fmt: skip
    with App.open(settings.load(here.environment())) as app, app.database.writing() as session:
        made = appeals.hand_in(session, app.database.now(), item, "Mine [red]", "rider").id
    (told,) = here.records("appeal", "list", TUTELA_KEY=bob)
    assert (told["appeal"], told["case"], told["text"]) == (made, case, "Mine [red]")
    assert "Mine [red]" in here.ok("appeal", "list")
    words = ("appeal", "decide", made, "--outcome", "upheld", "--why", "Seen.")
    assert "someone else" in here.refused(*words, TUTELA_KEY=ann)
    (ended,) = here.records(*words, TUTELA_KEY=bob)
    assert (ended["outcome"], ended["decided_by"]) == ("upheld", "key:bob")
    assert here.records("appeal", "list") == []
    assert [one["appeal"] for one in here.records("appeal", "list", "--all")] == [made]


@pytest.mark.parametrize(
    "words",
    [
        ("queue", "set", "calls", "--rule", "["), ("queue", "set", "No"),
        ("queue", "set", "x", "--hide", "fly"), ("queue", "remove", "nowhere"),
        ("case", "show", "case_none"), ("case", "move", "case_none", "general", "--why", "x"),
        ("case", "list", "--after", "case_none"),
        ("case", "decide", "case_none", "--conclusion", "escalated", "--reason", "x"),
        ("appeal", "list", "--after", "apl_none"),
        ("appeal", "decide", "apl_none", "--outcome", "upheld", "--why", "x"),
        ("appeal", "decide", "apl_none", "--outcome", "perhaps", "--why", "x"),
    ],
)  # fmt: skip
def test_what_is_not_there_or_cannot_be_is_refused(here, words):
    ran = here.run(*words)
    assert ran.returncode == 1 and ran.stderr.startswith("tutela: ")

"""`tutela case` and `tutela queue`."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_bank_commands import Installation

from tutela import settings
from tutela.app import App
from tutela.cases import alerts
from tutela.cases.alerts import Received


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
        "two_for": ["worst"],
    }  # fmt: skip
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


@pytest.mark.parametrize(
    "words",
    [
        ("queue", "set", "calls", "--rule", "["), ("queue", "set", "No"),
        ("queue", "set", "x", "--hide", "fly"), ("queue", "remove", "nowhere"),
        ("case", "show", "case_none"), ("case", "move", "case_none", "general", "--why", "x"),
        ("case", "list", "--after", "case_none"),
    ],
)  # fmt: skip
def test_what_is_not_there_or_cannot_be_is_refused(here, words):
    ran = here.run(*words)
    assert ran.returncode == 1 and ran.stderr.startswith("tutela: ")

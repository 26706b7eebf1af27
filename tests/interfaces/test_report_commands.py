"""`tutela report …`, on an installation of its own; what is sent is taken by the test server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from installation import Installation, lines
from test_case_commands import matched

from tutela import evidence, settings
from tutela.app import App
from tutela.cases import alerts
from tutela.cases.alerts import Received
from tutela.evidence.sealing import Sealed
from tutela.interfaces.cli import reports
from tutela.people import callers
from tutela.reporting import facts
from tutela.reporting.models import Exchange, Report, State
from tutela.testing.cybertipline import Server

NAMES = {
    "TUTELA_REPORTING__REPORTER__FIRST_NAME": "Duty",
    "TUTELA_REPORTING__REPORTER__LAST_NAME": "Officer",
    "TUTELA_REPORTING__REPORTER__EMAIL": "duty@example.org",
}
TEST_URLS = '["ncmec=http://127.0.0.1:8391/ispws"]'
PASSWORD = "it-rains-on-bicycles"


class Desk(Installation):
    """One in whose name can be reported."""

    def environment(self, **more: str) -> dict[str, str]:
        return super().environment(**NAMES | more)

    def opened(self) -> App:
        return App.open(settings.load(self.environment()))


@pytest.fixture
def here(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.ok("init")
    return made


@pytest.fixture
def case(here: Desk) -> str:
    with here.opened() as app, app.database.writing() as session:
        given = Received("account", "rider [red]", text="Sells bicycles.")
        return alerts.report(session, app.database.now(), given).case_id


@pytest.fixture
def drafted(here: Desk, case: str) -> str:
    (made,) = here.records("report", "draft", case, "--incident", "contact")
    assert (made["case"], made["state"], made["authority"]) == (case, "draft", "ncmec")
    return str(made["report"])


def credentials(here: Desk, text: str = f"{PASSWORD}\n") -> None:
    (here.folder / "password").write_text(text)
    here.ok("report", "credentials", "set", "ncmec", "--user", "bicycle", "--password-file",
            here.folder / "password")  # fmt: skip


def test_a_report_is_drafted_completed_and_looked_at(here, case, drafted):
    assert drafted in here.refused("report", "draft", case, "--incident", "contact")
    (shown,) = here.records("report", "show", drafted)
    assert shown["content"]["incident"] == "contact" and 0 < shown["score"] < 100
    assert shown["most"] in {one["field"] for one in shown["fields"] if not one["held"]}
    assert "What would help most" in here.ok("report", "show", drafted)
    (here.folder / "log.txt").write_text("It rains.")
    (edited,) = here.records(
        "report", "edit", drafted, "--set", "subject.account.screen_name=rider", "--set",
        "victims.0.age=12", "--why", "phone=Never asked for.", "--attach", "log.txt",
        "--gather",
    )  # fmt: skip
    assert edited["version"] == 5
    (shown,) = here.records("report", "show", drafted)
    assert shown["content"]["subject"]["account"]["screen_name"] == "rider"
    assert shown["content"]["victims"][0]["age"] == 12
    (paper,) = shown["content"]["files"]
    assert paper["supplemental"] and paper["name"] == "log.txt"
    read = here.records("report", "preview", drafted)
    assert any(one["value"] == "rider" for one in read)
    assert "duty@example.org" in here.ok("report", "preview", drafted)
    here.ok("report", "edit", drafted, "--leave-out", paper["evidence"])
    (listed,) = here.records("report", "list", "--state", "draft", "--case", case)
    assert listed["report"] == drafted and drafted in here.ok("report", "list")
    assert here.records("report", "list", "--authority", "police") == []


def test_an_edit_is_whole_or_not_at_all(here, drafted):
    told = here.refused(
        "report", "edit", drafted, "--set", "text=It rains.", "--set", "at=2026-01-01T10:00:00"
    )
    assert "zone" in told
    (shown,) = here.records("report", "show", drafted)
    assert shown["version"] == 1 and "rains" not in json.dumps(shown["content"])
    file = here.folder / "content.json"
    file.write_text(json.dumps(shown["content"] | {"text": "It rains."}))
    assert "by now" in here.refused("report", "edit", drafted, "--file", file, "--version", "4")
    here.ok("report", "edit", drafted, "--file", file, "--version", "1")
    (shown,) = here.records("report", "show", drafted)
    assert shown["content"]["text"] == "It rains."


def test_what_is_wrong_is_named_before_anything_is_sent(here, drafted):
    nobody = dict.fromkeys(NAMES, "")
    ran = here.run("report", "check", drafted, "--json", **nobody)
    assert ran.returncode == 1 and all(one["what"] for one in lines(ran.stdout))
    (missing,) = lines(here.run("report", "check", drafted, "--json").stdout)
    assert missing["path"] == "credentials" and "--user" in missing["hint"]
    assert "no credentials" in here.refused("report", "send", drafted)
    credentials(here)
    told = here.ok("report", "check", drafted, TUTELA_REPORTING__TEST_URLS=TEST_URLS)
    assert "can be sent" in told and "ncmec, test (http://127.0.0.1:8391/ispws)" in told
    here.refused("report", "send", drafted, **nobody)
    assert "has no receipt" in here.refused("report", "receipt", drafted)
    (sent,) = here.records("report", "send", drafted)
    assert (sent["state"], sent["environment"]) == ("queued", "test")
    (followed,) = here.records("report", "follow", drafted)
    assert followed["state"] == "queued" and "tried from" in here.ok("report", "follow", drafted)
    here.refused("report", "send", drafted)
    assert "Nothing is wrong with it: it is queued" in here.ok("report", "check", drafted)
    (gone,) = here.records("report", "withdraw", drafted, "--why", "It was a test.")
    assert gone["state"] == "withdrawn"
    assert "is withdrawn" in here.refused("report", "check", drafted)


def test_where_it_takes_two_another_key_agrees_to_just_this_version(here, case, drafted):
    credentials(here)
    here.ok("queue", "set", "careful", "--two-for", "report")
    here.ok("case", "move", case, "careful", "--why", "hard")
    ann, bob = (here.key(name, "reports", "cases") for name in ("ann", "bob"))
    assert "waits for the approval 1" in here.refused("report", "send", drafted, TUTELA_KEY=ann)
    assert f"tutela report preview {drafted}" in here.ok("approve", TUTELA_KEY=bob)
    here.ok("report", "edit", drafted, "--set", "text=It rains.")
    assert here.records("approve", TUTELA_KEY=bob) == []
    assert "approval 2" in here.refused("report", "send", drafted, TUTELA_KEY=ann)
    here.ok("approve", "2", TUTELA_KEY=bob)
    here.ok("report", "send", drafted, TUTELA_KEY=ann)


def halt(here: Desk, drafted: str) -> None:
    """As the authority's refusal would."""
    with here.opened() as app, app.database.writing() as session:
        row = session.get_one(Report, drafted)
        row.state, row.due_at = State.HALTED, None


def test_what_halted_and_was_changed_is_agreed_to_anew(here, case, drafted):
    """One person does not send what two agreed to, and then something else."""
    credentials(here)
    ann, bob = (here.key(name, "reports", "cases") for name in ("ann", "bob"))
    here.ok("report", "send", drafted)
    here.ok("queue", "set", "careful", "--two-for", "report")
    here.ok("case", "move", case, "careful", "--why", "hard")
    halt(here, drafted)
    here.ok("report", "again", drafted, TUTELA_KEY=ann)
    halt(here, drafted)
    here.ok("report", "edit", drafted, "--set", "text=It rains.")
    assert "approval 1" in here.refused("report", "again", drafted, TUTELA_KEY=ann)
    here.ok("approve", "1", TUTELA_KEY=bob)
    here.ok("report", "again", drafted, TUTELA_KEY=ann)


def test_who_is_walled_off_takes_no_evidence_of_a_case_out(here, case, drafted):
    """A paper of its report is not there for them, as the report is not."""
    (here.folder / "log.txt").write_text("It rains.")
    here.ok("report", "edit", drafted, "--attach", "log.txt")
    (shown,) = here.records("report", "show", drafted)
    name = shown["content"]["files"][0]["evidence"]
    out = ("evidence", "export", name, here.folder / "out", "--reason", "curious")
    ann = here.key("ann", "export", "cases")
    with here.opened() as app, app.database.reading() as session:
        actor = callers.of_secret(session, ann).actor
    here.ok("know", "name", "case", case, actor, "--wall")
    assert "no evidence" in here.refused(*out, TUTELA_KEY=ann)
    assert "vault does not answer" in here.refused(*out, code=3)


def test_danger_waits_for_nobody(here, case, drafted):
    credentials(here)
    here.ok("queue", "set", "careful", "--two-for", "report")
    here.ok("case", "move", case, "careful", "--why", "hard")
    assert "a sentence" in here.refused("report", "edit", drafted, "--set", "danger=no")
    ann = here.key("ann", "reports")
    told = here.refused("report", "send", drafted, "--danger", TUTELA_KEY=ann)
    assert "--set danger=" in told
    here.ok("report", "edit", drafted, "--set", "danger=They meet tonight.")
    (sent,) = here.records("report", "send", drafted, "--danger", TUTELA_KEY=ann)
    assert sent["danger"] and sent["state"] == "queued"


def test_credentials_are_tried_before_a_report_depends_on_them(here):
    with Server(user="bicycle", password=PASSWORD) as server:
        there = {"TUTELA_REPORTING__TEST_URLS": f'["ncmec={server.url}"]'}
        credentials(here)
        (taken,) = here.records("report", "credentials", "check", "ncmec", **there)
        assert taken == {"authority": "ncmec", "environment": "test", "taken": True}
        credentials(here, "sunshine")
        refused = here.run("report", "credentials", "check", "ncmec", **there)
    assert refused.returncode == 1
    assert "refuses them" in refused.stderr and "credentials set ncmec" in refused.stderr


def test_a_password_stands_in_no_command_and_is_shown_to_nobody(here):
    assert "no terminal" in here.refused("report", "credentials", "set", "ncmec", "--user", "me")
    credentials(here)
    rows = here.records("report", "credentials", "list")
    assert {one["environment"]: one["set"] for one in rows} == {"test": True, "production": False}
    shown = here.ok("report", "credentials", "list") + here.ok("audit", "show", "--json")
    assert PASSWORD not in shown and "credentials.set" in shown
    assert PASSWORD.encode() not in here.database.read_bytes()
    (here.folder / "empty").write_text("\n")
    for wrong in ("empty", "nowhere"):
        here.refused("report", "credentials", "set", "ncmec", "--user", "me", "--password-file",
                     here.folder / wrong)  # fmt: skip


def test_production_takes_two_people_once_and_one_stops_it(here):
    ann, bob = (here.key(name, "admin") for name in ("ann", "bob"))
    assert "tutela pack sign us" in here.refused("report", "allow-production", "ncmec")
    for rule in ("intimate-image", "take-it-down"):
        here.ok("pack", "sign", "us", rule, "--why", "Read it.", TUTELA_KEY="")
    here.refused("report", "allow-production", "ncmec")
    assert "approval 1" in here.refused("report", "allow-production", "ncmec", TUTELA_KEY=ann)
    here.ok("approve", "1", TUTELA_KEY=bob)
    (made,) = here.records("report", "allow-production", "ncmec", TUTELA_KEY=ann)
    assert made == {"authority": "ncmec", "allowed": True}
    rows = here.records("report", "credentials", "list")
    assert [one["allowed"] for one in rows if one["authority"] == "ncmec"] == [None, True]
    (made,) = here.records("report", "stop-production", "ncmec")
    assert made == {"authority": "ncmec", "allowed": False}
    assert here.records("report", "schema", "list") == []
    here.refused("report", "schema", "pin", "ncmec", "a" * 64)


@pytest.fixture
def filed(here: Desk, drafted: str) -> Iterator[tuple[str, Server]]:
    """A report that was filed as far as the database says, with the calls for it."""
    with Server() as server:
        with here.opened() as app, app.database.writing() as session:
            now, row = app.database.now(), session.get_one(Report, drafted)
            row.state, row.filed_at, row.remote_id = State.FILED, now, "4294967299"
            row.receipt = json.dumps({"id": "4294967299", "at": now.isoformat(), "files": [],
                                      "opened": 1})  # fmt: skip
            for number, call in enumerate(("submit", "finish"), 1):
                session.add(Exchange(
                    report_id=drafted, number=number, turn=1, call=call, at=now, answered_at=now,
                    status=200, request_id=f"r-{number}", why="", evidence_id=None,
                ))  # fmt: skip
        yield drafted, server


def test_a_receipt_is_shown_and_what_was_filed_is_only_added_to(here, filed):
    report, _ = filed
    (receipt,) = here.records("report", "receipt", report)
    assert (receipt["id"], receipt["report"]) == ("4294967299", report)
    told = here.ok("report", "receipt", report)
    assert "4294967299" in told and "UTC" in told and "[[" not in told
    calls = here.records("report", "follow", report, "--watch")
    assert [one.get("call") for one in calls] == ["submit", "finish", None]
    here.refused("report", "withdraw", report, "--why", "No.")
    (added,) = here.records("report", "supplement", report)
    assert (added["supplements"], added["state"]) == (report, "draft")
    told = here.run("report", "check", added["report"]).stdout
    assert f"It adds nothing to {report} yet" in told and "can be sent" not in told


def test_the_exact_reply_is_for_who_may_export(here, filed):
    report, _ = filed
    key = here.key("ann", "reports")
    told = here.refused("report", "receipt", report, "--out", "reply", TUTELA_KEY=key)
    assert "lacks the permission export" in told
    assert "no sealed reply" in here.refused("report", "receipt", report, "--out", "reply")


@pytest.mark.parametrize(
    "words",
    [
        ("report", "show", "rpt_none"), ("report", "draft", "case_none"),
        ("report", "list", "--state", "loud"), ("report", "list", "--after", "rpt_none"),
        ("report", "edit", "rpt_none"), ("report", "edit", "rpt_none", "--set", "text"),
        ("report", "draft", "case_none", "--incident", "rain"),
        ("report", "allow-production", "police"), ("report", "stop-production", "police"),
    ],
)  # fmt: skip
def test_what_is_not_there_or_cannot_be_is_refused(here, words):
    here.refused(*words)


def test_following_goes_on_until_it_rests_and_shows_calls_that_died_too(here, filed, monkeypatch):
    """A call whose end nobody knows does not hide those after it."""
    report, _ = filed
    with here.opened() as app, app.database.writing() as session:
        session.get_one(Report, report).state = State.QUEUED
        for one in session.query(Exchange):
            one.answered_at = one.status = None
    for name, value in here.environment().items():
        monkeypatch.setenv(name, value)
    looks: list[int] = []

    def slept(_: float) -> None:
        looks.append(len(said))
        with here.opened() as app, app.database.writing() as session:
            session.get_one(Report, report).state = State.FILED

    said: list[dict] = []
    monkeypatch.setattr(reports.time, "sleep", slept)
    monkeypatch.setattr(reports.output, "line", said.append)
    assert reports.follow(report, watch=True, as_json=True) == 0
    assert looks == [1]
    assert [one.get("call") for one in said] == ["submit", "finish", None]
    assert said[-1]["state"] == "filed"


def test_following_what_halted_says_that_a_person_is_needed(here, drafted):
    halt(here, drafted)
    assert here.run("report", "follow", drafted, "--watch").returncode == 1
    assert here.run("report", "follow", drafted).returncode == 0


def test_what_was_filed_and_decided_otherwise_since_is_to_be_told(here, filed):
    """By the report that stands there, and the supplement that is open."""
    report, _ = filed
    item, case = matched(here, "walker")
    with here.opened() as app, app.database.writing() as session:
        row = session.get_one(Report, report)
        row.case_id = case
        content = facts.Report.from_json(row.content)
        row.content = replace(content, files=(facts.File("ev_1", item),)).to_json()
    assert "decide" not in here.ok("report", "show", report).split("\n")[-1]
    ann, bob = (here.key(name, "cases", "release", "reports") for name in ("ann", "bob"))
    words = ("case", "decide", case, item, "--conclusion", "no-match", "--reason", "A bicycle.")
    here.refused(*words, TUTELA_KEY=ann)
    here.ok("approve", "1", TUTELA_KEY=bob)
    told = here.ok(*words, TUTELA_KEY=ann)
    assert f"Tell them: tutela report supplement {report}" in told
    assert f"supplement {report}" in here.ok("report", "show", report)
    (added,) = here.records("report", "supplement", report, "--incident", "contact")
    assert f"Tell them: tutela report send {added['report']}" in here.ok("report", "show", report)


def test_what_is_written_is_the_last_call_that_was_sealed(here, filed, monkeypatch):
    """By the way that all evidence is taken out, which records who did."""
    report, _ = filed
    with here.opened() as app, app.database.writing() as session:
        for number in (1, 2):
            sealed = Sealed(f"{number}.age", 10, 300, bytes(32), "f" * 16)
            file = evidence.record(session, app.database.now(), sealed)
            calls = session.query(Exchange).filter(Exchange.number == number)
            calls.one().evidence_id = file.id
    for name, value in here.environment().items():
        monkeypatch.setenv(name, value)
    written: list[tuple[str, Path]] = []
    monkeypatch.setattr(
        reports.evidence, "export", lambda name, out, _: written.append((name, out))
    )
    reports.receipt(report, Path("reply"), as_json=False)
    assert written == [(file.id, Path("reply"))]

"""Reports on pages: drafted from a case, completed, asked for by two, queued, followed."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from api.service import Desk
from sqlalchemy import select, update

from console.visitor import Page, Visitor, person, signed_in
from tutela.cases import alerts, queues
from tutela.cases.alerts import Received
from tutela.people import knowing
from tutela.people.models import Approval
from tutela.people.permissions import Permission
from tutela.reporting import credentials, register
from tutela.reporting.models import Exchange, Report, State

P = Permission
SCRIPT = "<script>rain</script>"
ACCOUNTS = iter(range(10_000))


@pytest.fixture
def ann(desk: Desk) -> Visitor:
    return signed_in(desk, "ann-reports", P.CASES, P.REPORTS)


@pytest.fixture
def bob(desk: Desk) -> Visitor:
    return signed_in(desk, "bob-reports", P.CASES, P.REPORTS)


@pytest.fixture(autouse=True)
def ready(desk: Desk) -> None:
    """Credentials, and someone in whose name is reported."""
    reporter = {"first_name": "Duty", "last_name": "Officer", "email": "duty@example.org"}
    for name, value in reporter.items():
        object.__setattr__(desk.app.settings.reporting.reporter, name, value)
    with desk.database.writing() as session:
        credentials.put(
            session, desk.database.now(), desk.app.caller, desk.app.reporting_sealing(), "ncmec",
            "test", "bicycle", "rain",
        )  # fmt: skip


def case_of(desk: Desk, queue: str = "general", text: str = "Sells bicycles.", **more: Any) -> str:
    """A case that a user's report opened."""
    with desk.database.writing() as session:
        given = Received("account", f"rider {next(ACCOUNTS)}", text=text, **more)
        case_id = alerts.report(session, desk.database.now(), given).case_id
        session.execute(update(alerts.Case).where(alerts.Case.id == case_id).values(queue=queue))
        return case_id


def drafted(visitor: Visitor, case_id: str) -> str:
    """The path of a report about contact, without a file."""
    sent = visitor.post(
        f"/console/cases/{case_id}/reports", {"authority": "ncmec", "incident": "contact"}
    )
    path, _, said = sent.location.partition("?")
    assert said == "said=report.drafted"
    return path


def row(desk: Desk, path: str) -> Report:
    with desk.database.reading() as session:
        return session.get_one(Report, path.rsplit("/", 1)[1])


def content(desk: Desk, path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row(desk, path).content)
    return found


def part(visitor: Visitor, path: str, name: str, version: int, **values: str) -> Page:
    """A part as a form sends it; `__` stands for a dot."""
    pairs: list[tuple[str, Any]] = [("csrf", visitor.token), ("version", version)]
    for key, value in values.items():
        pairs += [("path", key.replace("__", ".")), ("value", value)]
    return visitor.ask(
        "POST", f"{path}/edit/{name}", urlencode(pairs).encode(),
        {"content-type": "application/x-www-form-urlencoded"},
    )  # fmt: skip


def test_a_case_leads_to_its_reports_for_who_may_report(desk, ann):
    case = case_of(desk)
    assert f"/console/cases/{case}/reports" in ann.get(f"/console/cases/{case}").text
    page = ann.get(f"/console/cases/{case}/reports")
    assert "Nothing was reported about this case" in page.words
    assert "NCMEC CyberTipline" in page.words
    fragment = ann.get(f"/console/cases/{case}/reports", HX_Request="true")
    assert "<html" not in fragment.text and "Draft a report" in fragment.words
    cat = signed_in(desk, "cat-works", P.CASES)
    assert f"/console/cases/{case}/reports" not in cat.get(f"/console/cases/{case}").text
    cat.get(f"/console/cases/{case}/reports", 403)


def test_a_report_without_a_file_is_drafted_once_at_a_time(desk, ann):
    case = case_of(desk, text=f"{SCRIPT} https://lake.example/x")
    path = drafted(ann, case)
    page = ann.get(path)
    assert row(desk, path).state == State.DRAFT and "draft" in page.words
    assert SCRIPT not in page.text and "https://lake.example" not in page.text
    again = ann.post(
        f"/console/cases/{case}/reports", {"authority": "ncmec", "incident": "contact"}, 422
    )
    assert path.rsplit("/", 1)[1] in again.words
    assert path in ann.get(f"/console/cases/{case}/reports").text
    assert path in ann.get("/console/reports?state=draft").text
    assert path not in ann.get("/console/reports?state=filed").text
    ann.post(f"/console/cases/{case_of(desk)}/reports", {"authority": "police"}, 422)
    ann.post(f"/console/cases/{case_of(desk)}/reports", {"incident": "rain"}, 422)


def test_what_would_help_most_is_named_and_reasons_are_kept(desk, ann):
    path = drafted(ann, case_of(desk))
    page = ann.get(path)
    assert "What would help most" in page.words and "not held" in page.words
    said = {"version": 1, "field": "phone", "reason": f"Never asked for. {SCRIPT}"}
    ann.post(f"{path}/reason", said)
    page = ann.get(path)
    assert "Never asked for." in page.words and SCRIPT not in page.text
    assert "was changed meanwhile" in ann.post(f"{path}/reason", said, 422).words
    ann.post(f"{path}/reason", {"version": 2, "field": "weather", "reason": "x"}, 422)


def test_parts_are_changed_and_nothing_else(desk, ann):
    path = drafted(ann, case_of(desk))
    before = content(desk, path)
    assert "a place, not the internet" in ann.get(f"{path}/edit/where.0").words
    page = ann.get(f"{path}/edit/subject")
    assert "Screen name" in page.words and 'name="value"' in page.text
    values = {"subject__account__screen_name": "rider", "subject__emails__0__address": "r@e.org"}
    sent = part(ann, path, "subject", 1, **values)
    assert sent.status == 303 and sent.location.endswith("said=report.changed")
    after = content(desk, path)
    assert after["subject"]["account"]["screen_name"] == "rider"
    assert after | {"subject": before["subject"]} == before
    assert "Nothing was changed" in part(ann, path, "subject", 2, **values).words
    stale = part(ann, path, "subject", 1, subject__first_name="Ann")
    assert stale.status == 422 and "changed meanwhile" in stale.words and "Ann" in stale.text
    naive = part(ann, path, "incident", 2, at="2026-01-01T10:00:00")
    assert naive.status == 422 and "zone" in naive.words
    wrong = part(ann, path, "victims.0", 2, victims__0__age="young")
    assert wrong.status == 422 and "victims.0.age" in wrong.words
    part(ann, path, "victims.0", 2, victims__0__age="12")
    assert content(desk, path)["victims"][0]["age"] == 12
    for nowhere in ("made_at", "victims.7", "files.0", "x"):
        ann.get(f"{path}/edit/{nowhere}", 404)


def test_all_of_it_is_changed_as_text(desk, ann):
    path = drafted(ann, case_of(desk))
    held = content(desk, path) | {"text": "It rains."}
    assert "made_at" in ann.get(f"{path}/text").text
    ann.post(f"{path}/text", {"version": 1, "content": json.dumps(held)})
    assert content(desk, path)["text"] == "It rains."
    for wrong in ("{", json.dumps(held | {"made_at": "2020-01-01T00:00:00Z"})):
        refused = ann.post(f"{path}/text", {"version": 2, "content": wrong}, 422)
        assert "cannot stand in a report" in refused.words
    ann.post(f"{path}/gather", {"version": 2})
    assert content(desk, path)["text"] == "It rains."


def test_it_reads_as_whoever_receives_it_will_read_it(desk, ann):
    path = drafted(ann, case_of(desk))
    held = content(desk, path) | {"text": f"{SCRIPT} https://lake.example/ " + "rain " * 2_000}
    ann.post(f"{path}/text", {"version": 1, "content": json.dumps(held)})
    page = ann.get(f"{path}/preview")
    assert "duty@example.org" in page.words and SCRIPT not in page.text
    assert "https://lake.example" not in page.text and "cut" in page.words


def test_it_is_queued_as_it_was_looked_at_and_goes_nowhere_else(desk, ann):
    path = drafted(ann, case_of(desk))
    page = ann.get(path)
    assert "it can be sent" in page.words and "takes two people" not in page.words
    refused = ann.post(f"{path}/send", {"version": 7}, 422)
    assert "changed meanwhile" in refused.words
    ann.post(f"{path}/send", {"version": 1})
    queued = row(desk, path)
    assert (queued.state, queued.environment) == (State.QUEUED, "test")
    assert queued.queued_by == "person:ann-reports"
    page = ann.get(path)
    assert "waits to be sent" in page.words and "Change it" not in page.words
    ann.get(f"{path}/text", 404)
    ann.get(f"{path}/edit/subject", 404)
    assert "can be changed no more" in part_refused(ann, path)
    ann.post(f"{path}/withdraw", {"why": ""}, 422)
    ann.post(f"{path}/withdraw", {"why": "It was a test."})
    assert row(desk, path).state == State.WITHDRAWN
    assert "Withdraw it" not in ann.get(path).words


def part_refused(visitor: Visitor, path: str) -> str:
    said = {"version": 1, "field": "phone", "reason": "x"}
    return visitor.post(f"{path}/reason", said, 422).words


def test_without_credentials_nothing_is_queued(desk, ann):
    path = drafted(ann, case_of(desk))
    from tutela.reporting.models import Credentials

    with desk.database.writing() as session:
        for one in session.scalars(select(Credentials)):
            session.delete(one)
    refused = ann.post(f"{path}/send", {"version": 1}, 422)
    assert "to be mended before it can be sent" in ann.get(path).words
    assert "no credentials" in refused.words and row(desk, path).state == State.DRAFT


@pytest.fixture
def careful(desk: Desk) -> str:
    """A queue where a report takes two people."""
    with desk.database.writing() as session:
        queues.put(session, desk.database.now(), desk.app.caller, "careful", two_for=["report"])
    return "careful"


def test_where_it_takes_two_just_this_version_waits_for_the_second(desk, ann, bob, careful):
    path = drafted(ann, case_of(desk, careful))
    assert "it takes two people" in ann.get(path).words
    assert ann.post(f"{path}/send", {"version": 1}).location.endswith("said=second.asked")
    with desk.database.reading() as session:
        asked = select(Approval).where(Approval.subject == path.rsplit("/", 1)[1])
        number = session.scalars(asked).one().id
    assert ann.post(f"{path}/requests/{number}").location.endswith("said=second.waits")
    bob.post(f"{path}/requests/{number}", status=404)
    asked_of = bob.get("/console/approvals")
    assert "Send the report" in asked_of.words and f"{path}/preview" in asked_of.text
    bob.post(f"/console/approvals/{number}/approve")
    assert "Do it now" in ann.get(path).words
    assert ann.post(f"{path}/requests/{number}").location.endswith("said=report.queued")
    assert row(desk, path).state == State.QUEUED


def test_what_was_changed_after_the_second_agreed_is_not_sent(desk, ann, bob, careful):
    path = drafted(ann, case_of(desk, careful))
    ann.post(f"{path}/send", {"version": 1})
    with desk.database.reading() as session:
        asked = select(Approval.id).where(Approval.subject == path.rsplit("/", 1)[1])
        number = session.scalars(asked).one()
    bob.post(f"/console/approvals/{number}/approve")
    ann.post(f"{path}/reason", {"version": 1, "field": "phone", "reason": "Not asked for."})
    refused = ann.post(f"{path}/requests/{number}", status=422)
    assert "changed meanwhile" in refused.words and row(desk, path).state == State.DRAFT


def test_danger_waits_for_nobody(desk, ann, careful):
    path = drafted(ann, case_of(desk, careful))
    refused = ann.post(f"{path}/send", {"version": 1, "danger": "true"}, 422)
    assert "does not say why" in refused.words
    part(ann, path, "incident", 1, danger="They meet tonight.")
    assert "it is sent at once" in ann.get(path).words
    ann.post(f"{path}/send", {"version": 2})
    queued = row(desk, path)
    assert queued.state == State.QUEUED and queued.danger
    with desk.database.reading() as session:
        asked = select(Approval).where(Approval.subject == queued.id)
        assert "tonight" not in session.scalars(asked).one().why


def test_a_halted_report_says_why_and_is_tried_again(desk, ann):
    path = drafted(ann, case_of(desk))
    ann.post(f"{path}/send", {"version": 1})
    _set(desk, path, state=State.HALTED, last_error="report/reporter: incomplete")
    page = ann.get(path)
    assert "report/reporter: incomplete" in page.words and "Try it again" in page.words
    assert "Change it" in page.words and "Send this report now" not in page.text
    ann.post(f"{path}/again")
    assert row(desk, path).state == State.QUEUED
    assert "not halted" in ann.post(f"{path}/again", status=422).words


def test_calls_are_shown_a_page_at_a_time(desk, ann):
    path = drafted(ann, case_of(desk))
    assert "No call was made yet" in ann.get(f"{path}/calls").words
    with desk.database.writing() as session:
        now = desk.database.now()
        for number in range(1, 56):
            session.add(Exchange(
                report_id=path.rsplit("/", 1)[1], number=number, turn=1, call="submit", at=now,
                answered_at=now, status=200, request_id=f"r-{number}", why="1000",
                evidence_id=None,
            ))  # fmt: skip
    page = ann.get(f"{path}/calls")
    assert "r-50" in page.words and "r-51" not in page.words
    assert "r-55" in ann.get(f"{path}/calls?after=50").words


def test_a_filed_report_shows_its_receipt_and_is_only_added_to(desk, ann):
    path = drafted(ann, case_of(desk))
    now = desk.database.now()
    receipt = {"id": "4294967299", "at": now.isoformat(), "files": [], "opened": 2}
    _set(desk, path, state=State.FILED, filed_at=now, receipt=json.dumps(receipt),
         remote_id="4294967299")  # fmt: skip
    page = ann.get(path)
    assert "4294967299" in page.words and "All but the last were taken back" in page.words
    assert "Withdraw it" not in page.words and "Change it" not in page.words
    ann.post(f"{path}/withdraw", {"why": "No."}, 422)
    added, _, said = ann.post(f"{path}/supplement").location.partition("?")
    assert said == "said=report.drafted" and path in ann.get(added).text
    assert added in ann.get(path).text


def test_a_paper_goes_along_and_a_file_is_left_out(desk, ann):
    path = drafted(ann, case_of(desk))
    paper = ("log.txt", b"It rains.", "text/plain")
    sent = ann.upload(f"{path}/papers", {"version": "1", "file": paper})
    assert sent.location.endswith("said=report.attached")
    (file,) = content(desk, path)["files"]
    assert file["supplemental"] and file["name"] == "log.txt"
    page = ann.get(path)
    assert "log.txt" in page.words and "goes along" in page.words
    ann.upload(f"{path}/papers", {"version": "2", "file": ("no.txt", b"", "text/plain")}, 422)
    ann.upload(f"{path}/papers", {"version": "1", "file": paper}, 422)
    ann.post(f"{path}/leave-out", {"version": 2, "evidence": "ev_none"}, 422)
    ann.post(f"{path}/leave-out", {"version": 2, "evidence": file["evidence"]})
    assert content(desk, path)["files"] == []


def test_who_need_not_know_of_a_case_sees_none_of_its_reports(desk, ann):
    case = case_of(desk)
    path = drafted(ann, case)
    person(desk, "dan-reports", P.CASES, P.REPORTS)
    with desk.database.writing() as session:
        knowing.name(
            session, desk.database.now(), desk.app.caller, "case", case, "person:dan-reports",
            allowed=False,
        )  # fmt: skip
    dan = signed_in(desk, "dan-reports", P.CASES, P.REPORTS)
    for place in (path, f"{path}/preview", f"{path}/calls", f"{path}/text", f"{path}/edit/subject",
                  f"/console/cases/{case}/reports"):  # fmt: skip
        dan.get(place, 404)
    for doing in ("send", "again", "withdraw", "supplement", "gather", "leave-out", "reason"):
        more = {
            "withdraw": {"why": "x"}, "leave-out": {"evidence": "ev_1"},
            "reason": {"field": "phone", "reason": "x"},
        }.get(doing, {})  # fmt: skip
        version = {} if doing in ("again", "withdraw", "supplement") else {"version": 1}
        dan.post(f"{path}/{doing}", version | more, 404)
    assert path not in dan.get("/console/reports").text
    assert row(desk, path).version == 1


def test_the_register_pages(desk, ann):
    with desk.database.reading() as session:
        there = len(register.listed(session, desk.app.caller, "", 1000))
    made = [drafted(ann, case_of(desk)) for _ in range(max(0, 51 - there))]
    page = ann.get("/console/reports")
    assert not made or made[-1] in page.text
    later = page.text.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    assert later.startswith("/console/reports?after=rpt_")
    assert "/console/reports/rpt_" in ann.get(later).text
    ann.get("/console/reports?after=rpt_" + "a" * 26, 404)
    ann.get("/console/reports?state=loud", 404)


def _set(desk: Desk, path: str, **values: Any) -> None:
    with desk.database.writing() as session:
        session.execute(update(Report).where(Report.id == path.rsplit("/", 1)[1]).values(**values))


def test_who_need_not_know_of_a_case_is_not_asked_to_agree_about_it(desk, ann, careful):
    case = case_of(desk, careful)
    path = drafted(ann, case)
    ann.post(f"{path}/send", {"version": 1})
    report = path.rsplit("/", 1)[1]
    eve = signed_in(desk, "eve-reports", P.CASES, P.REPORTS)
    assert report in eve.get("/console/approvals").text
    with desk.database.writing() as session:
        knowing.name(
            session, desk.database.now(), desk.app.caller, "case", case, "person:eve-reports",
            allowed=False,
        )  # fmt: skip
        number = session.scalars(select(Approval.id).where(Approval.subject == report)).one()
    assert report not in eve.get("/console/approvals").text
    eve.post(f"/console/approvals/{number}/approve", status=409)

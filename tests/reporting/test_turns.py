"""Reports on their way, against the test server: real sockets, and a clock that tests move."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from lxml import etree
from sqlalchemy import select, update

from reporting.desks import BICYCLE, Desk
from tutela import evidence
from tutela.cases.models import Case
from tutela.events.models import Event
from tutela.evidence.errors import SealingFailed
from tutela.evidence.models import Clock, File, Intent
from tutela.reporting import credentials, driving, reaching, schemas
from tutela.reporting.models import Report, State
from tutela.storage.models import Base


def closed(desk: Desk, name: str) -> str | None:
    with desk.database.reading() as session:
        return session.get_one(Case, desk.report(name).case_id).closed_why


def clocks_of(desk: Desk, name: str) -> list[tuple[str, str, bool]]:
    with desk.database.reading() as session:
        rows = session.scalars(select(Clock).where(Clock.subject == name).order_by(Clock.id))
        return [(one.file_id, one.kind, one.ended_at is None) for one in rows]


def test_a_report_with_files_is_filed_and_all_is_written_down(desk):
    """In one transaction with the receipt: the case, the clocks, the trace, the record."""
    name = desk.queue(files=2)
    assert desk.send(name) == State.FILED, desk.report(name).last_error
    (filed,) = desk.server.finished
    row = desk.report(name)
    assert (row.remote_id, row.filed_at, row.sending_until) == (str(filed.id), desk.now, None)
    receipt = json.loads(row.receipt)
    assert receipt["id"] == row.remote_id and receipt["opened"] == 1
    assert [remote for _, remote in receipt["files"]] == [file.id for file in filed.files]
    assert all(file.details for file in filed.files)
    assert [file.size for file in filed.files] == [len(BICYCLE) + 1] * 2
    assert desk.calls(name) == [
        "schema", "submit", "upload", "fileinfo", "upload", "fileinfo", "finish",
    ]  # fmt: skip
    said = desk.exchanges(name)
    assert all(one.status == 200 and one.request_id and not one.why for one in said)
    kept = {one.evidence_id for one in said if one.evidence_id}
    found = clocks_of(desk, name)
    assert {file for file, kind, runs in found if kind == "receipt" and runs} == kept | {
        evidence for evidence, _ in receipt["files"]
    }
    assert {runs for _, kind, runs in found if kind == "draft"} == {False}
    assert [entry.subject for entry in desk.audited("report.file")] == [name]
    assert desk.steps_of(row.case_id) == ["report-queued", "report-filed", "closed"]
    assert closed(desk, name) == "reported"
    with desk.database.reading() as session:
        (event,) = session.scalars(select(Event).where(Event.kind == "report.filed"))
        assert json.loads(event.facts)["files"] == 2


def test_transcripts_hold_the_exact_bytes_both_ways_but_no_secret_and_no_file(desk):
    """Sealed, one for each call about the report."""
    name = desk.queue(files=1)
    desk.send(name)
    (filed,) = desk.server.finished
    said = desk.transcripts(name)
    assert [one["request"]["path"] for one in said] == [
        "/submit", "/upload", "/fileinfo", "/finish",
    ]  # fmt: skip
    assert base64.b64decode(said[0]["request"]["body"]) == filed.xml
    assert str(filed.id).encode() in base64.b64decode(said[0]["reply"]["body"])
    data = BICYCLE + b"0"
    assert said[1]["request"]["file"] == {
        "name": "bicycle0.jpg", "size": len(data), "md5": hashlib.md5(data).hexdigest(),
        "sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip
    assert "body" not in said[1]["request"]
    text = json.dumps(said).lower()
    assert "authorization" not in text and "rain" not in text
    assert len(text) < len(BICYCLE)


def test_neither_password_nor_bytes_of_a_file_are_in_a_row_or_a_log(desk, caplog):
    """Whatever went wrong on the way."""
    caplog.set_level(logging.DEBUG)
    name = desk.queue(files=1)
    for fault in ("reset-after-upload", "truncated", "unavailable", "wrong-md5"):
        desk.server.misbehave(fault)
    assert desk.finish(name).state == State.FILED
    secrets = [b"bicycle:rain", base64.b64encode(b"bicycle:rain"), BICYCLE[:40]]
    with desk.database.reading() as session:
        rows = [repr(tuple(row)).encode() for table in Base.metadata.sorted_tables
                for row in session.execute(table.select())]  # fmt: skip
    for text in [*rows, caplog.text.encode()]:
        assert not any(secret in text for secret in secrets)


@pytest.mark.parametrize("why", ["undecided", "setting"])
def test_a_case_stays_open_where_something_of_it_is_left(desk, monkeypatch, why):
    """Or where the settings say so."""
    name = desk.queue(files=0)
    if why == "setting":
        desk.set(replace(desk.options, close_cases=False))
    else:
        monkeypatch.setattr("tutela.decisions.items.undecided", lambda *_, **__: ["an item"])
    assert desk.send(name) == State.FILED
    assert closed(desk, name) is None


RESETS = ("submit", "upload", "fileinfo", "finish")
HOSTILE = (
    "truncated", "empty", "endless", "doctype", "redirect", "wrong-report-id", "server-error",
    "too-many", "unavailable", "reset-before-reading", "duplicate-request-id", "wrong-md5",
)  # fmt: skip


@pytest.mark.parametrize("at", RESETS)
def test_a_connection_that_is_reset_after_the_act_files_nothing_twice(desk, at):
    """The other side did it, and nobody heard."""
    name = desk.queue(files=1)
    desk.server.misbehave(f"reset-after-{at}")
    assert desk.finish(name).state == State.FILED
    assert len(desk.server.finished) == 1
    assert str(desk.server.finished[0].id) == desk.report(name).remote_id
    assert len(desk.server.finished[0].files) == 1


def test_an_authority_that_answers_with_rubbish_is_waited_for(desk):
    """Each kind of it at each call, and each report is filed once."""
    desk.send(desk.queue(files=0))
    for fault in HOSTILE:
        for after in (0, 1, 3):
            before = len(desk.server.finished)
            name = desk.queue(files=1)
            desk.server.misbehave(fault, after=after)
            row = desk.finish(name)
            assert row.state == State.FILED, (fault, after, row.last_error)
            desk.server.plan.behave()
            assert len(desk.server.finished) == before + 1, (fault, after)
    assert {len(one.files) for one in desk.server.finished[1:]} == {1}


def test_it_waits_for_as_long_as_it_is_asked_to(desk):
    """`Retry-After`, where that is longer than our own time."""
    name, other = desk.queue(files=0, rank=1), desk.queue(files=0, rank=2)
    desk.options = replace(desk.options, retry_first=1)
    desk.send(desk.queue(files=0))
    desk.server.misbehave("unavailable")
    assert desk.send(name) == State.QUEUED
    desk.later(seconds=1.9)
    assert desk.due() == [], "also what else goes there"
    desk.later(seconds=0.2)
    assert desk.due() == [name, other]


def test_what_arrives_as_another_file_halts_it(desk):
    """Three times; each report of them was taken back."""
    name = desk.queue(files=1)
    desk.server.misbehave("wrong-md5", times=3)
    assert desk.finish(name).state == State.HALTED
    assert "MD5" in desk.report(name).last_error and not desk.server.finished
    assert [entry.subject for entry in desk.audited("report.halt")] == [name]


def test_of_one_case_no_two_reports_are_open_there(desk):
    """Each but the last was taken back before the next was begun."""
    name = desk.queue(files=2)
    for fault in ("reset-after-upload", "wrong-md5", "reset-after-fileinfo"):
        desk.server.misbehave(fault, after=1)
    assert desk.finish(name).state == State.FILED
    opened = [call for call in desk.calls(name) if call in ("submit", "retract", "finish")]
    assert opened == ["submit", "retract"] * (len(opened) // 2 - 1) + ["submit", "finish"]
    assert len(opened) > 2


def test_two_workers_on_one_report_file_it_once(desk):
    """The second does nothing; and if the first stood still for too long, it does nothing more."""
    name = desk.queue(files=1)
    second: list[State | None] = []

    def meanwhile(step: str) -> None:
        if step == "upload written":
            second.append(desk.send(name, desk.steps.append))
            desk.later(minutes=30)
            second.append(desk.send(name, desk.steps.append))

    assert desk.send(name, meanwhile) is None
    assert second == [None, State.FILED]
    assert len(desk.server.finished) == 1
    assert desk.report(name).remote_id == str(desk.server.finished[0].id)


def test_a_worker_that_was_left_behind_changes_nothing(desk):
    """Another has the report now, and is not done with it."""
    name = desk.queue(files=1)
    after: list[Report] = []

    def meanwhile(step: str) -> None:
        if step == "submit answered":
            desk.later(minutes=30)
            desk.server.misbehave("server-error", after=1)
            assert desk.send(name, desk.steps.append) == State.QUEUED
            after.append(desk.report(name))

    assert desk.send(name, meanwhile) is None
    row, (kept,) = desk.report(name), after
    assert (row.turn, row.progress, row.remote_id) == (2, kept.progress, kept.remote_id)
    assert desk.finish(name).state == State.FILED
    assert [str(one.state) for one in desk.server.reports] == ["open", "finished"]


def test_refused_credentials_stop_all_and_lose_nothing(desk):
    """Revoked half-way: both reports wait until they are set anew, and go on where they were."""
    desk.send(desk.queue(files=0))
    name, other = desk.queue(files=2, rank=1), desk.queue(files=0, rank=2)
    desk.server.misbehave("revoked", after=2)
    assert desk.send(name) == State.QUEUED
    assert desk.due() == [] and desk.alarms() == {"report.credentials": 1}
    desk.later(days=2)
    assert desk.due() == []
    desk.server.plan.behave()
    desk.sign_in()
    desk.later(days=-2)
    assert desk.due() == [name, other] and desk.alarms() == {}
    assert desk.run() == [State.FILED, State.FILED]
    assert "retract" not in desk.calls(name) and len(desk.server.finished) == 3


def test_lost_credentials_keep_reports_waiting(desk):
    """Their key is another: somebody is told."""
    name = desk.queue(files=0)
    desk.sealing = type(desk.sealing)(b"x" * 32)
    assert desk.send(name) == State.QUEUED
    assert desk.alarms() == {"report.credentials": 1} and not desk.server.requests


def test_a_schema_that_changed_overnight_is_told_and_used(desk):
    """Reports are checked against what is served now, and still go."""
    desk.send(desk.queue(files=0))
    with desk.database.reading() as session:
        first = schemas.latest(session, "ncmec", "test")
    assert first is not None and first.pinned_by == "worker"
    desk.later(hours=23)
    assert desk.send(desk.queue(files=0)) == State.FILED
    assert sum(one.path.endswith("/xsd") for one in desk.server.requests) == 1
    desk.later(hours=2)
    desk.server.misbehave("schema-changed")
    name = desk.queue(files=0)
    assert desk.send(name) == State.FILED
    assert desk.alarms() == {"report.schema-changed": 1}
    with desk.database.reading() as session:
        assert schemas.current(session, "ncmec", "test") != first.document


def test_a_paper_that_the_served_schema_refuses_halts(desk):
    """With places, before anything is opened there."""
    name, schema = desk.queue(files=0), etree.fromstring(desk.server.documents.schema)
    for person in schema.xpath("//*[@name='personOrUserReported' or @ref='personOrUserReported']"):
        person.getparent().remove(person)
    with desk.database.writing() as session:
        schemas.served(session, desk.now, "worker", "ncmec", "test", etree.tostring(schema))
    assert desk.send(name) == State.HALTED
    assert "personOrUserReported" in desk.report(name).last_error
    assert desk.alarms() == {"report.halted": 1}
    assert not desk.server.reports


@pytest.mark.parametrize("fault", ["truncated", "empty", "endless", "redirect", "unavailable"])
def test_an_authority_without_its_schema_counts_as_down(desk, fault):
    """Nothing is opened there without a check."""
    name = desk.queue(files=0)
    desk.server.misbehave(fault)
    assert desk.send(name) == State.QUEUED
    assert not desk.server.reports and desk.due() == []
    desk.later(minutes=2)
    assert desk.run() == [State.FILED]


def test_a_vault_that_is_down_is_waited_for(desk):
    """No fault of the authority's: nothing is opened twice."""
    name = desk.queue(files=1)
    desk.close_vault()
    assert desk.send(name) == State.QUEUED
    assert "vault" in desk.report(name).last_error
    desk.open_vault()
    desk.later(minutes=1)
    assert desk.send(name) == State.FILED
    assert len(desk.server.reports) == 1 and desk.alarms() == {}


def test_a_damaged_file_is_never_sent_whole(desk):
    """It halts, for a person; nothing of it is kept there."""
    name = desk.queue(files=1)
    with desk.database.writing() as session:
        session.execute(update(File).values(digest=b"\0" * 32))
    assert desk.send(name) == State.HALTED
    assert "not what was sealed" in desk.report(name).last_error
    (opened,) = desk.server.reports
    assert not opened.files and not desk.server.finished


def test_a_file_that_was_purged_meanwhile_is_left_out_and_the_paper_says_so(desk):
    """Between the draft and the sending; also just before it is sent."""
    name = desk.queue(files=2)
    with desk.database.reading() as session:
        first, second = session.scalars(select(File.id).order_by(File.sealed_at, File.name))

    def purged(file: str) -> None:
        with desk.database.writing() as session:
            evidence.found(session, file).deleted_at = desk.now

    purged(first)
    assert desk.send(name) == State.FILED, desk.report(name).last_error
    (filed,) = desk.server.finished
    assert len(filed.files) == 1
    late = desk.queue(files=1)
    with desk.database.reading() as session:
        last = session.scalars(select(File.id).where(File.size == len(BICYCLE) + 1)).all()[-1]
    assert last != second

    def meanwhile(step: str) -> None:
        if step == "submit kept":
            with desk.database.writing() as session:
                session.execute(update(File).values(deleted_at=desk.now))

    assert desk.send(late, meanwhile) == State.FILED
    assert not desk.server.finished[1].files


def test_each_file_is_opened_for_a_stated_intent(desk):
    """In the name of who had it sent."""
    name = desk.queue(files=1)
    desk.send(name)
    with desk.database.reading() as session:
        (intent,) = session.scalars(select(Intent))
    assert (intent.purpose, intent.actor) == ("upload", "person:ann")
    assert intent.reason == f"report {name}" and intent.used_at is not None


def test_what_lay_too_long_is_taken_back_and_begun_again(desk):
    """By the setting `resume_minutes`."""
    desk.options = replace(desk.options, resume_minutes=2)
    name = desk.queue(files=1)
    desk.server.misbehave("server-error", after=1)
    assert desk.send(name) == State.QUEUED
    desk.later(minutes=3)
    assert desk.send(name) == State.FILED
    assert desk.calls(name)[3:5] == ["retract", "submit"]


def test_a_transcript_that_cannot_be_sealed_loses_nothing(desk, monkeypatch):
    """The report goes on."""
    name = desk.queue(files=0)

    def full(_: bytes) -> None:
        raise SealingFailed("The disk is full.")

    monkeypatch.setattr(desk.sealer, "seal", full)
    assert desk.send(name) == State.FILED
    assert {one.evidence_id for one in desk.exchanges(name)} == {None}


def test_sending_what_is_not_due_does_nothing(desk):
    """A run may come late, or twice."""
    name = desk.queue(files=0)
    assert desk.send(name) == State.FILED
    assert desk.send(name) is None
    assert desk.send("rpt_none") is None
    draft = desk.draft(0)
    assert desk.send(draft) is None


def test_danger_does_not_wait_for_a_long_back_off(desk):
    """It is tried each minute."""
    name = desk.queue(files=0, danger=True)
    desk.server.misbehave("server-error", times=8)
    desk.send(desk.queue(files=0, danger=True))
    for _ in range(4):
        desk.send(name)
        if desk.report(name).state == State.FILED:
            break
        due = desk.report(name).due_at
        assert due is not None and (due - desk.now).total_seconds() <= 60
        desk.later(minutes=1)


def test_a_draft_of_which_an_authority_is_gone_halts(desk):
    """Its module was taken out."""
    name = desk.queue(files=0)
    with desk.database.writing() as session:
        session.execute(update(Report).values(authority="weather"))
    assert desk.send(name) == State.HALTED
    assert "no authority 'weather'" in desk.report(name).last_error


def test_a_report_whose_sending_fails_oddly_is_tried_again_soon(desk):
    """Not only when its lease is over; who calls hears of it."""
    name = desk.queue(files=1)

    def broken(step: str) -> None:
        if step == "upload answered":
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        desk.send(name, broken)
    row = desk.report(name)
    assert row.sending_until is None and "ZeroDivisionError" in row.last_error
    desk.later(minutes=1)
    assert desk.run() == [State.FILED]
    assert len(desk.server.finished) == 1


def test_several_can_be_the_first_to_see_a_schema(desk):
    """At once, as workers begin."""
    names = [desk.queue(files=0) for _ in range(4)]
    parts = desk.parts()
    with ThreadPoolExecutor(4) as hands:
        found = list(hands.map(lambda name: driving.send(parts, name), names))
    assert found == [State.FILED] * 4
    assert len(desk.audited("schema.pin")) == 1


def test_due_reports_follow_each_other_in_one_run(desk):
    """So that a queue drains faster than the worker looks."""
    names = [desk.queue(files=0) for _ in range(5)]
    assert driving.drain(desk.parts(), names[0]) == 5
    assert {desk.report(name).state for name in names} == {State.FILED}
    assert driving.drain(desk.parts(), names[0]) == 0


def test_nothing_is_begun_while_the_vault_is_silent(desk):
    """However long: the waits grow, and the authority hears nothing."""
    name, before = desk.queue(files=1), 0
    desk.close_vault()
    for _ in range(6):
        assert desk.send(name) == State.QUEUED
        row = desk.report(name)
        pause = (row.due_at - desk.now).total_seconds()
        assert pause > before * 1.5
        before, desk.now = pause, row.due_at
    assert desk.calls(name) == ["schema"] and not desk.server.reports


def test_the_waits_grow_until_what_failed_succeeds(desk):
    """That other calls of the same try succeed does not count."""
    name = desk.queue(files=1)
    desk.send(desk.queue(files=0))
    desk.server.misbehave("server-error", after=1)
    assert desk.send(name) == State.QUEUED and desk.report(name).tries == 1
    with desk.database.writing() as session:
        session.execute(update(Report).where(Report.id == name).values(tries=5))
    desk.later(hours=1)
    desk.server.misbehave("server-error", after=2)  # retract and submit are answered well
    assert desk.send(name) == State.QUEUED and desk.calls(name)[-3:] == [
        "retract", "submit", "upload",
    ]  # fmt: skip
    assert desk.report(name).tries == 6
    assert desk.finish(name).state == State.FILED and desk.report(name).tries == 0


@pytest.mark.parametrize("fault", ["truncated", "unavailable", "empty", "redirect"])
def test_a_schema_that_is_not_served_stops_nothing_where_one_is_known(desk, fault):
    """Reports are checked against that."""
    desk.send(desk.queue(files=0))
    desk.later(hours=30)
    name = desk.queue(files=0)
    desk.server.misbehave(fault)
    assert desk.send(name) == State.FILED
    assert desk.calls(name) == ["schema", "submit", "finish"] and desk.exchanges(name)[0].why
    assert desk.alarms() == ({"report.schema-changed": 1} if fault == "truncated" else {})


def test_no_redirect_of_an_authority_is_followed(desk):
    """Not even to the same host, by a GET: a password goes along."""
    desk.server.misbehave("redirect")
    name = desk.queue(files=0)
    assert desk.send(name) == State.QUEUED
    assert len(desk.server.requests) == 1 and desk.exchanges(name)[0].status in range(301, 309)


def test_what_halts_at_an_unknown_code_says_which_call_it_was(desk):
    """By the code and by the id that the authority's support asks for; not by what it said."""
    name = desk.queue(files=0)
    desk.server.misbehave("unknown-code", after=1)
    assert desk.send(name) == State.HALTED
    last = desk.exchanges(name)[-1]
    assert last.request_id and f"code 7777. (Request-ID {last.request_id})" in last.why
    assert desk.report(name).last_error == last.why


def test_credentials_that_were_set_during_a_call_are_not_refused_by_it(desk):
    """The next try is made with them."""
    name = desk.queue(files=0)
    desk.server.misbehave("revoked", times=1, after=1)

    def meanwhile(step: str) -> None:
        if step == "submit answered":
            desk.later(seconds=1)
            desk.sign_in()

    assert desk.send(name, meanwhile) == State.QUEUED
    desk.server.plan.behave()
    assert desk.alarms() == {} and desk.due() == [name]
    assert desk.send(name) == State.FILED


def test_the_next_try_is_not_before_that_of_its_authority(desk):
    """Where it may wait."""
    with desk.database.writing() as session:
        reaching.failed(session, desk.now, "ncmec", "test", "It is down.", desk.options)
        retry = reaching.row(session, "ncmec", "test").retry_at
    for danger, wanted in ((False, retry), (True, desk.now)):
        name = desk.queue(files=0, danger=danger)
        with desk.database.reading() as session:
            assert reaching.next_try(session, desk.report(name)) == wanted


def test_there_is_no_next_try_before_credentials_are_set_anew(desk):
    name = desk.queue(files=0)
    with desk.database.writing() as session:
        signed = credentials.set_at(session, "ncmec", "test")
        credentials.refused(session, desk.now, "ncmec", "test", "2000.", signed)
        assert reaching.next_try(session, desk.report(name)) is None

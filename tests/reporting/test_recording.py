"""What an authority gave for a report that a person filed is recorded."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from reporting.desks import ANN
from reporting.nca.desk import answer, content, declare, drafted, handed, record, send
from reporting.nca.reports import REPORTER
from tutela.cases.models import Case
from tutela.evidence.models import Clock
from tutela.reporting import drafting
from tutela.reporting.errors import EditRefused, ReportNotReady
from tutela.reporting.facts import Incident
from tutela.reporting.models import State

URN = "IRP-2031-000017"


@pytest.fixture(autouse=True)
def _by_hand(desk):
    desk.set(replace(desk.options, reporter=REPORTER))


def test_a_reference_files_the_report(desk):
    """With a receipt, a clock on each file, and the case closed as with any other."""
    name = handed(desk)
    desk.later(minutes=20)
    record(desk, name, f" {URN} ", URN, at=desk.now - timedelta(minutes=5))
    row = desk.report(name)
    assert (row.state, row.remote_id) == (State.FILED, URN)
    assert row.filed_at == desk.now - timedelta(minutes=5)
    assert json.loads(row.receipt)["id"] == URN and not desk.alarms()
    (file,) = content(desk, name).files
    with desk.database.reading() as session:
        running = session.scalars(select(Clock).where(
            Clock.file_id == file.evidence, Clock.ended_at.is_(None)
        )).all()  # fmt: skip
        assert [(one.kind, one.subject) for one in running] == [("receipt", name)]
        assert running[0].until is not None and running[0].until > desk.now + timedelta(days=364)
        assert session.get_one(Case, row.case_id).closed_at == desk.now
    (entry,) = desk.audited("report.record")
    assert entry.actor == ANN.actor and URN in str(entry.facts)


@pytest.mark.parametrize(
    ("reference", "repeated"),
    [(URN, "IRP-2031-000018"), ("rain", "rain"), ("1", "1"), ("a" * 80 + "1", "a" * 80 + "1"),
     ("IRP\n2031-17", "IRP\n2031-17"), ("", "")],
)  # fmt: skip
def test_what_is_no_reference_or_typed_otherwise_is_refused(desk, reference, repeated):
    """And the report still waits."""
    name = handed(desk)
    with pytest.raises(EditRefused):
        record(desk, name, reference, repeated)
    assert desk.report(name).state == State.HALTED


def test_only_what_waits_as_it_was_found_ready_is_recorded(desk):
    """No draft, and nothing that was changed since; never in the future."""
    draft = drafted(desk)
    with pytest.raises(ReportNotReady, match="is draft"):
        record(desk, draft, URN)
    name = handed(desk)
    with pytest.raises(EditRefused, match="future"):
        record(desk, name, URN, at=desk.now + timedelta(minutes=1))
    answer(desk, name, room="rain")
    declare(desk, name)
    with pytest.raises(ReportNotReady, match="does not wait"):
        record(desk, name, URN)


def test_a_wrong_reference_is_mended_and_both_stay_in_the_log(desk):
    """Also in a draft that adds to the report."""
    name = handed(desk)
    record(desk, name, "IRP-2031-999999")
    with desk.database.writing() as session:
        added = drafting.supplement(session, desk.now, ANN, name, Incident.CONTACT).id
    assert content(desk, added).supplements == "IRP-2031-999999"
    record(desk, name, URN)
    row = desk.report(name)
    assert (row.remote_id, json.loads(row.receipt)["id"]) == (URN, URN)
    assert content(desk, added).supplements == URN
    (entry,) = desk.audited("report.correct")
    assert "IRP-2031-999999" in str(entry.facts) and URN in str(entry.facts)


def test_no_two_reports_have_one_reference(desk):
    """The second was mistyped."""
    record(desk, handed(desk), URN)
    name = handed(desk)
    with pytest.raises(EditRefused, match="has this reference already"):
        record(desk, name, URN)


def test_what_was_filed_by_calls_is_not_typed_in(desk):
    """Its receipt came from the authority."""
    name = desk.queue()
    desk.finish(name)
    with pytest.raises(ReportNotReady, match="by calls"):
        record(desk, name, URN)


def test_a_supplement_quotes_the_reference_and_is_filed_like_another(desk):
    """On the form it is a related report."""
    name = handed(desk)
    record(desk, name, URN)
    with desk.database.writing() as session:
        added = drafting.supplement(session, desk.now, ANN, name, Incident.CONTACT).id
    answer(
        desk, added, priority="3", detected_at="2031-05-01T11:30:00+00:00", detected_by="user",
        type="messaging", police="no", rest="not held: the service does not ask for it",
    )  # fmt: skip
    declare(desk, added)
    send(desk, added)
    assert record(desk, added, "IRP-2031-000018").state == State.FILED

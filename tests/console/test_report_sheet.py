"""The sheet of a report on its page: answered, declared, and its reference recorded."""

from __future__ import annotations

import pytest
from api.service import Desk

from console.test_reports import SCRIPT, case_of, row
from console.visitor import Visitor, signed_in
from tutela.people.permissions import Permission
from tutela.reporting.models import State

P = Permission
SAID = {
    "priority": "3", "detected_by": "user", "detected_at": "2026-05-01T11:30:00+00:00",
    "type": "messaging", "police": "no", "related": "no",
    "rest": "not held: the service does not ask for it",
}  # fmt: skip
NUMBERS = iter(range(100_000, 999_999))


@pytest.fixture
def ann(desk: Desk) -> Visitor:
    reporter = {"first_name": "Duty", "last_name": "Officer", "email": "duty@example.org",
                "phone": "+44 20 7946 0000"}  # fmt: skip
    for name, value in reporter.items():
        object.__setattr__(desk.app.settings.reporting.reporter, name, value)
    return signed_in(desk, "ann-sheets", P.CASES, P.REPORTS)


def drafted(visitor: Visitor, case_id: str) -> str:
    sent = visitor.post(
        f"/console/cases/{case_id}/reports", {"authority": "nca", "incident": "contact"}
    )
    return sent.location.partition("?")[0]


def answered(desk: Desk, ann: Visitor, path: str, **said: str) -> None:
    for field, answer in said.items():
        form = {"version": str(row(desk, path).version), "field": field, "answer": answer}
        assert "said=report.answered" in ann.post(f"{path}/answers", form).location


def declared(desk: Desk, ann: Visitor) -> str:
    path = drafted(ann, case_of(desk, text=f"Sells bicycles. {SCRIPT}"))
    answered(desk, ann, path, **SAID)
    form = {"version": str(row(desk, path).version)}
    assert "said=report.declared" in ann.post(f"{path}/declare", form).location
    return path


def test_a_sheet_is_filled_in_declared_and_recorded(desk, ann):
    """What people wrote is text there, and is nothing that a browser runs."""
    path = declared(desk, ann)
    text = ann.get(f"{path}/sheet").text
    assert SCRIPT not in text and "Sells bicycles." in text and "data-copy" in text
    sent = ann.post(f"{path}/send", {"version": str(row(desk, path).version)})
    assert "said=report.queued" in sent.location
    assert "A person files it, and records the reference" in ann.get(path).text
    number = f"IRP-{next(NUMBERS)}"
    wrong = ann.post(f"{path}/recorded", {"reference": number, "repeated": "IRP-1"}, 422)
    assert "not the same" in wrong.text and row(desk, path).state == State.HALTED
    done = ann.post(f"{path}/recorded", {"reference": number, "repeated": number})
    assert "said=report.recorded" in done.location
    assert (row(desk, path).state, row(desk, path).remote_id) == (State.FILED, number)
    assert "Mend the reference" in ann.get(f"{path}/sheet").text


def test_what_is_no_answer_is_said_on_the_page(desk, ann):
    """And nothing is declared before all is answered."""
    path = drafted(ann, case_of(desk))
    assert "nobody said it yet" in ann.get(f"{path}/sheet").text
    wrong = ann.post(
        f"{path}/answers", {"version": "1", "field": "priority", "answer": "rain"}, 422
    )
    assert "This is one of 1, 2, 3." in wrong.text
    ann.post(f"{path}/declare", {"version": "1"}, 422)


def test_who_may_not_report_sees_no_sheet(desk, ann):
    """Nor records anything."""
    path = drafted(ann, case_of(desk))
    other = signed_in(desk, "eve-sheets", P.CASES)
    other.get(f"{path}/sheet", 403)
    form = {"reference": "IRP-17", "repeated": "IRP-17"}
    other.post(f"{path}/recorded", form, 403)

"""Holds and requests on pages: recorded with their papers, shown with what they wait for, ended."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from api.service import Desk
from decisions.world import add
from sqlalchemy import select

from console.visitor import Visitor, signed_in
from tutela import evidence
from tutela.evidence.models import Clock, Intent
from tutela.people import knowing
from tutela.people.models import Need
from tutela.people.permissions import Permission
from tutela.preservation import service
from tutela.preservation.models import Paper, Request
from tutela.screening.models import Decided

P = Permission
SCRIPT = "<script>rain</script>"


@pytest.fixture
def ann(desk: Desk) -> Visitor:
    return signed_in(desk, "ann-answers", P.CASES, P.REPORTS)


def case_of(desk: Desk) -> tuple[str, str]:
    """A case with a sealed file, and the file."""
    item = add(desk.database, desk.database.now(), f"rider-{secrets.token_hex(4)}")
    sealed = desk.app.sealer().seal(b"A bicycle in the rain.")
    with desk.database.writing() as session:
        now = desk.database.now()
        file = evidence.record(session, now, sealed, now + timedelta(days=7))
        decided = session.get_one(Decided, item)
        decided.evidence_id = file.id
        assert decided.case_id is not None
        return decided.case_id, file.id


def typed(kind: str = "preserve", **more: object) -> dict[str, object]:
    return {
        "kind": kind, "agency": f"Police {SCRIPT}", "reference": "12/27", "basis": "18 USC 2703(f)",
        "paper": ("letter.pdf", b"Please keep it."), **more,
    }  # fmt: skip


def recorded(ann: Visitor, case: str, **more: object) -> str:
    """The id of a request that was recorded on a page."""
    page = ann.upload(f"/console/preservation/of/{case}", typed(**more))
    assert "said=preservation.recorded" in page.location
    return page.location.removeprefix("/console/preservation/").partition("?")[0]


def test_a_request_is_recorded_with_its_paper_and_shown_inert(desk, ann):
    """Its clock is on the file, and the case leads to both."""
    case, file = case_of(desk)
    assert f"/console/preservation/of/{case}" in ann.get(f"/console/cases/{case}").text
    made = recorded(ann, case, until="2090-03-01")
    page = ann.get(f"/console/preservation/{made}")
    assert "letter.pdf" in page.words and "It runs." in page.words and SCRIPT not in page.text
    assert made in ann.get("/console/preservation").text
    of_case = ann.get(f"/console/preservation/of/{case}")
    assert file in of_case.text and "18 USC 2703(f)" in of_case.words
    with desk.database.reading() as session:
        row = session.get_one(Request, made)
        assert row.until is not None and f"{row.until:%Y-%m-%d %H:%M}" == "2090-03-02 00:00"
        paper = session.scalars(select(Paper).where(Paper.request_id == made)).one()
        clocks = session.scalars(select(Clock).where(Clock.subject == made)).all()
    assert {one.file_id for one in clocks} == {file, paper.evidence_id}
    assert desk.acts(made) == [("person:ann-answers", "preservation.record")]


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(desk, ann):
    """A field, a day that there is not, and what the domain refuses."""
    case, _ = case_of(desk)
    where = f"/console/preservation/of/{case}"
    page = ann.upload(where, typed(basis=""), 422)
    assert "This is needed." in page.words and 'value="12/27"' in page.text
    assert "There is no such day." in ann.upload(where, typed(until="2090-02-30"), 422).words
    assert "has no term" in ann.upload(where, typed("hold", until="2090-03-01"), 409).words
    page = ann.upload(where, typed("destroy", paper=("", b"")), 409)
    assert "without its paper" in page.words
    assert "does not belong" in ann.upload(where, typed(by="person:bob"), 422).words
    with desk.database.reading() as session:
        assert session.scalars(select(Request).where(Request.case_id == case)).all() == []


def test_a_hold_is_lifted_with_a_reason(desk, ann):
    """It is on the list while it runs."""
    case, _ = case_of(desk)
    made = recorded(ann, case, kind="hold")
    here = f"/console/preservation/{made}"
    assert "This is needed." in ann.post(f"{here}/end", {"why": ""}, 422).words
    ann.post(f"{here}/end", {"why": "Settled."})
    page = ann.get(here)
    assert "Settled." in page.words and "It was ended." in page.words
    assert f"{here}/end" not in page.text
    assert "nothing to end" in ann.post(f"{here}/end", {"why": "x"}, 409).words
    assert made not in ann.get("/console/preservation").text
    assert made in ann.get(f"/console/preservation?state=all&case={case}").text


def test_what_to_destroy_waits_for_is_shown_and_the_receipts_time_can_be_ended(desk, ann):
    """Nothing but that one clock is offered."""
    case, file = case_of(desk)
    with desk.database.writing() as session:
        service.begin(session, desk.database.now(), "rpt_1", [file])
    hold = recorded(ann, case, kind="hold")
    made = recorded(ann, case, kind="destroy")
    here = f"/console/preservation/{made}"
    page = ann.get(here)
    assert "is kept yet" in page.words and hold in page.words and "rpt_1" in page.words
    ann.post(f"{here}/release", {"why": "They insist."})
    page = ann.get(here)
    assert "rpt_1" not in page.words and hold in page.words
    assert f"{here}/release" not in page.text
    assert "does not wait" in ann.post(f"{here}/release", {"why": "Again."}, 409).words
    assert [act for _, act in desk.acts(file)] == ["preservation.stop"]


def test_to_produce_names_what_was_taken_out(desk, ann):
    """A tick beside each file of the case."""
    case, file = case_of(desk)
    where = f"/console/preservation/of/{case}"
    assert f'name="gave" value="{file}"' in ann.get(where).text
    assert "never taken out" in ann.upload(where, typed("produce", gave=file), 409).words
    with desk.database.writing() as session:
        now = desk.database.now()
        intent = evidence.intend(
            session, now, "person:ann", session.get_one(evidence.models.File, file),
            evidence.Purpose.EXPORT, "12/27",
        )  # fmt: skip
        session.get_one(Intent, intent.id).used_at = now
    made = recorded(ann, case, kind="produce", gave=file)
    assert "given to them" in ann.get(f"/console/preservation/{made}").words


def test_who_need_not_know_of_the_case_finds_neither_it_nor_its_requests(desk, ann):
    """As if they were not there."""
    case, _ = case_of(desk)
    made = recorded(ann, case, kind="hold")
    with desk.database.writing() as session:
        session.add(
            Need(kind=knowing.CASE, subject=case, actor="person:ann-answers", allowed=False)
        )
    ann.get(f"/console/preservation/of/{case}", 404)
    ann.get(f"/console/preservation/{made}", 404)
    ann.upload(f"/console/preservation/of/{case}", typed(), 404)
    ann.post(f"/console/preservation/{made}/end", {"why": "x"}, 404)
    assert made not in ann.get("/console/preservation?state=all").text


def test_a_paper_without_the_sessions_token_is_not_taken(desk, ann):
    """A form of another page records nothing."""
    case, _ = case_of(desk)
    ann.upload(f"/console/preservation/of/{case}", typed(), 403, csrf="made-up")
    with desk.database.reading() as session:
        assert session.scalars(select(Request).where(Request.case_id == case)).all() == []

"""Appeals: handed in by the API, decided by someone else, on pages and by the API."""

from __future__ import annotations

import pytest
from api.service import Desk
from sqlalchemy import select

from console.test_deciding import form, item_of, latest
from console.visitor import Visitor, signed_in
from tutela.decisions.models import Appeal
from tutela.people import keys, knowing
from tutela.people.models import Approval
from tutela.people.permissions import Permission

P = Permission
SCRIPT = "<script>rain</script>"


@pytest.fixture
def ann(desk: Desk) -> Visitor:
    return signed_in(desk, "ann-decides", P.CASES, P.GRADE, P.RELEASE)


@pytest.fixture
def bob(desk: Desk) -> Visitor:
    return signed_in(desk, "bob-decides", P.CASES, P.GRADE, P.RELEASE)


@pytest.fixture(autouse=True)
def forum(desk: Desk) -> None:
    """Keys of a platform that hands appeals in, and of two who decide about them."""
    for name, scopes in (
        ("forum", [P.INTAKE]), ("dora", [P.CASES, P.RELEASE]), ("emil", [P.CASES, P.RELEASE]),
    ):  # fmt: skip
        if name not in desk.keys:
            with desk.database.writing() as session:
                now = desk.database.now()
                desk.keys[name] = keys.create(session, now, "shell:test", name, scopes)[1]


def appealed(desk: Desk, ann: Visitor, text: str = "It is my bicycle.") -> tuple[str, str]:
    """An item that Ann confirmed, and an appeal about it."""
    item, case = item_of(desk)
    ann.post(f"/console/cases/{case}/decisions", form(item))
    given = {"item_id": item, "text": text, "by": "rider"}
    return item, desk.ok("forum", "POST", "/appeals", given)["appeal_id"]


def test_an_appeal_is_handed_in_and_its_answer_says_no_more_than_how_it_stands(desk, ann):
    item, appeal = appealed(desk, ann)
    standing = desk.ok("forum", "GET", f"/appeals/{appeal}")
    assert set(standing) == {"appeal_id", "at", "decided_at", "outcome"}
    assert standing["outcome"] is None
    again = desk.ok("forum", "POST", "/appeals", {"item_id": item})
    assert again["appeal_id"] == appeal
    listed = desk.ok("clerk", "GET", "/appeals?limit=1000")
    assert appeal in [one["appeal_id"] for one in listed["items"]]


def test_what_is_not_to_be_appealed_is_answered_clearly(desk, ann):
    told = desk.refused(409, "forum", "POST", "/appeals", {"item_id": "post-none"})
    assert told["type"] == "tutela:nothing-stands"
    item, case = item_of(desk)
    ann.post(f"/console/cases/{case}/decisions", form(item))
    made = latest(desk, item)
    assert made is not None
    ann.post(f"/console/decisions/{made.id}/undo", {"why": "A slip."})
    told = desk.refused(409, "forum", "POST", "/appeals", {"item_id": item})
    assert "taken back already" in told["detail"]
    for wrong in ({}, {"item_id": ""}, {"item_id": item, "text": "x" * 10_001}, {"item_id": 7}):
        desk.refused(422, "forum", "POST", "/appeals", wrong)
    desk.refused(403, "clerk", "POST", "/appeals", {"item_id": item})
    desk.refused(404, "forum", "GET", f"/appeals/apl_{'a' * 26}")


def test_who_decided_is_not_offered_the_appeal_and_another_upholds_it(desk, ann, bob):
    item, appeal = appealed(desk, ann, f"See {SCRIPT} https://lake.example/x")
    page = ann.get(f"/console/appeals/{appeal}")
    assert "someone else decides this" in page.words and SCRIPT not in page.text
    assert "https://lake.example" not in page.text
    refused = ann.post(f"/console/appeals/{appeal}", {"outcome": "upheld", "why": "Sure."}, 422)
    assert "someone else than who decided" in refused.words
    assert appeal in bob.get("/console/appeals").text
    bob.post(f"/console/appeals/{appeal}", {"outcome": "perhaps", "why": "x"}, 422)
    bob.post(f"/console/appeals/{appeal}", {"outcome": "upheld", "why": "I looked again."})
    assert appeal not in bob.get("/console/appeals").text
    assert "upheld" in bob.get("/console/appeals?state=all").words
    made = latest(desk, item)
    assert made is not None and made.conclusion == "confirmed"
    assert desk.ok("forum", "GET", f"/appeals/{appeal}")["outcome"] == "upheld"


def test_overturned_with_a_second_person_the_item_is_given_back(desk, ann, bob):
    item, appeal = appealed(desk, ann)
    at = f"/console/appeals/{appeal}"
    sent = bob.post(at, {"outcome": "overturned", "why": "It is a bicycle."})
    assert sent.location.endswith("said=second.asked")
    with desk.database.reading() as session:
        number = session.scalars(select(Approval.id).where(Approval.subject == appeal)).one()
    assert "waits for a second person" in bob.get(at).words
    assert bob.post(f"{at}/requests/{number}").location.endswith("said=second.waits")
    cat = signed_in(desk, "cara-decides", P.CASES, P.RELEASE)
    cat.post(f"/console/approvals/{number}/approve")
    assert bob.post(f"{at}/requests/{number}").location.endswith("said=appeal.settled")
    made = latest(desk, item)
    assert made is not None and (made.conclusion, made.actor) == (
        "no-match", "person:bob-decides",
    )  # fmt: skip
    told = bob.post(at, {"outcome": "upheld", "why": "No."}, 422)
    assert "already" in told.words
    bob.post(f"{at}/requests/{number}", status=404)


def test_an_appeal_is_decided_by_the_api_too(desk, ann):
    item, appeal = appealed(desk, ann)
    body = {"outcome": "overturned", "why": "It is a bicycle."}
    told = desk.refused(409, "dora", "POST", f"/appeals/{appeal}", body)
    assert told["type"] == "tutela:second-person-needed"
    with desk.database.reading() as session:
        number = session.scalars(select(Approval.id).where(Approval.subject == appeal)).one()
    desk.ok("emil", "POST", f"/approvals/{number}")
    assert desk.ok("dora", "POST", f"/appeals/{appeal}", body)["outcome"] == "overturned"
    made = latest(desk, item)
    assert made is not None and made.conclusion == "no-match"
    _, other = appealed(desk, ann)
    desk.refused(403, "clerk", "POST", f"/appeals/{other}", body)
    ended = desk.ok("clerk", "POST", f"/appeals/{other}", {"outcome": "upheld", "why": "Seen."})
    assert ended["decided_by"] == "key:clerk"


def test_pages_that_are_not_there_are_told(desk, bob):
    bob.get(f"/console/appeals/apl_{'a' * 26}", 404)
    bob.get("/console/appeals/none", 404)
    bob.get("/console/appeals?state=loud", 404)
    bob.post(f"/console/appeals/apl_{'a' * 26}", {"outcome": "upheld", "why": "x"}, 404)


def test_what_only_policy_blocked_is_appealed_and_decided_on_its_case(desk, ann, bob):
    item, case = item_of(desk)
    appeal = desk.ok("forum", "POST", "/appeals", {"item_id": item})["appeal_id"]
    page = bob.get(f"/console/appeals/{appeal}")
    assert "No person decided about this item yet" in page.words
    assert 'name="outcome"' not in page.text and f"/console/cases/{case}" in page.text
    told = desk.refused(409, "clerk", "POST", f"/appeals/{appeal}",
                        {"outcome": "upheld", "why": "x"})  # fmt: skip
    assert case in told["detail"] + told.get("hint", "")
    assert "policy" in ann.get(f"/console/cases/{case}/deciding").words
    ann.post(f"/console/cases/{case}/decisions", form(item))
    assert desk.ok("forum", "GET", f"/appeals/{appeal}")["outcome"] == "upheld"


def test_who_is_walled_off_neither_sees_nor_agrees_to_what_is_asked_about_an_appeal(desk, ann, bob):
    _, appeal = appealed(desk, ann)
    body = {"outcome": "overturned", "why": "It is a bicycle."}
    desk.refused(409, "dora", "POST", f"/appeals/{appeal}", body)
    with desk.database.writing() as session:
        number = session.scalars(select(Approval.id).where(Approval.subject == appeal)).one()
        case = session.get_one(Appeal, appeal).case_id
        for whom in ("key:emil", "person:bob-decides"):
            knowing.name(
                session, desk.database.now(), desk.app.caller, "case", case, whom, False
            )  # fmt: skip
    assert appeal not in bob.get("/console/approvals").text
    listed = desk.ok("emil", "GET", "/approvals?limit=1000")["items"]
    assert appeal not in [one["subject"] for one in listed]
    desk.refused(409, "emil", "POST", f"/approvals/{number}")
    with desk.database.reading() as session:
        assert session.get_one(Approval, number).approved_at is None

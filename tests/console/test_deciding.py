"""Deciding on pages: what is offered, what takes two, what is told, and how it is taken back."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

import pytest
from api.service import Desk
from decisions.world import add
from sqlalchemy import select

from console.visitor import Visitor, signed_in
from tutela.audit.models import Entry
from tutela.cases import queues, work
from tutela.cases.models import Case
from tutela.decisions import service, strikes
from tutela.decisions.models import Decision, Strike
from tutela.people import knowing
from tutela.people.models import Approval, Need
from tutela.people.permissions import Caller, Permission
from tutela.screening.models import Decided

P = Permission
SCRIPT = "<script>rain</script>"


@pytest.fixture
def ann(desk: Desk) -> Visitor:
    return signed_in(desk, "ann-decides", P.CASES, P.GRADE, P.RELEASE)


@pytest.fixture
def bob(desk: Desk) -> Visitor:
    return signed_in(desk, "bob-decides", P.CASES, P.GRADE, P.RELEASE)


def item_of(
    desk: Desk, who: str = "ann-decides", account: str = "", **more: str
) -> tuple[str, str]:
    """An item and its case, which someone works on."""
    name = account or f"rider-{secrets.token_hex(4)}"
    item = add(desk.database, desk.database.now(), name, **more)
    return item, taken(desk, item, who)


def taken(desk: Desk, item: str, who: str) -> str:
    with desk.database.writing() as session:
        case_id = session.get_one(Decided, item).case_id
        assert case_id is not None
        caller = Caller(f"person:{who}", frozenset({P.CASES}))
        work.take_over(session, desk.database.now(), caller, case_id, "its turn")
        return case_id


def latest(desk: Desk, item: str) -> Decision | None:
    with desk.database.reading() as session:
        return service.latest(session, item)


def form(item: str, conclusion: str = "confirmed", **more: str) -> list[tuple[str, str]]:
    fields = {"items": item, "conclusion": conclusion, "reason": "So it is.", **more}
    return list(fields.items())


def test_what_is_to_be_decided_is_offered_to_who_works_on_the_case(desk, ann, bob):
    item, case = item_of(desk)
    page = ann.get(f"/console/cases/{case}/deciding")
    assert f'value="{item}" checked' in page.text
    assert "a vetted bank has this very file" in page.words
    assert "an agency may need a warrant to open" in page.words
    assert "protects" not in page.words
    part = ann.get(f"/console/cases/{case}/deciding", hx_request="true")
    assert "<html" not in part.text and item in part.text
    other = bob.get(f"/console/cases/{case}/deciding")
    assert item not in other.text and "Only who works on the case decides" in other.words
    whole = ann.get(f"/console/cases/{case}")
    assert f'hx-get="/console/cases/{case}/deciding"' in whole.text


def test_an_item_is_confirmed_without_viewing_and_that_is_said(desk, ann):
    item, case = item_of(desk)
    fields = [*form(item), ("grades", "band=A"), ("grades", ""), ("grades", "rank=1")]
    sent = ann.post(f"/console/cases/{case}/decisions", fields)
    assert sent.location == f"/console/cases/{case}?said=decision.made"
    made = latest(desk, item)
    assert made is not None and (made.conclusion, made.viewed) == ("confirmed", False)
    assert made.grades == '{"band":"A","rank":"1"}'
    page = ann.get(f"/console/cases/{case}/deciding")
    assert "decided without viewing the original" in page.words
    assert "of the worst grades" in page.words and "Take it back" in page.words
    assert "leaves your own bank on" in page.words


def test_what_is_wrong_with_a_decision_is_said_and_nothing_is_decided(desk, ann, bob):
    item, case = item_of(desk)
    at = f"/console/cases/{case}/decisions"
    for fields in (
        form(item, "perhaps"), form(item, reason=""), form("itm_" + "a" * 26),
        [*form(item), ("grades", "colour=red")], form(item, reason="x" * 1001),
    ):  # fmt: skip
        assert 'role="alert"' in ann.post(at, fields, 422).text
    assert "works on the case" in bob.post(at, form(item), 422).words
    assert latest(desk, item) is None
    ann.post(at, form(item, reason=f"It is {SCRIPT}"))
    assert SCRIPT not in ann.get(f"/console/cases/{case}/deciding").text
    taken(desk, item, "bob-decides")
    again = bob.post(at, form(item, "cannot-tell"), 422)
    assert "person:ann-decides decided about" in again.words


def test_a_release_waits_for_a_second_person_and_is_then_done(desk, ann, bob):
    item, case = item_of(desk)
    sent = ann.post(f"/console/cases/{case}/decisions", form(item, "no-match"))
    assert sent.location.endswith("said=second.asked")
    assert latest(desk, item) is None
    with desk.database.reading() as session:
        number = session.scalars(
            select(Approval.id).where(Approval.subject == case, Approval.act == "item.release")
        ).one()
    assert "waits for a second person" in ann.get(f"/console/cases/{case}/deciding").words
    at = f"/console/cases/{case}/decisions/{number}"
    assert ann.post(at).location.endswith("said=second.waits")
    bob.post(at, status=404)
    bob.post(f"/console/approvals/{number}/approve")
    assert "it can be done now" in ann.get(f"/console/cases/{case}/deciding").words
    assert ann.post(at).location.endswith("said=decision.made")
    made = latest(desk, item)
    assert made is not None and (made.conclusion, made.reason) == ("no-match", "So it is.")
    ann.post(at, status=404)


def test_where_a_child_may_be_in_danger_it_is_done_at_once(desk, ann):
    item, case = item_of(desk)
    ann.post(f"/console/cases/{case}/decisions", form(item, "no-match", danger="true"))
    made = latest(desk, item)
    assert made is not None and made.conclusion == "no-match"


def test_nobody_is_asked_to_agree_to_what_could_not_be_done(desk, bob):
    item, case = item_of(desk)
    bob.post(f"/console/cases/{case}/decisions", form(item, "no-match"), 422)
    page = bob.get("/console/approvals")
    assert item not in page.text


def test_to_release_needs_the_permission(desk):
    cat = signed_in(desk, "cat-decides", P.CASES)
    item, case = item_of(desk, "cat-decides")
    assert (
        "release" in cat.post(f"/console/cases/{case}/decisions", form(item, "no-match"), 403).words
    )
    graded = [*form(item), ("grades", "band=A")]
    cat.post(f"/console/cases/{case}/decisions", graded, 403)
    assert "grade-band" not in cat.get(f"/console/cases/{case}/deciding").text


def test_a_decision_is_taken_back(desk, ann, bob):
    item, case = item_of(desk)
    ann.post(f"/console/cases/{case}/decisions", form(item))
    made = latest(desk, item)
    assert made is not None
    at = f"/console/decisions/{made.id}/undo"
    assert 'role="alert"' in ann.post(at, {}, 422).text
    bob.post(at, {"why": "I would not."}, 422)
    assert ann.post(at, {"why": "A slip."}).location.endswith("said=decision.undone")
    assert latest(desk, item) is None
    assert "taken back" in ann.get(f"/console/cases/{case}/deciding").words
    assert 'role="alert"' in ann.post(at, {"why": "Again."}, 422).text


def test_what_was_confirmed_is_confirmed_again(desk, ann):
    item, case = item_of(desk)
    ann.post(f"/console/cases/{case}/decisions", form(item))
    made = latest(desk, item)
    assert made is not None
    sent = ann.post(f"/console/decisions/{made.id}/reconfirm")
    assert sent.location.endswith("said=decision.reconfirmed")
    ann.post(f"/console/decisions/dec_{'a' * 26}/reconfirm", status=404)


def test_copies_are_decided_with_it_where_that_is_ticked(desk, ann):
    data = secrets.token_hex(8)
    first, case = item_of(desk, data=data)
    second = add(desk.database, desk.database.now(), "elsewhere-1", data=data)
    ann.post(f"/console/cases/{case}/decisions", form(first))
    assert latest(desk, second) is None
    third, case = item_of(desk, data=data)
    ann.post(f"/console/cases/{case}/decisions", form(third, copies="true"))
    found = latest(desk, second)
    assert found is not None and found.conclusion == "confirmed"


def test_who_is_walled_off_sees_nothing_of_it(desk, ann, bob):
    item, case = item_of(desk)
    ann.post(f"/console/cases/{case}/decisions", form(item))
    made = latest(desk, item)
    assert made is not None
    with desk.database.writing() as session:
        session.add(Need(kind=knowing.CASE, subject=case, actor="person:bob-decides",
                         allowed=False))  # fmt: skip
    bob.get(f"/console/cases/{case}/deciding", 404)
    bob.post(f"/console/cases/{case}/decisions", form(item), 404)
    bob.post(f"/console/decisions/{made.id}/undo", {"why": "Mine."}, 404)
    bob.post(f"/console/decisions/{made.id}/reconfirm", status=404)


def test_a_queue_hides_conclusions(desk, ann):
    item, case = item_of(desk)
    with desk.database.writing() as session:
        now = desk.database.now()
        by = Caller("shell:test", frozenset(Permission))
        queues.put(session, now, by, "narrow", hidden=["cannot-tell", "bulk", "without-viewing"])
        session.get_one(Case, case).queue = "narrow"
    page = ann.get(f"/console/cases/{case}/deciding").text
    assert "cannot-tell" not in page and 'name="copies"' not in page and "warrant" not in page
    ann.post(f"/console/cases/{case}/decisions", form(item, "cannot-tell"), 422)


def test_strikes_are_listed_and_ended_with_a_reason(desk, ann):
    account = f"rider & {SCRIPT} {secrets.token_hex(4)}"
    item, case = item_of(desk, account=account)
    ann.post(f"/console/cases/{case}/decisions", form(item))
    page = ann.get("/console/strikes")
    assert SCRIPT not in page.text and account.rsplit(maxsplit=1)[-1] in page.text
    at = "/console/strikes/account?" + urlencode({"account": account})
    assert "Counts against it now: 1" in ann.get(at).words
    assert "<html" not in ann.get(at, hx_request="true").text
    with desk.database.reading() as session:
        number = session.scalars(select(Strike.id).where(Strike.account == account)).one()
    end = f"/console/strikes/{number}/end"
    assert 'role="alert"' in ann.post(end, {"account": account}, 422).text
    signed_in(desk, "cat-decides", P.CASES).post(end, {"why": "Please."}, 403)
    ann.post(end, {"account": account, "why": "They are new here."})
    assert "Counts against it now: 0" in ann.get(at).words
    assert 'role="alert"' in ann.post(end, {"account": account, "why": "Again."}, 422).text
    with desk.database.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.subject == f"strike:{number}")).one()
        assert (entry.actor, entry.action) == ("person:ann-decides", "strike.end")
        assert strikes.weight(session, desk.database.now(), account) == 0


def test_of_who_is_spared_the_page_says_so(desk, ann):
    account = f"sue-{secrets.token_hex(4)}"
    item_of(desk, account=account, purpose="survivor-request")
    page = ann.get(f"/console/strikes/account?account={account}")
    assert "never struck" in page.words

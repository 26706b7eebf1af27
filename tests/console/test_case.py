"""A case's page: a text card, and what may be done with it."""

from __future__ import annotations

import hashlib
import json

import pytest
from api.service import Desk
from cases.matters import SHELL, Matters
from sqlalchemy import select

from console.visitor import Visitor, signed_in
from tutela.cases import queues
from tutela.exchanges import service
from tutela.exchanges.models import Asked, Exchange
from tutela.interfaces.console import case as pages
from tutela.interfaces.console.inert import facts, inert
from tutela.people import knowing
from tutela.screening.models import ItemMatch, ItemSignal


@pytest.fixture
def matters(desk: Desk) -> Matters:
    return Matters(desk.database, people=False)


@pytest.fixture
def ann(desk: Desk) -> Visitor:
    return signed_in(desk, "ann-works", "cases", "match:detail", "release")


@pytest.fixture
def bob(desk: Desk) -> Visitor:
    return signed_in(desk, "bob-works", "cases")


def test_a_text_card_says_what_is_known_and_loads_no_picture(
    desk: Desk, matters: Matters, ann: Visitor, bob: Visitor
):
    given = json.dumps({"item": {"name": "<script>alert(1)</script>", "url": "https://a.b/c"}})
    matters.matched("card", labels="A1 B2", given=given)
    matters.reported("account", "card", text="See https://bikes.example.org/x <img src=x>",
                     url="https://bikes.example.org/y", child_age=9)  # fmt: skip
    case = matters.case("card")
    page = ann.get(f"/console/cases/{case.id}")
    text = page.text
    assert "<script>alert" not in text and "<img src=x" not in text
    assert "hxxps://bikes[.]example[.]org/x" in text and "hxxps://a[.]b/c" in text
    assert "bikes.example.org" not in text
    assert "<img" not in text.partition("<main")[2]
    assert "known-csea" in page.words and "A1" in page.words and "B2" in page.words
    assert "Known exactly yes" in page.words
    assert "known-csea" not in bob.get(f"/console/cases/{case.id}").words  # no match:detail
    assert "on: nothing may tell the subject" in page.words


def test_a_case_is_taken_commented_handed_on_and_closed(
    desk: Desk, matters: Matters, ann: Visitor, bob: Visitor
):
    matters.matched("work")
    case = matters.case("work")
    path = f"/console/cases/{case.id}"
    refused = ann.post(f"{path}/do/close", {"why": "done"}, 409)
    assert "is not yours now" in refused.words
    assert ann.post(f"{path}/do/take").location == f"{path}?said=case.take"
    bob.post(f"{path}/do/take", status=409)
    assert "Somebody else works on this case" in bob.get(path).words
    bob.post(f"{path}/do/comment", {"why": "Seen <b>before</b>"})
    assert "&lt;b&gt;before" in ann.get(path).text
    ann.post(f"{path}/do/comment", {"why": ""}, 409)
    ann.post(f"{path}/do/role", {"role": "child", "why": "said so"})
    assert "The subject is a child" in ann.get(path).words and "Childline" in ann.get(path).words
    bob.post(f"{path}/do/lift-hold", {"why": "mine"}, 403)
    ann.post(f"{path}/do/lift-hold", {"why": "agreed"})
    assert "Hold lifted" in ann.get(path).words
    ann.post(f"{path}/do/restore-hold", {"why": "not yet"})
    number = matters.reported("account", "work")
    ann.post(f"{path}/do/detach", {"number": number, "why": "another's"})
    assert matters.case("work").reports == 0
    ann.post(f"{path}/do/attach", {"number": number, "why": "after all"})
    assert matters.case("work").reports == 1
    bob.post(f"{path}/do/take-over", {"why": "ann went home"})
    assert "ann-works" in ann.get(path).words
    bob.post(f"{path}/do/assign", {"to": "person:ann-works", "why": ""})
    assert matters.case("work").assigned_to == "person:ann-works"
    ann.post(f"{path}/do/take")
    ann.post(f"{path}/do/move", {"queue": "escalated", "why": "theirs"})
    assert matters.case("work").queue == "escalated"
    ann.post(f"{path}/do/take")
    assert ann.post(f"{path}/do/close", {"why": "done"}).location.startswith("/console/cases?")
    closed = ann.get(path).words
    assert "This case is closed" in closed and "Reopen the case" in closed
    ann.post(f"{path}/do/reopen", {"why": "wrong"})
    ann.post(f"{path}/do/skip")
    ann.post(f"{path}/do/fly", status=404)


def test_what_a_queue_hides_is_neither_offered_nor_done(desk: Desk, matters: Matters, ann: Visitor):
    hidden = ["skip", "close", "hold"]
    matters.do(queues.put, SHELL, "strict", position=-9, rule='{"codes": ["H1"]}', hidden=hidden)
    matters.reported("account", "strict", code="H1")
    path = f"/console/cases/{matters.case('strict').id}"
    ann.post(f"{path}/do/take")
    words = ann.get(path).words
    assert "Skip it" not in words and "Close the case" not in words and "Lift" not in words
    for what in ("skip", "close", "lift-hold"):
        ann.post(f"{path}/do/{what}", {"why": "x"}, 404)


def test_of_ten_thousand_alerts_a_page_shows_a_few(
    desk: Desk, matters: Matters, ann: Visitor, monkeypatch
):
    monkeypatch.setattr(pages, "SHOWN", 3)
    for _ in range(7):
        matters.matched("many")
    case = matters.case("many")
    page = ann.get(f"/console/cases/{case.id}")
    assert page.text.count('aria-label="Alert ') == 3 and 'rel="next"' in page.text


def test_who_is_walled_off_sees_neither_the_case_nor_its_subject(
    desk: Desk, matters: Matters, ann: Visitor, bob: Visitor
):
    matters.matched("secret")
    case = matters.case("secret")
    matters.do(knowing.name, SHELL, "case", case.id, "person:bob-works", False)
    bob.get(f"/console/cases/{case.id}", 404)
    bob.get("/console/subjects?kind=account&subject=secret", 404)
    bob.get("/console/subjects?kind=account&subject=nobody", 404)
    bob.post(f"/console/cases/{case.id}/do/comment", {"why": "x"}, 404)
    told = ann.get("/console/subjects?kind=account&subject=secret").words
    assert "What is known, from the cases that you may see." in told


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://a.example.org/p.q?x=1.5", "hxxps://a[.]example[.]org/p.q?x=1.5"),
        ("HTTP://A.B and ftp://c.d", "HxxP://A[.]B and fxxp://c[.]d"),
        ("www.bikes.example", "www[.]bikes[.]example"), ("a.b", "a.b"),
        ("moc\u202e.evil\u200b", "moc\ufffd.evil\ufffd"), ("two\nlines", "two\nlines"),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)  # fmt: skip
def test_addresses_are_broken_and_what_hides_is_shown(text: str, shown: str):
    assert inert(text) == shown


def test_facts_are_listed_flat_and_bounded():
    given = json.dumps({"a": {"b": "x", "c": [1, 2]}, **{f"k{n}": n for n in range(100)}})
    found = facts(given)
    assert found[:2] == [("a.b", "x"), ("a.c", "[1, 2]")] and len(found) == 40


def test_what_a_listed_address_matched_is_said_in_words_and_not_as_a_digest(
    desk: Desk, matters: Matters, ann: Visitor
):
    item = matters.matched("listed")
    with desk.database.writing() as session:
        row = session.scalars(select(ItemMatch).where(ItemMatch.item_id == item)).one()
        row.type, row.bank, row.value, row.item_value = "url", "addresses", "ab" * 32, "ab" * 32
        row.disputed = row.seed = True
    page = ann.get(f"/console/cases/{matters.case('listed').id}")
    assert "It has an address on the list addresses" in page.words
    assert "ab" * 32 not in page.text
    assert "disputed" in page.words and "not checked there" in page.words


@pytest.mark.parametrize(
    ("state", "found", "match", "words"),
    [
        ("given", "listed", "exact", "They list it, or one like it. exact"),
        ("given", "harmful", "near", "as harmful, but not as the first kind. near"),
        ("given", "unknown", "", "They know none like it. That says nothing of the picture."),
        ("waiting", "unknown", "", "That says nothing of the picture. It is being asked."),
        ("waiting", "", "", "It is being asked."), ("refused", "", "", "no answer that can be"),
    ],
)  # fmt: skip
def test_a_second_opinion_stands_with_the_item_for_who_may_see_what_matched(
    desk: Desk, matters: Matters, ann: Visitor, bob: Visitor, state, found, match, words
):
    name = f"op-{state}-{found or 'nothing'}-{match or 'none'}"
    item = matters.matched(name)
    value = hashlib.sha256(name.encode()).hexdigest()
    with desk.database.writing() as session:
        session.add(ItemSignal(
            item_id=item, type="pdq", value=value, variant="plain", frame=None, quality=100,
        ))  # fmt: skip
        row = session.scalars(select(Exchange).where(Exchange.name == "shield")).first()
        if row is None:
            row = service.add(
                session, matters.now, "test", "shield", "arachnid",
                {"url": "http://127.0.0.1:9", "user": "bicycle"},
            )  # fmt: skip
        session.add(Asked(
            exchange_id=row.id, type="pdq", value=value, state=state, found=found, match=match,
            due_at=matters.now, asked_at=None, said_at=None, attempts=0, error="",
        ))  # fmt: skip
    path = f"/console/cases/{matters.case(name).id}"
    page = ann.get(path)
    assert words in page.words and "shield" in page.words
    assert value not in page.text
    assert "shield" not in bob.get(path).words  # no match:detail

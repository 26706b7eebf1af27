"""What waits, the most urgent first; and the next case."""

from __future__ import annotations

import re

import pytest
from api.service import Desk
from cases.matters import SHELL, Matters

from console.visitor import Visitor, signed_in
from tutela.cases import queues, work
from tutela.interfaces.console import queue as pages
from tutela.people import knowing


@pytest.fixture
def matters(desk: Desk) -> Matters:
    return Matters(desk.database, people=False)


@pytest.fixture
def ann(desk: Desk) -> Visitor:
    return signed_in(desk, "ann-cases", "cases")


def subjects(text: str) -> list[str]:
    return re.findall(r'<a href="/console/cases/case_[a-z0-9]{26}">([^<]+)</a>', text)


def test_cases_are_listed_in_the_order_in_which_they_are_given_out(
    desk: Desk, matters: Matters, ann: Visitor, monkeypatch
):
    monkeypatch.setattr(pages, "SHOWN", 2)
    matters.do(queues.put, SHELL, "listed", position=-5, rule='{"codes": ["L1"]}')
    for name, more in (
        ("late", {}), ("young", {"child_age": 5}), ("hurt", {"danger": True}),
        ("<b>bold</b>", {"subject_age": 12}),
    ):  # fmt: skip
        matters.reported("account", name, code="L1", **more)
    page = ann.get("/console/cases?queue=listed")
    assert "<b>bold" not in page.text
    found = subjects(page.text)
    while 'rel="next"' in page.text:
        link = re.search(r'href="([^"]+)" rel="next"', page.text)[1].replace("&amp;", "&")
        page = ann.get(link)
        found += subjects(page.text)
    assert found == ["hurt", "young", "&lt;b&gt;bold&lt;/b&gt;", "late"]
    assert subjects(ann.get("/console/cases?queue=listed&role=child").text) == [found[2]]
    assert subjects(ann.get("/console/cases?queue=listed&danger=yes").text) == ["hurt"]
    assert subjects(ann.get("/console/cases?queue=listed&mine=yes").text) == []
    assert "hurt" in subjects(ann.get("/console/cases").text)
    for wrong in ("after=x", "after=1~2026-13-01T00:00:00+00:00~case_a", "role=x", "queue=%00"):
        assert ann.ask("GET", f"/console/cases?{wrong}").status in (200, 404)


def test_the_next_case_is_given_and_none_that_one_may_not_see(
    desk: Desk, matters: Matters, ann: Visitor
):
    matters.do(queues.put, SHELL, "next", position=-6, rule='{"codes": ["N1"]}')
    matters.reported("account", "nexts", code="N1")
    case = matters.case("nexts")
    matters.do(knowing.name, SHELL, "case", case.id, "person:ann-cases", False)
    assert "nexts" not in ann.get("/console/cases?queue=next").text
    page = ann.post("/console/cases/next", {"queue": "next"})
    assert page.location.startswith("/console/cases?queue=next&said=case.none")
    assert "No case waits for you here." in ann.get(page.location).words
    matters.do(knowing.forget, SHELL, "case", case.id, "person:ann-cases")
    page = ann.post("/console/cases/next", {"queue": "next"})
    assert page.location == f"/console/cases/{case.id}"
    assert "You work on this case." in ann.get(page.location).words
    assert subjects(ann.get("/console/cases?queue=next&mine=yes").text) == ["nexts"]
    other = signed_in(desk, "bob-cases", "cases")
    assert "case.none" in other.post("/console/cases/next", {"queue": "next"}).location
    with desk.database.reading() as session:
        assert work.require_held(
            session, desk.database.now(), SHELL.__class__("person:ann-cases", frozenset()), case.id
        )


def test_who_may_not_see_cases_sees_none(desk: Desk):
    nobody = signed_in(desk, "no-cases", "policy")
    for path in ("/console/cases", "/console/subjects?subject=x"):
        nobody.get(path, 403)
    nobody.post("/console/cases/next", status=403)

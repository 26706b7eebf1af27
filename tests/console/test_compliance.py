"""Compliance on a page: duties, rules that wait for a signature, reviews, what is late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from api.service import Desk
from decisions.world import add

from console.visitor import Visitor, signed_in
from tutela.cases.models import Case
from tutela.law.options import IN_SESSION, Options
from tutela.people.permissions import Permission
from tutela.screening.models import Decided

P = Permission
HERE = "/console/compliance"
US = {"established": "US", "kinds": ("electronic-communication",), "under": ("none",)}


@pytest.fixture
def ann(desk: Desk) -> Visitor:
    return signed_in(desk, "ann-admin", P.ADMIN, P.CASES, P.REPORTS)


@pytest.fixture(autouse=True)
def law(desk: Desk) -> Iterator[None]:
    """The service is one of the US, for these tests alone."""
    before = desk.database.info[IN_SESSION]
    desk.database.info[IN_SESSION] = Options(**US)
    yield
    desk.database.info[IN_SESSION] = before


def on_case(desk: Desk) -> str:
    item = add(desk.database, desk.database.now(), None)
    with desk.database.reading() as session:
        case = session.get_one(Decided, item).case_id
    assert case is not None
    return case


def test_it_is_for_administrators_and_names_duties_packs_and_rules_to_sign(desk, ann):
    page = ann.get(HERE)
    assert "as soon as reasonably possible" in page.words and "18 USC 2258A" in page.words
    assert "us/take-it-down" in page.words and "from memory" in page.words
    assert "2026.1" in page.words
    signed_in(desk, "rita-rules", P.REPORTS, P.CASES).get(HERE, 403)


def test_a_rule_is_signed_by_name_and_the_signature_withdrawn(desk, ann):
    given = {"pack": "us", "rule": "take-it-down", "why": "Read it at the source."}
    ann.post(f"{HERE}/sign", given | {"why": " "}, 409)
    ann.post(f"{HERE}/sign", given | {"pack": "Not A Pack"}, 422)
    ann.post(f"{HERE}/sign", given | {"rule": "rain"}, 409)
    assert ann.post(f"{HERE}/sign", given).location.endswith("said=law.signed")
    assert "Read it at the source." in ann.get(HERE).words
    ann.post(f"{HERE}/sign", given, 409)
    gone = {"pack": "us", "rule": "take-it-down"}
    assert ann.post(f"{HERE}/withdraw", gone).location.endswith("said=law.withdrawn")
    assert "Read it at the source." not in ann.get(HERE).words
    ann.post(f"{HERE}/withdraw", gone, 409)


def test_a_review_that_is_due_is_recorded(desk, ann):
    desk.database.info[IN_SESSION] = Options(
        packs=("uk",), established="GB", kinds=("user-to-user",), measures=("icu-c9",)
    )
    assert "never recorded" in ann.get(HERE).words
    given = {"pack": "uk", "rule": "matching", "why": "Each bank was looked at."}
    assert ann.post(f"{HERE}/reviewed", given).location.endswith("said=law.reviewed")
    assert "never recorded" not in ann.get(HERE).words


def test_what_is_late_is_counted_and_named(desk, ann):
    assert "No open case is late" in ann.get(HERE).words
    case = on_case(desk)
    with desk.database.writing() as session:
        row = session.get_one(Case, case)
        assert row.due_at is not None  # the duty that the page of the case names
        row.due_at = desk.database.now() - timedelta(hours=1)
    assert case in ann.get(HERE).words


def test_the_page_of_a_case_names_its_duties_to_who_reports(desk, ann):
    case = on_case(desk)
    page = ann.get(f"/console/cases/{case}").words
    assert "ncmec must be told" in page and "by your own time" in page
    assert "May a child be in danger now?" in page
    other = signed_in(desk, "carl-cases", P.CASES).get(f"/console/cases/{case}").words
    assert "must be told" not in other


def test_a_pack_that_cannot_be_had_is_shown(desk, ann):
    desk.database.info[IN_SESSION] = Options(packs=("us", "bells"))
    assert "The setting law.packs names bells" in ann.get(HERE).words

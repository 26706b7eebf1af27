"""How authorities are reached, on a page: credentials, schemas, the two steps to production."""

from __future__ import annotations

import pytest
from api.service import Desk
from sqlalchemy import select

from console.visitor import Visitor, signed_in
from tutela.law import signing
from tutela.people.models import Approval
from tutela.people.permissions import Caller, Permission
from tutela.reporting import credentials, production, reaching, schemas
from tutela.reporting.options import Options

P = Permission
SIGNER = Caller("person:sue", frozenset({P.ADMIN}))
HERE = "/console/authorities"
PASSWORD = "it-rains-on-bicycles"


@pytest.fixture
def ann(desk: Desk) -> Visitor:
    return signed_in(desk, "ann-admin", P.ADMIN)


@pytest.fixture
def bob(desk: Desk) -> Visitor:
    return signed_in(desk, "bob-admin", P.ADMIN)


def test_it_is_for_administrators_and_says_where_reports_go(desk, ann):
    page = ann.get(HERE)
    assert "NCMEC CyberTipline" in page.words and "The settings say test" in page.words
    assert "never yet" in page.words and "Nothing goes to the authority itself" in page.words
    signed_in(desk, "rita-reports", P.REPORTS, P.CASES).get(HERE, 403)


def test_credentials_are_set_and_shown_to_nobody(desk, ann):
    given = {"environment": "test", "user": "bicycle", "password": PASSWORD}
    assert ann.post(f"{HERE}/ncmec/credentials", given).location.endswith("said=credentials.set")
    with desk.database.writing() as session:
        signed = credentials.listed(session)[0].set_at
        credentials.refused(session, desk.database.now(), "ncmec", "test", "2000.", signed)
    page = ann.get(HERE)
    assert "refused" in page.words and PASSWORD not in page.text
    wrong = ann.post(f"{HERE}/ncmec/credentials", given | {"user": "a:b"}, 422)
    assert PASSWORD not in wrong.text and "cannot be sent" in wrong.words
    ann.post(f"{HERE}/ncmec/credentials", given | {"environment": "elsewhere"}, 422)
    ann.post(f"{HERE}/ncmec/credentials", given)
    assert "refused" not in ann.get(HERE).words
    ann.post(f"{HERE}/police/credentials", given, 404)


def test_production_is_asked_for_by_one_and_allowed_by_two(desk, ann, bob):
    allow = f"{HERE}/ncmec/production"
    assert "tutela pack sign us" in ann.post(allow, {"why": "We are ready."}, 409).words
    with desk.database.writing() as session:
        for rule in signing.unsigned(session):
            signing.sign(session, desk.database.now(), SIGNER, rule.pack, rule.id, "Read it.")
    assert ann.post(allow, {"why": "We are ready."}).location.endswith("said=second.asked")
    with desk.database.reading() as session:
        asked = select(Approval.id).where(Approval.act == production.ACT)
        number = session.scalars(asked.order_by(Approval.id.desc())).first()
    mine = f"{HERE}/ncmec/requests/{number}"
    assert ann.post(mine).location.endswith("said=second.waits")
    bob.post(mine, status=404)
    bob.post(f"/console/approvals/{number}/approve")
    assert "Do it now" in ann.get(HERE).words
    assert ann.post(mine).location.endswith("said=production.allowed")
    with desk.database.reading() as session:
        assert production.is_allowed(session, "ncmec")
    bob.post(f"{HERE}/ncmec/stop")
    with desk.database.reading() as session:
        assert not production.is_allowed(session, "ncmec")


def test_a_schema_that_changed_is_shown_until_someone_accepts_it(desk, ann):
    with desk.database.writing() as session:
        now = desk.database.now()
        schemas.served(session, now, "worker", "ncmec", "test", b"<rain/>")
        changed = schemas.served(session, now, "worker", "ncmec", "test", b"<snow/>").digest
    page = ann.get(HERE)
    assert "pinned" in page.words and "not accepted yet" in page.words
    given = {"environment": "test", "digest": changed}
    assert ann.post(f"{HERE}/ncmec/schema", given).location.endswith("said=schema.pinned")
    ann.post(f"{HERE}/ncmec/schema", given | {"digest": "a" * 64}, 422)
    ann.post(f"{HERE}/ncmec/schema", given | {"digest": "short"}, 422)


def test_an_authority_that_is_down_is_said_to_be(desk, ann):
    with desk.database.writing() as session:
        now = desk.database.now()
        reaching.failed(session, now, "ncmec", "test", "It does not answer.", Options())
    page = ann.get(HERE)
    assert "down since" in page.words and "tried again in" in page.words

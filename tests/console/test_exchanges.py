"""Exchanges on pages: added from the partner's own form, fetched, held, left."""

from __future__ import annotations

import json

import pytest
from api.service import Desk
from sqlalchemy import select

from console.visitor import Visitor, signed_in
from tutela.exchanges import fetching, outcomes, service
from tutela.exchanges.leaving import KIND
from tutela.exchanges.models import Exchange
from tutela.people.models import Approval
from tutela.people.permissions import Permission

P = Permission
HERE = "/console/exchanges"


@pytest.fixture
def ann(desk: Desk) -> Visitor:
    return signed_in(desk, "ann-lists", P.ADMIN, P.BANKS_READ, P.BANKS_WRITE)


@pytest.fixture
def bob(desk: Desk) -> Visitor:
    return signed_in(desk, "bob-lists", P.ADMIN, P.BANKS_READ, P.BANKS_WRITE)


def fetch(desk: Desk, name: str) -> str | None:
    with desk.database.reading() as session:
        number = service.get(session, name).id
    return fetching.fetch(desk.app.fetching(), number, at_once=True)


def approved(desk: Desk, bob: Visitor, act: str) -> int:
    with desk.database.reading() as session:
        number = session.scalars(
            select(Approval.id).where(Approval.act == act).order_by(Approval.id.desc())
        ).first()
    assert number is not None
    bob.post(f"/console/approvals/{number}/approve")
    return number


def test_an_exchange_is_added_fetched_and_shown(desk: Desk, ann: Visitor) -> None:
    assert "sample" in ann.get("/console/new-exchange").words
    added = ann.post("/console/new-exchange/sample", {"name": "try", "every": "3600"})
    assert added.location.endswith("said=exchange.added")
    assert "waits for its first fetch" in ann.get(f"{HERE}/try").words
    assert fetch(desk, "try") == "complete"
    page = ann.get(f"{HERE}/try")
    assert "well" in page.words and "0.0 %" in page.words and "complete" in page.words
    assert "try" in ann.get(HERE).words
    assert ann.post(f"{HERE}/try/fetch", {"all": "true"}).location.endswith("exchange.asked")
    ann.post(f"{HERE}/try/pause")
    assert "paused" in ann.get(f"{HERE}/try").words
    refused = ann.post(f"{HERE}/try/fetch", {}, 409)
    assert "tutela exchange resume" in refused.words
    ann.post(f"{HERE}/try/resume")
    assert "well" in ann.get(f"{HERE}/try").words
    ann.get(f"{HERE}/nothing", 404)


def test_the_form_is_made_from_what_the_partner_takes(ann: Visitor, tmp_path) -> None:
    form = ann.get("/console/new-exchange/local")
    for name in ("set_path", "set_role", "set_type", "set_format", "set_map"):
        assert f'name="{name}"' in form.text
    given = {"name": "mine", "every": "300", "set_path": str(tmp_path / "list"), "set_role": "test"}
    wrong = ann.post("/console/new-exchange/local", given | {"set_type": "no-such"}, 422)
    assert "no-such" in wrong.text
    ann.post("/console/new-exchange/local", given | {"set_other": "x"}, 422)
    ann.post("/console/new-exchange/local", given | {"name": "No Name"}, 422)
    ann.post("/console/new-exchange/nobody", given, 404)
    ann.post("/console/new-exchange/local", given | {"set_type": "sha256"})
    assert str(tmp_path / "list") in ann.get(f"{HERE}/mine").text


def test_who_reads_banks_sees_exchanges_and_changes_none(desk: Desk, ann: Visitor) -> None:
    ann.post("/console/new-exchange/sample", {"name": "seen", "every": "3600"})
    reader = signed_in(desk, "rita-reads", P.BANKS_READ)
    page = reader.get(f"{HERE}/seen")
    assert "Fetch now" not in page.words and "Leave the programme" not in page.words
    for act in ("fetch", "pause", "resume", "secrets", "release", "leave", "statement"):
        reader.post(f"{HERE}/seen/{act}", {}, 403)
    reader.get("/console/new-exchange/sample", 403)


def test_what_is_held_is_released_by_two(desk: Desk, ann: Visitor, bob: Visitor) -> None:
    ann.post("/console/new-exchange/sample", {"name": "held", "every": "3600"})
    with desk.database.writing() as session:
        row = service.get(session, "held", lock=True)
        outcomes.held(session, desk.database.now(), row, "It deletes 5000 entries.", 5000)
    assert "5000 entries" in ann.get(f"{HERE}/held").words
    assert ann.post(f"{HERE}/held/release", {}).location.endswith("said=second.asked")
    number = approved(desk, bob, "exchange.release")
    bob.post(f"{HERE}/held/release/{number}", {}, 404)
    done = ann.post(f"{HERE}/held/release/{number}", {})
    assert done.location.endswith("said=exchange.released")
    with desk.database.reading() as session:
        row = service.get(session, "held")
        assert (row.held, row.allowed) == ("", 5000)


def test_a_programme_is_left_by_two_and_says_so(desk: Desk, ann: Visitor, bob: Visitor) -> None:
    ann.post("/console/new-exchange/sample", {"name": "gone", "every": "3600"})
    fetch(desk, "gone")
    assert ann.post(f"{HERE}/gone/leave", {"why": "It ended."}).location.endswith("second.asked")
    number = approved(desk, bob, "exchange.leave")
    assert ann.post(f"{HERE}/gone/leave/{number}", {}).location.endswith("exchange.left")
    assert "left" in ann.get(f"{HERE}/gone").words
    told = ann.post(f"{HERE}/gone/statement", {}, 200)
    said = desk.app.public_key().opened(told.text.encode(), KIND)
    assert said["remaining"] == 0 and said["banks"][0]["signals"] == 10
    with desk.database.reading() as session:
        assert session.scalar(select(Exchange.left_at).where(Exchange.name == "gone"))
    ann.post(f"{HERE}/gone/fetch", {}, 409)
    assert json.loads(told.text)["payloadType"] == KIND


def test_who_is_only_asked_has_no_list_to_fetch(desk: Desk, ann: Visitor) -> None:
    given = {"name": "shield", "every": "30", "set_user": "bicycle", "secret_password": "rain"}
    refused = ann.post("/console/new-exchange/arachnid", given, 422)
    assert "whom to ask" in refused.words
    ann.post("/console/new-exchange/arachnid", given | {"set_url": "http://127.0.0.1:9"})
    page = ann.get(f"{HERE}/shield")
    assert "none was asked for yet" in page.words and "Fetch now" not in page.words
    assert "rain" not in page.words
    told = ann.post(f"{HERE}/shield/fetch", {}, 409)
    assert "asked about what is reviewed here" in told.words

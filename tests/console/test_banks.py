"""Banks on pages: seen, made, changed by one or by two, exported, deleted."""

from __future__ import annotations

import hashlib
from itertools import count

import pytest
from api.service import Desk, until

from console.visitor import Visitor, signed_in
from tutela.banks import changes, service
from tutela.banks.changes import From, New
from tutela.people import approvals, callers
from tutela.people.permissions import Permission

P = Permission
numbers = count()
SCRIPT = "<script>rain</script>"


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def writer(desk: Desk) -> Visitor:
    return signed_in(desk, "wendy", P.BANKS_READ, P.BANKS_WRITE, P.EXPORT, P.MATCH_DETAIL)


@pytest.fixture
def other(desk: Desk) -> str:
    """Someone else, who may agree."""
    signed_in(desk, "walt", P.BANKS_READ, P.BANKS_WRITE, P.EXPORT)
    return "walt"


@pytest.fixture
def bank(desk: Desk) -> str:
    return desk.bank(f"rain-{next(numbers)}", source="weather office", may_export=True)


def fill(desk: Desk, bank: str, amount: int, **more: str) -> None:
    with desk.database.writing() as session:
        found = service.get(session, bank)
        changes.add(session, desk.database.now(), "shell:test", found.id, [
            New("sha256", bytes.fromhex(sha(f"{bank} {n}")), From("", "north"), f"no {n}", **more)
            for n in range(amount)
        ])  # fmt: skip


def agree(desk: Desk, who: str, number: int) -> None:
    with desk.database.writing() as session:
        caller = callers.current(session, f"person:{who}")
        assert caller is not None
        approvals.approve(session, desk.database.now(), caller, number)


def waiting(desk: Desk, subject: str) -> int:
    with desk.database.reading() as session:
        (one,) = [
            one for one in approvals.waiting(session, desk.database.now()) if one.subject == subject
        ]
        return one.id


def bank_of(desk: Desk, name: str):
    with desk.database.reading() as session:
        return service.get(session, name)


def test_a_bank_is_made_and_shown(desk: Desk, writer: Visitor):
    name = f"flats-{next(numbers)}"
    fields = {"name": name, "purpose": "test", "source": "own", "rollout": "0.25", "distance": "20",
              "note": SCRIPT, "licence": SCRIPT, "may_seed": "true"}  # fmt: skip
    page = writer.post("/console/new-bank", fields)
    assert page.location == f"/console/banks/{name}?said=bank.created"
    shown = writer.get(page.location)
    assert "The bank was created." in shown.words and "25 %" in shown.words
    assert SCRIPT not in shown.text and SCRIPT in shown.words.replace(" ", "")
    made = bank_of(desk, name)
    assert (made.distance, made.rollout, made.may_seed, made.may_export) == (20, 0.25, True, False)
    assert desk.acts(f"bank:{name}") == [("person:wendy", "bank.create")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "Two Words"), ("name", "x" * 65), ("purpose", "weather"),
        ("purpose", ""), ("distance", "65"), ("distance", "-1"), ("distance", "many"),
        ("rollout", "2"), ("rollout", "nan"), ("source", "s" * 129), ("note", "n" * 10_001),
        ("disabled", "true"), ("signals", "9"), ("deleted_at", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_a_bank_is_told_beside_its_field(
    desk: Desk, writer: Visitor, field: str, value: str
):
    name = f"flats-{next(numbers)}"
    fields = {"name": name, "purpose": "test", "source": "own", "rollout": "1", "licence": "kept"}
    page = writer.post("/console/new-bank", fields | {field: value}, 422)
    assert 'value="kept"' in page.text and 'role="alert"' in page.text
    assert desk.acts(f"bank:{name}") == []


def test_a_name_is_not_used_twice(writer: Visitor, bank: str):
    page = writer.post("/console/new-bank", {"name": bank, "purpose": "test"}, 422)
    assert "already" in page.words


def test_banks_are_filtered_and_paged_by_the_address(desk: Desk, writer: Visitor):
    names = [desk.bank(f"page-{n:02}", "test", source="paged") for n in range(60)]
    first = writer.get("/console/banks?containing=paged&purpose=test")
    assert names[0] in first.text and names[49] in first.text and names[50] not in first.text
    assert "/console/banks?purpose=test&amp;containing=paged&amp;after=page-49" in first.text
    rest = writer.get("/console/banks?containing=paged&purpose=test&after=page-49")
    assert names[50] in rest.text and names[49] not in rest.words.replace("after=page-49", "")
    assert "First page" in rest.words and "Next page" not in rest.words
    none = writer.get("/console/banks?containing=bicycle&purpose=")
    assert "No bank fits" in none.words


def test_signals_of_a_bank_are_paged(desk: Desk, writer: Visitor, bank: str):
    fill(desk, bank, 70, labels="code-1")
    first = writer.get(f"/console/banks/{bank}")
    assert first.text.count("<code>") >= 50 and sha(f"{bank} 0") in first.text
    assert sha(f"{bank} 69") not in first.text
    link = first.text.split('rel="next"')[0].rpartition('href="')[2].split('"')[0]
    rest = writer.get(link)
    assert sha(f"{bank} 69") in rest.text and sha(f"{bank} 0") not in rest.text


def test_a_bank_that_is_not_there_is_a_page(writer: Visitor):
    assert "There is no bank" in writer.get("/console/banks/nowhere", 404).words
    assert "no such page" in writer.get("/console/banks/Not%20a%20name", 404).words


def test_what_one_person_may_change_is_changed_at_once(desk: Desk, writer: Visitor, bank: str):
    fields = {"purpose": "known-csea", "rollout": "0.5", "note": "new", "may_export": "true"}
    page = writer.post(f"/console/banks/{bank}/change", fields)
    assert page.location.endswith("said=bank.changed")
    found = bank_of(desk, bank)
    assert (found.rollout, found.note, found.distance) == (0.5, "new", None)


def test_purpose_and_licence_wait_for_a_second_person(
    desk: Desk, writer: Visitor, other: str, bank: str
):
    fields = {"purpose": "test", "rollout": "1", "may_export": "true", "may_seed": "true",
              "why": "the office agreed"}  # fmt: skip
    page = writer.post(f"/console/banks/{bank}/change", fields)
    assert page.location.endswith("said=second.asked")
    assert bank_of(desk, bank).purpose == "known-csea"
    shown = writer.get(page.location)
    assert "Waiting for a second person" in shown.words and "may_seed" in shown.text
    number = waiting(desk, f"bank:{bank}")
    early = writer.post(f"/console/banks/{bank}/changes/{number}")
    assert early.location.endswith("said=second.waits")
    agree(desk, other, number)
    ready = writer.get(f"/console/banks/{bank}")
    assert "walt agreed" in ready.words and "Do it now" in ready.words
    assert "Do it now" not in signed_in(desk, "walt").get(f"/console/banks/{bank}").words
    done = writer.post(f"/console/banks/{bank}/changes/{number}")
    assert done.location.endswith("said=bank.changed")
    found = bank_of(desk, bank)
    assert (found.purpose, found.may_seed) == ("test", True)
    again = writer.post(f"/console/banks/{bank}/changes/{number}", status=404)
    assert "no such page" in again.words


def test_nobody_does_what_another_asked_for(desk: Desk, writer: Visitor, other: str, bank: str):
    writer.post(f"/console/banks/{bank}/change", {"purpose": "test", "rollout": "1"})
    number = waiting(desk, f"bank:{bank}")
    agree(desk, other, number)
    signed_in(desk, "walt").post(f"/console/banks/{bank}/changes/{number}", status=404)
    elsewhere = desk.bank(f"rain-{next(numbers)}")
    writer.post(f"/console/banks/{elsewhere}/changes/{number}", status=404)
    assert bank_of(desk, bank).purpose == "known-csea"


def test_danger_does_not_wait(desk: Desk, writer: Visitor, bank: str):
    fields = {"purpose": "test", "rollout": "1", "danger": "true"}
    page = writer.post(f"/console/banks/{bank}/change", fields | {"why": ""}, 422)
    assert "needs a reason" in page.words and 'role="alert"' in page.text
    writer.post(f"/console/banks/{bank}/change", fields | {"why": "a child is at the lake"})
    assert bank_of(desk, bank).purpose == "test"


def test_a_bank_is_disabled_until_a_time_in_the_readers_zone(
    desk: Desk, writer: Visitor, bank: str
):
    page = writer.post(f"/console/banks/{bank}/disable", {"until": "2020-01-01T00:00"}, 422)
    assert "has passed" in page.words
    writer.post(f"/console/banks/{bank}/disable", {"until": "2099-12-24T18:30"})
    found = bank_of(desk, bank)
    assert found.disabled and str(found.disabled_until).startswith("2099-12-24 18:30:00+00:00")
    assert "24 Dec 2099, 18:30 UTC" in writer.get(f"/console/banks/{bank}").words.replace(
        "\xa0", " "
    )
    writer.post(f"/console/banks/{bank}/enable")
    assert not bank_of(desk, bank).disabled
    writer.post(f"/console/banks/{bank}/disable", {"until": ""})
    assert bank_of(desk, bank).disabled_until is None


def test_a_bank_is_deleted_only_by_who_types_its_name(desk: Desk, writer: Visitor, bank: str):
    for name in ("", "rain", f"{bank}x"):
        page = writer.post(f"/console/banks/{bank}/delete", {"name": name}, 422)
        assert "Nothing was deleted" in page.words
    page = writer.post(f"/console/banks/{bank}/delete", {"name": bank})
    assert page.location == "/console/banks?said=bank.deleted"
    writer.get(f"/console/banks/{bank}", 404)


def test_an_export_takes_two_people_and_is_given_once(
    desk: Desk, writer: Visitor, other: str, bank: str
):
    fill(desk, bank, 3)
    assert writer.post(f"/console/banks/{bank}/export").location.endswith("second.asked")
    number = waiting(desk, f"bank:{bank}")
    agree(desk, other, number)
    page = writer.post(f"/console/banks/{bank}/exports/{number}", status=200)
    assert page.headers["content-type"].startswith("text/csv")
    assert page.headers["content-disposition"] == f'attachment; filename="{bank}.csv"'
    lines = page.text.splitlines()
    assert lines[0].startswith("type,value,") and len(lines) == 4 and sha(f"{bank} 0") in lines[1]
    assert ("person:wendy", "bank.export") in desk.acts(f"bank:{bank}")
    writer.post(f"/console/banks/{bank}/exports/{number}", status=404)


def test_a_bank_whose_licence_forbids_it_is_not_exported(desk: Desk, writer: Visitor):
    bank = desk.bank(f"rain-{next(numbers)}")
    assert "does not let this bank be exported" in writer.get(f"/console/banks/{bank}/export").words
    page = writer.post(f"/console/banks/{bank}/export", status=422)
    assert "does not let this bank be exported" in page.words


def test_a_value_is_found_with_its_owners_and_stands_in_no_address(
    desk: Desk, writer: Visitor, bank: str
):
    fill(desk, bank, 1)
    until(lambda: desk.running.index.refresh() or True)
    value = sha(f"{bank} 0")
    page = writer.post("/console/find", {"type": "sha256", "value": value.upper()}, 200)
    assert bank in page.words and "north" in page.words and "no 0" in page.words
    assert f"={value}" not in page.text and f"/{value}" not in page.text
    nothing = writer.post("/console/find", {"type": "sha256", "value": sha("bicycle")}, 200)
    assert "No bank that is on matches" in nothing.words


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "sha256", "value": "not hex"}, {"type": "sha256", "value": "00"},
        {"type": "weather", "value": "00"}, {"type": "os:path", "value": "00"},
        {"type": "pdq", "value": "0" * 64, "distance": "99"}, {"type": "pdq"}, {},
    ],
)  # fmt: skip
def test_what_is_no_value_is_told(writer: Visitor, fields: dict):
    assert 'role="alert"' in writer.post("/console/find", fields, 422).text


def test_who_only_reads_banks_changes_none(desk: Desk, bank: str):
    reader = signed_in(desk, "rita", P.BANKS_READ)
    shown = reader.get(f"/console/banks/{bank}")
    for words in ("Import a list", "Change", "Delete", "Disable", "Export"):
        assert f">{words}<" not in shown.text
    for path in ("change", "disable", "delete", "export", "import"):
        assert "permission" in reader.get(f"/console/banks/{bank}/{path}", 403).words
        reader.post(f"/console/banks/{bank}/{path}", status=403)
    for path in ("enable", "changes/1", "exports/1"):
        reader.post(f"/console/banks/{bank}/{path}", status=403)
    reader.get("/console/new-bank", 403)
    reader.post("/console/new-bank", {"name": "x", "purpose": "test"}, 403)


def test_the_test_bank_cannot_be_changed(writer: Visitor):
    shown = writer.get(f"/console/banks/{service.TEST}")
    assert "Delete" not in shown.words and "Import a list" not in shown.words
    writer.get(f"/console/banks/{service.TEST}/import", 404)
    writer.get(f"/console/banks/{service.TEST}/change", 404)
    writer.post(f"/console/banks/{service.TEST}/delete", {"name": service.TEST}, 409)

"""Changes of the configuration: from the log, from approvals, and from settings at each start."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from records.bench import ANN
from tutela.banks import service as banks
from tutela.law.options import Options as Law
from tutela.people.errors import NotPermitted
from tutela.people.models import Approval
from tutela.people.permissions import Caller, Permission
from tutela.records import changes
from tutela.records.errors import RecordRefused
from tutela.records.models import Change

VALUES = {"records.least": 30, "law.packs": ["us"], "packs.us": "2026.1 sha256:00"}


def compare(bench, values, actor="shell:ops"):
    with bench.database.writing() as session:
        return changes.compare(session, bench.now, actor, values)


def listed(bench, **named):
    with bench.database.reading() as session:
        return list(changes.listed(session, **named))


def explain(bench, change, why, who=ANN):
    with bench.database.writing() as session:
        return changes.explain(session, bench.now, who, change, why)


def test_settings_are_written_down_once_and_then_what_differs(bench):
    first = compare(bench, VALUES)
    assert first == "set-1" and compare(bench, dict(reversed(VALUES.items()))) is None
    bench.later(days=1)
    second = compare(bench, VALUES | {"records.least": 50})
    bench.later(days=1)
    back = compare(bench, VALUES)
    assert (second, back) == ("set-2", "set-3")
    found = {one.id: one for one in listed(bench) if one.act == "settings"}
    assert found["set-1"].what == ("3 settings were written down for the first time",)
    assert found["set-2"].what == ("records.least: 30 → 50",)
    assert found["set-3"].what == ("records.least: 50 → 30",) and found["set-3"].why == ""


def test_of_two_who_start_at_once_only_one_follows_a_change(bench):
    compare(bench, VALUES)
    row = {"at": bench.now, "actor": "shell:b", "before": 1, "values": "{}"}
    with bench.database.writing() as session:
        session.add(Change(**row, digest="one"))
    with pytest.raises(IntegrityError), bench.database.writing() as session:
        session.add(Change(**row, digest="other"))


def test_acts_in_the_log_are_changes_with_who_approved(bench):
    with bench.database.writing() as session:
        session.add(Approval(
            act="bank.change", subject="bank:partner-list", facts="{}", permission="banks:write",
            why="It matched too widely.", mode="two", asked_by="person:ann",
            asked_human="person:ann", asked_at=bench.now, lapses_at=bench.now,
            approved_by="person:bob", approved_at=bench.now, used_at=bench.now,
        ))  # fmt: skip
        banks.change(session, bench.now, "person:ann", "partner-list", {"distance": 20})
        banks.disable(session, bench.now, "person:ann", "partner-list")
    off, narrower, made = [one for one in listed(bench) if one.subject == "bank:partner-list"]
    assert narrower.what == ("distance: 30 → 20",)
    assert (narrower.why, narrower.approved_by) == ("It matched too widely.", "person:bob")
    assert (off.act, off.why, off.approved_by) == ("bank.disable", "", "")
    assert made.act == "bank.create" and "source: partner" in made.what


def test_a_reason_is_said_later_and_the_last_counts(bench):
    (made,) = [one for one in listed(bench) if one.act == "bank.create"][:1]
    assert explain(bench, made.id, " A new partner. ").why == "A new partner."
    assert explain(bench, made.id, "A partner of old.").why == "A partner of old."
    compare(bench, VALUES)
    assert explain(bench, "set-1", "The first start.").why == "The first start."
    with pytest.raises(NotPermitted):
        explain(bench, made.id, "No.", Caller("person:eve", frozenset({Permission.CASES})))
    for change, why in (
        (made.id, "  "), (made.id, "x" * 2001), ("log-999999", "Why."), ("set-9", "Why."),
        ("weather", "Why."), ("log-0", "Why."),
    ):  # fmt: skip
        with pytest.raises(RecordRefused):
            explain(bench, change, why)


def test_what_is_no_change_of_configuration_cannot_be_explained(bench):
    compare(bench, VALUES)
    number = explain(bench, "set-1", "So it began.") and 1
    with bench.database.reading() as session:
        from tutela.audit.models import Entry

        entry = session.query(Entry).filter(Entry.action == "record.explain").one()
    assert number and entry.subject == "set-1"
    with pytest.raises(RecordRefused, match="no change"):
        explain(bench, f"log-{entry.number}", "Why.")


def test_pages_reach_all_of_them_once_in_order(bench):
    for number in range(7):
        compare(bench, VALUES | {"records.least": 30 + number})
        if number % 2:
            bench.later(hours=1)
            with bench.database.writing() as session:
                banks.change(session, bench.now, "person:ann", "partner-list",
                             {"distance": 20 + number})  # fmt: skip
    whole = [one.id for one in listed(bench)]
    assert len(whole) == len(set(whole)) and len(whole) >= 11
    for size in (1, 2, 3):
        paged: list[str] = []
        while page := listed(bench, before=paged[-1] if paged else "", limit=size):
            paged += [one.id for one in page]
        assert paged == whole
    with pytest.raises(RecordRefused):
        listed(bench, before="log-999999")


def test_packs_in_use_are_told_by_what_they_say():
    one, other = (changes.packs_in_use(Law(packs=packs)) for packs in (("us",), ("us", "uk")))
    assert set(one) == {"packs.us"} and set(other) == {"packs.us", "packs.uk"}
    assert one["packs.us"] == other["packs.us"] and "sha256:" in one["packs.us"]

"""The sheet has the form's order, and what to know."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from reporting.nca.reports import REPORTER, declared
from tutela.reporting.nca.sheet import DOWN, PROPOSED, UNSET, URGENT, sheet, text
from tutela.testing.authority_contract import NOW, report

GOLDEN = Path(__file__).with_name("sheet.txt")
NIGHT = datetime(2031, 5, 1, 22, tzinfo=UTC)


def test_the_sheet_is_as_it_was_looked_at():
    """Written anew with TUTELA_WRITE_DOCS=1, and then to be read."""
    found = text(sheet(declared(), REPORTER, NOW))
    if os.environ.get("TUTELA_WRITE_DOCS") == "1":
        GOLDEN.write_text(found)
    assert found == GOLDEN.read_text()


def test_who_declared_and_who_looked_is_not_on_it():
    """It is copied to somebody else."""
    assert "person:ann" not in text(sheet(declared(), REPORTER, NOW))


def test_it_says_what_urgency_takes():
    """A call out of hours, and the contingency while the portal is down."""
    urgent, other = declared(priority="1"), declared()
    assert {URGENT, DOWN[True]} <= set(sheet(urgent, REPORTER, NOW).notes)
    assert any("out of hours now" in note for note in sheet(urgent, REPORTER, NIGHT).notes)
    assert not any("out of hours now" in note for note in sheet(urgent, REPORTER, NOW).notes)
    assert DOWN[False] in sheet(other, REPORTER, NIGHT).notes
    assert URGENT not in sheet(other, REPORTER, NIGHT).notes


def test_it_proposes_and_does_not_set_a_priority():
    """With what each means."""
    danger = replace(report(), danger="someone is in danger")
    notes = sheet(danger, REPORTER, NOW).notes
    assert UNSET in notes and PROPOSED in notes
    assert PROPOSED not in sheet(report(), REPORTER, NOW).notes

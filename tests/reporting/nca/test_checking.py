"""All that is wrong with a report is named, and nothing of what stands in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reporting.nca.reports import REPORTER, answered, declared
from tutela.reporting.nca import answers, checking
from tutela.testing.authority_contract import CONTENT, report


def faults(what, reporter=REPORTER):
    return {one.path: one.what for one in checking.faults(what, reporter)}


def test_what_nobody_said_is_named_without_what_stands_there():
    """Each field by its path."""
    found = faults(report())
    assert {"general.detected_at", "priority.priority", "content.1.type", "declaration"} <= set(
        found
    )
    assert not any(CONTENT in what for what in found.values())


def test_a_declaration_is_true_of_the_report_as_it_is():
    """One over another, or by nobody, is none."""
    assert not faults(declared())
    assert set(faults(replace(declared(), text="rain"))) == {"declaration"}
    assert set(faults(answered())) == {"declaration"}
    made = declared()
    unsigned = tuple(one for one in made.answers if one[0] != answers.DECLARED_BY)
    assert set(faults(replace(made, answers=unsigned))) == {"declaration"}


@pytest.mark.parametrize("name", ["a.exe", "A.EXE", "a.exe. "])
def test_programs_and_what_is_too_large_are_refused(name):
    """By name here; how a file begins is seen when it is packed."""
    file = report().files[0]
    what = declared(replace(report(), files=(replace(file, name=name),)))
    assert "takes no .exe" in faults(what)["files.1"]
    what = declared(replace(report(), files=(replace(file, size=checking.LARGEST + 1),)))
    assert "over 5 GB" in faults(what)["files.1"]


def test_a_service_of_elsewhere_is_asked_whether_it_is_linked_to_the_uk():
    """Unknown is a fault, and so is no."""
    abroad = replace(REPORTER, uk_provider=False)
    assert "Nobody said" in faults(declared(), abroad)["uk_linked"]
    assert "not linked" in faults(declared(uk_linked="no"), abroad)["uk_linked"]
    assert not faults(declared(uk_linked="yes"), abroad)


def test_the_priority_is_set_by_a_person_and_danger_proposes_the_first():
    """It is never filled in."""
    danger = replace(report(), danger="someone is in danger")
    assert answers.proposed(danger) == 1 and answers.proposed(report()) is None
    assert answers.priority(danger) is None
    assert "Nobody set the priority." in faults(danger)["priority.priority"]


def test_a_related_report_needs_its_reference():
    """`rest` does not do."""
    assert "needs the reference" in faults(declared(related="yes"))["general.earlier_reference"]
    assert not faults(declared(related="yes", earlier_reference="IRP-17"))

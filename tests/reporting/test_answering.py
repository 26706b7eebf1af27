"""People answer what a form asks, and declare that a report is complete."""

from __future__ import annotations

import pytest

from reporting.desks import ANN
from reporting.nca.desk import answer, content, declare, drafted
from tutela.reporting import editing
from tutela.reporting.errors import EditRefused, ReportChanged, ReportNotReady


def test_an_answer_is_kept_and_an_empty_one_taken_back(desk):
    """Each once."""
    name = drafted(desk)
    answer(desk, name, room="rain")
    answer(desk, name, room="hail")
    assert dict(content(desk, name).answers)["room"] == "hail"
    answer(desk, name, room="")
    assert "room" not in dict(content(desk, name).answers)


@pytest.mark.parametrize(
    "said",
    [{"weather": "rain"}, {"priority": "4"}, {"detected_at": "at noon"}, {"declared": "x"},
     {"reviewed": "yes"}, {"content.2.rest": "not held: rain"}, {"user.1.email": "not held"}],
)  # fmt: skip
def test_what_is_no_answer_is_refused(desk, said):
    """Nor can one say by an answer what records say, or that it was declared."""
    name = drafted(desk)
    with pytest.raises(EditRefused):
        answer(desk, name, **said)


def test_a_declaration_is_of_the_report_as_it_was(desk):
    """In the name of who said so; whatever is changed after it takes it away."""
    name = drafted(desk)
    row = declare(desk, name)
    said = dict(content(desk, name).answers)
    assert said["declared_by"] == ANN.human and said["declared"]
    (entry,) = desk.audited("report.declare")
    assert (entry.actor, entry.subject) == (ANN.actor, name)
    answer(desk, name, room="rain")
    assert "declared" not in dict(content(desk, name).answers)
    with desk.database.writing() as session, pytest.raises(ReportChanged):
        editing.set_field(session, desk.now, ANN, name, row.version, "text", "hail")


def test_what_lacks_something_cannot_be_declared(desk):
    """The place is named."""
    name = drafted(desk, priority="", rest="")
    with pytest.raises(ReportNotReady, match="neither held nor said"):
        declare(desk, name)


def test_nobody_writes_an_answer_or_a_declaration_into_the_report_itself(desk):
    """They have acts of their own, in the name of who is there."""
    name = drafted(desk)
    with desk.database.writing() as session, pytest.raises(EditRefused, match="answers"):
        editing.set_field(session, desk.now, ANN, name, 1, "answers.0.1", "2")


def test_an_authority_that_asks_nothing_besides_says_so(desk):
    """The CyberTipline."""
    with pytest.raises(EditRefused, match="asks nothing"):
        answer(desk, desk.draft(0), priority="1")

"""What was filed and decided otherwise since: it sounds until the authority was told."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from reporting.scenes import ANN, Scene
from tutela.alarms.models import Alarm
from tutela.cases import work
from tutela.decisions import service as deciding
from tutela.evidence import clocks
from tutela.reporting import correcting, drafting
from tutela.reporting.errors import ReportNotReady
from tutela.reporting.models import Report, State


def grade(scene: Scene, item: str, **grades: str) -> None:
    """Confirm it as this; what stood is taken back before."""
    with scene.database.writing() as session:
        if (before := deciding.latest(session, item)) is not None:
            deciding.undo(session, scene.now, ANN, before.id, "Of another grade.")
        held = work.take_over(session, scene.now, ANN, scene.case(), "its turn")
        deciding.decide(
            session, scene.now, ANN, held, [item], "confirmed", "So.", grades, agreed=True
        )


def sounding(scene: Scene) -> list[str]:
    with scene.database.reading() as session:
        return [*session.scalars(
            select(Alarm.subject).where(Alarm.kind == correcting.ALARM, Alarm.closed_at.is_(None))
        )]  # fmt: skip


def filed(scene: Scene, remote: str = "4564654") -> str:
    """The draft is filed, with a number for each file, and who hears of it does."""
    with scene.database.writing() as session:
        row = session.scalars(select(Report).where(Report.state == State.DRAFT)).one()
        files = [
            [one["evidence"], f"n{number}"]
            for number, one in enumerate(json.loads(row.content)["files"], 1)
        ]
        row.state, row.remote_id, row.filed_at = State.FILED, remote, scene.now
        row.receipt = json.dumps({"id": remote, "files": files, "opened": 1})
        clocks.end(session, scene.now, drafting.DRAFT, row.id)
        drafting.filed(session, scene.now, row)
        correcting.follow(session, scene.now, row.case_id)
        name = row.id
    scene.later(minutes=1)
    return name


def supplement(scene: Scene, report: str) -> Report:
    with scene.database.writing() as session:
        return drafting.supplement(session, scene.now, ANN, report)


def test_what_is_decided_otherwise_after_filing_sounds_until_a_supplement_told_it(scene: Scene):
    """It says which file, as the authority counts it, and nothing else stands open then."""
    item, decision = scene.confirmed()
    kept, _ = scene.confirmed()
    first = filed(scene)
    assert sounding(scene) == []
    scene.undo(decision)
    assert sounding(scene) == [first]
    row = supplement(scene, first)
    content = scene.content(row.id)
    assert content.supplements == "4564654" and content.files == ()
    digest = next(v for k, v in scene.content(first).files[0].hashes if k == "sha256")
    assert content.text == (
        f"Correction of the report 4564654: of its file n1 (SHA-256 {digest}),"
        " it is not confirmed any more."
    )
    assert kept not in content.text and sounding(scene) == [first]
    filed(scene, "4564655")
    assert sounding(scene) == []
    with scene.database.reading() as session:
        assert not correcting.changes(session, row.case_id)
    assert item not in content.text


def test_another_grade_after_filing_sounds_and_the_words_name_both(scene: Scene):
    item = scene.item()
    grade(scene, item, band="A", rank="2")
    first = filed(scene)
    grade(scene, item, band="A", rank="2")
    assert sounding(scene) == []  # said again, it is the same
    grade(scene, item, band="A", rank="1")
    assert sounding(scene) == [first]
    text = scene.content(supplement(scene, first).id).text
    assert "it was graded band A, rank 2 and is graded band A, rank 1" in text
    grade(scene, item, band="A", rank="2")
    assert sounding(scene) == []  # as it was told, after all


def test_what_a_supplement_told_can_be_decided_otherwise_once_more(scene: Scene):
    """Then the alarm is over the supplement, which said so last."""
    item, decision = scene.confirmed()
    first = filed(scene)
    scene.undo(decision)
    second = supplement(scene, first).id
    filed(scene, "4564655")
    scene.later(minutes=1)
    scene.decide(item)
    assert sounding(scene) == [second]
    text = scene.content(supplement(scene, second).id).text
    assert "Correction of the report 4564654: of its file n1" in text and "confirmed again" in text


def test_an_open_supplement_takes_up_what_is_decided_otherwise_meanwhile(scene: Scene):
    """One command each time, and nothing is said twice."""
    _, one = scene.confirmed()
    _, other = scene.confirmed()
    first = filed(scene)
    scene.undo(one)
    row = supplement(scene, first)
    with pytest.raises(ReportNotReady, match="one at a time"):
        supplement(scene, first)
    scene.undo(other)
    again = supplement(scene, first)
    assert again.id == row.id and again.version == row.version + 1
    assert scene.content(row.id).text.count("Correction of") == 2


def test_a_supplement_of_something_new_tells_it_too(scene: Scene):
    """That is drafted by itself."""
    _, decision = scene.confirmed()
    filed(scene)
    scene.undo(decision)
    other, _ = scene.confirmed()
    content = scene.content()
    assert [one.item for one in content.files] == [other] and "Correction of" in content.text


def test_a_supplement_that_is_withdrawn_told_nobody(scene: Scene):
    _, decision = scene.confirmed()
    first = filed(scene)
    scene.undo(decision)
    row = supplement(scene, first)
    with scene.database.writing() as session:
        drafting.withdraw_draft(session, scene.now, ANN, row.id, "Not yet.")
    assert sounding(scene) == [first]
    assert "Correction of" in scene.content(supplement(scene, first).id).text


def test_what_was_told_to_another_environment_is_not_meant(scene: Scene):
    """A test server needs no correction once reports are meant for real."""
    _, decision = scene.confirmed()
    filed(scene)
    scene.set(environment="production")
    scene.undo(decision)
    assert sounding(scene) == []


def test_of_very_many_a_supplement_tells_some_and_the_rest_stays_open(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(correcting, "MOST", 2)
    made = [scene.confirmed()[1] for _ in range(3)]
    first = filed(scene)
    for one in made:
        scene.undo(one)
    row = supplement(scene, first)
    assert scene.content(row.id).text.count("Correction of") == 2
    filed(scene, "4564655")
    assert sounding(scene) == [first]

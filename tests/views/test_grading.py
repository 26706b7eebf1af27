"""What is of the worst grades, be it that a bank says so or someone here."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tutela.cases import queues
from tutela.cases.models import Case
from tutela.events.models import Event
from tutela.views import grading, service
from tutela.views.errors import ViewRefused
from views.watched import Watched


def test_what_someone_graded_worst_counts_as_such_and_is_marked_once(watched: Watched):
    case, item = watched.held(creator="graded")
    with watched.database.writing() as session:
        queues.put(session, watched.now, watched["ann"], "general", two_for=["worst"])
        assert not grading.is_worst(session, item)
        grading.mark_worst(session, watched.now, [item])
        grading.mark_worst(session, watched.now, [item])
        assert grading.is_worst(session, item)
        assert service.takes_two(session, session.get_one(Case, case), item, "original")
        marks = select(func.count()).where(Event.kind == grading.GRADED_WORST)
        assert session.scalar(marks) == 1
        (shown,) = service.seeable(session, watched["mia"], case)
    assert shown.worst
    with pytest.raises(ViewRefused, match="two people"):
        watched.begin("mia", case, item, "original")


def test_very_many_copies_are_marked(watched: Watched):
    names = [f"itm_{number:026d}" for number in range(70_000, 70_000 + 2 * grading.PAGE + 1)]
    with watched.database.writing() as session:
        grading.mark_worst(session, watched.now, names)
        assert grading.marked_worst(session, names[-3:]) == set(names[-3:])
        assert session.scalar(select(func.count()).select_from(Event)) == len(names)


def test_a_code_is_one_of_the_labels_and_no_part_of_one(watched: Watched):
    items = {labels: watched.matched(labels=labels) for labels in ("A1 B2", "A10", "B1", "")}
    with watched.database.reading() as session:
        found = grading.worst_of(session, items.values())
        assert found == {items["A1 B2"]}
        assert grading.labelled(session, items.values(), []) == set()

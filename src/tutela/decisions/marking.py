"""Marks what a person gave one of the worst grades, and copies of it, for whoever is asked to look
at it next: what they decided may be open again, or taken back, and it is no less hard to see."""

from __future__ import annotations

import json

from tutela.decisions import grades, items
from tutela.decisions.models import Decision
from tutela.decisions.told import Decided
from tutela.storage import Session
from tutela.views import grading


def mark(session: Session, told: Decided) -> None:
    """Tell those who show files. Of a test too: its file looks the same."""
    if told.item_id is None:
        return
    given = json.loads(session.get_one(Decision, told.decision_id).grades)
    if grades.worst(given) and not grading.marked_worst(session, [told.item_id]):
        grading.mark_worst(session, told.at, items.copies(session, told.item_id))

"""What two people agree to, as far as it is about a case that one of them must not know of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from decisions.bench import ANN, BOB, Bench
from tutela.decisions import requests
from tutela.errors import TutelaError
from tutela.people import approvals, knowing
from tutela.people.models import Approval, Need
from tutela.people.permissions import Caller, Permission

SHELL = Caller("shell:test", frozenset(Permission))


def asked(bench: Bench, subject: str, mode: str = approvals.TWO) -> int:
    """The number of a request that Ann made."""
    with bench.database.writing() as session:
        made = Approval(
            act="view.original", subject=subject, facts="{}", permission="cases", why="Rain.",
            mode=mode, asked_by=ANN.actor, asked_human=ANN.human, asked_at=bench.office.now,
            lapses_at=bench.office.now + timedelta(days=1),
        )  # fmt: skip
        session.add(made)
        session.flush()
        return made.id


def listed(bench: Bench, caller: Caller) -> tuple[set[int], set[int]]:
    """The numbers of those that wait, and of those to be reviewed."""
    only = requests.known(caller)
    with bench.database.reading() as session:
        waits = approvals.waiting(session, bench.office.now, 0, 1000, caller, only)
        review = approvals.to_review(session, 0, 1000, caller, only)
        return {one.id for one in waits}, {one.id for one in review}


def test_who_is_walled_off_from_a_case_sees_no_request_about_it(bench: Bench):
    """Be its subject the case, an item of it or an appeal; all others do, and they see others."""
    item, other = bench.matched(), bench.matched()
    bench.decide(item, "confirmed")
    hidden = {asked(bench, subject) for subject in (bench.case_id(item), item, bench.appeal(item))}
    shown = {asked(bench, subject) for subject in (other, bench.case_id(other), "bank:rain")}
    done = asked(bench, item, approvals.DANGER)
    assert listed(bench, BOB)[0] >= hidden | shown and done in listed(bench, BOB)[1]
    with bench.database.writing() as session:
        session.add(Need(
            kind=knowing.CASE, subject=bench.case_id(item), actor=BOB.actor, allowed=False
        ))  # fmt: skip
    waits, review = listed(bench, BOB)
    assert waits >= shown and not waits & hidden and done not in review
    for caller in (ANN, SHELL):
        assert listed(bench, caller)[0] >= hidden | shown and done in listed(bench, caller)[1]
    with bench.database.reading() as session:
        for number in (*hidden, done):
            requests.require_known(session, ANN, number)
            with pytest.raises(TutelaError, match=f"No request {number}"):
                requests.require_known(session, BOB, number)

"""Cases over HTTP: reports come in, a case is taken, worked on, handed on and closed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

import pytest
from sqlalchemy import select

from api.service import Desk
from tutela.cases import queues
from tutela.cases.models import Step
from tutela.interfaces.api.cases import TRIES, given_out
from tutela.people.permissions import Caller, Permission
from tutela.storage.errors import Busy

numbers = count()


def reported(desk: Desk, **more) -> str:
    """A report of a new account, with a code of its own and a queue for it; gives the case."""
    name = f"q{next(numbers)}"
    with desk.database.writing() as session:
        queues.put(session, desk.database.now(), desk.app.caller, name, position=-1,
                   rule=f'{{"codes": ["{name}"]}}')  # fmt: skip
    body = {"about": "account", "id": f"rider-{name}", "code": name} | more
    return desk.ok("desk", "POST", "/reports", body)["case_id"]


def test_a_report_without_a_file_is_escalated(desk: Desk):
    case = reported(desk, about="thread", id="t-9", text="It rains", child_age=11)
    told = desk.ok("clerk", "GET", f"/cases/{case}")
    assert told["case"]["subject_kind"] == "thread" and told["case"]["hold"] is True
    (alert,) = told["alerts"]["items"]
    assert (alert["kind"], alert["text"], alert["child_age"]) == ("report", "It rains", 11)
    queue = told["case"]["queue"]
    taken = desk.ok("clerk", "POST", "/queues/take", {"queue": queue})["case"]
    assert taken["case_id"] == case and taken["locked_by"] == "key:clerk"
    assert desk.ok("senior", "POST", "/queues/take", {"queue": queue})["case"] is None
    problem = desk.refused(409, "senior", "POST", f"/cases/{case}/escalate", {"why": "hard"})
    assert problem["type"] == "tutela:case-taken"
    desk.ok("clerk", "POST", f"/cases/{case}/comment", {"text": "Looks odd"})
    moved = desk.ok("clerk", "POST", f"/cases/{case}/escalate", {"why": "hard"})
    assert (moved["queue"], moved["locked_by"]) == ("escalated", None)
    steps = desk.ok("clerk", "GET", f"/cases/{case}/steps")["items"]
    assert [one["what"] for one in steps] == ["escalated", "comment", "taken"]
    page = desk.ok("clerk", "GET", f"/cases/{case}/steps?limit=1")
    rest = desk.ok("clerk", "GET", f"/cases/{case}/steps?before={page['next']}")["items"]
    assert page["items"] + rest == steps
    assert ("key:clerk", "case.escalate") in desk.acts(case)


def test_a_case_is_worked_on_by_whoever_holds_it(desk: Desk):
    case = reported(desk)
    subject = desk.ok("clerk", "GET", f"/cases/{case}")["case"]["subject"]
    number = desk.ok("desk", "POST", "/reports", {"about": "account", "id": subject})["alert"]
    path = f"/cases/{case}"
    told = desk.refused(409, "clerk", "POST", f"{path}/close", {"why": "done"})
    assert told["type"] == "tutela:case-not-held"
    desk.ok("clerk", "POST", f"{path}/take")
    desk.ok("clerk", "POST", f"{path}/renew")
    named = desk.ok("clerk", "POST", f"{path}/role", {"role": "child", "why": "x"})
    assert named["role"] == "child"
    assert desk.ok("clerk", "POST", f"{path}/alerts/{number}/detach", {"why": "x"})["detached_by"]
    assert desk.ok("clerk", "GET", path)["case"]["alerts"] == 1
    desk.ok("clerk", "POST", f"{path}/alerts/{number}/attach", {"why": "x"})
    desk.refused(403, "clerk", "POST", f"{path}/lift-hold", {"why": "x"})
    desk.refused(409, "senior", "POST", f"{path}/lift-hold", {"why": "x"})
    desk.ok("senior", "POST", f"{path}/take-over", {"why": "mine"})
    assert desk.ok("senior", "POST", f"{path}/lift-hold", {"why": "x"})["hold"] is False
    desk.ok("senior", "POST", f"{path}/assign", {"to": "key:clerk"})
    desk.ok("clerk", "POST", f"{path}/take")
    desk.ok("clerk", "POST", f"{path}/release")
    desk.refused(404, "clerk", "POST", f"{path}/move", {"queue": "nowhere", "why": "x"})
    desk.ok("clerk", "POST", f"{path}/move", {"queue": "general", "why": "x"})
    desk.ok("clerk", "POST", f"{path}/take")
    desk.ok("clerk", "POST", f"{path}/skip")
    desk.ok("senior", "POST", f"{path}/take")
    closed = desk.ok("senior", "POST", f"{path}/close", {"why": "done"})
    assert closed["closed_at"] and closed["closed_why"] == "done"
    assert desk.ok("clerk", "POST", f"{path}/reopen", {"why": "wrong"})["closed_at"] is None
    names = [one["name"] for one in desk.ok("clerk", "GET", "/queues")["items"]]
    assert {"general", "escalated"} <= set(names)


def test_a_report_sent_again_is_taken_once(desk: Desk):
    body = {"about": "account", "id": f"again-{next(numbers)}"}
    first = desk.ok("desk", "POST", "/reports", body, idempotency_key="k-1")
    assert desk.ok("desk", "POST", "/reports", body, idempotency_key="k-1") == first
    told = desk.refused(
        422, "desk", "POST", "/reports", body | {"text": "x"}, idempotency_key="k-1"
    )
    assert told["type"] == "tutela:idempotency-key-reused"
    assert desk.ok("desk", "POST", "/reports", body, idempotency_key="k-2") != first
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(
            lambda _: desk.ok("desk", "POST", "/reports", body, idempotency_key="k-3"), range(8)
        ))  # fmt: skip
    assert all(one == answers[0] for one in answers)
    assert desk.ok("clerk", "GET", f"/cases/{first['case_id']}")["case"]["reports"] == 3


class Crowded:
    """A database where others write for too long, so many times."""

    def __init__(self, desk: Desk, times: int) -> None:
        self.real, self.times = desk.database, times
        self.now = desk.database.now

    @contextmanager
    def writing(self):
        self.times -= 1
        if self.times >= 0:
            raise Busy("The database is locked.")
        with self.real.writing() as session:
            yield session


def test_where_many_want_a_case_at_once_it_is_tried_again_and_not_for_ever(desk: Desk):
    case = reported(desk)
    queue = desk.ok("clerk", "GET", f"/cases/{case}")["case"]["queue"]
    caller = Caller("person:patient", frozenset({Permission.CASES}))
    with pytest.raises(Busy):
        given_out(Crowded(desk, TRIES), caller, queue)
    taken, sees = given_out(Crowded(desk, TRIES - 1), caller, queue)
    assert taken is not None and (taken.id, taken.locked_by, sees) == (case, caller.actor, True)


@pytest.mark.parametrize(
    ("status", "who", "path", "body"),
    [
        (403, "clerk", "/reports", {"about": "item", "id": "1"}),
        (403, "platform", "/queues/take", {}),
        (422, "desk", "/reports", {"about": "item"}), (422, "desk", "/reports", {"about": "rain"}),
        (422, "desk", "/reports", {"about": "item", "id": "1", "colour": "red"}),
        (422, "desk", "/reports", {"about": "item", "id": "x" * 257}),
        (422, "desk", "/reports", {"about": "item", "id": "1", "code": "no code"}),
        (422, "desk", "/reports", {"about": "item", "id": "1", "danger": "yes"}),
        (422, "desk", "/reports", {"about": "text", "text": "   "}),
        (404, "clerk", f"/cases/case_{'a' * 26}/take", {}),
        (422, "clerk", "/queues/take", {"queue": "No Queue"}),
        (422, "clerk", "/queues/take", {"without": ["x"] * 101}),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(desk: Desk, status: int, who: str, path: str, body):
    desk.refused(status, who, "POST", path, body)


def test_words_of_a_report_that_are_listed_are_told_on_its_case(desk):
    desk.ok("ann", "POST", "/banks", {"name": "words", "purpose": "known-csea"})
    desk.ok("ann", "POST", "/banks/words/signals", {
        "signals": [{"type": "keyword", "value": "tandem for two"}]
    })  # fmt: skip
    desk.running.index.refresh()
    body = {"about": "text", "text": "A TANDEM, for two, in rain", "account": "w-1"}
    first = desk.ok("desk", "POST", "/reports", body, idempotency_key="w-1")
    assert desk.ok("desk", "POST", "/reports", body, idempotency_key="w-1") == first
    desk.ok("desk", "POST", "/reports", body | {"text": "a tandem", "account": "w-2"})
    with desk.database.reading() as session:
        told = [one for one in session.scalars(select(Step)) if one.what == "matched"]
    assert [one.text for one in told] == ["Words of the report are on: words"]
    assert told[0].case_id == first["case_id"]

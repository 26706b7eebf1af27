"""`tutela case …`, `tutela queue …` and `tutela appeal …`"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from tutela.cases import queues, service, steps, work
from tutela.cases.errors import CaseRefused
from tutela.cases.models import Case, Step
from tutela.cases.queues import Kept
from tutela.decisions import appeals, items
from tutela.decisions.models import Appeal, Decision
from tutela.decisions.told import CONFIRMED
from tutela.interfaces import deciding, reports
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.people.permissions import Permission
from tutela.reporting import register
from tutela.reporting.models import Report
from tutela.screening.models import Item

NAMES = (
    "subject_kind", "subject", "queue", "test", "closed_why", "alerts", "reports", "role",
    "role_why", "rank", "danger", "assigned_to", "locked_by", "hold",
)  # fmt: skip
MOST_REPORTS = 50
"""Of a case: more than one has."""

MOST_NAMED = 10
"""Items that an answer names."""

QUEUE_WORDS = "tutela queue set --help says what it can."
TIMES = ("opened_at", "closed_at", "due_at", "locked_until")


def list_cases(queue: str, after: str, limit: int, *, closed: bool, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        found = service.listed(
            session, app.caller, after, limit + 1, only_open=not closed, queue=queue
        )  # fmt: skip
    found, more = found[:limit], len(found) > limit
    if as_json:
        for one in found:
            output.line(record(one.case))
        return
    table = output.table("case", "subject", "queue", "role", "alerts", "opened", "closed",
                         numbers=("alerts",))  # fmt: skip
    for one in found:
        case = one.case
        table.add_row(
            case.id, Text(f"{case.subject_kind} {output.printable(case.subject)}"), case.queue,
            case.role, str(case.alerts), f"{case.opened_at:%Y-%m-%d %H:%M}",
            Text(output.printable(case.closed_why or "")),
        )  # fmt: skip
    output.console().print(table)
    if more:
        print(f"\nThere are more: tutela case list --after {found[-1].case.id}")


def show(case_id: str, after: str, limit: int, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        case = service.found(session, app.caller, case_id)
        done = steps.listed(session, case.id)
        found = items.listed(session, case.id, after, limit + 1)
        drafted = (
            register.listed(session, app.caller, "", MOST_REPORTS, case_id=case.id)
            if app.caller.may(Permission.REPORTS)
            else []
        )
    found, more = found[:limit], len(found) > limit
    if as_json:
        output.line(
            record(case)
            | {"steps": [step(one) for one in done]}
            | {"items": [of_item(*one) for one in found]}
            | {"drafted": [of_report(one) for one in drafted]}
        )
        return
    for name, value in record(case).items():
        print(f"{name}: {output.printable(str(value))}")
    for one in done:
        text = output.printable(one.text)
        print(f"{one.at:%Y-%m-%d %H:%M} {one.actor} {one.what} {text}".rstrip())
    if found:
        print()
        table = output.table("item", "yours", "came", "decided", "decision")
        for item, decision in found:
            table.add_row(
                item.id, Text(output.printable(item.external_id or "")),
                f"{item.at:%Y-%m-%d %H:%M}", decision.conclusion if decision else "",
                decision.id if decision else "",
            )  # fmt: skip
        output.console().print(table)
    if more:
        print(f"\nThere are more: tutela case show {case_id} --after {found[-1][0].id}")
    for report in drafted:
        print(f"{report.id}: {report.state}, {report.authority}")


def move(case_id: str, queue: str, why: str, *, as_json: bool) -> None:
    with opened() as app, app.database.writing() as session:
        case = work.move(session, app.database.now(), app.caller, case_id, queue, why)
        found = record(case)
    if as_json:
        output.line(found)
    else:
        print(f"The case {case_id} is in the queue {queue}.")


def decide(
    case_id: str,
    names: Sequence[str],
    conclusion: str,
    reason: str,
    graded: Sequence[str],
    key_file: Path | None,
    *,
    only: bool,
    danger: bool,
    as_json: bool,
) -> None:
    given = dict(one.partition("=")[::2] for one in graded)
    with opened(key_file) as app:
        with app.database.writing() as session:
            work.take_one(session, app.database.now(), app.caller, case_id)
            ids = items.named(session, case_id, names)
        made = deciding.decide(
            app, app.caller, case_id, ids, conclusion, reason, given, copies=not only,
            danger=danger,
        )  # fmt: skip
        with app.database.reading() as session:
            left = items.count_undecided(session, case_id)
            some = items.undecided(session, case_id, "", MOST_NAMED)
            lost = [] if conclusion == CONFIRMED else reports.lost_about(session, app.caller, ids)
    for one in made:
        if as_json:
            output.line({
                "decision": one.id, "case": one.case_id, "item": one.item_id,
                "conclusion": one.conclusion, "viewed": one.viewed,
                "undo_until": one.undo_until.isoformat(),
            })  # fmt: skip
        else:
            print(f"{one.id}: {one.item_id or 'the case itself'}, {one.conclusion}")
    if as_json:
        return
    if not names and left:
        named = " ".join(item.id for item, _ in some) + (" …" if left > len(some) else "")
        print(
            f"Only the case is concluded. {left} of its items stay undecided: {named}\nTo decide"
            f" about them: tutela case decide {case_id} ITEM …; to list them: tutela case show"
            f" {case_id}"
        )
    for text in lost:
        print(text)


def list_appeals(after: str, limit: int, *, decided: bool, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        found = appeals.listed(session, app.caller, after, limit + 1, only_open=not decided)
    found, more = found[:limit], len(found) > limit
    if as_json:
        for one in found:
            output.line(of_appeal(one))
        return
    table = output.table("appeal", "case", "handed in", "text", "outcome")
    for one in found:
        table.add_row(
            one.id, one.case_id, f"{one.at:%Y-%m-%d %H:%M}", Text(output.printable(one.text)),
            one.outcome or "",
        )  # fmt: skip
    output.console().print(table)
    if more:
        print(f"\nThere are more: tutela appeal list --after {found[-1].id}")


def decide_appeal(
    appeal_id: str, outcome: str, why: str, key_file: Path | None, *, danger: bool, as_json: bool
) -> None:
    with opened(key_file) as app:
        made = deciding.settle(app, app.caller, appeal_id, outcome, why, danger=danger)
        with app.database.reading() as session:
            about = session.get_one(Decision, made.decision_id).item_id
            overturned = made.outcome == appeals.OVERTURNED and about is not None
            alike = items.copies(session, about) if overturned and about else set()
            lost = reports.lost_about(session, app.caller, alike)
    if as_json:
        output.line(of_appeal(made))
        return
    print(f"The appeal {appeal_id} is {made.outcome}.")
    for text in lost:
        print(text)


def list_queues(*, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        found = queues.listed(session)
    if as_json:
        for one in found:
            output.line(of_queue(one))
        return
    table = output.table("queue", "position", "rule", "hidden", "two for", "note",
                         numbers=("position",))  # fmt: skip
    for one in found:
        table.add_row(
            one.name, str(one.position), Text(one.rule), " ".join(sorted(one.hidden)),
            " ".join(sorted(one.two_for)), Text(output.printable(one.note)),
        )  # fmt: skip
    output.console().print(table)


def set_queue(
    name: str,
    rule: str | None,
    position: int | None,
    note: str | None,
    hide: Sequence[str],
    shown: Sequence[str],
    two_for: Sequence[str],
    one_for: Sequence[str],
    *,
    as_json: bool,
) -> None:
    """What is not named stays as it is."""
    with opened() as app, app.database.writing() as session:
        was = queues.kept(session, name)
        for word in {*one_for, *shown} - {*queues.TWO_FOR, *queues.ACTIONS}:
            raise CaseRefused(f"{word[:40]!r} is nothing that a queue can have.", QUEUE_WORDS)
        made = queues.put(
            session, app.database.now(), app.caller, name,
            note=was.note if note is None else note,
            position=was.position if position is None else position,
            rule=was.rule if rule is None else rule,
            hidden=(was.hidden | {*hide}) - {*shown},
            two_for=(was.two_for | {*two_for}) - {*one_for},
        )  # fmt: skip
    if as_json:
        output.line(of_queue(made))
        return
    print(f"The queue {name} is set. Two people: {_words(made.two_for)}.")
    if was.two_for != made.two_for:
        print(f"Before: {_words(was.two_for)}.")
    if "release" in was.two_for - made.two_for:
        print("One person alone now releases what a vetted bank has.")


def remove_queue(name: str, *, as_json: bool) -> None:
    with opened() as app, app.database.writing() as session:
        queues.remove(session, app.database.now(), app.caller, name)
    if as_json:
        output.line({"queue": name, "removed": True})
    else:
        print(f"The queue {name} is gone.")


def record(case: Case) -> dict[str, Any]:
    """Everything a program may want to know of a case: docs/commands.md."""
    times = {name: getattr(case, name) for name in TIMES}
    return (
        {"case": case.id}
        | {name: getattr(case, name) for name in NAMES}
        | {name: at.isoformat() if at else None for name, at in times.items()}
    )


def step(one: Step) -> dict[str, Any]:
    return {
        "at": one.at.isoformat(), "actor": one.actor, "what": one.what, "text": one.text,
        "facts": json.loads(one.facts),
    }  # fmt: skip


def of_item(item: Item, decision: Decision | None) -> dict[str, Any]:
    return {
        "item": item.id, "external_id": item.external_id, "at": item.at.isoformat(),
        "conclusion": decision.conclusion if decision else None,
        "decision": decision.id if decision else None,
    }  # fmt: skip


def of_report(one: Report) -> dict[str, Any]:
    return {"report": one.id, "authority": one.authority, "state": str(one.state)}


def of_appeal(one: Appeal) -> dict[str, Any]:
    """The same of an appeal."""
    return {
        "appeal": one.id, "at": one.at.isoformat(), "decision": one.decision_id,
        "case": one.case_id, "text": one.text, "by": one.by,
        "decided_at": one.decided_at.isoformat() if one.decided_at else None,
        "decided_by": one.decided_by, "outcome": one.outcome, "why": one.why,
    }  # fmt: skip


def of_queue(one: Kept) -> dict[str, Any]:
    """The same of a queue."""
    return {
        "queue": one.name, "position": one.position, "rule": one.rule, "note": one.note,
        "hidden": sorted(one.hidden), "two_for": sorted(one.two_for),
    }  # fmt: skip


def _words(given: Collection[str]) -> str:
    return ", ".join(sorted(given)) or "for nothing"

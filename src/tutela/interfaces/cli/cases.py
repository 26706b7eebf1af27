"""`tutela case …`, `tutela queue …` and `tutela appeal …`"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from tutela.cases import queues, service, steps, work
from tutela.cases.models import Case, Step
from tutela.cases.queues import Kept
from tutela.decisions import appeals
from tutela.decisions.models import Appeal
from tutela.interfaces import deciding
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened

NAMES = (
    "subject_kind", "subject", "queue", "test", "closed_why", "alerts", "reports", "role",
    "role_why", "rank", "danger", "assigned_to", "locked_by", "hold",
)  # fmt: skip
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


def show(case_id: str, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        case = service.found(session, app.caller, case_id)
        done = steps.listed(session, case.id)
    if as_json:
        output.line(record(case) | {"steps": [step(one) for one in done]})
        return
    for name, value in record(case).items():
        print(f"{name}: {output.printable(str(value))}")
    for one in done:
        text = output.printable(one.text)
        print(f"{one.at:%Y-%m-%d %H:%M} {one.actor} {one.what} {text}".rstrip())


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
    items: Sequence[str],
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
        made = deciding.decide(
            app, app.caller, case_id, items, conclusion, reason, given, copies=not only,
            danger=danger,
        )  # fmt: skip
    for one in made:
        if as_json:
            output.line({
                "decision": one.id, "case": one.case_id, "item": one.item_id,
                "conclusion": one.conclusion, "viewed": one.viewed,
                "undo_until": one.undo_until.isoformat(),
            })  # fmt: skip
        else:
            print(f"{one.id}: {one.item_id or 'the case'}, {one.conclusion}")


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
    if as_json:
        output.line(of_appeal(made))
    else:
        print(f"The appeal {appeal_id} is {made.outcome}.")


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
    name: str, rule: str, position: int, note: str, hide: list[str], two_for: list[str], *,
    as_json: bool,
) -> None:  # fmt: skip
    with opened() as app, app.database.writing() as session:
        made = queues.put(
            session, app.database.now(), app.caller, name, note=note, position=position, rule=rule,
            hidden=hide, two_for=two_for,
        )  # fmt: skip
    if as_json:
        output.line(of_queue(made))
    else:
        print(f"The queue {name} is set.")


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

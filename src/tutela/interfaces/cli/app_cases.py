"""What commands there are for cases, queues and appeals, and what they take."""

from __future__ import annotations

from typing import Annotated

import typer

from tutela.interfaces.cli.acting import Commands
from tutela.interfaces.cli.app_banks import SETTINGS, Json, KeyFile, Limit
from tutela.people.permissions import Permission

case = Commands("tutela case", help="Cases that wait for a person.", **SETTINGS)
queue = Commands("tutela queue", help="Where cases wait, and which come there.", **SETTINGS)
appeal = Commands("tutela appeal", help="Decisions that someone appealed.", **SETTINGS)

CASES, ADMIN = Permission.CASES, Permission.ADMIN
CaseId = Annotated[str, typer.Argument(metavar="CASE", help="Id of the case.")]
AppealId = Annotated[str, typer.Argument(metavar="APPEAL", help="Id of the appeal.")]
Danger = Annotated[
    bool, typer.Option("--danger", help="Imminent danger: do it at once; another reviews it.")
]
QueueName = Annotated[str, typer.Argument(metavar="QUEUE", help="Name of the queue.")]


@case.command("list", needs=CASES)
def list_(
    queue: Annotated[str, typer.Option(metavar="QUEUE", help="Those of a queue.")] = "",
    closed: Annotated[bool, typer.Option("--closed", help="Those that were closed too.")] = False,
    after: Annotated[str, typer.Option(metavar="CASE", help="Those after this case.")] = "",
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List cases in the order in which they were opened."""
    from tutela.interfaces.cli import cases as run

    run.list_cases(queue, after, limit, closed=closed, as_json=json)


@case.command(needs=CASES)
def show(
    case: CaseId,
    after: Annotated[str, typer.Option(metavar="ITEM", help="Items after this one.")] = "",
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """Show a case, what was done with it, its items and its reports."""
    from tutela.interfaces.cli import cases as run

    run.show(case, after, limit, as_json=json)


@case.command(needs=CASES)
def move(
    case: CaseId,
    queue: QueueName,
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why: colleagues read it.")],
    json: Json = False,
) -> None:
    """Put a case into another queue: rules no longer move it."""
    from tutela.interfaces.cli import cases as run

    run.move(case, queue, why, as_json=json)


@case.command(needs=CASES)
def decide(
    case: CaseId,
    conclusion: Annotated[
        str,
        typer.Option(metavar="WHAT", help="confirmed, no-match, cannot-tell or escalated."),
    ],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why: colleagues read it.")],
    items: Annotated[
        list[str] | None,
        typer.Argument(metavar="ITEM", help="Items, by our id or yours; without: the case only."),
    ] = None,
    grade: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE=VALUE", help="A fact of its grade; repeat it."),
    ] = None,
    only: Annotated[
        bool, typer.Option("--only", help="Not of other items with the very same bytes.")
    ] = False,
    danger: Danger = False,
    key_file: KeyFile = None,
    json: Json = False,
) -> None:
    """Conclude something of items of a case; takes the case, if nobody has it."""
    from tutela.interfaces.cli import cases as run

    run.decide(case, items or [], conclusion, reason, grade or [], key_file,
               only=only, danger=danger, as_json=json)  # fmt: skip


@appeal.command("list", needs=CASES)
def list_appeals(
    all_: Annotated[bool, typer.Option("--all", help="Those that were decided too.")] = False,
    after: Annotated[str, typer.Option(metavar="APPEAL", help="Those after this appeal.")] = "",
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List appeals that wait, the oldest first."""
    from tutela.interfaces.cli import cases as run

    run.list_appeals(after, limit, decided=all_, as_json=json)


@appeal.command("decide", needs=CASES)
def decide_appeal(
    appeal: AppealId,
    outcome: Annotated[str, typer.Option(metavar="WHAT", help="upheld or overturned.")],
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why: colleagues read it.")],
    danger: Danger = False,
    key_file: KeyFile = None,
    json: Json = False,
) -> None:
    """Decide an appeal, as someone else than who decided first."""
    from tutela.interfaces.cli import cases as run

    run.decide_appeal(appeal, outcome, why, key_file, danger=danger, as_json=json)


@queue.command("list", needs=CASES)
def list_queues(json: Json = False) -> None:
    """List queues in the order in which their rules are asked."""
    from tutela.interfaces.cli import cases as run

    run.list_queues(as_json=json)


@queue.command("set", needs=ADMIN)
def set_(
    queue: QueueName,
    rule: Annotated[
        str | None,
        typer.Option(metavar="JSON", help="What an alert must be; empty: only by hand."),
    ] = None,
    position: Annotated[
        int | None, typer.Option(metavar="N", help="Rules are asked from the lowest on.")
    ] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="What the queue is for.")] = None,
    hide: Annotated[
        list[str] | None, typer.Option(metavar="ACTION", help="Not offered here; repeat it.")
    ] = None,
    no_hide: Annotated[
        list[str] | None,
        typer.Option("--no-hide", metavar="ACTION", help="Offered here again; repeat it."),
    ] = None,
    two_for: Annotated[
        list[str] | None,
        typer.Option("--two-for", metavar="ACT", help="Takes two people here too; repeat it."),
    ] = None,
    no_two_for: Annotated[
        list[str] | None,
        typer.Option("--no-two-for", metavar="ACT", help="Takes one person again; repeat it."),
    ] = None,
    json: Json = False,
) -> None:
    """Make a queue, or change it: what is not named stays. Cases that wait are not moved."""
    from tutela.interfaces.cli import cases as run

    run.set_queue(
        queue, rule, position, note, hide or [], no_hide or [], two_for or [], no_two_for or [],
        as_json=json,
    )  # fmt: skip


@queue.command(needs=ADMIN)
def remove(queue: QueueName, json: Json = False) -> None:
    """Remove a queue in which nothing waits."""
    from tutela.interfaces.cli import cases as run

    run.remove_queue(queue, as_json=json)

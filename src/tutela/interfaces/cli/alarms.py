"""`tutela alarm …`"""

from __future__ import annotations

from rich.text import Text

from tutela import alarms
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened


def list_alarms(after: int, limit: int, *, closed: bool, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        found = alarms.listed(session, after, limit, only_open=not closed)
    if as_json:
        for one in found:
            output.line({
                "alarm": one.id, "kind": one.kind, "subject": one.subject, "text": one.text,
                "facts": one.facts, "times": one.times, "sounded_at": one.sounded_at.isoformat(),
                "last_at": one.last_at.isoformat(),
                "closed_at": one.closed_at.isoformat() if one.closed_at else None,
                "closed_by": one.closed_by or None,
            })  # fmt: skip
        return
    table = output.table(
        "alarm", "kind", "of", "text", "times", "since", "last", numbers=("alarm", "times")
    )
    for one in found:
        text = f"{one.text} (over)" if one.closed_at else one.text
        table.add_row(
            str(one.id), one.kind, Text(output.printable(one.subject)),
            Text(output.printable(text)), str(one.times),
            f"{one.sounded_at:%Y-%m-%d %H:%M}", f"{one.last_at:%Y-%m-%d %H:%M}",
        )  # fmt: skip
    output.console().print(table)


def close(number: int) -> None:
    with opened() as app, app.database.writing() as session:
        alarm = alarms.close(session, app.database.now(), app.actor, number)
    print(f"The alarm {number}, {alarm.kind} of {output.printable(alarm.subject)}, is closed.")

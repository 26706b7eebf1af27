"""`tutela record …`"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from tutela.errors import TutelaError
from tutela.interfaces import records as gathering
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.records import changes as register
from tutela.records import documents, seconds
from tutela.records import dpia as assessing
from tutela.records import performance as performing
from tutela.records import processing as processed
from tutela.records import samples as drawn
from tutela.records.changes import Changed
from tutela.records.documents import Document
from tutela.records.intervals import Interval
from tutela.records.models import Second
from tutela.records.performance import Performance
from tutela.records.setup import Setup
from tutela.storage import Session


def performance(since: str, until: str, by: Sequence[str], *, as_json: bool) -> None:
    begin, end = gathering.day(since), gathering.day(until)
    with opened() as app, app.database.reading() as session:
        try:
            found = performing.record(session, begin, end, by)
        except ValueError:
            raise TutelaError(
                "It can be split by media and by month.", "Give --by media, or --by month."
            ) from None
    if as_json:
        output.line(_plain(asdict(found)))
        return
    _print_performance(found, by)


def _print_performance(found: Performance, by: Sequence[str]) -> None:
    table = output.table(
        "bank", "type", "distances", *by, "matches", "files", "reviewed", "confirmed",
        "overturned", "undecided", "appeals", "right", "drawn", "precision, 95 %",
        numbers=("matches", "files", "reviewed", "confirmed", "overturned", "undecided", "appeals",
                 "right", "drawn"),
    )  # fmt: skip
    for row in found.rows:
        table.add_row(
            Text(output.printable(row.bank)), row.type, row.distances,
            *(getattr(row, one) for one in by),
            *map(str, (row.matches, row.files, row.reviewed, row.confirmed, row.overturned,
                       row.undecided, row.appeals, row.appeals_right, row.drawn)),
            interval(row.precision),
        )  # fmt: skip
    output.console().print(table)
    for one in found.pooled:
        print(f"{output.printable(one.bank)} by {one.type}, all distances: {_pooled(one)}")
    second = found.second
    share = "none" if second.share is None else f"{second.share:.1%}"
    kappa = "not to be told" if second.kappa is None else f"{second.kappa:.3f}"
    print(f"A second person looked at {second.count}: agreed {share}, Cohen's kappa {kappa}.")
    for note in found.notes:
        print(note)
    if found.more:
        output.complain(f"Only {performing.MOST} rows are shown: ask for a shorter time.")


def _pooled(one: performing.Strata) -> str:
    found = one.pooled
    if found.precision is not None:
        return f"{interval(found.precision)}, weighted, of {one.matches} matches."
    bounds = (
        f" It lies between {found.lowest:.1%} and {found.highest:.1%}."
        if found.lowest is not None and found.highest is not None else ""
    )  # fmt: skip
    return f"not told. {found.why_not}{bounds}"


def interval(found: Interval | None) -> str:
    return "none" if found is None else f"{found.share:.1%} ({found.low:.1%} to {found.high:.1%})"


def processing(out: Path | None, *, as_json: bool) -> None:
    _document(processed.record, out, as_json=as_json)


def dpia(out: Path | None, *, as_json: bool) -> None:
    _document(assessing.template, out, as_json=as_json)


def _document(
    make: Callable[[Session, datetime, Setup], Document], out: Path | None, *, as_json: bool
) -> None:
    with opened() as app:
        setup = gathering.setup(app)
        with app.database.reading() as session:
            found = make(session, app.database.now(), setup)
    text = (
        json.dumps(documents.plain(found), ensure_ascii=True) + "\n" if as_json
        else documents.markdown(found)
    )  # fmt: skip
    if out is None:
        print(text, end="")
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise TutelaError(
            f"{output.printable(out)} cannot be written: {error.strerror}.", "Name a new file."
        ) from None
    print(
        f"Written to {output.printable(out)}: {found.to_fill} lines are to be filled in,"
        f" {found.unverified} are not verified."
    )


def changes(since: str, until: str, before: str, limit: int, *, as_json: bool) -> None:
    begin, end = gathering.day(since), gathering.day(until)
    with opened() as app, app.database.reading() as session:
        found = register.listed(session, begin, end, before, limit)
    if as_json:
        for one in found:
            output.line(_plain(asdict(one)))
        return
    table = output.table("change", "at (UTC)", "who", "act", "what", "why", "approved by")
    for one in found:
        table.add_row(
            one.id, f"{one.at:%Y-%m-%d %H:%M}", *(
                Text(output.printable(part)) for part in (
                    one.actor, f"{one.act} {one.subject}", "; ".join(one.what),
                    one.why or "not said", one.approved_by,
                )
            )
        )  # fmt: skip
    output.console().print(table)


def explain(change: str, why: str, key_file: Path | None, *, as_json: bool) -> None:
    with opened(key_file) as app, app.database.writing() as session:
        found: Changed = register.explain(session, app.database.now(), app.caller, change, why)
    if as_json:
        output.line(_plain(asdict(found)))
    else:
        print(f"It is recorded why {found.id} was done.")


def samples(after: int, limit: int, *, open_only: bool, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        found = drawn.listed(session, after, limit, open_only=open_only)
    if as_json:
        for one in found:
            output.line(_plain(asdict(one)))
        return
    table = output.table(
        "number", "at (UTC)", "item", "case", "bank", "type", "distances", "why drawn",
        "probability", "state", numbers=("number", "probability"),
    )  # fmt: skip
    for one in found:
        table.add_row(
            str(one.number), f"{one.at:%Y-%m-%d %H:%M}", one.item_id, one.case_id or "none",
            Text(output.printable(one.bank)), one.type, one.distances, one.design,
            f"{one.probability:.3f}", one.state,
        )  # fmt: skip
    output.console().print(table)


def take(key_file: Path | None, *, as_json: bool) -> None:
    with opened(key_file) as app, app.database.writing() as session:
        found = seconds.begin(session, app.database.now(), app.caller)
        record = None if found is None else _of_second(found)
    if as_json:
        output.line(record or {"second": None})
    elif record is None:
        print("Nothing waits for you as a second person.")
    else:
        print(f"Look at {record['item']} on {record['case']}: it is second look"
              f" {record['second']}.")  # fmt: skip


def conclude(
    number: int, conclusion: str, why: str, key_file: Path | None, *, as_json: bool
) -> None:
    with opened(key_file) as app, app.database.writing() as session:
        now = app.database.now()
        found = seconds.conclude(session, now, app.caller, number, conclusion, why)
        record = _of_second(found)
    if as_json:
        output.line(record)
    else:
        print(f"It is recorded that you concluded {conclusion}.")


def give_back(number: int, key_file: Path | None, *, as_json: bool) -> None:
    with opened(key_file) as app, app.database.writing() as session:
        found = seconds.give_back(session, app.database.now(), app.caller, number)
        record = _of_second(found)
    if as_json:
        output.line(record)
    else:
        print("It is given back. You are not asked about it again.")


def _of_second(found: Second) -> dict[str, Any]:
    """What the second person may know of it: not what the first concluded."""
    return {
        "second": found.id, "item": found.item_id, "case": found.case_id,
        "conclusion": found.conclusion,
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value

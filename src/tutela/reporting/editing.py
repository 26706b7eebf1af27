"""People complete what is gathered. What records say of a file is never typed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from tutela.cases import steps
from tutela.evidence import clocks
from tutela.people.permissions import Caller
from tutela.reporting import completeness, drafting, facts, gathering, setting
from tutela.reporting.errors import EditRefused
from tutela.reporting.facts import Capture, File
from tutela.reporting.models import Report
from tutela.reporting.register import changed, editable
from tutela.storage import Session

LARGEST = 4 << 20
"""Bytes of a report as JSON: twice what as many files take as a report may have, and far more than
any authority reads."""

MOST = 1_000
"""Entries of one list: more nobody reads, and each is an element."""

LONGEST = 100_000
"""Characters of one text: authorities take a few thousand."""

LONGEST_REASON = 500
MOST_FAULTS = 10
"""Places that are named at a time: with them mended, the rest shows."""

FROM_RECORDS = ("evidence", "item", "size", "seen", "hashes", "grades")
"""Of a file: kept as they are recorded, and refused if they are written otherwise."""

OF_REPORT = ("made_at", "answers", "supplements")


def edit(
    session: Session, now: datetime, caller: Caller, report_id: str, version: int, content: str
) -> Report:
    """Put a whole report, as JSON, in the place of what stands there. Raises `EditRefused` that
    names the places, `ReportChanged`, `ReportNotReady`, `NoSuchReport`, `NotPermitted`."""
    report = editable(session, caller, report_id, version)
    old = facts.Report.from_json(report.content)
    new = _marked(old, read(content))
    _require_records(old, new)
    changed(session, now, caller, report, new, "all")
    return report


def set_field(
    session: Session,
    now: datetime,
    caller: Caller,
    report_id: str,
    version: int,
    path: str,
    value: str | None,
) -> Report:
    """Put one value: `subject.account.screen_name`, `victims.0.age`, `files.1.public`, `flags`. The
    number after the last of a list adds one; None empties a field, or takes one out of a list.
    Raises as `edit` does."""
    return set_fields(session, now, caller, report_id, version, [(path, value)])


def set_fields(
    session: Session,
    now: datetime,
    caller: Caller,
    report_id: str,
    version: int,
    pairs: Sequence[tuple[str, str | None]],
) -> Report:
    """Put several values, one after the other, as one change. Raises as `edit` does."""
    report = editable(session, caller, report_id, version)
    old, content = facts.Report.from_json(report.content), report.content
    paths = frozenset(path for path, _ in pairs)
    for path, value in pairs:
        content = setting.put(content, path, value, paths)
    new = _marked(old, read(content))
    _require_records(old, new)
    changed(session, now, caller, report, new, ", ".join(path for path, _ in pairs)[:64])
    return report


def say_why(
    session: Session,
    now: datetime,
    caller: Caller,
    report_id: str,
    version: int,
    field: str,
    reason: str,
) -> Report:
    """Say why a field (of `completeness`) is not held; an empty reason takes back what was said.
    Raises as `edit` does."""
    report = editable(session, caller, report_id, version)
    reason = reason.strip()
    if field not in completeness.NAMES:
        raise EditRefused(
            f"{field[:40]!r} is no field.", f"Fields are {', '.join(completeness.NAMES)}."
        )
    if len(reason) > LONGEST_REASON or "\0" in reason:
        raise EditRefused("The reason is too long.", f"Say it in {LONGEST_REASON} letters.")
    old = facts.Report.from_json(report.content)
    others = tuple(one for one in old.reasons if one[0] != field)
    new = replace(old, reasons=(*others, (field, reason)) if reason else others)
    changed(session, now, caller, report, new, f"why {field}")
    return report


def leave_out(
    session: Session,
    now: datetime,
    caller: Caller,
    report_id: str,
    version: int,
    name: str,
) -> Report:
    """Take a file, by its evidence or its item, out of a report. Another draft of the case has it
    again. Raises as `edit` does."""
    report = editable(session, caller, report_id, version)
    old = facts.Report.from_json(report.content)
    gone = [one for one in old.files if name and name in (one.evidence, one.item)]
    if not gone:
        raise EditRefused(
            f"{name[:40]!r} is no file of {report.id}.", "Give its evidence (ev_…) or its item."
        )
    for one in gone:
        if one.evidence:
            clocks.end(session, now, drafting.DRAFT, report.id, one.evidence)
        if one.item:
            steps.write(
                session, now, caller.actor, report.case_id, gathering.LEFT_OUT,
                report=report.id, item=one.item,
            )  # fmt: skip
    left = tuple(one for one in old.files if one not in gone)
    changed(session, now, caller, report, replace(old, files=left), f"without {name}")
    return report


def read(content: str) -> facts.Report:
    """A report from JSON that someone wrote. Raises `EditRefused` that names places, no values."""
    if len(content.encode("utf-8", "surrogatepass")) > LARGEST:
        raise EditRefused(
            f"The report is larger than {LARGEST} bytes.", "Attach what is long as a file."
        )
    try:
        found = facts.Report.from_json(content)
    except ValidationError as error:
        raise _refused([
            (".".join(map(str, one["loc"])), one["msg"])
            for one in error.errors(include_url=False, include_input=False, include_context=False)
        ]) from None  # fmt: skip
    faults = [(place, "no field of a report") for place in setting.unknown(content)]
    if faults := [*faults, *_faults(found, "")]:
        raise _refused(faults)
    return replace(found, danger=found.danger.strip())  # a blank is no danger, and skips no line


def _faults(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """What pydantic does not look at: zones, and how much there is."""
    match value:
        case str():
            if len(value) > LONGEST:
                yield path, f"longer than {LONGEST} characters"
            if "\0" in value:
                yield path, "no text: it holds a zero character"
        case datetime():
            if value.utcoffset() is None:
                yield path, "a time without its zone: say the zone, as 2026-01-31T12:00:00+00:00"
        case tuple():
            if len(value) > MOST:
                yield path, f"more than {MOST} entries"
            for number, one in enumerate(value[:MOST]):
                yield from _faults(one, f"{path}.{number}")
        case _ if is_dataclass(value):
            for one in fields(value):
                place = f"{path}.{one.name}" if path else one.name
                yield from _faults(getattr(value, one.name), place)


def _marked(old: facts.Report, new: facts.Report) -> facts.Report:
    """The new one, in which each address of the internet says whether a person typed it: what is
    not there as it was recorded, someone did."""
    recorded: set[Capture] = set()

    def note(one: Capture) -> Capture:
        if not one.typed:
            recorded.add(one)
        return one

    def mark(one: Capture) -> Capture:
        plain = replace(one, typed=False)
        return plain if plain in recorded else replace(one, typed=True)

    _each_capture(old, note)
    found: facts.Report = _each_capture(new, mark)
    return found


def _each_capture(value: Any, change: Callable[[Capture], Capture]) -> Any:
    match value:
        case Capture():
            return change(value)
        case tuple():
            return tuple(_each_capture(one, change) for one in value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            named = {one.name: getattr(value, one.name) for one in fields(value)}
            return replace(value, **{
                name: _each_capture(one, change) for name, one in named.items()
                if isinstance(one, tuple) or is_dataclass(one)
            })  # fmt: skip
    return value


def _require_records(old: facts.Report, new: facts.Report) -> None:
    """Raises `EditRefused` if something was changed that only records say, or if it says danger
    without a sentence why."""
    faults = [
        (name, "never changed by hand") for name in OF_REPORT
        if getattr(old, name) != getattr(new, name)
    ]  # fmt: skip
    if new.danger and new.danger != old.danger and not facts.is_sentence(new.danger):
        faults.append(("danger", "a sentence, why a child may be in danger now; empty: none is"))
    before = {_key(one): one for one in old.files}
    for number, file in enumerate(new.files):
        was = before.pop(_key(file), None)
        if was is None:
            faults.append((f"files.{number}", "none of its files, or one that stands there twice"))
            continue
        faults += [
            (f"files.{number}.{name}", "known from records, and never changed by hand")
            for name in FROM_RECORDS
            if getattr(was, name) != getattr(file, name)
        ]
    if before:
        faults.append(("files", "not all there: leave a file out by its own act"))
    if faults:
        raise _refused(faults)


def _key(file: File) -> tuple[str, str]:
    return file.item, file.evidence


def _refused(faults: Sequence[tuple[str, str]]) -> EditRefused:
    shown = [f"{path or 'The report'}: {what}" for path, what in faults[:MOST_FAULTS]]
    if len(faults) > MOST_FAULTS:
        shown.append(f"and {len(faults) - MOST_FAULTS} more")
    return EditRefused("This cannot stand in a report. " + "; ".join(shown) + ".", "Mend these.")

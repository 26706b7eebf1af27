"""The sheet that a person copies into the portal: the form's own order, and what to know. Pure."""

from __future__ import annotations

from datetime import datetime

from tutela.reporting.authorities import Line, Sheet
from tutela.reporting.facts import Report, Reporter
from tutela.reporting.nca import answers, hours
from tutela.reporting.nca.answers import State
from tutela.reporting.nca.fields import Field
from tutela.reporting.nca.form import form

ALWAYS = (
    "Submitting is for good: a submitted report cannot be opened again. A correction is a"
    " supplementary report that quotes the reference; what is found later is a new report.",
    "Never send the material by e-mail, and do not tell the sender that a report was filed.",
)
URGENT = (
    "Out of hours (Monday to Friday, 07:00 to 17:00 in London): a report of priority 1 or 2 also"
    " takes a call to the control centre that quotes the organisation's reference number. Once it"
    " is acknowledged, answer call_acknowledged=yes."
)
DOWN = {
    True: "If the portal is down: send the contingency template by e-mail, without the material,"
    " and call; file again in the portal once it is back. Someone in danger now and no"
    " registration yet: call 999.",
    False: "If the portal is down: this report waits until it is back.",
}
UNSET = "Nobody set the priority yet: what each means stands there. A person decides."
PROPOSED = "The report says that someone may be in danger now: consider priority 1."


def sheet(report: Report, reporter: Reporter, now: datetime) -> Sheet:
    """What to copy. Where nobody said anything of a field yet, its state is empty."""
    made = form(report, reporter)
    sections = []
    for section in made.sections:
        for group in section.groups:
            title = section.title if len(section.groups) == 1 else f"{section.title}: {group.title}"
            lines = tuple(_line(f"{group.path}.{one.name}", one) for one in group.fields)
            sections.append((title, lines))
    return Sheet(tuple(sections), tuple(_notes(report, now)))


def text(found: Sheet) -> str:
    """The sheet as plain text, as it is printed or copied from."""
    parts = []
    for number, (title, lines) in enumerate(found.sections, 1):
        parts.append(f"{number}. {title}\n")
        for line in lines:
            parts.append(f"  {line.title} [{line.path}]")
            parts += [f"      {one}" for one in said(line).splitlines()]
        parts.append("")
    parts += [f"! {note}" for note in found.notes]
    return "\n".join(parts) + "\n"


def said(line: Line) -> str:
    """What is copied, or ticked."""
    if line.state == State.VALUE:
        return f"{line.value} = {line.meaning}" if line.meaning else line.value
    if line.state == State.NOT_HELD:
        return f"[data not held] {line.reason}"
    return "[not applicable]" if line.state else "[NOT SAID YET]"


def _line(path: str, field: Field) -> Line:
    found = field.answer
    meaning = answers.CHOICES.get(field.name, {}).get(found.value, "")
    if meaning.lower() == found.value.lower():
        meaning = ""
    return Line(
        path, field.title, str(found.state or ""), found.value, found.reason, meaning
    )  # fmt: skip


def _notes(report: Report, now: datetime) -> list[str]:
    level = answers.priority(report)
    notes = []
    if level is None:
        notes += [UNSET, *answers.PRIORITIES.values()]
    if answers.proposed(report) == 1 and level != 1:
        notes.append(PROPOSED)
    if level in hours.CALLED or level is None:
        notes.append(URGENT)
    if hours.needs_call(level, now):
        notes.append("It is out of hours now: call.")
    notes.append(DOWN[level != max(answers.PRIORITIES)])
    return [*notes, *ALWAYS]

"""The form of the portal, in its own order, filled in from a report: never with a guess. Pure.

Each field is a value, *data not held* with a reason, or not applicable; where nobody said which,
it has no state yet, and the report is not ready.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from tutela.reporting.facts import Report, Reporter
from tutela.reporting.nca import answers, people
from tutela.reporting.nca.answers import Answer, State
from tutela.reporting.nca.contents import contents
from tutela.reporting.nca.fields import NONE, Field, held, joined, yes

TITLES = ("General", "Content", "User(s)", "Priority", "Review and submit")


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that are asked together: those of one content, of one user."""

    title: str
    fields: tuple[Field, ...]

    @property
    def path(self) -> str:
        """As `content.1`."""
        return self.title.lower().replace(" ", ".")


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """Five sections, in the form's own order."""

    sections: tuple[Section, ...]

    def fields(self) -> Iterator[tuple[str, Field]]:
        """Each with its path: `content.1.upload_ip`."""
        for section in self.sections:
            for group in section.groups:
                for one in group.fields:
                    yield f"{group.path}.{one.name}", one

    def unsaid(self) -> list[str]:
        """Paths of fields of which nobody said anything."""
        return [path for path, one in self.fields() if one.answer.state is None]


def form(report: Report, reporter: Reporter) -> Form:
    """The form of a report, as far as it is known."""
    groups = (
        (Group("General", tuple(_general(report, reporter))),),
        tuple(Group(title, tuple(made)) for title, made in contents(report)),
        tuple(Group(title, tuple(made)) for title, made in people.users(report)),
        (Group("Priority", tuple(_priority(report))),),
        (Group("Declaration", tuple(_declaration(report))),),
    )
    return Form(tuple(
        Section(title, tuple(_answered(one, report, alone=len(group) == 1) for one in group))
        for title, group in zip(TITLES, groups, strict=True)
    ))  # fmt: skip


def _general(report: Report, reporter: Reporter) -> Iterable[Field]:
    officer = report.officer
    earlier = [report.supplements, *(report.subject.earlier if report.subject else ())]
    known = joined(dict.fromkeys(filter(None, earlier)))
    said = dict(report.answers)
    related = yes(bool(known)) if known else NONE
    yield Field("related", "Related to a previous report?", related)
    unrelated = not known and said.get("related") == "no"
    yield Field("earlier_reference", "Earlier reference", held(known, applies=not unrelated))
    told = officer is not None
    yield Field(
        "police",
        "Previously reported to local police?",
        Answer(State.VALUE, "yes") if told else NONE,
    )
    asked = told or said.get("police") != "no"
    yield Field(
        "police_reference", "Police reference",
        held(officer.case_number if officer else "", applies=asked),
    )  # fmt: skip
    names = (officer.first_name, officer.last_name, officer.agency) if officer else ()
    yield Field("police_officer", "Officer", held(joined(names, " "), applies=asked))
    yield Field("platform", "Platform", held(report.platform))
    first = reporter.contact_first_name or reporter.first_name
    last = reporter.contact_last_name or reporter.last_name
    yield Field("contact_name", "Point of contact: name", held(f"{first} {last}"), own=True)
    yield Field(
        "contact_phone", "Point of contact: telephone",
        held(reporter.contact_phone or reporter.phone), own=True,
    )  # fmt: skip
    yield Field(
        "contact_email", "Point of contact: e-mail",
        held(reporter.contact_email or reporter.email), own=True,
    )  # fmt: skip
    yield Field("detected_at", "Date and time detected (UTC; not of the posting)", NONE)
    yield Field("detected_by", "Who detected it", NONE)
    files = [one for one in report.files if not one.supplemental]
    viewed = bool(files) and all(one.viewed for one in files)
    yield Field(
        "reviewed", "Content reviewed by a person in the organisation?", yes(viewed), own=True
    )
    there = [one for one in files if one.evidence]
    original = yes(all(one.item for one in there)) if there else NONE
    yield Field("original", "Content in its original format?", original)


def _priority(report: Report) -> Iterable[Field]:
    level = answers.priority(report)
    found = Answer(State.VALUE, str(level)) if level else NONE
    yield Field("priority", "Priority level", found, own=True)
    said = dict(report.answers).get("call_acknowledged", "")
    call = Answer(State.VALUE, said) if said in answers.YES_NO else Answer(State.NOT_APPLICABLE)
    yield Field(
        "call_acknowledged", "Submitted out of hours: the call was acknowledged", call, own=True
    )


def _declaration(report: Report) -> Iterable[Field]:
    said = Answer(State.VALUE, "yes") if answers.is_declared(report) else NONE
    yield Field(
        "declaration", "All information that is reasonably available was given", said, own=True
    )


def _answered(group: Group, report: Report, *, alone: bool) -> Group:
    """With what a person said: of this group's field, or of all fields of the name. A value for all
    goes only where there is one: the second user is not the first."""
    said = {name: answers.read(text) for name, text in report.answers}
    rest = said.get(answers.REST, NONE)
    made = []
    for one in group.fields:
        found = said.get(f"{group.path}.{one.name}", NONE)
        if found.state is None:
            found = said.get(one.name, NONE)
            found = found if alone or found.state is not State.VALUE else NONE
        if one.own:
            found = one.answer
        elif found.state is None:
            found = one.answer if one.answer.state else rest
        made.append(replace(one, answer=answers.as_taken(one.name, found)))
    return replace(group, fields=tuple(made))


def title_of(name: str) -> str:
    """What the form calls a field that a person may answer, for all (`type`) or for one
    (`content.2.type`, `user.1.email`); empty: there is none."""
    if numbered := re.fullmatch(r"(content|user)\.[1-9][0-9]{0,2}\.([a-z_]+)", name):
        return names().get(numbered[2], "") if numbered[2] not in answers.BESIDE else ""
    return names().get(name, "")


@cache
def names() -> dict[str, str]:
    """Fields that a person may answer, and what the form calls them."""
    empty = form(people.EXAMPLE, Reporter())
    found = {one.name: one.title for _, one in empty.fields() if not one.own}
    extra = {"priority": "Priority level", "call_acknowledged": "The call was acknowledged"}
    return found | extra | answers.BESIDE

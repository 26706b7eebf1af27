"""The UK's National Crime Agency, as the contract of an authority has it.

Its portal is a form that a person fills in; `sheet` is what they copy from. No interface of its is
published: the paper and the calls here are those of our own stand-in (`tutela testserver nca`), so
that an interface, once there is one, changes this module alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tutela.reporting import facts
from tutela.reporting.authorities import (
    RESUME,
    Answer,
    Call,
    Cut,
    Enclosure,
    Ended,
    Environment,
    Fault,
    Lost,
    Paper,
    Receipt,
    Sheet,
    Wait,
)
from tutela.reporting.facts import Reporter
from tutela.reporting.nca import answers, checking, machine, sheet
from tutela.reporting.nca.answers import State
from tutela.reporting.nca.fields import Field
from tutela.reporting.nca.form import Form, form, names, title_of

LONGEST = 32_000
"""Characters of one field: what the portal takes is not published; this is what we send."""

INCIDENTS = {
    "media": "Imagery, video or audio", "contact": "Messaging", "trade": "Other",
    "travel": "Other", "offline": "Other", "domain": "URL", "wording": "Other",
    "sent": "Messaging",
}  # fmt: skip


class Nca:
    """See `tutela.reporting.authorities.Authority`."""

    name = "nca"
    title = "UK National Crime Agency"
    addresses: Mapping[Environment, str] = {
        Environment.TEST: "https://nca-stand-in.invalid",
        Environment.PRODUCTION: "https://www.uk-child-sexual-abuse-industry-reporting.gov.uk",
    }
    own_schema = ""
    schema_call: Call | None = None
    status_call: Call | None = None
    by_hand = True
    covers: tuple[str, ...] = ("ncmec",)

    def welcomed(self, answer: Answer) -> Wait | Ended | None:
        return Wait("It cannot be asked whether it knows us.")

    def choices(self) -> Mapping[str, Mapping[str, str]]:
        return {"incident": INCIDENTS, "answers": names(), **answers.CHOICES}

    def draft(self, report: facts.Report, reporter: Reporter, schema: bytes | None = None) -> Paper:
        cuts: list[Cut] = []
        made = form(report, reporter)
        document = {
            "related_to": report.supplements,
            "sections": _document(made, cuts),
        }
        enclosures = tuple(
            Enclosure(one.evidence, checking.name_of(one), one.size)
            if one.evidence
            else Enclosure("", checking.name_of(one), one.size, one.more or "It was not kept.")
            for one in report.files
        )
        body = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
        return Paper(body, enclosures, tuple(cuts))

    def check(
        self, report: facts.Report, reporter: Reporter, schema: bytes | None = None
    ) -> Sequence[Fault]:
        return checking.faults(report, reporter)

    def supplement(self, report: facts.Report, earlier: Receipt) -> facts.Report:
        return replace(report, supplements=earlier.id)

    def title_of(self, field: str) -> str:
        return title_of(field)

    def wrong(self, field: str, text: str) -> str:
        return answers.wrong(field.rpartition(".")[2], text)

    def declared(self, report: facts.Report, who: str) -> facts.Report:
        return answers.declared(report, who)

    def undeclared(self, report: facts.Report) -> facts.Report:
        return answers.undeclared(report)

    def sheet(self, report: facts.Report, reporter: Reporter, now: datetime) -> Sheet:
        return sheet.sheet(report, reporter, now)

    def submit(
        self,
        report: facts.Report,
        reporter: Reporter,
        schema: bytes | None = None,
        *,
        resume: timedelta = RESUME,
    ) -> str:
        return machine.submit()

    def next(self, state: str, paper: Paper, now: datetime) -> Call | Wait | Ended:
        return machine.next(state, paper, now)

    def calling(self, state: str, call: Call, now: datetime) -> str:
        return machine.calling(state, call)

    def after(
        self, state: str, call: Call, answer: Answer | Lost, now: datetime
    ) -> tuple[str, Wait | None]:
        return machine.after(state, call, answer, now)

    def receipt(self, state: str, now: datetime) -> Receipt:
        return machine.receipt(state, now)

    def remote(self, state: str) -> str:
        return machine.remote(state)

    def may_be_filed(self, state: str) -> bool:
        return machine.may_be_filed(state)

    def again(self, state: str, now: datetime) -> str:
        return machine.again(state)

    def withdraw(self, state: str, now: datetime) -> str:
        return machine.withdraw(state)


def _document(made: Form, cuts: list[Cut]) -> list[dict[str, object]]:
    return [
        {
            "section": section.title,
            "groups": [
                {
                    "group": group.title,
                    "fields": {
                        one.name: _field(one, f"{group.path}.{one.name}", cuts)
                        for one in group.fields
                        if one.answer.state
                    },
                }
                for group in section.groups
            ],
        }
        for section in made.sections
    ]


def _field(one: Field, path: str, cuts: list[Cut]) -> dict[str, str]:
    found, state = one.answer, str(one.answer.state)
    if found.state is State.NOT_HELD:
        return {"state": state, "reason": found.reason}
    if found.state is State.NOT_APPLICABLE:
        return {"state": state}
    if len(found.value) > LONGEST:
        cuts.append(Cut(path, "cut", len(found.value) - LONGEST))
    return {"state": state, "value": found.value[:LONGEST]}

"""What routes of cases take and give."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from tutela.cases import alerts as gathering
from tutela.cases import queues, steps
from tutela.cases.models import Alert, Case, Step
from tutela.cases.queues import Kept
from tutela.exchanges.opinions import Said as SaidOfIt
from tutela.interfaces.api.json_bodies import NO_ZERO, Given, Page

QUEUE = f"^{queues.NAME.pattern}$"
QueueName = Annotated[str, Field(pattern=QUEUE)]
Why = Annotated[str, Field(min_length=1, max_length=steps.LONGEST, pattern=NO_ZERO)]
Said = Annotated[str, Field(max_length=steps.LONGEST, pattern=NO_ZERO)]
Code = Annotated[str, Field(pattern=f"^{gathering.CODE.pattern}$")]


class CaseShown(BaseModel):
    """A case: one subject, and all that concerns them. `rank`: the lower, the sooner."""

    case_id: str
    subject_kind: str
    subject: str
    queue: str
    test: bool
    opened_at: datetime
    closed_at: datetime | None
    closed_why: str | None
    alerts: int
    reports: int
    role: str
    role_why: str
    rank: int
    danger: bool
    due_at: datetime | None
    assigned_to: str | None
    locked_by: str | None
    locked_until: datetime | None
    hold: bool

    @classmethod
    def of(cls, case: Case) -> CaseShown:
        names = [name for name in cls.model_fields if name != "case_id"]
        return cls(case_id=case.id, **{name: getattr(case, name) for name in names})


class OpinionShown(BaseModel):
    """What a partner says of an item. `found`: listed, harmful, or unknown, which says nothing of
    the picture; empty: nothing yet. `state`: waiting, given or refused."""

    exchange: str
    partner: str
    type: str
    state: str
    found: str
    match: str
    at: datetime | None


class AlertShown(BaseModel):
    """Something that concerns a case's subject. Texts and addresses are as they came: never fetch
    them, never make them links. `opinions` takes the scope `match:detail`."""

    number: int
    at: datetime
    kind: str
    item_id: str | None
    verdict: str
    about: str
    about_id: str
    code: str
    text: str
    url: str
    reporter: str
    reporter_id: str
    danger: bool
    subject_age: int | None
    child_age: int | None
    detached_at: datetime | None
    detached_by: str | None
    opinions: list[OpinionShown] = []

    @classmethod
    def of(cls, alert: Alert, given: Sequence[SaidOfIt] = ()) -> AlertShown:
        names = [name for name in cls.model_fields if name not in ("number", "opinions")]
        said = [OpinionShown(**asdict(one)) for one in given]
        values = {name: getattr(alert, name) for name in names}
        return cls(number=alert.id, opinions=said, **values)


class StepShown(BaseModel):
    """Something that was done with a case."""

    number: int
    at: datetime
    actor: str
    what: str
    text: str
    facts: dict[str, Any]

    @classmethod
    def of(cls, step: Step) -> StepShown:
        return cls(
            number=step.id, at=step.at, actor=step.actor, what=step.what, text=step.text,
            facts=json.loads(step.facts),
        )  # fmt: skip


class QueueShown(BaseModel):
    """A queue, in the order in which rules are asked."""

    name: str
    note: str
    position: int
    rule: str
    hidden: list[str]
    two_for: list[str]

    @classmethod
    def of(cls, queue: Kept) -> QueueShown:
        return cls(
            name=queue.name, note=queue.note, position=queue.position, rule=queue.rule,
            hidden=sorted(queue.hidden), two_for=sorted(queue.two_for),
        )  # fmt: skip


class CaseWithAlerts(BaseModel):
    """A case, and a page of what is on it."""

    case: CaseShown
    alerts: Page[AlertShown]


class Next(BaseModel):
    """The next case; null if none waits for who asks."""

    case: CaseShown | None


class Taking(Given):
    """From which queue, and which codes the taker does not want to see."""

    queue: QueueName | None = None
    without: Annotated[list[Code], Field(max_length=100, default_factory=list)]


class Reason(Given):
    """Why something is done."""

    why: Why


class MaybeReason(Given):
    """Why something is done, if one says so."""

    why: Said = ""


class Moving(Given):
    """Where a case goes, and why."""

    queue: QueueName
    why: Why


class Assigning(Given):
    """Whose case it is: `person:NAME`; empty: anyone's."""

    to: Annotated[str, Field(max_length=128, pattern=NO_ZERO)] = ""
    why: Said = ""


class Saying(Given):
    """What one says to colleagues."""

    text: Why


class Role(Given):
    """What the subject is: suspect, child or unknown."""

    role: Annotated[str, Field(pattern="^(suspect|child|unknown)$")]
    why: Why

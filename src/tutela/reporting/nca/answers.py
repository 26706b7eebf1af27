"""What the form asks that no other report has: what a person answers, and in which words. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from tutela.reporting.facts import Report

NOT_HELD = "not held"
NOT_APPLICABLE = "n/a"
REST = "rest"
"""The answer that goes for each field that has none of its own: `not held: REASON`."""

DECLARED, DECLARED_BY = "declared", "declared_by"
"""Over what a person said that all that is reasonably available is here; and who: never sent."""

PRIORITIES = {
    1: "Priority 1: someone is, or may be, in immediate danger.",
    2: "Priority 2: someone may be in danger in the near future, or time presses.",
    3: "Priority 3: anything else.",
}
DETECTED_BY = {
    "user": "A user of the platform",
    "third-party": "A third-party reporter",
    "automated": "An automated detection tool",
    "employee": "An employee moderating the platform",
}
TYPES = {
    "imagery": "Imagery", "video": "Video", "audio": "Audio", "messaging": "Messaging",
    "meme": "Viral/meme", "url": "URL", "multiple": "Multiple", "other": "Other",
}  # fmt: skip
YES_NO = {"yes": "Yes", "no": "No"}
CHOICES: Mapping[str, Mapping[str, str]] = {
    "priority": {str(number): said for number, said in PRIORITIES.items()},
    "detected_by": DETECTED_BY,
    "type": TYPES,
    "related": YES_NO, "police": YES_NO, "uk_linked": YES_NO, "call_acknowledged": YES_NO,
    "compromised": YES_NO, "notified": YES_NO,
}  # fmt: skip
TIMES = ("detected_at",)
BESIDE = {
    "uk_linked": "Whether the content is linked to the United Kingdom",
    "covered": "Why it is reported though another agency was told of the same files",
    REST: "What goes for each field without an answer of its own",
}
"""Answers that stand in no field of the form."""


class State(StrEnum):
    """What the form is told of a field."""

    VALUE = "value"
    NOT_HELD = "data_not_held"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one field; without a state nobody said anything yet."""

    state: State | None = None
    value: str = ""
    reason: str = ""


def read(text: str) -> Answer:
    """`n/a`, `not held: REASON`, or a value; empty: nothing was said, nor by `not held` alone."""
    said = text.strip()
    if said == NOT_APPLICABLE:
        return Answer(State.NOT_APPLICABLE)
    head, _, reason = said.partition(":")
    if head.strip().lower() == NOT_HELD:
        return Answer(State.NOT_HELD, reason=reason.strip()) if reason.strip() else Answer()
    return Answer(State.VALUE, said) if said else Answer()


def utc(at: datetime | None) -> str:
    """As the form takes times."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def as_taken(name: str, given: Answer) -> Answer:
    """An answer as the form takes it: times in UTC."""
    at = _time(given.value) if name in TIMES else None
    return replace(given, value=utc(at)) if at else given


def wrong(name: str, text: str) -> str:
    """What is wrong with an answer that a person gives; empty: nothing."""
    said = read(text)
    if not said.state:
        return "Say a value, n/a, or `not held:` and why." if text.strip() else ""
    if name == REST and said.state is not State.NOT_HELD:
        return "This is `not held:` and why."
    if said.state is not State.VALUE:
        return "This is never left open: choose one." if name == "priority" else ""
    if name in CHOICES and said.value not in CHOICES[name]:
        return f"This is one of {', '.join(CHOICES[name])}."
    if name in TIMES and _time(said.value) is None:
        return "This is a time with its zone, as 2026-01-31T12:00:00+00:00."
    return ""


def priority(report: Report) -> int | None:
    """As a person set it; None: nobody did."""
    said = dict(report.answers).get("priority", "")
    return int(said) if said in CHOICES["priority"] else None


def proposed(report: Report) -> int | None:
    """The priority that the facts speak for, for a person to set: danger is the first. What else
    there is to weigh, facts do not say."""
    return 1 if report.danger.strip() else None


def undeclared(report: Report) -> Report:
    """Without a declaration."""
    left = tuple(one for one in report.answers if one[0] not in (DECLARED, DECLARED_BY))
    return replace(report, answers=left)


def declared(report: Report, who: str) -> Report:
    """As this person declares it to be complete."""
    bare = undeclared(report)
    return replace(bare, answers=(*bare.answers, (DECLARED_BY, who), (DECLARED, digest(bare))))


def digest(report: Report) -> str:
    """Of all that is declared to be complete: the report without the declaration itself."""
    return hashlib.sha256(undeclared(report).to_json().encode()).hexdigest()


def is_declared(report: Report) -> bool:
    """Whether a person declared this very report to be complete, and not one before an edit."""
    said = dict(report.answers)
    return bool(said.get(DECLARED_BY)) and said.get(DECLARED) == digest(report)


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.utcoffset() is not None else None

"""What the stand-in refuses of a report. Written apart from the client that it checks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

SECTIONS = ("General", "Content", "User(s)", "Priority", "Review and submit")
FIELDS = (
    "related earlier_reference police police_reference police_officer platform contact_name"
    " contact_phone contact_email detected_at detected_by reviewed original",
    "type uploaded_at upload_ip upload_port upload_ip_at hash url exif room chat more file",
    "status user_name other_names unique_id profile biography closed closed_at notified"
    " compromised real_name born email phone phone_verified_at address billing ip_history"
    " recovery_email recovery_phone devices connections payment identity national_insurance"
    " driving_licence biometrics voice user_more",
    "priority call_acknowledged",
    "declaration",
)
"""Of each group of a section."""

ALLOWED = {
    "related": ("yes", "no"), "police": ("yes", "no"), "reviewed": ("yes", "no"),
    "detected_by": ("user", "third-party", "automated", "employee"),
    "type": ("imagery", "video", "audio", "messaging", "meme", "url", "multiple", "other"),
    "status": ("sender", "recipient"), "priority": ("1", "2", "3"), "declaration": ("yes",),
}  # fmt: skip
ALWAYS = ("priority", "declaration", "status", "contact_name", "contact_email", "contact_phone")
"""Fields that only a value will do for."""

LONDON = ZoneInfo("Europe/London")
MONDAY_TO_FRIDAY = range(5)
HOURS = range(7, 17)


def broken(document: Any, prior: set[str], now: datetime) -> str:
    """The rule that a report breaks first, as a code; empty: none. `prior`: references given."""
    try:
        return next(_broken(document, prior, now), "")
    except (AttributeError, KeyError, TypeError):
        return "not-a-report"


def _broken(document: Any, prior: set[str], now: datetime) -> Iterator[str]:
    sections = document["sections"]
    if tuple(one["section"] for one in sections) != SECTIONS:
        yield "sections"
    for section, names in zip(sections, FIELDS, strict=False):
        if not section["groups"]:
            yield "no-group"
        for group in section["groups"]:
            if set(group["fields"]) != set(names.split()):
                yield "fields"
            for name, field in group["fields"].items():
                yield from _of_field(name, field)
    found = {
        name: field.get("value", "")
        for section in (sections[0], *sections[3:])
        for group in section["groups"]
        for name, field in group["fields"].items()
    }
    senders = [g for g in sections[2]["groups"] if g["fields"]["status"]["value"] == "sender"]
    if len(senders) > 1:
        yield "one-sender"
    if found["related"] == "yes" and not found["earlier_reference"]:
        yield "prior-reference"
    if document["related_to"] and (
        document["related_to"] not in prior or found["related"] != "yes"
    ):
        yield "prior-reference"
    urgent = found["priority"] in ("1", "2") and not _working(now)
    if urgent and found["call_acknowledged"] != "yes":
        yield "call-needed"


def _of_field(name: str, field: Any) -> Iterator[str]:
    state = field.get("state")
    if state == "value":
        if not isinstance(field.get("value"), str) or not field["value"].strip():
            yield "value-missing"
        if name in ALLOWED and field["value"] not in ALLOWED[name]:
            yield "value-unknown"
    elif state not in ("data_not_held", "not_applicable"):
        yield "state-unknown"
    elif name in ALWAYS:
        yield "declaration" if name == "declaration" else "value-missing"
    elif state == "data_not_held" and not str(field.get("reason", "")).strip():
        yield "reason-missing"
    elif "value" in field:
        yield "two-states"


def _working(now: datetime) -> bool:
    there = now.astimezone(LONDON)
    return there.weekday() in MONDAY_TO_FRIDAY and there.hour in HOURS

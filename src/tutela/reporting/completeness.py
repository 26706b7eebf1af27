"""How complete a report is: what police lack most weighs most. Pure.

What is asked for follows from the fields of the authorities' forms and from what those who receive
reports say is missing: when and from where, by which account, an e-mail, and what it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tutela.reporting.facts import Capture, Incident, Party, Report

REQUIRED, MOST, MUCH, SOME, LITTLE = 10, 8, 5, 3, 1
"""How much a field helps who receives the report: without the first there is none; the next lead to
a person; the last are good to know."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field that is wanted. `reason`: why it is not held, where someone said so; of what is held,
    that a person typed it, where no record says it. `path`: what one sets to hold it (`editing`);
    empty where records say it, or a paper."""

    name: str
    title: str
    held: bool
    reason: str
    weight: int
    path: str = ""


@dataclass(frozen=True, slots=True)
class Completeness:
    """`score`: how much of what is wanted is held, by weight, in percent. `most`: the field that is
    missing without a reason and would help most."""

    score: int
    fields: tuple[Field, ...]
    most: Field | None


Held = Callable[[Report], bool]
Wanted = Callable[[Report], bool]


def _always(_: Report) -> bool:
    return True


def _files(report: Report) -> bool:
    return any(not one.supplemental for one in report.files)


def _media(report: Report) -> bool:
    return report.incident is Incident.MEDIA or _files(report)


def _contact(report: Report) -> bool:
    return report.incident in (Incident.CONTACT, Incident.SENT, Incident.TRADE)


def _about(report: Report) -> Sequence[Party]:
    """Whom it is about: of a child's own account, the child."""
    return (report.subject,) if report.subject is not None else report.victims


def _captures(report: Report) -> Iterable[Capture]:
    for party in _about(report):
        yield from party.captures
    for file in report.files:
        if file.capture is not None:
            yield file.capture
    for where in report.where:
        yield from where.captures


def _any(ask: Callable[[Party], object]) -> Held:
    return lambda report: any(bool(ask(one)) for one in _about(report))


def _each_file(ask: Callable[..., bool]) -> Held:
    """Whether it is known of every file that is reported."""
    return lambda report: all(ask(one) for one in report.files if not one.supplemental)


WANTED: tuple[tuple[str, str, int, Wanted, Held], ...] = (
    ("incident", "What kind of incident it is", REQUIRED, _always, lambda r: bool(r.incident)),
    ("at", "When it happened", REQUIRED, _always, lambda r: r.at.utcoffset() is not None),
    (
        "files", "The files that it is about, enclosed", REQUIRED, _media,
        lambda r: any(one.evidence and not one.supplemental for one in r.files),
    ),
    (
        "subject", "Whom it is about: their account or another name", REQUIRED, _always,
        _any(lambda one: one.is_named),
    ),
    ("ip", "An internet address that they used", MOST, _always, lambda r: any(_captures(r))),
    (
        "ip.at", "When that address was used, with the zone", MOST, _always,
        lambda r: any(one.at for one in _captures(r)),
    ),
    (
        "ip.port", "The port, without which one address of a mobile network is of thousands", MUCH,
        _always, lambda r: any(one.port for one in _captures(r)),
    ),
    ("email", "An e-mail address of theirs", MOST, _always, _any(lambda one: one.emails)),
    (
        "email.verified", "Whether that address was verified", SOME, _any(lambda one: one.emails),
        _any(lambda one: any(mail.verified is not None for mail in one.emails)),
    ),
    ("phone", "A telephone number of theirs", MUCH, _always, _any(lambda one: one.phones)),
    (
        "account.id", "Their account, as the service counts it", MUCH, _always,
        _any(lambda one: one.account.id),
    ),
    (
        "account.screen_name", "The name that others see", SOME, _always,
        _any(lambda one: one.account.screen_name or one.account.display_names),
    ),
    ("account.urls", "Where their profile is", SOME, _always, _any(lambda one: one.account.urls)),
    (
        "name", "Their name, as they gave it", MUCH, _always,
        _any(lambda one: one.first_name or one.last_name),
    ),
    (
        "age", "Their age or birthday, as they gave it", SOME, _always,
        _any(lambda one: one.age is not None or one.born is not None),
    ),
    (
        "place", "Where they are: an address, or what the service guesses", SOME, _always,
        _any(lambda one: one.addresses or one.place),
    ),
    ("devices", "Their devices", SOME, _always, _any(lambda one: one.devices)),
    (
        "disabled", "Whether the account was disabled, and whether they were told", LITTLE,
        _any(lambda one: one.account.id), _any(lambda one: one.account.disabled),
    ),
    (
        "associated", "Accounts that have to do with theirs", LITTLE, _always,
        _any(lambda one: one.associated),
    ),
    ("platform", "On which service it happened", MUCH, _always, lambda r: bool(r.platform)),
    (
        "where", "Where on it: addresses of pages, rooms, threads", MUCH, _always,
        lambda r: any(one.urls or one.name or one.room or one.emails for one in r.where)
        or any(file.url for file in r.files),
    ),
    (
        "text", "In words: what it is about, and how it was found", MUCH, _always,
        lambda r: bool(r.text.strip()),
    ),
    ("found_by", "How it was detected", SOME, _always, lambda r: bool(r.found_by.strip())),
    (
        "content", "What was said, where it is about words", MOST, _contact,
        lambda r: any(one.content or one.more for one in r.where)
        or any(one.supplemental for one in r.files),
    ),
    (
        "victims", "Who the child is, as far as it is known", MOST, _always,
        lambda r: any(one.is_named or one.age is not None for one in r.victims),
    ),
    (
        "relation", "How they know the child: what you know of it, in words", SOME,
        lambda r: bool(r.victims), lambda r: any(one.more.strip() for one in r.victims),
    ),
    (
        "recipients", "Whom it was sent to", SOME, _contact, lambda r: bool(r.recipients),
    ),
    (
        "files.viewed", "Whether a person saw each file whole: on it may hang a warrant", MUCH,
        _files, _each_file(lambda one: one.viewed),
    ),
    (
        "files.uploaded_at", "When each file was uploaded", MUCH, _files,
        _each_file(lambda one: one.uploaded_at is not None),
    ),
    (
        "files.capture", "From which internet address each file was uploaded", MOST, _files,
        _each_file(lambda one: one.capture is not None),
    ),
    (
        "files.public", "Whether others could see each file", SOME, _files,
        _each_file(lambda one: one.public is not None),
    ),
    ("files.url", "Where each file was", SOME, _files, _each_file(lambda one: bool(one.url))),
    (
        "files.original_name", "What whoever uploaded it called it", LITTLE, _files,
        _each_file(lambda one: bool(one.original_name)),
    ),
    ("files.hashes", "Hashes of each file", SOME, _files, _each_file(lambda one: bool(one.hashes))),
    (
        "files.grades", "How each file was graded", SOME, _files,
        _each_file(lambda one: bool(one.grades or one.marks)),
    ),
    (
        "officer", "Police who know of it already", LITTLE, _always,
        lambda r: r.officer is not None and bool(r.officer.agency.strip()),
    ),
)  # fmt: skip
"""Each: its name, its title, its weight, of which reports it is wanted, and whether one has it."""

NAMES = tuple(one[0] for one in WANTED)

TYPED = "typed by a person"

ABOUT = "subject."
PATHS = {
    "incident": "incident", "at": "at", "subject": "subject.account.screen_name",
    "ip": "subject.captures.0.address", "ip.at": "subject.captures.0.at",
    "ip.port": "subject.captures.0.port", "email": "subject.emails.0.address",
    "email.verified": "subject.emails.0.verified", "phone": "subject.phones.0.number",
    "account.id": "subject.account.id", "account.screen_name": "subject.account.screen_name",
    "account.urls": "subject.account.urls", "name": "subject.last_name", "age": "subject.age",
    "place": "subject.place.country", "devices": "subject.devices.0",
    "disabled": "subject.account.disabled.0", "associated": "subject.associated.0",
    "platform": "platform", "where": "where.0.urls", "text": "text", "found_by": "found_by",
    "content": "where.0.content", "victims": "victims.0.age", "relation": "victims.0.more",
    "recipients": "recipients.0.account.screen_name", "files.uploaded_at": "files.0.uploaded_at",
    "files.capture": "files.0.capture.address", "files.public": "files.0.public",
    "files.url": "files.0.url", "files.original_name": "files.0.original_name",
    "officer": "officer.agency",
}  # fmt: skip
"""What one sets to hold a field, of the first where there are many."""


CAPTURED = frozenset({"ip", "ip.at", "ip.port", "files.capture"})
"""What addresses of the internet tell."""


def of(report: Report) -> Completeness:
    """What of a report is held, and what is not."""
    reasons = dict(report.reasons)
    made = []
    for name, title, weight, wanted, held in WANTED:
        if wanted(report):
            there = held(report)
            typed = TYPED if name in CAPTURED and _all_typed(report, name) else ""
            reason = typed if there else reasons.get(name, "")
            made.append(Field(name, title, there, reason, weight, _path(report, name)))
    total = sum(one.weight for one in made)
    lacking = [one for one in made if not one.held and not one.reason.strip()]
    return Completeness(
        score=100 * sum(one.weight for one in made if one.held) // total,
        fields=tuple(made),
        most=max(lacking, key=lambda one: one.weight, default=None),
    )


def _all_typed(report: Report, name: str) -> bool:
    """Whether no record says what is held: only people do."""
    if name == "files.capture":
        seen = [one.capture for one in report.files if one.capture is not None]
    else:
        seen = [
            one for one in _captures(report)
            if name == "ip" or (one.at if name == "ip.at" else one.port)
        ]  # fmt: skip
    return all(one.typed for one in seen)


def _path(report: Report, name: str) -> str:
    """Of a child's own account, what is wanted of them is set of the child."""
    path = PATHS.get(name, "")
    if report.subject is None and report.victims and path.startswith(ABOUT):
        return "victims.0." + path.removeprefix(ABOUT)
    return path

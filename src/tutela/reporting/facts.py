"""The one internal report: what is known of an incident, whichever authority is told of it.

Pure values. Codes are neutral: what an authority calls them, its own module says. Every time is
aware; ages are whole years. Free text is as it came: what an authority cannot take of it is cut
when its paper is made, with a mark, never here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Self

from tutela.reporting.contacts import (
    Account,
    Address,
    Capture,
    Device,
    Disabled,
    Email,
    Moment,
    Phone,
    Place,
)

__all__ = [
    "EXIF",
    "FEWEST_LETTERS",
    "HELD",
    "NOT_HELD",
    "NO_SENTENCES",
    "WHOLE",
    "Account",
    "Address",
    "Associated",
    "Capture",
    "Detail",
    "Device",
    "Disabled",
    "Email",
    "File",
    "Flag",
    "Incident",
    "Mark",
    "Moment",
    "Officer",
    "Party",
    "Phone",
    "Place",
    "Report",
    "Reporter",
    "Seen",
    "Where",
    "is_sentence",
    "names",
]

HELD, NOT_HELD = "held", "not held"

NO_SENTENCES = frozenset({
    "no danger", "none known", "not known", "not held", "not applicable", "not in danger", "n / a",
})  # fmt: skip
"""What one writes into a field that seems to ask yes or no."""

FEWEST_LETTERS = 4
"""Of a sentence in a script without spaces."""


class Incident(StrEnum):
    """What it is about, as a neutral code."""

    MEDIA = "media"
    CONTACT = "contact"
    TRADE = "trade"
    TRAVEL = "travel"
    OFFLINE = "offline"
    DOMAIN = "domain"
    WORDING = "wording"
    SENT = "sent"


class Flag(StrEnum):
    """What else is to be known of an incident, as a neutral code."""

    PRESSURE = "pressure"
    ASKING = "asking"
    PEERS = "peers"
    SPAM = "spam"
    CRUELTY = "cruelty"
    INFORMATIONAL = "informational"


class Mark(StrEnum):
    """What is to be known of a file, as a neutral code."""

    DRAWN = "drawn"
    MEME = "meme"
    VIRAL = "viral"
    SELF = "self"
    INJURY = "injury"
    VIOLENCE = "violence"
    ANIMAL = "animal"
    LIVE = "live"
    INFANT = "infant"
    GENERATED = "generated"


@dataclass(frozen=True, slots=True)
class Party:
    """Someone whom a report is about: its subject, a victim, whom it was meant for."""

    account: Account = field(default_factory=Account)
    first_name: str = ""
    last_name: str = ""
    age: int | None = None
    age_disputed: bool | None = None
    """What is said of the age does not fit what is seen."""
    born: date | None = None
    emails: tuple[Email, ...] = ()
    all_emails: bool | None = None
    """These are all that the service knows."""
    phones: tuple[Phone, ...] = ()
    addresses: tuple[Address, ...] = ()
    captures: tuple[Capture, ...] = ()
    devices: tuple[Device, ...] = ()
    place: Place | None = None
    vehicle: str = ""
    school: str = ""
    associated: tuple[Associated, ...] = ()
    earlier: tuple[str, ...] = ()
    """Ids of earlier reports about them, as the authority gave them."""
    elsewhere: bool | None = None
    """They use another service, and nothing more is known of them here."""
    more: str = ""

    @property
    def is_named(self) -> bool:
        """Whether anything leads to them."""
        a = self.account
        return bool(
            a.id or a.screen_name or a.urls or self.emails or self.phones or self.captures
            or self.devices or self.last_name
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Associated:
    """Another account that has to do with someone."""

    kind: str
    """billing, linked, business, creator, parent or other."""
    account: Account = field(default_factory=Account)
    third_party: bool = False
    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""
    age: int | None = None
    age_disputed: bool | None = None
    born: date | None = None
    emails: tuple[Email, ...] = ()
    all_emails: bool | None = None
    phones: tuple[Phone, ...] = ()
    addresses: tuple[Address, ...] = ()
    captures: tuple[Capture, ...] = ()
    devices: tuple[Device, ...] = ()
    earlier: tuple[str, ...] = ()
    more: str = ""


@dataclass(frozen=True, slots=True)
class Where:
    """Where it happened: one way of the internet, or a place."""

    kind: str
    """web, email, newsgroup, chat, game, phone, offline or peers."""
    urls: tuple[str, ...] = ()
    third_party: bool | None = None
    """The content is hosted by someone else."""
    name: str = ""
    """Of the client, game, newsgroup or place."""
    room: str = ""
    """Of a chat; the console of a game."""
    emails: tuple[Email, ...] = ()
    phone: Phone | None = None
    latitude: float | None = None
    longitude: float | None = None
    addresses: tuple[Address, ...] = ()
    captures: tuple[Capture, ...] = ()
    file_names: str = ""
    content: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class Officer:
    """Police who know of it already."""

    agency: str
    case_number: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    told: bool | None = None
    served_domestic: bool | None = None
    served_abroad: bool | None = None
    country: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """That someone saw a file: from the record of views, never typed in."""

    by: str
    at: datetime
    rendering: str
    whole: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Detail:
    """A name and a value that a file carries: of EXIF or a hash."""

    kind: str
    """exif or hash."""
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class File:
    """A sealed file that goes with a report."""

    evidence: str
    """ev_…; empty: only what is known of it goes, not the file."""
    item: str = ""
    """itm_…; empty of a paper that was made for the report, as a log of a conversation."""
    name: str = ""
    original_name: str = ""
    size: int = 0
    uploaded_at: datetime | None = None
    url: str = ""
    public: bool | None = None
    supplemental: bool = False
    """It goes along, and is not what is reported."""
    seen: tuple[Seen, ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    """Type and value of the bytes as they were uploaded."""
    grades: tuple[tuple[str, str], ...] = ()
    """Facts, as they were entered once."""
    marks: tuple[Mark, ...] = ()
    capture: Capture | None = None
    devices: tuple[Device, ...] = ()
    details: tuple[Detail, ...] = ()
    found_by: str = ""
    """How it was detected."""
    more: str = ""

    @property
    def viewed(self) -> bool:
        """Whether a named person was shown the original, whole."""
        return any(one.whole and one.rendering in WHOLE for one in self.seen)

    @property
    def exif_viewed(self) -> bool:
        """Whether a named person was shown what its EXIF says."""
        return any(one.whole and one.rendering == EXIF for one in self.seen)


WHOLE = frozenset({"original", "marked"})
"""Renderings of all that the file shows (`tutela.views`)."""

EXIF = "exif"


def _said(reason: str) -> str:
    found: str = field(default="", metadata={"reason": reason})
    return found


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports: settings, the same in each report."""

    first_name: str = _said("Of the person who reports, or of the team.")
    last_name: str = _said("Of the person who reports.")
    email: str = _said("Where the authority writes to. Reports without it were turned away.")
    phone: str = _said("Where the authority calls.")
    contact_first_name: str = _said("Of whom police contact with questions, if it is another.")
    contact_last_name: str = _said("Of whom police contact.")
    contact_email: str = _said("Where police write to.")
    contact_phone: str = _said("Where police call with questions.")
    company_template: str = _said("What the authority agreed to be told of the company each time.")
    terms: str = _said("What of the terms of service is to be known.")
    legal_url: str = _said("Where legal process is to be sent: a page that says so.")
    uk_provider: bool = field(
        default=True,
        metadata={
            "reason": "Whether the service is one of the United Kingdom: another reports to its"
            " agency only what is linked to the UK, and a person says so of each report."
        },
    )
    signed_agreement: bool = field(
        default=False,
        metadata={
            "reason": "Whether the company signed the agreement under which it may classify files"
            " for the industry's lists; without it no such class is ever sent."
        },
    )


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of an incident. Edited until it is sent, and never after."""

    incident: Incident
    at: datetime
    """Of the incident."""
    made_at: datetime
    """When what is held was gathered: what lies after it counts as in the future."""
    at_means: str = ""
    """What that time is the time of."""
    platform: str = ""
    flags: tuple[Flag, ...] = ()
    danger: str = ""
    """Why a child may be in danger now; empty: no such thing is known."""
    batch_of_meme: bool = False
    """Reports about many who passed one thing on, taken together."""
    where: tuple[Where, ...] = ()
    officer: Officer | None = None
    subject: Party | None = None
    victims: tuple[Party, ...] = ()
    recipients: tuple[Party, ...] = ()
    files: tuple[File, ...] = ()
    found_by: str = ""
    """How it was detected: policy, a user's report, a notice."""
    text: str = ""
    """What whoever reports wants to say."""
    reasons: tuple[tuple[str, str], ...] = ()
    """Of fields that are not held: the field's name (`completeness`), and why."""
    answers: tuple[tuple[str, str], ...] = ()
    """What only one authority asks: the field, as its module calls it, and what a person says."""
    supplements: str = ""
    """The authority's id of the report that this one adds to."""

    def to_json(self) -> str:
        """Whole, to be read by `from_json`."""
        found: str = _adapter().dump_json(self).decode()
        return found

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Raises `pydantic.ValidationError`, which names the place of each fault."""
        found: Self = _adapter().validate_json(text)
        return found


def is_sentence(text: str) -> bool:
    """Whether it can be why a child is in danger, and is no mere yes or no: two words at least, or
    a few letters of a script that sets none apart. Whatever stands in `danger` is read by police as
    an emergency."""
    said = " ".join(text.split())
    if said.strip(".,;:!?- ").casefold() in NO_SENTENCES:
        return False
    wide = sum(not one.isascii() and one.isalpha() for one in said)
    return len(said.split(" ")) > 1 or wide >= FEWEST_LETTERS


def names(kind: type) -> tuple[str, ...]:
    """Of the fields of one of these."""
    return tuple(one.name for one in fields(kind))


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Report)

"""What a platform's facts say of who posted something, and of the posting: the names that
docs/reporting-facts.md lists. Facts come from outside: what is not of its kind says nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any, TypeVar

from tutela.reporting.facts import (
    Account,
    Address,
    Capture,
    Detail,
    Device,
    Disabled,
    Email,
    Moment,
    Party,
    Phone,
    Place,
)

MOST = 100
"""Of one kind that are taken from the facts of one item: mails, addresses, devices."""

LONGEST = 100_000
"""Characters of one text that are taken."""

OLDEST_AGE = 150
PUBLIC = {"public": True, "private-message": False, "private-storage": False}
Given = Mapping[str, Any]
P = TypeVar("P", Party, Account)


def party(creator: Given, service: str) -> Party:
    """Whom the facts under `creator` describe."""
    return Party(
        account=Account(
            service=text(creator, "service") or service,
            id=text(creator, "id"),
            screen_name=text(creator, "screen_name"),
            display_names=texts(creator, "display_name", "display_names", "name"),
            urls=texts(creator, "url", "urls"),
            biography=text(creator, "biography"),
            group=text(creator, "group"),
            compromised=yes_no(creator, "compromised"),
            disabled=tuple(_disabled(creator)),
        ),
        first_name=text(creator, "first_name"),
        last_name=text(creator, "last_name"),
        age=age(creator, "age"),
        age_disputed=yes_no(creator, "age_disputed"),
        born=day(creator, "born"),
        emails=tuple(_emails(creator)),
        all_emails=yes_no(creator, "all_emails"),
        phones=tuple(_phones(creator)),
        addresses=tuple(_addresses(creator)),
        captures=(*_captures(creator, "captures"), *_own_captures(creator)),
        devices=devices(creator),
        place=_place(creator),
        vehicle=text(creator, "vehicle"),
        school=text(creator, "school"),
        elsewhere=yes_no(creator, "elsewhere"),
        more=text(creator, "more"),
    )


def upload(item: Given) -> Capture | None:
    """From where the item was uploaded."""
    if not (address := text(item, "ip")):
        return None
    seen = time(item, "ip_at") or time(item, "created_at")
    return Capture(address, Moment.UPLOAD, seen, whole(item, "port"), yes_no(item, "proxy"))


def devices(given: Given) -> tuple[Device, ...]:
    return tuple(
        Device(
            text(one, "kind") or "device", value, moment(one, "event"), time(one, "at")
        )
        for one in _each(given, "device", "devices", "value")
        if (value := text(one, "value"))
    )  # fmt: skip


def details(item: Given) -> tuple[Detail, ...]:
    """What the platform read in the file: `item.exif`, names and values."""
    found = item.get("exif")
    if not isinstance(found, dict):
        return ()
    plain = [
        (str(name), str(value)) for name, value in found.items()
        if name and isinstance(value, str | int | float) and str(value).strip()
    ]  # fmt: skip
    return tuple(Detail("exif", name, value[:LONGEST]) for name, value in plain[:MOST])


def united(one: P, other: P) -> P:
    """What either says: lists together, of all else the first's where it says something."""
    changed: dict[str, Any] = {}
    for name in (part.name for part in fields(one)):
        mine: Any = getattr(one, name)
        its: Any = getattr(other, name)
        if isinstance(mine, Account):
            changed[name] = united(mine, its)
        elif isinstance(mine, tuple):
            changed[name] = tuple(dict.fromkeys((*mine, *its)))
        elif mine is None or mine == "":
            changed[name] = its
    return replace(one, **changed)


def text(given: Given, name: str) -> str:
    """A text; a number is one too: ids often are."""
    found = given.get(name)
    if isinstance(found, int | float) and not isinstance(found, bool):
        found = str(found)
    return found.strip()[:LONGEST] if isinstance(found, str) else ""


def texts(given: Given, *names: str) -> tuple[str, ...]:
    """Texts under several names, each one text or a list of them; each text once."""
    found: list[str] = []
    for name in names:
        value = given.get(name)
        for one in value if isinstance(value, list) else (value,):
            if said := text({"it": one}, "it"):
                found.append(said)
    return tuple(dict.fromkeys(found))[:MOST]


def yes_no(given: Given, name: str) -> bool | None:
    found = given.get(name)
    return found if isinstance(found, bool) else None


def whole(given: Given, name: str) -> int | None:
    found = given.get(name)
    if isinstance(found, str) and found.strip().isascii() and found.strip().isdigit():
        found = int(found.strip()[:18])
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def age(given: Given, name: str) -> int | None:
    found = whole(given, name)
    return found if found is not None and 0 <= found <= OLDEST_AGE else None


def time(given: Given, name: str) -> datetime | None:
    """A time that says its zone; without one it could be any of a day's, and is not known."""
    found = given.get(name)
    try:
        read = datetime.fromisoformat(found) if isinstance(found, str) else None
    except ValueError:
        return None
    return read if read is not None and read.utcoffset() is not None else None


def day(given: Given, name: str) -> date | None:
    found = given.get(name)
    try:
        return date.fromisoformat(found) if isinstance(found, str) else None
    except ValueError:
        return None


def moment(given: Given, name: str) -> Moment:
    found = text(given, name).lower()
    return Moment(found) if found in tuple(Moment) else Moment.UNKNOWN


def _each(given: Given, one: str, many: str, plain: str) -> Iterator[Given]:
    """Entries under two names: a text, which is `{plain: text}`, an object, or a list of them."""
    count = 0
    for name in (one, many):
        found = given.get(name)
        for entry in found if isinstance(found, list) else (found,):
            if count >= MOST:
                return
            if isinstance(entry, dict):
                yield entry
                count += 1
            elif entry is not None:
                yield {plain: entry}
                count += 1


def _emails(given: Given) -> Iterator[Email]:
    for one in _each(given, "email", "emails", "address"):
        if address := text(one, "address"):
            yield Email(
                address, text(one, "kind"), yes_no(one, "verified"), time(one, "verified_at")
            )


def _phones(given: Given) -> Iterator[Phone]:
    for one in _each(given, "phone", "phones", "number"):
        if number := text(one, "number"):
            yield Phone(
                number, text(one, "kind"), yes_no(one, "verified"), time(one, "verified_at"),
                text(one, "country_code"), text(one, "extension"),
            )  # fmt: skip


def _addresses(given: Given) -> Iterator[Address]:
    for one in _each(given, "address", "addresses", "street"):
        found = Address(
            text(one, "street"), text(one, "city"), text(one, "postcode"), text(one, "region"),
            text(one, "country"), text(one, "kind"),
        )  # fmt: skip
        if found != Address(kind=found.kind):
            yield found


def _captures(given: Given, name: str) -> Iterator[Capture]:
    for one in _each(given, "", name, "ip"):
        if address := text(one, "ip"):
            yield Capture(
                address, moment(one, "event"), time(one, "at"), whole(one, "port"),
                yes_no(one, "proxy"),
            )  # fmt: skip


def _own_captures(given: Given) -> Iterator[Capture]:
    """The short forms: the address of now, that of the registration."""
    if address := text(given, "ip"):
        yield Capture(
            address, moment(given, "ip_event"), time(given, "ip_at"), whole(given, "port"),
            yes_no(given, "proxy"),
        )  # fmt: skip
    if address := text(given, "registration_ip"):
        yield Capture(
            address, Moment.REGISTRATION, time(given, "registered_at"),
            whole(given, "registration_port"),
        )  # fmt: skip


def _place(given: Given) -> Place | None:
    found = given.get("place")
    if not isinstance(found, dict):
        return None
    place = Place(
        text(found, "city"), text(found, "region"), text(found, "country"),
        yes_no(found, "verified"), time(found, "at"),
    )  # fmt: skip
    return place if place.city or place.region or place.country else None


def _disabled(given: Given) -> Iterator[Disabled]:
    found = given.get("disabled")
    for one in found if isinstance(found, list) else (found,):
        if isinstance(one, dict) and (for_good := yes_no(one, "for_good")) is not None:
            yield Disabled(
                for_good, time(one, "at"), yes_no(one, "told"), time(one, "told_at"),
                time(one, "back_at"),
            )  # fmt: skip

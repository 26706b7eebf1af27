"""People and accounts of a report as the authority's elements (A.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from tutela.reporting import facts
from tutela.reporting.cybertipline import captures, people, said
from tutela.reporting.cybertipline.said import Line
from tutela.reporting.cybertipline.vocabulary import (
    STATE,
    AddressType,
    AssociatedAccountType,
    EmailType,
    EventName,
    PhoneType,
)

DISCREPANCY = "ageAssertionDiscrepancy"
THIRD_PARTY = "associatedAccount@thirdPartyUser"
ASSOCIATED = {
    "billing": AssociatedAccountType.BILLING,
    "linked": AssociatedAccountType.LINKED,
    "business": AssociatedAccountType.BUSINESS,
    "creator": AssociatedAccountType.CREATOR,
    "parent": AssociatedAccountType.PARENT_GUARDIAN,
    "other": AssociatedAccountType.OTHER,
}
NUMBER = re.compile(r"[0-9]{1,18}")
W = TypeVar("W", bound=StrEnum)


@dataclass(slots=True)
class Notes:
    """What of a block has no element of its own: it is told last, when all of it is known. `newer`:
    what the served schema has beyond ours."""

    newer: frozenset[str]
    lines: list[Line] = field(default_factory=list)

    def add(self, name: str, what: Any) -> None:
        if not said.silent(what):
            self.lines.append((name, what))

    def rest(self, what: Any, *used: str) -> None:
        """All fields but those that have an element."""
        self.lines += said.lines(what, used)

    @property
    def told(self) -> list[str]:
        return [text for line in self.lines for text in said.told(line)]

    def with_(self, text: str) -> str | None:
        return said.joined(text, self.told) or None


def subject(party: facts.Party, newer: frozenset[str]) -> people.PersonOrUserReported:
    notes = Notes(newer)
    notes.add("school", party.school)
    return people.PersonOrUserReported(
        person_or_user_reported_person=person(party, notes),
        vehicle_description=party.vehicle or None,
        third_party_user_reported=party.elsewhere,
        group_identifier=party.account.group or None,
        associated_account=tuple(associated(one, newer) for one in party.associated),
        **_shared(party, notes),
        additional_info=notes.with_(party.more),
    )


def victim(party: facts.Party, newer: frozenset[str]) -> people.Victim:
    notes = Notes(newer)
    notes.rest(party, *(set(facts.names(facts.Party)) - {"vehicle", "elsewhere"}))
    notes.add("group", party.account.group)
    return people.Victim(
        victim_person=person(party, notes),
        school_name=party.school or None,
        associated_account=tuple(associated(one, newer) for one in party.associated),
        **_shared(party, notes),
        additional_info=notes.with_(party.more),
    )


def recipient(party: facts.Party, newer: frozenset[str]) -> people.IntendedRecipient:
    notes = Notes(newer)
    others = {"vehicle", "school", "elsewhere", "associated"}
    notes.rest(party, *(set(facts.names(facts.Party)) - others))
    return people.IntendedRecipient(
        intended_recipient_person=person(party, notes),
        group_identifier=party.account.group or None,
        **_shared(party, notes),
        additional_info=tuple(filter(None, (party.more, *notes.told))),
    )


def associated(one: facts.Associated, newer: frozenset[str]) -> people.AssociatedAccount:
    notes, account = Notes(newer), one.account
    kind = ASSOCIATED.get(one.kind.strip().lower())
    if kind is None:
        notes.add("kind", one.kind)
    platform = None
    if one.third_party:
        platform = people.AssociatedAccountPlatform(
            value=account.service or "not named", third_party_user=True
        )
    _discrepancy(one.age_disputed, notes)
    return people.AssociatedAccount(
        type=kind or AssociatedAccountType.OTHER,
        third_party_user=True if one.third_party and THIRD_PARTY in newer else None,
        platform=platform,
        first_name=one.first_name or None,
        middle_name=one.middle_name or None,
        last_name=one.last_name or None,
        approximate_age=one.age,
        age_assertion_discrepancy=one.age_disputed,
        date_of_birth=one.born,
        phone=tuple(phone(number, notes) for number in one.phones),
        email=tuple(email(address, notes) for address in one.emails),
        all_emails_reported=one.all_emails,
        address=tuple(address(place, notes) for place in one.addresses),
        esp_service=None if one.third_party else account.service or None,
        group_identifier=account.group or None,
        prior_ct_report=earlier(one.earlier, notes),
        **_account(account, notes),
        ip_capture_event=tuple(capture(seen, notes) for seen in one.captures),
        device_id=tuple(device(seen, notes) for seen in one.devices),
        additional_info=notes.with_(one.more),
    )


def person(party: facts.Party, notes: Notes) -> people.Person:
    _discrepancy(party.age_disputed, notes)
    return people.Person(
        first_name=party.first_name or None,
        last_name=party.last_name or None,
        phone=tuple(phone(number, notes) for number in party.phones),
        email=tuple(email(address, notes) for address in party.emails),
        address=tuple(address(place, notes) for place in party.addresses),
        age=party.age,
        age_assertion_discrepancy=party.age_disputed,
        date_of_birth=party.born,
    )


def _discrepancy(disputed: bool | None, notes: Notes) -> None:
    if DISCREPANCY not in notes.newer:
        notes.add("the age that was claimed does not fit what is seen", disputed)


def _shared(party: facts.Party, notes: Notes) -> dict[str, Any]:
    """What the three blocks of people have alike."""
    return {
        "esp_service": party.account.service or None,
        "ip_capture_event": tuple(capture(seen, notes) for seen in party.captures),
        "device_id": tuple(device(seen, notes) for seen in party.devices),
        "prior_ct_reports": earlier(party.earlier, notes),
        "estimated_location": None if party.place is None else location(party.place, notes),
        "all_emails_reported": party.all_emails,
        **_account(party.account, notes),
    }


def _account(account: facts.Account, notes: Notes) -> dict[str, Any]:
    temporarily, permanently = _disabled(account.disabled, notes)
    return {
        "esp_identifier": account.id or None,
        "screen_name": account.screen_name or None,
        "display_name": account.display_names,
        "profile_url": account.urls,
        "profile_bio": account.biography or None,
        "compromised_account": account.compromised,
        "account_temporarily_disabled": temporarily,
        "account_permanently_disabled": permanently,
    }


def _disabled(
    given: Iterable[facts.Disabled], notes: Notes
) -> tuple[captures.AccountTemporarilyDisabled | None, captures.AccountPermanentlyDisabled | None]:
    """The last of each kind has an element; what was before is told in words."""
    last: dict[bool, facts.Disabled] = {}
    for one in given:
        if one.for_good in last:
            notes.add("disabled before", last[one.for_good])
        last[one.for_good] = one
    temporarily, permanently = last.get(False), last.get(True)
    return (
        None if temporarily is None else _temporarily(temporarily, notes),
        None if permanently is None else _permanently(permanently, notes),
    )


def _temporarily(one: facts.Disabled, notes: Notes) -> captures.AccountTemporarilyDisabled:
    return captures.AccountTemporarilyDisabled(
        value=True,
        disabled_date=at(one.at, notes),
        user_notified=one.told,
        user_notified_date=at(one.told_at, notes),
        reenabled_date=at(one.back_at, notes),
    )


def _permanently(one: facts.Disabled, notes: Notes) -> captures.AccountPermanentlyDisabled:
    notes.add("back", one.back_at)
    return captures.AccountPermanentlyDisabled(
        value=True,
        disabled_date=at(one.at, notes),
        user_notified=one.told,
        user_notified_date=at(one.told_at, notes),
    )


def email(one: facts.Email, notes: Notes) -> captures.Email:
    return captures.Email(
        value=one.address,
        type=word(EmailType, one.kind, one.address, notes),
        verified=one.verified,
        verification_date=at(one.verified_at, notes),
    )


def phone(one: facts.Phone, notes: Notes) -> captures.Phone:
    return captures.Phone(
        value=one.number,
        type=word(PhoneType, one.kind, one.number, notes),
        verified=one.verified,
        verification_date=at(one.verified_at, notes),
        country_calling_code=one.country_code or None,
        extension=one.extension or None,
    )


def address(one: facts.Address, notes: Notes) -> captures.Address:
    country, region = one.country.upper(), one.region
    is_state = country in ("", "US") and region.upper() in STATE.words
    return captures.Address(
        type=word(AddressType, one.kind, one.street or one.city, notes),
        address=one.street or None,
        city=one.city or None,
        zip_code=one.postcode or None,
        state=(region.upper() or None) if is_state else None,
        non_usa_state=None if is_state else region,
        country=country or None,
    )


def capture(one: facts.Capture, notes: Notes) -> captures.IpCaptureEvent:
    return captures.IpCaptureEvent(
        ip_address=one.address,
        event_name=EventName[one.moment.name],
        date_time=at(one.at, notes),
        possible_proxy=one.proxy,
        port=one.port,
    )


def device(one: facts.Device, notes: Notes) -> captures.DeviceId:
    return captures.DeviceId(
        id_type=one.kind,
        id_value=one.value,
        event_name=EventName[one.moment.name],
        date_time=at(one.at, notes),
    )


def location(one: facts.Place, notes: Notes) -> captures.EstimatedLocation:
    return captures.EstimatedLocation(
        verified=one.verified,
        timestamp=at(one.at, notes),
        city=one.city or None,
        region=one.region or None,
        country_code=one.country.upper() or None,
    )


def earlier(ids: Iterable[str], notes: Notes) -> tuple[int, ...]:
    """Ids of earlier reports: numbers, as this authority gives them."""
    numbers = []
    for one in ids:
        if NUMBER.fullmatch(one):
            numbers.append(int(one))
        else:
            notes.add("earlier report", one)
    return tuple(dict.fromkeys(numbers))


def word(words: type[W], kind: str, of: str, notes: Notes) -> W | None:
    """The authority's word for a kind; one that it has not is told in words."""
    found = next((one for one in words if one.value.lower() == kind.strip().lower()), None)
    if found is None and kind.strip():
        notes.add(f"kind of {of[:60]}", kind)
    return found


def at(moment: datetime | None, notes: Notes) -> datetime | None:
    """The time, if it can be written: one without a zone, or beyond the calendar, is told as it
    stands."""
    if moment is None:
        return None
    try:
        if moment.utcoffset() is not None:
            return moment.astimezone(UTC)
    except OverflowError:
        pass
    notes.add("a time, as it came", moment.isoformat())
    return None

"""What one value may be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from reporting.cybertipline.strategies import ROOTS
from tutela.reporting.cybertipline.captures import Address, IpCaptureEvent, Phone
from tutela.reporting.cybertipline.incidents import CellPhoneIncident, IncidentSummary
from tutela.reporting.cybertipline.limits import Breach, breach, size
from tutela.reporting.cybertipline.people import PersonOrUserReported
from tutela.reporting.cybertipline.tags import models, slots

SLOTS = [(block, slot) for root in ROOTS[:2] for block in models(root) for slot in slots(block)]


def of(block, field, value) -> Breach | None:
    (slot,) = (slot for slot in slots(block) if slot.field == field)
    return breach(slot, value)


@pytest.mark.parametrize(
    ("block", "field", "value", "found"),
    [
        (Address, "city", "Turin", None),
        (Address, "city", "", None),
        (Address, "city", "x" * 100, None),
        (Address, "city", "x" * 101, Breach.LONG),
        (Address, "city", "\U0001f6b2" * 51, Breach.LONG),
        (Address, "city", "a\x0c", Breach.FORBIDDEN),
        (Phone, "value", "\x1f", Breach.FORBIDDEN),
        (Address, "city", "a\t\n\r\x85\u202e", None),
        (Address, "state", "WY", None),
        (Address, "state", "wy", Breach.UNKNOWN),
        (Address, "country", "UK", Breach.UNKNOWN),
        (Address, "country", "GB", None),
        (Phone, "value", " ", Breach.BLANK),
        (Phone, "country_calling_code", "+442", None),
        (Phone, "country_calling_code", "+4420", Breach.FORM),
        (Phone, "country_calling_code", "+44\n", Breach.FORM),
        (Phone, "extension", "\u0661", Breach.FORM),
        (IpCaptureEvent, "ip_address", "2001:db8::7", None),
        (IpCaptureEvent, "ip_address", "::ffff:192.0.2.7", None),
        (IpCaptureEvent, "ip_address", "192.0.2.07", Breach.FORM),
        (IpCaptureEvent, "ip_address", "fe80::1%1", Breach.FORM),
        (IpCaptureEvent, "port", 65535, None),
        (IpCaptureEvent, "port", 65536, Breach.RANGE),
        (IpCaptureEvent, "port", 10**400, Breach.RANGE),
        (IpCaptureEvent, "possible_proxy", True, None),
        (PersonOrUserReported, "prior_ct_reports", 2**63 - 1, None),
        (PersonOrUserReported, "prior_ct_reports", -(2**63) - 1, Breach.RANGE),
        (CellPhoneIncident, "longitude", -180.0, None),
        (CellPhoneIncident, "longitude", -180.1, Breach.RANGE),
        (CellPhoneIncident, "latitude", float("nan"), Breach.RANGE),
        (CellPhoneIncident, "latitude", float("-inf"), Breach.RANGE),
        (IncidentSummary, "incident_date_time", datetime(2026, 1, 1), Breach.ZONE),
        (IncidentSummary, "incident_date_time", datetime.min.replace(tzinfo=UTC), None),
        (IncidentSummary, "incident_date_time",
         datetime.min.replace(tzinfo=timezone(timedelta(hours=1))), Breach.RANGE),
    ],
)  # fmt: skip
def test_the_first_thing_that_is_wrong_with_a_value(block, field, value, found):
    assert of(block, field, value) is found


def named(block, slot) -> str:
    return slot.tag.name or block.__name__


def test_lengths_are_those_of_the_documentation():
    """A.4 and A.5; 3000 also where nothing is known of free text."""
    found: dict[int, set[str]] = {}
    for block, slot in SLOTS:
        if slot.tag.length is not None:
            found.setdefault(slot.tag.length, set()).add(named(block, slot))
    assert {length: " ".join(sorted(names)) for length, names in sorted(found.items())} == {
        10: "extension",
        20: "zipCode",
        50: "Phone",
        64: "hashType name",
        100: "caseNumber city espService firstName lastName nonUsaState",
        255: "Email address agencyName chatClient chatRoomName city client console espIdentifier "
        "gameName groupIdentifier idType locationName name region schoolName",
        256: "AssociatedAccountPlatform espIdentifier espService firstName groupIdentifier "
        "lastName middleName platform screenName",
        300: "vehicleDescription",
        2056: "originalFileName",
        2083: "idValue legalURL locationOfFile profileUrl url",
        3000: "additionalInfo companyTemplate content displayName escalateToHighPriority fileName "
        "fileNames incidentDateTimeDescription profileBio termsOfService value",
    }


def test_identifiers_are_whole():
    """What cut short would name something else."""
    found = {named(block, slot) for block, slot in SLOTS if slot.tag.whole}
    assert " ".join(sorted(found)) == (
        "Email OriginalFileHash Phone caseNumber countryCallingCode espIdentifier extension fileId "
        "hashType idValue ipAddress legalURL locationOfFile profileUrl screenName url zipCode"
    )


def test_every_text_of_a_document_has_an_end():
    """But for words of a list, forms, and identifiers of which no limit is known."""
    free = {named(block, slot) for block, slot in SLOTS if slot.of is str and not (
        slot.tag.length or slot.tag.among or slot.tag.pattern)}  # fmt: skip
    assert free == {"OriginalFileHash", "ipAddress", "fileId"}


def test_size_is_counted_as_utf_16_counts():
    assert [size(text) for text in ("", "ab", "\u00e9", "\U0001f6b2", "\ud83d")] == [0, 2, 1, 2, 1]

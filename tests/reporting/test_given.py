"""What a platform's facts say, by the names that are documented."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tutela.reporting import given
from tutela.reporting.facts import (
    Address,
    Capture,
    Device,
    Disabled,
    Email,
    Moment,
    Party,
    Phone,
    Place,
)

PAGE = Path(__file__).parents[2] / "docs/reporting-facts.md"
AT = datetime(2031, 5, 1, 12, tzinfo=UTC)
TEXT = AT.isoformat()


class Asked(dict):
    """Facts that remember what they were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name, default=None):
        self.names.add(name)
        return super().get(name, default)


def test_all_names_are_documented_and_no_others():
    """What a platform may send is on the page."""
    creator, item = Asked(), Asked()
    given.party(creator, "Bikes")
    for read in (given.upload, given.devices, given.details):
        read(item)
    item["ip"] = "192.0.2.1"
    given.upload(item)
    creator |= {"ip": "192.0.2.1", "registration_ip": "192.0.2.1"}
    given.party(creator, "Bikes")
    asked = {f"creator.{one}" for one in creator.names if one}
    asked |= {f"item.{one}" for one in item.names} | {"item.id", "item.url", "item.name",
                                                      "item.channel"}  # fmt: skip
    rows = [row.split("|")[1] for row in PAGE.read_text().splitlines() if row.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`((?:item|creator)\.\w+)`", row)}
    assert documented == asked


def test_whole_entries_are_taken():
    """Each with all that it says."""
    found = given.party(
        {
            "emails": [{"address": "a@b.c", "kind": "work", "verified": True, "verified_at": TEXT}],
            "phone": {"number": "7", "kind": "fax", "country_code": "+44", "extension": "1"},
            "addresses": [{"street": "Way 7", "city": "Bern", "country": "CH"}, {"kind": "home"}],
            "captures": [
                {"ip": "192.0.2.1", "port": "7", "at": TEXT, "event": "LOGIN", "proxy": False}
            ],
            "devices": [{"kind": "IMEI", "value": "35", "event": "login", "at": TEXT}, "x7"],
            "place": {"city": "Bern", "verified": True, "at": TEXT},
            "disabled": {"for_good": True, "at": TEXT, "told": False},
            "registration_ip": "192.0.2.2", "registered_at": TEXT, "registration_port": 9,
        },
        "Bikes",
    )  # fmt: skip
    assert found == Party(
        account=given.Account(service="Bikes", disabled=(Disabled(True, AT, False),)),
        emails=(Email("a@b.c", "work", True, AT),),
        phones=(Phone("7", "fax", None, None, "+44", "1"),),
        addresses=(Address("Way 7", "Bern", country="CH"),),
        captures=(
            Capture("192.0.2.1", Moment.LOGIN, AT, 7, False),
            Capture("192.0.2.2", Moment.REGISTRATION, AT, 9),
        ),
        devices=(Device("IMEI", "35", Moment.LOGIN, AT), Device("device", "x7")),
        place=Place("Bern", verified=True, at=AT),
    )  # fmt: skip


@pytest.mark.parametrize("odd", ["2031-05-01T12:00:00", "yesterday", 7, None, "", ["2031"]])
def test_a_time_that_does_not_say_its_zone_is_none(odd: object):
    """It could be any of a day's."""
    assert given.time({"at": odd}, "at") is None


@pytest.mark.parametrize(
    ("value", "number"),
    [(9, 9), ("9", 9), (True, None), (9.5, None), ("nine", None), (-1, None), (200, None),
     ("²", None)],
)  # fmt: skip
def test_an_age_is_whole_years(value: object, number: int | None):
    """Anything else says nothing."""
    assert given.age({"age": value}, "age") == number


def test_of_many_only_so_many_are_taken():
    """A flood of addresses must not fill the report."""
    many = [f"a{number}@example.org" for number in range(given.MOST * 3)]
    assert len(given.party({"emails": many}, "").emails) == given.MOST


def test_what_two_uploads_say_is_put_together():
    """Lists together; of all else, what the later one says."""
    one = given.party({"emails": ["a@b.c"], "screen_name": "rider", "urls": ["u1"]}, "Bikes")
    two = given.party({"emails": ["a@b.c", "d@e.f"], "screen_name": "old", "age": 9}, "Bikes")
    found = given.united(one, two)
    assert [one.address for one in found.emails] == ["a@b.c", "d@e.f"]
    assert found.account.screen_name == "rider" and found.age == 9

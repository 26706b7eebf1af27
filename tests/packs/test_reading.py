"""A situation as it is written: what is not there is not known, and an empty list is known."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tutela.packs import Linked, Service, Situation
from tutela.packs.reading import situation
from tutela.policy.documents import read
from tutela.policy.reading import Reader


def told(text: str) -> Situation:
    reader = Reader()
    found = situation(reader, read(text))
    assert found is not None, reader.faults
    return found


def test_all_of_it_is_read():
    found = told("""
        at: 2026-11-26T11:00:00+01:00
        established: GB
        kinds: [user-to-user, hosting]
        served: [GB, FR]
        under: [FR]
        measures: [icu-c9]
        last_reviews: {matching: 2026-05-31}
        incident: media
        grades: {band: A}
        confirmed: hash
        found_by: told
        channel: public
        uploaded_from: [GB]
        users_in: [FR]
        content_in: []
        danger: no
        priority: 2
        reported: {ncmec: 2026-11-26T12:00:00Z}
        notice: order
        noticed_at: 2026-11-26T09:00:00Z
        age: 17
    """)
    at = datetime(2026, 11, 26, 10, tzinfo=UTC)
    service = Service(
        "GB", frozenset({"user-to-user", "hosting"}), frozenset({"GB", "FR"}), frozenset({"FR"}),
        frozenset({"icu-c9"}), {"matching": date(2026, 5, 31)},
    )  # fmt: skip
    assert found == Situation(
        service, at, "media", {"band": "A"}, "hash", "told", "public",
        Linked(frozenset({"GB"}), frozenset({"FR"}), frozenset()), False, 2,
        {"ncmec": at.replace(hour=12)}, "order", at.replace(hour=9), 17,
    )  # fmt: skip


def test_what_is_not_written_is_not_known():
    assert told("at: 2026-11-26T10:00:00Z") == Situation(
        Service(), datetime(2026, 11, 26, 10, tzinfo=UTC)
    )


def test_an_empty_list_is_not_the_same_as_none():
    found = told("{at: 2026-11-26T10:00:00Z, kinds: [], users_in: []}")
    assert (found.service.kinds, found.linked.user) == (frozenset(), frozenset())

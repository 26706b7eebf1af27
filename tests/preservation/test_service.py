"""Holds and requests, as who answers law enforcement meets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from preservation.holding import ANN, BOB, START, Shelf
from tutela.audit.service import entries
from tutela.cases import steps
from tutela.cases.errors import NoSuchCase
from tutela.evidence import clocks
from tutela.evidence.models import File, Intent
from tutela.people import knowing
from tutela.people.errors import NotPermitted
from tutela.people.models import Need
from tutela.preservation import papers, service
from tutela.preservation.errors import NoSuchRequest, RequestRefused
from tutela.preservation.models import Kind

DAY = timedelta(days=1)


def test_deletion_waits_for_every_one_of_several_clocks(shelf: Shelf) -> None:
    """A receipt, a hold and a request run at once; the file goes when the last has ended."""
    file, free = shelf.file("anna"), shelf.file("carl")
    case = shelf.case(file)
    hold = shelf.record(case, Kind.HOLD)
    shelf.record(case, Kind.PRESERVE)
    shelf.filed("rpt_1", file)
    shelf.later(days=8)
    shelf.purge()
    assert (shelf.stored(file), shelf.stored(free)) == (True, False)
    shelf.later(days=400)
    shelf.purge()
    assert shelf.stored(file), "the hold still runs"
    shelf.end(hold)
    shelf.purge()
    assert not shelf.stored(file)


def test_a_year_from_a_leap_day_ends_on_the_first_of_march(shelf: Shelf) -> None:
    """A calendar period is never cut short by a day that a year does not have."""
    file = shelf.file("anna")
    shelf.filed("rpt_1", file)
    with shelf.database.reading() as session:
        (clock,) = clocks.running(session, shelf.now, file)
    assert clock.until == datetime.fromisoformat("2029-03-01T12:00:00+00:00")
    shelf.now = clock.until - timedelta(seconds=1)
    shelf.purge()
    assert shelf.stored(file)
    shelf.later(seconds=1)
    shelf.purge()
    assert not shelf.stored(file)


def test_what_was_reported_is_deleted_when_its_time_is_over_although_nobody_had_decided(
    shelf: Shelf,
) -> None:
    """A file without a time of its own gets that of the report."""
    file = shelf.file("anna", keep=None)
    assert shelf.filed("rpt_1", file, file) == 1
    shelf.later(days=366 + 1)
    shelf.purge()
    assert not shelf.stored(file)


def test_a_report_about_what_is_gone_starts_no_clock(shelf: Shelf) -> None:
    """A file purged between draft and receipt is counted out."""
    file = shelf.file("anna")
    shelf.later(days=8)
    shelf.purge()
    assert shelf.filed("rpt_1", file) == 0


def test_a_request_to_preserve_takes_ninety_days_and_is_extended_by_ninety(shelf: Shelf) -> None:
    """18 USC 2703(f)(2); an extension counts from when the first would have ended."""
    file = shelf.file("anna")
    case = shelf.case(file)
    first = shelf.record(case, Kind.PRESERVE)
    assert shelf.request(first).until == START + 90 * DAY
    shelf.later(days=30)
    longer = shelf.record(case, Kind.EXTEND, extends=first)
    assert shelf.request(first).until == shelf.request(longer).until == START + 180 * DAY
    again = shelf.record(case, Kind.EXTEND, extends=longer)
    assert shelf.request(again).extends == first
    assert shelf.request(first).until == START + 270 * DAY
    shelf.now = START + 269 * DAY
    shelf.purge()
    assert shelf.stored(file)
    shelf.later(days=1)
    shelf.purge()
    assert not shelf.stored(file) and shelf.state(first) == "lapsed"


def test_a_request_that_lapsed_or_is_no_such_request_cannot_be_extended(shelf: Shelf) -> None:
    """What it kept may be gone already."""
    file, other = shelf.file("anna"), shelf.file("carl")
    case = shelf.case(file)
    first, hold = shelf.record(case, Kind.PRESERVE), shelf.record(case, Kind.HOLD)
    with pytest.raises(RequestRefused, match="no extension"):
        shelf.record(case, Kind.EXTEND, extends=first, until=START + 90 * DAY)
    for which, where in ((hold, case), (first, shelf.case(other))):
        with pytest.raises(RequestRefused, match="no request to preserve"):
            shelf.record(where, Kind.EXTEND, extends=which)
    shelf.later(days=90)
    with pytest.raises(RequestRefused, match="runs no more"):
        shelf.record(case, Kind.EXTEND, extends=first)


def test_a_hold_covers_what_comes_to_its_case_later_and_ends_with_a_reason(shelf: Shelf) -> None:
    """It has no term; who lifts it says why, and colleagues read it."""
    hold = shelf.record(shelf.case(shelf.file("anna")), Kind.HOLD, agency="", reference="")
    shelf.later(days=1)
    file = shelf.file("anna")
    shelf.later(days=8)
    shelf.purge()
    assert shelf.stored(file)
    with shelf.database.writing() as session, pytest.raises(RequestRefused, match="reason"):
        service.end(session, shelf.now, ANN, hold, " ")
    shelf.end(hold)
    assert shelf.state(hold) == "ended" and shelf.request(hold).ended_why == "It is over."
    with shelf.database.reading() as session:
        done = steps.listed(session, shelf.case(file))
    assert [(one.what, one.text) for one in done] == [
        ("preservation-ended", "It is over."), ("preservation-hold", ""),
    ]  # fmt: skip
    with pytest.raises(RequestRefused, match="nothing to end"):
        shelf.end(hold)
    shelf.purge()
    assert not shelf.stored(file)


def test_to_produce_says_which_files_were_given_and_only_what_was_taken_out(shelf: Shelf) -> None:
    """A file that nobody exported cannot have been given."""
    file, other = shelf.file("anna"), shelf.file("carl")
    case = shelf.case(file)
    with pytest.raises(RequestRefused, match="never taken out"):
        shelf.record(case, Kind.PRODUCE, given=[file])
    with pytest.raises(RequestRefused, match="no evidence of this case"):
        shelf.record(case, Kind.PRODUCE, given=[other])
    with pytest.raises(RequestRefused, match="Nothing was given"):
        shelf.record(case, Kind.PRODUCE)
    with shelf.database.writing() as session:
        session.add(Intent(
            id="int_1", file_id=file, purpose="export", rendering="", actor="person:ann",
            reason="12/27", at=shelf.now, lapses_at=shelf.now + DAY, used_at=shelf.now,
        ))  # fmt: skip
    made = shelf.record(case, Kind.PRODUCE, "warrant.pdf", given=[file])
    with shelf.database.reading() as session:
        assert [(one.given, one.name) for one in papers.of(session, made)] == [
            ("received", "warrant.pdf"), ("produced", ""),
        ]  # fmt: skip
    assert shelf.acts("preservation.give") == [("person:ann", file)]
    assert shelf.state(made) == "done"


def test_papers_are_kept_while_a_request_runs_and_a_year_after(shelf: Shelf) -> None:
    """They are sealed files, with a clock of their own; a name from outside is shown plainly."""
    case = shelf.case(shelf.file("anna"))
    hold = shelf.record(case, Kind.HOLD, "c:\\in\\let\nter.pdf")
    with shelf.database.reading() as session:
        (paper,) = papers.of(session, hold)
    assert paper.name == "let�ter.pdf"
    shelf.later(days=1000)
    shelf.purge()
    assert shelf.stored(paper.evidence_id)
    shelf.end(hold)
    shelf.later(days=364)
    shelf.purge()
    assert shelf.stored(paper.evidence_id)
    shelf.later(days=2)
    shelf.purge()
    assert not shelf.stored(paper.evidence_id)


@pytest.mark.parametrize(
    ("kind", "wrong", "said"),
    [
        (Kind.PRESERVE, {"agency": " "}, "agency is missing"),
        (Kind.PRESERVE, {"reference": ""}, "reference is missing"),
        (Kind.HOLD, {"basis": ""}, "basis is missing"),
        (Kind.HOLD, {"basis": "two\nlines"}, "more than a line"),
        (Kind.HOLD, {"basis": "x" * 257}, "more than a line"),
        (Kind.HOLD, {"note": "x" * 10_001}, "note is longer"),
        (Kind.HOLD, {"until": START + DAY}, "has no term"),
        (Kind.PRESERVE, {"until": START}, "over already"),
        (Kind.PRESERVE, {"until": datetime(9999, 12, 31, tzinfo=UTC)}, "a hundred years"),
        (Kind.PRESERVE, {"extends": "prq_1"}, "names the request"),
        (Kind.EXTEND, {}, "names the request"),
        (Kind.HOLD, {"given": ["ev_1"]}, "gives nothing"),
    ],
)
def test_what_cannot_be_is_refused(
    shelf: Shelf, kind: Kind, wrong: dict[str, Any], said: str
) -> None:
    """Each field is looked at before anything is written."""
    case = shelf.case(shelf.file("anna"))
    with pytest.raises(RequestRefused, match=said):
        shelf.record(case, kind, **wrong)
    with shelf.database.reading() as session:
        assert service.listed(session, ANN, shelf.now) == []


def test_who_may_not_report_or_need_not_know_of_the_case_does_nothing(shelf: Shelf) -> None:
    """The permission is asked for first, and what is walled off is not there."""
    case = shelf.case(shelf.file("anna"))
    with pytest.raises(NotPermitted):
        shelf.record(case, Kind.HOLD, who=BOB)
    hold = shelf.record(case, Kind.HOLD)
    with pytest.raises(NotPermitted):
        shelf.end(hold, BOB)
    with shelf.database.writing() as session:
        session.add(Need(kind=knowing.CASE, subject=case, actor="person:ann", allowed=False))
    with pytest.raises(NoSuchCase):
        shelf.record(case, Kind.HOLD)
    with pytest.raises(NoSuchRequest):
        shelf.end(hold)
    with shelf.database.reading() as session:
        assert service.listed(session, ANN, shelf.now) == []


def test_requests_are_listed_by_pages_by_case_and_by_whether_they_run(shelf: Shelf) -> None:
    """In the order in which they were recorded."""
    case = shelf.case(shelf.file("anna"))
    made = []
    for _ in range(3):
        made.append(shelf.record(case, Kind.HOLD))
        shelf.later(minutes=1)
    other = shelf.record(shelf.case(shelf.file("carl")), Kind.PRESERVE)
    shelf.end(made[1])

    def names(**how: Any) -> list[str]:
        with shelf.database.reading() as session:
            return [one.id for one in service.listed(session, ANN, shelf.now, **how)]

    assert names() == [*made, other]
    assert names(after=made[0], limit=2) == [made[1], made[2]]
    assert names(case_id=case, only_running=True) == [made[0], made[2]]
    shelf.later(days=91)
    assert names(only_running=True) == [made[0], made[2]]


def test_the_log_names_no_agency_reference_or_reason(shelf: Shelf) -> None:
    """Free text stands in the rows alone."""
    file = shelf.file("anna")
    hold = shelf.record(shelf.case(file), Kind.HOLD, "letter.pdf", note="A bicycle was seen.")
    shelf.end(hold)
    with shelf.database.reading() as session:
        log = "".join(e.facts for e in entries(session) if e.action.startswith("preservation"))
        assert session.scalars(select(File)).all()
    assert '"kind":"hold"' in log
    for word in ("Aix", "12/27", "bicycle", "letter", "over"):
        assert word not in log

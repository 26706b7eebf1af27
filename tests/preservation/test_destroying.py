"""Requests to destroy: they wait for every other clock, and a person ends the receipt's alone."""

from __future__ import annotations

import pytest

from preservation.holding import ANN, Shelf
from tutela.evidence.models import File
from tutela.preservation import destroying, service
from tutela.preservation.errors import RequestRefused
from tutela.preservation.models import Kind, Request


def waits(shelf: Shelf, request: str) -> list[tuple[str, str, bool]]:
    with shelf.database.reading() as session:
        row = session.get_one(Request, request)
        found = destroying.conflicts(session, shelf.now, row)
    return [(one.kind, one.subject, one.can_be_ended) for one in found]


def test_what_no_clock_keeps_goes_with_the_next_purge_and_the_request_is_done(shelf: Shelf) -> None:
    """Its tombstone names the request; the files of others stay."""
    file, other = shelf.file("anna", keep=None), shelf.file("carl", keep=None)
    asked = shelf.record(shelf.case(file), Kind.DESTROY)
    assert waits(shelf, asked) == [] and shelf.state(asked) == "waiting"
    shelf.purge()
    assert (shelf.stored(file), shelf.stored(other)) == (False, True)
    row = shelf.row(file)
    assert (row.deleted_why, row.gone_at) == (asked, shelf.now)
    shelf.purge()
    assert shelf.state(asked) == "done"
    assert shelf.acts("preservation.destroy") == [("worker", asked)]


def test_it_waits_for_the_receipt_and_for_another_agency_and_says_so(shelf: Shelf) -> None:
    """A conflict is shown to a person, never settled silently."""
    file = shelf.file("anna")
    case = shelf.case(file)
    shelf.filed("rpt_1", file)
    kept = shelf.record(case, Kind.PRESERVE)
    asked = shelf.record(case, Kind.DESTROY)
    assert waits(shelf, asked) == [("receipt", "rpt_1", True), ("request", kept, False)]
    shelf.later(days=100)
    shelf.purge()
    assert shelf.stored(file) and waits(shelf, asked) == [("receipt", "rpt_1", True)]
    shelf.later(days=300)
    shelf.purge()
    assert not shelf.stored(file), "the year was over"


def test_a_person_ends_the_receipts_clock_by_it_and_each_is_logged(shelf: Shelf) -> None:
    """What another request keeps stays."""
    file, held = shelf.file("anna"), shelf.file("anna")
    case = shelf.case(file)
    shelf.filed("rpt_1", file, held)
    asked = shelf.record(case, Kind.DESTROY)
    with shelf.database.writing() as session:
        session.get_one(File, held).held_at = shelf.now
    shelf.release(asked)
    assert sorted(shelf.acts("preservation.stop")) == sorted(
        [("person:ann", file), ("person:ann", held)]
    )
    assert shelf.acts("preservation.release") == [("person:ann", asked)]
    assert waits(shelf, asked) == [("held", "", False)]
    shelf.purge()
    assert (shelf.stored(file), shelf.stored(held)) == (False, True)
    with pytest.raises(RequestRefused, match="does not wait for the time"):
        shelf.release(asked)


def test_recalled_in_time_it_destroys_nothing(shelf: Shelf) -> None:
    """What was handed to the purge and is not yet deleted is kept until someone decides."""
    file = shelf.file("anna")
    asked = shelf.record(shelf.case(file), Kind.DESTROY)
    shelf.end(asked)
    shelf.purge()
    assert shelf.stored(file) and shelf.row(file).keep_until is None
    assert shelf.state(asked) == "ended"


def test_what_came_to_the_case_after_it_is_not_meant_by_it(shelf: Shelf) -> None:
    """It is about what there was when it was recorded."""
    file = shelf.file("anna")
    asked = shelf.record(shelf.case(file), Kind.DESTROY)
    shelf.later(minutes=1)
    newer = shelf.file("anna")
    shelf.purge()
    assert (shelf.stored(file), shelf.stored(newer)) == (False, True)
    shelf.purge()
    assert shelf.state(asked) == "done"


def test_it_is_not_recorded_without_its_paper_and_only_what_waits_is_released(shelf: Shelf) -> None:
    """Nothing is destroyed on a word alone."""
    case = shelf.case(shelf.file("anna"))
    with shelf.database.writing() as session, pytest.raises(RequestRefused, match="paper"):
        service.record(
            session, shelf.now, ANN, case, Kind.DESTROY, "Police", "1", "An order", "", None
        )
    with pytest.raises(RequestRefused, match="no request to destroy"):
        shelf.release(shelf.record(case, Kind.HOLD))


def test_a_hold_that_comes_before_the_purge_saves_what_was_to_be_destroyed(shelf: Shelf) -> None:
    """The clocks are asked again when the bytes are to go."""
    file = shelf.file("anna")
    case = shelf.case(file)
    asked = shelf.record(case, Kind.DESTROY)
    hold = shelf.record(case, Kind.HOLD)
    shelf.purge()
    assert shelf.stored(file) and waits(shelf, asked) == [("request", hold, False)]

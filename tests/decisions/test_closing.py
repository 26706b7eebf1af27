"""When the time for appeals is over, what a clock covers or a request keeps is not forgotten."""

from __future__ import annotations

import pytest
from preservation.holding import Shelf

from decisions.world import ANN, add
from tutela.cases import work
from tutela.decisions import closing, service
from tutela.evidence import clocks
from tutela.preservation import service as preservation
from tutela.preservation.models import Kind
from tutela.screening.models import Decided, Item
from tutela.storage import Database


@pytest.fixture
def shelf(database: Database) -> Shelf:
    return Shelf(database)


def no_match(shelf: Shelf, item: str) -> str:
    """The case of an item that was decided to be none."""
    with shelf.database.writing() as session:
        case_id = session.get_one(Decided, item).case_id
        assert case_id is not None
        case = work.take_over(session, shelf.now, ANN, case_id, "its turn")
        service.decide(session, shelf.now, ANN, case, [item], "no-match", "A bicycle.", agreed=True)
    return case_id


def creator(shelf: Shelf, item: str) -> str | None:
    with shelf.database.reading() as session:
        return session.get_one(Item, item).creator_id


def test_what_is_known_of_a_file_stays_while_a_clock_runs_on_it(shelf: Shelf) -> None:
    """Bytes without who made them would be of no use to a court."""
    item = add(shelf.database, shelf.now, "anna")
    no_match(shelf, item)
    file = shelf.seal(item, None)
    with shelf.database.writing() as session:
        clocks.start(session, shelf.now, file, "request", "prq_1", "an order", None)
    shelf.later(days=184)
    assert closing.close(shelf.database) == 0
    assert creator(shelf, item) == "anna" and shelf.row(file).keep_until is None
    with shelf.database.writing() as session:
        clocks.end(session, shelf.now, "request", "prq_1")
    assert closing.close(shelf.database) == 1
    assert creator(shelf, item) is None and shelf.row(file).keep_until == shelf.now


def test_what_is_known_of_a_case_without_files_stays_while_a_request_keeps_it(shelf: Shelf) -> None:
    """No file has a clock there; the worker asks for requests about the case too."""
    item = add(shelf.database, shelf.now, "anna")
    other = add(shelf.database, shelf.now, "carl")
    hold = shelf.record(no_match(shelf, item), Kind.HOLD)
    no_match(shelf, other)
    shelf.later(days=184)
    assert closing.close(shelf.database, preservation.keeps) == 1
    assert (creator(shelf, item), creator(shelf, other)) == ("anna", None)
    shelf.end(hold)
    assert closing.close(shelf.database, preservation.keeps) == 1
    assert creator(shelf, item) is None

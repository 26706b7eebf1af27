"""Which files belong to a case, and who may see their clocks."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from preservation.holding import ANN, Shelf
from tutela import evidence
from tutela.cases.models import Alert
from tutela.evidence import clocks
from tutela.evidence.errors import NoSuchEvidence
from tutela.people import knowing
from tutela.people.models import Need
from tutela.people.permissions import Caller, Permission
from tutela.preservation import covering
from tutela.preservation.models import Kind, Paper
from tutela.preservation.told import FilesAsked
from tutela.reporting.models import Exchange, Report, State

ADMIN = Caller("person:eve", frozenset({Permission.ADMIN}))


def loose(shelf: Shelf) -> str:
    """A sealed file of no item."""
    with shelf.database.writing() as session:
        return evidence.record(session, shelf.now, shelf.sealed()).id


def kinds(shelf: Shelf, file: str) -> list[str]:
    with shelf.database.reading() as session:
        return [one.kind for one in clocks.running(session, shelf.now, file)]


def test_what_was_said_to_an_authority_about_a_case_is_kept_with_it(shelf: Shelf) -> None:
    """Who knows of such files is asked, and adds them."""
    case, transcript, other = shelf.case(shelf.file("anna")), loose(shelf), loose(shelf)

    def said(_: object, told: FilesAsked) -> None:
        if told.case_id == case:
            told.found.add(transcript)

    shelf.database.info["bus"].on(FilesAsked, said)
    shelf.record(case, Kind.HOLD)
    shelf.record(shelf.case(shelf.file("carl")), Kind.HOLD)
    assert (kinds(shelf, transcript), kinds(shelf, other)) == (["request"], [])


def test_what_was_taken_off_a_case_is_held_with_it_and_not_destroyed_with_it(shelf: Shelf) -> None:
    """To keep too much does less harm than to destroy it."""

    file = shelf.file("anna")
    case = shelf.case(file)
    with shelf.database.writing() as session:
        session.execute(update(Alert).where(Alert.case_id == case).values(detached_at=shelf.now))
    hold = shelf.record(case, Kind.HOLD)
    assert kinds(shelf, file) == ["request"]
    shelf.end(hold)
    shelf.record(case, Kind.DESTROY)
    shelf.purge()
    assert shelf.stored(file)


def test_clocks_of_a_file_are_seen_by_who_may_see_its_case(shelf: Shelf) -> None:
    """Those of its papers too; files of no case are for who administers."""
    file, alone = shelf.file("anna"), loose(shelf)
    case = shelf.case(file)
    hold = shelf.record(case, Kind.HOLD, "letter.pdf")
    with shelf.database.reading() as session:
        paper = session.query(Paper).filter_by(request_id=hold).one().evidence_id

    def seen(who: Caller, name: str) -> bool:
        with shelf.database.reading() as session:
            try:
                return bool(covering.clocked(session, who, name))
            except NoSuchEvidence:
                return False

    assert [seen(ANN, name) for name in (file, paper, case, alone)] == [True, True, True, False]
    assert seen(ADMIN, alone)
    with shelf.database.writing() as session:
        session.add(Need(kind=knowing.CASE, subject=case, actor="person:ann", allowed=False))
    assert [seen(ANN, name) for name in (file, paper)] == [False, False]
    with shelf.database.reading() as session, pytest.raises(NoSuchEvidence):
        covering.clocked(session, ADMIN, "ev_none")


def test_the_exact_bytes_of_calls_about_a_case_are_kept_with_it(shelf: Shelf) -> None:
    """So the parts are put together: reports add their transcripts."""
    case, transcript = shelf.case(shelf.file("anna")), loose(shelf)
    with shelf.database.writing() as session:
        session.add(Report(
            id="rpt_1", case_id=case, authority="ncmec", environment="test", state=State.FILED,
            test=False, made_at=shelf.now, made_by="person:ann", content="{}", version=1,
            queued_at=None, queued_by="", rank=1, danger=False, due_at=None, progress="", turn=1,
            sending_until=None, tries=0, last_error="", remote_id="7", filed_at=shelf.now,
            receipt="{}", supplements=None,
        ))  # fmt: skip
        session.flush()
        session.add(Exchange(
            report_id="rpt_1", number=1, turn=1, call="submit", at=shelf.now,
            answered_at=shelf.now, status=200, request_id="", why="", evidence_id=transcript,
        ))  # fmt: skip
    shelf.record(case, Kind.HOLD)
    assert kinds(shelf, transcript) == ["request"]

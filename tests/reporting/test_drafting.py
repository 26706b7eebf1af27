"""Drafts: one for a case and an authority, in step with what is decided."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from reporting.scenes import ANN, BOB, Scene
from tutela.audit.models import Entry
from tutela.cases.models import Case
from tutela.people.models import Need
from tutela.people.permissions import Caller, Permission
from tutela.reporting import drafting, editing
from tutela.reporting.cybertipline.machine import Progress
from tutela.reporting.errors import NoSuchAuthority, NoSuchReport, ReportChanged, ReportNotReady
from tutela.reporting.facts import Incident
from tutela.reporting.models import Report, State


def states(scene: Scene) -> list[State]:
    return [one.state for one in scene.reports()]


def begun(remote: str = "") -> str:
    """The progress of a report that was tried, and maybe is open there."""
    return Progress(1800.0, id=remote, opened=1, unsure=not remote).to_json()


def items(scene: Scene, name: str = "") -> list[str]:
    return [one.item for one in scene.content(name).files]


def test_what_is_confirmed_is_drafted_and_kept(scene: Scene):
    """Nobody has to ask for it, and nothing of it is deleted meanwhile."""
    item, _ = scene.confirmed()
    (report,) = scene.reports()
    assert (report.state, report.authority, report.environment) == ("draft", "ncmec", "test")
    assert report.made_by == ANN.actor and not report.test
    assert items(scene) == [item] and scene.kept(item) == ["draft"]
    with scene.database.reading() as session:
        actions = session.scalars(select(Entry.action).order_by(Entry.number)).all()
    assert "report.draft" in actions


def test_more_of_a_case_goes_into_the_same_draft(scene: Scene):
    """One report for an account, with all that was confirmed of it."""
    one, _ = scene.confirmed()
    other, _ = scene.confirmed()
    (report,) = scene.reports()
    assert items(scene) == [one, other] and report.version == 2
    assert scene.kept(other) == ["draft"]


def test_what_is_decided_together_stands_in_the_draft_once(scene: Scene):
    """However many of them are told of one by one."""
    both = [scene.item(), scene.item()]
    scene.decide(*both)
    assert sorted(items(scene)) == sorted(both)


def test_what_is_decided_together_joins_a_draft_at_once(scene: Scene):
    """Each by itself would gather the whole case anew, while all others wait for the database."""
    first, _ = scene.confirmed()
    more = [scene.item() for _ in range(5)]
    scene.decide(*more)
    assert items(scene)[0] == first and sorted(items(scene)[1:]) == sorted(more)
    assert scene.reports()[0].version == 2 and scene.kept(more[-1]) == ["draft"]


def test_what_is_taken_back_goes_from_the_draft(scene: Scene):
    """With the last of it the draft goes too, and with it its clock."""
    one, first = scene.confirmed()
    other, second = scene.confirmed()
    scene.undo(second)
    assert items(scene) == [one] and scene.kept(other) == []
    scene.undo(first)
    assert states(scene) == ["withdrawn"] and scene.kept(one) == []


def test_a_draft_that_someone_edited_stays_without_files(scene: Scene):
    """What a person wrote is not thrown away by another's slip."""
    _, decision = scene.confirmed()
    with scene.database.writing() as session:
        editing.set_field(
            session, scene.now, BOB, scene.reports()[0].id, 1, "text", "A bicycle in the rain."
        )
    scene.undo(decision)
    assert states(scene) == ["draft"] and items(scene) == []


def test_a_draft_with_reports_of_people_stays_without_files(scene: Scene):
    """What they said is still to be told."""
    _, decision = scene.confirmed()
    scene.report(text="Look at the wall.")
    scene.undo(decision)
    assert states(scene) == ["draft"] and items(scene) == []


def test_a_case_without_any_file_is_drafted_by_its_code(scene: Scene):
    """What was said counts, and not only pictures."""
    scene.report(code="contact", text="Rain tomorrow?")
    scene.decide(case=scene.case())
    found = scene.content()
    assert found.incident is Incident.CONTACT and found.files == ()
    assert "Rain tomorrow?" in found.where[0].more


def test_of_a_case_without_code_a_person_must_say_what_it_is(scene: Scene):
    """Nothing is guessed, and the case says that a report is due."""
    scene.report(text="Rain tomorrow?")
    scene.decide(case=scene.case())
    assert scene.reports() == [] and drafting.WAITS in scene.steps()
    assert scene.content(scene.draft(incident=Incident.SENT)).incident is Incident.SENT


def test_a_case_that_is_decided_otherwise_has_no_draft(scene: Scene):
    """One that was made of the case as such goes with its decision."""
    scene.report(code="contact", text="Rain tomorrow?")
    (decision,) = scene.decide(case=scene.case())
    scene.undo(decision)
    assert states(scene) == ["withdrawn"]


def test_a_case_of_a_test_gets_no_draft_by_itself(scene: Scene):
    """A test reports nobody."""
    item = scene.item(test=True, purpose="test")
    with scene.database.reading() as session:
        case = session.scalars(select(Case).where(Case.subject == item)).one()
        drafting.ask(session, drafting.ReportDue(scene.now, "dec_none", case.id, item))
        assert session.scalars(select(Report)).all() == []


def test_what_no_authority_is_told_of_is_not_drafted(scene: Scene):
    """A bank of another purpose makes no report."""
    scene.confirmed(purpose="adult-intimate", sealed=False)
    assert scene.reports() == []


def test_without_authorities_nothing_is_drafted(scene: Scene):
    """Who reports nowhere by themselves still can by hand."""
    scene.set(authorities=())
    item, _ = scene.confirmed()
    assert scene.reports() == []
    scene.draft()
    assert items(scene) == [item]


def test_one_report_of_a_case_is_open_at_a_time(scene: Scene):
    """The one that is there is named."""
    scene.confirmed()
    with pytest.raises(ReportNotReady, match=scene.reports()[0].id):
        scene.draft()


def test_an_authority_that_is_not_installed_is_refused(scene: Scene):
    """Before anything is written."""
    scene.set(authorities=())
    scene.confirmed()
    with scene.database.writing() as session, pytest.raises(NoSuchAuthority):
        case = session.get_one(Case, scene.case())
        drafting.draft(session, scene.now, ANN.actor, case, "elsewhere")


def test_files_confirmed_after_filing_make_a_supplement(scene: Scene):
    """It cites the earlier report, and has only what is new."""
    one, _ = scene.confirmed()
    first = scene.file("4564654")
    assert states(scene) == ["filed"]
    scene.later(days=1)
    other, _ = scene.confirmed()
    supplement = scene.reports()[-1]
    found = scene.content(supplement.id)
    assert supplement.supplements == first and found.supplements == "4564654"
    assert found.subject.earlier == ("4564654",) and items(scene, supplement.id) == [other]
    assert scene.kept(one) == []


def test_what_is_confirmed_while_a_report_is_sent_is_drafted_once_it_is_filed(scene: Scene):
    """Nothing is put into what is on its way, and nothing is lost."""
    scene.confirmed()
    with scene.database.writing() as session:
        session.get_one(Report, scene.reports()[0].id).state = State.QUEUED
    scene.later(minutes=1)
    other, _ = scene.confirmed()
    assert len(scene.reports()) == 1 and len(items(scene)) == 1
    with scene.database.writing() as session:
        session.get_one(Report, scene.reports()[0].id).state = State.DRAFT
    scene.later(minutes=1)
    scene.file()
    assert states(scene) == ["filed", "draft"] and items(scene) == [other]


def test_a_queued_report_that_was_not_begun_is_a_draft_again_without_what_was_taken_back(
    scene: Scene,
):
    """What nobody stands by any more is not sent."""
    _, first = scene.confirmed()
    other, _ = scene.confirmed()
    with scene.database.writing() as session:
        report = session.get_one(Report, scene.reports()[0].id)
        report.state, report.queued_at = State.QUEUED, scene.now
    scene.undo(first)
    assert states(scene) == ["draft"] and items(scene) == [other]
    assert scene.reports()[0].queued_at is None


def test_a_report_that_is_being_sent_is_left_and_the_case_says_so(scene: Scene):
    """It cannot be called back by changing it."""
    item, decision = scene.confirmed()
    with scene.database.writing() as session:
        report = session.get_one(Report, scene.reports()[0].id)
        report.state, report.progress = State.QUEUED, begun("1")
    scene.undo(decision)
    assert states(scene) == ["queued"] and items(scene) == [item]
    assert drafting.LATE in scene.steps()


@pytest.mark.parametrize("state", [State.QUEUED, State.HALTED])
def test_a_report_that_was_only_tried_is_a_draft_again(scene: Scene, state: State):
    """While the authority is down nothing is open there, and what nobody stands by must not go when
    it is back."""
    _, first = scene.confirmed()
    other, _ = scene.confirmed()
    with scene.database.writing() as session:
        report = session.get_one(Report, scene.reports()[0].id)
        report.state, report.queued_at, report.progress = state, scene.now, begun()
        report.sending_until, turn = scene.now, report.turn
    scene.undo(first)
    (report,) = scene.reports()
    assert report.state == State.DRAFT and items(scene) == [other]
    assert report.progress == "" and report.turn > turn


def test_a_supplement_by_hand_needs_nothing_new(scene: Scene):
    """It is about what the earlier was about, and says what is known now."""
    scene.confirmed()
    first = scene.file()
    with scene.database.writing() as session:
        made = drafting.supplement(session, scene.now, ANN, first).id
    found = scene.content(made)
    assert found.incident is Incident.MEDIA and found.files == ()
    assert found.supplements == "4564654" and scene.row(made).supplements == first


def test_only_to_what_is_filed_can_be_added(scene: Scene):
    """A draft is edited."""
    scene.confirmed()
    with scene.database.writing() as session, pytest.raises(ReportNotReady):
        drafting.supplement(session, scene.now, ANN, scene.reports()[0].id)


def test_a_draft_is_withdrawn_with_a_reason(scene: Scene):
    """And its files are kept by it no more; a new one can be made."""
    item, _ = scene.confirmed()
    name = scene.reports()[0].id
    with scene.database.writing() as session, pytest.raises(ReportNotReady):
        drafting.withdraw_draft(session, scene.now, ANN, name, " ")
    with scene.database.writing() as session:
        drafting.withdraw_draft(session, scene.now, ANN, name, "Reported by telephone.")
    assert states(scene) == ["withdrawn"] and scene.kept(item) == []
    scene.later(minutes=1)
    scene.draft()
    assert states(scene) == ["withdrawn", "draft"] and scene.kept(item) == ["draft"]


def test_gathering_anew_keeps_what_people_wrote(scene: Scene):
    """Records are read again; texts stay, and what was left out stays out."""
    one, _ = scene.confirmed()
    other, _ = scene.confirmed(item={"ip": "192.0.2.9"})
    name = scene.reports()[0].id
    with scene.database.writing() as session:
        editing.set_field(session, scene.now, BOB, name, 2, "text", "A bicycle.")
        editing.set_field(session, scene.now, BOB, name, 3, "files.0.public", "no")
        editing.leave_out(session, scene.now, BOB, name, 4, other)
    scene.look(one, "original")
    with scene.database.writing() as session:
        drafting.regathered(session, scene.now, BOB, name, 5)
    found = scene.content(name)
    assert found.text == "A bicycle." and items(scene) == [one]
    assert found.files[0].public is False and found.files[0].viewed
    assert scene.row(name).version == 6


def test_gathering_anew_needs_the_version_that_was_seen(scene: Scene):
    """Someone else may have changed it."""
    scene.confirmed()
    with scene.database.writing() as session, pytest.raises(ReportChanged):
        drafting.regathered(session, scene.now, BOB, scene.reports()[0].id, 7)


def test_who_need_not_know_of_a_case_finds_no_report_of_it(scene: Scene):
    """Nor that there is one."""
    scene.confirmed()
    stranger = Caller("person:eve", frozenset({Permission.REPORTS}))
    with scene.database.writing() as session:
        session.add(Need(kind="case", subject=scene.case(), actor=ANN.actor, allowed=True))
    with scene.database.writing() as session, pytest.raises(NoSuchReport):
        drafting.withdraw_draft(session, scene.now, stranger, scene.reports()[0].id, "No.")

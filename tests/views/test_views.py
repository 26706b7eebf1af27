"""A view is written down before anything is seen, and only who works on an open case sees."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from tutela import alarms, evidence
from tutela.audit.service import entries
from tutela.cases import queues, work
from tutela.cases.errors import CaseRefused, NoSuchCase, NotHeld
from tutela.cases.models import Alert, Case
from tutela.decisions import items
from tutela.evidence.errors import IntentRefused
from tutela.evidence.models import File, Intent
from tutela.evidence.sealing import Sealed
from tutela.people import knowing
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller
from tutela.screening.models import Decided
from tutela.views import service, wellbeing
from tutela.views.errors import ViewRefused
from tutela.views.models import View
from views.watched import Watched


def count(watched: Watched, model: type) -> int:
    with watched.database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def used(watched: Watched, view: View) -> None:
    """As if the vault had shown it."""
    with watched.database.writing() as session:
        session.execute(
            update(Intent).where(Intent.id == view.intent_id).values(used_at=watched.now)
        )


def provider(watched: Watched, item: str, actor: str | None = None) -> bool:
    with watched.database.reading() as session:
        return service.viewed_by_provider(session, item, actor)


def test_a_view_and_its_intent_say_who_which_file_and_how(watched: Watched):
    case, item = watched.held()
    view = watched.begin("mia", case, item, "stylised")
    with watched.database.reading() as session:
        intent = session.get_one(Intent, view.intent_id)
        (entry,) = (one for one in entries(session) if one.action == "evidence.intend")
    assert (view.actor, view.case_id, view.item_id) == ("person:mia", case, item)
    assert intent.rendering == view.rendering == "stylised" and intent.file_id == view.file_id
    assert view.id in intent.reason and '"rendering":"stylised"' in entry.facts


def test_the_very_bytes_leave_only_for_an_intent_that_says_so(watched: Watched):
    case, item = watched.held()
    for rendering, bound in (("original", ""), ("marked", "marked"), ("grey", "grey")):
        view = watched.begin("mia", case, item, rendering)
        with watched.database.reading() as session:
            assert session.get_one(Intent, view.intent_id).rendering == bound


def test_an_original_needs_the_permission(watched: Watched):
    case, item = watched.held("cid")
    watched.begin("cid", case, item, "grey")
    for rendering in ("original", "marked"):
        with pytest.raises(NotPermitted):
            watched.begin("cid", case, item, rendering)
    assert count(watched, View) == count(watched, Intent) == 1


def test_only_who_works_on_the_open_case_sees(watched: Watched):
    case, item = watched.held("cid")
    with pytest.raises(NotHeld):
        watched.begin("mia", case, item)
    watched.later(hours=1)
    watched.do(work.take_one, watched["mia"], case)
    with pytest.raises(NotHeld):
        watched.begin("cid", case, item)
    view = watched.begin("mia", case, item)
    with watched.database.writing() as session:
        session.get_one(Case, case).closed_at = watched.now
    with pytest.raises(CaseRefused):
        watched.begin("mia", case, item)
    with pytest.raises(CaseRefused):  # what was asked for before is not shown any more
        watched.do(service.opened, watched["mia"], view.id)
    assert count(watched, View) == 1


def test_who_is_walled_off_sees_nothing(watched: Watched):
    case, item = watched.held()
    with watched.database.writing() as session:
        boss = watched["ann"]
        knowing.name(session, watched.now, boss, "case", case, "person:mia", False)
    with pytest.raises(NoSuchCase):
        watched.begin("mia", case, item)


def test_an_item_that_is_not_on_the_case_is_not_shown(watched: Watched):
    case, item = watched.held()
    other_case, other = watched.held(creator="walker")
    with pytest.raises(ViewRefused, match="not on the case"):
        watched.begin("mia", case, other)
    with watched.database.writing() as session:
        session.execute(update(Alert).where(Alert.item_id == item).values(detached_at=watched.now))
    with pytest.raises(ViewRefused, match="not on the case"):
        watched.begin("mia", case, item)
    bare = watched.matched("walker")
    with pytest.raises(ViewRefused, match="sealed"):
        watched.begin("mia", other_case, bare)
    with watched.database.writing() as session:
        session.execute(update(File).values(deleted_at=watched.now))
    with pytest.raises(IntentRefused, match="deleted"):
        watched.begin("mia", other_case, other)


def test_who_lost_the_permission_meanwhile_is_shown_nothing(watched: Watched):
    case, item = watched.held()
    view = watched.begin("mia", case, item, "marked")
    less = Caller("person:mia", frozenset({"cases"}))
    with pytest.raises(NotPermitted):
        watched.do(service.opened, less, view.id)


@pytest.mark.parametrize("rendering", ["", "debugger", "part", "text", "colour", "x" * 99])
def test_what_is_no_rendering_is_refused(watched: Watched, rendering: str):
    case, item = watched.held()
    with pytest.raises(ViewRefused):
        watched.begin("mia", case, item, rendering)


def test_nobody_goes_below_the_floor_or_what_a_queue_hides(watched: Watched):
    watched.set(floor="blurred")
    case, item = watched.held()
    watched.begin("mia", case, item, "stylised")
    for hidden in ("small", "grey"):
        with pytest.raises(ViewRefused, match="not shown so"):
            watched.begin("mia", case, item, hidden)
    queue = watched.case().queue
    watched.do(queues.put, watched["ann"], queue, hidden=["original"])
    with pytest.raises(ViewRefused, match="not shown so"):
        watched.begin("mia", case, item, "marked")
    watched.do(queues.put, watched["ann"], queue, hidden=["view"])
    with pytest.raises(ViewRefused, match="not shown so"):
        watched.begin("mia", case, item, "stylised")


def test_a_view_is_shown_once_to_who_asked_for_it_and_soon(watched: Watched):
    case, item = watched.held()
    view = watched.begin("mia", case, item)
    with pytest.raises(ViewRefused):
        watched.do(service.opened, watched["cid"], view.id)
    assert watched.do(service.opened, watched["mia"], view.id).id == view.id
    used(watched, view)
    with pytest.raises(ViewRefused, match="already"):
        watched.do(service.opened, watched["mia"], view.id)
    late = watched.begin("mia", case, item)
    watched.later(hours=1)
    with pytest.raises(ViewRefused, match="too long ago"):
        watched.do(service.opened, watched["mia"], late.id)
    for made_up in ("vw_" + "a" * 26, "x", "vw_'"):
        with pytest.raises(ViewRefused):
            watched.do(service.opened, watched["mia"], made_up)


def test_only_the_original_shown_whole_is_viewed_by_the_provider(watched: Watched):
    case, item = watched.held()
    for rendering in ("grey", "stylised"):
        view = watched.begin("mia", case, item, rendering)
        used(watched, view)
        watched.later(seconds=9)
        watched.do(service.ended, watched["mia"], view.id, 9, whole=True)
    part = watched.begin("mia", case, item, "marked")
    used(watched, part)
    with watched.database.writing() as session:
        service.partly(session, part.id)
    watched.later(seconds=9)
    watched.do(service.ended, watched["mia"], part.id, 9, whole=True)
    unused = watched.begin("mia", case, item, "original")
    watched.later(seconds=9)
    watched.do(service.ended, watched["mia"], unused.id, 9, whole=True)
    assert not provider(watched, item)
    whole = watched.begin("mia", case, item, "marked")
    used(watched, whole)
    watched.later(seconds=9)
    watched.do(service.ended, watched["mia"], whole.id, 9, whole=False)
    assert not provider(watched, item)
    watched.do(service.ended, watched["mia"], whole.id, 9, whole=True)
    assert provider(watched, item) and provider(watched, item, "person:mia")
    assert not provider(watched, item, "person:ann")


def test_seconds_only_grow_and_never_past_the_clock(watched: Watched):
    case, item = watched.held()
    view = watched.begin("mia", case, item)
    watched.later(seconds=10)
    for said, kept in ((4, 4), (2, 4), (1e9, 10), (float("inf"), 10), (-5, 10)):
        ended = watched.do(service.ended, watched["mia"], view.id, said, whole=False)
        assert ended.seconds == kept
    with pytest.raises(ViewRefused):
        watched.do(service.ended, watched["cid"], view.id, 3, whole=False)


def test_two_people_see_originals_of_the_worst_grades_where_a_queue_says_so(watched: Watched):
    case, item = watched.held(labels="A1 other")
    plain_case, plain = watched.held(creator="walker", labels="B2")
    watched.do(queues.put, watched["ann"], watched.case().queue, two_for=["worst"])

    def two(case_id: str, item_id: str, rendering: str) -> bool:
        with watched.database.reading() as session:
            return service.takes_two(session, session.get_one(Case, case_id), item_id, rendering)

    assert two(case, item, "original") and two(case, item, "marked")
    assert not two(case, item, "grey")
    with pytest.raises(ViewRefused, match="two people"):
        watched.begin("mia", case, item, "marked")
    watched.begin("mia", case, item, "marked", agreed=True)
    watched.begin("mia", case, item, "grey")
    if watched.case("walker").queue == watched.case().queue:
        assert not two(plain_case, plain, "original")


def test_of_a_case_with_ten_thousand_items_a_page_is_listed(watched: Watched):
    case, item = watched.held()
    with watched.database.writing() as session:
        row = session.scalars(select(Alert).where(Alert.item_id == item)).one()
        plain = {
            column.name: getattr(row, column.name)
            for column in Alert.__table__.columns
            if column.name != "id"
        }
        session.execute(Alert.__table__.insert(), [plain] * 10_000)
    with watched.database.reading() as session:
        page = service.seeable(session, watched["mia"], case, limit=20)
        again = service.seeable(session, watched["mia"], case, after=page[-1].alert, limit=20)
    assert len(page) == len(again) == 20 and page[0].item_id == item
    assert page[-1].alert < again[0].alert


def test_what_one_likes_to_see_first_stands_first_if_it_is_offered(watched: Watched):
    case, _ = watched.held()

    def offered(who: str) -> list[str]:
        with watched.database.reading() as session:
            return service.offered(session, watched[who], session.get_one(Case, case))

    assert offered("cid") == ["stylised", "blurred", "small", "grey"]
    assert offered("mia")[-2:] == ["marked", "original"]
    with watched.database.writing() as session:
        wellbeing.wish(session, "person:mia", None, "grey", ())
    assert offered("mia")[0] == "grey"
    watched.set(floor="stylised")
    assert offered("cid") == ["stylised"] and offered("mia")[0] == "stylised"


def test_unusual_viewing_sounds_an_alarm_without_a_name(watched: Watched):
    watched.set(unusual_views=3)
    case, item = watched.held()
    for _ in range(3):
        watched.begin("mia", case, item)
    with watched.database.reading() as session:
        (alarm,) = alarms.listed(session)
    assert alarm.kind == "views.unusual" and "mia" not in alarm.subject + alarm.text
    assert alarm.subject.startswith("person:")


def test_so_does_opening_files_of_many_cases_or_far_more_than_are_decided(watched: Watched):
    watched.set(unusual_cases=2)
    for creator in ("rider", "walker"):
        case, item = watched.held(creator=creator)
        watched.begin("mia", case, item)
    with watched.database.reading() as session:
        assert alarms.sounding(session, "views.unusual")
    with watched.database.writing() as session:
        for subject in alarms.sounding(session, "views.unusual"):
            alarms.clear(session, watched.now, "views.unusual", subject)
    watched.set(unusual_ratio=1)
    case, item = watched.held("cid", "sailor")
    for _ in range(51):
        watched.begin("cid", case, item)
    with watched.database.reading() as session:
        assert alarms.sounding(session, "views.unusual")


def test_of_what_one_opted_out_of_one_is_warned(watched: Watched):
    """Be it said by a bank that matched, or by who reported it; others are not told."""
    case, item = watched.held(labels="B1 C2")
    other = watched.matched("rider")
    watched.reported("item", other, code="C9")
    with watched.database.writing() as session:
        wellbeing.wish(session, "person:mia", None, "", ["C2", "C9"])
    with watched.database.reading() as session:
        mine = {(one.item_id, one.unwanted) for one in service.seeable(
            session, watched["mia"], case)}  # fmt: skip
        theirs = service.seeable(session, watched["ann"], case)
    assert mine == {(item, True), (other, False), (other, True)}
    assert not any(one.unwanted for one in theirs)


def test_an_export_is_a_view_that_nobody_was_shown(watched: Watched):
    case, item = watched.held()
    with watched.database.writing() as session:
        file = session.get_one(File, session.get_one(Decided, item).evidence_id)
        intent = service.export(session, watched.now, watched["mia"], file, "asked by the court")
        intent.used_at = watched.now
        (view,) = session.scalars(select(View))
        (shown,) = service.seeable(session, watched["mia"], case)
        known = items.known(session, watched["mia"], [item])[item]
    assert (view.actor, view.case_id, view.item_id, view.intent_id, view.rendering) == (
        "person:mia", case, item, intent.id, "export",
    )  # fmt: skip
    assert (view.file_id, view.whole, view.seconds) == (file.id, True, 0.0)
    assert not provider(watched, item) and not known.looked and not shown.seen


def test_of_a_file_of_no_case_an_export_is_no_view(watched: Watched):
    with watched.database.writing() as session:
        file = evidence.record(session, watched.now, Sealed("x.age", 7, 9, bytes(32), "x" * 16))
        assert (
            service.export(session, watched.now, watched["mia"], file, "asked").file_id == file.id
        )
    assert count(watched, View) == 0


def test_many_exports_sound_the_alarm_of_unusual_viewing(watched: Watched):
    watched.set(unusual_views=2)
    _, item = watched.held()
    with watched.database.writing() as session:
        file = session.get_one(File, session.get_one(Decided, item).evidence_id)
        for _ in range(2):
            service.export(session, watched.now, watched["mia"], file, "asked")
        (alarm,) = alarms.listed(session)
    assert alarm.kind == "views.unusual"


def test_what_could_not_be_shown_was_not_looked_at_by_who_asked(watched: Watched):
    """Where the vault opened the file and it was damaged; where nothing was opened, it can be asked
    for again."""
    case, item = watched.held()
    view = watched.begin("mia", case, item)
    watched.do(service.failed, view.id)
    assert watched.do(service.opened, watched["mia"], view.id).rendering == "grey"
    used(watched, view)
    watched.do(service.failed, view.id)
    with watched.database.reading() as session:
        assert session.get_one(View, view.id).rendering == "failed"
        (shown,) = service.seeable(session, watched["mia"], case)
        assert not items.known(session, watched["mia"], [item])[item].looked and not shown.seen

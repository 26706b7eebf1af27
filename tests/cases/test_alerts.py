"""What gathers on a case, and what that makes of it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cases.matters import SHELL, Matters
from tutela.cases import alerts, hold, queues, rank, service, work
from tutela.cases.alerts import Received
from tutela.cases.errors import CaseRefused, NotHeld, ReportRefused
from tutela.cases.models import Alert, Case
from tutela.people import knowing
from tutela.people.errors import NotPermitted
from tutela.screening.models import Decided, Item


def test_a_match_a_report_and_a_notice_gather_on_one_case(matters: Matters):
    item = matters.matched("rider")
    matters.reported("account", "rider", text="Saw it", code="C1")
    matters.reported("item", item, kind="notice", reporter="non-user")  # of the same account
    matters.reported("item", f"x{item}")
    matters.reported("thread", "t-1", account="rider")
    case = matters.case("rider")
    assert (case.subject_kind, case.alerts, case.reports, case.hold) == ("account", 5, 4, True)
    with matters.database.reading() as session:
        kinds = [one.kind for one in service.alerts(session, case.id)]
        linked = session.scalars(select(Alert.item_id).where(Alert.item_id.is_not(None))).all()
    assert kinds == ["match", "report", "notice", "report", "report"] and linked == [item] * 3


def test_what_has_no_account_is_a_subject_of_its_own(matters: Matters):
    matters.reported("text", text="Bicycle for sale", about_id="")
    matters.reported("text", text="Bicycle for sale", about_id="")
    matters.reported("thread", "t-1")
    matters.reported("url", "", url="https://bicycles.example/1")
    matters.reported("item", "unknown-item")
    with matters.database.reading() as session:
        found = {
            (one.subject_kind, one.alerts): one.subject for one in session.scalars(select(Case))
        }
    assert found.keys() == {("text", 2), ("thread", 1), ("url", 1), ("item", 1)}
    assert found["url", 1] == "https://bicycles.example/1"


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("HTTPS://Lake.EXAMPLE/Post?Q=A#B", "https://lake.example/Post?Q=A#B"),
        (" http://Me:Word@Lake.example ", "http://Me:Word@lake.example"),
        ("Lake.example/x", "Lake.example/x"), ("https://[::A", "https://[::a"),
    ],
)  # fmt: skip
def test_scheme_and_host_of_a_url_are_the_same_in_either_case(url, same):
    assert alerts.normal(url) == same


def test_a_notice_about_the_url_of_an_item_is_put_on_its_case(matters: Matters):
    """Where the platform's ids are URLs; as it came it stays, and other URLs are nobody's."""
    item = matters.matched("rider")
    lone = matters.matched(None)
    with matters.database.writing() as session:
        session.get_one(Item, item).external_id = "https://lake.example/Post-1"
        session.get_one(Item, lone).external_id = "https://lake.example/Post-2"
    number = matters.reported(
        "url", "", url="HTTPS://LAKE.example/Post-1", kind="notice", reporter="non-user"
    )
    matters.reported("url", "", url="https://lake.example/post-1")
    matters.reported("url", "", url="https://Lake.example/post-1")
    matters.reported("url", "", url="https://lake.example/Post-2")
    with matters.database.reading() as session:
        alert = session.get_one(Alert, number)
        assert (alert.item_id, alert.url) == (item, "HTTPS://LAKE.example/Post-1")
        assert alert.case_id == session.get_one(Decided, item).case_id
    assert matters.case("https://lake.example/post-1").alerts == 2
    assert matters.case("https://lake.example/Post-2").subject_kind == "item"


@pytest.mark.parametrize(
    "wrong",
    [
        {"about": "weather"}, {"about_id": ""}, {"about_id": "x" * 257}, {"text": "x" * 10_001},
        {"text": "\x00"}, {"account": "\ud800"}, {"code": "no code"}, {"subject_age": -1},
        {"child_age": 121}, {"reporter": "robot"}, {"kind": "match"}, {"url": "x" * 2001},
        {"about": "text", "about_id": "", "text": " "},
    ],
)  # fmt: skip
def test_a_report_that_cannot_be_taken_is_refused_and_leaves_nothing(wrong):
    with pytest.raises(ReportRefused):
        alerts._check(Received(**{"about": "item", "about_id": "1"} | wrong))


def test_who_is_stated_or_known_to_be_a_child_is_never_downgraded_by_itself(matters: Matters):
    matters.matched("stated", age=15)
    matters.matched("grown", age=18)
    matters.matched("garbage", age="x")
    matters.matched("survivor", purpose="survivor-request")
    matters.reported("account", "told", subject_age=12)
    roles = {name: matters.case(name).role for name in ("stated", "grown", "garbage", "survivor",
                                                        "told")}  # fmt: skip
    assert roles == {"stated": "child", "grown": "unknown", "garbage": "unknown",
                     "survivor": "child", "told": "child"}  # fmt: skip
    matters.matched("survivor", age=30)
    assert matters.case("survivor").role == "child"
    case = matters.case("told")
    matters.do(work.take_one, matters["ann"], case.id)
    matters.do(work.close, matters["ann"], case.id, "seen")
    matters.matched("told")
    again = matters.case("told")
    assert again.id != case.id and again.role == "child" and case.id in again.role_why


def test_a_named_person_says_what_a_subject_is_and_is_written_down(matters: Matters):
    matters.matched("rider")
    case = matters.case("rider")
    with pytest.raises(NotHeld):
        matters.do(hold.set_role, matters["ann"], case.id, "suspect", "said so")
    matters.do(work.take_one, matters["ann"], case.id)
    with pytest.raises(CaseRefused):
        matters.do(hold.set_role, matters["ann"], case.id, "suspect", " ")
    matters.do(hold.set_role, matters["ann"], case.id, "suspect", "said so")
    assert matters.case("rider").role == "suspect"
    matters.matched("rider", purpose="survivor-request")
    assert matters.case("rider").role == "child"


def test_alerts_are_taken_off_and_put_back_and_the_numbers_follow(matters: Matters):
    item = matters.matched("rider", strength="near")
    number = matters.reported("account", "rider", danger=True, child_age=9)
    case = matters.case("rider")
    before = (case.alerts, case.reports, case.danger, case.rank)
    assert before == (2, 1, True, rank.of(rank.Weighed(True, True, 9, 1)))
    matters.do(work.take_one, matters["ann"], case.id)

    def held(what, number, why="by mistake", who="ann", case=case):
        def do(session, now):
            found = work.require_held(session, now, matters[who], case)
            return what(session, now, matters[who], found, number, why)

        return matters.do(do)

    held(alerts.detach, number)
    after = matters.case("rider")
    assert (after.alerts, after.reports, after.danger) == (1, 0, False)
    assert after.rank == rank.of(rank.Weighed(False, True))
    with pytest.raises(CaseRefused):
        held(alerts.detach, number)
    held(alerts.attach, number)
    again = matters.case("rider")
    assert (again.alerts, again.reports, again.danger, again.rank) == before
    with pytest.raises(CaseRefused):
        held(alerts.attach, number)
    matters.reported("account", "walker")
    other = matters.case("walker")
    matters.do(work.take_one, matters["ann"], other.id)
    with matters.database.reading() as session:
        first = service.alerts(session, case.id)[0]
    held(alerts.detach, first.id)
    held(alerts.attach, first.id, case=other)
    with matters.database.reading() as session:
        assert session.get_one(Decided, item).case_id == other.id
    assert matters.case("walker").alerts == 2 and matters.case("rider").alerts == 1
    assert ("person:ann", "attached") in matters.steps(other.id)


def test_rules_move_a_case_forward_as_more_comes_unless_someone_moved_it(matters: Matters):
    for name, position, rule in (
        ("urgent", 1, '{"danger": true}'), ("calls", 2, '{"kinds": ["report"]}'),
        ("other", 3, ""), ("young", 0, '{"roles": ["child"]}'),
    ):  # fmt: skip
        matters.do(queues.put, SHELL, name, position=position, rule=rule)
    matters.matched("rider")
    assert matters.case("rider").queue == "general"
    matters.reported("account", "rider")
    assert matters.case("rider").queue == "calls"
    number = matters.reported("account", "rider", danger=True)
    assert matters.case("rider").queue == "urgent"
    matters.matched("rider", age=12)
    case = matters.case("rider")
    assert case.queue == "young" and number
    matters.do(work.move, matters["ann"], case.id, "other", "theirs")
    matters.reported("account", "rider", danger=True)
    assert matters.case("rider").queue == "other"


def test_a_role_that_someone_says_routes_the_case_anew_unless_it_was_moved(matters: Matters):
    """To the queue of children and back; where a person moved it, it stays."""
    matters.do(queues.put, SHELL, "young", position=0, rule='{"roles": ["child"]}')
    matters.matched("rider")
    case = matters.case("rider")
    matters.do(work.take_one, matters["ann"], case.id)
    matters.do(hold.set_role, matters["ann"], case.id, "child", "said so")
    found = matters.case("rider")
    assert (found.queue, found.locked_by) == ("young", "person:ann")
    matters.do(hold.set_role, matters["ann"], case.id, "unknown", "a slip")
    assert matters.case("rider").queue == "general"
    matters.do(work.move, matters["ann"], case.id, "escalated", "hard")
    matters.do(work.take_one, matters["ann"], case.id)
    matters.do(hold.set_role, matters["ann"], case.id, "child", "said so")
    assert matters.case("rider").queue == "escalated"


def test_who_may_not_see_where_a_role_sends_a_case_has_it_no_more(matters: Matters):
    matters.do(queues.put, SHELL, "young", position=0, rule='{"roles": ["child"]}')
    matters.do(knowing.name, SHELL, "queue", "young", "person:bob", True)
    matters.matched("rider")
    case = matters.case("rider")
    matters.do(work.take_one, matters["ann"], case.id)
    matters.do(hold.set_role, matters["ann"], case.id, "child", "said so")
    found = matters.case("rider")
    assert (found.queue, found.locked_by) == ("young", None)
    assert matters.do(work.take, matters["bob"]).id == case.id


def test_an_item_is_put_back_on_an_open_case_of_its_subject(matters: Matters):
    item = matters.matched("rider")
    case = matters.case("rider")
    assert matters.do(alerts.put_back, item, "policy", "asked").id == case.id
    matters.do(work.take_one, matters["ann"], case.id)
    matters.do(work.close, matters["ann"], case.id, "done")
    again = matters.do(alerts.put_back, item, "policy", "asked")
    with matters.database.reading() as session:
        assert session.get_one(Decided, item).case_id == again.id != case.id
        counts = session.execute(select(Case.id, Case.alerts)).all()
    assert {tuple(one) for one in counts} == {(case.id, 0), (again.id, 1)}
    assert matters.do(alerts.put_back, "itm_none", "policy", "asked") is None


def test_labels_and_purposes_route_a_match(matters: Matters):
    matters.do(queues.put, SHELL, "a-one", position=1, rule='{"codes": ["A1"]}')
    matters.do(queues.put, SHELL, "asked", position=2,
               rule='{"purposes": ["survivor-request"]}')  # fmt: skip
    matters.matched("one", labels="A1 B2")
    matters.matched("two", purpose="survivor-request")
    matters.matched("three", labels="A10")
    queue = {name: matters.case(name).queue for name in ("one", "two", "three")}
    assert queue == {"one": "a-one", "two": "asked", "three": "general"}


def test_the_hold_is_on_until_someone_who_may_lifts_it(matters: Matters):
    matters.matched("rider")
    case = matters.case("rider")
    with matters.database.reading() as session:
        assert not hold.may_tell(session, case.id) and not hold.may_tell(session, "case_none")
    matters.do(work.take_one, matters["cid"], case.id)
    with pytest.raises(NotPermitted):
        matters.do(hold.lift, matters["cid"], case.id, "told")
    matters.do(work.take_over, matters["ann"], case.id, "mine")
    matters.do(hold.lift, matters["ann"], case.id, "the authority agreed")
    with matters.database.reading() as session:
        assert hold.may_tell(session, case.id)
    with pytest.raises(CaseRefused):
        matters.do(hold.lift, matters["ann"], case.id, "again")
    matters.do(hold.restore, matters["ann"], case.id, "not yet")
    with matters.database.reading() as session:
        assert not hold.may_tell(session, case.id)


def test_queues_are_refused_when_they_are_wrong_or_not_empty(matters: Matters):
    for wrong in ({"name": "No"}, {"rule": "["}, {"hidden": ["fly"]}, {"two_for": ["fly"]},
                  {"note": "x" * 1001}, {"position": 10**7}):  # fmt: skip
        with pytest.raises(CaseRefused):
            matters.do(queues.put, SHELL, **{"name": "sky"} | wrong)
    matters.do(queues.put, SHELL, "sky", rule="{}", hidden=["skip"], two_for=["worst"])
    matters.matched("rider")
    with pytest.raises(CaseRefused, match="wait"):
        matters.do(queues.remove, SHELL, "sky")
    with matters.database.reading() as session:
        kept = queues.kept(session, "sky")
        names = [one.name for one in queues.listed(session)]
    assert kept.hidden == {"skip"} and kept.two_for == {"worst"}
    assert names == ["sky", "general", "escalated"]

"""The policy on pages: in words, as a draft, explained, replayed, and applied by two."""

from __future__ import annotations

from datetime import timedelta

import pytest
from api.service import Desk, until
from sqlalchemy import delete

from console.visitor import Page, Visitor, signed_in
from tutela.interfaces.console import policy as pages
from tutela.people import approvals, callers
from tutela.people.permissions import Permission
from tutela.policy import Facts, Found, presets
from tutela.screening import policies
from tutela.screening.models import Decided, Item

P = Permission
TEXT = presets.render("small-forum", "DE")
STRICT = TEXT.replace("<= 31", "<= 10")
SCRIPT = "<script>rain</script>"


@pytest.fixture
def keeper(desk: Desk) -> Visitor:
    signed_in(desk, "paul", P.POLICY)
    return signed_in(desk, "petra", P.POLICY)


@pytest.fixture(autouse=True)
def as_before(desk: Desk):
    yield
    with desk.database.writing() as session:
        row = policies.current(session)
        if row is None or row.text != TEXT:
            policies.apply(session, desk.database.now(), "shell:test", TEXT)


def current(desk: Desk) -> str:
    with desk.database.reading() as session:
        return policies.required(session).text


def test_the_policy_in_force_is_shown_in_its_words_and_ours(keeper: Visitor):
    page = keeper.get("/console/policy")
    assert "Policy in force" in page.words and "The first live one that holds decides" in page.words
    assert "sha256:" in page.words and "channels:" in page.text


def test_a_draft_begins_with_the_policy_in_force(keeper: Visitor):
    page = keeper.get("/console/policy/draft")
    assert "<textarea" in page.text and "channels:" in page.text


def test_all_faults_of_a_draft_are_told_with_their_lines(keeper: Visitor):
    text = TEXT.replace("format:", f"weather: {SCRIPT}\nformat:").replace(
        "verdict: block", "verdict: burn"
    )
    page = keeper.post("/console/policy/draft", {"text": text}, 422)
    line = next(n for n, one in enumerate(text.splitlines(), 1) if "verdict: burn" in one)
    assert f"Line {line}, column" in page.words and SCRIPT not in page.text
    assert "verdict: burn" in page.text


def test_a_right_draft_is_said_in_words(keeper: Visitor):
    page = keeper.post("/console/policy/draft", {"text": STRICT.replace("\n", "\r\n")}, 200)
    assert "This is a policy" in page.words and "10" in page.words


def test_a_policy_is_applied_once_a_second_person_agreed(desk: Desk, keeper: Visitor):
    page = keeper.post("/console/policy/apply", {"text": STRICT, "why": "too many"})
    assert page.location.endswith("said=second.asked") and current(desk) == TEXT
    with desk.database.reading() as session:
        (asked,) = approvals.waiting(session, desk.database.now())
    paul = signed_in(desk, "paul")
    shown = paul.get(f"/console/policy/asked/{asked.id}")
    assert "<del>" in shown.text and "<ins>" in shown.text and "too many" in shown.words
    assert "Do it now" not in shown.words
    assert keeper.post(f"/console/policy/asked/{asked.id}").location.endswith("second.waits")
    with desk.database.writing() as session:
        caller = callers.current(session, "person:paul")
        assert caller is not None
        approvals.approve(session, desk.database.now(), caller, asked.id)
    paul.post(f"/console/policy/asked/{asked.id}", status=404)
    assert "Do it now" in keeper.get("/console/policy").words
    done = keeper.post(f"/console/policy/asked/{asked.id}")
    assert done.location.endswith("said=policy.applied")
    assert current(desk).strip() == STRICT.strip()
    assert "person:petra" not in keeper.get("/console/policy").words
    assert "petra" in keeper.get("/console/policy").words


def test_nobody_is_asked_to_agree_to_nothing(keeper: Visitor):
    page = keeper.post("/console/policy/apply", {"text": TEXT.replace("\n", "\r\n")}, 422)
    assert "decides already" in page.words


def test_what_is_wrong_is_never_asked_for(desk: Desk, keeper: Visitor):
    assert "fault" in keeper.post("/console/policy/apply", {"text": "rain: yes"}, 422).words
    assert "fault" in keeper.post("/console/policy/apply", {"text": ""}, 422).words
    keeper.post("/console/policy/apply", {"text": TEXT, "version": "x"}, 422)


def test_history_is_paged_and_an_earlier_policy_can_be_looked_at(desk: Desk, keeper: Visitor):
    with desk.database.writing() as session:
        for number in range(53):
            policies.apply(session, desk.database.now(), "shell:test", f"# {number}\n{TEXT}")
    first = keeper.get("/console/policy/history")
    assert first.text.count('href="/console/policy/') > 50 and "Next page" in first.words
    link = first.text.split('rel="next"')[0].rpartition('href="')[2].split('"')[0]
    assert "/console/policy/1" in keeper.get(link).text
    assert "Begin a draft with it" in keeper.get("/console/policy/1").words
    assert "<textarea" in keeper.get("/console/policy/draft?number=1").text
    keeper.get("/console/policy/99999", 409)


def explained(keeper: Visitor, status: int = 200, **fields: str) -> Page:
    usual = {"channel": "public", "matched": "true", "type": "pdq", "distance": "4",
             "quality": "100", "variant": "plain", "purpose": "known-csea", "members": "1",
             "strength": "near"}  # fmt: skip
    return keeper.post("/console/explain", usual | fields, status)


def test_an_item_that_is_described_is_decided(desk: Desk, keeper: Visitor):
    until(lambda: desk.running.policy().text == TEXT)
    assert "block" in explained(keeper).words.split("Rule")[0]
    near = explained(keeper, distance="200", quality="10")
    assert "All that it was told" in near.words
    none = keeper.post("/console/explain", {"channel": "public", "type": "pdq"}, 200)
    assert "No rule holds" in none.words
    facts = explained(keeper, facts='{"creator": {"id": "account 7"}}')
    assert "account 7" in facts.words


@pytest.mark.parametrize(
    "fields",
    [
        {"channel": "weather"}, {"distance": "-1"}, {"distance": "x"}, {"strength": "strong"},
        {"facts": "{"}, {"facts": "[]"}, {"facts": '{"a": NaN}'}, {"quality": "101"},
        {"members": "0"}, {"verdict": "allow"}, {"facts": '{"item": {"id": "' + "x" * 300 + '"}}'},
    ],
)  # fmt: skip
def test_a_description_that_is_none_is_told(keeper: Visitor, fields: dict):
    assert 'role="alert"' in explained(keeper, 422, **fields).text


@pytest.fixture
def decisions(desk: Desk):
    """Decisions that were recorded: every second of them on a near match."""
    at = desk.database.now() - timedelta(days=1)
    names = [f"itm_{'a' * 22}{chr(97 + n // 26)}{chr(97 + n % 26)}aa" for n in range(40)]
    with desk.database.writing() as session:
        for number, name in enumerate(names):
            match = Found("pdq", 20 if number % 2 else 2, 100, 100, purpose="known-csea")
            facts = Facts((match,), channel="public")
            session.add(Item(id=name, at=at, door="raw", test=False, channel="public", given="{}"))
            session.flush()
            decision = desk.running.policy().decide(facts)
            session.add(
                Decided(
                    item_id=name, at=at, verdict=str(decision.verdict), rule=decision.rule,
                    explanation="", public_reason="", policy_version=decision.version,
                    facts=facts.dumps(), background="[]", evidence="none",
                )
            )  # fmt: skip
    yield names
    with desk.database.writing() as session:
        session.execute(delete(Decided))
        session.execute(delete(Item))


def test_a_draft_is_replayed_page_by_page(
    desk: Desk, keeper: Visitor, decisions: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pages, "REPLAYED", 30)
    same = keeper.post("/console/policy/replay", {"text": TEXT}, 200)
    assert "Of these 30 decisions, 0 would be others" in same.words
    page = keeper.post("/console/policy/replay", {"text": STRICT}, 200)
    assert "Of these 30 decisions, 15 would be others" in page.words
    assert decisions[1] in page.words and decisions[0] not in page.words
    rest = keeper.post("/console/policy/replay", {"text": STRICT, "after": decisions[29]}, 200)
    assert "Of these 10 decisions, 5 would be others" in rest.words
    assert "These were the last" in rest.words and "The next decisions" not in rest.words
    assert current(desk) == TEXT
    keeper.post("/console/policy/replay", {"text": STRICT, "after": "itm_x'"}, 422)


def test_who_may_not_change_the_policy_sees_none_of_it(desk: Desk):
    other = signed_in(desk, "rita", P.BANKS_READ)
    for path in ("policy", "policy/draft", "policy/history", "policy/1", "explain",
                 "policy/asked/1"):  # fmt: skip
        other.get(f"/console/{path}", 403)
    for path in ("policy/draft", "policy/replay", "policy/apply", "policy/asked/1", "explain"):
        other.post(f"/console/{path}", {"text": TEXT}, 403)

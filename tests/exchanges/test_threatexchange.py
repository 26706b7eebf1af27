"""Meta's ThreatExchange: what is read of its updates, and that its token is shown nowhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from exchanges.simulated import START
from tutela.exchanges.errors import Loop, Unreadable
from tutela.exchanges.partners import Call, Entry, Feedback, Opinion, Page, Reply, Setup
from tutela.exchanges.threatexchange import ThreatExchange

SETUP = Setup({"privacy_group": "7"}, {"access_token": "8|weather"})
PDQ = "0f" * 32


def update(number: int = 100, *descriptors: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": str(number), "indicator": PDQ, "type": "HASH_PDQ", "last_updated": 1_700_000_000,
        "should_delete": False, "descriptors": list(descriptors),
    } | more  # fmt: skip


def said(status: str = "MALICIOUS", owner: str = "5", **more: Any) -> dict[str, Any]:
    return {"id": owner * 2, "owner": {"id": owner}, "status": status, "tags": []} | more


def fetched(
    *answers: dict[str, Any], checkpoint: Mapping[str, Any] | None = None
) -> tuple[list[Page], list[Call]]:
    generator = ThreatExchange().fetch(SETUP, checkpoint, START)
    left = iter(answers)
    step, pages, calls = next(generator), [], []
    while True:
        if isinstance(step, Call):
            calls.append(step)
            step = generator.send(Reply(200, {}, json.dumps(next(left)).encode()))
            continue
        pages.append(step)
        if step.complete:
            return pages, calls
        step = next(generator)


def entries(*rows: Any) -> dict[str, Entry]:
    pages, _ = fetched({"data": list(rows)})
    return {one.key: one for one in pages[0].entries}


def test_an_update_is_an_entry_for_each_opinion_that_somebody_holds():
    found = entries(update(
        100, said(owner="6", tags=["bicycle", {"text": "rain"}, "no label"]), said(owner="5"),
        said("NON_MALICIOUS", "9"),
    ))  # fmt: skip
    good, seed, bad = (found[key] for key in ("100", "100/seed", "100/negative"))
    assert (good.opinion, good.member, good.labels) == (
        Opinion.POSITIVE, "5+6", ("bicycle", "rain"),
    )  # fmt: skip
    assert [(one.type, one.value) for one in good.signals or ()] == [("pdq", PDQ)]
    assert (bad.opinion, bad.member) == (Opinion.NEGATIVE, "9") and bad.signals
    assert seed.signals is None


@pytest.mark.parametrize("status", ["SUSPICIOUS", "UNKNOWN", None])
def test_what_nobody_confirmed_is_a_seed(status):
    found = entries(update(100, said(status)))
    assert [key for key, one in found.items() if one.signals] == ["100/seed"]


def test_a_confirmed_value_with_which_others_only_disagree_is_a_seed():
    found = entries(update(100, said(reactions=[{"key": "DISAGREE_WITH_TAGS", "value": "3"}])))
    assert [key for key, one in found.items() if one.signals] == ["100/seed"]


@pytest.mark.parametrize("more", [{"should_delete": True}, {"descriptors": []}])
def test_a_tombstone_removes_every_opinion(more):
    found = entries(update(100, said(), **more))
    assert len(found) == 3 and all(one.signals is None for one in found.values())
    bare = {"id": "100", "last_updated": 1, "should_delete": True}
    assert all(one.signals is None for one in entries(bare).values())


def test_pages_are_followed_without_the_token_in_what_is_kept():
    base = "https://graph.facebook.com/v21.0/7/threat_updates"
    link = f"{base}?access_token=8%7Cweather&limit=500&after=x"
    pages, calls = fetched(
        {"data": [update(100, said())], "paging": {"next": link}},
        {"data": [update(101, said())], "paging": {}},
    )
    assert pages[0].checkpoint["next"] == "limit=500&after=x"
    assert calls[1].url == f"{base}/?limit=500&after=x&access_token=8%7Cweather"
    assert "weather" not in repr(pages) + repr(calls) + repr(SETUP)
    assert pages[1].checkpoint == {"start": int(START.timestamp()) - 5 - 3600}
    again, more = fetched({"data": []}, checkpoint=pages[0].checkpoint)
    assert more[0].url == calls[1].url and again[0].complete
    assert again[0].checkpoint == pages[1].checkpoint


@pytest.mark.parametrize(
    "link",
    [
        "https://graph.facebook.com.example/v21.0/7/threat_updates?after=x",
        "http://graph.facebook.com/v21.0/7/threat_updates?after=x",
        "https://graph.facebook.com/v21.0/8/threat_updates?after=x",
        "https://bicycle@graph.facebook.com/v21.0/7/threat_updates?after=x",
        "https://[",
        7,
    ],
)
def test_a_link_that_leads_elsewhere_is_refused_before_the_token_goes_there(link):
    with pytest.raises(Unreadable):
        fetched({"data": [], "paging": {"next": link}})


def test_a_link_that_leads_to_itself_is_a_loop():
    link = "https://graph.facebook.com/v21.0/7/threat_updates?after=x"
    with pytest.raises(Loop):
        fetched(*[{"data": [], "paging": {"next": link}}] * 3)


@pytest.mark.parametrize(
    "row", [7, update(100, id=None), update(100, said(), last_updated="now"),
            update(100, said(), indicator=None)],
)  # fmt: skip
def test_an_update_that_cannot_be_read_is_counted_and_the_others_are_read(row):
    pages, _ = fetched({"data": [update(101, said()), row]})
    assert len(pages[0].entries) == 3 and len(pages[0].rejected) == 1
    with pytest.raises(Unreadable):
        fetched({"data": [row]})


def test_feedback_is_a_reaction_to_each_descriptor():
    feedback = Feedback("100/negative", "pdq", PDQ, Opinion.NEGATIVE)
    telling = ThreatExchange().tell(SETUP, feedback)
    first = next(telling)
    assert first.url.startswith("https://graph.facebook.com/v21.0/100?fields=descriptors")
    call = telling.send(Reply(200, {}, b'{"descriptors": {"data": [{"id": "11"}, {"id": "12"}]}}'))
    assert (call.method, call.url) == ("POST", "https://graph.facebook.com/v21.0/11")
    assert call.body == b"reactions=DISAGREE_WITH_TAGS&access_token=8%7Cweather"
    assert telling.send(Reply(200, {}, b"{}")).url.endswith("/12")

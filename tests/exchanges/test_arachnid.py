"""A second opinion of Arachnid Shield: what is asked, and what is read of the answer."""

from __future__ import annotations

import json

import pytest

from tutela.exchanges import arachnid
from tutela.exchanges.advisers import Found, Second
from tutela.exchanges.errors import Unreadable
from tutela.exchanges.partners import Reply
from tutela.testing.hash_sharing import Arachnid
from tutela.testing.hash_sharing.stand import Request

ONE, TWO, THREE = "0f" * 32, "f0" * 32, "aa" * 32


@pytest.fixture
def server() -> Arachnid:
    return Arachnid(port=9)


def second(server: Arachnid, *values: str) -> dict[str, Second]:
    call = arachnid.asked(values, "bicycle", "rain", server.url)
    headers = {name.lower(): value for name, value in call.headers.items()}
    path = call.url.removeprefix(server.url)
    found = server.reply(Request(call.method, path, {}, headers, call.body))
    assert found is not None
    return arachnid.read(Reply(found.status, {}, found.body), values)


@pytest.mark.parametrize("null", [False, True])
def test_each_value_has_an_opinion_also_if_a_miss_is_null(server, null):
    server.put(ONE, "csam", "exact")
    server.put(TWO, "harmful-abusive-material")
    if null:
        server.misbehave("misses-as-null")
    assert second(server, ONE, TWO, THREE, ONE) == {
        ONE: Second(Found.LISTED, "exact"), TWO: Second(Found.HARMFUL, "near"),
        THREE: Second(Found.UNKNOWN),
    }  # fmt: skip


def test_nothing_but_values_is_sent_and_the_password_is_shown_nowhere():
    call = arachnid.asked([ONE], "bicycle", "rain")
    assert call.url == "https://shield.projectarachnid.com/v1/pdq/"
    assert set(json.loads(call.body)) == {"hashes"} and len(call.body) < 80
    assert "rain" not in repr(call) and "Basic" not in repr(call)


@pytest.mark.parametrize("values", [[], ["0f"], [f"{n:064x}" for n in range(101)]])
def test_too_many_or_none_are_not_asked(values):
    with pytest.raises(ValueError, match="1 to 100"):
        arachnid.asked(values, "bicycle", "rain")


@pytest.mark.parametrize("name", ["schema-changed", "truncated", "empty"])
def test_an_answer_that_is_none_is_no_opinion(server, name):
    server.misbehave(name)
    with pytest.raises(Unreadable):
        second(server, ONE)


@pytest.mark.parametrize(
    "said",
    [
        {"classification": "rain", "match_type": None}, {"classification": None}, 7,
        {"classification": "csam", "match_type": "somewhat"}, {"classification": ["csam"]},
    ],
)  # fmt: skip
def test_an_opinion_of_another_kind_is_never_taken_for_a_miss(said):
    coded = json.loads(arachnid.asked([ONE], "b", "r").body)["hashes"][0]
    body = json.dumps({"scanned_hashes": {coded: said}}).encode()
    with pytest.raises(Unreadable):
        arachnid.read(Reply(200, {}, body), [ONE])


def test_a_value_that_it_does_not_answer_for_is_no_miss():
    with pytest.raises(Unreadable, match="leaves out"):
        arachnid.read(Reply(200, {}, b'{"scanned_hashes": {}}'), [ONE])


@pytest.mark.parametrize(
    ("body", "why"),
    [(b'{"detail": "too\\nlong"}', "toolong"), (b"[]", "does not say"), (b'{"detail": 7}', "why")],
)
def test_a_refusal_says_why(body, why):
    with pytest.raises(Unreadable, match=why):
        arachnid.read(Reply(400, {}, body), [ONE])

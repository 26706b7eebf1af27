"""A second opinion of the PhotoDNA Cloud Service: what is asked, and what is read of the answer."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlsplit

import pytest

from tutela.exchanges import photodna_cloud
from tutela.exchanges.advisers import Found, Second
from tutela.exchanges.errors import NotConfigured, Unreadable
from tutela.exchanges.partners import Reply, Setup
from tutela.exchanges.photodna_cloud import PhotoDnaCloud
from tutela.testing.hash_sharing import PhotoDna
from tutela.testing.hash_sharing.stand import Request

ONE, TWO = "0f" * 924, "f0" * 924


@pytest.fixture
def server() -> PhotoDna:
    made = PhotoDna(port=9)
    made.put(ONE)
    return made


def second(server: PhotoDna, *values: str) -> dict[str, Second]:
    setup = Setup({"url": server.url}, {"subscription_key": "rain"})
    advising = PhotoDnaCloud().advise(setup, "photodna-edge", values)
    call = next(advising)
    try:
        while True:
            headers = {name.lower(): value for name, value in call.headers.items()}
            path = urlsplit(call.url).path
            found = server.reply(Request(call.method, path, {}, headers, call.body))
            assert found is not None
            call = advising.send(Reply(found.status, {}, found.body))
    except StopIteration as end:
        return dict(end.value)


def test_each_value_has_an_opinion_of_its_own(server):
    assert second(server, TWO, ONE, TWO) == {
        ONE: Second(Found.LISTED, "near"), TWO: Second(Found.UNKNOWN),
    }  # fmt: skip


def test_one_value_and_nothing_else_is_sent_and_the_key_is_shown_nowhere():
    call = photodna_cloud.asked(ONE, "thunder", "https://api.microsoftmoderator.com")
    assert call.url.startswith("https://api.microsoftmoderator.com/photodna/v1.0/MatchHash")
    assert json.loads(call.body) == [{
        "DataRepresentation": "PreHashV2",
        "Value": base64.b64encode(bytes.fromhex(ONE)).decode(),
    }]  # fmt: skip
    assert call.headers["Ocp-Apim-Subscription-Key"] == "thunder"
    assert "thunder" not in repr(call) + call.url


@pytest.mark.parametrize("name", ["not-compared", "schema-changed", "truncated", "empty"])
def test_an_answer_that_is_none_is_no_opinion(server, name):
    server.misbehave(name)
    with pytest.raises(Unreadable):
        second(server, TWO)


@pytest.mark.parametrize("code", [3002, 3206, 3208, 0, "3000", True, None])
def test_what_was_not_compared_is_never_taken_for_a_miss(code):
    body = {"MatchResults": [{"Status": {"Code": code}, "IsMatch": False}]}
    with pytest.raises(Unreadable):
        photodna_cloud.read(Reply(200, {}, json.dumps(body).encode()))


@pytest.mark.parametrize(
    "results",
    [[], [{}, {}], ["rain"], [{"Status": {"Code": 3000}}], {},
     [{"Status": {"Code": 3000}, "IsMatch": "false"}], [{"Status": 3000, "IsMatch": False}]],
)  # fmt: skip
def test_an_answer_of_another_form_is_no_opinion(results):
    with pytest.raises(Unreadable):
        photodna_cloud.read(Reply(200, {}, json.dumps({"MatchResults": results}).encode()))


def test_whom_it_asks_is_written_by_the_operator():
    hosts = PhotoDnaCloud().hosts
    with pytest.raises(NotConfigured):
        hosts(Setup({}, {}))
    assert hosts(Setup({"environment": "production"}, {})) == ("api.microsoftmoderator.com:443",)
    with pytest.raises(NotConfigured):
        hosts(Setup({"environment": "production", "url": "http://127.0.0.1:9"}, {}))

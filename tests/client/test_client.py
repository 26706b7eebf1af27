"""The client against a real service, in both its forms."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from server.doors import KNOWN, OTHER
from server.serving import Service

from tutela.client import AsyncTutela, Refused, Signal, Tutela, Unreachable

DIGEST = Signal("sha256", hashlib.sha256(KNOWN).hexdigest())


class Waiting:
    """The asynchronous client, asked like the other: one test for both."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.pool = ThreadPoolExecutor(1)  # browsers of other tests leave a loop in this thread
        self.loop = asyncio.new_event_loop()
        self.client = AsyncTutela(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        return lambda *a, **n: self.done(getattr(self.client, name)(*a, **n))

    def done(self, work: Any) -> Any:
        return self.pool.submit(self.loop.run_until_complete, work).result()

    def every_bank(self) -> list[Any]:
        async def all_of_them() -> list[Any]:
            return [bank async for bank in self.client.every_bank()]

        return self.done(all_of_them())

    def __enter__(self) -> Waiting:
        return self

    def __exit__(self, *_: object) -> None:
        self.done(self.client.aclose())
        self.loop.close()
        self.pool.shutdown()


KINDS = pytest.mark.parametrize("kind", [Tutela, Waiting])


@pytest.fixture(params=[Tutela, Waiting], ids=["sync", "async"])
def client(request: pytest.FixtureRequest, served: Service, url: str) -> Any:
    with request.param(url, served.secrets["all"]) as made:
        yield made


def test_bytes_files_and_streams_get_the_same_verdict(client):
    moved = io.BytesIO(b"---" + KNOWN)
    moved.seek(3)
    for data in (KNOWN, bytearray(KNOWN), io.BytesIO(KNOWN), moved, [KNOWN[:9], KNOWN[9:]],
                 (KNOWN[at : at + 50_000] for at in range(0, len(KNOWN), 50_000))):  # fmt: skip
        found = client.screen(data)
        assert (found.verdict, found.allowed, found.evidence) == ("block", False, "sealed")
        assert found.public_reason and found.case_id and found.item_id.startswith("itm_")
        (match,) = found.matches
        assert (match.bank, match.strength, match.value) == ("lanes", "exact", DIGEST.value)
    assert client.screen(OTHER).allowed


def test_facts_go_with_the_bytes_in_any_script(client, served):
    found = client.screen(KNOWN, {"creator": {"id": "Fahrrad-ß-自転車"}})
    with served.app() as app, app.database.reading() as session:
        from tutela.screening.models import Item

        assert session.get_one(Item, found.item_id).creator_id == "Fahrrad-ß-自転車"


def test_a_request_that_comes_again_is_the_same_item(client):
    first = client.screen(KNOWN, idempotency_key="weather-1" + type(client).__name__)
    again = client.screen(KNOWN, idempotency_key="weather-1" + type(client).__name__)
    assert first.item_id == again.item_id
    with pytest.raises(Refused) as refused:
        client.screen(OTHER, idempotency_key="weather-1" + type(client).__name__)
    assert refused.value.type == "tutela:idempotency-key-reused"


def test_signals_are_screened_and_looked_up(client):
    assert client.screen_signals([DIGEST]).verdict == "block"
    found = client.lookup([DIGEST])
    assert found.verdict == "block" and found.matches[0].bank == "lanes" and found.explanation
    assert client.lookup([Signal("sha256", "0" * 64)]).verdict == "allow"


def test_an_item_can_be_asked_for_again(client):
    found = client.screen(KNOWN)
    assert client.item(found.item_id).case_id == found.case_id
    with pytest.raises(Refused) as refused:
        client.item("itm_" + "a" * 26)
    assert (refused.value.status, refused.value.type) == (404, "tutela:no-such-item")
    with pytest.raises(ValueError, match="no id"):
        client.item("../banks")


def test_reports_and_banks(client):
    taken = client.report("account", id="rider-12", code="C1", text="It rains.")
    assert taken.case_id.startswith("case_") and taken.alert > 0
    assert [bank.name for bank in client.every_bank()].count("lanes") == 1
    page = client.banks(limit=1)
    assert len(page.items) == 1 and page.next


def test_what_is_refused_says_why_and_what_to_do(client, served, url):
    with pytest.raises(Refused) as refused:
        client.screen(b"")
    error = refused.value
    assert (error.status, error.title, error.type) == (400, "Bad Request", "tutela:empty")
    assert error.detail and error.hint and error.request_id.startswith("req_")
    assert error.hint in str(error)
    with Tutela(url, served.secrets["watch"]) as other, pytest.raises(Refused) as refused:
        other.screen(OTHER)
    assert refused.value.status == 403


def scripted(*answers: Any) -> tuple[list[httpx2.Request], Any]:
    """A transport that gives these answers in turn; what is no answer is raised."""
    asked: list[httpx2.Request] = []
    bodies: list[bytes] = []

    async def answer_async(request: httpx2.Request) -> httpx2.Response:
        bodies.append(await request.aread())
        return given(request)

    def given(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        answer = answers[min(len(asked), len(answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)

    class Both(httpx2.MockTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            request.read()
            return given(request)

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            return await answer_async(request)

    return asked, Both(lambda _: None)


def answer(status: int, body: Any = None, **headers: str) -> httpx2.Response:
    return httpx2.Response(status, json=body if body is not None else {}, headers=headers)


def allowed() -> httpx2.Response:
    return answer(200, {
        "item_id": "itm_a", "verdict": "allow", "public_reason": "", "policy_version": "v",
        "case_id": None, "evidence": "none", "test": False, "a_later_member": 1,
    })  # fmt: skip


@KINDS
@pytest.mark.parametrize(
    "first", [answer(503), answer(429), answer(502), httpx2.ConnectError("gone"),
              httpx2.ReadTimeout("late")],
)  # fmt: skip
def test_what_was_not_decided_is_asked_again_with_the_same_key_and_bytes(kind, first):
    asked, transport = scripted(first, allowed())
    with kind("http://tutela.test", "tut_k", transport=transport) as client:
        assert client.screen(io.BytesIO(KNOWN)).allowed
    assert len(asked) == 2 and asked[0].content == asked[1].content == KNOWN
    keys = {request.headers["idempotency-key"] for request in asked}
    assert len(keys) == 1 and len(keys.pop()) >= 20


@KINDS
def test_a_stream_that_was_sent_is_not_sent_again(kind):
    asked, transport = scripted(answer(503), allowed())
    with kind("http://tutela.test", "tut_k", transport=transport) as client, pytest.raises(Refused):
        client.screen(piece for piece in (b"fog", b"rain"))
    assert len(asked) == 1


@KINDS
def test_it_waits_as_long_as_it_is_told_but_not_past_its_patience(kind):
    asked, transport = scripted(answer(429, None, **{"retry-after": "600"}), allowed())
    with (
        kind("http://tutela.test", "tut_k", transport=transport) as client,
        pytest.raises(Refused) as refused,
    ):
        client.screen(KNOWN)
    assert refused.value.status == 429 and len(asked) == 1
    asked, transport = scripted(httpx2.ConnectError("gone"))
    with (
        kind("http://tutela.test", "tut_k", transport=transport, patience=0.5) as client,
        pytest.raises(Unreachable, match="attempts"),
    ):
        client.lookup([DIGEST])
    assert len(asked) >= 2


@KINDS
@pytest.mark.parametrize(
    "strange",
    [httpx2.Response(200, text="<html>welcome"), answer(200, {"verdict": "allow"}),
     answer(200, ["allow"]), answer(302), answer(200, {**json.loads(allowed().content),
     "verdict": "fine"})],
)  # fmt: skip
def test_what_is_no_answer_of_tutela_is_never_taken_for_a_verdict(kind, strange):
    _, transport = scripted(strange)
    with (
        kind("http://tutela.test", "tut_k", transport=transport) as client,
        pytest.raises((Unreachable, Refused)),
    ):
        client.screen(KNOWN)


def test_a_path_is_not_taken_for_bytes(client):
    with pytest.raises(TypeError, match="path"):
        client.screen("/srv/weather.jpg")


def test_the_client_loads_nothing_of_the_rest():
    code = (
        "import sys; before = set(sys.modules); import tutela.client, tutela.client.asgi;"
        "print([m for m in sys.modules if m.startswith('tutela') and not"
        " m.startswith('tutela.client')])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['tutela']"

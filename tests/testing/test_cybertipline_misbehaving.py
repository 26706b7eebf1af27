"""How the test server misbehaves: each way does what the table says, when it is told to."""

from __future__ import annotations

import hashlib
import socket
import time
from collections.abc import Callable
from http.client import HTTPException

import pytest
from docs.test_docs import generated
from lxml import etree
from testing.cybertipline_client import Answer, Client, Clock, details, report, schema

from tutela.testing.cybertipline import MISBEHAVIOURS, Server, State, UnknownMisbehaviour
from tutela.testing.cybertipline.operations import OPERATIONS

BROKEN = (OSError, HTTPException)


@pytest.fixture
def server():
    with Server(clock=Clock(), slow=0.2) as made:
        yield made


@pytest.fixture
def client(server):
    return Client(server.url)


def places(where: frozenset[str]) -> str:
    if len(where) > 4:
        return " ".join(["all", *(f"but `{name}`" for name in OPERATIONS if name not in where)])
    return " ".join(f"`{name}`" for name in OPERATIONS if name in where)


def test_every_misbehaviour_is_documented():
    table = "| name | what happens | where |\n|---|---|---|\n" + "".join(
        f"| `{name}` | {one.what} | {places(one.where)} |\n" for name, one in MISBEHAVIOURS.items()
    )
    generated("test-servers.md", "misbehaviours", table)


def refuses(code: int) -> Callable[[Server, Client], None]:
    def check(server: Server, client: Client) -> None:
        answer = client.submit(report())
        assert (answer.status, answer.code) == (200, code)
        assert server.reports == []

    return check


def turns_away(status: int, header: str, value: str) -> Callable[[Server, Client], None]:
    def check(server: Server, client: Client) -> None:
        answer = client.submit(report())
        assert (answer.status, answer.headers[header], answer.body) == (status, value, b"")
        assert server.reports == []

    return check


def revoked(server: Server, client: Client) -> None:
    answers = [client.submit(report()), client.status(), client.xsd()]
    assert [(answer.status, answer.body) for answer in answers] == [(401, b"")] * 3
    server.behave()
    assert client.status().code == 0


def resets_unread(server: Server, client: Client) -> None:
    """With a reset, not an end: before a byte of the body was taken."""
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(b"POST /ispws/submit HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            line.recv(1)
    assert server.reports == [] and server.requests[-1].received == 0


def resets_after(*calls: str) -> Callable[[Server, Client], None]:
    """The last of the calls is done, and nobody is told."""

    def check(server: Server, client: Client) -> None:
        number = client.opened() if calls != ("submit",) else 0
        file = client.upload(number).file if calls == ("fileinfo",) else ""
        act: dict[str, Callable[[], Answer]] = {
            "submit": lambda: client.submit(report()),
            "upload": lambda: client.upload(number),
            "fileinfo": lambda: client.fileinfo(details(number, file)),
            "finish": lambda: client.finish(number),
            "retract": lambda: client.retract(number),
        }
        with pytest.raises(BROKEN):
            act[calls[0]]()
        (kept,) = server.reports
        assert {
            "submit": kept.state is State.OPEN,
            "upload": len(kept.files) == 1,
            "fileinfo": bool(kept.files) and kept.files[0].details is not None,
            "finish": kept.state is State.FINISHED,
            "retract": kept.state is State.RETRACTED,
        }[calls[0]]
        assert (server.requests[-1].status, server.requests[-1].request_id) == (0, "")

    return check


def slow_reply(server: Server, client: Client) -> None:
    began = time.monotonic()
    assert client.submit(report()).code == 0
    assert time.monotonic() - began >= 0.2


def slow_upload(server: Server, client: Client) -> None:
    number = client.opened()
    began = time.monotonic()
    assert client.upload(number, bytes(1 << 20)).code == 0
    assert time.monotonic() - began >= 0.2 * 16 / 100


def schema_changed(server: Server, client: Client) -> None:
    more = report().replace(b"</report>", b"<weatherNote>Rain.</weatherNote></report>")
    assert client.submit(more).code == 4100
    answers = client.xsd(), client.xsd()
    assert answers[0].body == answers[1].body != schema()
    etree.XMLSchema(etree.fromstring(answers[0].body)).assertValid(etree.fromstring(more))
    assert client.submit(more).code == client.submit(report()).code == 0


def truncated(server: Server, client: Client) -> None:
    answer = client.submit(report())
    assert answer.status == 200 and len(server.reports) == 1
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(answer.body)


def empty(server: Server, client: Client) -> None:
    answer = client.submit(report())
    assert (answer.status, answer.body, len(server.reports)) == (200, b"", 1)


def endless(server: Server, client: Client) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(
            f"GET /ispws/status HTTP/1.1\r\nHost: x\r\nAuthorization: {client.basic}\r\n\r\n"
            "".encode()
        )
        got = 0
        while got < 4 << 20:
            got += len(line.recv(1 << 20))


def doctype(server: Server, client: Client) -> None:
    """In a reply of either kind, which would be right but for that."""
    answers = [client.submit(report())]
    server.misbehave("doctype")
    answers.append(client.finish(server.reports[0].id))
    for answer in answers:
        assert b"<!DOCTYPE" in answer.body and len(answer.body) < 4096
        assert answer.body.count(b"&a7;") == 10 and answer.body.count(b"&a8;") == 1
        bare = etree.fromstring(answer.body.replace(b"&a8;", b""))
        assert bare.findtext("responseCode") == "0"
    assert len(server.finished) == 1


def wrong_md5(server: Server, client: Client) -> None:
    answer = client.upload(client.opened(), b"rain")
    assert answer.code == 0 and answer.text("hash") != hashlib.md5(b"rain").hexdigest()
    assert server.reports[0].files[0].id == answer.file


def wrong_report_id(server: Server, client: Client) -> None:
    number = client.opened()
    answer = client.finish(number)
    assert answer.code == 0 and answer.report != number
    assert len(server.finished) == 1


def duplicate_request_id(server: Server, client: Client) -> None:
    """The first reply of all has none before it."""
    first = client.status()
    server.misbehave("duplicate-request-id")
    second, third = client.status(), client.status()
    ids = [answer.headers["Request-ID"] for answer in (first, second, third)]
    assert ids[0] == ids[1] != ids[2]


CHECKS = {
    "server-error": refuses(1000),
    "unknown-code": refuses(7777),
    "unavailable": turns_away(503, "Retry-After", "2"),
    "too-many": turns_away(429, "Retry-After", "2"),
    "redirect": turns_away(307, "Location", "https://elsewhere.example/ispws/submit"),
    "revoked": revoked,
    "reset-before-reading": resets_unread,
    "slow-upload": slow_upload,
    "schema-changed": schema_changed,
    **{f"reset-after-{call}": resets_after(call)
       for call in ("submit", "upload", "fileinfo", "finish", "retract")},
    "slow-reply": slow_reply,
    "truncated": truncated,
    "empty": empty,
    "endless": endless,
    "doctype": doctype,
    "wrong-md5": wrong_md5,
    "wrong-report-id": wrong_report_id,
    "duplicate-request-id": duplicate_request_id,
}  # fmt: skip


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_it_misbehaves_as_the_table_says(server, client, name):
    server.misbehave(name)
    CHECKS[name](server, client)
    assert name in {request.misbehaviour for request in server.requests}


def test_afterwards_it_behaves(server, client):
    server.misbehave("server-error")
    assert [client.submit(report()).code for _ in range(3)] == [1000, 0, 0]


def test_it_misbehaves_as_often_and_as_late_as_told(server, client):
    server.misbehave("server-error", times=2, after=1)
    assert [client.submit(report()).code for _ in range(5)] == [0, 1000, 1000, 0, 0]


def test_what_was_demanded_waits_for_a_request_that_can_meet_it(server, client):
    """And for one that is done: a refused finish commits nothing."""
    server.misbehave("reset-after-finish")
    number = client.opened()
    assert client.finish(number + 1).code == 5001
    with pytest.raises(BROKEN):
        client.finish(number)


def test_credentials_are_revoked_half_way(server, client):
    server.misbehave("revoked", after=2)
    number = client.opened()
    assert client.upload(number).code == 0
    assert [client.finish(number).status, client.retract(number).status] == [401, 401]
    assert len(server.orphans) == 1


def test_it_can_be_told_to_behave(server, client):
    server.misbehave("server-error", times=9)
    assert client.status().code == 1000
    server.behave()
    assert client.status().code == 0


def codes(seed: int) -> list[int]:
    rates = {"server-error": 0.4, "unknown-code": 0.2}
    with Server(clock=Clock(), faults=rates, seed=seed) as server:
        return [Client(server.url).status().code for _ in range(30)]


def test_at_random_it_is_the_same_for_the_same_seed():
    first = codes(1)
    assert first == codes(1) != codes(2)
    assert set(first) == {0, 1000, 7777}


def test_a_rate_is_how_often():
    with Server(clock=Clock(), faults={"server-error": 0.0, "unknown-code": 1.0}) as server:
        assert {Client(server.url).status().code for _ in range(5)} == {7777}


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(UnknownMisbehaviour, match="server-error"):
        Server(faults={"server-error": rate})


def test_an_unknown_misbehaviour_is_refused(server):
    with pytest.raises(UnknownMisbehaviour, match="reset-after-submit"):
        Server(faults={"rain": 0.5})
    with pytest.raises(UnknownMisbehaviour, match="rain"):
        server.misbehave("rain")

"""How the test server speaks HTTP: credentials, routes, forms, and what it keeps of requests."""

from __future__ import annotations

import hashlib
import json
import socket
import tracemalloc
from http.client import HTTPConnection

import pytest
from testing.cybertipline_client import BIKE, Client, Clock, report, schema

from tutela.errors import TutelaError
from tutela.testing.cybertipline import Server

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=rain"


@pytest.fixture
def server():
    with Server(clock=Clock()) as made:
        yield made


@pytest.fixture
def client(server):
    return Client(server.url)


@pytest.mark.parametrize("path", ["/status", "/xsd", "/submit", "/upload", "/finish", "/retract"])
def test_a_wrong_password_is_refused_with_an_empty_body(server, path):
    stranger = Client(server.url, password="wind")
    method = "GET" if path in ("/status", "/xsd") else "POST"
    answer = stranger.ask(method, path, report() if method == "POST" else None, "text/xml")
    assert (answer.status, answer.body) == (401, b"") and answer.headers["Request-ID"]
    assert server.reports == []


def test_a_user_has_a_name_and_no_password_is_a_wrong_one(server):
    for authorization in ("", "Basic", "Basic !", "Bearer rain", "Basic äöü"):
        client = Client(server.url)
        client.basic = authorization.encode().decode("latin-1")
        assert client.status().status == 401
    assert Client(server.url, user="other").status().status == 401


def test_every_reply_has_a_request_id_of_its_own(client, server):
    answers = [
        client.status(), client.submit(report()), client.submit(b""), client.ask("GET", "/rain"),
        client.ask("GET", "/submit"), Client(server.url, password="").status(),
    ]  # fmt: skip
    ids = [answer.headers["Request-ID"] for answer in answers]
    assert all(ids) and len(set(ids)) == len(ids)
    assert [request.request_id for request in server.requests] == ids


def test_so_has_what_is_no_request_at_all_on_the_same_connection(client, server):
    line = HTTPConnection("127.0.0.1", server.port, timeout=20)
    ids = []
    for method in ("GET", "RAIN"):
        line.request(method, "/ispws/status", headers={"Authorization": client.basic})
        with line.getresponse() as got:
            got.read()
            ids.append((got.status, got.headers["Request-ID"]))
    line.close()
    (first, one), (second, other) = ids
    assert (first, second) == (200, 501) and one and other and one != other


def test_the_schema_is_served(client):
    answer = client.xsd()
    assert (answer.status, answer.body) == (200, schema())
    assert answer.headers["Content-Type"].startswith("text/xml")


def test_there_is_nothing_elsewhere(client, server):
    assert (client.ask("GET", "/rain").status, client.ask("GET", "/rain").code) == (200, 1210)
    bare = Client(server.url.removesuffix("/ispws"))
    for path in ("/status", "/ispwsx/status", "/", "/_reports"):
        assert bare.ask("GET", path).status == 404
    for method, path, allowed in (("GET", "/submit", "POST"), ("PUT", "/status", "GET")):
        answer = client.ask(method, path)
        assert (answer.status, answer.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize("call", ["finish", "retract"])
def test_both_kinds_of_form_are_taken(client, call):
    one, other = client.opened(), client.opened()
    assert client.form(f"/{call}", [("id", str(one))]).code == 0
    assert client.ask("POST", f"/{call}", b"id=%d" % other, FORM).code == 0


def part(headers: str, data: bytes = BIKE) -> bytes:
    return b"--rain\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (headers.encode(), data)


def test_the_file_may_come_before_the_id(client):
    number = client.opened()
    body = (
        part('name="file"; filename="b"')
        + part('name="id"', str(number).encode())
        + part('name="rain"')
        + b"--rain--\r\n"
    )
    answer = client.ask("POST", "/upload", body, MULTIPART)
    assert (answer.code, answer.text("hash")) == (0, hashlib.md5(BIKE).hexdigest())


WRONG = {
    "no id": part('name="file"; filename="b"') + b"--rain--\r\n",
    "an id that is no number": part('name="file"; filename="b"')
    + part('name="id"', b"-1") + b"--rain--\r\n",
    "two ids": part('name="id"', b"1") * 2 + b"--rain--\r\n",
    "no file": part('name="id"', b"1") + b"--rain--\r\n",
    "a file without a name": part('name="id"', b"1") + part('name="file"') + b"--rain--\r\n",
    "two files": part('name="id"', b"1") + part('name="file"; filename="b"') * 2 + b"--rain--\r\n",
    "a file by another name": part('name="id"', b"1")
    + part('name="rain"; filename="b"') + b"--rain--\r\n",
    "no last boundary": part('name="id"', b"1") + part('name="file"; filename="b"'),
    "a long field": part('name="id"', b"1" * 5000) + b"--rain--\r\n",
    "no form": BIKE,
    "nothing": b"",
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_form_that_is_wrong_is_an_invalid_request(client, name):
    answer = client.ask("POST", "/upload", WRONG[name], MULTIPART)
    assert (answer.status, answer.code) == (200, 4000)


def test_a_form_of_another_type_is_an_invalid_request(client):
    for kind in ("multipart/form-data", "application/json", ""):
        assert client.ask("POST", "/finish", b"id=1", kind).code == 4000
    assert client.ask("POST", "/finish", b"id=x", FORM).code == 4000


def test_a_long_file_in_chunks_is_never_held(client, server):
    """32 MB go by, and a few are in use at most."""
    number, piece = client.opened(), bytes(1 << 20)
    digest = hashlib.md5()

    def body():
        yield part('name="id"', str(number).encode())
        yield part('name="file"; filename="long"', b"")[:-2]
        for _ in range(32):
            digest.update(piece)
            yield piece
        yield b"\r\n--rain--\r\n"

    tracemalloc.start()
    try:
        answer = client.ask("POST", "/upload", body(), MULTIPART)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.text("hash") == digest.hexdigest() and peak < 8 << 20
    assert server.reports[0].files[0].size == 32 << 20


def test_an_upload_that_breaks_off_changes_nothing(client, server):
    number = client.opened()
    head = (
        f"POST /ispws/upload HTTP/1.1\r\nHost: x\r\nAuthorization: {client.basic}\r\n"
        f"Content-Type: {MULTIPART}\r\nContent-Length: 100000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(head.encode() + part('name="file"; filename="b"'))
        line.shutdown(socket.SHUT_WR)
        assert line.recv(1) == b""
    request = server.requests[-1]
    assert (request.path, request.status) == ("/ispws/upload", 0) and request.received > len(BIKE)
    assert server.reports[0].files == () and client.retract(number).code == 0


def test_a_connection_serves_many_requests(client, server):
    line = HTTPConnection("127.0.0.1", server.port, timeout=20)
    for password_is_right in (True, False, True):
        basic = client.basic if password_is_right else "Basic x"
        line.request(
            "POST", "/ispws/submit", report(), {"Authorization": basic, "Content-Type": "text/xml"}
        )
        with line.getresponse() as got:
            assert got.status == (200 if password_is_right else 401)
            got.read()
    line.close()
    assert len(server.reports) == 2


def test_requests_are_kept_with_their_sizes(client, server):
    number = client.opened()
    answer = client.finish(number)
    submit, finish = server.requests
    assert (submit.method, submit.path, submit.code) == ("POST", "/ispws/submit", 0)
    assert (submit.received, submit.status) == (len(report()), 200)
    assert (finish.sent, finish.misbehaviour) == (len(answer.body), "")
    assert submit.at == Clock().now


def test_what_it_has_can_be_read_by_other_processes(tmp_path):
    """By those who know the password; neither that nor what a file holds is there."""
    with Server(clock=Clock(), inspect=True, password="hail and thunder") as server:
        client = Client(server.url, password="hail and thunder")
        number = client.opened()
        file = client.upload(number).file
        bare = Client(server.inspection.removesuffix("/_reports"), password="hail and thunder")
        answer = bare.ask("GET", "/_reports")
        bare.basic = ""
        assert (bare.ask("GET", "/_reports").status, len(server.requests)) == (401, 2)
    found = json.loads(answer.body)
    (kept,) = found["reports"]
    assert (kept["id"], kept["state"], kept["xml"]) == (number, "open", report().decode())
    assert (kept["files"][0]["id"], kept["files"][0]["details"]) == (file, None)
    assert [request["path"] for request in found["requests"]] == ["/ispws/submit", "/ispws/upload"]
    assert b"hail" not in answer.body and client.basic[6:].encode() not in answer.body
    assert BIKE[:31] not in answer.body


def test_a_port_that_is_taken_is_said(server):
    with pytest.raises(TutelaError, match="cannot be listened on"):
        Server(port=server.port)

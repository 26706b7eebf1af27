"""The stand-in for an interface of the NCA refuses what its own contract refuses."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from reporting.nca.reports import REPORTER, declared

from tutela.reporting.nca.authority import Nca
from tutela.testing.nca import Server

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
NIGHT = datetime(2031, 5, 1, 22, tzinfo=UTC)
REFERENCE = "0123456789abcdef"
Fields = dict[str, dict[str, str]]


@pytest.fixture
def server():
    with Server(clock=lambda: NOON, largest=100) as made:
        yield made


def call(
    server: Server, method: str, path: str, body: bytes = b"", kind: str = "application/json",
    password: str = "rain",
) -> tuple[int, dict[str, Any]]:  # fmt: skip
    basic = base64.b64encode(f"bicycle:{password}".encode()).decode()
    line = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    try:
        line.request(method, path, body, {"Authorization": f"Basic {basic}", "Content-Type": kind})
        reply = line.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        line.close()


def document(change: Callable[[list[Fields]], object] = lambda _: None, **top: Any) -> bytes:
    """A good report, but for a change of the first fields of each section."""
    made = json.loads(Nca().draft(declared(), REPORTER).body)
    made |= {"reference": REFERENCE, "files": []} | top
    change([one["groups"][0]["fields"] for one in made["sections"]])
    return json.dumps(made).encode()


def submit(server: Server, body: bytes) -> tuple[int, str]:
    status, said = call(server, "POST", "/reports", body)
    return status, said.get("code", said.get("urn", ""))


def upload(server: Server, name: str, data: bytes) -> tuple[int, dict[str, Any]]:
    parts = [
        f'--rain\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in (("reference", REFERENCE), ("evidence", "ev_a"))
    ]
    head = f'--rain\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = "".join(parts).encode() + head.encode() + data + b"\r\n--rain--\r\n"
    return call(server, "POST", "/files", body, "multipart/form-data; boundary=rain")


def test_a_good_report_is_filed_once_for_its_reference(server):
    """The same again gives the same; another under it is refused: it does not change."""
    assert submit(server, document()) == (201, "STAND-IN-000001")
    assert submit(server, document()) == (200, "STAND-IN-000001")
    changed = document(lambda all_: all_[0]["platform"].update(value="Rain"))
    assert submit(server, changed) == (409, "immutable")
    assert call(server, "PUT", f"/reports/{REFERENCE}", document())[0] == 405
    assert call(server, "DELETE", f"/reports/{REFERENCE}")[0] == 405
    assert len(server.reports) == 1
    assert call(server, "GET", f"/reports/{REFERENCE}")[1]["urn"] == "STAND-IN-000001"
    assert call(server, "GET", "/reports/another-one")[0] == 404


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda all_: all_[1].pop("hash"), "fields"),
        (lambda all_: all_[1]["hash"].update(state="perhaps"), "state-unknown"),
        (lambda all_: all_[0]["platform"].update(value=" "), "value-missing"),
        (lambda all_: all_[2]["voice"].update(reason=""), "reason-missing"),
        (lambda all_: all_[2]["voice"].update(value="rain"), "two-states"),
        (lambda all_: all_[3]["priority"].update(value="4"), "value-unknown"),
        (lambda all_: all_[4].update(declaration={"state": "not_applicable"}), "declaration"),
        (lambda all_: all_[4]["declaration"].update(value="no"), "value-unknown"),
        (lambda all_: all_[0].update(related={"state": "value", "value": "yes"}),
         "prior-reference"),
    ],
)  # fmt: skip
def test_each_field_has_one_state_and_the_declaration_is_true(server, change, code):
    """Named by a code, and nothing is filed."""
    assert submit(server, document(change)) == (422, code)
    assert not server.reports


def test_a_report_has_one_sender(server):
    """A second is refused."""
    made = json.loads(document())
    made["sections"][2]["groups"] *= 2
    assert submit(server, json.dumps(made).encode()) == (422, "one-sender")


def test_a_supplement_names_a_report_that_it_has(server):
    """As a related one."""
    assert submit(server, document(related_to="STAND-IN-000001")) == (422, "prior-reference")
    assert submit(server, document())[0] == 201

    def related(all_):
        all_[0]["related"] = {"state": "value", "value": "yes"}
        all_[0]["earlier_reference"] = {"state": "value", "value": "STAND-IN-000001"}

    more = document(related, related_to="STAND-IN-000001", reference="another-one")
    assert submit(server, more) == (201, "STAND-IN-000002")


def test_out_of_hours_what_is_urgent_takes_a_call(server):
    """Priority 3 does not."""
    server.clock = lambda: NIGHT
    urgent = document(lambda all_: all_[3]["priority"].update(value="2"))
    assert submit(server, urgent) == (422, "call-needed")
    called = {"state": "value", "value": "yes"}
    urgent = document(lambda all_: all_[3].update(
        priority={"state": "value", "value": "2"}, call_acknowledged=called))  # fmt: skip
    assert submit(server, urgent)[0] == 201
    assert submit(server, document(reference="another-one"))[0] == 201


def test_programs_and_what_is_too_large_are_refused(server):
    """By name, by how it begins, by size; what was not uploaded cannot be named."""
    assert upload(server, "a.jpg", b"a bicycle")[0] == 201
    assert upload(server, "a.EXE", b"a bicycle") == (422, {"code": "program"})
    assert upload(server, "a.jpg", b"MZ and rain") == (422, {"code": "program"})
    assert upload(server, "a.jpg", b"r" * 101) == (413, {"code": "too-large"})
    assert submit(server, document(files=["none"])) == (422, "file-unknown")
    assert submit(server, document(files=[{}])) == (422, "file-unknown")


def test_it_admits_nobody_else_and_reads_no_nonsense(server):
    """And says when it is down."""
    assert call(server, "GET", "/reports/a", password="hail")[0] == 401
    for body in (b"", b"[]", b"{", b'{"reference": "0123456789", "files": [], "sections": 7}'):
        assert submit(server, body) == (422, "not-a-report")
    assert call(server, "GET", "/rain")[0] == 404
    assert call(server, "POST", "/files", b"{}")[0] == 422
    server.down = True
    assert submit(server, document())[0] == 503

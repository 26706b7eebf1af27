"""What HMA's clients ask, and what they are told."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from api.service import Desk, serving, until
from fastapi.routing import iter_route_contexts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hma.asking import H0, ask, near
from tutela.audit.service import entries
from tutela.banks import made_picture
from tutela.interfaces.api.app import create
from tutela.interfaces.hma import hashing
from tutela.outbound.errors import Reason

DOCS = Path(__file__).parents[2] / "docs"
FAR = "d2" + "90" * 31
EMPTY = "d41d8cd98f00b204e9800998ecf8427e"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with serving("", tmp_path_factory.mktemp("hma")) as made:
        for name, rollout in (("demo", 1.0), ("part", 0.25), ("none", 0.0), ("off", 1.0)):
            made.bank(name, "test", rollout=rollout)
            body = {"signals": [{"type": "pdq", "value": near(8 if name == "off" else 0)}]}
            made.ok("ann", "POST", f"/banks/{name}/signals", body)
        made.ok("ann", "POST", "/banks/off/disable")
        until(lambda: len(raw(made)) == 4)
        yield made


def raw(desk: Desk) -> list[int]:
    found: list[int] = ask(desk, "GET", f"/m/raw_lookup?signal={H0}&signal_type=pdq").json[
        "matches"
    ]
    return found


def lookup(desk: Desk, value: str = H0, more: str = "", who: str = "all") -> Any:
    reply = ask(desk, "GET", f"/m/lookup?signal={value}&signal_type=pdq{more}", who)
    assert reply.status == 200, reply.data
    return reply.json


def test_a_lookup_names_each_bank_and_how_far_its_items_are(desk: Desk):
    assert lookup(desk)["DEMO"] == [{"bank_content_id": raw(desk)[0], "distance": "0"}]
    assert lookup(desk, near(31))["DEMO"][0]["distance"] == "31"
    assert "DEMO" not in lookup(desk, near(32))
    assert lookup(desk, FAR) == {}
    assert "OFF" not in lookup(desk)


def test_the_draw_is_hmas_own(desk: Desk):
    taking = [n for n in range(1, 11) if "PART" in lookup(desk, more=f"&seed={n}")]
    assert taking == [4, 8, 9]  # as recorded
    assert "NONE" not in lookup(desk)
    assert set(lookup(desk, more="&bypass_coinflip=yes")) == {"DEMO", "PART", "NONE"}
    assert set(lookup(desk, more="&bypass_coinflip=1&banks=NONE,NOPE")) == {"NONE"}


def test_a_raw_lookup_also_asks_what_is_off(desk: Desk):
    path = f"/m/raw_lookup?signal={H0}&signal_type=pdq&include_distance=true"
    found = ask(desk, "GET", path).json["matches"]
    assert sorted(one["distance"] for one in found) == ["0", "0", "0", "8"]
    only = ask(desk, "GET", f"{path}&banks=OFF").json["matches"]
    assert [one["distance"] for one in only] == ["8"]


@pytest.mark.parametrize(("path", "status", "message"), [
    ("/m/lookup", 400, "Either url or both signal and signal_type are required"),
    ("/m/lookup?signal=&signal_type=pdq", 400,
     "Either url or both signal and signal_type are required"),
    (f"/m/lookup?signal={H0}&signal_type=md5", 400, "No such SignalType 'md5'"),
    (f"/m/lookup?signal={H0.upper()}&signal_type=pdq", 400, "invalid signal: invalid PDQ hash"),
    (f"/m/lookup?signal={H0}%0A&signal_type=pdq", 400, "invalid signal: invalid PDQ hash"),
    ("/m/lookup?url=http://127.0.0.1/a.jpg", 400, "Invalid or unsafe URL provided"),
    ("/h/hash?url=http://127.0.0.1/a.jpg", 400, "Invalid or unsafe URL provided"),
    ("/h/hash?url=x&content_type=bogus", 400, "no such content_type: 'bogus'"),
    ("/m/index/status?signal_type=bogus", 400, "No such signal type 'bogus'"),
    ("/c/bank/NOPE", 404, "bank 'NOPE' not found"), ("/c/bank/demo", 404, "bank 'demo' not found"),
    ("/c/bank/%00", 404, "bank '\0' not found"), ("/c/nothing", 404, None),
    ("/c/banks/", 404, None),
])  # fmt: skip
def test_what_cannot_be_is_refused_as_hma_does(desk: Desk, path, status, message):
    reply = ask(desk, "GET", path)
    assert reply.status == status and reply.headers["content-type"] == "application/json"
    assert message is None or reply.json["message"] == message


@pytest.mark.parametrize("reason", Reason)
def test_what_cannot_be_fetched_is_told_without_where_it_leads(reason: Reason):
    refused = hashing.not_fetched(reason)
    status, said = {
        Reason.URL: (400, "Invalid or unsafe URL provided"),
        Reason.NOT_LISTED: (400, "Invalid or unsafe URL provided"),
        Reason.ADDRESS: (400, "Invalid or unsafe URL provided"),
        Reason.REDIRECTED: (400, "Invalid or unsafe URL provided"),
        Reason.TOO_LARGE: (413, "Content too large"),
    }.get(reason, (400, f"Failed to fetch URL: {reason}"))
    assert (refused.status, refused.what) == (status, said)


def test_past_the_limit_of_requests_clients_are_told_to_come_again(desk: Desk):
    chosen = desk.app.settings
    full = dataclasses.replace(chosen, service=dataclasses.replace(chosen.service, requests=1))
    desk.app.settings = full
    try:
        made = create(desk.running)
    finally:
        desk.app.settings = chosen
    key = f"Bearer {desk.keys['all']}"
    path = f"/hma/m/lookup?signal={H0}&signal_type=pdq"

    async def both() -> list[tuple[int, Any]]:
        return list(await asyncio.gather(*(_asked(made, path, key) for _ in range(2))))

    told = dict(asyncio.run(both()))
    assert set(told) == {200, 503} and told[503]["message"] == "Too many requests are in work."


async def _asked(app: Any, path: str, key: str) -> tuple[int, Any]:
    """Status and JSON of a GET that an application answers, without a server between."""
    target, _, query = path.partition("?")
    scope = {"type": "http", "method": "GET", "path": target, "raw_path": target.encode(),
             "query_string": query.encode(), "headers": [(b"authorization", key.encode())],
             "app": app, "root_path": "", "scheme": "http", "http_version": "1.1"}  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


def test_a_missing_parameter_and_a_bad_boolean_are_listed(desk: Desk):
    reply = ask(desk, "GET", "/h/hash")
    assert (reply.status, reply.json) == (422, [{
        "type": "missing", "loc": ["url"], "msg": "Field required", "input": {},
        "url": "https://errors.pydantic.dev/2.14/v/missing",
    }])  # fmt: skip
    path = f"/m/raw_lookup?signal={H0}&signal_type=pdq&include_distance=perhaps"
    assert ask(desk, "GET", path).json[0]["loc"] == ["include_distance"]


def test_a_file_is_hashed_and_looked_up(desk: Desk):
    picture = made_picture.picture()
    made = ask(desk, "POST", "/h/hash", fields={"photo": ("a.jpg", picture)})
    assert made.status == 200 and len(made.json["pdq"]) == 64
    signals = [{"type": "pdq", "value": made.json["pdq"]}]
    desk.ok("ann", "POST", "/banks/demo/signals", {"signals": signals})
    until(lambda: lookup(desk, made.json["pdq"]))
    fields = {"photo": ("<script>", picture), "content_id": "c-1", "metadata": "{}"}
    found = ask(desk, "POST", "/m/lookup", fields=fields).json
    assert found["pdq"]["DEMO"][0]["distance"] == "0"
    video = ask(desk, "POST", "/h/hash", fields={"video": ("a.mp4", b"")})
    assert video.status == 200 and video.json in ({}, {"video_md5": EMPTY})


@pytest.mark.parametrize(("fields", "message"), [
    ({"photo": "text"}, "Missing multipart/form-data file upload"),
    ({"file": ("a", b"x")}, "no such content_type: 'file'"),
    ({"photo": ("a", b"x"), "video": ("b", b"x")}, "Only one file allowed per request"),
    ({"photo": ("a", b"no picture")}, None), ({"photo": ("a", b"")}, None),
])  # fmt: skip
def test_uploads_that_are_none(desk: Desk, fields, message):
    for path in ("/h/hash", "/m/lookup"):
        reply = ask(desk, "POST", path, fields=fields)
        assert reply.status == 400 and reply.json["message"]
        assert message is None or reply.json["message"] == message


@pytest.mark.parametrize(("body", "status", "answer"), [
    ({"pdq": [H0, near(31)]}, 200, {"pdq": [True, {"distance": 31}]}),
    ({"pdq": [H0, FAR]}, 200, None), ({}, 200, {}),
    ([], 400, {"message": "Request input was not a dict"}),
    ({"pdq": H0}, 400, {"message": "Comparison hashes for pdq was not a list"}),
    ({"pdq": [H0]}, 400, {"message": "Comparison hash list length must be exactly 2"}),
    ({"pdq": [H0, 3]}, 400, {"message": "Invalid pdq hash: invalid PDQ hash"}),
    ({"bogus": [H0, H0]}, 400, {"message": "No such SignalType 'bogus'"}),
])  # fmt: skip
def test_two_hashes_are_compared(desk: Desk, body, status, answer):
    headers = {"content-type": "application/json"}
    reply = ask(desk, "POST", "/m/compare", body=json.dumps(body), headers=headers)
    assert reply.status == status and (answer is None or reply.json == answer)
    assert ask(desk, "POST", "/m/compare", body="{}").status == 415
    assert ask(desk, "POST", "/m/compare", body="{", headers=headers).status == 400


def test_banks_are_shown_in_hmas_names(desk: Desk):
    assert {"name": "PART", "matching_enabled_ratio": 0.25} in ask(desk, "GET", "/c/banks").json
    reply = ask(desk, "GET", "/c/bank/NONE")
    assert reply.data == b'{"matching_enabled_ratio":0.0,"name":"NONE"}\n'
    changed = ask(desk, "PATCH", "/c/bank/NONE")
    allowed = "DELETE, GET, HEAD, OPTIONS, PUT"
    assert (changed.status, changed.headers["allow"]) == (405, allowed)
    assert changed.json["message"]
    asked = ask(desk, "OPTIONS", "/c/bank/NONE")
    assert (asked.status, asked.data, asked.headers["allow"]) == (200, b"", allowed)
    head = ask(desk, "HEAD", "/c/bank/NONE")
    assert (head.status, head.data) == (200, b"")


def test_a_key_in_the_path_opens_what_it_may_and_stands_nowhere(desk: Desk, caplog):
    caplog.set_level(logging.DEBUG)
    key = desk.keys["detail"]
    for base in (f"/k/{key}", f"/k/{key}/", f"//k/{key}/"):
        assert ask(desk, "GET", f"{base}/status", None).data == b"I-AM-ALIVE"
    refused = [
        ask(desk, "GET", f"/k/{key}{path}", None) for path in ("/c/banks", "/no", "/c/bank/X")
    ]
    assert [reply.status for reply in refused] == [403, 404, 403]
    assert ask(desk, "GET", "//status").status == 200  # clients that join a base ending in a slash
    for path in ("/status", "/k/wrong/status", "/k/", "/k"):
        assert ask(desk, "GET", path, None).status == 401
    metrics = desk.http.request(
        "GET", "/metrics", headers={"authorization": f"Bearer {desk.keys['all']}"}
    )
    assert not any(key.encode() in reply.data for reply in refused)
    assert metrics.status == 200 and key.encode() not in metrics.data
    ours = [one.getMessage() for one in caplog.records if not one.name.startswith("urllib3")]
    assert not any(key in line for line in ours)
    with desk.database.reading() as session:
        assert not any(key in f"{one.subject} {one.action}" for one in entries(session))


def test_details_and_banks_that_are_off_need_their_own_scopes(desk: Desk):
    path = f"/m/lookup?signal={H0}&signal_type=pdq"
    assert ask(desk, "GET", path, "platform").status == 403
    assert ask(desk, "GET", path, "detail").status == 200
    assert ask(desk, "GET", f"{path}&bypass_coinflip=true", "detail").status == 403
    assert ask(desk, "GET", path, "reader").json["details"] == "tutela:not-permitted"


def test_every_route_is_described_mapped_and_in_the_guide(desk: Desk):
    found = {
        (method, context.path.removeprefix("/hma"))
        for context in iter_route_contexts(create(desk.running).routes)
        if context.path.startswith("/hma/")
        for method in (context.methods or set()) - {"HEAD", "OPTIONS"}
    }
    found = {(method, path.replace(":int", "")) for method, path in found}
    assert len(found) == 36
    described = ask(desk, "GET", "/openapi/openapi.json").json["paths"]
    assert found == {(m.upper(), path) for path, methods in described.items() for m in methods}
    mapped = ask(desk, "GET", "/site-map").json
    theirs = {"<bank_name>": "{bank}", "<int:content_id>": "{number}", "<api_name>": "{api}",
              "<name>": "{name}"}  # fmt: skip
    for shown, ours in theirs.items():
        mapped = [path.replace(shown, ours) for path in mapped]
    assert {*mapped} == {p for _, p in found}
    page = (DOCS / "hma.md").read_text()
    assert all(f"`{method} /hma{path}`" in page for method, path in found)


PATHS = [
    "/m/lookup", "/m/raw_lookup", "/h/hash", "/m/compare", "/c/banks", "/c/bank/FUZZ",
    "/c/bank/FUZZ/content", "/c/bank/FUZZ/signal", "/c/bank/FUZZ/content/7", "/c/exchanges",
    "/c/exchanges/api/ncmec", "/c/exchanges/api/sample", "/c/exchange/FUZZ", "/c/signal_type/x",
]  # fmt: skip
JSON_BODIES = st.dictionaries(
    st.sampled_from([
        "name", "enabled", "enabled_ratio", "note", "metadata", "pdq", "video_md5", "bank", "api",
        "api_json", "credential_json", "disable_until_ts", "user", "password", "environment",
    ]),
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
        st.sampled_from([H0, "FUZZ", "sample", "ncmec", "\ud800", "1" * 5000]),
        st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
        st.lists(st.integers(), max_size=2),
    ),
).map(lambda body: json.dumps(body).encode())  # fmt: skip


@settings(max_examples=100, deadline=None, suppress_health_check=[*HealthCheck])
@given(
    st.sampled_from(PATHS),
    st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    st.dictionaries(
        st.sampled_from(["signal", "signal_type", "url", "types", "banks", "seed", "metadata",
                         "bypass_coinflip", "content_type", "include_distance", "note", "why"]),
        st.one_of(st.text(max_size=20), st.sampled_from([H0, "pdq", "video_md5", "photo", "true"])),
    ),
    st.one_of(
        st.binary(max_size=40), st.sampled_from([b"[]", b"null", b'{"pdq":[[],{}]}']), JSON_BODIES
    ),
    st.sampled_from(["application/json", "application/json", "multipart/form-data",
                     "multipart/form-data; boundary=x"]),
)  # fmt: skip
def test_nothing_that_comes_is_answered_by_a_fault(desk: Desk, path, method, query, body, kind):
    ask(
        desk, "POST", "/c/banks", body=b'{"name":"FUZZ"}',
        headers={"content-type": "application/json"},
    )  # fmt: skip
    reply = ask(
        desk, method, f"{path}?{urlencode(query, errors='replace')}", body=body,
        headers={"content-type": kind},
    )  # fmt: skip
    assert reply.status < 500, (reply.status, reply.data)
    reply.json  # noqa: B018 - it is JSON

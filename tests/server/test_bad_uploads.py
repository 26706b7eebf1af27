"""What a screening route answers to what no platform should send, and that nothing stays behind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyrage
import pytest

from server.doors import KNOWN, MARK, OTHER, Door, facts, installed, named, opened, with_service
from tutela.evidence import identities
from tutela.outbound.options import Options as Outbound
from tutela.running import Running

MAX_BODY = 2 << 20


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Iterator[tuple[Running, dict[str, str]]]:
    with installed(tmp_path_factory.mktemp("door")) as made:
        yield made


@pytest.fixture(scope="module")
def door(installation) -> Iterator[Door]:
    running, secrets = installation
    with opened(running, secrets, with_service(running, max_body=MAX_BODY)) as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_is_left(request) -> Iterator[None]:
    """Whatever comes, memory is given back and the spool is empty."""
    yield
    running, _ = request.getfixturevalue("installation")
    until(lambda: not list((running.app.data / "spool").glob("*")))


def test_an_upload_without_bytes(door):
    assert (door.ask(b"").status, door.ask(b"").kind) == (400, "empty")
    assert door.form((named("file"), b"")).status == 400


def test_more_than_may_come_is_refused_before_it_comes(installation):
    running, secrets = installation
    with opened(running, secrets, with_service(running)) as default, default.line() as line:
        line.send(default.head((5 << 30) + 1))
        reply = line.reply()
        assert (reply.status, reply.kind) == (413, "too-large")
        assert line.closed(), "and the rest is not read"


def test_more_than_may_come_in_chunks(door):
    with door.line() as line:
        line.send(door.head(None))
        chunk = b"%x\r\n" % (1 << 18) + bytes(1 << 18) + b"\r\n"
        for _ in range(MAX_BODY // (1 << 18)):
            line.send(chunk)
        line.send(b"1\r\n")
        line.send(b"x\r\n")
        assert line.reply().status == 413


def test_json_of_signals_has_a_limit_of_its_own(door):
    body = b'{"signals": [], "facts": {"a": "' + b"x" * 300_000 + b'"}}'
    for path in ("screen", "lookup"):
        assert door.json(body, path).status == 413
        some = {"signals": [{"type": "sha256", "value": "0" * 64}], "facts": {"a": "x" * 66_000}}
        reply = door.json(some, path)
        assert (reply.status, reply.kind) == (413, "facts-too-large")


@pytest.mark.parametrize("more", [{}, {"content_type": "application/json"}], ids=["raw", "json"])
def test_a_body_that_does_not_come(door, more):
    with door.line() as line:
        line.send(door.head(1000, **more) + b"the first bytes")
        reply = line.reply()
        assert (reply.status, reply.kind) == (408, "too-slow")
        assert line.closed()


def test_a_body_that_is_cut_off(door):
    for count in (10, 200_000, 1_500_000):
        with door.line() as line:
            line.send(door.head(1_800_000) + bytes(count))
    assert door.ask(OTHER).json["verdict"] == "allow"


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"content_type": "multipart/mixed; boundary=x"}, "type-refused"),
        ({"content_type": "application/x-www-form-urlencoded"}, "type-refused"),
        ({"content_encoding": "gzip"}, "encoded"),
        ({"content_encoding": "br", "content_type": "application/json"}, "encoded"),
    ],
)
def test_what_would_not_be_the_file_is_not_screened(door, more, kind):
    reply = door.ask(b"some bytes", **more)
    assert (reply.status, reply.kind) == (415, kind)
    assert (
        door.ask(b"some bytes", content_type="text/plain", content_encoding="identity").status
        == 200
    )


HUGE = named("file", "x-weather: " + "r" * 20_000)
ENCODED = named("file", "content-transfer-encoding: base64")


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([(named("file"), b"x"), (named("file"), b"y")], 400),
        ([(named("facts"), b"{}")], 400),
        ([(named("facts"), b"{}"), (named("facts"), b"{}"), (named("file"), b"y")], 400),
        ([(named("photo"), b"x")], 400),
        ([(named("file"), b"x"), (named("other"), b"y")], 400),
        ([("x-weather: rain", b"x")], 400),
        ([(HUGE, b"x")], 400),
        ([("no header at all", b"x")], 400),
        ([(ENCODED, b"eA==")], 400),
        ([(named("file"), b"x"), (named("facts"), b"{" + b" " * 66_000 + b"}")], 413),
        ([(named("file"), b"x"), (named("facts"), b'{"a": NaN}')], 400),
        ([(named("file"), b"x"), (named("facts"), b'{"item": {"channel": "elsewhere"}}')], 422),
        ([(named("file"), b"x"), (named("facts"), b"[]")], 422),
        ([(named("file"), b"x"), (named("facts"), b'{"item": {"channel": "public"}}')], 200),
        ([(named("facts"), b""), (named("file"), b"x")], 200),
    ],
)
def test_forms(door, parts, status):
    assert door.form(*parts).status == status


def test_a_form_without_an_end(door):
    assert door.form((named("file"), OTHER), end=False).status == 400
    for kind in ("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; x"):
        assert door.ask(b"--weather\r\n", content_type=kind).status == 400


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("%%%", 400), ("é", 400), ("a", 400), (facts(b"{"), 400), (facts(b'{"a": NaN}'), 400),
        (facts(b'{"a": 1, "a": 2}'), 400), (facts(b'{"a": 1e999}'), 422), (facts(b"\xff"), 400),
        (facts({"a": "\x00"}), 422), (facts(b'{"a": "\\ud800"}'), 422), (facts([1]), 422),
        (facts(b'{"a":' * 20 + b"1" + b"}" * 20), 422), (facts(b"[" * 6000 + b"]" * 6000), 400),
        (facts({"a": 2**60}), 422), (facts({"item": {"id": "i" * 257}}), 422),
        (facts({"item": {"channel": []}}), 422), (facts({"a": "x" * 66_000}), 413),
        (facts(b"1" * 5000), 400), ("", 200), (facts({"a": 1}), 200),
    ],
)  # fmt: skip
def test_facts(door, given, status):
    assert door.ask(OTHER, tutela_facts=given).status == status


@pytest.mark.parametrize("channel", ["private-message", "private-storage"])
def test_a_channel_that_may_not_be_screened_is_refused_with_the_reason(door, channel):
    files = door.files
    reply = door.ask(KNOWN, tutela_facts=facts({"item": {"channel": channel}}))
    assert (reply.status, reply.kind) == (403, "channel-not-permitted")
    assert channel in reply.json["detail"]
    assert door.files == files


def test_idempotency_keys(door):
    for key, status in (("", 400), ("k" * 256, 400), ("k" * 255, 200), ("\xe9 ;,\t", 200)):
        assert door.ask(OTHER, idempotency_key=key).status == status, key
    assert door.ask(OTHER, idempotency_key="k" * 255).status == 200
    reply = door.ask(OTHER + b"!", idempotency_key="k" * 255)
    assert (reply.status, reply.kind) == (422, "idempotency-key-reused")
    first = door.ask(OTHER, idempotency_key="mine").json
    assert door.ask(OTHER, idempotency_key="mine").json == first
    assert door.ask(OTHER, "detail", idempotency_key="mine").json["item_id"] != first["item_id"]


def test_keys(door):
    for who in (None, "tut_wrong", "", "x" * 5000):
        for path in ("screen", "lookup"):
            reply = door.ask(b"{}", who, path)
            assert (reply.status, reply.headers["www-authenticate"]) == (401, "bearer")
    assert door.ask(OTHER, "reader").status == 403
    assert door.json({}, "lookup", "reader").status == 403


def test_what_matched_is_for_who_may_know(door):
    plain, full = door.ask(KNOWN).json, door.ask(KNOWN, "detail").json
    assert plain["verdict"] == full["verdict"] == "block"
    assert "matches" not in plain and "explanation" not in plain
    assert [match["bank"] for match in full["matches"]] == ["lanes"] and full["explanation"]
    asked = {"signals": [{"type": "sha256", "value": full["matches"][0]["value"]}]}
    assert set(door.json(asked, "lookup").json) == {"verdict", "policy_version", "test"}
    assert door.json(asked, "lookup", "detail").json["matches"]


def test_a_rate_of_requests(door):
    for path, body in (("lookup", b"{}"), ("screen", OTHER)):
        replies = [door.ask(body, "slow", path) for _ in range(3)]
        assert replies[0].status != 429
        assert (replies[2].status, replies[2].kind) == (429, "too-many-requests")
        assert int(replies[2].headers["retry-after"]) >= 1


def test_memory_that_is_full(installation):
    running, secrets = installation
    with opened(running, secrets, with_service(running, memory=1_700_000, idle_seconds=9)) as door:
        with door.line() as line:
            line.send(door.head(len(KNOWN)) + KNOWN[: 1 << 20])
            until(lambda: [path for path in door.files if path.suffix == ".part"])
            reply = door.ask(OTHER)
            assert (reply.status, reply.kind) == (503, "memory-full")
            assert reply.headers["retry-after"] == "1"
            line.send(KNOWN[1 << 20 :])
            assert line.reply().json["verdict"] == "block"
        assert door.ask(OTHER).status == 200, "it was given back"


def test_more_requests_than_may_be_in_work(installation):
    running, secrets = installation
    with (
        opened(running, secrets, with_service(running, requests=1, idle_seconds=9)) as door,
        door.line() as line,
    ):
        line.send(door.head(4) + b"12")
        until(lambda: door.ask(OTHER).status == 503)
        line.send(b"34")
        assert line.reply().status == 200
        assert door.ask(OTHER).status == 200


def test_urls_are_not_fetched_unless_hosts_are_listed(door):
    reply = door.json({"url": "https://pictures.example/bicycle.png"})
    assert (reply.status, reply.kind) == (422, "url-refused")


def test_urls_to_where_nobody_should_look(installation):
    running, secrets = installation
    chosen = replace(
        with_service(running),
        outbound=Outbound(hosts=("pictures.example", "127.0.0.1", "localhost", "[::1]")),
    )
    with opened(running, secrets, chosen) as door:
        for url in (
            f"http://127.0.0.1:{door.port}/healthz/live", f"http://localhost:{door.port}/",
            "http://2130706433/", "http://[::ffff:127.0.0.1]/", "http://elsewhere.example/",
            "file:///etc/passwd", "http://user:word@pictures.example/", "", "http://\x00/",
        ):  # fmt: skip
            reply = door.json({"url": url})
            assert (reply.status, reply.kind) == (422, "url-not-fetched"), url
        for body in ({"url": 5}, {"url": "http://pictures.example/", "signals": []}):
            assert door.json(body).kind == "url-refused"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'{"signals": 1}', b'{"signals": []}', b'{"signals": [1]}',
        b'{"signals": [{"type": "crc", "value": ""}]}', b'{"signals": [{"type": ["pdq"]}]}',
        b'{"signals": [{"type": "sha256", "value": "zz"}]}', b'{"more": 1, "signals": [{}]}',
        b'{"signals": [{"type": "pdq", "value": "' + b"0" * 64 + b'", "quality": 101}]}',
        b'{"signals": [{"type": "pdq", "value": "' + b"0" * 64 + b'", "quality": true}]}',
        b'{"signals": [' + b",".join([b'{"type":"pdq","value":"%064d"}' % 0] * 257) + b"]}",
        b'{"signals": [{"type": "pdq", "value": "' + b"0" * 64 + b'"}], "facts": null}',
        b'{"signals": NaN}', b"\xff\xfe", b'{"a":' * 5000, b"1" * 9000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["screen", "lookup"])
def test_signals(door, path, body):
    assert door.json(body, path).status in (400, 422)


def test_what_is_larger_than_memory_allows_is_on_disk_only_sealed(door):
    before = door.files
    for data, verdict in ((OTHER * 2, "allow"), (KNOWN, "block")):
        with door.line() as line:
            line.send(door.head(len(data)) + data[:-10])
            until(lambda: [p for p in door.files if p.suffix == ".part" and p.stat().st_size > 9])
            for path in door.running.app.data.rglob("*"):
                if path.is_file():
                    assert MARK not in path.read_bytes() and OTHER[:28] not in path.read_bytes()
            line.send(data[-10:])
            assert line.reply().json["verdict"] == verdict
        assert len(door.files) == len(before) + (verdict == "block")
    (sealed,) = set(door.files) - set(before)
    held = identities.read(door.running.app.identity)
    assert pyrage.decrypt(sealed.read_bytes(), held) == KNOWN


def test_heads_without_end(door):
    with door.line() as line:
        try:
            line.send(b"POST /api/v1/screen HTTP/1.1\r\nx-weather: ")
            for _ in range(1000):
                line.send(b"r" * 1000)
        except (BrokenPipeError, ConnectionResetError):
            pass
        else:
            assert line.closed()
    with door.line() as line:
        line.send(b"POST /api/v1/screen HTTP/1.1\r\nx-weather: rain")
        assert line.closed(), "who says nothing more is not waited for"


def test_who_was_refused_is_not_listened_to_for_ever(door):
    with door.line() as line:
        line.send(door.head(1 << 40, "tut_wrong"))
        assert line.reply().status == 401
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for _ in range(200):
                line.send(bytes(1 << 20))
    with door.line() as line:
        line.send(door.head(5_000_000, "tut_wrong") + bytes(5_000_000))
        assert line.reply().status == 401, "who sends a picture sees why it was not taken"
        line.send(door.head(len(OTHER)) + OTHER)
        assert line.reply().status == 200, "on the same connection"


def test_what_is_no_http(door):
    with door.line() as line:
        line.send(b"\x16\x03\x01 hello\r\n\r\n")
        assert line.closed()
    assert door.ask(OTHER).status == 200


def until(holds: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.02)

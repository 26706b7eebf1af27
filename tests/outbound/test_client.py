"""The outbound client, against servers that behave as badly as they can: real sockets."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from tutela.outbound import Hosts, Options, Outbound, OutboundError, Reason, Target
from tutela.testing.receiver import TRUTH, Receiver

FAST = Options(connect_seconds=2, read_seconds=2, total_seconds=2, largest=1_000_000)
"""Limits that a test can wait for."""


def client(*hosts: str, resolve=None, **changed) -> Outbound:
    return Outbound(replace(FAST, hosts=hosts, **changed), resolve)


def near(receiver: Receiver, **changed) -> Outbound:
    """A client that may speak to a receiver on this machine."""
    return client(f"private:{receiver.host}:{receiver.port}", **changed)


def reason(outbound: Outbound, url: str, sink=None) -> Reason:
    """Why it is refused."""
    with pytest.raises(OutboundError) as refused:
        outbound.stream(url, sink or (lambda _: None))
    assert url not in str(refused.value)
    assert "secret" not in str(refused.value), "paths and queries hold secrets"
    return refused.value.reason


@pytest.mark.parametrize("path", ["/ok?secret=1", "/chunks", "/gzip"])
def test_a_file_is_fetched_whole(receiver, path):
    parts: list[bytes] = []
    reply = near(receiver).stream(receiver.url(path), parts.append)
    assert (b"".join(parts), reply.status, reply.body) == (TRUTH, 200, b"")
    (request,) = receiver.received
    assert request.path == path and request.method == "GET"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert set(request.headers) == {"host", "user-agent", "accept-encoding", "connection"}


def test_what_is_posted_arrives_and_the_reply_comes_back(receiver):
    reply = near(receiver).post(receiver.url(), b"rain" * 1000, {"X-Weather": "wet"})
    assert (reply.status, reply.body) == (200, TRUTH)
    (request,) = receiver.received
    assert (request.method, request.body) == ("POST", b"rain" * 1000)
    assert request.headers["x-weather"] == "wet"


def test_a_body_may_come_piece_by_piece_with_its_length_told_before(receiver):
    """It is never chunked: not everybody takes that."""
    pieces = (b"rain" * 10 for _ in range(1000))
    reply = near(receiver).post(receiver.url(), pieces, {"X-Weather": "wet"}, length=40_000)
    assert reply.status == 200
    (request,) = receiver.received
    assert request.body == b"rain" * 10_000
    assert request.headers["content-length"] == "40000"
    assert "transfer-encoding" not in request.headers


def test_what_a_body_raises_passes_and_no_whole_request_arrives(receiver):
    """Its last bytes are never sent."""

    class Broken(Exception):
        pass

    def pieces():
        yield b"rain"
        raise Broken

    with pytest.raises(Broken):
        near(receiver).post(receiver.url(), pieces(), {}, length=1000)
    assert [request.body for request in receiver.received] in ([], [b"rain"])


def test_an_error_says_whether_anything_of_the_request_may_have_arrived(receiver):
    """Else nothing can have come of it."""
    outbound = near(receiver)
    for behaviour, sent in (("/close", True), ("/hang", True), ("/endless", True)):
        receiver.behaviour = behaviour
        with pytest.raises(OutboundError) as failed:
            outbound.post(receiver.url("/"), b"x", {}, largest=10)
        assert failed.value.sent is sent
    with pytest.raises(OutboundError) as failed:
        client("private:127.0.0.1:1").post("http://127.0.0.1:1/", b"x", {})
    assert failed.value.sent is False


def test_who_is_known_to_take_time_is_waited_for_longer(receiver):
    """Without a byte for longer than the setting says."""
    receiver.behaviour = "/hang"
    outbound, began = near(receiver, read_seconds=1), time.monotonic()
    with pytest.raises(OutboundError):
        outbound.post(receiver.url("/"), b"x", {}, seconds=1.6, patience=5)
    assert time.monotonic() - began > 1.3


def test_a_fetch_in_memory_gives_any_status(receiver):
    outbound = near(receiver)
    assert outbound.fetch(receiver.url("/status=404")).status == 404
    assert outbound.fetch(receiver.url("/ok"), headers={"Accept": "text/x"}).body == TRUTH
    assert receiver.received[-1].headers["accept"] == "text/x"
    with pytest.raises(OutboundError, match="larger than 10 bytes"):
        outbound.fetch(receiver.url("/ok"), largest=10)


BAD = {
    "/hang": Reason.TIMEOUT, "/trickle": Reason.TIMEOUT, "/trickle-endlessly": Reason.TIMEOUT,
    "/slow-headers": Reason.TIMEOUT, "/many-headers": Reason.BROKEN, "/long-header": Reason.BROKEN,
    "/continue": Reason.TIMEOUT, "/endless": Reason.TOO_LARGE,
    "/endless-unannounced": Reason.TOO_LARGE, "/endless-chunks": Reason.TOO_LARGE,
    "/endless-chunk-size": Reason.BROKEN, "/gzip-bomb": Reason.TOO_LARGE,
    "/gzip-cut": Reason.BROKEN, "/gzip-not": Reason.BROKEN, "/brotli": Reason.BROKEN,
    "/cut-headers": Reason.BROKEN, "/cut": Reason.BROKEN, "/chunks-cut": Reason.BROKEN,
    "/close": Reason.BROKEN,
    "/nonsense": Reason.BROKEN, "/loop": Reason.REDIRECTED, "/status=500": Reason.STATUS,
    "/status=204": Reason.STATUS, "/status=206": Reason.STATUS, "/no-handshake": Reason.TIMEOUT,
}  # fmt: skip


@pytest.mark.parametrize("path", BAD)
def test_a_server_that_behaves_badly_is_left(receiver, path):
    receiver.behaviour = path
    size = 0

    def sink(part: bytes) -> None:
        nonlocal size
        size += len(part)

    assert reason(near(receiver), receiver.url("/?secret"), sink) is BAD[path]
    assert size <= FAST.largest
    assert receiver.sent < 50_000_000, "it is not read on"


def test_a_server_of_tls_that_says_nothing_is_left(authority):
    with Receiver(authority.server("bikes.example")) as quiet:
        quiet.behaviour = "/no-handshake"
        outbound = client(
            f"private:bikes.example:{quiet.port}",
            resolve=lambda *_: ["127.0.0.1"],
            ca_file=str(authority.file),
        )
        assert reason(outbound, quiet.url(host="bikes.example")) is Reason.TIMEOUT


def test_a_server_that_takes_nothing_is_left(receiver):
    """Its buffers are full, and the rest of the body cannot be sent."""
    receiver.behaviour = "/no-handshake"
    with pytest.raises(OutboundError) as refused:
        near(receiver).post(receiver.url(), bytes(64 * 1024 * 1024), {})
    assert refused.value.reason is Reason.TIMEOUT


def test_where_nobody_listens(receiver):
    receiver.__exit__()
    assert reason(near(receiver), receiver.url()) is Reason.UNREACHABLE


def test_what_a_sink_raises_passes(receiver):
    def full(_: bytes) -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        near(receiver).stream(receiver.url(), full)


def test_redirects_are_followed_where_they_are_listed(receiver):
    with Receiver() as other:
        outbound = client(f"private:127.0.0.1:{receiver.port}", f"private:127.0.0.1:{other.port}")
        reply = outbound.fetch(
            receiver.url(f"/redirect={other.url('/redirect=/ok')}"), headers={"X-Key": "k"}
        )
        assert (reply.body, reply.url) == (TRUTH, other.url("/ok"))
        assert receiver.received[0].headers["x-key"] == "k"
        assert all("x-key" not in request.headers for request in other.received)


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("http://169.254.169.254/latest/meta-data/", Reason.NOT_LISTED),
        ("http://10.0.0.1/", Reason.NOT_LISTED),
        ("http://127.0.0.1:1/", Reason.NOT_LISTED),
        ("//evil.example/", Reason.NOT_LISTED),
        ("https://127.0.0.1/", Reason.NOT_LISTED),
        ("file:///etc/passwd", Reason.REDIRECTED),
        ("gopher://127.0.0.1/", Reason.REDIRECTED),
        ("http://ann@127.0.0.1/", Reason.REDIRECTED),
        ("http://2130706433/", Reason.REDIRECTED),
        ("http://[::1", Reason.REDIRECTED),
        ("http://a\tb/", Reason.REDIRECTED),
        ("http://bücher.example/", Reason.REDIRECTED),
    ],
)
def test_a_redirect_leads_nowhere_that_is_not_listed(receiver, to, why):
    receiver.behaviour = f"/redirect={to}"
    assert reason(near(receiver), receiver.url("/")) is why
    assert receiver.connections == 1


def test_a_redirect_to_a_listed_host_is_judged_by_its_address_again(receiver):
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return {"cdn.example": ["127.0.0.1"], "img.example": ["10.1.2.3"]}[host]

    outbound = client(f"private:cdn.example:{receiver.port}", "img.example", resolve=resolve)
    receiver.behaviour = "/redirect=http://img.example/x"
    assert reason(outbound, receiver.url("/", "cdn.example")) is Reason.ADDRESS
    assert asked == ["cdn.example", "img.example"]


def test_no_redirect_leads_from_https_to_http(authority):
    with Receiver(authority.server("bikes.example")) as server:
        outbound = client(
            f"private:bikes.example:{server.port}", "bikes.example",
            resolve=lambda *_: ["127.0.0.1"], ca_file=str(authority.file),
        )  # fmt: skip
        server.behaviour = "/redirect=http://bikes.example/"
        assert reason(outbound, server.url(host="bikes.example")) is Reason.REDIRECTED


def test_a_redirect_of_a_post_is_not_followed(receiver):
    receiver.behaviour = f"/redirect={receiver.url('/ok')}"
    assert near(receiver).post(receiver.url("/"), b"x", {}).status == 302
    assert len(receiver.received) == 1


def test_a_name_that_leads_home_is_refused_and_nothing_is_sent(receiver):
    for addresses in (
        ["127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["10.0.0.1"],
        ["169.254.169.254"], ["64:ff9b::7f00:1"], ["0.0.0.0"], ["fe80::1%lo"],
    ):  # fmt: skip
        outbound = client(f"bikes.example:{receiver.port}", resolve=lambda *_, a=addresses: a)
        assert reason(outbound, receiver.url(host="bikes.example")) is Reason.ADDRESS, addresses
    assert receiver.connections == 0


def test_not_even_a_host_listed_as_private_is_at_the_clouds_metadata():
    outbound = client("private:bikes.example", resolve=lambda *_: ["169.254.169.254"])
    assert reason(outbound, "http://bikes.example/") is Reason.ADDRESS


def test_a_name_that_answers_differently_the_second_time_is_not_asked_twice(receiver):
    """DNS rebinding: well when it is judged, at home when it is connected to."""
    answers = iter([["127.0.0.2"], ["127.0.0.1"], ["127.0.0.1"]])
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    outbound = client(f"private:bikes.example:{receiver.port}", resolve=resolve)
    assert reason(outbound, receiver.url(host="bikes.example")) is Reason.UNREACHABLE
    assert asked == ["bikes.example"] and receiver.connections == 0


def test_addresses_are_tried_in_order_until_one_answers(receiver):
    outbound = client(
        f"private:bikes.example:{receiver.port}", resolve=lambda *_: ["127.0.0.2", "127.0.0.1"]
    )
    assert outbound.fetch(receiver.url(host="bikes.example")).body == TRUTH
    assert receiver.received[0].headers["host"] == f"bikes.example:{receiver.port}"


def test_an_address_in_the_url_is_judged_as_well(receiver):
    listed = client(f"127.0.0.1:{receiver.port}", f"[::ffff:127.0.0.1]:{receiver.port}")
    for host in ("127.0.0.1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"):
        assert reason(listed, receiver.url(host=host)) is Reason.ADDRESS
    assert receiver.connections == 0


def test_ipv6_is_spoken():
    try:
        made = Receiver(host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    with made as receiver:
        assert near(receiver).fetch(receiver.url()).body == TRUTH
        assert receiver.received[0].headers["host"] == f"[::1]:{receiver.port}"


def test_a_resolver_that_hangs_or_knows_nothing():
    hangs = threading.Event()
    outbound = client("bikes.example", resolve=lambda *_: hangs.wait(), connect_seconds=1)
    assert reason(outbound, "http://bikes.example/") is Reason.TIMEOUT
    hangs.set()

    def unknown(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    for resolve in (unknown, lambda *_: []):
        outbound = client("bikes.example", resolve=resolve)
        assert reason(outbound, "http://bikes.example/") is Reason.UNRESOLVED


def test_who_is_spoken_to_shows_a_certificate_of_that_name(authority):
    """The line goes to an address; the name in the certificate and in SNI is the host's."""
    context = authority.server("bikes.example")
    named: list[str | None] = []
    context.sni_callback = lambda _, name, __: named.append(name)
    with Receiver(context) as server:
        listed = [f"private:{h}:{server.port}" for h in ("bikes.example", "cars.example")]
        outbound = client(*listed, resolve=lambda *_: ["127.0.0.1"], ca_file=str(authority.file))
        assert outbound.fetch(server.url(host="bikes.example")).body == TRUTH
        assert named == ["bikes.example"]
        assert reason(outbound, server.url(host="cars.example")) is Reason.TLS
        strange = client(*listed, resolve=lambda *_: ["127.0.0.1"])
        assert reason(strange, server.url(host="bikes.example")) is Reason.TLS
        assert len(server.received) == 1
        assert outbound.fetch(server.url(host="bikes.example")).status == 200, "still verified"


def test_a_certificate_that_has_run_out_is_refused(authority):
    with Receiver(authority.server("bikes.example", days=-1)) as server:
        outbound = client(
            f"private:bikes.example:{server.port}",
            resolve=lambda *_: ["127.0.0.1"],
            ca_file=str(authority.file),
        )
        assert reason(outbound, server.url(host="bikes.example")) is Reason.TLS


def test_plain_http_does_not_speak_to_tls(authority):
    with Receiver(authority.server("bikes.example")) as server:
        assert reason(near(server), server.url().replace("https:", "http:")) is Reason.BROKEN


def test_the_environment_sends_nothing_elsewhere(receiver, monkeypatch, tmp_path):
    with Receiver() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url(""))
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ann password rain\n")
        (tmp_path / ".netrc").chmod(0o600)
        monkeypatch.setenv("HOME", str(tmp_path))
        assert near(receiver).fetch(receiver.url()).body == TRUTH
        assert proxy.connections == 0
        assert "authorization" not in receiver.received[0].headers


def test_hosts_of_one_purpose_are_not_those_of_another(receiver):
    """A webhook's endpoint is no place to fetch files from."""
    outbound = client()
    hosts = Hosts.only(Target.of(receiver.url()), private=True)
    assert outbound.post(receiver.url(), b"", {}, hosts=hosts).status == 200
    assert reason(outbound, receiver.url()) is Reason.NOT_LISTED


def test_many_threads_share_one(receiver):
    outbound = near(receiver)
    found: list[bytes] = []
    many = [
        threading.Thread(target=lambda: found.append(outbound.fetch(receiver.url()).body))
        for _ in range(20)
    ]
    for thread in many:
        thread.start()
    for thread in many:
        thread.join()
    assert found == [TRUTH] * 20


def test_a_file_of_certificates_that_is_none():
    for path in ("/nowhere.pem", "/dev/null"):
        with pytest.raises(OutboundError, match="cannot be read"):
            client(ca_file=path)

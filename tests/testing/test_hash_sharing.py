"""The stand-ins of partners, where what they do is not what their clients' tests say already."""

from __future__ import annotations

import base64
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from docs.test_docs import generated

from tutela.errors import TutelaError
from tutela.exchanges.ncmec import pages
from tutela.testing.hash_sharing import Arachnid, Ncmec, PhotoDna, StopNcii, UnknownMisbehaviour
from tutela.testing.hash_sharing.stand import Request

PDQ = "0f" * 32
BASIC = {"authorization": "Basic " + base64.b64encode(b"bicycle:rain").decode()}
EDGE = json.dumps([
    {"DataRepresentation": "PreHashV2", "Value": base64.b64encode(bytes(924)).decode()}
]).encode()  # fmt: skip
SERVERS = {"ncmec-hashes": Ncmec, "stopncii": StopNcii, "arachnid": Arachnid, "photodna": PhotoDna}


def test_every_misbehaviour_is_documented():
    found: dict[tuple[str, str], list[str]] = {}
    for name, server in SERVERS.items():
        for one in server.MISBEHAVIOURS.items():
            found.setdefault(one, []).append(name)
    table = "| name | what happens | where |\n|---|---|---|\n"
    for (name, what), where in found.items():
        places = "all" if len(where) == len(SERVERS) else " ".join(f"`{one}`" for one in where)
        table += f"| `{name}` | {what} | {places} |\n"
    generated("test-servers.md", "misbehaviours-lists", table)


@pytest.mark.parametrize("faults", [{"hail": 0.1}, {"reset": 2.0}])
def test_a_misbehaviour_or_a_rate_that_is_none_is_refused(faults):
    with pytest.raises(UnknownMisbehaviour):
        StopNcii(faults=faults)
    with pytest.raises(UnknownMisbehaviour):
        StopNcii().misbehave("hail")


def test_each_so_many_requests_meet_a_misbehaviour():
    server = Ncmec(each={"unavailable": 3})
    asked = Request("GET", "/v2/status", {}, BASIC)
    found = [getattr(server.reply(asked), "status", 0) for _ in range(6)]
    assert found == [200, 200, 503, 200, 200, 503]


def test_who_is_not_known_is_turned_away():
    for server in (Ncmec(), StopNcii(), Arachnid()):
        reply = server.reply(Request("GET", "/v2/status", {}, {"authorization": "Basic cmFpbg=="}))
        assert reply is not None and reply.status == 401


def test_ncmec_says_who_asks_and_who_its_members_are():
    server = Ncmec()
    status = server.reply(Request("GET", "/v2/status", {}, BASIC))
    members = server.reply(Request("GET", "/v2/members", {}, BASIC))
    assert status and b"<username>bicycle</username>" in status.body
    assert members and members.body.count(b"<member ") == 3


@pytest.mark.parametrize(
    "query", [{}, {"from": "yesterday", "to": "today"}, {"from": "2026-01-01T00:00:00Z"}]
)
def test_ncmec_refuses_a_range_that_is_none(query):
    reply = Ncmec().reply(Request("GET", "/v2/entries", query, BASIC))
    assert reply and reply.status == 400


@pytest.mark.parametrize(
    "body",
    [
        "<negative/>", "<affirmative/><negative><reasonIds/></negative>",
        "<negative><reasonIds><guid>rain</guid></reasonIds></negative>", "",
    ],
)  # fmt: skip
def test_ncmec_refuses_feedback_that_is_none(body):
    server = Ncmec()
    server.put("42", "one", md5="02" * 16)
    path, space = "/v2/entries/42/one/MD5/feedback", "https://hashsharing.ncmec.org/hashsharing/v2"
    text = f'<feedbackSubmission xmlns="{space}">{body}</feedbackSubmission>'
    reply = server.reply(Request("PUT", path, {}, BASIC, text.encode()))
    assert reply and reply.status == 400 and not server.feedback


def test_traffic_is_the_same_for_the_same_seed_and_of_all_kinds():
    one, other = Ncmec(seed=1), Ncmec(seed=1)
    for server in (one, other):
        server.traffic(300)
    assert one.held() == other.held() != set()
    kept = one.entries.values()
    assert {item.media for item in kept} == {"image", "video"}
    assert any(item.prints is None for item in kept)


def test_the_page_in_the_published_form_is_read():
    """As in the standards' text, with random values."""
    document = (Path(__file__).parent.parent / "exchanges" / "ncmec_page.xml").read_bytes()
    read = pages.read(document, frozenset())
    assert [(one.key, len(one.signals or ()), one.labels) for one in read.entries] == [
        ("42/image1", 4, ("A1", "negative-feedback")), ("43/image4", 0, ()),
        ("42/video1", 2, ()), ("42/video2", 0, ()),
    ]  # fmt: skip
    assert read.next.endswith("&start=2001&size=1000&max=3000") and not read.rejected


def asked(server: Arachnid, *values: str) -> tuple[int, dict[str, object]]:
    coded = [base64.b64encode(bytes.fromhex(one)).decode() for one in values]
    body = json.dumps({"hashes": coded}).encode()
    reply = server.reply(Request("POST", "/v1/pdq/", {}, BASIC, body))
    assert reply is not None
    return reply.status, json.loads(reply.body)


def test_arachnid_says_what_it_knows_and_may_say_null_of_what_it_does_not():
    server = Arachnid()
    server.put(PDQ, "harmful-abusive-material", "exact")
    _, said = asked(server, PDQ, "f0" * 32)
    found = list(said["scanned_hashes"].values())  # type: ignore[attr-defined]
    assert [one["classification"] for one in found] == [
        "harmful-abusive-material", "no-known-match",
    ]  # fmt: skip
    server.misbehave("misses-as-null")
    _, said = asked(server, "f0" * 32)
    assert list(said["scanned_hashes"].values()) == [None]  # type: ignore[attr-defined]
    assert asked(server, "00") == (400, {"detail": "status 400"})


@pytest.mark.parametrize("name", SERVERS)
def test_a_stand_in_says_that_it_is_not_theirs(name):
    command = [sys.executable, "-m", "tutela", "testserver", name, "--port", "0"]
    if name in ("ncmec-hashes", "stopncii"):
        command += ["--traffic", "5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or "^C" not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], "it ended"
        said = "".join(lines)
        assert "NOT theirs" in said and re.search(r"address +http://127\.0\.0\.1:[0-9]+", said)
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "Stopped by SIGTERM: 0 requests.\n"
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("key", "body", "status"),
    [("rain", EDGE, 200), ("hail", EDGE, 401), ("rain", b"[]", 400), ("rain", b"{", 400),
     ("rain", EDGE.replace(b"PreHashV2", b"inline"), 400)],
)  # fmt: skip
def test_photodna_admits_its_key_and_takes_edge_hashes_alone(key, body, status):
    headers = {"ocp-apim-subscription-key": key}
    reply = PhotoDna().reply(Request("POST", "/photodna/v1.0/MatchHash", {}, headers, body))
    assert reply is not None and reply.status == status
    if status == 200:
        (result,) = json.loads(reply.body)["MatchResults"]
        assert result["Status"]["Code"] == 3000 and result["IsMatch"] is False


def test_what_photodna_knows_must_be_edge_hashes(tmp_path):
    from tutela.interfaces.cli import testserver_hashes as run

    known = tmp_path / "known"
    known.write_text("00" * 924 + "\n" + "00" * 144 + "\n")
    with pytest.raises(TutelaError, match="Line 2"):
        run.photodna(run.How(0, "127.0.0.1", [], 0, 0, 0), None, known)


def test_what_arachnid_knows_must_be_values_and_classes(tmp_path):
    from tutela.interfaces.cli import testserver_hashes as run

    known = tmp_path / "known"
    known.write_text(f"{PDQ} csam near\n{PDQ[:10]} csam\n")
    with pytest.raises(TutelaError, match="Line 2"):
        run.arachnid(run.How(0, "127.0.0.1", [], 0, 0, 0), "bicycle", None, known)

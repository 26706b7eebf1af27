"""The life of a report on the test server, and the journal that it goes on from."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from lxml import etree
from testing.cybertipline_client import BIKE, NOON, Client, Clock, details, report, schema

from tutela.errors import TutelaError
from tutela.testing.cybertipline import Server, State


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def server(clock):
    with Server(clock=clock) as made:
        yield made


@pytest.fixture
def client(server):
    return Client(server.url)


def test_a_report_is_opened_filled_and_filed(client, server, clock):
    number = client.submit(report()).report
    clock.later(minutes=5)
    file = client.upload(number, BIKE, "bike.txt").file
    assert client.fileinfo(details(number, file)).code == 0
    clock.later(minutes=5)
    done = client.finish(number)
    assert (done.root, done.code, done.report) == ("reportDoneResponse", 0, number)
    assert done.text("files/fileId") == file
    (kept,) = server.reports
    assert kept == server.finished[0] and server.orphans == []
    assert (kept.id, kept.state, kept.xml) == (number, State.FINISHED, report())
    assert (kept.opened_at, kept.finished_at) == (NOON, clock.now)
    (stored,) = kept.files
    assert (stored.id, stored.name, stored.size) == (file, "bike.txt", len(BIKE))
    assert stored.md5 == hashlib.md5(BIKE).hexdigest()
    assert stored.sha256 == hashlib.sha256(BIKE).hexdigest()
    assert stored.details == details(number, file) and kept.changed_at == stored.received_at


def test_replies_are_as_the_schema_says(client):
    """Of success and of refusal; a filed report has no description, a status no report."""
    checks = etree.XMLSchema(etree.fromstring(schema()))
    number = client.submit(report()).report
    got = [client.status(), client.submit(b"<x/>"), client.upload(number), client.retract(7)]
    done = client.finish(number)
    for answer in (*got, done):
        checks.assertValid(etree.fromstring(answer.body))
    assert got[0].text("reportId") is None
    assert got[0].text("responseDescription") == "Remote User : bicycle, Remote Ip : 127.0.0.1"
    assert done.text("responseDescription") is None
    assert got[2].text("hash") == hashlib.md5(BIKE).hexdigest()


def test_ids_are_long_numbers_and_hexadecimal_text(client):
    first, second = client.opened(), client.opened()
    assert first > 2**53 and second == first + 1 < 2**63
    file = client.upload(first).file
    assert len(file) == 32 and set(file) <= set("0123456789abcdef")


def end_finished(client, clock, number):
    assert client.finish(number).code == 0
    return 5102


def end_retracted(client, clock, number):
    assert client.retract(number).code == 0
    return 5101


def end_expired(client, clock, number):
    clock.later(days=1)
    return 5001


@pytest.mark.parametrize("end", [end_finished, end_retracted, end_expired])
def test_nothing_can_be_done_to_a_report_that_has_ended(client, clock, server, end):
    number = client.opened()
    file = client.upload(number).file
    code = end(client, clock, number)
    before = server.reports
    answers = [
        client.upload(number), client.fileinfo(details(number, file)), client.finish(number),
        client.retract(number),
    ]  # fmt: skip
    assert [answer.code for answer in answers] == [code] * 4
    assert server.reports == before


def test_a_report_that_never_was_does_not_exist(client):
    assert [client.upload(7).code, client.finish(7).code, client.retract(7).code] == [5001] * 3
    assert client.fileinfo(details(7, "a" * 32)).code == 5001


def test_an_open_report_expires_a_day_after_it_was_opened(client, clock, server):
    number = client.opened()
    clock.later(hours=2)
    client.upload(number)
    clock.later(hours=21, minutes=59, seconds=59)
    assert [kept.id for kept in server.orphans] == [number]
    clock.later(seconds=1)
    assert server.orphans == [] and server.reports[0].state is State.EXPIRED
    assert client.retract(number).code == 5001


@pytest.mark.parametrize("last", ["upload", "fileinfo"])
def test_or_an_hour_after_its_last_change_if_that_is_later(client, clock, server, last):
    number = client.opened()
    clock.later(hours=23, minutes=30)
    file = client.upload(number).file
    if last == "fileinfo":
        clock.later(minutes=15)
        client.fileinfo(details(number, file))
    clock.later(minutes=59, seconds=59)
    assert server.reports[0].state is State.OPEN
    clock.later(seconds=1)
    assert client.finish(number).code == 5001


def test_what_is_refused_is_no_change(client, clock, server):
    number = client.opened()
    clock.later(hours=23, minutes=30)
    assert client.fileinfo(details(number, "a" * 32)).code == 5002
    clock.later(minutes=30)
    assert server.reports[0].state is State.EXPIRED


def test_details_are_of_a_file_of_that_report_and_come_once(client):
    one, other = client.opened(), client.opened()
    file = client.upload(one).file
    assert client.fileinfo(details(other, file)).code == 5002
    assert client.fileinfo(details(one, file)).code == 0
    assert client.fileinfo(details(one, file)).code == 4100


def test_doubles_have_one_fingerprint(client, server):
    for text in ("Rain.", "Rain.", "Wind."):
        client.opened(text)
    first, second, third = (kept.fingerprint for kept in server.reports)
    assert first == second == hashlib.sha256(report("Rain.")).hexdigest() != third


def test_of_many_at_once_one_files_the_report(client, server):
    with ThreadPoolExecutor(8) as many:
        numbers = list(many.map(lambda _: client.opened(), range(16)))
        codes = list(many.map(lambda _: client.finish(numbers[0]).code, range(8)))
    assert len(set(numbers)) == 16 and sorted(codes) == [0] + [5102] * 7
    assert len(server.finished) == 1 and len(server.orphans) == 15


def test_a_server_goes_on_from_its_journal(clock, tmp_path):
    """Reports and requests are there again, ids are not given twice."""
    path = tmp_path / "state.jsonl"
    with Server(clock=clock, data=path) as server:
        client = Client(server.url)
        filed, taken_back, number = client.opened(), client.opened(), client.opened()
        client.finish(filed)
        client.retract(taken_back)
        file = client.upload(number, name="grün \n.txt").file
        client.fileinfo(details(number, file))
        before, asked = server.reports, server.requests
    with Server(clock=clock, data=path) as server:
        client = Client(server.url)
        assert server.reports == before and server.requests == asked and len(asked) == 7
        assert client.finish(number).code == 0
        assert client.opened() == number + 1


def test_another_process_can_read_what_happened(clock, tmp_path):
    """While the server runs, and neither the password nor what a file holds is there."""
    path = tmp_path / "state.jsonl"
    with Server(clock=clock, data=path, password="hail and thunder") as server:
        client = Client(server.url, password="hail and thunder")
        number = client.opened()
        client.upload(number)
        text = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    events = [json.loads(line) for line in text.splitlines()]
    names = [event["event"] for event in events]
    assert names == ["begun", "submit", "request", "upload", "request"]
    assert events[3]["file"]["md5"] == hashlib.md5(BIKE).hexdigest()
    assert "hail" not in text and client.basic[6:] not in text and BIKE[:31].decode() not in text


def test_a_line_that_was_cut_short_is_taken_off(clock, tmp_path):
    path = tmp_path / "state.jsonl"
    with Server(clock=clock, data=path) as server:
        number = Client(server.url).opened()
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"event": "finish", "at": "20')
    with Server(clock=clock, data=path) as server:
        assert [kept.id for kept in server.orphans] == [number]
        assert path.read_bytes() == whole


@pytest.mark.parametrize("held", [b"Buy a bicycle bell.", b'{"event": "rain"}\n'])
def test_a_file_that_is_no_journal_is_left_alone(tmp_path, held):
    path = tmp_path / "notes.txt"
    path.write_bytes(held)
    with pytest.raises(TutelaError, match="not the journal"):
        Server(data=path)
    assert path.read_bytes() == held


def test_a_journal_has_one_server(tmp_path):
    path = tmp_path / "state.jsonl"
    with Server(data=path), pytest.raises(TutelaError, match="Another server"):
        Server(data=path)
    with Server(data=path) as server:
        assert server.reports == []

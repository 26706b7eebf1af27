"""What XML the test server takes, and with which code it refuses the rest."""

from __future__ import annotations

import pytest
from testing.cybertipline_client import Client, Clock, children, details, report, values

from tutela.testing.cybertipline import Server, State

SUPPLEMENTAL = "<fileRelevance>Supplemental Reported</fileRelevance>"
PERSON = "<personOrUserReported><screenName>cyclist</screenName></personOrUserReported>"


@pytest.fixture(scope="module")
def server():
    with Server(clock=Clock()) as made:
        yield made


@pytest.fixture
def client(server):
    return Client(server.url)


def changed(old: str, new: str) -> bytes:
    text = report(more=PERSON).decode()
    assert old in text
    return text.replace(old, new, 1).encode()


MALFORMED = {
    "nothing": b"",
    "no XML": b"The bicycle stands in the rain.",
    "cut off": report()[:-5],
    "bytes that are no text": report(more=PERSON).replace(b"cyclist", b"\xff\xfe"),
    "a document type": b"<!DOCTYPE report>" + report(),
    "entities": b'<!DOCTYPE report [<!ENTITY rain "rain">]>' + report("&amp;"),
    "a document type in UTF-16": ("<!DOCTYPE report>" + report().decode()).encode("utf-16"),
}

INVALID = {
    "siblings swapped": changed(PERSON, "").replace(b"<reporter>", PERSON.encode() + b"<reporter>"),
    "an unknown value": changed(values("incidentType")[0], "Rain"),
    "no summary": b"<report>" + report().partition(b"</incidentSummary>")[2],
    "an unknown element": changed("<additionalInfo>", "<weather/><additionalInfo>"),
    "another root": details(1, "a" * 32),
    "a time to come": report(at="2031-05-01T12:00:01Z"),
    "a time without a zone": report(at="2031-05-01T11:00:00"),
    "no mail address": changed("<email>trust@bicycles.example</email>", ""),
    "two reported users": report(more=PERSON * 2),
    "a name that is too long": report(more=PERSON.replace("cyclist", "c" * 257)),
    "a blank reason for haste": changed(
        "<incidentDateTime>",
        "<escalateToHighPriority> </escalateToHighPriority><incidentDateTime>",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_cannot_be_read_is_malformed(client, name):
    answer = client.submit(MALFORMED[name])
    assert (answer.status, answer.code) == (200, 4110)
    assert client.fileinfo(MALFORMED[name]).code == 4110


@pytest.mark.parametrize("name", INVALID)
def test_what_breaks_the_schema_or_a_rule_is_invalid(client, name):
    answer = client.submit(INVALID[name])
    assert (answer.status, answer.code) == (200, 4100)
    assert answer.text("reportId") is None


def test_nothing_that_was_refused_is_kept():
    with Server(clock=Clock()) as server:
        client = Client(server.url)
        for xml in (*MALFORMED.values(), *INVALID.values()):
            client.submit(xml)
        assert server.reports == [] and len(server.requests) == len(MALFORMED) + len(INVALID)


def test_the_very_second_and_other_zones_are_taken(client):
    assert client.submit(report(at="2031-05-01T12:00:00Z")).code == 0
    assert client.submit(report(at="2031-05-01T13:59:59.5+02:00")).code == 0
    assert client.submit(report(at="2031-05-01T13:00:00+00:00")).code == 4100


def test_the_longest_texts_are_taken(client):
    """Of the schema's texts some have no limit at all."""
    assert client.submit(report(more=PERSON.replace("cyclist", "ü" * 256))).code == 0
    assert client.submit(report("Rain. " * 100_000)).code == 0


def test_other_encodings_are_taken(client):
    xml = '<?xml version="1.0" encoding="UTF-16"?>' + report("Räder 🚲").decode()
    assert client.submit(xml.encode("utf-16")).code == 0


def test_a_schema_that_a_document_names_is_not_asked_for(client, server):
    """Neither does it make the document invalid."""
    named = f'<report xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:noNamespaceSchemaLocation="{server.url}/elsewhere">'
    assert client.submit(report().replace(b"<report>", named.encode())).code == 0
    assert not [request for request in server.requests if "elsewhere" in request.path]


def test_xml_must_be_sent_as_xml(client):
    assert client.ask("POST", "/submit", report(), "application/json").code == 4000
    assert client.ask("POST", "/submit", report()).code == 4000
    assert client.ask("POST", "/submit", report(), "application/xml").code == 0


@pytest.mark.parametrize(("text", "code"), [("", 0), ("true", 0), ("false", 4100)])
def test_a_flag_is_empty_or_true(client, text, code):
    number = client.opened()
    file = client.upload(number).file
    flag = children("fileAnnotations")[0]
    marks = f"<fileAnnotations><{flag}>{text}</{flag}></fileAnnotations>"
    assert client.fileinfo(details(number, file, marks)).code == code


def test_details_are_checked_by_the_schema(client):
    number = client.opened()
    file = client.upload(number).file
    long = f"<originalFileName>{'b' * 2057}</originalFileName>"
    twice = "<fileName>b</fileName>" * 2
    for wrong in (twice, long, "<rain/>", SUPPLEMENTAL * 2):
        assert client.fileinfo(details(number, file, wrong)).code == 4100
    assert client.fileinfo(report()).code == 4100
    assert client.fileinfo(details(number, file, "<fileName>b</fileName>")).code == 0


@pytest.mark.parametrize(
    "more",
    [
        f"<industryClassification>{values('fileClassification')[0]}</industryClassification>",
        "<potentialMeme>true</potentialMeme>",
        "<fileAnnotations><potentialMeme/></fileAnnotations>",
    ],
)
def test_a_supplemental_file_that_is_classified_cannot_be_filed(client, server, more):
    """It is refused only at the end, and the report can still be cancelled."""
    number = client.opened()
    file = client.upload(number).file
    assert client.fileinfo(details(number, file, SUPPLEMENTAL + more)).code == 0
    answer = client.finish(number)
    assert (answer.code, answer.root) == (4100, "reportResponse")
    assert next(kept for kept in server.reports if kept.id == number).state is State.OPEN
    assert client.retract(number).code == 0


def test_other_supplemental_and_other_classified_files_can(client):
    number = client.opened()
    classified = (
        f"<industryClassification>{values('fileClassification')[0]}</industryClassification>"
    )
    for more in (SUPPLEMENTAL, classified):
        assert client.fileinfo(details(number, client.upload(number).file, more)).code == 0
    assert client.finish(number).code == 0

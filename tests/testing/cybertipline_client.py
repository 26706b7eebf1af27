"""A plain client of the test server, and the smallest documents that it takes. What the wire calls
things is read from the schema."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from functools import cache
from http.client import HTTPConnection
from urllib.parse import urlsplit

from lxml import etree
from urllib3.filepost import encode_multipart_formdata

from tutela.testing.cybertipline.server import PASSWORD, USER, published

XS = "{http://www.w3.org/2001/XMLSchema}"
NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
BIKE = b"The bicycle stands in the rain." * 100


class Clock:
    """Says what a test wants it to be."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Message
    body: bytes

    def text(self, tag: str) -> str | None:
        return etree.fromstring(self.body).findtext(tag)

    @property
    def root(self) -> str:
        return etree.fromstring(self.body).tag

    @property
    def code(self) -> int:
        return int(self.text("responseCode") or "-1")

    @property
    def report(self) -> int:
        return int(self.text("reportId") or "-1")

    @property
    def file(self) -> str:
        return self.text("fileId") or ""


class Client:
    """One connection for each request."""

    def __init__(self, url: str, user: str = USER, password: str = PASSWORD) -> None:
        self.base = urlsplit(url)
        self.basic = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def ask(
        self, method: str, path: str, body: bytes | Iterable[bytes] | None = None, kind: str = ""
    ) -> Answer:
        assert self.base.hostname is not None
        line = HTTPConnection(self.base.hostname, self.base.port, timeout=20)
        headers = {"Authorization": self.basic} | ({"Content-Type": kind} if kind else {})
        try:
            line.request(method, self.base.path + path, body, headers)
            with line.getresponse() as got:
                return Answer(got.status, got.headers, got.read())
        finally:
            line.close()

    def status(self) -> Answer:
        return self.ask("GET", "/status")

    def xsd(self) -> Answer:
        return self.ask("GET", "/xsd")

    def submit(self, xml: bytes) -> Answer:
        return self.ask("POST", "/submit", xml, "text/xml; charset=utf-8")

    def upload(self, number: int | str, data: bytes = BIKE, name: str = "bike.txt") -> Answer:
        fields = [("id", str(number)), ("file", (name, data, "application/octet-stream"))]
        return self.form("/upload", fields)

    def fileinfo(self, xml: bytes) -> Answer:
        return self.ask("POST", "/fileinfo", xml, "text/xml; charset=utf-8")

    def finish(self, number: int) -> Answer:
        return self.ask("POST", "/finish", b"id=%d" % number, "application/x-www-form-urlencoded")

    def retract(self, number: int) -> Answer:
        return self.ask("POST", "/retract", b"id=%d" % number, "application/x-www-form-urlencoded")

    def form(self, path: str, fields: list[tuple[str, object]]) -> Answer:
        body, kind = encode_multipart_formdata(fields)
        return self.ask("POST", path, body, kind)

    def opened(self, text: str = "It rains.") -> int:
        return self.submit(report(text)).report


@cache
def schema() -> bytes:
    return published()


def values(kind: str) -> list[str]:
    """What a simple type of the schema enumerates."""
    found = etree.fromstring(schema()).find(f"{XS}simpleType[@name='{kind}']")
    assert found is not None
    return [value.get("value", "") for value in found.iter(f"{XS}enumeration")]


def children(kind: str) -> list[str]:
    """Names of the elements of a complex type."""
    found = etree.fromstring(schema()).find(f"{XS}complexType[@name='{kind}']")
    assert found is not None
    return [element.get("name", "") for element in found.iter(f"{XS}element")]


def report(text: str = "It rains.", at: str = "2031-05-01T11:00:00Z", more: str = "") -> bytes:
    """The smallest report, and what else there is to say."""
    return (
        "<report><incidentSummary>"
        f"<incidentType>{values('incidentType')[0]}</incidentType>"
        f"<incidentDateTime>{at}</incidentDateTime></incidentSummary>"
        "<reporter><reportingPerson><email>trust@bicycles.example</email></reportingPerson>"
        f"</reporter>{more}<additionalInfo>{text}</additionalInfo></report>"
    ).encode()


def details(number: int, file_id: str, more: str = "") -> bytes:
    return (
        f"<fileDetails><reportId>{number}</reportId><fileId>{file_id}</fileId>{more}</fileDetails>"
    ).encode()

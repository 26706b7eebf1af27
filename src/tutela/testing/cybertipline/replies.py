"""What the server answers, and how replies are spoiled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus

from lxml import etree

from tutela.testing.cybertipline.codes import Code
from tutela.testing.cybertipline.reports import Report

UNKNOWN_CODE = 7777
RETRY_AFTER = 2
"""Seconds."""

ELSEWHERE = "https://elsewhere.example"
ENDLESS = 1024**3
"""Bytes after which even the endless reply ends."""

OTHER_MD5 = "0" * 32
FARTHER = 1000
"""How far the id of another report is from the right one."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply. `code` is what its XML says, if it says one; `done` whether all was done that was
    asked for; `more` what follows the body without end."""

    body: bytes = b""
    code: int | None = None
    status: int = HTTPStatus.OK
    headers: tuple[tuple[str, str], ...] = ()
    done: bool = False
    more: bool = False


def response(
    code: int, description: str, number: int | None = None, file_id: str = "", md5: str = ""
) -> Reply:
    """`reportResponse`: of all requests but a finish that was carried out."""
    root = etree.Element("reportResponse")
    etree.SubElement(root, "responseCode").text = str(code)
    etree.SubElement(root, "responseDescription").text = _lawful(description)
    for tag, text in (("reportId", number), ("fileId", file_id), ("hash", md5)):
        if text:
            etree.SubElement(root, tag).text = str(text)
    return Reply(_written(root), code, done=code == 0)


def done(report: Report) -> Reply:
    """`reportDoneResponse`: it has no description."""
    root = etree.Element("reportDoneResponse")
    etree.SubElement(root, "responseCode").text = str(int(Code.SUCCESS))
    etree.SubElement(root, "reportId").text = str(report.id)
    files = etree.SubElement(root, "files")
    for file in report.files:
        etree.SubElement(files, "fileId").text = file.id
    return Reply(_written(root), int(Code.SUCCESS), done=True)


def unauthorized() -> Reply:
    """Status 401 with no body at all."""
    return Reply(
        status=HTTPStatus.UNAUTHORIZED, headers=(("WWW-Authenticate", 'Basic realm="ispws"'),)
    )


def instead(name: str, path: str) -> Reply:
    """What a misbehaving server answers instead of doing what it was asked for."""
    after = (("Retry-After", str(RETRY_AFTER)),)
    return {
        "server-error": response(Code.SERVER_ERROR, Code.SERVER_ERROR.description),
        "unknown-code": response(UNKNOWN_CODE, "The bicycle stands in the rain"),
        "unavailable": Reply(status=HTTPStatus.SERVICE_UNAVAILABLE, headers=after),
        "too-many": Reply(status=HTTPStatus.TOO_MANY_REQUESTS, headers=after),
        "redirect": Reply(
            status=HTTPStatus.TEMPORARY_REDIRECT, headers=(("Location", ELSEWHERE + path),)
        ),
        "revoked": unauthorized(),
    }[name]


def spoiled(name: str, reply: Reply) -> Reply:
    """The reply of a server that misbehaves after it did what it was asked for."""
    body = reply.body
    match name:
        case "truncated":
            body = body[: len(body) * 2 // 3]
        case "empty":
            body = b""
        case "endless":
            body = b"<reportResponse><responseCode>0</responseCode><responseDescription>"
        case "doctype":
            body = _bomb(body)
        case "wrong-md5":
            body = _with(body, "hash", OTHER_MD5)
        case "wrong-report-id":
            number = etree.fromstring(body).findtext("reportId", "")
            body = _with(body, "reportId", str(int(number) + FARTHER))
    return replace(reply, body=body, more=name == "endless")


def endlessly() -> Iterator[bytes]:
    """What follows the head of an endless reply."""
    piece = b"rain and wind, " * 4096
    for _ in range(ENDLESS // len(piece)):
        yield piece


def _with(body: bytes, tag: str, text: str) -> bytes:
    root = etree.fromstring(body)
    for element in root.iter(tag):
        element.text = text
    return _written(root)


def _bomb(body: bytes) -> bytes:
    """The same reply, whose description would be 1.5 GB of rain if entities were expanded."""
    root = etree.fromstring(body)
    entities = '<!ENTITY a0 "rain and wind, ">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9)
    )
    inside = b"".join(etree.tostring(e) for e in root if e.tag != "responseDescription")
    rain = "<responseDescription>&a8;</responseDescription>"
    text = f"<!DOCTYPE {root.tag} [{entities}]><{root.tag}>{inside.decode()}{rain}</{root.tag}>"
    return b"<?xml version='1.0' encoding='UTF-8'?>\n" + text.encode()


def _written(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _lawful(text: str) -> str:
    """Without what XML forbids: a description may quote what was sent."""
    return "".join(c if c.isprintable() and not "\ud800" <= c <= "\udfff" else "?" for c in text)

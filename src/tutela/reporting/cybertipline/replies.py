"""What the authority answered: read with suspicion, kept without its text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lxml import etree

from tutela.reporting.cybertipline.errors import ReplyUnreadable, XmlRefused
from tutela.reporting.cybertipline.limits import INT, LONG
from tutela.reporting.cybertipline.parsing import parsed

LARGEST = 2**20
"""Bytes of an answer: those of the authority have some hundred."""

MOST_TOLD = 200
"""Characters of a description: it may echo what was reported (A.7)."""

NUMBER = re.compile("[+-]?[0-9]{1,19}")
"""Python's own numbers would also be `1_0` and the digits of other scripts."""

ROOTS = frozenset({"reportResponse", "reportDoneResponse"})


class Kind(StrEnum):
    """What an answer means for what comes next (A.2, A.3)."""

    OK = "ok"
    TEMPORARY = "temporary"
    CREDENTIALS = "credentials"
    DOCUMENT = "document"
    GONE = "gone"
    NO_FILE = "no-file"
    RETRACTED = "retracted"
    FINISHED = "finished"
    UNKNOWN = "unknown"


CODES: dict[int, Kind] = {
    0: Kind.OK,
    1000: Kind.TEMPORARY,
    1300: Kind.TEMPORARY,
    2000: Kind.CREDENTIALS,
    5001: Kind.GONE,
    5002: Kind.NO_FILE,
    5101: Kind.RETRACTED,
    5102: Kind.FINISHED,
}

RANGES: dict[range, Kind] = {
    range(1100, 1200): Kind.TEMPORARY,
    range(3000, 4000): Kind.CREDENTIALS,
    range(4000, 5000): Kind.DOCUMENT,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `code` is None where the status says it all: 401 comes with an empty body.

    `description`: its first 200 characters. `file_id` is text, `report_id` an integer of 64 bits.
    `hash`: the MD5 of what arrived, as it was written. `files`: those that a finished report has.
    `request_id`: what the authority's support asks for.
    """

    status: int
    code: int | None = None
    description: str = field(default="", repr=False)
    report_id: int | None = None
    file_id: str | None = None
    hash: str | None = None
    files: tuple[str, ...] = ()
    request_id: str | None = None

    @property
    def kind(self) -> Kind:
        """A code that is not 0 is a failure, whatever the status; 0 is a success only with 2xx."""
        if self.code is not None and (self.code != 0 or 200 <= self.status < 300):
            return of_code(self.code)
        if self.status == 401:
            return Kind.CREDENTIALS
        if self.status == 429 or self.status >= 500:
            return Kind.TEMPORARY
        return Kind.UNKNOWN


def of_code(code: int) -> Kind:
    if code in CODES:
        return CODES[code]
    return next((kind for codes, kind in RANGES.items() if code in codes), Kind.UNKNOWN)


def reply(status: int, headers: Mapping[str, str], body: bytes) -> Reply:
    """An answer read. A 401, 429 or 5xx needs no body that can be read: its status says enough.

    Raises `ReplyUnreadable`.
    """
    request = _header(headers, "request-id")
    plain = Reply(status, request_id=request)
    if status == 401 and not body.strip():
        return plain
    try:
        return _read(plain, body)
    except ReplyUnreadable:
        if plain.kind is Kind.UNKNOWN:
            raise
        return plain


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return next((value for key, value in headers.items() if key.lower() == name), None)


def _read(plain: Reply, body: bytes) -> Reply:
    try:
        root = parsed(body, LARGEST)
    except XmlRefused as refused:
        raise _unreadable(plain, refused.what) from None
    if root.tag not in ROOTS:
        raise _unreadable(plain, "Its root is neither of the two that the authority answers with.")
    code = _integer(plain, root, "responseCode", INT)
    if code is None:
        raise _unreadable(plain, "It has no code.")
    return Reply(
        status=plain.status,
        code=code,
        description=(_text(root, "responseDescription") or "")[:MOST_TOLD],
        report_id=_integer(plain, root, "reportId", LONG),
        file_id=_text(root, "fileId"),
        hash=_text(root, "hash"),
        files=tuple(
            text for node in root.iterfind("files/fileId") if (text := (node.text or "").strip())
        ),
        request_id=plain.request_id,
    )


def _text(root: etree._Element, name: str) -> str | None:
    return (root.findtext(name) or "").strip() or None


def _integer(plain: Reply, root: etree._Element, name: str, bounds: tuple[int, int]) -> int | None:
    """A number as xs:int and xs:long write it."""
    text = _text(root, name)
    if text is None:
        return None
    if not NUMBER.fullmatch(text):
        raise _unreadable(plain, f"Its {name} is no number.")
    if not bounds[0] <= int(text) <= bounds[1]:
        raise _unreadable(plain, f"Its {name} is no number of the size that it can have.")
    return int(text)


def _unreadable(plain: Reply, why: str) -> ReplyUnreadable:
    request = f" (Request-ID {plain.request_id[:100]})" if plain.request_id else ""
    return ReplyUnreadable(
        f"The answer of the authority cannot be read, HTTP {plain.status}{request}. {why}",
        "The call may have been acted on all the same: try to retract before trying again.",
    )

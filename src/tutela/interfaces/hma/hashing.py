"""From a file, sent or named by its URL, to its hashes; nothing of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from tutela.decoding import Cause, Fingerprint
from tutela.interfaces.api import bodies
from tutela.interfaces.api.multipart import Form
from tutela.interfaces.api.problems import Problem
from tutela.interfaces.api.screening import Doors, Holding
from tutela.interfaces.hma.answers import Refused
from tutela.interfaces.hma.matching import CONTENTS, TYPES
from tutela.outbound import OutboundError
from tutela.screening.received import Received

LEAST_QUALITY = 50
"""Of PDQ: HMA gives no hash of a picture with less detail."""

LONGEST_FIELD = 65_536
"""Bytes of all fields of a form that are no file: HMA's clients send ids and notes beside it."""

NO_HASH = frozenset({Cause.NO_SIGNAL, Cause.TOO_SMALL})
"""Pictures that were read and have too little in them."""

NO_FILE = "Missing multipart/form-data file upload"


class OneFile(Form):
    """A form with one file; the name of its field is its content type. Others are passed over."""

    content = ""

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._part = ""
        if b"filename" in options:
            if self.files:
                raise Refused("Only one file allowed per request")
            self.files, self._part = 1, "file"
            self.content = options.get(b"name", b"").decode("utf-8", "replace")
            known_content(self.content)


async def of_upload(doors: Doors, request: Request) -> dict[str, str]:
    """The hashes of the one file of a form. Raises `Refused` or `Problem`."""
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "multipart/form-data":
        raise Refused(NO_FILE)
    with _holding(doors) as holding:
        try:
            form = OneFile(kind, LONGEST_FIELD)
            await form.read(bodies.chunks(request, doors.limits), holding.feeder)
        except Problem as problem:
            if problem.kind == "form-refused":
                raise Refused(NO_FILE) from None
            raise
        types = chosen_types(request.query_params, form.content, doors)
        return await _hashed(holding, form.content, types)


async def of_url(doors: Doors, query: Mapping[str, str]) -> dict[str, str]:
    """The hashes of what a URL leads to, if its host is one that may be asked. Raises `Refused`."""
    url, content = query["url"], query.get("content_type", "")
    if content:
        known_content(content)
    if doors.outbound is None or not url.isprintable():
        raise Refused("Invalid or unsafe URL provided")
    with _holding(doors) as holding:

        def sink(chunk: bytes) -> None:
            holding.flow(len(chunk))
            holding.received.feed(chunk)

        fetch = partial(doors.outbound.stream, url, sink, largest=doors.limits.max_body)
        try:
            reply = await run_in_threadpool(fetch)
        except OutboundError:
            raise Refused("Invalid or unsafe URL provided") from None
        content = content or _content_of(reply.headers.get("content-type", ""))
        return await _hashed(holding, content, chosen_types(query, content, doors))


def known_content(name: str) -> None:
    """Raises `Refused` for a content type that is none."""
    if name not in CONTENTS:
        raise Refused(f"no such content_type: '{name[:64]}'")


def chosen_types(query: Mapping[str, str], content: str, doors: Doors) -> list[str]:
    """HMA's signal types that are asked for. Raises `Refused`."""
    there = [one for one in CONTENTS[content] if TYPES[one] in doors.running.index.types]
    if "types" not in query:
        return there
    names = [name.strip() for name in query["types"].split(",") if name.strip()]
    if not names:
        raise Refused("empty signal type selection")
    for name in names:
        if name not in there:
            raise Refused(f"signal type '{name[:64]}' doesn't exist or is disabled")
    return names


def _content_of(kind: str) -> str:
    for content, begins in (("photo", "image"), ("video", "video")):
        if kind.lower().startswith(begins):
            return content
    raise Refused(
        f"unsupported url ContentType: '{kind[:64]}', if you know the expected type, provide it"
        " with the content_type query param"
    )


def _holding(doors: Doors) -> Holding:
    running = doors.running
    received = Received(running.pool, running.sealer, running.desk.options.spool_over)
    return Holding(received, doors.memory)


async def _hashed(holding: Holding, content: str, types: list[str]) -> dict[str, str]:
    found: Fingerprint = await run_in_threadpool(holding.received.finish)
    cause = found.undecodable
    if content == "photo" and cause is not None and cause not in NO_HASH:
        raise Refused(cause.meaning)
    return {name: _value(found, TYPES[name]) for name in types}


def _value(found: Fingerprint, name: str) -> str:
    """The plain value of a type, of the first frame; empty if there is none worth comparing."""
    for one in found.signals:
        if one.type == name and one.variant == "plain":
            good = one.quality is None or one.quality >= LEAST_QUALITY
            return one.value if good else ""
    return ""

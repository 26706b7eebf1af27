"""From a file, sent or named by its URL, to its hashes; nothing of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
from tutela.interfaces.hma.types import CONTENTS, TYPES, Types
from tutela.outbound import OutboundError
from tutela.outbound.errors import REFUSED, Reason
from tutela.screening.received import Received

LEAST_QUALITY = 50
"""Of PDQ: HMA gives no hash of a picture with less detail."""

LONGEST_FIELD = 65_536
"""Bytes of all fields of a form that are no file: HMA's clients send ids and notes beside it."""

NO_HASH = frozenset({Cause.NO_SIGNAL, Cause.TOO_SMALL})
"""Pictures that were read and have too little in them."""

NO_FILE = "Missing multipart/form-data file upload"


@dataclass(frozen=True, slots=True)
class Hashed:
    """The hashes of one file, by HMA's names of their types; and what else stood in its form."""

    values: dict[str, str]
    """Empty ones are none worth comparing."""
    qualities: dict[str, int | None]
    fields: Mapping[str, str] = field(default_factory=dict)


class OneFile(Form):
    """A form with one file; the name of its field is its content type. Of the others, the texts in
    `wanted` are kept."""

    content = ""

    def __init__(self, content_type: str, most_facts: int, wanted: frozenset[str]) -> None:
        super().__init__(content_type, most_facts)
        self._wanted = wanted
        self._texts: dict[str, bytearray] = {}

    @property
    def fields(self) -> dict[str, str]:
        """Raises `Refused` for a text that is none."""
        try:
            return {name: text.decode() for name, text in self._texts.items()}
        except UnicodeDecodeError:
            raise Refused("form fields must be UTF-8") from None

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._part in self._texts:
            self._texts[self._part] += data[start:end]
        super()._on_data(data, start, end)

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        self._part = name if name in self._wanted else ""
        if self._part:
            self._texts[name] = bytearray()
        if b"filename" in options:
            if self.files:
                raise Refused("Only one file allowed per request")
            self.files, self._part = 1, "file"
            self.content = name
            known_content(name)


async def of_upload(
    doors: Doors, types: Types, request: Request, wanted: frozenset[str] = frozenset()
) -> Hashed:
    """The hashes of the one file of a form, and those of its texts that are wanted. Raises
    `Refused` or `Problem`."""
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "multipart/form-data":
        raise Refused(NO_FILE)
    with _holding(doors) as holding:
        try:
            form = OneFile(kind, LONGEST_FIELD, wanted)
            await form.read(bodies.chunks(request, doors.limits), holding.feeder)
        except Problem as problem:
            if problem.kind == "form-refused":
                raise Refused(NO_FILE) from None
            raise
        chosen = chosen_types(request.query_params, form.content, types)
        return await _hashed(holding, form.content, chosen, form.fields)


async def of_url(doors: Doors, types: Types, query: Mapping[str, str]) -> Hashed:
    """The hashes of what a URL leads to, if its host is one that may be asked. Raises `Refused`."""
    url, content = query["url"], query.get("content_type", "")
    if content:
        known_content(content)
    if doors.outbound is None or not url.isprintable():
        raise not_fetched(Reason.URL)
    with _holding(doors) as holding:

        def sink(chunk: bytes) -> None:
            holding.flow(len(chunk))
            holding.received.feed(chunk)

        fetch = partial(doors.outbound.stream, url, sink, largest=doors.limits.max_body)
        try:
            reply = await run_in_threadpool(fetch)
        except OutboundError as error:
            raise not_fetched(error.reason) from None
        if reply.status >= 400:
            raise not_fetched(Reason.STATUS)
        content = content or _content_of(reply.headers.get("content-type", ""))
        return await _hashed(holding, content, chosen_types(query, content, types), {})


def not_fetched(reason: Reason) -> Refused:
    """Why nothing came from a URL, in words that say nothing of where it leads."""
    if reason in REFUSED:
        return Refused("Invalid or unsafe URL provided")
    if reason is Reason.TOO_LARGE:
        return Refused("Content too large", 413)
    return Refused(f"Failed to fetch URL: {reason}")


def known_content(name: str) -> None:
    """Raises `Refused` for a content type that is none."""
    if name not in CONTENTS:
        raise Refused(f"no such content_type: '{name[:64]}'")


def chosen_types(query: Mapping[str, str], content: str, types: Types) -> list[str]:
    """HMA's signal types that are asked for. Raises `Refused`."""
    there = types.of_content(content)
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


async def _hashed(
    holding: Holding, content: str, types: list[str], fields: Mapping[str, str]
) -> Hashed:
    found: Fingerprint = await run_in_threadpool(holding.received.finish)
    cause = found.undecodable
    if content == "photo" and cause is not None and cause not in NO_HASH:
        raise Refused(cause.meaning)
    both = {name: _value(found, TYPES[name]) for name in types}
    return Hashed(
        {name: text for name, (text, _) in both.items()},
        {name: quality for name, (_, quality) in both.items()},
        fields,
    )


def _value(found: Fingerprint, name: str) -> tuple[str, int | None]:
    """The plain value of a type, of the first frame, and its quality; empty if there is none worth
    comparing."""
    for one in found.signals:
        if one.type == name and one.variant == "plain":
            good = one.quality is None or one.quality >= LEAST_QUALITY
            return one.value if good else "", one.quality
    return "", None

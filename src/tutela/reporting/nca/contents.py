"""The form's second section: what was found, each file by itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tutela.reporting.facts import File, Report
from tutela.reporting.nca.answers import Answer, State, utc
from tutela.reporting.nca.fields import NONE, Field, held, joined, yes

NOT_APPLICABLE = Answer(State.NOT_APPLICABLE)


def contents(report: Report) -> Iterator[tuple[str, Iterable[Field]]]:
    """Each content with its title. Without a file there is one: what was written, or where."""
    files = [one for one in report.files if not one.supplemental]
    for number, file in enumerate(files, 1):
        yield f"Content {number}", _of_file(report, file)
    if not files:
        yield "Content 1", _without_file(report)


def _of_file(report: Report, file: File) -> Iterable[Field]:
    up = file.capture
    yield Field("type", "Type of content", NONE)
    yield Field("uploaded_at", "Uploaded (UTC)", held(utc(file.uploaded_at)))
    yield Field("upload_ip", "IP address of the upload", held(up.address if up else ""))
    port = str(up.port) if up and up.port is not None else ""
    yield Field("upload_port", "Port of the upload", held(port))
    yield Field("upload_ip_at", "Date and time of that address", held(utc(up.at if up else None)))
    hashes = joined(f"{kind}: {value}" for kind, value in file.hashes)
    yield Field("hash", "Hash of the original", held(hashes), own=bool(hashes))
    yield Field("url", "URL at the time of the upload", held(file.url))
    exif = [one for one in file.details if one.kind == "exif"]
    yield Field("exif", "EXIF data held?", yes(True if exif else None))
    yield from _around(report)
    yield Field("chat", "Full copy of the chat", NOT_APPLICABLE)
    told = [file.found_by, file.more, *(f"{one.name}: {one.value}" for one in exif)]
    told += _besides(report)
    yield Field("more", "More information", held(joined(told)))
    enclosed = (file.original_name or file.name or file.evidence) if file.evidence else ""
    yield Field("file", "File upload", held(enclosed), own=bool(enclosed))


def _without_file(report: Report) -> Iterable[Field]:
    yield Field("type", "Type of content", NONE)
    yield Field("uploaded_at", "Uploaded (UTC)", NONE)
    seen = [one for where in report.where for one in where.captures]
    up = seen[0] if seen else None
    yield Field("upload_ip", "IP address of the upload", held(up.address if up else ""))
    port = str(up.port) if up and up.port is not None else ""
    yield Field("upload_port", "Port of the upload", held(port))
    yield Field("upload_ip_at", "Date and time of that address", held(utc(up.at if up else None)))
    yield Field("hash", "Hash of the original", NOT_APPLICABLE)
    urls = joined(url for where in report.where for url in where.urls)
    yield Field("url", "URL at the time of the upload", held(urls))
    yield Field("exif", "EXIF data held?", NOT_APPLICABLE)
    yield from _around(report)
    yield Field("chat", "Full copy of the chat", held(joined(one.content for one in report.where)))
    told = [report.found_by, *(one.more for one in report.where), *_besides(report)]
    yield Field("more", "More information", held(joined(told)))
    yield Field("file", "File upload", NOT_APPLICABLE)


def _around(report: Report) -> Iterable[Field]:
    rooms = joined(one.room or one.name for one in report.where)
    yield Field("room", "Name of the group or chat room", held(rooms))


def _besides(report: Report) -> Iterator[str]:
    """What the form has no field for."""
    yield report.text
    yield report.danger
    if report.subject is not None:
        for one in report.victims:
            names = (one.first_name, one.last_name, one.account.screen_name, one.account.id)
            age = "" if one.age is None else f"aged {one.age}"
            yield "A child concerned: " + joined((*names, age, one.more), " ")

"""VICS, the data model of Project VIC: cases and hash sets as JSON. Pure, but for the file given.

Versions 1.1 to 2.0 are read and 2.0 is written, record by record, so that a set of gigabytes takes
the memory of one record. A file is a run of events: what is read can be written again with all it
holds, in its order. Numbers of a category mean what the model's country says, so they are carried
along untranslated, and never from one country to another.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from tutela.bundles.errors import VicsError
from tutela.bundles.json_text import Text

HEADERS = ("odata.metadata", "@odata.context")
MODEL = re.compile(
    r"(?:projectvic|vicsdatamodel).*/DataModels/(\d+\.\d+)\.xml"
    r"(?:/([A-Za-z]{2,16})/\$metadata)?#(Cases|Media)",
    re.IGNORECASE,
)
NESTED = re.compile(r'"Media"\s*:')
"""By which a file of cases is told that does not say so before its records."""

CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{}/$metadata#{}"
CASES, MEDIA = "Cases", "Media"
DEFAULT = "Default"
"""In place of a country: the numbers of categories mean nothing, and none is written."""

FLAGS = (
    "VictimIdentified", "OffenderIdentified", "IsDistributed", "IsPrecategorized", "IsSuspected",
    "SelfGenerated",
)  # fmt: skip
EDITABLE = frozenset({"Category", "Comments", "Tags", "Series", *FLAGS})
HEX = {"MD5": 32, "SHA1": 40, "SHA256": 64}


@dataclass(frozen=True, slots=True)
class Field:
    """A member of the file or, inside a case, of the case."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Begin:
    """`value`, the list of the file; `case`, one of its cases; `Media`, the list of a case."""

    what: str


@dataclass(frozen=True, slots=True)
class End:
    what: str


@dataclass(frozen=True, slots=True)
class Media:
    """A record of one file."""

    record: dict[str, Any]


Event = Field | Begin | End | Media


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself. `country`: whose numbers its categories are; empty: unknown."""

    version: str
    country: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is known of a file, whichever model it is written in. `category` is untranslated."""

    number: int | str
    md5: str
    sha1: str = ""
    sha256: str = ""
    photodna: str = ""
    others: tuple[tuple[str, str], ...] = ()
    """Further hashes, each with its name."""
    size: int | None = None
    mime: str = ""
    path: str = ""
    comments: str = ""
    tags: str = ""
    series: str = ""
    category: int | None = None
    flags: Mapping[str, bool] = field(default_factory=dict)
    """Only what was said: absent is not false."""


def header(found: Field) -> Header | None:
    """What a member of the file says of the model; None if it says nothing of it."""
    if found.name not in HEADERS or not isinstance(found.value, str):
        return None
    said = MODEL.search(found.value)
    if said is None:
        return None
    kind = CASES if said[3].lower() == CASES.lower() else MEDIA
    return Header(said[1], said[2] or "", kind)


def read(file: BinaryIO) -> Iterator[Event]:
    """The events of a file. Raises `VicsError`, after some of them perhaps."""
    text = Text(file)
    kind = ""
    for name in text.members():
        if name == "value":
            yield Begin("value")
            yield from _values(text, kind or (CASES if NESTED.search(text.begins) else MEDIA))
            yield End("value")
        else:
            found = Field(name, text.value())
            if said := header(found):
                kind = said.kind
            yield found
    if text.peek():
        raise VicsError("Something follows the end of the JSON.")


def _values(text: Text, kind: str) -> Iterator[Event]:
    for _ in text.elements():
        if kind == MEDIA:
            yield Media(text.record())
            continue
        yield Begin("case")
        for name in text.members():
            if name == "Media" and text.peek() == "[":
                yield Begin("Media")
                for _ in text.elements():
                    yield Media(text.record())
                yield End("Media")
            else:
                yield Field(name, text.value())
        yield End("case")


def written(events: Iterable[Event]) -> Iterator[bytes]:
    """The file of these events, in UTF-8 without a mark at its beginning, a record a line."""
    yield b"{"
    first = True
    for event in events:
        comma = b"" if first else b","
        first = isinstance(event, Begin)
        if isinstance(event, Field):
            yield comma + _json(event.name) + b":" + _json(event.value)
        elif isinstance(event, Media):
            yield comma + b"\n" + _json(event.record)
        elif isinstance(event, Begin):
            opened = {"value": b'"value":[', "case": b"\n{", "Media": b'"Media":['}[event.what]
            yield comma + opened
        else:
            yield b"}" if event.what == "case" else b"]"
    yield b"}\n"


def edited(
    events: Iterable[Event], change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> Iterator[Event]:
    """The same file with other verdicts: `change` is given a record and says what of `EDITABLE` is
    other in it. A flag stays text where it was text; None takes away what was said. Raises
    `VicsError` for a change of anything else."""
    for event in events:
        if isinstance(event, Media):
            yield Media(_changed(event.record, change(event.record)))
        else:
            yield event


def _changed(record: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(record)
    for name, value in changes.items():
        if name not in EDITABLE:
            raise VicsError(f"{name[:40]!r} of a record is never changed.")
        if value is None:
            if name in made:
                made[name] = None
        elif isinstance(value, bool) and isinstance(made.get(name), str):
            made[name] = "true" if value else "false"
        else:
            made[name] = value
    return made


def made(
    case: Mapping[str, str], metadata: Mapping[str, str], pictures: Iterable[Picture], total: int,
    country: str = DEFAULT,
) -> Iterator[Event]:  # fmt: skip
    """A file of one case. `case`: its fields, as the model calls them; `metadata`: further ones."""
    yield Field("@odata.context", CONTEXT.format(country, CASES))
    yield Begin("value")
    yield Begin("case")
    for name, value in case.items():
        if value:
            yield Field(name, value)
    yield Field("TotalMediaFiles", total)
    if metadata:
        yield Field("CaseMetadata", [
            {"CaseID": case.get("CaseID", ""), "PropertyName": name, "PropertyValue": value}
            for name, value in metadata.items()
        ])  # fmt: skip
    yield Begin("Media")
    for one in pictures:
        yield Media(record(one))
    yield End("Media")
    yield End("case")
    yield End("value")


def record(one: Picture) -> dict[str, Any]:
    """The record of a picture in version 2.0, without what is not known."""
    md5 = one.md5.upper()
    values: dict[str, Any] = {
        "MediaID": one.number, "Category": one.category, "MD5": md5, "SHA1": one.sha1.upper(),
        "SHA256": one.sha256.upper(), "PhotoDNA": one.photodna, "MediaSize": one.size,
        "MimeType": one.mime, "RelativeFilePath": one.path.replace("/", "\\"),
        "Comments": one.comments, "Tags": one.tags, "Series": one.series, **one.flags,
        "AlternativeHashes": [
            {"MD5": md5, "HashName": name, "HashValue": value} for name, value in one.others
        ],
    }  # fmt: skip
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def picture(found: Mapping[str, Any]) -> tuple[Picture, list[str]]:
    """What a record of any version says, and the names of what is lost: what it has no place for
    here, or is not what it should be. Raises `VicsError` for one without an MD5."""
    hashes = {name: _hex(found.get(name), length) for name, length in HEX.items()}
    if not hashes["MD5"]:
        raise VicsError("A record has no MD5, which each must have.")
    photodna, others = _alternative(found.get("AlternativeHashes"), hashes)
    number = found.get("MediaID")
    known: dict[str, Any] = {
        "MediaID": number if isinstance(number, int | str) else None,
        "Category": whole(found.get("Category")), "MediaSize": whole(found.get("MediaSize")),
        **{name: _string(found.get(name)) or None for name in (
            "PhotoDNA", "MimeType", "RelativeFilePath", "Comments", "Tags", "Series"
        )},
        **{name: flag(found.get(name)) for name in FLAGS},
        **{name: value or None for name, value in hashes.items()},
        "AlternativeHashes": others,
    }  # fmt: skip
    empty: tuple[Any, ...] = (None, "", [])
    lost = [name for name, value in found.items() if value not in empty and known.get(name) is None]
    made_of = Picture(
        number=known["MediaID"] if known["MediaID"] is not None else 0, md5=hashes["MD5"],
        sha1=hashes["SHA1"], sha256=hashes["SHA256"],
        photodna=known["PhotoDNA"] or photodna, others=others, size=known["MediaSize"],
        mime=known["MimeType"] or "", path=(known["RelativeFilePath"] or "").replace("\\", "/"),
        comments=known["Comments"] or "", tags=known["Tags"] or "", series=known["Series"] or "",
        category=known["Category"],
        flags={name: known[name] for name in FLAGS if known[name] is not None},
    )  # fmt: skip
    return made_of, lost


def converted(
    events: Iterable[Event], losses: Counter[str], country: str = DEFAULT
) -> Iterator[Event]:
    """The file in version 2.0 of a country's model. `losses`: how often something of a name was
    left behind, complete when the last event was taken. A category goes along only within one
    country."""
    said = Header("", "", "")
    depth = 0
    for event in events:
        if isinstance(event, Media):
            one, lost = picture(event.record)
            made_of = record(one)
            if one.category is not None and said.country != country:
                lost.append("Category")
                made_of.pop("Category", None)
            losses.update(lost)
            yield Media(made_of)
        elif isinstance(event, Field) and not depth and event.name in HEADERS:
            said = header(event) or said
            yield Field("@odata.context", CONTEXT.format(country, said.kind or CASES))
        elif isinstance(event, Field) and "odata." in event.name:
            losses[event.name] += 1
        else:
            depth += isinstance(event, Begin) - isinstance(event, End)
            yield event


def flag(value: Any) -> bool | None:
    """What a flag says, be it a value or a text; None if nothing is said."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def whole(value: Any) -> int | None:
    """A whole number from 0, be it a number or a text of one; None if it is none."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _alternative(found: Any, hashes: dict[str, str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """PhotoDNA and others; of those that have a place of their own, what that lacks is filled."""
    photodna, others = "", []
    for one in found if isinstance(found, list) else ():
        if not isinstance(one, dict):
            continue
        name, value = _string(one.get("HashName")), _string(one.get("HashValue"))
        if name.lower() == "photodna":
            photodna = photodna or value
        elif name.upper() in HEX:
            hashes[name.upper()] = hashes[name.upper()] or _hex(value, HEX[name.upper()])
        elif name and value:
            others.append((name, value))
    return photodna, tuple(others)


def _hex(value: Any, length: int) -> str:
    text = _string(value).lower()
    return text if re.fullmatch(rf"[0-9a-f]{{{length}}}", text) else ""


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a letter of UTF-16, which only an escape can say
        return json.dumps(value, separators=(",", ":")).encode()

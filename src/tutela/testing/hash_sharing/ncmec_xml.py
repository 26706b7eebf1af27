"""How the stand-in for NCMEC's hash sharing writes, and reads, XML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"
LISTS = {"images": ("image", "deletedImage"), "videos": ("video", "deletedVideo")}
DOCTYPE = (
    '<!DOCTYPE queryResult [<!ENTITY a "rain"><!ENTITY b "'
    + "&a;" * 50
    + '"><!ENTITY c "'
    + "&b;" * 50
    + '"><!ENTITY d "'
    + "&c;" * 50
    + '">]>'
)


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry. `prints` None: deleted. `at`: as it is stamped."""

    member: str
    id: str
    at: datetime
    media: str = "image"
    prints: Mapping[str, str] | None = None
    classification: str = ""
    wrong: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Types that other members, by id, hold to be wrong."""

    @property
    def key(self) -> str:
        return f"{self.member}/{self.id}"


def stamped(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def page(entries: Sequence[Kept], link: str, names: Mapping[str, str]) -> bytes:
    """A page of entries."""
    parts = [_head("queryResult")]
    for listed, (present, deleted) in LISTS.items():
        some = [one for one in entries if one.media == present]
        newest = max((one.at for one in some), default=None)
        stamp = f' maxTimestamp="{stamped(newest)}"' if newest else ""
        parts.append(f'<{listed} count="{len(some)}"{stamp}>')
        for one in some:
            parts += _entry(one, present if one.prints is not None else deleted, names)
        parts.append(f"</{listed}>")
    if link:
        parts.append(f"<paging><next>{escape(link)}</next></paging>")
    parts.append("</queryResult>")
    return "".join(parts).encode()


def members(names: Mapping[str, str]) -> bytes:
    inner = "".join(_member(number, name) for number, name in sorted(names.items()))
    return f"{_head('members')}{inner}</members>".encode()


def status(user: str, names: Mapping[str, str]) -> bytes:
    member = "".join(_member(*one) for one in sorted(names.items())[:1])
    return (
        f"{_head('status')}<ipAddress>127.0.0.1</ipAddress><username>{escape(user)}</username>"
        f"{member}</status>"
    ).encode()


def reasons(kind: str, known: Mapping[str, str], *, wrapped: bool) -> bytes:
    """The reasons of a type, in an element of the root or in the root itself."""
    inner = "".join(
        f"<reason guid={quoteattr(guid)} name={quoteattr(name)} type={quoteattr(kind)}/>"
        for guid, name in known.items()
    )
    if not wrapped:
        return f"{_head('availableFeedbackReasons')}{inner}</availableFeedbackReasons>".encode()
    return (
        f"{_head('feedbackReasons')}<availableFeedbackReasons>{inner}</availableFeedbackReasons>"
        "</feedbackReasons>"
    ).encode()


def _head(root: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} xmlns="{NAMESPACE}">'


def _member(number: str, name: str) -> str:
    return f"<member id={quoteattr(number)}>{escape(name)}</member>"


def _entry(one: Kept, tag: str, names: Mapping[str, str]) -> Iterable[str]:
    yield f"<{tag}>{_member(one.member, names.get(one.member, 'Member'))}"
    if one.prints is None:
        yield f"<id>{escape(one.id)}</id><timestamp>{stamped(one.at)}</timestamp></{tag}>"
        return
    yield f"<timestamp>{stamped(one.at)}</timestamp><id>{escape(one.id)}</id>"
    if one.classification:
        yield f"<classification>{escape(one.classification)}</classification>"
    yield "<fingerprints>"
    for name, value in one.prints.items():
        yield f"<{name}>{escape(value)}</{name}>"
    if one.media == "video":
        yield f'<tmk-pdqf rel="self" href="/v2/entries/{escape(one.id)}/fingerprints/TMK_PDQF"/>'
    yield "</fingerprints>"
    if one.wrong:
        at = stamped(one.at)
        yield f'<feedback lastUpdateTimestamp="{at}">'
        for kind, others in one.wrong.items():
            yield f'<negativeFeedback type={quoteattr(kind)} lastUpdateTimestamp="{at}"><reasons>'
            yield f'<members timestamp="{at}">'
            yield "".join(_member(number, names.get(number, "Member")) for number in others)
            yield "</members></reasons></negativeFeedback>"
        yield "</feedback>"
    yield f"</{tag}>"

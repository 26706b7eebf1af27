"""A page of entries of the hash sharing, read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from tutela.exchanges.errors import Unreadable
from tutela.exchanges.ncmec.parsing import HINT, PREFIX, children, name_of, named, parsed, text
from tutela.exchanges.partners import Entry, Listed, Opinion

TYPES = {"md5": "md5", "sha1": "sha1", "pdq": "pdq", "pdna": "photodna"}
"""Elements of `fingerprints`, and what they are here. Digests of a video are of its file, as those
of an image are. What else comes keeps its name, and is counted as what banks do not take."""

LINKS = frozenset({"tmk-pdqf", "videntifier"})
"""Fingerprints that are too large to be in a page: their addresses are kept."""

DISPUTED = "negative-feedback"
"""The label of an entry that another member holds to be wrong."""

FOR_REVIEW = "exploitative"
"""Ends the label of lists of what need not be against the law: a match is for a person to see."""

LISTS = {"images": ("image", "deletedImage"), "videos": ("video", "deletedVideo")}
MEMBER = re.compile(r"[A-Za-z0-9_.-]{1,64}")
LONGEST_ID = 200
MOST_NOTES = 20
"""Fingerprints of one entry that are kept as addresses."""


@dataclass(frozen=True, slots=True)
class Read:
    """What stood in a page. `next`: the path of the one after it, empty if there is none."""

    entries: tuple[Entry, ...]
    rejected: tuple[str, ...]
    next: str


class _Rejected(Exception):
    """An entry that cannot be read: why, in words that echo nothing of it."""


def read(document: bytes, survivors: frozenset[str], label: str = "") -> Read:
    """Entries of a page. Those of the members `survivors` are for the bank of that name; `label` is
    given to each.

    What is not as the contract has it, outside a single entry, is no page: to read on would be to
    miss what is new. Raises `Unreadable`.
    """
    root = parsed(document)
    if name_of(root) != "queryResult":
        raise Unreadable("The partner's answer is no page of entries.", HINT)
    entries, rejected, lists = [], [], 0
    following = ""
    for part in root.iterchildren():
        name = name_of(part)
        if name == "paging":
            following = text(named(part).get("next"))
        elif name in LISTS:
            lists += 1
            for node, deleted in _nodes(part, name):
                try:
                    entries.append(_entry(node, name, deleted, survivors, label))
                except _Rejected as why:
                    rejected.append(f"entries {why}")
        else:
            raise Unreadable("The partner's page has a part that is not known.", HINT)
    if not lists:
        raise Unreadable("The partner's page has neither images nor videos.", HINT)
    if rejected and not entries:
        raise Unreadable(f"All entries of a page are unreadable: {rejected[0]}.", HINT)
    return Read(tuple(entries), tuple(rejected), following)


def stamp(given: str) -> datetime | None:
    """A time as the partner writes it, with its zone; None: it is none."""
    try:
        found = datetime.fromisoformat(given)
        return None if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _nodes(part: etree._Element, name: str) -> Iterator[tuple[etree._Element, bool]]:
    present, deleted = LISTS[name]
    count = part.get("count", "0")
    for node in part.iterchildren():
        if name_of(node) not in (present, deleted):
            raise Unreadable(f"The partner's {name} have a part that is not known.", HINT)
        yield node, name_of(node) == deleted
    if not len(part) and count.strip() != "0":
        raise Unreadable(f"The partner counts {name}, and gives none.", HINT)


def _entry(
    node: etree._Element, media: str, deleted: bool, survivors: frozenset[str], label: str
) -> Entry:
    parts = named(node)
    member = parts.get("member")
    by = "" if member is None else member.get("id", "").strip()
    number, at = text(parts.get("id")), stamp(text(parts.get("timestamp")))
    if member is None or not MEMBER.fullmatch(by):
        raise _Rejected("without a member")
    if not 0 < len(number) <= LONGEST_ID:
        raise _Rejected(f"without an id of up to {LONGEST_ID} letters")
    if at is None:
        raise _Rejected("without a time and its zone")
    role = "survivor" if by in survivors else "known"
    if deleted:
        return Entry(f"{by}/{number}", at, None, role, by, number)
    extra: dict[str, object] = {"media": media.removesuffix("s")}
    if member.text and member.text.strip():
        extra["member"] = member.text.strip()[:128]
    signals, links = _fingerprints(parts.get("fingerprints"))
    if links:
        extra["links"] = links
    labels = [text(parts.get("classification")), label]
    feedback = _feedback(parts.get("feedback"))
    if feedback:
        extra["feedback"] = feedback
        if any("negative" in one for one in feedback.values()):
            labels.append(DISPUTED)
    kept = tuple(filter(None, labels))
    opinion = Opinion.SEED if label.endswith(FOR_REVIEW) else Opinion.POSITIVE
    return Entry(
        f"{by}/{number}", at, signals, role, by, number, kept, opinion=opinion, extra=extra
    )


def _fingerprints(prints: etree._Element | None) -> tuple[tuple[Listed, ...], dict[str, str]]:
    if prints is None:
        raise _Rejected("without fingerprints")
    signals: list[Listed] = []
    links: dict[str, str] = {}
    for one in prints.iterchildren():
        name, value = name_of(one), (one.text or "").strip()
        href = one.get("href", "")
        if name in LINKS and href:
            if len(links) < MOST_NOTES:
                links[name] = href[:300]
        elif name and value:
            signals.append(Listed(TYPES.get(name, name), value))
    return tuple(signals), links


def _feedback(whole: etree._Element | None) -> dict[str, dict[str, int]]:
    """How many members hold each type of an entry to be right or wrong."""
    found: dict[str, dict[str, int]] = {}
    if whole is None:
        return found
    for opinion in ("affirmative", "negative"):
        for one in children(whole, f"{opinion}Feedback"):
            members = {
                member.get("id", "")
                for group in one.iter(PREFIX + "members")
                for member in children(group, "member")
            }
            if members:
                kind = found.setdefault(one.get("type", "").lower()[:32], {})
                kind[opinion] = kind.get(opinion, 0) + len(members)
    return found

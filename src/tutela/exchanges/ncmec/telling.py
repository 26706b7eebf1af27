"""What a member tells the hash sharing of an entry."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from urllib.parse import quote

from lxml import etree

from tutela.exchanges.errors import Unreadable
from tutela.exchanges.ncmec.parsing import NAMESPACE, children, name_of, named, parsed
from tutela.exchanges.partners import Call, Feedback, Opinion, Reply, Telling

TYPES = {"md5": "MD5", "sha1": "SHA1", "pdq": "PDQ", "photodna": "PDNA"}
GUID = re.compile(r"[0-9A-Fa-f-]{32,36}")
MOST_REASONS = 1_000


def tell(base: str, headers: Mapping[str, str], feedback: Feedback, reason: str) -> Telling:
    """Tell that a signal of an entry is right, or wrong; `reason` is the GUID or name of one, for
    when the feedback has none. Raises `Unreadable`."""
    kind = TYPES.get(feedback.type)
    member, _, number = feedback.key.partition("/")
    if kind is None or not number:
        raise Unreadable("Of such a signal the partner takes no feedback.", "")
    if feedback.opinion is Opinion.SEED:
        return
    guid = ""
    if feedback.opinion is Opinion.NEGATIVE:
        guid = yield from _reason(base, headers, kind, feedback.reason or reason)
    url = f"{base}/v2/entries/{quote(member, safe='')}/{quote(number, safe='')}/{kind}/feedback"
    given = {**headers, "Content-Type": "application/xml; charset=utf-8"}
    yield Call("PUT", url, given, _body(guid))


def reasons(document: bytes) -> dict[str, str]:
    """GUIDs of reasons with their names, be they in the root or in an element of it. Raises
    `Unreadable`."""
    root = parsed(document)
    inner = named(root).get("availableFeedbackReasons")
    if inner is None and name_of(root) != "availableFeedbackReasons":
        raise Unreadable("The partner's answer has no reasons.", "")
    found: dict[str, str] = {}
    for one in children(root if inner is None else inner, "reason"):
        guid = one.get("guid", "")
        if GUID.fullmatch(guid) and len(found) < MOST_REASONS:
            found[guid] = one.get("name", "")
    return found


def _reason(
    base: str, headers: Mapping[str, str], kind: str, wanted: str
) -> Generator[Call, Reply, str]:
    reply = yield Call("GET", f"{base}/v2/feedback/{kind}/reasons", headers)
    known = reasons(reply.body)
    for guid, name in known.items():
        if wanted and wanted.lower() in (guid.lower(), name.lower()):
            return guid
    if len(known) == 1 and not wanted:
        return next(iter(known))
    raise Unreadable(
        "The partner wants a reason that something is wrong, and knows not the one given.",
        f"Set feedback_reason to one of: {', '.join(known.values())[:300] or 'it names none'}.",
    )


def _body(guid: str) -> bytes:
    spaces: dict[str | None, str] = {None: NAMESPACE}
    root = etree.Element(f"{{{NAMESPACE}}}feedbackSubmission", nsmap=spaces)  # type: ignore[arg-type] # None is the default one
    if guid:
        wrong = etree.SubElement(root, f"{{{NAMESPACE}}}negative")
        ids = etree.SubElement(wrong, f"{{{NAMESPACE}}}reasonIds")
        etree.SubElement(ids, f"{{{NAMESPACE}}}guid").text = guid
    else:
        etree.SubElement(root, f"{{{NAMESPACE}}}affirmative")
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)

"""Situations through all packs at once: who is told, by when, with which fields, what is kept how
long, who may be given files, and what is refused.

Expectations were written from the statutes' table, not from what the code gave. A part that a row
does not name, there is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest

from packs.texts import AT, situation
from tutela.packs import brief, duties, packs

DAY = date(2026, 11, 26)
NOW = "2026-11-26T10:00:00Z"

US_FORUM = {
    "established": "US", "kinds": ["electronic-communication", "user-to-user", "covered-platform"],
    "served": ["US"], "under": [], "measures": [],
}  # fmt: skip
US_GLOBAL = {
    "established": "US", "kinds": ["electronic-communication", "user-to-user"],
    "served": ["US", "GB", "FR"], "under": ["GB", "FR"], "measures": [],
}  # fmt: skip
UK_FORUM = {
    "established": "GB", "kinds": ["user-to-user"], "served": ["GB"], "under": [], "measures": [],
}  # fmt: skip
EU_HOST = {
    "established": "IE", "kinds": ["hosting"], "served": ["IE", "FR"], "under": [], "measures": [],
}  # fmt: skip
EU_CHAT = {**EU_HOST, "kinds": ["messaging"]}

NCMEC = "must ncmec as soon as reasonably possible"
NCMEC_MAY = "may ncmec as soon as reasonably possible"
NCA_1 = f"must nca by {NOW}"
NCA_2 = "must nca as soon as reasonably practicable"
NCA_3 = "must nca without undue delay"
US_KEEP = "ncmec evidence at least P1Y from filed"
UK_KEEP = ("nca evidence at least P1Y from filed", "nca reference at least P5Y from filed")
EU_KEEP = "member-state evidence elsewhere"

US_WHOLE = {"duties": [NCMEC], "keeps": [US_KEEP], "files": ["ncmec"]}
UK_WHOLE = {"duties": [NCA_3], "keeps": UK_KEEP, "files": ["nca"]}

FIELDS = {
    "ncmec": (
        {"reporter-address", "reporter-phone", "reporter-fax", "reporter-email", "contact-person"},
        {"person-identifiers", "email", "upload-ip", "content-url", "payment", "uploaded-at",
         "detected-at", "detection-method", "geographic-information", "content", "chat-copy"},
    ),
    "nca": (
        {"reporter-name", "reporter-email", "reporter-phone", "platform", "detected-at",
         "detection-method", "priority", "declaration"},
        {"content", "content-url", "chat-copy", "previous-report", "previous-reference",
         "uploaded-at", "upload-ip", "upload-port", "upload-ip-time", "exif", "original-hash",
         "account-name", "profile-url", "email", "recovery-email", "telephone",
         "telephone-verified-at", "billing-details", "login-ips", "connections",
         "identity-documents"},
    ),
    "member-state": ({"all-relevant-information"}, set[str]()),
    "law-enforcement": ({"all-relevant-information"}, set[str]()),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    name: str
    service: dict[str, Any]
    expected: dict[str, Any]
    on: date = DAY
    at: datetime = AT
    facts: dict[str, Any] | None = None


def row(
    name: str, service: dict[str, Any], expected: dict[str, Any], on: str = "", **facts: Any
) -> Row:
    """A row; with `on`, the service became aware on that day at 10 UTC."""
    day = date.fromisoformat(on) if on else DAY
    at = AT.replace(year=day.year, month=day.month, day=day.day)
    return Row(name, service, expected, day, at, facts)


def told(**moments: str) -> dict[str, datetime]:
    return {who: datetime.fromisoformat(at).replace(tzinfo=UTC) for who, at in moments.items()}


CONFIRMED = {
    "incident": "media", "confirmed": "person", "found_by": "own-system", "channel": "public",
    "danger": False, "priority": 3, "linked": [],
}  # fmt: skip

US = [
    row("a person confirmed an upload", US_FORUM, US_WHOLE),
    row("an exact hash confirmed it", US_FORUM, US_WHOLE, confirmed="hash"),
    row("of contact, text is enough", US_FORUM, US_WHOLE, incident="contact"),
    row("of trade", US_FORUM, US_WHOLE, incident="trade"),
    row("of a domain", US_FORUM, US_WHOLE, incident="domain"),
    row("of travel the section says nothing", US_FORUM, {}, incident="travel"),
    row("of what was done offline neither", US_FORUM, {}, incident="offline"),
    row("of wording neither", US_FORUM, {}, incident="wording"),
    row("of what was sent neither", US_FORUM, {}, incident="sent"),
    row("nobody confirmed it", US_FORUM, {"asks": ["confirmed"]}, confirmed=None),
    row("a person found that it is nothing", US_FORUM, {}, confirmed="no"),
    row("a child in danger now", US_FORUM, {**US_WHOLE, "duties": [NCMEC, NCMEC_MAY]},
        danger=True, priority=1),
    row("a child in danger now, not confirmed", US_FORUM,
        {**US_WHOLE, "duties": [NCMEC_MAY], "asks": ["confirmed"]},
        danger=True, priority=1, confirmed=None),
    row("danger is not known", US_FORUM, {**US_WHOLE, "asks": ["danger"]}, danger=None),
    row("what it is about is not known", US_FORUM, {"asks": ["incident"]}, incident=None),
    row("a user told of it", US_FORUM, US_WHOLE, found_by="told"),
    row("it was in a private message", US_FORUM, US_WHOLE, channel="private-message"),
    row("it was reported", US_FORUM,
        {"keeps": ["ncmec evidence at least 2027-11-27T10:00:00Z"], "files": ["ncmec"],
         "refused": ["report ncmec"]}, reported=told(ncmec="2026-11-26T12:30")),
    row("it was reported on a leap day", US_FORUM,
        {"keeps": ["ncmec evidence at least 2029-03-02T10:00:00Z"], "files": ["ncmec"],
         "refused": ["report ncmec"]}, on="2028-03-01", reported=told(ncmec="2028-02-29T12:00")),
    row("an adult asks to remove an intimate image", US_FORUM,
        {"removals": [f"intimate-image by {NOW.replace('26T', '28T')}"]},
        confirmed="no", notice="intimate-image", age=30),
    row("a person of 15 does", US_FORUM,
        {"removals": [f"intimate-image by {NOW.replace('26T', '28T')}"], "help": ["support US"]},
        confirmed="no", notice="intimate-image", age=15),
    row("before that law", US_FORUM, {}, on="2026-05-18", confirmed="no", notice="intimate-image",
        age=30),
    row("its kind is not known", {**US_FORUM, "kinds": None}, {"asks": ["kinds"]}),
    row("a search engine is no such provider", {**US_FORUM, "kinds": ["search"]}, {}),
    row("before any pack", US_FORUM, {"refused": ["pack eu", "pack uk", "pack us"]},
        on="2025-12-17"),
    row("before the UK's pack", US_FORUM, {**US_WHOLE, "refused": ["pack uk"]}, on="2026-02-01"),
]  # fmt: skip

FILED = told(nca="2026-11-26T11:00")
UK_CLOCKS = ["nca evidence at least 2027-11-27T00:00:00Z",
             "nca reference at least 2031-11-27T00:00:00Z"]  # fmt: skip

UK = [
    row("priority 1", UK_FORUM, {**UK_WHOLE, "duties": [NCA_1]}, priority=1),
    row("priority 2", UK_FORUM, {**UK_WHOLE, "duties": [NCA_2]}, priority=2),
    row("priority 3", UK_FORUM, UK_WHOLE),
    row("danger goes before priority 3", UK_FORUM,
        {**UK_WHOLE, "duties": [NCA_1], "conflicts": ["danger"]}, danger=True),
    row("danger in the UK", UK_FORUM, {**UK_WHOLE, "duties": [NCA_1], "help": ["emergency GB"]},
        danger=True, priority=1, linked=["GB"]),
    row("no priority yet", UK_FORUM, {"asks": ["priority"]}, priority=None),
    row("NCMEC was told of it", UK_FORUM, {"refused": ["report nca", "files ncmec"]},
        reported=told(ncmec="2026-11-26T11:00")),
    row("the NCA was told of it", UK_FORUM,
        {"keeps": UK_CLOCKS, "files": ["nca"], "refused": ["report nca"]}, reported=FILED),
    row("it was told in summer time", UK_FORUM,
        {"keeps": ["nca evidence at least 2027-06-11T00:00:00Z",
                   "nca reference at least 2031-06-11T00:00:00Z"],
         "files": ["nca"], "refused": ["report nca"]}, reported=told(nca="2026-06-10T12:00")),
    row("its priority rose after it was told", UK_FORUM,
        {"keeps": UK_CLOCKS, "files": ["nca"], "refused": ["report nca"]},
        priority=1, reported=FILED),
    row("nobody confirmed it in the UK", UK_FORUM, {"asks": ["confirmed"]}, confirmed=None),
    row("it is nothing, in the UK", UK_FORUM, {}, confirmed="no"),
    row("a UK search engine, later", {**UK_FORUM, "kinds": ["search"]}, {}),
    row("a person alerted the UK forum", UK_FORUM, UK_WHOLE, found_by="told"),
    row("a private message in the UK", UK_FORUM, UK_WHOLE, channel="private-message"),
    row("matching is to be reviewed",
        {**UK_FORUM, "measures": ["icu-c9"], "last_reviews": {"matching": date(2026, 8, 31)}},
        {**UK_WHOLE, "reviews": ["matching by 2027-02-28"]}),
    row("which measures apply is not known", {**UK_FORUM, "measures": None},
        {**UK_WHOLE, "asks": ["measures"]}),
    row("an intimate image in the UK", UK_FORUM,
        {"removals": [f"intimate-image by {NOW.replace('26T', '28T')}"]},
        confirmed="no", notice="intimate-image", age=30),
    row("before that section", UK_FORUM, {}, on="2026-06-28", confirmed="no",
        notice="intimate-image", age=30),
    row("the day before the duty", UK_FORUM, {"refused": ["pack uk"]}, on="2026-04-06"),
    row("the first day of the duty", UK_FORUM, UK_WHOLE, on="2026-04-07"),
]  # fmt: skip

BOTH = {"keeps": [*UK_KEEP, US_KEEP], "files": ["ncmec"], "refused": ["files nca"],
        "conflicts": ["duplicate"]}  # fmt: skip

ABROAD = [
    row("a US service, linked with the UK", US_GLOBAL, {**BOTH, "duties": [NCA_2, NCMEC]},
        linked=["GB"], priority=2),
    row("the same after NCMEC was told", US_GLOBAL,
        {"keeps": ["ncmec evidence at least 2027-11-27T10:00:00Z"], "files": ["ncmec"],
         "refused": ["report nca", "report ncmec"]},
        linked=["GB"], reported=told(ncmec="2026-11-26T12:30")),
    row("the same after the NCA was told", US_GLOBAL,
        {**US_WHOLE, "keeps": [*UK_CLOCKS, US_KEEP], "refused": ["report nca", "files nca"]},
        linked=["GB"], reported=FILED),
    row("a US service, linked with the US only", US_GLOBAL, US_WHOLE, linked=["US"]),
    row("what it is linked with is not known", US_GLOBAL, {**US_WHOLE, "asks": ["linked"]},
        linked=None),
    row("danger, in three countries", US_GLOBAL,
        {**BOTH, "duties": [NCA_1, NCMEC, NCMEC_MAY], "help": ["emergency GB"]},
        linked=["US", "GB", "FR"], danger=True, priority=1),
    row("counsel has not said whose law applies", {**US_GLOBAL, "under": None},
        {**US_WHOLE, "asks": ["law"]}, linked=["GB"]),
    row("a US host under EU law", {**US_GLOBAL, "kinds": ["remote-computing", "hosting"]},
        {"duties": ["must member-state(FR) promptly", NCMEC], "keeps": [EU_KEEP, US_KEEP],
         "files": ["ncmec"]}, linked=["FR"]),
    row("a German service that serves the US",
        {**EU_HOST, "established": "DE", "kinds": ["hosting", "electronic-communication"],
         "served": ["DE", "US"], "under": None},
        {"duties": ["must member-state(DE) promptly"], "keeps": [EU_KEEP], "asks": ["law"]}),
]  # fmt: skip

MAY_TELL = "may law-enforcement(FR) promptly"
CHAT = {"channel": "private-message", "linked": ["FR"]}
BASIS = ["detection-in-messages"]
NO_BASIS = ["basis detection-in-messages"]

EU = [
    row("a host in Ireland, a user in France", EU_HOST,
        {"duties": ["must member-state(FR) promptly"], "keeps": [EU_KEEP]}, linked=["FR"]),
    row("three Member States", EU_HOST,
        {"duties": ["must member-state(DE, ES, FR) promptly"], "keeps": [EU_KEEP]},
        linked=["FR", "DE", "ES"]),
    row("no Member State is concerned but its own", EU_HOST,
        {"duties": ["must member-state(IE) promptly"], "keeps": [EU_KEEP]}, linked=["US"]),
    row("a notice, and nothing confirmed", EU_HOST,
        {"removals": ["illegal-content expeditiously"], "asks": ["confirmed"]},
        confirmed=None, notice="illegal-content"),
    row("a notice, and it is nothing", EU_HOST, {"removals": ["illegal-content expeditiously"]},
        confirmed="no", notice="illegal-content"),
    row("the last day of the interim regulation", EU_CHAT,
        {"duties": [MAY_TELL], "bases": BASIS, "refused": ["pack uk"],
         "keeps": ["law-enforcement evidence at most 2027-04-02T22:00:00Z"]},
        on="2026-04-03", **CHAT),
    row("what is not confirmed goes at once", EU_CHAT,
        {"bases": BASIS, "refused": ["pack uk"],
         "keeps": ["law-enforcement evidence at most 2026-04-03T10:00:00Z"]},
        on="2026-04-03", confirmed="no", **CHAT),
    row("nobody confirmed it, on that day", EU_CHAT,
        {"bases": BASIS, "refused": ["pack uk"], "asks": ["confirmed"]},
        on="2026-04-03", confirmed=None, **CHAT),
    row("the day after it", EU_CHAT, {"refused": ["pack uk", *NO_BASIS]}, on="2026-04-04", **CHAT),
    row("now", EU_CHAT, {"refused": NO_BASIS}, **CHAT),
    row("a user told of it, so nothing was detected", EU_CHAT, {}, found_by="told", **CHAT),
    row("where it was posted is not known", EU_CHAT, {"asks": ["channel"]}, channel=None),
    row("a US messenger in the EU, on that day, after NCMEC was told",
        {**US_GLOBAL, "kinds": ["electronic-communication", "messaging"]},
        {"duties": [MAY_TELL], "bases": BASIS, "files": ["ncmec"],
         "keeps": ["law-enforcement evidence at most 2027-04-02T22:00:00Z",
                   "ncmec evidence at least 2027-04-04T10:00:00Z"],
         "refused": ["pack uk", "report ncmec"], "conflicts": ["keep"]},
        on="2026-04-03", reported=told(ncmec="2026-04-03T12:00"), **CHAT),
]  # fmt: skip


def at_home(country: str, kind: str) -> dict[str, Any]:
    return {"established": country, "kinds": [kind], "served": [country], "under": [],
            "measures": []}  # fmt: skip


UNKNOWN: dict[str, Any] = dict.fromkeys(CONFIRMED)

DRAFTS = [
    row("a provider of access in Canada is told", at_home("CA", "internet-access"),
        {"drafts": ["ca/c3p", "ca/police", "ca/police-evidence", "ca/c3p-evidence"]},
        found_by="told"),
    row("a host in Australia", at_home("AU", "hosting"),
        {"drafts": ["au/afp", "au/afp-evidence"]}),
    row("a payment service in the Philippines, with an order", at_home("PH", "payment"),
        {"drafts": ["ph/doj-ooc", "ph/doj-ooc-evidence", "ph/order"]}, notice="order"),
    row("a forum in India, in danger", at_home("IN", "user-to-user"),
        {"drafts": ["in/sjpu", "in/sjpu-evidence"]}, danger=True, priority=1),
    row("a forum in Japan", at_home("JP", "user-to-user"),
        {"drafts": ["jp/ihc", "jp/ihc-evidence"]}),
    row("a forum in Brazil, of which no pack knows", at_home("BR", "user-to-user"), {}),
    row("nothing at all is known", {},
        {"asks": ["channel", "confirmed", "danger", "established", "found_by", "incident", "kinds",
                  "law", "linked", "measures"],
         "drafts": ["au/afp", "au/afp-evidence", "ca/c3p", "ca/police", "ca/police-evidence",
                    "ca/c3p-evidence", "in/sjpu", "in/sjpu-evidence", "jp/ihc", "jp/ihc-evidence",
                    "ph/doj-ooc", "ph/doj-ooc-evidence"]}, **UNKNOWN),
]  # fmt: skip

TABLE = [*US, *UK, *ABROAD, *EU, *DRAFTS]


def test_there_are_sixty_and_each_is_its_own():
    assert len({one.name for one in TABLE}) == len(TABLE) >= 60


@pytest.mark.parametrize("one", TABLE, ids=lambda one: one.name)
def test_all_packs_say_of_a_situation_what_the_law_says(one):
    facts = {**CONFIRMED, **(one.facts or {})}
    if facts["linked"] is None:
        del facts["linked"]
    outcome = duties(packs().values(), situation(at=one.at, **one.service, **facts), one.on)
    assert brief(outcome) == {part: tuple(said) for part, said in one.expected.items()}
    for duty in outcome.duties:
        assert (set(duty.needed), set(duty.where_held)) == FIELDS[duty.to]

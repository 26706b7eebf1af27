"""Every word that a pack may use: facts and what they can be, fields, kinds, publishers of law."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tutela.policy.countries import COUNTRIES, EU

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
"""Of packs, rules, authorities and whatever else a pack names."""

KINDS = (
    "electronic-communication", "remote-computing", "user-to-user", "search", "hosting",
    "messaging", "covered-platform", "internet-access", "payment",
)  # fmt: skip
"""What a service is to a law; it may be several. Each law says what it means by its word."""

INCIDENTS = ("media", "contact", "trade", "travel", "offline", "domain", "wording", "sent")
"""Neutral codes, those of `tutela.reporting.facts.Incident`; a test compares."""

CHANNELS = ("public", "private-message", "private-storage")
"""Those of a policy, but the one that is not known; a test compares."""

CONFIRMED = ("person", "hash", "no")
"""By whom it was confirmed; `no`: a person found that it is not what it seemed."""

FOUND_BY = ("own-system", "told")
NOTICES = ("none", "illegal-content", "intimate-image", "order")
"""What asked the service to remove it, if anything did."""

PRIORITIES = ("1", "2", "3")
YES_NO = ("yes", "no")
UNION = "EU"
"""Stands for its countries, wherever a pack names countries."""

GRADE = re.compile(r"grade\.[a-z]{1,32}")
"""A fact of a grade, as `tutela.decisions.grades` asks for it."""


@dataclass(frozen=True, slots=True)
class Fact:
    """`values` empty: countries if `countries`, else any name."""

    question: str
    values: tuple[str, ...] = ()
    countries: bool = False


FACTS: dict[str, Fact] = {
    "established": Fact("In which country is the service established?", countries=True),
    "law": Fact("Which countries' law did counsel say applies to the service?", countries=True),
    "served": Fact("Which countries does the service serve?", countries=True),
    "kinds": Fact("What kinds of service is it?", KINDS),
    "measures": Fact("Which measures of codes of practice apply to the service?"),
    "linked": Fact(
        "Which countries is it linked with: uploaded from, the user's, the content's?",
        countries=True,
    ),
    "incident": Fact("What is it about?", INCIDENTS),
    "confirmed": Fact("Did a person confirm it, or an exact hash of a vetted bank?", CONFIRMED),
    "found_by": Fact("Was it found by the service's own systems, or was it told?", FOUND_BY),
    "channel": Fact("Where was it posted?", CHANNELS),
    "danger": Fact("May a child be in danger now?", YES_NO),
    "priority": Fact("Which priority does a person give it: 1, 2 or 3?", PRIORITIES),
    "reported": Fact("Which authorities were told of it already?"),
    "notice": Fact("Did a notice, a removal request or an order ask to remove it?", NOTICES),
    "subject": Fact("Is the person whom it concerns a child or an adult?", ("child", "adult")),
}


def question(fact: str) -> str:
    """What a person is asked about a fact that is not known."""
    found = FACTS.get(fact)
    return found.question if found else f"What does the {fact.replace('.', ' say of its ')}?"


ELSEWHERE = "elsewhere"
"""Stands for all countries but those of the pack, wherever a rule asks for countries."""


def is_country(value: str) -> bool:
    return value == UNION or value in COUNTRIES


def spread(countries: frozenset[str]) -> frozenset[str]:
    """Countries, with those of the Union in its place."""
    return (countries - {UNION}) | EU if UNION in countries else countries


FIELDS = (
    "account-name", "all-relevant-information", "billing-details", "chat-copy", "connections",
    "contact-person", "content", "content-url", "declaration", "detected-at", "detection-method",
    "device-found-on", "email", "exif", "geographic-information", "identity-documents",
    "internet-address", "login-ips", "original-hash", "payment", "person-identifiers", "platform",
    "previous-reference", "previous-report", "priority", "profile-url", "recovery-email",
    "reporter-address", "reporter-email", "reporter-fax", "reporter-name", "reporter-phone",
    "source-of-material", "telephone", "telephone-verified-at", "upload-ip", "upload-ip-time",
    "upload-port", "uploaded-at",
)  # fmt: skip
"""What a report can hold. An authority's own module says how it calls them."""

PUBLISHERS = (
    "uscode.house.gov", "congress.gov", "govinfo.gov", "legislation.gov.uk", "eur-lex.europa.eu",
    "laws-lois.justice.gc.ca", "legislation.gov.au", "officialgazette.gov.ph",
    "indiacode.nic.in", "laws.e-gov.go.jp",
)  # fmt: skip
"""Who publishes statutes themselves: what is verified was read there."""

URL = re.compile(r"(?<!\S)https://([a-z0-9.-]+)(?=[/?#\s,;]|$)")


def names_statute(source: str) -> bool:
    """Whether a source names an address where the statute itself is published."""
    hosts = URL.findall(source)
    return any(host == one or host.endswith(f".{one}") for host in hosts for one in PUBLISHERS)


ORDERS = re.compile(
    r"(?<!\bno )(?<!\bnot )(?<!\bno general )"
    r"\b(?:must|shall|has to|have to|is to|are to|obliged to|obligation to"
    r"|required to|duty to|orders? \w+ to|orders?)\s+(?:\w+ly )?"
    r"(?:scan|search|monitor|detect|screen)",
    re.IGNORECASE,
)
"""A sentence that says that a law orders a service to search: none does, so no pack says it."""

"""What is known of a case and of the service, as far as laws ask. Pure values.

What is not known is None, and stays so: a rule that needs it asks for it, and is never silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from tutela.packs.models import When
from tutela.packs.vocabulary import FACTS, spread

ADULT = 18
"""Years of age."""


@dataclass(frozen=True, slots=True)
class Service:
    """`under`: countries whose law applies to it besides that of where it is established, as
    counsel said. `last_reviews`: when what a law wants reviewed last was."""

    established: str | None = None
    kinds: frozenset[str] | None = None
    served: frozenset[str] | None = None
    under: frozenset[str] | None = None
    measures: frozenset[str] | None = None
    last_reviews: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Linked:
    """Countries that a case has to do with, each None if not known."""

    upload: frozenset[str] | None = None
    user: frozenset[str] | None = None
    content: frozenset[str] | None = None

    @property
    def all(self) -> frozenset[str]:
        """All that are known."""
        return frozenset[str]().union(*(one for one in self._parts if one is not None))

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is unknown."""
        return all(one is not None for one in self._parts)

    @property
    def _parts(self) -> tuple[frozenset[str] | None, ...]:
        return (self.upload, self.user, self.content)


@dataclass(frozen=True, slots=True)
class Situation:
    """A case as laws see it. `at`: when the service became aware of it. `noticed_at`: when a
    request to remove it came, if that was another moment. `reported`: which authority was told
    already, and when. `danger`: a child may be in danger now. `priority` is a person's.

    Raises `ValueError` for a moment without a zone and a priority that there is not.
    """

    service: Service
    at: datetime
    incident: str | None = None
    grades: Mapping[str, str] = field(default_factory=dict)
    confirmed: str | None = None
    found_by: str | None = None
    channel: str | None = None
    linked: Linked = Linked()
    danger: bool | None = None
    priority: int | None = None
    reported: Mapping[str, datetime] = field(default_factory=dict)
    notice: str | None = "none"
    noticed_at: datetime | None = None
    age: int | None = None

    def __post_init__(self) -> None:
        for moment in (self.at, self.noticed_at, *self.reported.values()):
            if moment is not None and moment.utcoffset() is None:
                raise ValueError("a moment has no time zone")
        if self.priority not in (None, 1, 2, 3):
            raise ValueError("a priority is 1, 2 or 3")

    @property
    def urgency(self) -> int | None:
        """Its priority; 1 where a child may be in danger now, whatever else was said: danger does
        not wait."""
        return 1 if self.danger else self.priority

    def holds(self, fact: str, allowed: tuple[str, ...]) -> bool | None:
        """Whether a fact has one of these values; None if that is not known."""
        wanted = frozenset(allowed)
        if fact in FACTS and FACTS[fact].countries:
            wanted = spread(wanted)
        if fact == "law":
            return self._under(wanted)
        if fact == "linked":
            return True if self.linked.all & wanted else False if self.linked.is_whole else None
        found = self.values(fact)
        return None if found is None else not found.isdisjoint(wanted)

    def _under(self, countries: frozenset[str]) -> bool | None:
        """Whether the law of one of these applies: to a service that is established there, or of
        which counsel said so. Not known, if it serves one of them and nobody said."""
        service = self.service
        if service.established in countries or (service.under or frozenset()) & countries:
            return True
        if service.under is not None and service.established is not None:
            return False
        if service.established is None:
            return None
        return None if service.served is None or service.served & countries else False

    def values(self, fact: str) -> frozenset[str] | None:
        """What is known of a fact; None if nothing is."""
        service = self.service
        if fact.startswith("grade."):
            return _one(self.grades.get(fact.removeprefix("grade.")))
        known: dict[str, frozenset[str] | None] = {
            "established": _one(service.established), "served": service.served,
            "kinds": service.kinds, "measures": service.measures,
            "law": (service.under or frozenset()) | (_one(service.established) or frozenset()),
            "linked": self.linked.all, "incident": _one(self.incident),
            "confirmed": _one(self.confirmed), "found_by": _one(self.found_by),
            "channel": _one(self.channel), "notice": _one(self.notice),
            "danger": _either(self.danger, "yes", "no"),
            "priority": _one(str(self.urgency) if self.urgency else None),
            "reported": frozenset(self.reported),
            "subject": _either(None if self.age is None else self.age < ADULT, "child", "adult"),
        }  # fmt: skip
        return known[fact]

    def missing(self, when: When) -> tuple[str, ...] | None:
        """Which facts must be known before a rule holds: none, if it does; None, if it never can,
        whatever they are."""
        answers = {fact: self.holds(fact, allowed) for fact, allowed in when.items()}
        if False in answers.values():
            return None
        return tuple(fact for fact, answer in answers.items() if answer is None)


def _one(value: str | None) -> frozenset[str] | None:
    return None if value is None else frozenset({value})


def _either(value: bool | None, yes: str, no: str) -> frozenset[str] | None:
    return None if value is None else frozenset({yes if value else no})

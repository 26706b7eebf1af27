"""The pages that the menu leads to, and who sees each."""

from __future__ import annotations

from dataclasses import dataclass

from tutela.interfaces.console.texts import N_, gettext
from tutela.people.permissions import Caller, Permission

P = Permission


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the menu; with no permissions, everyone sees it, else who has one of them."""

    title: str
    path: str
    permissions: frozenset[Permission] = frozenset()
    also: str = ""
    """A page that belongs to it, though its path does not begin so: a new one of what it lists."""


@dataclass(frozen=True, slots=True)
class Link:
    """A place as it is shown."""

    title: str
    path: str
    current: bool


PLACES: tuple[tuple[str, tuple[Place, ...]], ...] = (
    (N_("Now"), (
        Place(N_("Overview"), "/console/"),
        Place(N_("Cases"), "/console/cases", frozenset({P.CASES}), "/console/subjects"),
        Place(N_("Reports"), "/console/reports", frozenset({P.REPORTS})),
        Place(N_("Appeals"), "/console/appeals", frozenset({P.CASES})),
        Place(N_("Second looks"), "/console/second-looks", frozenset({P.CASES})),
        Place(N_("Strikes"), "/console/strikes", frozenset({P.CASES})),
        Place(N_("Preservation"), "/console/preservation", frozenset({P.REPORTS})),
        Place(N_("Approvals"), "/console/approvals"),
        Place(N_("My wellbeing"), "/console/wellbeing"),
        Place(N_("Alarms"), "/console/alarms", frozenset({P.ADMIN})),
        Place(N_("Messages"), "/console/messages", frozenset({P.ADMIN})),
        Place(N_("Authorities"), "/console/authorities", frozenset({P.ADMIN})),
        Place(N_("Compliance"), "/console/compliance", frozenset({P.ADMIN})),
    )),
    (N_("Matching"), (
        Place(N_("Banks"), "/console/banks", frozenset({P.BANKS_READ}), "/console/new-bank"),
        Place(
            N_("Exchanges"), "/console/exchanges", frozenset({P.BANKS_READ}),
            "/console/new-exchange",
        ),
        Place(N_("Match debugger"), "/console/debugger", frozenset({P.MATCH_DETAIL})),
        Place(N_("Policy"), "/console/policy", frozenset({P.POLICY})),
    )),
    (N_("Who may do what"), (
        Place(N_("People"), "/console/people", frozenset({P.ADMIN}), "/console/new-person"),
        Place(N_("Roles"), "/console/roles", frozenset({P.ADMIN}), "/console/new-role"),
        Place(N_("Keys"), "/console/keys", frozenset({P.ADMIN}), "/console/new-key"),
        Place(N_("Access"), "/console/access"),
    )),
    (N_("Record"), (
        Place(N_("Audit log"), "/console/audit", frozenset({P.AUDIT})),
    )),
)  # fmt: skip


def groups(caller: Caller, path: str) -> list[tuple[str, list[Link]]]:
    """The menu of this caller, in groups; of places that fit the path, the closest is current."""
    seen = [place for _, places in PLACES for place in places if _sees(caller, place)]
    fitting = [place.path for place in seen if _fits(place, path)]
    current = max(fitting, key=len, default="")
    found = []
    for title, places in PLACES:
        links = [
            Link(gettext(place.title), place.path, place.path == current)
            for place in places
            if place in seen
        ]
        if links:
            found.append((gettext(title), links))
    return found


def _sees(caller: Caller, place: Place) -> bool:
    return not place.permissions or any(caller.may(one) for one in place.permissions)


def _fits(place: Place, path: str) -> bool:
    if path in (place.path, place.also):
        return True
    return place.path != "/console/" and path.startswith(f"{place.path}/")

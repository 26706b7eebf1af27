"""What the law packs in use say of a case, and what follows: who is told, how long what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tutela import alarms, events, packs
from tutela.cases import steps
from tutela.cases.models import Case, Step
from tutela.law.library import library
from tutela.law.signing import options_of, signatures
from tutela.law.situations import of_case
from tutela.law.told import ReportsAsked
from tutela.packs import Conflict, Outcome, Situation
from tutela.packs.models import ReportRule, Side
from tutela.storage import Session

CONFLICT = "law.conflict"
"""The alarm over a case of which laws want what cannot both be done."""

CHOICE = "law-conflict"
"""The step of a case that says so."""

DUPLICATE = "duplicate"
OF_SERVICE = frozenset({"established", "law", "served", "kinds", "measures"})
"""Facts that are of the service, the same for each case."""

LONGEST_BASIS = 256


@dataclass(frozen=True, slots=True)
class Kept:
    """Until when what an authority was told is kept, and by which law."""

    until: datetime
    basis: str


def outcome(session: Session, case: Case, now: datetime) -> Outcome:
    """What the packs in use say of a case, by the law of today; empty, if none is in use."""
    return _seen(session, case, now)[1]


def _seen(
    session: Session, case: Case, now: datetime, filed: Mapping[str, datetime] | None = None
) -> tuple[Situation | None, Outcome]:
    """The situation, None if no pack is in use, and what is said of it. `filed`: when an authority
    was told last, where its clock counts from that."""
    options = options_of(session)
    used = library(options).in_use(options)
    if not used:
        return None, Outcome()
    situation = of_case(session, case, options)
    if filed:
        situation = replace(situation, reported={**situation.reported, **filed})
    return situation, packs.duties(
        used, situation, now.date(), signatures=signatures(session),
        targets={} if situation.danger else options.targets,
    )  # fmt: skip


def may_owe(session: Session, now: datetime) -> bool:
    """Whether any case could be owed to anyone: not while each duty of the packs in use waits for
    what is not known of the service, or is of another. It costs next to nothing."""
    options = options_of(session)
    bare = Situation(options.service, now)
    for pack in library(options).in_use(options):
        for rule in () if pack.is_draft else pack.rules:
            if isinstance(rule, ReportRule) and rule.must:
                missing = bare.missing({
                    fact: values for fact, values in rule.when.items() if fact in OF_SERVICE
                })  # fmt: skip
                if missing == ():
                    return True
    return False


def recipients(
    session: Session, case: Case, now: datetime, known: tuple[str, ...]
) -> tuple[str, ...]:
    """For which of the authorities that are known here a report is drafted by itself: those that a
    law in force says must be told, and those that were told already, for what is new. All, if no
    law in use names any of them.

    Where one of two is not to be told what the other was, a person chooses: neither is in it, and
    the case and an alarm say so.
    """
    if len(known) < 2 and not _told_others(session, case, known):
        return known  # there is no choice, and it is made with each decision
    if not may_owe(session, now):
        return known
    situation, found = _seen(session, case, now)
    owed = {one.to for one in found.duties if one.must}
    owed |= {one.to for one in _without_priority(session, found) if one.must}
    told = set(situation.reported) if situation is not None else set()
    refused = {one.subject for one in found.refusals if one.what == "report"} - told
    named = [one for one in known if one in owed | told]
    torn = _torn(session, found, known)
    tell(session, now, case, found, known)
    if named:
        return tuple(one for one in named if one not in torn)
    return tuple(one for one in known if one not in refused)


def tell(
    session: Session, now: datetime, case: Case, found: Outcome, known: tuple[str, ...]
) -> None:
    """Have the case and an alarm say where a person must choose whom to tell."""
    settle(session, now, case, found)
    torn = _torn(session, found, known)
    if not torn:
        return
    names = " and ".join(sorted(torn))
    said = [one.what for one in found.conflicts if one.sort == DUPLICATE]
    what = said[0] if said else "One of them is not to be told of what the other was."
    alarms.sound(
        session, now, CONFLICT, case.id,
        f"Of the case {case.id}, laws name {names}: {what} Nothing is drafted for them: tutela"
        f" report draft {case.id} --authority NAME",
    )  # fmt: skip
    if not _said(session, case.id, what):
        steps.write(session, now, "worker", case.id, CHOICE, what, authorities=names)


def settle(session: Session, now: datetime, case: Case, found: Outcome) -> None:
    """Close the alarm where nobody need choose any more."""
    if not _duplicates(found):
        alarms.clear(session, now, CONFLICT, case.id)


def kept(
    session: Session, case: Case, now: datetime, authority: str, filed: datetime
) -> Kept | None:
    """Until when the law of an authority wants kept what it was told at a moment: the latest of
    all; None if no pack in use names a period. What another wants gone sooner is shown as a
    conflict, and does not shorten it."""
    found = [
        (one.until, one.source)
        for one in _seen(session, case, now, {authority: filed})[1].keeps
        if one.to == authority
        and one.side is Side.AT_LEAST
        and one.what == "evidence"
        and one.until is not None
    ]
    if not found:
        return None
    until, source = max(found)
    return Kept(until, source.split("https://")[0].strip(" ,")[:LONGEST_BASIS])


def _told_others(session: Session, case: Case, known: tuple[str, ...]) -> bool:
    """Whether someone was told of it whom the settings do not name any more."""
    asked = ReportsAsked(case.id)
    events.emit(session, asked)
    return not asked.filed.keys() <= set(known)


def _without_priority(session: Session, found: Outcome) -> list[ReportRule]:
    """Rules that hold, and of which only the time is not known, while no person gave a priority:
    who is told is known all the same."""
    packs_here = library(options_of(session)).packs
    waiting = {key for ask in found.asks if ask.fact == "priority" for key in ask.rules}
    return [
        rule
        for pack in dict.fromkeys(pack for pack, _ in sorted(waiting))
        for rule in packs_here[pack].rules
        if isinstance(rule, ReportRule) and (pack, rule.id) in waiting
    ]


def _torn(session: Session, found: Outcome, known: tuple[str, ...]) -> frozenset[str]:
    """Authorities that are known here, of whom one is not to be told what the other was."""
    owed: dict[tuple[str, str], str] = {(one.pack, one.rule): one.to for one in found.duties}
    torn: set[str] = set()
    for conflict in _duplicates(found):
        pair = {owed[rule] for rule in conflict.rules if rule in owed}
        if len(pair) > 1 and pair <= set(known):
            torn |= pair
    must = {one.to for one in found.duties if one.must}
    for rule in _without_priority(session, found):
        for other in must & set(rule.unless_reported) & set(known):
            if rule.must and rule.to in known:
                torn |= {rule.to, other}
    return frozenset(torn)


def _duplicates(found: Outcome) -> list[Conflict]:
    return [one for one in found.conflicts if one.sort == DUPLICATE]


def _said(session: Session, case_id: str, what: str) -> bool:
    """Whether the case says it already."""
    rows = session.query(Step.id).filter(
        Step.case_id == case_id, Step.what == CHOICE, Step.text == what
    )
    return rows.first() is not None

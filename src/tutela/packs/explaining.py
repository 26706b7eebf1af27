"""An outcome in lines that a person reads. Nothing here is of the case's content."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

from tutela.packs.models import Side
from tutela.packs.outcomes import Duty, Keep, Outcome, Removal, Review, Route, Said

Part = TypeVar("Part", bound=Said)

NOTHING = "No pack in force names a duty, and none waits for a fact."


def explain(outcome: Outcome) -> Iterator[str]:
    """Which duties there are and why, what is kept how long, what is refused, what is not known.

    Lines of plain text, indented by two spaces where they belong to the line above.
    """
    found = [
        *_said("Whom to call now", _routes(outcome, "emergency"), _route),
        *_part("What is not known", (
            f"{one.question} ({one.fact}; for {_rules(one.rules)})" for one in outcome.asks
        )),
        *_part("What contradicts, for a person to choose", (
            f"{one.what} ({_rules(one.rules)})" for one in outcome.conflicts
        )),
        *_duties("Who must be told", (one for one in outcome.duties if one.must)),
        *_duties("Who may be told", (one for one in outcome.duties if not one.must)),
        *_said("What is removed", outcome.removals, _removal),
        *_part("What must not be done", (
            f"{one.what} ({one.subject}): {one.reason}" for one in outcome.refusals
        )),
        *_said("Who may be given files", outcome.receivers, lambda one: f"{one.to}: {one.ground}"),
        *_said("What is kept", outcome.keeps, _keep),
        *_said("Legal bases", outcome.bases, lambda one: f"{one.of}: {one.legal_basis}"),
        *_said("What is to be reviewed", outcome.reviews, _review),
        *_said("Where people find help", _routes(outcome, "support"), _route),
    ]  # fmt: skip
    if not (outcome.duties or outcome.asks or outcome.removals or outcome.keeps):
        found.insert(0, NOTHING)
    yield from found
    if outcome.receivers or outcome.duties:
        yield "Everyone else gets no files: hashes, metadata and grades only."
    yield from _part("Drafts: to be read only, nothing follows from them", (
        f"{one.pack}/{one.rule} ({one.kind}): {one.why}" for one in outcome.drafts
    ))  # fmt: skip


def _part(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield f"{title}:"
        yield from (f"  {line}" for line in found)


def _said(title: str, parts: Iterable[Part], words: Callable[[Part], str]) -> Iterator[str]:
    found: list[str] = []
    for one in parts:
        found += [words(one), f"  {_known(one)}"]
    yield from _part(title, found)


def _duties(title: str, parts: Iterable[Duty]) -> Iterator[str]:
    found: list[str] = []
    for one in parts:
        of = f" of {', '.join(one.countries)}" if one.countries else ""
        found += [f"{one.to}{of}: {one.term}, {_due(one)}", f"  {one.why}"]
        if one.because:
            found.append(f"  Because {'; '.join(one.because)}.")
        if one.needed:
            found.append(f"  Needed: {', '.join(one.needed)}.")
        if one.where_held:
            found.append(f"  Where held: {', '.join(one.where_held)}.")
        found += [f"  {note}" for note in one.notes]
        found.append(f"  {_known(one)}")
    yield from _part(title, found)


def _due(one: Duty | Removal) -> str:
    if one.exact:
        return f"by {moment(one.due)}"
    if one.target:
        return f"of which you made {one.target}: by {moment(one.due)}"
    return f"since {moment(one.due)}"


def _known(one: Said) -> str:
    state = "verified" if one.verified else f"NOT VERIFIED: {one.marker.words}"
    if one.signed:
        state += f", signed by {one.signed}"
    return f"{one.pack}/{one.rule}, {state}. {one.source}"


def _keep(one: Keep) -> str:
    if one.until is not None:
        end = f"{'until' if one.side is Side.AT_LEAST else 'gone by'} {moment(one.until)}"
    elif one.side is Side.ELSEWHERE:
        end = "this pack knows no period"
    else:
        end = f"from when it is {one.since}"
    return f"{one.what} of what {one.to} is told, {one.term}: {end}"


def _removal(one: Removal) -> str:
    return f"{one.of}: {one.term}, {_due(one)}"


def _review(one: Review) -> str:
    due = f"due on {one.due:%Y-%m-%d}" if one.due else "nothing says when it last was"
    return f"{one.of}, every {one.every}: {due}"


def _routes(outcome: Outcome, sort: str) -> Iterator[Route]:
    return (one for one in outcome.routes if one.sort == sort)


def _route(one: Route) -> str:
    return f"{one.country}: {one.route}"


def _rules(rules: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{pack}/{rule}" for pack, rule in rules)


def moment(at: datetime) -> str:
    """A moment in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def brief(outcome: Outcome) -> dict[str, tuple[str, ...]]:
    """An outcome in a word or two for each part, in order: what examples say of it. Parts of which
    there is nothing are left out."""
    found = {
        "duties": tuple(map(_brief_duty, outcome.duties)),
        "keeps": tuple(map(_brief_keep, outcome.keeps)),
        "files": tuple(one.to for one in outcome.receivers),
        "bases": tuple(one.of for one in outcome.bases if one.grants),
        "removals": tuple(
            f"{one.of} " + (f"by {moment(one.due)}" if one.exact else one.term)
            for one in outcome.removals
        ),
        "reviews": tuple(
            f"{one.of} " + (f"by {one.due:%Y-%m-%d}" if one.due else f"every {one.every}")
            for one in outcome.reviews
        ),
        "help": tuple(f"{one.sort} {one.country}" for one in outcome.routes),
        "refused": tuple(f"{one.what} {one.subject}" for one in outcome.refusals),
        "asks": tuple(sorted(one.fact for one in outcome.asks)),
        "conflicts": tuple(one.sort for one in outcome.conflicts),
        "drafts": tuple(f"{one.pack}/{one.rule}" for one in outcome.drafts),
    }  # fmt: skip
    return {part: said for part, said in found.items() if said}


def _brief_duty(one: Duty) -> str:
    to = f"{one.to}({', '.join(one.countries)})" if one.countries else one.to
    due = f"by {moment(one.due)}" if one.exact else one.term
    return f"{'must' if one.must else 'may'} {to} {due}"


def _brief_keep(one: Keep) -> str:
    if one.until is not None:
        return f"{one.to} {one.what} {one.side} {moment(one.until)}"
    if one.side is Side.ELSEWHERE:
        return f"{one.to} {one.what} elsewhere"
    return f"{one.to} {one.what} {one.term} from {one.since}"

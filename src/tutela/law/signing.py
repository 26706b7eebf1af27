"""Named persons sign rules that were not checked against the statute; production acts on no other.

What was looked at again, as a law wants it, is recorded in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from tutela import audit
from tutela.law.errors import NoSuchPack, NotSigned, SigningRefused
from tutela.law.library import Library, library
from tutela.law.models import Reviewed, Signature
from tutela.law.options import IN_SESSION, Options
from tutela.packs import Rule, ready_for_production
from tutela.packs.models import ReviewRule
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller, Permission
from tutela.storage import Session

LONGEST = 2_000
"""Characters of a note."""

SHOWN = 5
"""Rules that an error names."""


def options_of(session: Session) -> Options:
    """The settings of law packs that a session carries."""
    found = session.info.get(IN_SESSION)
    return found if isinstance(found, Options) else Options()


def signatures(session: Session) -> dict[str, str]:
    """Who signed, by the digest of the rule."""
    rows = session.execute(
        select(Signature.digest, Signature.by).where(Signature.withdrawn_at.is_(None))
    )
    return {one.digest: one.by for one in rows}


def sign(
    session: Session, now: datetime, caller: Caller, pack: str, rule: str, note: str
) -> Signature:
    """Say that one checked a rule against its source, as it is now. Raises `NotPermitted`,
    `NoSuchPack`, `SigningRefused`."""
    note = _note(caller, note)
    lib = library(options_of(session))
    if lib.named(pack).is_draft:
        raise SigningRefused(
            f"The pack {pack} is a draft, on which nothing acts.",
            "Have counsel make it one in force, in a pack of your own.",
        )
    found = lib.rule(pack, rule)
    if found.verified:
        raise SigningRefused(f"The rule {_named(found)} is verified.", "It needs no signature.")
    made = Signature(
        digest=found.digest, pack=found.pack, rule=found.id, by=caller.human, at=now, note=note,
        withdrawn_at=None, withdrawn_by="",
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise SigningRefused(
            f"The rule {_named(found)} is signed already.", "Withdraw that first, or leave it."
        ) from None
    audit.append(
        session, now, caller.actor, "law.sign", _named(found), digest=found.digest, note=note
    )
    return made


def withdraw(session: Session, now: datetime, caller: Caller, pack: str, rule: str) -> int:
    """Take back what was signed of a rule, be it as it is now or as it was; says how many
    signatures. Raises `NotPermitted`, `SigningRefused`."""
    _require(caller)
    with suppress(NoSuchPack):  # of a rule that is no more, the signature can still go
        pack = library(options_of(session)).rule(pack, rule).pack
    found = session.scalars(
        update(Signature)
        .where(Signature.pack == pack, Signature.rule == rule, Signature.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawn_by=caller.human)
        .returning(Signature.digest)
    ).all()
    if not found:
        raise SigningRefused(
            f"Nobody signed {pack[:64]}/{rule[:64]}.", f"Run: tutela pack show {pack[:64]}"
        )
    for digest in found:
        audit.append(session, now, caller.actor, "law.withdraw", f"{pack}/{rule}", digest=digest)
    return len(found)


def listed(session: Session, pack: str = "") -> Sequence[Signature]:
    """All that was ever signed, of one pack or of all, the last first."""
    query = select(Signature).order_by(Signature.id.desc())
    return session.scalars(query.where(Signature.pack == pack) if pack else query).all()


def unsigned(session: Session, found: Library | None = None) -> list[Rule]:
    """Rules of packs in use that are neither verified nor signed, once each."""
    options, signed = options_of(session), signatures(session)
    lib = found or library(options)
    rules: dict[str, Rule] = {}
    for pack in lib.in_use(options):
        if not pack.is_draft and ready_for_production(pack, signed):
            rules |= {
                one.digest: one
                for one in pack.rules
                if not one.verified and not signed.get(one.digest)
            }
    return list(rules.values())


def not_ready(session: Session) -> str:
    """Why production may not act on the packs in use, with the command that mends it; empty: it
    may."""
    lib = library(options_of(session))
    if lib.missing:
        return (
            f"The setting law.packs names {lib.missing[0]}, and there is no such pack that can be"
            " read: tutela pack list says why."
        )
    rules = unsigned(session, lib)
    if not rules:
        return ""
    names = ", ".join(_named(one) for one in rules[:SHOWN])
    more = f" and {len(rules) - SHOWN} more" if len(rules) > SHOWN else ""
    first = rules[0]
    return (
        f"Nobody verified or signed the rules {names}{more}. Check each against its source, then:"
        f" tutela pack sign {first.pack} {first.id} --why TEXT"
    )


def require_ready(session: Session) -> None:
    """Raises `NotSigned`."""
    if why := not_ready(session):
        raise NotSigned(f"Production is refused. {why}", "See docs/law-packs.md.")


def review(
    session: Session, now: datetime, caller: Caller, pack: str, of: str, note: str
) -> Reviewed:
    """Record that what a law wants looked at again was, today. Raises `NotPermitted`,
    `NoSuchPack`, `SigningRefused` without a note."""
    note = _note(caller, note)
    kinds = {
        one.of for one in library(options_of(session)).named(pack).rules
        if isinstance(one, ReviewRule)
    }  # fmt: skip
    if of not in kinds:
        raise NoSuchPack(
            f"The pack {pack} wants no review of {of[:64]!r}.",
            f"It wants one of {', '.join(sorted(kinds)) or 'nothing'}.",
        )
    made = Reviewed(pack=pack, of=of, on=now.date(), at=now, by=caller.human, note=note)
    session.add(made)
    session.flush()
    audit.append(session, now, caller.actor, "law.review", f"{pack}/{of}", note=note)
    return made


def last_reviews(session: Session) -> dict[str, date]:
    """When what laws want looked at again last was, by its name."""
    last = func.max(Reviewed.on).label("last")
    rows = session.execute(select(Reviewed.of, last).group_by(Reviewed.of))
    return {one.of: one.last for one in rows}


def _require(caller: Caller) -> None:
    if not caller.may(Permission.ADMIN):
        raise NotPermitted(caller, Permission.ADMIN)


def _note(caller: Caller, note: str) -> str:
    """What a person writes beside their name. A key that nobody stands behind is no person."""
    _require(caller)
    note = note.strip()
    if not note or len(note) > LONGEST or "\0" in note:
        raise SigningRefused(
            "A note is missing, or too long.",
            f"Say what you checked and against what, in up to {LONGEST} letters.",
        )
    if caller.human.startswith("key:"):
        raise SigningRefused(
            f"{caller.actor} is a key of no person, and a person signs.",
            "Use a key that you made for yourself, or the console.",
        )
    return note


def _named(rule: Rule) -> str:
    return f"{rule.pack}/{rule.id}"

"""What of the packs themselves a person must look at: a file with a fault, and two laws of which
one wants kept what the other wants gone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from tutela import alarms
from tutela.alarms.models import Alarm
from tutela.cases.models import Case
from tutela.law.library import Library, library
from tutela.law.signing import options_of
from tutela.packs import Outcome
from tutela.packs.models import AT_ONCE
from tutela.storage import Database, Session

PACK = "law.pack"
"""The alarm over a pack that cannot be read: as it was before counts, or nothing does."""

KEEPING = "law.keeping"
"""The alarm over two rules of which one wants kept what the other wants gone."""

KEEP = "keep"
LONGEST = 100
MOST = 1000
EVER = datetime(1970, 1, 1, tzinfo=UTC)


def sound_packs(database: Database) -> None:
    """Sound an alarm over each pack that cannot be read, and close those whose cause is gone: so
    too of rules that contradict one another no more."""
    with database.writing() as session:
        now = database.now()
        found = library(options_of(session))
        wrong = _wrong(found)
        sounding = alarms.sounding(session, PACK)
        for name in sorted(sounding - set(wrong)):
            alarms.clear(session, now, PACK, name)
        for name in sorted(set(wrong) - sounding):
            alarms.sound(session, now, PACK, name, wrong[name])
        for alarm in keeping(session, MOST):
            said = json.loads(alarm.facts)
            if _named(_used(session, found), (said["least"], said["most"])) != alarm.subject:
                alarms.clear(session, now, KEEPING, alarm.subject)


def sound_keeping(session: Session, now: datetime, case: Case, found: Outcome) -> None:
    """Sound the alarm where laws contradict one another in how long something is kept: once for two
    rules, however many cases, and not again once a person closed it while both say the same."""
    known = {
        (one.pack, one.rule) for one in found.keeps if one.until is not None or one.term == AT_ONCE
    }
    conflicts = [one for one in found.conflicts if one.sort == KEEP and set(one.rules) <= known]
    if not conflicts:
        return
    done = alarms.sounding(session, KEEPING) | alarms.closed_since(session, KEEPING, EVER)
    used = _used(session, library(options_of(session)))
    for one in conflicts:
        least, most = (f"{pack}/{rule}" for pack, rule in one.rules)
        name = _named(used, (least, most))
        if name not in done:
            done |= {name}
            alarms.sound(
                session, now, KEEPING, name,
                f"{one.what} It is kept, as {least} has it, until counsel says otherwise. The first"
                f" such case: tutela pack explain {case.id}", case=case.id, least=least, most=most,
            )  # fmt: skip


def keeping(session: Session, limit: int = 20) -> Sequence[Alarm]:
    """Alarms over rules that contradict one another, those that are open, the first first."""
    return session.scalars(
        select(Alarm)
        .where(Alarm.kind == KEEPING, Alarm.closed_at.is_(None))
        .order_by(Alarm.subject)
        .limit(limit)
    ).all()  # fmt: skip


def _wrong(found: Library) -> dict[str, str]:
    """What to say, by the name of the file or of the pack that there is none of."""
    told = {
        Path(place).name[:LONGEST]: f"{why} What it said before counts, if that is known: mend it,"
        " then tutela pack check FILE."
        for place, why in found.broken.items()
    }
    return told | {
        name: f"The setting law.packs names {name}, and there is no such pack that can be read:"
        " tutela pack list says why. Production waits."
        for name in found.missing
    }


def _used(session: Session, found: Library) -> Mapping[str, str]:
    """What the rules of the packs in use say, as digests, by their names."""
    packs = found.in_use(options_of(session))
    return {f"{one.pack}/{one.id}": one.digest for pack in packs for one in pack.rules}


def _named(rules: Mapping[str, str], both: tuple[str, str]) -> str:
    """Two rules, and what they say: an edit makes it another conflict; empty if one is gone."""
    if not set(both) <= set(rules):
        return ""
    digest = hashlib.sha256("".join(rules[one] for one in both).encode()).hexdigest()[:16]
    return f"{'+'.join(both)[:LONGEST]}#{digest}"
